// In-place ops: the out-of-place op is recorded, its result is written into the tensor, and the tensor (or its base,
// for a view) takes over the graph of the result.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>

namespace xg::autograd {

/// self = compute(self). `write` computes directly into self's memory and is called where nothing is recorded. Throws
/// AutogradError for a leaf that requires grad (outside NoGrad) and ShapeError where the result would have another
/// shape or self's elements overlap.
Tensor& in_place(Tensor& self, const char* op, const Tensor* other, const std::function<Tensor(const Tensor&)>& compute,
                 const std::function<void(Tensor&)>& write);

}  // namespace xg::autograd
