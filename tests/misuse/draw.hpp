// Arguments for calls that may make no sense, from a seed. The same seed gives the same values in two ways: tensors in
// wild layouts, or the same tensors dense. Whatever a call does, it must do the same to both.
#pragma once

#include <xgrad/autograd/ops.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace xg_test {

class Draw {
 public:
  struct Mode {
    bool dense = false;      ///< layouts are made contiguous
    bool gradients = false;  ///< floating-point tensors are functions of leaves that require grad
    bool extremes = false;   ///< numbers beside the ends of their dtypes; sums of these depend on their order
  };
  Draw(std::uint64_t seed, Mode mode) : seed_(seed), mode_(mode) {}

  /// Any tensor: mostly one that could be meant, broadcastable with those drawn before; sometimes an undefined one.
  xg::Tensor tensor();
  /// A tensor beside or in place of `like`: mostly of its shape and dtype.
  xg::Tensor tensor_like(const xg::Tensor& like);
  /// A tensor that may stand in the place of `like`: of its shape and dtype, with its values unless its dtype is
  /// floating-point.
  xg::Tensor other_values(const xg::Tensor& like);
  /// Mostly small integers that may be indices or classes.
  xg::Tensor index();
  /// The arguments of an index in brackets: new axes, ellipses, tensors, integers and slices.
  std::vector<xg::Index> indices();
  /// A mask, mostly of dtype bool.
  xg::Tensor mask();
  /// A tensor to write to: in any layout that allows it, never a leaf.
  xg::Tensor target();
  std::vector<xg::Tensor> tensors();

  std::int64_t integer();
  std::int64_t dim() { return one_in(12) ? integer() : below(7) - 3; }
  std::optional<std::int64_t> maybe_dim() { return one_in(3) ? std::nullopt : std::optional(dim()); }
  double number();
  xg::Scalar scalar();
  std::optional<xg::Scalar> maybe_scalar() { return one_in(4) ? std::nullopt : std::optional(scalar()); }
  bool yes() { return one_in(2); }
  xg::Dtype dtype();
  xg::DtypeOption dtype_option() { return one_in(3) ? xg::DtypeOption{dtype()} : xg::DtypeOption{}; }
  xg::TensorOptions options();
  /// Sizes, few of which are impossible.
  xg::Shape shape();
  /// The shape of a tensor drawn before.
  xg::Shape known_shape() const { return shape_; }
  xg::Dims dims();
  std::vector<std::int64_t> integers(std::int64_t most = 4);
  template <class T> T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::int64_t>(values.size()))];
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n)); }

  const std::vector<xg::Tensor>& leaves() const { return leaves_; }

 private:
  std::uint64_t next();
  xg::Shape tensor_shape();
  double element(xg::Dtype dtype);
  xg::Tensor make(const xg::Shape& shape, xg::Dtype dtype, bool expandable = true);
  xg::Tensor arranged(xg::Tensor x, bool expandable);

  std::uint64_t seed_;
  Mode mode_;
  xg::Shape shape_;
  bool has_shape_ = false;
  std::vector<xg::Tensor> leaves_;
};

}  // namespace xg_test
