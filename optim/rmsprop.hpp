// RMSprop.
#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xg::optim {

/// Options of RMSprop.
struct RmspropOptions {
  double lr = 1e-2;         ///< the learning rate, 0 or more
  double alpha = 0.99;      ///< how much of the running mean of squares is kept, in [0, 1]
  double eps = 1e-8;        ///< keeps the divisor away from 0
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  double momentum = 0;      ///< share of the last step that is kept
  bool centered = false;    ///< divide by an estimate of the variance, not of the second moment
  bool maximize = false;    ///< step along the gradient, not against it
};

extern template class XG_API OptimizerOf<RmspropOptions>;

/// s = alpha s + (1 - alpha) g^2; p -= lr g / (sqrt(s) + eps), with momentum and centering as PyTorch has them.
///
/// Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, arXiv:1308.0850.
struct XG_API RMSprop final : OptimizerOf<RmspropOptions> {
  using OptimizerOf::OptimizerOf;
};

}  // namespace xg::optim
