// Adam, and AdamW with decoupled weight decay.
#pragma once

#include <xgrad/optim/optimizer.hpp>

#include <utility>

namespace xg::optim {

/// Options of Adam.
struct AdamOptions {
  double lr = 1e-3;                                ///< the learning rate, 0 or more
  std::pair<double, double> betas = {0.9, 0.999};  ///< b1 and b2, in [0, 1)
  double eps = 1e-8;                               ///< keeps the divisor away from 0
  double weight_decay = 0;                         ///< added to the gradient, times the parameter
  bool amsgrad = false;                            ///< divide by the largest second moment so far
  bool maximize = false;                           ///< step along the gradient, not against it
};

/// Options of AdamW.
struct AdamWOptions {
  double lr = 1e-3;                                ///< the learning rate, 0 or more
  std::pair<double, double> betas = {0.9, 0.999};  ///< b1 and b2, in [0, 1)
  double eps = 1e-8;                               ///< keeps the divisor away from 0
  double weight_decay = 1e-2;                      ///< the parameter shrinks by lr weight_decay, before the step
  bool amsgrad = false;                            ///< divide by the largest second moment so far
  bool maximize = false;                           ///< step along the gradient, not against it
};

extern template class XG_API OptimizerOf<AdamOptions>;
extern template class XG_API OptimizerOf<AdamWOptions>;

/// m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; p -= lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps). Kingma & Ba
/// 2015, arXiv:1412.6980; amsgrad: Reddi et al. 2018, "On the convergence of Adam and beyond", arXiv:1904.09237.
struct XG_API Adam final : OptimizerOf<AdamOptions> {
  using OptimizerOf::OptimizerOf;
};

/// p -= lr weight_decay p, then Adam's step without weight decay.
///
/// Loshchilov & Hutter 2019, arXiv:1711.05101.
struct XG_API AdamW final : OptimizerOf<AdamWOptions> {
  using OptimizerOf::OptimizerOf;
};

}  // namespace xg::optim
