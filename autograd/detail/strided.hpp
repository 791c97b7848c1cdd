// Views with explicit geometry, which make an in-place write through a view part of its base's graph.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

/// A view of x's memory: `strides` and `offset` count elements from x's first. Throws ShapeError where it leaves x's
/// memory.
Tensor as_strided(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset);

/// A copy of `base` in which the elements that as_strided(base, shape, strides, offset) views are `values` (of that
/// shape). Throws ShapeError where the view leaves base's memory, has elements that overlap, or has another shape.
Tensor as_strided_scatter(const Tensor& base, const Tensor& values, const Shape& shape, const Shape& strides,
                          std::int64_t offset);

}  // namespace xg::autograd
