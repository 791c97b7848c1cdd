#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/functional_call.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/per_sample_gradients.hpp>
#include <xgrad/tensor/error.hpp>

#include <sstream>
#include <thread>

using namespace xg;
using xg_test::expect_close;

namespace {

struct Scaled : autograd::Function<Scaled> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x, const Tensor& factor) {
    ctx.save_for_backward({x, factor});
    return x * factor;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& g) {
    return {g * ctx.saved()[1], (g * ctx.saved()[0]).sum()};
  }
};

/// A module that meets its parameters in every way: in ops, through a view made early, in a Function, in place, and on
/// the host.
struct Everything : nn::Module {
  nn::Linear& fc;
  Tensor scale, early, counter;
  Everything() : fc(add<nn::Linear>("fc", 3, 3)), scale(param("scale", full({1}, 2.0))) {
    early = fc.own_parameters()[0].tensor.t();
    counter = buffer("counter", zeros({1}));
  }
  Tensor forward(const Tensor& x) override {
    counter.add_(1.0);
    Tensor y = fc(x) + matmul(x, early);
    y.mul_(scale);
    return Scaled::apply(y, scale.sum()) * scale.item() + scale.to_vector()[0];
  }
};

Tensor everything(const std::vector<Tensor>& p, const Tensor& x) {  // scale, weight, bias
  const Tensor y = (linear(x, p[1], p[2]) + matmul(x, p[1].t())) * p[0];
  return y * p[0].sum() * p[0].item() + p[0].item();
}

std::vector<Tensor> moved(const nn::Module& m, double by) {
  std::vector<Tensor> all;
  for (const Tensor& p : m.parameters()) all.push_back((p.detach() + by).requires_grad_());
  return all;
}

}  // namespace

// Breaks if one way to a parameter still leads to the module's own.
TEST_CASE("a module computes with the tensors that it is given, wherever it meets its own") {
  Everything m;
  const Tensor x = randn({4, 3});
  const std::vector<Tensor> given = moved(m, 0.3);
  const std::vector<Tensor> before = {m.scale.clone(), m.fc.own_parameters()[0].tensor.clone()};
  const Tensor y = nn::functional_call(m, given, x);
  expect_close(y, everything(given, x), 1e-5, 1e-6);
  const std::vector<Tensor> got = grad({y.sum()}, given), want = grad({everything(given, x).sum()}, given);
  for (std::size_t i = 0; i < got.size(); ++i) expect_close(got[i], want[i], 1e-5, 1e-5);
  expect_close(m.scale, before[0], 0, 0);
  expect_close(m.fc.own_parameters()[0].tensor, before[1], 0, 0);
  CHECK_FALSE(m.scale.grad().defined());
  // Without it, the module is as before.
  expect_close(m(x), everything(m.parameters(), x), 1e-5, 1e-6);
}

TEST_CASE("writes to a buffer go to what stands for it") {
  Everything m;
  const Tensor x = ones({1, 3});
  nn::functional_call(m, m.parameters(), x);
  CHECK(m.counter.item() == 1);
  std::vector<Tensor> all = m.parameters();
  const Tensor counter = zeros({1});
  all.push_back(counter);
  nn::functional_call(m, all, x);
  nn::functional_call(m, StateDict{{"counter", counter}}, x);
  CHECK(m.counter.item() == 1);
  CHECK(counter.item() == 2);
  nn::BatchNorm1d norm(3);
  const Tensor mean = zeros({3}), var = ones({3});
  nn::functional_call(norm, StateDict{{"running_mean", mean}, {"running_var", var}}, randn({8, 3}) + 5.0);
  expect_close(norm.buffers()[0], zeros({3}), 0, 0);
  CHECK(mean.min().item() > 0.1);
}

TEST_CASE("the host reads what stands for a parameter") {
  struct Reader : nn::Module {
    Tensor w;
    std::string text;
    Reader() : w(param("w", full({2}, 1.0))) {}
    Tensor forward(const Tensor& x) override {
      std::ostringstream out;
      out << w;
      text = out.str() + w.repr();
      return x * static_cast<double>(w.data<float>()[1]) + w.max().item();
    }
  } m;
  const Tensor seven = full({2}, 7.0);
  expect_close(nn::functional_call(m, std::vector<Tensor>{seven}, ones({1})), {14.0}, 0, 0);
  CHECK(m.text.find('7') != std::string::npos);
  CHECK(m.text.find('1') == std::string::npos);
}

