#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace xg::autograd {

Tensor multiplier_of_lookup(const PairContext& p, std::size_t index) {
  const Tensor& m = p.multipliers[0];
  const Tensor contribution = sum(m * (p.x_out[0].to(m.dtype()) - p.r_out[0].to(m.dtype())), -1);
  const Tensor change = p.delta(index);
  return where(change == 0, 0.0, contribution / change);
}

std::size_t checked_dim(const char* op, const Tensor& x, std::int64_t dim) {
  return static_cast<std::size_t>(normalize_dim(op, dim, x.dim()));
}

Tensor checked_index(const char* op, const Tensor& index) {
  if (!is_integral(index.dtype()))
    raise<DtypeError>("[{}] the index is {}, it must be int64 or int32: convert with index.to(xg::int64).", op,
                      name(index.dtype()));
  return index.dtype() == Dtype::uint8 ? to(index, Dtype::int64) : index;
}

void check_same_dtype(const char* op, const Tensor& x, const Tensor& source) {
  if (x.dtype() != source.dtype())
    raise<DtypeError>("[{}] x is {}, the source {}, they must be equal: convert with source.to(xg::{}).", op,
                      name(x.dtype()), name(source.dtype()), name(x.dtype()));
}

Tensor index_vector(const char* op, const Tensor& given) {
  const Tensor index = checked_index(op, given);
  if (index.dim() > 1)
    raise<ShapeError>("[{}] the index has shape {}, it must be a vector: use gather or x.index({{...}}).", op,
                      index.shape().str());
  return index.dim() == 0 ? reshape(index, {1}) : index;
}

void check_source(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor& source) {
  check_same_dtype(op, x, source);
  Shape wanted = x.shape();
  wanted[dim] = index.numel();
  if (source.shape() != wanted)
    raise<ShapeError>("[{}] the source has shape {}, for x of shape {} and {} indices along dim {} it must be {}.", op,
                      source.shape().str(), x.shape().str(), index.numel(), dim, wanted.str());
}

void check_element_index(const char* op, const Tensor& x, std::size_t dim, const Tensor& index, const Tensor* source) {
  if (source != nullptr) check_same_dtype(op, x, *source);
  const bool same_dims = index.dim() == x.dim() && (source == nullptr || source->dim() == x.dim());
  bool fits = same_dims;
  for (std::size_t i = 0; fits && i < index.shape().size() && index.numel() > 0; ++i) {
    fits = i == dim || index.shape()[i] <= x.shape()[i];
    if (source != nullptr) fits = fits && index.shape()[i] <= source->shape()[i];
  }
  if (!fits)
    raise<ShapeError>(
        "[{}] shapes are {} for x and {} for the index{}: they need as many dimensions, and the index may nowhere be "
        "larger than x (except along dim {}){}.",
        op, x.shape().str(), index.shape().str(),
        source == nullptr ? "" : fmt::format(" and {} for the source", source->shape().str()), dim,
        source == nullptr ? "" : " nor than the source");
}

void check_whole(const char* op, Dtype dtype, Scalar value) {
  if (is_integral(dtype) && std::isfinite(value.to_double()) && value.to_double() != std::trunc(value.to_double()))
    raise<ValueError>(
        "[{}] the value is {}, which {} cannot hold without losing the fraction: round it, or convert x with "
        "x.to(xg::float32).",
        op, value.to_double(), name(dtype));
}

Tensor enlarge(const Tensor& g, const Shape& shape) {
  if (g.shape() == shape) return g;
  std::vector<std::int64_t> padding;
  for (std::size_t i = shape.size(); i-- > 0;) {
    padding.push_back(0);
    padding.push_back(shape[i] - g.shape()[i]);
  }
  return pad(g, padding);
}

Tensor wrapped(const char* op, const Tensor& index, std::int64_t size, std::size_t dim) {
  if (index.numel() == 0) return index;
  Shape all;
  for (std::size_t i = 0; i < index.shape().size(); ++i) all.push_back(static_cast<std::int64_t>(i));
  const std::int64_t low = kernels::amin(index, all, false).item<std::int64_t>();
  const std::int64_t high = kernels::amax(index, all, false).item<std::int64_t>();
  if (low < -size || high >= size)
    raise<IndexError>("[{}] index {} is out of range for dimension {} of size {}: {}.", op, low < -size ? low : high,
                      dim, size, size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1));
  return low < 0 ? where(lt(index, full_like(index, 0)), index + size, index) : index;
}

}  // namespace xg::autograd
