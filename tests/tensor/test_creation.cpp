// Tensors from nothing.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

using namespace xg;
using xg_test::expect_close;

// Breaks if a dtype does not follow from the arguments as documented.
TEST_CASE("creation functions choose dtypes") {
  CHECK(zeros({2}).dtype() == float32);
  CHECK(ones({2}, {.dtype = int32}).dtype() == int32);
  CHECK(full({2}, 3).dtype() == int64);
  CHECK(full({2}, true).dtype() == bool_);
  CHECK(full({2}, 0.5).dtype() == float32);
  CHECK(arange(3).dtype() == int64);
  CHECK(arange(0, 1, 0.25).dtype() == float32);
  CHECK(tensor({1, 2}).dtype() == float32);
  CHECK(tensor<std::int64_t>({1, 2}).dtype() == int64);
  CHECK(tensor({1, 2}, {.dtype = float64}).dtype() == float64);
  CHECK(tensor(std::vector<double>{1, 2}).dtype() == float64);
  CHECK(zeros_like(arange(3)).dtype() == int64);
  CHECK(full_like(zeros({2, 2}), 7).to_vector() == std::vector<double>(4, 7));
  CHECK(empty_like(zeros({2, 0})).shape() == Shape{2, 0});
  CHECK(scalar_tensor(2.5).dim() == 0);
  CHECK(zeros({1}, {.requires_grad = true}).requires_grad());
  set_default_dtype(float64);
  CHECK(tensor({1, 2}).dtype() == float64);
  CHECK(full({}, 1.5).dtype() == float64);
  set_default_dtype(float32);
  CHECK_ERROR(set_default_dtype(int64), DtypeError, "int64");
  CHECK_ERROR(zeros({1}, {.dtype = int64, .requires_grad = true}), DtypeError, "int64");
}

