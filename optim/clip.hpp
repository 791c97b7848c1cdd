// Gradient clipping.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <vector>

namespace xg::optim {

/// Options of clip_grad_norm().
struct ClipGradOptions {
  double norm_type = 2;             ///< p of the norm; infinity gives the largest |element|
  bool error_if_nonfinite = false;  ///< whether an infinite or NaN norm throws ValueError
};

/// g *= min(1, max_norm / (norm + 1e-6)) for all gradients g, where norm is the p-norm of all of them as one vector.
/// Returns norm. Parameters without a gradient are ignored. Throws ValueError for an undefined parameter, a negative
/// max_norm or norm_type <= 0, and, with error_if_nonfinite, for an infinite or NaN norm. Pascanu, Mikolov & Bengio
/// 2013, "On the difficulty of training recurrent neural networks".
XG_API double clip_grad_norm(const std::vector<Tensor>& params, double max_norm, ClipGradOptions options = {});
/// g = min(max(g, -limit), limit) for every element of every gradient; NaN stays NaN. Throws ValueError for an
/// undefined parameter or a negative limit.
XG_API void clip_grad_value(const std::vector<Tensor>& params, double limit);

}  // namespace xg::optim
