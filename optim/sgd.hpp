// Stochastic gradient descent with momentum.
#pragma once

#include <xgrad/optim/optimizer.hpp>

namespace xg::optim {

/// Options of SGD.
struct SgdOptions {
  double lr = 1e-3;         ///< the learning rate, 0 or more
  double momentum = 0;      ///< share of the last direction that is kept
  double dampening = 0;     ///< share of the gradient that does not enter it
  double weight_decay = 0;  ///< added to the gradient, times the parameter
  bool nesterov = false;    ///< needs a momentum and no dampening
  bool maximize = false;    ///< step along the gradient, not against it
};

extern template class XG_API OptimizerOf<SgdOptions>;

/// g = -g if `maximize`; g += weight_decay p; b = momentum b + (1 - dampening) g (b = g at first);
/// p -= lr (nesterov ? g + momentum b : b).
///
/// Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's form.
struct XG_API SGD final : OptimizerOf<SgdOptions> {
  using OptimizerOf::OptimizerOf;
};

}  // namespace xg::optim
