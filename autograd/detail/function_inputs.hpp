// What the functions that differentiate functions share: checks, inputs and directions.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <vector>

namespace xg::autograd::detail {

/// Throws ValueError for an empty list, DtypeError for a tensor that is not floating-point.
void check_inputs(const char* op, const std::vector<Tensor>& x);
/// Throws ValueError for an undefined value of the function, DtypeError unless it is floating-point.
void check_value(const char* op, const Tensor& y);
/// Throws ShapeError unless y has one element.
void check_one_element(const char* op, const Tensor& y);
/// Throws ShapeError unless v has the shape of `what`.
void check_direction(const char* op, const Tensor& v, const Shape& shape, const char* what);
/// Throws ValueError for another number of directions than of inputs, ShapeError where one has not its input's shape.
void check_directions(const char* op, const std::vector<Tensor>& v, const std::vector<Tensor>& x);

/// New leaves with the elements of x, or, with `connected`, connected to the graphs of those that require grad.
std::vector<Tensor> as_leaves(const std::vector<Tensor>& x, bool connected);
/// The direction v in x's dtype.
Tensor tangent_of(const Tensor& v, const Tensor& x, bool connected);
/// Zeros of x's shape with a 1 at element k of the row-major order.
Tensor basis(const Tensor& x, std::int64_t k);

/// The gradients of `output`, zeros where it does not depend on an input. `weights` may be undefined: ones.
std::vector<Tensor> gradients_or_zeros(const Tensor& output, const std::vector<Tensor>& inputs, const Tensor& weights,
                                       bool create_graph, bool retain_graph);

}  // namespace xg::autograd::detail
