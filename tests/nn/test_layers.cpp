#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/nn/functional.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/metrics.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace xg;
using xg_test::expect_close;

namespace {

double variance(const Tensor& t) { return t.detach().to(float64).var().item(); }

}  // namespace

// Breaks if the perceptron of the tutorial, its options or its gradient change.
TEST_CASE("Dense computes activation(x W^T + b)") {
  nn::Dense sum(3, 1, {.bias = false, .kernel_init = nn::init::ones});
  CHECK(sum(tensor({0.25, 0.5, 0.75}).reshape({1, 3})).item() == 1.5);
  CHECK_FALSE(sum.bias().defined());
  CHECK(sum.num_parameters() == 3);
  nn::Dense step(2, 1, {.kernel_init = nn::init::ones, .activation = {"binary_step", [](const Tensor& x) {
                                                                        return where(x > 0, ones_like(x),
                                                                                     zeros_like(x));
                                                                      }}});
  expect_close(step(tensor({{1, 2}, {-1, 1}, {-3, 1}})), {1, 0, 0}, 0, 0);
  CHECK(step.activation().name() == "binary_step");
  Tensor x = randn({4, 3}, {.dtype = float64, .requires_grad = true});
  nn::Dense dense(3, 5, {.bias_init = [](Tensor& t) { t.fill_(0.5); }, .activation = "tanh"});
  expect_close(dense.bias().detach(), full({5}, 0.5), 0, 0);
  dense.to(float64);
  expect_close(dense(x), tanh(matmul(x, dense.weight().t()) + dense.bias()), 1e-12);
  CHECK(bool(gradcheck([&](const Tensor& t) { return dense(t); }, x)));
  CHECK(dense(zeros({2, 7, 3}, {.dtype = float64})).shape() == Shape{2, 7, 5});
  CHECK_ERROR(nn::Dense(0, 1), ValueError, "[Dense] in is 0, it must be 1 or more.");
  CHECK_ERROR(nn::Dense(-3), ValueError, "units is -3");
  CHECK_ERROR(nn::Linear(3, 0), ValueError, "[Linear] out is 0");
}

// Breaks if a name means another function, or one of Keras's or PyTorch's names is lost.
TEST_CASE("activations have names") {
  const Tensor x = linspace(-4, 4, 17, {.dtype = float64}).reshape({1, 17});
  const auto check = [&](const char* name, const Tensor& want) {
    expect_close(nn::Activation(name)(x), want, 1e-12, 1e-12, name);
  };
  check("linear", x);
  check("relu", clamp(x, 0.0));
  check("sigmoid", 1.0 / (1.0 + exp(-x)));
  check("tanh", tanh(x));
  check("swish", x / (1.0 + exp(-x)));
  check("leaky_relu", where(x > 0, x, x * 0.2));  // Keras's slope
  check("elu", where(x > 0, x, exp(x) - 1.0));
  check("gelu", x * 0.5 * (1.0 + erf(x / std::sqrt(2.0))));
  check("softplus", log1p(exp(x)));
  check("softsign", x / (1.0 + abs(x)));
  check("relu6", clamp(x, 0.0, 6.0));
  check("hard_sigmoid", clamp(x / 6.0 + 0.5, 0.0, 1.0));
  check("hard_silu", x * clamp(x / 6.0 + 0.5, 0.0, 1.0));
  check("exponential", exp(x));
  check("mish", x * tanh(log1p(exp(x))));
  check("squareplus", (x + sqrt(x * x + 4.0)) / 2.0);
  check("sparse_sigmoid", clamp((x + 1.0) / 2.0, 0.0, 1.0));
  check("softmax", exp(x) / exp(x).sum());
  // sparsemax: the two largest of {0, 2, 3} share: z - tau with tau = (5 - 1) / 2
  expect_close(nn::Activation("sparsemax")(tensor({{0, 2, 2.5}})), {0, 0.25, 0.75}, 1e-6);
  CHECK(nn::Activation(relu).name() == "relu");
  CHECK(nn::Activation([](const Tensor& t) { return t * 2.0; }).name() == "custom");
  CHECK_ERROR(nn::Activation("rleu"), ValueError, "[Activation] \"rleu\" is unknown, known are linear, relu,",
              "{\"rleu\", function}");
  CHECK_ERROR(nn::Activation("mine", nullptr), ValueError, "\"mine\" is empty");
  for (const std::string& name : nn::Activation::names()) {
    const Tensor y = nn::Activation(name)(randn({3, 4}));
    INFO(name);
    CHECK(y.size(0) == 3);
  }
}