TEST_CASE("calls nest, and given tensors may be parameters of the same module") {
  nn::Sequential net("net", nn::Linear(2, 2));
  const Tensor x = randn({3, 2});
  const Tensor weight = net.parameters()[0], bias = net.parameters()[1];
  const std::vector<Tensor> twice{weight * 2.0, bias * 2.0};
  const auto f = [&](const std::vector<Tensor>& theta) {
    // Inside, the module's own parameters mean those of the outer call.
    return nn::functional_call(net, std::vector<Tensor>{weight + 1.0, bias}, x) + nn::functional_call(net, theta, x);
  };
  const TensorsFunction inner = nn::function_of_parameters(net, [&] { return f(net.parameters()); });
  expect_close(inner(twice), linear(x, twice[0] + 1.0, twice[1]) + linear(x, twice[0], twice[1]), 1e-5, 1e-6);
  struct Two : nn::Module {
    Tensor a, b;
    Two() : a(param("a", full({1}, 2.0))), b(param("b", full({1}, 3.0))) {}
    Tensor forward(const Tensor& x) override { return x * a - b; }
  } two;
  expect_close(nn::functional_call(two, std::vector<Tensor>{two.b, two.a}, ones({1})), {1.0}, 0, 0);
}

TEST_CASE("each thread has substitutions of its own") {
  nn::Linear net(2, 1);
  const Tensor x = ones({1, 2});
  std::vector<double> results(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const std::vector<Tensor> given{full({1, 2}, static_cast<double>(i)), zeros({1})};
      for (int k = 0; k < 100; ++k) results[static_cast<std::size_t>(i)] = nn::functional_call(net, given, x).item();
    });
  for (std::thread& t : threads) t.join();
  CHECK(results == std::vector<double>{0, 2, 4, 6});
}

TEST_CASE("parameters that do not fit are named") {
  nn::Sequential net("net", nn::Linear(2, 3), nn::Linear(3, 1));
  const Tensor x = ones({1, 2});
  std::vector<Tensor> theta = net.parameters();
  theta.pop_back();
  CHECK_ERROR(nn::functional_call(net, theta, x), ValueError, "[functional_call]", "3 tensors", "4 parameters");
  theta.push_back(zeros({2}));
  CHECK_ERROR(nn::functional_call(net, theta, x), ShapeError, "1.bias", "[1]", "[2]");
  theta[3] = zeros({1}, {.dtype = float64});
  CHECK_ERROR(nn::functional_call(net, theta, x), DtypeError, "1.bias", "float32", "float64");
  theta[3] = Tensor();
  CHECK_ERROR(nn::functional_call(net, theta, x), ValueError, "1.bias", "undefined");
  CHECK_ERROR(nn::functional_call(net, StateDict{{"0.weights", zeros({3, 2})}}, x), ValueError, "0.weights",
              "0.weight");
}

TEST_CASE("vectors of parameters") {
  nn::Linear net(3, 2);
  const std::vector<Tensor> theta = net.parameters();
  const Tensor flat = nn::parameters_to_vector(theta);
  CHECK(flat.shape() == Shape{8});
  const std::vector<Tensor> views = nn::vector_to_parameters(flat, net);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    expect_close(views[i], theta[i], 0, 0);
    CHECK(views[i].shares_storage(flat));
  }
  CHECK_ERROR(nn::vector_to_parameters(zeros({7}), net), ShapeError, "[vector_to_parameters]", "[7]", "8");
  CHECK_ERROR(nn::parameters_to_vector({}), ValueError, "[parameters_to_vector]");
  CHECK_ERROR(nn::parameters_to_vector({zeros({1}), zeros({1}, {.dtype = float64})}), DtypeError, "float64");
}

// The Hessian as a function of one flat vector is that of products with directions, and symmetric.
TEST_CASE("second derivatives of a module's parameters") {
  nn::Sequential net("net", nn::Linear(2, 4), nn::Tanh(), nn::Linear(4, 1));
  net.to(float64);
  const Tensor x = randn({6, 2}, {.dtype = float64}), y = randn({6, 1}, {.dtype = float64});
  const TensorsFunction loss = nn::function_of_parameters(net, [&] { return mse_loss(net(x), y); });
  const std::vector<Tensor> theta = net.parameters();
  const Tensor flat = nn::parameters_to_vector(theta).detach();
  const Tensor H = hessian([&](const Tensor& v) { return loss(nn::vector_to_parameters(v, net)); }, flat);
  expect_close(H, H.t(), 1e-11, 1e-12);
  const Tensor v = randn(flat.shape(), {.dtype = float64});
  const std::vector<Tensor> Hv = hvp(loss, theta, nn::vector_to_parameters(v, net));
  expect_close(nn::parameters_to_vector(Hv), matmul(H, v), 1e-10, 1e-11);
  // For a squared loss of a linear model, Gauss-Newton is exact.
  nn::Linear line(2, 1);
  line.to(float64);
  const auto f = [&](const std::vector<Tensor>& p) { return nn::functional_call(line, p, x); };
  const auto squared = [&](const Tensor& p) { return mse_loss(p, y); };
  const std::vector<Tensor> d{randn({1, 2}, {.dtype = float64}), randn({1}, {.dtype = float64})};
  const std::vector<Tensor> G = ggn_vp(f, squared, line.parameters(), d);
  const std::vector<Tensor> full_hessian =
      hvp([&](const std::vector<Tensor>& p) { return squared(f(p)); }, line.parameters(), d);
  for (std::size_t i = 0; i < G.size(); ++i) expect_close(G[i], full_hessian[i], 1e-11, 1e-12);
}

