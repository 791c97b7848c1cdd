// Losses: the one-pass kernels against compositions of plain ops, and what a user can get wrong.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>

using namespace xg;
using xg_test::expect_close;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Numbers between low and high, uneven and the same every time.
Tensor between(const Shape& shape, double low, double high, Dtype dtype, double phase = 0) {
  return ((sin(arange(shape.numel(), {.dtype = float64}) * 2.3 + phase) * 0.5 + 0.5) * (high - low) + low)
      .reshape(shape)
      .to(dtype);
}

/// Value and gradient of both.
void expect_same(const std::string& what, const TensorFunction& fused, const TensorFunction& composite, const Tensor& x,
                 double tolerance) {
  Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
  const Tensor y = fused(a), want = composite(b);
  expect_close(y.detach(), want.detach(), tolerance, tolerance, what);
  const Tensor weights = (arange(y.numel(), {.dtype = float64}) + 1).reshape(y.shape()).to(y.dtype());
  expect_close(grad(y, a, weights), grad(want, b, weights), tolerance, tolerance, what + ", gradient");
}

Tensor reduced(const Tensor& loss, Reduction reduction) {
  return reduction == Reduction::none ? loss : (reduction == Reduction::sum ? sum(loss) : mean(loss));
}

}  // namespace

// Breaks if a fused loss differs from its definition, at any size (tails of vectors) and in either precision.
TEST_CASE("one-pass losses equal their compositions") {
  for (const Dtype dtype : {float32, float64})
    for (const std::int64_t n : {1, 5, 32, 1000})
      for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
        const double tolerance = dtype == float64 ? 1e-12 : 2e-5;
        const std::string size = " of " + std::to_string(n);
        const Tensor t = between({n, 1}, 0.02, 0.98, dtype, 1);
        expect_same(
            "mse" + size, [&](const Tensor& x) { return mse_loss(x, t, {.reduction = reduction}); },
            [&](const Tensor& x) { return reduced(square(x - t), reduction); }, between({n, 1}, -2, 2, dtype),
            tolerance);
        expect_same(
            "bce" + size, [&](const Tensor& x) { return binary_cross_entropy(x, t, {.reduction = reduction}); },
            [&](const Tensor& x) { return reduced(-(t * log(x) + (1 - t) * log(1 - x)), reduction); },
            between({n, 1}, 0.05, 0.95, dtype), tolerance);
        expect_same(
            "bce with logits" + size,
            [&](const Tensor& x) { return binary_cross_entropy_with_logits(x, t, {.reduction = reduction}); },
            [&](const Tensor& x) { return reduced(-(t * logsigmoid(x) + (1 - t) * logsigmoid(-x)), reduction); },
            between({n, 1}, -4, 4, dtype), tolerance);
      }
}

