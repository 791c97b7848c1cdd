// The bridge to xtensor.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/xtensor.hpp>

using namespace xg;
using xg_test::expect_close;

// Breaks if an adaptor reads elements in another order than the tensor's, whatever its strides.
TEST_CASE("xtensor reads tensors of every layout") {
  for (const Shape& shape : {Shape{5}, Shape{3, 4}, Shape{2, 3, 4}, Shape{4, 1}, Shape{1, 4}, Shape{}, Shape{0, 3}}) {
    const Tensor source = arange(shape.numel(), {.dtype = float32}).reshape(shape);
    for (const auto& [layout, x] : xg_test::layouts(source)) {
      const Tensor& in = x;
      const auto a = as_xtensor<float>(in);
      expect_close(from_xtensor(a * 2.f + 1.f), x * 2.0 + 1.0, 0, 0, layout);
    }
  }
}

// Breaks if assignment ignores strides, uses the wrong elements, or does not broadcast.
TEST_CASE("xtensor writes tensors of every layout") {
  const Tensor source = arange(12, {.dtype = float64}).reshape({3, 4});
  const Tensor row = tensor({10, 20, 30, 40}, {.dtype = float64});
  for (const auto& [layout, x] : xg_test::layouts(source)) {
    Tensor y = x;
    as_xtensor<double>(y) = xt::exp(as_xtensor<double>(source) * 0.1);
    expect_close(y, exp(source * 0.1), 1e-14, 0, layout);
    as_xtensor<double>(y) = as_xtensor<double>(row);
    expect_close(y, row.expand({3, 4}), 0, 0, layout);
    as_xtensor<double>(y) = 5;
    as_xtensor<double>(y) += as_xtensor<double>(source);
    as_xtensor<double>(y) *= 2.0;
    expect_close(y, source * 2.0 + 10.0, 0, 0, layout);
  }
  Tensor a = ones({2, 3}), b = zeros({2, 3});
  as_xtensor<float>(b) = as_xtensor<float>(a);  // both not const: elements are copied, adaptors are not rebound
  expect_close(b, ones({2, 3}));
}

// Breaks if reductions, views or comparisons of xtensor do not become tensors of the fitting dtype.
TEST_CASE("expressions become tensors") {
  const Tensor x = tensor({{1, 2}, {3, 4}});
  const auto a = as_xtensor<float>(x);
  expect_close(from_xtensor(xt::sum(a, {1})), std::vector<double>{3, 7});
  expect_close(from_xtensor(xt::view(a, xt::all(), 1)), std::vector<double>{2, 4});
  CHECK(from_xtensor(a > 2.f).dtype() == bool_);
  CHECK(from_xtensor(xt::cast<int>(a)).dtype() == int32);
  CHECK(from_xtensor(xt::cast<double>(a)).dtype() == float64);
  CHECK(from_xtensor(xt::cast<unsigned char>(a)).dtype() == uint8);
  CHECK(from_xtensor(xt::cast<long long>(a)).dtype() == int64);
}

// Breaks if a write is not counted, so that a graph would use changed values.
TEST_CASE("a write through the bridge is an in-place write") {
  Tensor x = ones({3});
  const std::uint32_t version = x.version();
  const Tensor& reader = x;
  static_cast<void>(as_xtensor<float>(reader));
  CHECK(x.version() == version);
  auto target = as_xtensor<float>(x);
  CHECK(x.version() > version);
  const std::uint32_t later = x.version();
  target = 2;
  CHECK(x.version() > later);
}

// Breaks if a wrong shape or dtype is not named.
TEST_CASE("what does not fit is named") {
  Tensor x = zeros({2, 2});
  const Tensor y = zeros({3});
  CHECK_ERROR(as_xtensor<float>(x) = as_xtensor<float>(y), ShapeError, "[as_xtensor]", "[3]", "[2, 2]");
  Tensor z = zeros({1});
  CHECK_ERROR(as_xtensor<float>(z) = as_xtensor<float>(y), ShapeError, "[as_xtensor]", "[3]", "[1]");
  CHECK_ERROR(as_xtensor<double>(x), DtypeError, "float32", "float64");
}
