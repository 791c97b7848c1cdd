// The only source that includes xtensor-blas's linear algebra: its headers take seconds and clash with <cblas.h>.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/xtensor_shim.hpp>

#include <xtensor-blas/xlinalg.hpp>

#include <algorithm>
#include <array>

namespace xg::kernels {
namespace {

Tensor tensor_of(const xt::xarray<double>& a, Dtype dtype) {
  Tensor out = empty({static_cast<std::int64_t>(a.shape(0)), static_cast<std::int64_t>(a.shape(1))}, Dtype::float64);
  std::copy(a.begin(), a.end(), static_cast<double*>(out.impl().data));
  return dtype == Dtype::float64 ? out : cast(out, dtype);
}

}  // namespace

std::pair<Tensor, Tensor> qr(const Tensor& a) {
  const Tensor dense = contiguous(a.dtype() == Dtype::float64 ? a : cast(a, Dtype::float64));
  const std::array<std::size_t, 2> shape = {static_cast<std::size_t>(a.shape()[0]),
                                            static_cast<std::size_t>(a.shape()[1])};
  const xt::xtensor<double, 2> values =
      xt::adapt(static_cast<const double*>(dense.impl().data), shape[0] * shape[1], xt::no_ownership(), shape);
  const auto [q, r] = xt::linalg::qr(values);
  return {tensor_of(q, a.dtype()), tensor_of(r, a.dtype())};
}

}  // namespace xg::kernels
