#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::autograd {

std::size_t checked_dim(const char* op, std::int64_t dim, std::int64_t ndim) {
  return static_cast<std::size_t>(normalize_dim(op, dim, ndim));
}

std::size_t existing_dim(const char* op, const Tensor& x, std::int64_t dim) {
  if (x.dim() == 0)
    raise<ShapeError>("[{}] the tensor has no dimensions, it must have one at least: reshape({{1}}) first.", op);
  return checked_dim(op, dim, x.dim());
}

DimSet distinct_dims(const char* op, const Dims& dims, std::int64_t ndim) {
  DimSet set;
  for (const std::int64_t dim : dims) {
    const std::size_t d = checked_dim(op, dim, ndim);
    if (set[d]) raise<ValueError>("[{}] dims {} name dimension {} twice: name each once.", op, dims.str(), d);
    set.set(d);
  }
  return set;
}

}  // namespace xg::autograd