// Breaks if an end point is missed, or the count is off by one.
TEST_CASE("ranges") {
  CHECK(arange(5).to_vector<int>() == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(arange(5, 0, -2).to_vector<int>() == std::vector<int>{5, 3, 1});
  CHECK(arange(1, 1).numel() == 0);
  CHECK(arange(1, 1, -1).numel() == 0);
  CHECK(arange(0, 1, 0.3).numel() == 4);
  expect_close(arange(0, 1, 0.25), std::vector<double>{0, 0.25, 0.5, 0.75});
  CHECK(arange(std::int64_t{1} << 60, (std::int64_t{1} << 60) + 2).to_vector<std::int64_t>().back() ==
        (std::int64_t{1} << 60) + 1);
  expect_close(linspace(0, 1, 5), std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  CHECK(linspace(3, 7, 1).item() == 3);
  CHECK(linspace(3, 7, 0).numel() == 0);
  const Tensor line = linspace(-0.1, 0.7, 1001, {.dtype = float64});
  CHECK(line.to_vector().back() == 0.7);
  CHECK(line.to_vector().front() == -0.1);
  expect_close(logspace(0, 3, 4), std::vector<double>{1, 10, 100, 1000});
  expect_close(logspace(0, 3, 4, 2), std::vector<double>{1, 2, 4, 8});
  expect_close(eye(2, 3), std::vector<double>{1, 0, 0, 0, 1, 0});
  CHECK(eye(3).shape() == Shape{3, 3});
  expect_close(tensor({{1, 2, 3}, {4, 5, 6}}), arange(1, 7, 1, {.dtype = float32}).reshape({2, 3}));
}

// Breaks if nested braces are ambiguous, flattened, or depend on the types of the numbers between them.
TEST_CASE("braces make a tensor of as many dimensions") {
  const std::int64_t n = 3;
  const auto is = [](const Tensor& t, const Shape& shape, const std::vector<double>& values) {
    CHECK(t.shape() == shape);
    CHECK(t.dtype() == default_dtype());
    CHECK(t.to_vector<double>() == values);
  };
  is(tensor({{1.0}, {2.0}}), {2, 1}, {1, 2});
  is(tensor({{1}, {2}}), {2, 1}, {1, 2});
  is(tensor({{1}, {2.5}, {true}, {n}}), {4, 1}, {1, 2.5, 1, 3});
  is(tensor({{3.0}}), {1, 1}, {3});
  is(tensor({{3}}), {1, 1}, {3});
  is(tensor({{{1.0}}}), {1, 1, 1}, {1});
  is(tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}), {2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  is(tensor({{{{{1}}}}}), {1, 1, 1, 1, 1}, {1});
  is(tensor({{1, 2.5f, true}}), {1, 3}, {1, 2.5, 1});
  is(tensor({1}), {1}, {1});
  is(tensor({false, true}), {2}, {0, 1});
  is(tensor({n, 0.5}), {2}, {3, 0.5});
  is(tensor({}), {0}, {});
  is(tensor({{}}), {1, 0}, {});
  is(tensor({{}, {}}), {2, 0}, {});
  const std::initializer_list<double> named = {1, 2};
  is(tensor(named), {2}, {1, 2});

  CHECK(tensor<std::int64_t>({{1}, {2}}).shape() == Shape{2, 1});
  CHECK(tensor<double>({{1}, {2}}).dtype() == float64);
  CHECK(tensor<bool>({{true}, {false}}).dtype() == bool_);
  CHECK(tensor<float>({}).shape() == Shape{0});
  CHECK(tensor({{1}, {2}}, {.dtype = int32}).dtype() == int32);
  CHECK(tensor({{1.5}}, {.requires_grad = true}).requires_grad());
  constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;  // no double
  CHECK(tensor<std::int64_t>({odd}).item<std::int64_t>() == odd);
  CHECK(tensor({odd}, {.dtype = int64}).item<std::int64_t>() == odd);

  CHECK_ERROR(tensor({{1, 2}, {3}, {4}}), ShapeError, "[tensor] row 1 has 1 values, the first has 2");
  CHECK_ERROR(tensor({1, {2}}), ShapeError, "[tensor] row 1 has 1 values, the first is a number");
  CHECK_ERROR(tensor({{{1}, {2}}, {{3}, {4, 5}}}), ShapeError, "[tensor] row 1 at depth 2 has 2 values");
  CHECK_ERROR(tensor({{{{{{{{{1}}}}}}}}}), ShapeError, "dim");
  CHECK_ERROR(tensor<std::int32_t>({1.5}), ValueError, "[tensor] 1.5 has a fraction", "int32");
  CHECK_ERROR(tensor<std::int32_t>({3'000'000'000}), ValueError, "[tensor]", "3000000000");
  CHECK_ERROR(tensor<std::uint8_t>({-1}), ValueError, "[tensor]", "-1");
}

// Breaks if nonsense is accepted or a message does not say what was found.
TEST_CASE("bad arguments of creation functions are named") {
  CHECK_ERROR(zeros({2, -1}), ShapeError, "[zeros]", "[2, -1]", "negative");
  CHECK_ERROR(empty({2, -1}), ShapeError, "[2, -1]");
  CHECK_ERROR(zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError, "does not fit into memory");
  CHECK_ERROR(zeros({std::int64_t{1} << 50}), Error, "memory");
  CHECK_ERROR(zeros({0, std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError, "does not fit into memory");
  CHECK_ERROR(zeros({1, 1, 1, 1, 1, 1, 1, 1, 1}), ShapeError, "9 dimensions", "8");
  CHECK_ERROR(arange(0, 5, -1), ValueError, "[arange]", "step is -1", "away");
  CHECK_ERROR(arange(0, 5, 0), ValueError, "[arange]", "step must not be 0");
  CHECK_ERROR(arange(0, std::numeric_limits<double>::infinity()), ValueError, "[arange]", "inf", "finite");
  CHECK_ERROR(arange(0, 1e30, 1e-3), ValueError, "[arange]", "64 bits");
  CHECK_ERROR(arange(3, {.dtype = bool_}), DtypeError, "[arange]", "bool");
  CHECK_ERROR(linspace(0, 1, -1), ValueError, "[linspace]", "-1");
  CHECK_ERROR(linspace(0, std::nan(""), 2), ValueError, "[linspace]", "nan");
  CHECK_ERROR(eye(-2), ShapeError, "[eye]", "-2");
  CHECK_ERROR(tensor({{1, 2}, {3}}), ShapeError, "[tensor]", "row 1", "1 values", "2");
  CHECK_ERROR(from_data<float>(nullptr, {3}), ValueError, "[from_data]", "null", "[3]");
  CHECK_ERROR(Tensor().shape(), ValueError, "undefined");
  CHECK_ERROR(zeros({2}).item(), ShapeError, "[item]", "[2]");
  CHECK_ERROR(zeros({2}).data<double>(), DtypeError, "[data]", "float32", "float64");
  CHECK_ERROR(zeros({2}).size(1), IndexError, "[size]", "dim is 1");
}

// Breaks if a list is read in another order or depth than it is written, its dtype is not that of its numbers, or a
// ragged one is accepted.
TEST_CASE("tensors of lists") {
  const auto is = [](const Tensor& x, const Shape& shape, Dtype dtype, const std::vector<double>& values) {
    CHECK(x.shape() == shape);
    CHECK(x.dtype() == dtype);
    expect_close(x, values, 0, 0);
  };
  is(tensor(std::vector<bool>{true, false, true}), {3}, bool_, {1, 0, 1});
  is(tensor(std::vector<std::vector<float>>{{1, 2}, {3, 4}, {5, 6}}), {3, 2}, float32, {1, 2, 3, 4, 5, 6});
  is(tensor(std::vector<std::vector<bool>>{{true}, {false}}), {2, 1}, bool_, {1, 0});
  is(tensor(std::array<std::int64_t, 2>{7, 8}), {2}, int64, {7, 8});
  is(tensor(std::array<std::array<double, 2>, 2>{{{1, 2}, {3, 4}}}), {2, 2}, float64, {1, 2, 3, 4});
  is(tensor(std::vector<std::array<std::uint8_t, 3>>{{1, 2, 3}}), {1, 3}, uint8, {1, 2, 3});
  const std::int32_t grid[2][1][3] = {{{1, 2, 3}}, {{4, 5, 6}}};
  is(tensor(grid), {2, 1, 3}, int32, {1, 2, 3, 4, 5, 6});
  const std::vector<float> source{1, 2, 3, 4};
  is(tensor(std::span<const float>(source).subspan(1, 2)), {2}, float32, {2, 3});
  is(tensor(std::vector<std::vector<std::vector<std::vector<std::vector<double>>>>>{{{{{1, 2}}}}, {{{{3, 4}}}}}),
     {2, 1, 1, 1, 2}, float64, {1, 2, 3, 4});
  is(tensor(std::vector<std::vector<double>>{}), {0}, float64, {});
  is(tensor(std::vector<std::vector<double>>{{}, {}}), {2, 0}, float64, {});
  is(tensor(std::vector<std::vector<float>>{{1.75}}, {.dtype = int64}), {1, 1}, int64, {1});
  const std::initializer_list<std::initializer_list<float>> braces{{1, 2}, {3, 4}};
  is(tensor(braces), {2, 2}, float32, {1, 2, 3, 4});
  CHECK(tensor(std::array{1.5f}, {.requires_grad = true}).requires_grad());
  is(tensor({{{1, 2}, {3, 4}}}), {1, 2, 2}, float32, {1, 2, 3, 4});
  is(tensor({{{{{1, 2}}, {{3, 4}}}}}), {1, 1, 2, 1, 2}, float32, {1, 2, 3, 4});

  CHECK_ERROR(tensor(std::vector<std::vector<float>>{{1, 2}, {3}}), ShapeError,
              "[tensor] row 1 has 1 values, the first has 2 values");
  CHECK_ERROR(tensor(std::vector<std::vector<std::vector<float>>>{{{1}, {2}}, {{3}, {4, 5}}}), ShapeError,
              "[tensor] row 1 at depth 2 has 2 values");
  CHECK_ERROR(tensor(std::vector<std::vector<float>>{{}, {3}}), ShapeError, "row 1 has 1 values", "0 values");
  CHECK_ERROR(tensor(std::array{0.5}, {.dtype = int64, .requires_grad = true}), DtypeError, "int64");
}

// Breaks if options after one size are taken for a second size.
TEST_CASE("identity matrices with options") {
  CHECK(eye(2, {.dtype = int64}).dtype() == int64);
  CHECK(eye(2, {.requires_grad = true}).requires_grad());
  CHECK(eye(2, 3, {.dtype = float64}).shape() == Shape{2, 3});
  CHECK(eye(2, -1, {.dtype = float64}).shape() == Shape{2, 2});
  expect_close(eye(2, {.dtype = bool_}), {1, 0, 0, 1});
  CHECK(eye(0).shape() == Shape{0, 0});
}