// Breaks if the range or variance of initial weights changes; the bounds are five standard errors wide.
TEST_CASE("initial weights have the variance that their scheme promises") {
  manual_seed(1);
  const std::int64_t in = 300, out = 200;
  const double n = static_cast<double>(in * out);
  const auto uniform = [&](nn::Initializer init, double bound) {
    Tensor w = empty({out, in});
    init(w);
    CHECK(w.amax().item() <= bound);
    CHECK(w.amin().item() >= -bound);
    CHECK(variance(w) == Approx(bound * bound / 3).epsilon(5 * std::sqrt(0.8 / n)));
  };
  const auto normal = [&](nn::Initializer init, double var, bool cut) {
    Tensor w = empty({out, in});
    init(w);
    CHECK(variance(w) == Approx(var).epsilon(5 * std::sqrt(2 / n)));
    const double largest = w.abs().amax().item();
    if (cut)
      CHECK(largest <= 2 * std::sqrt(var) / 0.8796 * 1.0001);
    else
      CHECK(largest > 3 * std::sqrt(var));
  };
  uniform("glorot_uniform", std::sqrt(6.0 / (in + out)));
  uniform(nn::init::xavier_uniform, std::sqrt(6.0 / (in + out)));
  uniform("he_uniform", std::sqrt(6.0 / in));
  uniform("lecun_uniform", std::sqrt(3.0 / in));
  uniform([](Tensor& t) { nn::init::kaiming_uniform(t, {.mode = nn::init::Fan::out, .nonlinearity = "tanh"}); },
          5.0 / 3 * std::sqrt(3.0 / out));
  uniform("random_uniform", 0.05);
  normal("glorot_normal", 2.0 / (in + out), true);
  normal("xavier_normal", 2.0 / (in + out), false);
  normal("he_normal", 2.0 / in, true);
  normal("kaiming_normal", 2.0 / in, false);
  normal("lecun_normal", 1.0 / in, true);
  nn::Linear linear(in, out);
  CHECK(linear.weight().abs().amax().item() <= 1 / std::sqrt(300.0));
  CHECK(variance(linear.weight()) == Approx(1.0 / 300 / 3).epsilon(5 * std::sqrt(0.8 / n)));
  Tensor w = empty({2, 3});
  expect_close(nn::init::eye(w), {1, 0, 0, 0, 1, 0}, 0, 0);
  nn::init::constant(linear.weight(), 3);  // a layer's own handle will do
  CHECK(linear.weight().amin().item() == 3);
  Tensor conv = empty({4, 3, 5});
  nn::init::kaiming_uniform(conv);
  CHECK(conv.abs().amax().item() <= std::sqrt(6.0 / 15));
  CHECK_ERROR(nn::Initializer("glorot"), ValueError, "\"glorot\" is unknown, known are zeros,", "glorot_uniform");
  Tensor flat = empty({3});
  CHECK_ERROR(nn::init::glorot_uniform(flat), ShapeError, "[init::xavier_uniform] tensor is [3]");
  CHECK_ERROR(nn::init::calculate_gain("cube"), ValueError, "\"cube\" is unknown");
  CHECK_ERROR(nn::init::trunc_normal(w, 0, 1, 2, 2), ValueError, "low is 2, high is 2");
  CHECK_ERROR(nn::init::trunc_normal(w, 0, 0, 1, 2), ValueError, "std above 0");
  CHECK_ERROR(nn::init::uniform(w, 1, 0), ValueError, "low is 1 and high 0");
}

