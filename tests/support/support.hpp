// What tests of all layers share: comparison that shows the worst element, and one tensor in many layouts.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace xg_test {

/// Checks that |got - want| <= atol + rtol |want| for all elements, and that the shapes are equal. NaN equals NaN,
/// infinities are compared by sign. The dtypes may differ: the comparison is in float64 (integers and bools exactly).
/// A failure prints the worst element: index, got, want, and the caller's file and line.
void expect_close(const xg::Tensor& got, const xg::Tensor& want, double rtol = 1e-5, double atol = 1e-8,
                  const std::string& what = {}, const char* file = __builtin_FILE(), int line = __builtin_LINE());

/// Overload for wanted values in row-major order; the shape is not checked, only the count.
void expect_close(const xg::Tensor& got, const std::vector<double>& want, double rtol = 1e-5, double atol = 1e-8,
                  const std::string& what = {}, const char* file = __builtin_FILE(), int line = __builtin_LINE());

/// A float64 vector that requires grad.
xg::Tensor leaf(std::initializer_list<double> values);

/// The same values in every layout a tensor can have, each with a name for messages: contiguous; dimensions stored in
/// reverse; every other element of a longer last dimension; rows inside a larger storage; and, where all slices along a
/// dimension are equal, expanded (stride 0). None is part of a graph.
std::vector<std::pair<std::string, xg::Tensor>> layouts(const xg::Tensor& x);

}  // namespace xg_test