// Breaks if smoothing, ignored rows, weights or the layout [n, classes, positions] are handled wrongly.
TEST_CASE("cross entropy in all its forms") {
  const Tensor x = between({5, 4}, -3, 3, float64);
  const Tensor labels = tensor<std::int64_t>({0, 3, -100, 1, 3});
  const Tensor kept = tensor({1, 1, 0, 1, 1}, {.dtype = float64});
  const Tensor safe = tensor<std::int64_t>({0, 3, 0, 1, 3});
  const Tensor w = tensor({0.5, 2, 1, 1.5}, {.dtype = float64});
  for (const double smoothing : {0.0, 0.2}) {
    const auto by_hand = [&](const Tensor& z, const Tensor& class_weight) {
      const Tensor target = (1 - smoothing) * one_hot(safe, 4).to(float64) + smoothing / 4;
      return kept * -sum(target * class_weight * log_softmax(z, 1), 1);
    };
    const Tensor plain = ones({4}, {.dtype = float64});
    expect_same(
        "mean", [&](const Tensor& z) { return cross_entropy(z, labels, {.label_smoothing = smoothing}); },
        [&](const Tensor& z) { return sum(by_hand(z, plain)) / 4; }, x, 1e-12);
    expect_same(
        "sum",
        [&](const Tensor& z) {
          return cross_entropy(z, labels, {.reduction = Reduction::sum, .label_smoothing = smoothing});
        },
        [&](const Tensor& z) { return sum(by_hand(z, plain)); }, x, 1e-12);
    expect_same(
        "none",
        [&](const Tensor& z) {
          return cross_entropy(z, labels, {.reduction = Reduction::none, .label_smoothing = smoothing});
        },
        [&](const Tensor& z) { return by_hand(z, plain); }, x, 1e-12);
    expect_same(
        "distributions",
        [&](const Tensor& z) { return cross_entropy(z, one_hot(safe, 4).to(float64), {.label_smoothing = smoothing}); },
        [&](const Tensor& z) { return cross_entropy(z, safe, {.label_smoothing = smoothing}); }, x, 1e-12);
  }
  expect_same(
      "weights", [&](const Tensor& z) { return cross_entropy(z, labels, {.weight = w}); },
      [&](const Tensor& z) { return nll_loss(log_softmax(z, 1), labels, {.weight = w}); }, x, 1e-12);
  const Tensor deep = between({2, 3, 4}, -2, 2, float64),
               deep_labels = tensor<std::int64_t>({0, 1, 2, 0, 1, 1, 2, 0}).reshape({2, 4});
  expect_same(
      "positions", [&](const Tensor& z) { return cross_entropy(z, deep_labels); },
      [&](const Tensor& z) { return mean(cross_entropy(z, deep_labels, {.reduction = Reduction::none})); }, deep,
      1e-12);
  CHECK(std::isnan(cross_entropy(x, full({5}, -100)).item()));
  CHECK(cross_entropy(x.select(0, 0), scalar_tensor(1)).dim() == 0);
  CHECK(cross_entropy(between({3, 2}, 990, 1000, float32), tensor<std::int64_t>({0, 1, 1})).item() < 100);
}

// Breaks if one of the other losses differs from its definition.
TEST_CASE("losses against numbers worked out by hand") {
  const Tensor x = tensor({0.5, -2, 3}, {.dtype = float64}), t = tensor({0, 0, 1}, {.dtype = float64});
  CHECK(l1_loss(x, t).item() == Approx(1.5));
  CHECK(huber_loss(x, t).item() == Approx((0.125 + 1.5 + 1.5) / 3));
  CHECK(smooth_l1_loss(x, t, {.beta = 2}).item() == Approx((0.0625 + 1 + 1) / 3));
  CHECK(mse_loss(x, t, {.weight = tensor({1, 0, 2}, {.dtype = float64})}).item() == Approx((0.25 + 8) / 3));
  const Tensor p = tensor({0.25, 0.75}, {.dtype = float64});
  CHECK(kl_div(log(p), p).item() == Approx(0).margin(1e-15));
  CHECK(kl_div(zeros_like(p), p, {.batchmean = true}).item() ==
        Approx((0.25 * std::log(0.25) + 0.75 * std::log(0.75)) / 2));
  CHECK(hinge_embedding_loss(tensor({0.5, 0.25}), tensor({1, -1})).item() == Approx((0.5 + 0.75) / 2));
  CHECK(margin_ranking_loss(tensor({1, 2}), tensor({2, 0}), tensor({1, 1})).item() == Approx(0.5));
  CHECK(soft_margin_loss(tensor({0, 100}), tensor({1, 1})).item() == Approx(std::log(2.0) / 2));
  // Certain and wrong: PyTorch cuts the logarithm, so that the loss stays finite.
  CHECK(binary_cross_entropy(tensor({1.0}), tensor({0.0})).item() == 100);
  CHECK(binary_cross_entropy_with_logits(tensor({-800.0}), tensor({1.0})).item() == 800);
  const Tensor pw = tensor({3.0}, {.dtype = float64});
  CHECK(binary_cross_entropy_with_logits(x, t, {.pos_weight = pw}).item() ==
        Approx((std::log1p(std::exp(0.5)) + std::log1p(std::exp(-2)) + 3 * std::log1p(std::exp(-3))) / 3));
}