// ---- gradients of rows

namespace {

std::vector<Tensor> row_by_row(nn::Module& net, const nn::SampleLoss& loss, const Tensor& x, const Tensor& y) {
  std::vector<std::vector<Tensor>> rows;
  std::vector<Tensor> parameters;
  for (const Tensor& p : net.parameters())
    if (p.requires_grad()) parameters.push_back(p);
  rows.resize(parameters.size());
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    const Tensor value = loss(net(x.narrow(0, i, 1)), y.narrow(0, i, 1));
    const std::vector<Tensor> g = grad({value}, parameters, {}, {.allow_unused = true});
    for (std::size_t k = 0; k < g.size(); ++k)
      rows[k].push_back(g[k].defined() ? g[k] : zeros_like(parameters[k].detach()));
  }
  std::vector<Tensor> all;
  for (const auto& r : rows) all.push_back(stack(r));
  return all;
}

void check_rows(nn::Module& net, const nn::SampleLoss& loss, const Tensor& x, const Tensor& y) {
  const std::vector<Tensor> got = nn::per_sample_gradients(net, loss, x, y), want = row_by_row(net, loss, x, y);
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) expect_close(got[i], want[i], 1e-10, 1e-11, std::to_string(i));
}

/// Parameters used by ops of every kind: through a view, twice, scaled, normalized, in a product of more dimensions.
struct Odd : nn::Module {
  nn::Linear& fc;
  Tensor scale, gain, table;
  Odd()
      : fc(add<nn::Linear>("fc", 4, 4)),
        scale(param("scale", rand({4}) + 0.5)),
        gain(param("gain", rand({1, 4}) + 0.5)),
        table(param("table", randn({2, 3}))) {}
  Tensor forward(const Tensor& x) override {
    const Tensor weight = fc.own_parameters()[0].tensor;
    const Tensor normed = weight / sqrt(square(weight).sum(1, true));
    Tensor h = tanh(fc(x)) * scale + matmul(x, normed.t());
    h = fc(h) / gain;
    const Tensor three = matmul(h.reshape({-1, 2, 2}), table);
    return logsumexp(three, 2) + layer_norm(h, {4}, scale, Tensor()).narrow(1, 0, 2);
  }
};

}  // namespace

TEST_CASE("gradients of rows are those of each row's loss") {
  const Tensor x = randn({5, 4}, {.dtype = float64}), y = randn({5, 2}, {.dtype = float64});
  const auto mse = [](const Tensor& p, const Tensor& t) { return mse_loss(p, t); };
  nn::Sequential net("net", nn::Linear(4, 6), nn::ReLU(), nn::Linear(6, 6, {.bias = false}), nn::Sigmoid(),
                     nn::Linear(6, 2));
  net.to(float64);
  check_rows(net, mse, x, y);
  net.parameters()[0].requires_grad_(false);
  check_rows(net, mse, x, y);
  Odd odd;
  odd.to(float64);
  check_rows(odd, mse, x, y);
  // A loss that weights rows is not a mean of rows' gradients.
  const Tensor classes = tensor<std::int64_t>({0, 1, 1, 0, 1});
  const Tensor weight = tensor({1.0, 3.0}, {.dtype = float64});
  check_rows(
      net, [&](const Tensor& p, const Tensor& t) { return cross_entropy(p, t, {.weight = weight}); }, x, classes);
  // Integer rows.
  struct Words : nn::Module {
    nn::Embedding& words;
    nn::Linear& fc;
    Words() : words(add<nn::Embedding>("words", 7, 3)), fc(add<nn::Linear>("fc", 6, 2)) {}
    Tensor forward(const Tensor& x) override { return fc(words(x).flatten(1)); }
  } words;
  words.to(float64);
  check_rows(words, mse, tensor<std::int64_t>({{1, 2}, {3, 3}, {0, 6}, {6, 1}, {2, 2}}), y);
}

TEST_CASE("gradients of rows name what mixes rows") {
  const auto mse = [](const Tensor& p, const Tensor& t) { return mse_loss(p, t); };
  nn::Sequential net("net", nn::Linear(4, 2), nn::BatchNorm1d(2));
  const Tensor x = randn({5, 4}), y = randn({5, 2});
  CHECK_ERROR(nn::per_sample_gradients(net, mse, x, y), AutogradError, "[per_sample_gradients]", "eval");
  net.eval();
  CHECK(nn::per_sample_gradients(net, mse, x, y)[0].shape() == Shape{5, 2, 4});
  CHECK_ERROR(nn::per_sample_gradients(net, mse, x, y.narrow(0, 0, 4)), ShapeError, "[5, 4]", "[4, 2]");
  CHECK_ERROR(
      nn::per_sample_gradients(net, [](const Tensor& p, const Tensor&) { return p; }, x, y), ShapeError, "one element");
  CHECK(nn::per_sample_gradients(net, mse, x.narrow(0, 0, 0), y.narrow(0, 0, 0))[0].shape() == Shape{0, 2, 4});
}
