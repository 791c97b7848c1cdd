// Reduction of losses.
#pragma once

#include <xgrad/autograd/ops/losses.hpp>

namespace xg::autograd {

/// The mean or sum of the losses, or the losses themselves.
Tensor reduced(const Tensor& loss, Reduction reduction);

}  // namespace xg::autograd