// Breaks if a tail is refused, left, or given another distribution: mean and variance are those of a normal number
// that is known to lie in the interval, by numerical integration.
TEST_CASE("truncated normals reach any interval") {
  struct Row {
    double mean, std, low, high;
  };
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Row> rows = {{0, 1, 5, 6},       {0, 1, 30, 31},     {0, 1, -40, -39}, {0, 1, 4, inf},
                                 {0, 1, -inf, -8},   {0, 1, -0.05, 0.1}, {0, 1, 0, 0.1},   {0, 1, 3.9, 4},
                                 {2, 0.5, -3, -2.5}, {0, 1, -2, 2},      {0, 1, 1.4, 9},   {1, 3, 60, inf}};
  for (const Dtype dtype : {float32, float64})
    for (const Row& row : rows) {
      Tensor t = empty({20000}, {.dtype = dtype});
      manual_seed(11);
      nn::init::trunc_normal(t, row.mean, row.std, row.low, row.high);
      INFO("[" << row.low << ", " << row.high << "]");
      CHECK(t.amin().item() >= row.low);
      CHECK(t.amax().item() <= row.high);
      // Moments of exp(-(z^2 - a^2) / 2) on a grid that ends where the density has vanished.
      const bool left = row.high <= row.mean;
      const double a = (left ? row.mean - row.high : row.low - row.mean) / row.std,
                   b = (left ? row.mean - row.low : row.high - row.mean) / row.std, end = std::min(b, a + 12);
      double mass = 0, first = 0, second = 0;
      constexpr int steps = 200000;
      for (int i = 0; i < steps; ++i) {
        const double d = (end - a) * (i + 0.5) / steps, density = std::exp(-d * (a + d / 2));
        mass += density, first += density * d, second += density * d * d;
      }
      const double center = first / mass, variance = second / mass - center * center;
      const Tensor z = (left ? -1.0 : 1.0) * (t.to(float64) - row.mean) / row.std - a;
      CHECK(z.mean().item() == Approx(center).margin(5 * std::sqrt(variance / 20000) + (dtype == float32 ? 3e-6 : 0)));
      CHECK(z.var().item() == Approx(variance).epsilon(dtype == float32 ? 0.1 : 0.08));
      Tensor again = empty({20000}, {.dtype = dtype});
      manual_seed(11);
      nn::init::trunc_normal(again, row.mean, row.std, row.low, row.high);
      CHECK(equal(t, again));
    }
}

// Breaks if the factorization, its signs or the transposition are wrong: products with the transpose are gain^2 times
// the identity along the shorter side, and without the signs' correction the first column's first element is never
// positive.
TEST_CASE("orthogonal weights are orthonormal along their shorter side") {
  manual_seed(7);
  for (const Dtype dtype : {float32, float64})
    for (const Shape& shape : {Shape{5, 5}, Shape{7, 3}, Shape{3, 7}, Shape{4, 2, 3}, Shape{1, 1}}) {
      Tensor w = empty(shape, {.dtype = dtype});
      nn::init::orthogonal(w, 1.5);
      const Tensor flat = w.reshape({shape[0], -1});
      const Tensor gram =
          flat.size(0) > flat.size(1) ? matmul(flat.transpose(0, 1), flat) : matmul(flat, flat.transpose(0, 1));
      expect_close(gram, eye(gram.size(0), -1, {.dtype = dtype}) * 2.25, 1e-6, 1e-6);
    }
  double positive = 0;
  for (int i = 0; i < 200; ++i) {
    Tensor w = empty({3, 3});
    nn::Initializer("orthogonal")(w);
    positive += w.select(0, 0).select(0, 0).item() > 0;
  }
  CHECK(positive > 60);
  CHECK(positive < 140);
  Tensor none = empty({0, 3}), flat = empty({3});
  nn::init::orthogonal(none);
  CHECK_ERROR(nn::init::orthogonal(flat), ShapeError, "[init::orthogonal] tensor is [3]", "two dimensions");
}

// Breaks if dropout acts in eval mode, scales wrongly or keeps its mask.
TEST_CASE("Dropout acts while training only") {
  nn::Dropout drop(0.25);
  const Tensor x = ones({200, 200});
  const Tensor y = drop(x);
  CHECK(y.mean().item() == Approx(1).margin(0.02));
  CHECK(where(y > 0, y, full_like(y, 4.0 / 3)).sub(full_like(y, 4.0 / 3)).abs().amax().item() < 1e-6);
  CHECK_FALSE(equal(drop(x), y));
  drop.eval();
  CHECK(drop(x).is_same(x));
  CHECK_ERROR(nn::Dropout(1.5), ValueError, "[Dropout] p is 1.5, it must be in [0, 1].");
  CHECK_ERROR(nn::Dropout(NAN), ValueError, "p is nan");
}

