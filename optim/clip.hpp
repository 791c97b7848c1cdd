// Keeping gradients small.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <vector>

namespace xg::optim {

/// Options of clip_grad_norm().
struct ClipGradOptions {
  double norm_type = 2;             ///< p of the norm; infinity for the largest element
  bool error_if_nonfinite = false;  ///< throw ValueError where the total norm is infinite or NaN
};

/// Scales all gradients by max_norm / (norm + 1e-6) where that is below one; norm is that of all of them as one vector.
/// Returns it. Parameters without a gradient do not count. Throws ValueError for a negative max_norm or norm_type <= 0.
XG_API double clip_grad_norm(const std::vector<Tensor>& params, double max_norm, ClipGradOptions options = {});
/// Cuts every element of every gradient to [-limit, limit]. Throws ValueError for a negative limit.
XG_API void clip_grad_value(const std::vector<Tensor>& params, double limit);

}  // namespace xg::optim
