// Numbers that a dtype cannot hold: conversions of tensors saturate, single numbers are refused.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr std::int64_t least64 = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most64 = std::numeric_limits<std::int64_t>::max();

}  // namespace

// Breaks if a conversion wraps around or is undefined for some pair of dtypes.
TEST_CASE("conversions of tensors saturate, whatever they come from", "[tensor][casts]") {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor values = tensor({-1e300, -1.9, 3e9, 1e19, inf, std::nan("")}, {.dtype = float64});
  CHECK(values.to_vector<std::int64_t>() == std::vector<std::int64_t>{least64, -1, 3000000000, most64, most64, 0});
  CHECK(values.to(int32).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{INT32_MIN, -1, INT32_MAX, INT32_MAX, INT32_MAX, 0});
  CHECK(values.to(uint8).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0, 255, 255, 255, 0});
  CHECK(values.to(float32).to(uint8).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0, 255, 255, 255, 0});
  const Tensor integers = tensor<std::int64_t>({least64, -1, 255, 256, 5000000000, most64});
  CHECK(integers.to(int32).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{INT32_MIN, -1, 255, 256, INT32_MAX, INT32_MAX});
  CHECK(integers.to(uint8).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0, 255, 255, 255, 255});
  CHECK(integers.to(int32).to(uint8).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0, 255, 255, 255, 255});
  CHECK(integers.to_vector<std::int32_t>()[4] == INT32_MAX);
  Tensor bytes = zeros({6}, {.dtype = uint8});
  bytes.copy_(integers);
  CHECK(bytes.to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 0, 255, 255, 255, 255});
}

// Breaks if a number that does not fit becomes another one on its way into a tensor or out of it.
TEST_CASE("numbers that do not fit an integer dtype are refused", "[tensor][casts]") {
  CHECK_ERROR(full({1}, 1e300, {.dtype = int64}), ValueError, "[full] 1e+300 does not fit int64");
  CHECK_ERROR(full({0}, 5e9, {.dtype = int32}), ValueError, "[full] 5000000000 does not fit int32");
  CHECK_ERROR(full({1}, 5000000000, {.dtype = int32}), ValueError, "does not fit int32");
  CHECK_ERROR(full({1}, std::nan(""), {.dtype = int64}), ValueError, "nan does not fit int64");
  CHECK_ERROR(full({1}, -1, {.dtype = uint8}), ValueError, "-1 does not fit uint8");
  CHECK_ERROR(full_like(zeros({1}, {.dtype = uint8}), 256), ValueError, "256 does not fit uint8");
  CHECK_ERROR(zeros({2}, {.dtype = int32}).fill_(1e10), ValueError, "[fill_]", "does not fit int32");
  CHECK_ERROR(arange(0, 300, 1, {.dtype = uint8}), ValueError, "[arange] 299 does not fit uint8");
  CHECK_ERROR(linspace(0, 300, 4, {.dtype = uint8}), ValueError, "[linspace] 300 does not fit uint8");
  CHECK_ERROR(zeros({1}, {.dtype = uint8}) + 300, ValueError, "300 does not fit uint8");
  CHECK_ERROR(tensor({1e20}, {.dtype = float64}).item<std::int64_t>(), ValueError, "[item] 1e+20 does not fit int64");
  CHECK_ERROR(tensor<std::int64_t>({300}).item<std::uint8_t>(), ValueError, "does not fit uint8");
  CHECK_ERROR(tensor<std::int64_t>({-1}).item<std::size_t>(), ValueError, "does not fit uint64");
  CHECK_ERROR(Scalar(std::numeric_limits<std::uint64_t>::max()), ValueError, "does not fit int64");
}