// Breaks if running statistics are updated in eval mode, or as Keras and not as PyTorch does.
TEST_CASE("BatchNorm1d keeps running statistics") {
  nn::BatchNorm1d norm(3);
  norm.to(float64);
  const Tensor x = randn({10, 3}, {.dtype = float64});
  const Tensor y = norm(x);
  expect_close(y.mean(0), zeros({3}, {.dtype = float64}), 0, 1e-12);
  expect_close(y.var(0, 0), x.var(0, 0) / (x.var(0, 0) + 1e-5), 1e-9);
  auto state = norm.state_dict();
  expect_close(state.at("running_mean"), x.mean(0) * 0.1, 1e-12);
  expect_close(state.at("running_var"), x.var(0) * 0.1 + 0.9, 1e-12);
  CHECK(state.at("num_batches_tracked").item<int>() == 1);
  norm.eval();
  expect_close(norm(x), (x - state.at("running_mean")) / sqrt(state.at("running_var") + 1e-5), 1e-9);
  CHECK(norm.state_dict().at("num_batches_tracked").item<int>() == 1);
  norm.train();
  CHECK_ERROR(norm(zeros({1, 3}, {.dtype = float64})), ValueError, "one value per feature has no variance",
              "at least 2 rows");
  CHECK_ERROR(norm(zeros({4, 5}, {.dtype = float64})), ShapeError, "[batch_norm] input is [4, 5]",
              "input.size(1) must be 3");
  CHECK_ERROR(norm(zeros({4}, {.dtype = float64})), ShapeError, "[rows, 3]");
  CHECK_ERROR(nn::BatchNorm1d(0), ValueError, "num_features is 0");
  CHECK_ERROR(nn::LayerNorm(Shape{}), ValueError, "[LayerNorm] normalized_shape is []");
}

// Breaks if the running variance is computed back from 1 / sqrt(var + eps), where a variance below eps has few
// digits.
TEST_CASE("running variances have the digits of the variance") {
  for (const double half_width : {1.0, 1e-2, 1e-3, 1e-4, 1e-5})
    for (const std::int64_t rows : {3, 100}) {
      const Tensor x = linspace(5 - half_width, 5 + half_width, rows).unsqueeze(1), mean = zeros({1}),
                   variance = ones({1});
      batch_norm(x, mean, variance, {}, {}, true, 1.0);
      INFO("half width " << half_width << ", rows " << rows);
      expect_close(variance, x.to(float64).var(Dims(0)), 1e-6, 0);
    }
  double least = 0;
  for (int k = 0; k < 200; ++k) {
    const Tensor mean = zeros({1}), variance = ones({1});
    batch_norm(full({4 + k, 1}, 0.1 + k * 0.37), mean, variance, {}, {}, true, 1.0, 1e-5 + k * 1e-6);
    least = std::min(least, variance.item());
  }
  CHECK(least == 0);
}

// Breaks if a padding row is trained, or an index out of range reads beside the table.
TEST_CASE("Embedding looks up rows") {
  nn::Embedding table(4, 2, {.padding_idx = -1});
  const Tensor index = tensor<std::int64_t>({0, 3, 0, 2}).reshape({2, 2});
  const Tensor y = table(index);
  CHECK(y.shape() == Shape{2, 2, 2});
  expect_close(y.select(0, 0).select(0, 1), {0, 0}, 0, 0);
  y.sum().backward();
  expect_close(table.weight().grad(), {2, 2, 0, 0, 1, 1, 0, 0}, 0, 0);
  CHECK_ERROR(table(tensor<std::int64_t>({4})), IndexError, "[embedding]", "4");
  CHECK_ERROR(table(tensor({0.5})), DtypeError, "[embedding]");
  CHECK_ERROR(nn::Embedding(4, 2, {.padding_idx = 4}), IndexError, "padding_idx is 4, the table has 4 rows");
  CHECK_ERROR(nn::Embedding(0, 2), ValueError, "num_embeddings is 0");
}

