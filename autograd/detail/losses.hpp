// What losses share.
#pragma once

#include <xgrad/autograd/ops/losses.hpp>

namespace xg::autograd {

/// The mean, the sum, or the losses as they are.
Tensor reduced(const Tensor& loss, Reduction reduction);

}  // namespace xg::autograd
