#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>

namespace xg::autograd {

Shape reduced_dims(const char* op, const Tensor& x, const Dims& dims) {
  const std::int64_t ndim = x.dim();
  Shape out;
  if (dims.empty()) {
    for (std::int64_t d = 0; d < ndim; ++d) out.push_back(d);
    return out;
  }
  bool named[max_dims] = {};
  for (const std::int64_t dim : dims) {
    bool& seen = named[normalize_dim(op, dim, ndim)];
    if (seen)
      raise<ValueError>("[{}] dims {} name dimension {} twice: name each once.", op, dims.str(),
                        normalize_dim(op, dim, ndim));
    seen = true;
  }
  for (std::int64_t d = 0; d < ndim; ++d)
    if (named[d]) out.push_back(d);
  return out;
}

bool contains(const Shape& dims, std::size_t d) {
  return std::find(dims.begin(), dims.end(), static_cast<std::int64_t>(d)) != dims.end();
}

std::int64_t count_of(const Shape& shape, const Shape& dims) {
  std::int64_t n = 1;
  if (!shape.empty())
    for (const std::int64_t d : dims) n *= shape[static_cast<std::size_t>(d)];
  return n;
}

Tensor with_kept(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  return keepdim || dims.empty() ? g : g.reshape(kernels::reduced_shape(shape, dims, true));
}

Tensor expanded_over(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  return dims.empty() ? g : with_kept(g, dims, keepdim, shape).expand(shape);
}

Tensor expanded_view(const Tensor& g, const Shape& dims, bool keepdim, const Shape& shape) {
  Shape strides = shape;
  std::size_t at = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const bool reduced = contains(dims, d);
    strides[d] = reduced ? 0 : g.strides()[at];
    if (!reduced || keepdim) ++at;
  }
  return view_of(g, shape, strides);
}

Tensor multiplier_with_kept(const Tensor& m, const Shape& dims, bool keepdim, const Shape& shape) {
  if (keepdim || dims.empty()) return m;
  Shape target = kernels::reduced_shape(shape, dims, true);
  target.insert(0, m.shape()[0]);
  return m.reshape(target);
}

void check_floating(const char* op, const Tensor& x) {
  if (!x.is_floating_point())
    raise<DtypeError>("[{}] input is {}, it must be floating: convert with x.to(xg::float32).", op, name(x.dtype()));
}

void check_not_empty(const char* op, const Tensor& x, const Shape& dims) {
  if (x.numel() > 0) return;
  for (const std::int64_t d : dims)
    if (x.shape()[static_cast<std::size_t>(d)] == 0)
      raise<ShapeError>(
          "[{}] input is {}, dimension {} has no elements: there is no {} of nothing, reduce over dimensions that are "
          "not empty.",
          op, x.shape().str(), d, op);
}

}  // namespace xg::autograd