// Breaks if an activation layer passes its options on wrongly.
TEST_CASE("activation layers apply their op with their options") {
  const Tensor x = linspace(-3, 3, 12, {.dtype = float64}).reshape({2, 6});
  expect_close(nn::LeakyReLU({.negative_slope = 0.3})(x), leaky_relu(x, 0.3), 0, 0);
  expect_close(nn::ELU({.alpha = 2})(x), elu(x, 2), 0, 0);
  expect_close(nn::CELU({.alpha = 2})(x), celu(x, 2), 0, 0);
  expect_close(nn::GELU({.approximate = GeluApproximation::tanh})(x), gelu(x, GeluApproximation::tanh), 0, 0);
  expect_close(nn::Softplus({.beta = 2, .threshold = 1})(x), softplus(x, 2, 1), 0, 0);
  expect_close(nn::Hardtanh({.min_val = -2, .max_val = 1})(x), clamp(x, -2.0, 1.0), 0, 0);
  expect_close(nn::Hardshrink({.lambda = 1})(x), hardshrink(x, 1), 0, 0);
  expect_close(nn::Softshrink({.lambda = 1})(x), softshrink(x, 1), 0, 0);
  expect_close(nn::Threshold(1, 7)(x), where(x > 1, x, full_like(x, 7)), 0, 0);
  expect_close(nn::Softmax({.dim = 0})(x), softmax(x, 0), 0, 0);
  expect_close(nn::LogSoftmax()(x), log_softmax(x, -1), 0, 0);
  expect_close(nn::Softmin()(x), softmax(-x, -1), 1e-12);
  expect_close(nn::GLU()(x), x.narrow(1, 0, 3) * sigmoid(x.narrow(1, 3, 3)), 1e-12);
  CHECK_ERROR(nn::GLU({.dim = 1})(zeros({2, 3})), ShapeError,
              "[glu] input is [2, 3], its size along dimension 1 must be even");
  nn::PReLU prelu_layer({.num_parameters = 6, .init = 0.5});
  expect_close(prelu_layer(x.to(float32)), leaky_relu(x, 0.5), 1e-6);
  CHECK(prelu_layer.num_parameters() == 6);
  nn::RReLU random;
  const Tensor y = random(full({1000}, -1.0));
  CHECK(y.amin().item() >= -1.0 / 3);
  CHECK(y.amax().item() <= -1.0 / 8);
  random.eval();
  expect_close(random(x), leaky_relu(x, (1.0 / 8 + 1.0 / 3) / 2), 1e-12);
  CHECK(nn::Flatten()(zeros({2, 3, 4})).shape() == Shape{2, 12});
  CHECK(nn::Unflatten(1, {2, 3})(zeros({5, 6})).shape() == Shape{5, 2, 3});
  CHECK(nn::Identity()(x).is_same(x));
  expect_close(nn::Lambda([](const Tensor& t) { return t * 2.0; })(x), x * 2.0, 0, 0);
  CHECK_ERROR(nn::Lambda(nullptr), ValueError, "[Lambda] the function is empty");
}

// Breaks if an option that makes no sense shows in the numbers, or in the first call, rather than at once.
TEST_CASE("options of layers that make no sense are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_ERROR(nn::LayerNorm(4, {.eps = nan}), ValueError, "[LayerNorm] eps is nan");
  CHECK_ERROR(nn::LayerNorm(4, {.eps = -1}), ValueError, "[LayerNorm] eps is -1", "0 or more");
  CHECK_ERROR(nn::RMSNorm(4, {.eps = -5}), ValueError, "[RMSNorm] eps is -5");
  CHECK_ERROR(nn::BatchNorm1d(4, {.eps = -1}), ValueError, "[BatchNorm1d] eps");
  CHECK_ERROR(nn::BatchNorm1d(4, {.momentum = nan}), ValueError, "[BatchNorm1d] momentum");
  CHECK_ERROR(nn::BatchNorm1d(4, {.momentum = 5}), ValueError, "from 0 to 1");
  CHECK_ERROR(nn::LeakyReLU({.negative_slope = nan}), ValueError, "[LeakyReLU] negative_slope");
  CHECK_ERROR(nn::ELU({.alpha = nan}), ValueError, "[ELU] alpha");
  CHECK_ERROR(nn::CELU({.alpha = 0}), ValueError, "[CELU] alpha is 0");
  CHECK_ERROR(nn::Softplus({.beta = 0}), ValueError, "[Softplus] beta is 0");
  CHECK_ERROR(nn::Hardtanh({.min_val = 1, .max_val = 0}), ValueError, "[Hardtanh] min_val is 1, max_val is 0");
  CHECK_ERROR(nn::Softshrink({.lambda = -1}), ValueError, "[Softshrink] lambda is -1");
  CHECK_ERROR(nn::RReLU({.lower = 1, .upper = 0}), ValueError, "[RReLU] lower is 1, upper is 0");
  CHECK_ERROR(nn::Threshold(nan, 0), ValueError, "[Threshold] threshold is nan");
  CHECK_ERROR(nn::metrics::Accuracy({.threshold = nan}), ValueError, "[accuracy] threshold is nan");
  CHECK_ERROR(nn::data::MinMaxScaler({.max = std::numeric_limits<double>::infinity()}), ValueError, "[MinMaxScaler]");
  CHECK_ERROR(margin_ranking_loss(ones({1}), ones({1}), ones({1}), {.margin = nan}), ValueError, "margin is nan");
}
