#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/loss.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>

using namespace xg;
using xg_test::expect_close;

// Breaks if one of Keras's formulas changes. Values worked out by hand from the formulas in
// its documentation, without the cuts at 1e-7.
TEST_CASE("losses by Keras's names") {
  const Tensor p = tensor({{0.2, 0.8}, {0.6, 0.4}}, {.dtype = float64}),
               t = tensor({{0, 1}, {1, 0}}, {.dtype = float64});
  const auto check = [&](const char* name, double want) {
    CHECK(nn::Loss(name)(p, t).item() == Approx(want).epsilon(1e-5));
  };
  check("mean_squared_error", (0.04 + 0.04 + 0.16 + 0.16) / 4);
  check("mse", 0.1);
  check("mean_absolute_error", 0.3);
  check("binary_crossentropy", -(2 * std::log(0.8) + 2 * std::log(0.6)) / 4);
  check("categorical_crossentropy", -(std::log(0.8) + std::log(0.6)) / 2);
  check("huber", 0.05);
  check("log_cosh", (2 * std::log(std::cosh(0.2)) + 2 * std::log(std::cosh(0.4))) / 4);
  check("hinge", (1.2 + 0.2 + 0.4 + 1.4) / 4);
  check("squared_hinge", (1.44 + 0.04 + 0.16 + 1.96) / 4);
  check("categorical_hinge", ((0.2 - 0.8 + 1) + (0.4 - 0.6 + 1)) / 2);
  check("mean_squared_logarithmic_error", (std::pow(std::log(1.2), 2) + std::pow(std::log(1.8 / 2), 2) +
                                           std::pow(std::log(1.6 / 2), 2) + std::pow(std::log(1.4), 2)) /
                                              4);
  check("cosine_similarity", -(0.8 / std::sqrt(0.68) + 0.6 / std::sqrt(0.52)) / 2);
  check("kl_divergence", (std::log(1 / 0.8) + std::log(1 / 0.6)) / 2);
  check("poisson", (2.0 - std::log(0.8) - std::log(0.6)) / 4);
  const Tensor classes = tensor<std::int64_t>({1, 0});
  CHECK(nn::Loss("sparse_categorical_crossentropy")(p, classes).item() == Approx(-(std::log(0.8) + std::log(0.6)) / 2));
  CHECK(nn::Loss("mape")(tensor({1, 3}), tensor({2, 4})).item() == Approx(37.5));
  // Probabilities of 0 and 1 are cut, so that the loss stays finite.
  CHECK(nn::Loss("binary_crossentropy")(tensor({1.0}, {.dtype = float64}), tensor({0.0}, {.dtype = float64})).item() ==
        Approx(-std::log(1e-7)));
  CHECK_ERROR(nn::Loss("crossentropy"), ValueError,
              "[Loss] \"crossentropy\" is unknown, known are binary_crossentropy,");
}

// Breaks if weights are divided by their sum, which Keras does not do, or distributed wrongly over a row's elements.
TEST_CASE("rows are weighted as Keras weights them") {
  const Tensor p = tensor({{1, 2}, {3, 5}}, {.dtype = float64}), t = zeros({2, 2}, {.dtype = float64});
  const Tensor w = tensor({1.0, 10.0}, {.dtype = float64});
  CHECK(nn::Loss(nn::MSELoss()).weighted(p, t, w).item() == Approx((1 + 4 + 90 + 250) / 4.0));
  CHECK(nn::Loss("mse").weighted(p, t, w).item() == Approx((1 + 4 + 90 + 250) / 4.0));
  CHECK(nn::Loss(nn::HuberLoss({.delta = 2})).weighted(p, t, w).item() == Approx((0.5 + 2 + 40 + 80) / 4.0));
  const nn::Loss own = [](const Tensor& a, const Tensor& b) { return (a - b).abs().sum(); };
  CHECK(own(p, t).item() == 11);
  CHECK_ERROR(own.weighted(p, t, w), Error, "[Loss] \"loss\" is a function of whole batches, rows cannot be weighted");
  const nn::Loss rows(
      "mine", [](const Tensor& a, const Tensor& b) { return (a - b).mean(); },
      [](const Tensor& a, const Tensor& b) { return (a - b).mean(1); });
  CHECK(rows.weighted(p, t, w).item() == Approx((1.5 + 40) / 2));
  CHECK(rows.name() == "mine");
  CHECK_ERROR(nn::Loss("mine", nullptr), ValueError, "\"mine\" is empty");
}

// Breaks if a loss type drops an option on its way to the op.
TEST_CASE("loss types pass their options on") {
  const Tensor p = tensor({{0.5, 2, -1}, {0.1, 0.2, 0.3}}, {.dtype = float64});
  const Tensor c = tensor<std::int64_t>({2, 0});
  const CrossEntropyOptions options{.weight = tensor({1.0, 2.0, 3.0}, {.dtype = float64}), .label_smoothing = 0.1};
  expect_close(nn::CrossEntropyLoss(options)(p, c), cross_entropy(p, c, options), 0, 0);
  CHECK(nn::CrossEntropyLoss(options).per_element(p, c).shape() == Shape{2});
  const Tensor logs = log_softmax(p, 1);
  expect_close(nn::NLLLoss({.ignore_index = 0})(logs, c), -logs[0][2], 1e-12);
  const Tensor t = softmax(p * 2.0, 1);
  expect_close(nn::KLDivLoss({.batchmean = true})(logs, t), (t * (log(t) - logs)).sum() / 2.0, 1e-9);
  CHECK(nn::KLDivLoss({.batchmean = true}).per_element(logs, t).shape() == p.shape());
  expect_close(nn::L1Loss({.reduction = Reduction::sum})(p, t), (p - t).abs().sum(), 1e-12);
  expect_close(nn::SmoothL1Loss({.beta = 0.5})(p, t), smooth_l1_loss(p, t, {.beta = 0.5}), 0, 0);
  const Tensor w = tensor({2.0, 1.0, 1.0}, {.dtype = float64});
  expect_close(nn::BCEWithLogitsLoss({.pos_weight = w})(p, t),
               binary_cross_entropy_with_logits(p, t, {.pos_weight = w}), 0, 0);
  expect_close(nn::BCELoss({.weight = w})(sigmoid(p), t), binary_cross_entropy(sigmoid(p), t, {.weight = w}), 0, 0);
  CHECK(nn::Loss(nn::BCELoss()).name() == "binary_cross_entropy");
  CHECK(nn::Loss(nn::CrossEntropyLoss()).target() == nn::Target::classes);
}