// Breaks if shapes broadcast silently, which compares every row with every other.
TEST_CASE("prediction and target must have the same shape") {
  const Tensor column = zeros({4, 1}), row = zeros({4});
  CHECK_ERROR(mse_loss(column, row), ShapeError, "[mse_loss]", "[4, 1]", "[4]", "reshape");
  CHECK_ERROR(l1_loss(column, row), ShapeError, "[l1_loss]", "same shape");
  CHECK_ERROR(huber_loss(column, row), ShapeError, "[huber_loss]");
  CHECK_ERROR(smooth_l1_loss(column, row), ShapeError, "[smooth_l1_loss]");
  CHECK_ERROR(binary_cross_entropy(column, row), ShapeError, "[binary_cross_entropy]");
  CHECK_ERROR(binary_cross_entropy_with_logits(column, row), ShapeError, "[binary_cross_entropy_with_logits]");
  CHECK_ERROR(kl_div(column, row), ShapeError, "[kl_div]");
  CHECK_ERROR(mse_loss(column, column, {.weight = zeros({3, 4, 1})}), ShapeError, "[mse_loss]", "weight");
}

// Breaks if a wrong label is found late or not at all.
TEST_CASE("labels that make no sense") {
  const Tensor p = full({2, 2}, 0.5);
  CHECK_ERROR(binary_cross_entropy(p, tensor({{0, 1}, {not_a_number, 1}})), ValueError, "target[1, 0]", "nan");
  CHECK_ERROR(binary_cross_entropy(p, tensor({{0, 1}, {0, 2}})), ValueError, "target[1, 1]", "2");
  CHECK_ERROR(binary_cross_entropy(tensor({{0, 1}, {1.5, 1}}), p), ValueError, "prediction[1, 0]", "1.5", "sigmoid");
  CHECK_ERROR(binary_cross_entropy(tensor({{0, not_a_number}, {0, 1}}), p, {.reduction = Reduction::none}), ValueError,
              "prediction[0, 1]", "nan");
  CHECK_ERROR(binary_cross_entropy_with_logits(p, tensor({{0, 1}, {0, -1}})), ValueError, "target[1, 1]", "-1");
  CHECK_ERROR(mse_loss(p, tensor({{0, not_a_number}, {0, 1}})), ValueError, "[mse_loss]", "target[0, 1]", "nan");
  // Where nothing is reduced the NaN stands in its place, also in a 0-d loss.
  CHECK(std::isnan(mse_loss(full({}, 1.0), full({}, not_a_number), {.reduction = Reduction::none}).item()));

  const Tensor logits = zeros({3, 4});
  CHECK_ERROR(cross_entropy(logits, tensor<std::int64_t>({0, 4, 1})), IndexError, "[cross_entropy]", "target[1]", "4",
              "[0, 4)");
  CHECK_ERROR(cross_entropy(logits, tensor<std::int64_t>({0, 1, -1})), IndexError, "target[2]", "-1");
  CHECK_ERROR(nll_loss(logits, tensor<std::int64_t>({0, 1, 9})), IndexError, "[nll_loss]", "target[2]");
  CHECK_ERROR(cross_entropy(logits, tensor({0, 1, 2})), DtypeError, "[cross_entropy]", "integers", "int64");
  CHECK_ERROR(cross_entropy(logits, tensor<std::int64_t>({0, 1})), ShapeError, "[cross_entropy]", "[3, 4]", "[2]");
  CHECK_ERROR(cross_entropy(logits, full({3, 4}, not_a_number)), ValueError, "[cross_entropy]", "nan");
  CHECK_ERROR(cross_entropy(logits, tensor<std::int64_t>({0, 1, 2}), {.weight = ones({3})}), ShapeError, "weight",
              "[4]");
  CHECK_ERROR(cross_entropy(logits, tensor<std::int64_t>({0, 1, 2}), {.label_smoothing = 1.5}), ValueError,
              "label_smoothing", "1.5");
  CHECK_ERROR(huber_loss(p, p, {.delta = 0}), ValueError, "[huber_loss]", "delta");
}
