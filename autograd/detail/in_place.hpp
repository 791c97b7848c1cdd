// In-place ops: the out-of-place op is recorded, its result is written into the tensor, and the tensor's graph (or its
// base's, for a view) becomes that of the result.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>

namespace xg::autograd {

/// self = compute(self). `write` does the same directly into self's memory and runs where nothing is recorded.
/// Throws AutogradError for a leaf that asks for gradients (outside NoGrad) and ShapeError where the result would have
/// another shape or self's elements overlap.
Tensor& in_place(Tensor& self, const char* op, const Tensor* other, const std::function<Tensor(const Tensor&)>& compute,
                 const std::function<void(Tensor&)>& write);

}  // namespace xg::autograd