// Breaks if a number at the very border is refused, or its fraction is rounded.
TEST_CASE("numbers that fit are taken exactly", "[tensor][casts]") {
  CHECK(full({1}, -9223372036854775808.0, {.dtype = int64}).item<std::int64_t>() == least64);
  CHECK_ERROR(full({1}, 9223372036854775808.0, {.dtype = int64}), ValueError, "does not fit int64");
  CHECK(full({1}, most64, {.dtype = int64}).item<std::int64_t>() == most64);
  CHECK(full({1}, 255.9, {.dtype = uint8}).item<std::int64_t>() == 255);
  CHECK(full({1}, -0.9, {.dtype = uint8}).item<std::int64_t>() == 0);
  CHECK(full({1}, -2147483648.5, {.dtype = int32}).item<std::int64_t>() == INT32_MIN);
  CHECK(full({1}, 1e300, {.dtype = bool_}).item<bool>());
  CHECK(std::isinf(full({1}, 1e300, {.dtype = float32}).item()));
  CHECK(arange(0, 256, 1, {.dtype = uint8}).numel() == 256);
  CHECK(Scalar(std::uint64_t{7}).to_int64() == 7);
  CHECK(tensor({2.9}).item<int>() == 2);
}

// Breaks if a bound or a number to compare with is forced into a dtype that cannot hold it.
TEST_CASE("bounds and comparisons may lie beyond the dtype", "[tensor][casts]") {
  const Tensor bytes = arange(0, 256, 51, {.dtype = uint8}), words = full({1}, INT32_MAX, {.dtype = int32});
  CHECK(equal(clamp(bytes, -5, 1000), bytes));
  CHECK_ERROR(clamp(bytes, 300), ValueError, "300 does not fit uint8");
  CHECK((bytes > -1).all().item<bool>());
  CHECK((bytes < 256).all().item<bool>());
  CHECK_FALSE((bytes == 256).any().item<bool>());
  CHECK((words < 5000000000).all().item<bool>());
  CHECK_FALSE((words >= 2147483648).any().item<bool>());
}

// Breaks if decimals are ignored for integers, or halves do not go to the even neighbour.
TEST_CASE("integers round to tens and hundreds", "[tensor][casts]") {
  const Tensor x = tensor<std::int64_t>({125, 135, -125, -126, 4, 5, 6, 95, most64, least64});
  CHECK(round(x, -1).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{120, 140, -120, -130, 0, 0, 10, 100, most64, least64});
  CHECK(equal(round(x, 2), x));
  CHECK(round(x, -2).to_vector<std::int64_t>()[0] == 100);
  CHECK(round(x, -40).to_vector<std::int64_t>()[8] == 0);
  CHECK(round(tensor<std::uint8_t>({124, 126, 255}), -1).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{120, 130, 255});
  CHECK(x.round(-1).dtype() == int64);
  const Tensor far = tensor({1e300, 1.25, -1250.0}, {.dtype = float64});
  expect_close(round(far, 10), far, 0, 0);
  expect_close(round(tensor({1250.0, 1e30}), -400), std::vector<double>{0, 0}, 0, 0);
}

// Breaks if a reduction has no method beside its function.
TEST_CASE("reductions are methods too", "[tensor]") {
  const Tensor x = tensor({{1.0, 2.0, 0.0}, {3.0, 4.0, 5.0}}, {.dtype = float64});
  expect_close(x.prod(1), std::vector<double>{0, 60});
  CHECK(x.prod(0, true).shape() == Shape{1, 3});
  expect_close(x.all(1), std::vector<double>{0, 1});
  CHECK(x.any(0, true).shape() == Shape{1, 3});
  expect_close(x.count_nonzero(0), std::vector<double>{2, 2, 1});
  expect_close(x.norm(1, 1), std::vector<double>{3, 12});
  expect_close(x.cumprod(1), std::vector<double>{1, 2, 0, 3, 12, 60});
  expect_close(x.topk(2, 1).first, std::vector<double>{2, 1, 5, 4});
  expect_close(x.aminmax(1).first, std::vector<double>{0, 3});
  CHECK(x.dist(x * 1.0).item() == 0);
  CHECK(x.trace().item() == 5);
}
