#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>

using namespace xg;
using nn::data::MinMaxScaler;
using nn::data::StandardScaler;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

// A plain feature, one with a missing value, one with a large mean, a constant one.
Tensor table() {
  return tensor({{1, 10, 1e8 + 1, 5}, {2, not_a_number, 1e8 + 2, 5}, {4, 30, 1e8 + 4, 5}, {8, 60, 1e8 + 9, 5}},
                {.dtype = float64});
}

}  // namespace

// Breaks if statistics divide by n - 1, count NaN, lose digits to a large mean, or divide a constant feature by zero.
TEST_CASE("StandardScaler learns what scikit-learn 1.9 learns", "[data][scaler]") {
  StandardScaler scaler;
  const Tensor scaled = scaler.fit_transform(table());
  xg_test::expect_close(scaler.mean(), {3.75, 33.333333333333336, 100000004.0, 5.0}, 1e-14);
  xg_test::expect_close(scaler.var(), {7.1875, 422.2222222222222, 9.5, 0.0}, 1e-12);
  xg_test::expect_close(scaler.scale(), {2.680951323690902, 20.548046676563253, 3.082207001484488, 1.0}, 1e-12);
  xg_test::expect_close(scaled,
                        {-1.025755289064345, -1.135549947915338, -0.9733285267845753, 0.0,  //
                         -0.6527533657682196, not_a_number, -0.6488856845230502, 0.0,       //
                         0.09325048082403138, -0.16222142113076268, 0.0, 0.0,               //
                         1.5852581740085334, 1.2977713690461004, 1.6222142113076254, 0.0},
                        1e-12, 1e-15);
  CHECK(scaled.dtype() == float64);
}

// Breaks if min and max count NaN, or the range or a constant feature is mapped elsewhere than scikit-learn maps it.
TEST_CASE("MinMaxScaler learns what scikit-learn 1.9 learns", "[data][scaler]") {
  MinMaxScaler scaler({.min = -1, .max = 2});
  const Tensor scaled = scaler.fit_transform(table());
  xg_test::expect_close(scaler.data_min(), {1.0, 10.0, 100000001.0, 5.0});
  xg_test::expect_close(scaler.data_max(), {8.0, 60.0, 100000009.0, 5.0});
  xg_test::expect_close(scaler.scale(), {0.42857142857142855, 0.06, 0.375, 3.0}, 1e-14);
  xg_test::expect_close(scaler.shift(), {-1.4285714285714286, -1.6, -37500001.375, -16.0}, 1e-14);
  xg_test::expect_close(scaled,
                        {-1.0, -1.0, -1.0, -1.0,                           //
                         -0.5714285714285715, not_a_number, -0.625, -1.0,  //
                         0.2857142857142856, 0.2, 0.125, -1.0,             //
                         2.0, 2.0, 2.0, -1.0},
                        1e-12, 1e-8);
}

// Breaks if an inverse is not the inverse, for any option, layout or dtype.
TEST_CASE("Scalers undo what they do", "[data][scaler]") {
  Generator generator(7);
  const Tensor X = randn({50, 3}, {.generator = &generator}) * 5 + 3;
  const Tensor other = randn({20, 3}, {.generator = &generator}) * 100;
  for (const auto& [name, layout] : xg_test::layouts(X)) {
    INFO(name);
    for (bool with_mean : {false, true}) {
      for (bool with_std : {false, true}) {
        StandardScaler scaler({.with_mean = with_mean, .with_std = with_std});
        scaler.fit(layout);
        xg_test::expect_close(scaler.inverse_transform(scaler.transform(other)), other, 1e-5, 1e-4);
        CHECK(scaler.transform(other).dtype() == float32);
      }
    }
    MinMaxScaler scaler({.min = -2, .max = 5});
    xg_test::expect_close(scaler.inverse_transform(scaler.fit(layout).transform(other)), other, 1e-5, 1e-4);
  }
}

// Breaks if scaled training data are not centred with unit variance, or not inside the range.
TEST_CASE("Scaled training rows have the promised mean and deviation", "[data][scaler]") {
  Generator generator(8);
  const Tensor X = rand({200, 4}, {.dtype = float64, .generator = &generator}) * 17 - 40;
  const Tensor standard = StandardScaler().fit_transform(X);
  xg_test::expect_close(standard.mean(0), std::vector<double>(4, 0.0), 0, 1e-12);
  xg_test::expect_close(standard.var(0, 0), std::vector<double>(4, 1.0), 1e-12);
  const Tensor ranged = MinMaxScaler().fit_transform(X);
  xg_test::expect_close(ranged.amin(0), std::vector<double>(4, 0.0), 0, 1e-12);
  xg_test::expect_close(ranged.amax(0), std::vector<double>(4, 1.0), 1e-12);
}

// Breaks if clip does nothing for rows outside the training range, or integers are scaled as integers.
TEST_CASE("MinMaxScaler clips on request, integers become floating-point", "[data][scaler]") {
  const Tensor counts = tensor<int64_t>({0, 10}).reshape({2, 1});
  MinMaxScaler clipped({.clip = true});
  clipped.fit(counts);
  const Tensor wide = tensor({-5, 2.5, 25}).reshape({3, 1});
  xg_test::expect_close(clipped.transform(wide), {0.0, 0.25, 1.0});
  xg_test::expect_close(MinMaxScaler().fit(counts).transform(wide), {-0.5, 0.25, 2.5});
  CHECK(MinMaxScaler().fit_transform(counts).dtype() == float32);
}

// Breaks if a misuse is let through or its message does not say what to do.
TEST_CASE("Scalers name what is wrong", "[data][scaler][bad input]") {
  const Tensor X = ones({4, 3});
  CHECK_ERROR(StandardScaler().transform(X), Error, "[StandardScaler.transform]", "not fitted", "call fit");
  CHECK_ERROR(StandardScaler().inverse_transform(X), Error, "[StandardScaler.inverse_transform]", "not fitted");
  CHECK_ERROR(MinMaxScaler().transform(X), Error, "[MinMaxScaler.transform]", "not fitted");
  CHECK_ERROR(MinMaxScaler().inverse_transform(X), Error, "not fitted");
  CHECK_ERROR(StandardScaler().fit(X).transform(ones({4, 2})), ShapeError, "X is [4, 2]", "fitted on 3 features");
  CHECK_ERROR(MinMaxScaler().fit(X).inverse_transform(ones({2, 5})), ShapeError, "X is [2, 5]", "3 features");
  CHECK_ERROR(StandardScaler().fit(ones({4})), ShapeError, "X is [4]", "[rows, features]", "reshape");
  CHECK_ERROR(MinMaxScaler().fit(ones({0, 3})), ShapeError, "X is [0, 3]", "nothing to learn");
  CHECK_ERROR(StandardScaler().fit(Tensor()), ValueError, "undefined");
  CHECK_ERROR(StandardScaler().fit(tensor({{1, 2}, {3, std::numeric_limits<double>::infinity()}})), ValueError,
              "infinite at row 1, feature 1");
  CHECK_ERROR(MinMaxScaler({.min = 1, .max = 1}), ValueError, "min is 1, max is 1", "smaller");
}
