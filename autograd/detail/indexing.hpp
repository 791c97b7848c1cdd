// Shared parts of ops with an index: checks, and their attribution rule.
#pragma once

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <vector>

namespace xg::autograd {

// ---- checks

std::size_t checked_dim(const char* op, const Tensor& x, std::int64_t dim);
/// An index for the kernels: int64 or int32. Throws DtypeError unless it is an integer tensor.
Tensor checked_index(const char* op, const Tensor& index);
void check_same_dtype(const char* op, const Tensor& x, const Tensor& source);
/// An index as a vector, for ops along one dimension.
Tensor index_vector(const char* op, const Tensor& given);
/// Throws ShapeError unless source has x's shape, with the index's size along dim: for index_add and index_copy.
void check_source(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor& source);
/// Throws ShapeError unless the index has as many dimensions as x and is nowhere larger, except along dim: for scatter
/// and gather.
void check_element_index(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor* source);
/// g followed by zeros along each dimension up to `shape`: the gradient of a source that is larger than its index.
Tensor enlarge(const Tensor& g, const Shape& shape);
/// The index with negative entries counted from the end. Throws IndexError where one is out of range.
Tensor wrapped(const char* op, const Tensor& index, std::int64_t size, std::size_t dim);

/// x[indices] = values in x's memory, without a graph.
void put_into(Tensor& x, const std::vector<Index>& indices, const Tensor& values, bool accumulate);
/// Throws ValueError where an integer `dtype` would cut off the fraction of a number.
void check_whole(const char* op, Dtype dtype, Scalar value);

// ---- attribution

template <class Op> struct Linear : Op {
  static constexpr Rule rule = Rule::linear;
};

/// The rule of an op that is linear in all inputs but the index. If the index depends on the features, the contribution
/// of the choice cannot be separated from that of the chosen elements, which is an error.
template <class Op> std::vector<Tensor> linear_beside_index(const Op& op, const PairContext& p, std::size_t index) {
  if (p.varies[index])
    raise<AutogradError>(
        "[attribution] {}: the index depends on the features, so that no share of the result can be given to it. "
        "Explain a model in which the index is constant, or one that looks it up by embedding or one_hot.",
        Op::name);
  return autograd::attribute(detail::AppliedOpOf<Linear<Op>>(Linear<Op>{op}), p, nullptr);
}

/// The multiplier of an index that selects a vector: the contribution of the vector's change divided by the change of
/// the index, 0 where the index does not change.
Tensor multiplier_of_lookup(const PairContext& p, std::size_t index);

// ---- the base

/// An op of (x, index) or (x, index, source) along one dimension, linear in x and in source.
template <class Op, int count> struct AlongIndex {
  static constexpr int inputs = count;
  static constexpr unsigned saves = save_input(1);
  static constexpr Rule rule = Rule::custom;
  std::size_t dim = 0;

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  std::vector<Tensor> attribute(const PairContext& p) const {
    return linear_beside_index(static_cast<const Op&>(*this), p, 1);
  }
};

}  // namespace xg::autograd
