// The base of ops that only move elements.
#pragma once

#include <xgrad/autograd/detail/op.hpp>

#include <bitset>

namespace xg::autograd {

/// A linear op of one tensor of any dtype.
struct Rearrangement {
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::linear;
};

/// A set of dimensions.
using DimSet = std::bitset<max_dims>;

/// A dimension counted from the front. Throws IndexError, naming `op`, where it is out of range.
std::size_t checked_dim(const char* op, std::int64_t dim, std::int64_t ndim);
/// As checked_dim, but throws ShapeError for a 0-d tensor.
std::size_t existing_dim(const char* op, const Tensor& x, std::int64_t dim);
/// The set of `dims`. Throws ValueError where one is repeated, IndexError where one is out of range.
DimSet distinct_dims(const char* op, const Dims& dims, std::int64_t ndim);

}  // namespace xg::autograd
