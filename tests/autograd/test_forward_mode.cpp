#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/detail/op_registry.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/gradcheck.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/rowwise.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/random.hpp>

#include <cmath>
#include <string>
#include <thread>

using namespace xg;
using namespace xg::autograd;
using xg_test::expect_close;

namespace {

Tensor real(std::initializer_list<double> values) { return tensor(values, {.dtype = float64}); }

std::vector<std::size_t> floating(const std::vector<Tensor>& inputs) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].is_floating_point()) out.push_back(i);
  return out;
}

/// A sample's call as a function of its floating inputs, and those inputs.
struct Call {
  TensorsFunction f;
  std::vector<Tensor> x, direction;

  explicit Call(const Sample& sample) {
    const std::vector<std::size_t> where = floating(sample.inputs);
    f = [&sample, where](const std::vector<Tensor>& in) {
      std::vector<Tensor> all = sample.inputs;
      for (std::size_t i = 0; i < where.size(); ++i) all[where[i]] = in[i];
      return sample.call(all);
    };
    for (const std::size_t i : where) {
      x.push_back(sample.inputs[i]);
      const Tensor count = arange(x.back().numel(), {.dtype = float64});
      direction.push_back((cos(count * 1.3 + static_cast<double>(i)) + 0.2).reshape(x.back().shape()));
    }
  }
  std::vector<Tensor> moved(double step) const {
    std::vector<Tensor> at;
    for (std::size_t i = 0; i < x.size(); ++i) at.push_back(x[i] + direction[i] * step);
    return at;
  }
};

template <class F> void for_each_call(F&& f) {
  for (const OpInfo& op : all_ops()) {
    if (!op.differentiable || op.ends_graph) continue;
    for (const Sample& sample : op.samples(float64)) {
      if (floating(sample.inputs).empty() || !sample.call(sample.inputs).is_floating_point()) continue;
      const std::string what = std::string(op.name) + ", " + sample.label;
      INFO(what);
      f(Call(sample), what);
    }
  }
}

constexpr double eps = 1e-6;

/// The Hessian of f times the call's direction, by forward mode over a sweep, for each input.
std::vector<Tensor> over_sweep(const Call& call, const TensorsFunction& f) {
  const auto gradient = [&](const std::vector<Tensor>& in) {
    std::vector<Tensor> flat;
    for (const Tensor& g : value_and_grad(f, in).gradients) flat.push_back(g.reshape({g.numel()}));
    return cat(flat, 0);
  };
  const Tensor joined = jvp(gradient, call.x, call.direction).tangent;
  std::vector<Tensor> products;
  std::int64_t first = 0;
  for (const Tensor& x : call.x) {
    products.push_back(joined.narrow(0, first, x.numel()).reshape(x.shape()));
    first += x.numel();
  }
  return products;
}

/// x^3, in a Function: forward mode has to differentiate its backward.
struct Cubed : Function<Cubed> {
  static Tensor forward(Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * x * x;
  }
  static Gradients backward(Context& ctx, const Tensor& g) { return {g * 3.0 * square(ctx.saved()[0])}; }
};

}  // namespace

// Breaks if an op's tangent is wrong: of an op that applies itself to it, of a product, of a slope, or of a
// vector-Jacobian product differentiated once more.
TEST_CASE("tangents of every op agree with differences") {
  for_each_call([](const Call& call, const std::string& what) {
    const auto [value, tangent] = jvp(call.f, call.x, call.direction);
    expect_close(value, call.f(call.x), 1e-12, 1e-13, what + ", value");
    const Tensor want = (call.f(call.moved(eps)) - call.f(call.moved(-eps))) / (2 * eps);
    expect_close(tangent, want, 1e-5, 1e-6, what);
  });
}

// Breaks if tangents are not computed by ops that an outer level sees.
TEST_CASE("tangents of tangents of every op agree with differences") {
  for_each_call([](const Call& call, const std::string& what) {
    const auto tangent_at = [&](const std::vector<Tensor>& at) { return jvp(call.f, at, call.direction).tangent; };
    const Tensor second = jvp(tangent_at, call.x, call.direction).tangent;
    const Tensor want = (tangent_at(call.moved(eps)) - tangent_at(call.moved(-eps))) / (2 * eps);
    expect_close(second, want, 1e-4, 1e-4, what);
  });
}

// Breaks if a sweep computes by kernels that a level does not see, or loses the tangents of what a node saved.
TEST_CASE("forward mode over a sweep of every op agrees with differences") {
  for_each_call([](const Call& call, const std::string& what) {
    const auto weighted = [&](const std::vector<Tensor>& in) {
      const Tensor y = call.f(in);
      return (y * sin(arange(y.numel(), {.dtype = float64}) + 0.5).reshape(y.shape())).sum();
    };
    const std::vector<Tensor> products = over_sweep(call, weighted);
    const std::vector<Tensor> over_forward = hvp(weighted, call.x, call.direction);
    for (std::size_t i = 0; i < products.size(); ++i)
      expect_close(over_forward[i], products[i], 1e-9, 1e-10, what + ", the other way around");
    const std::vector<Tensor> above = value_and_grad(weighted, call.moved(eps)).gradients;
    const std::vector<Tensor> below = value_and_grad(weighted, call.moved(-eps)).gradients;
    for (std::size_t i = 0; i < products.size(); ++i)
      expect_close(products[i], (above[i] - below[i]) / (2 * eps), 1e-4, 1e-4, what + ", input " + std::to_string(i));
  });
}

// Breaks if tangents lose the graph: of a result that is differentiated by a sweep.
TEST_CASE("a sweep over forward mode of every op agrees with forward mode over a sweep") {
  for_each_call([](const Call& call, const std::string& what) {
    std::vector<Tensor> leaves;
    for (const Tensor& x : call.x) leaves.push_back(x.clone().requires_grad_());
    const auto sum = [&](const std::vector<Tensor>& in) { return call.f(in).sum(); };
    const Tensor tangent = jvp(sum, leaves, call.direction, {.create_graph = true}).tangent;
    const std::vector<Tensor> want = over_sweep(call, sum);
    std::vector<Tensor> got(leaves.size());
    if (tangent.requires_grad()) got = grad({tangent}, leaves, {}, {.allow_unused = true});
    for (std::size_t i = 0; i < want.size(); ++i)
      expect_close(got[i].defined() ? got[i] : zeros_like(call.x[i]), want[i], 1e-9, 1e-10,
                   what + ", input " + std::to_string(i));
  });
}

// Siskind and Pearlmutter's test of perturbation confusion: d/dx (x d/dy (x + y)) = 1.
TEST_CASE("nested levels do not confuse their tangents") {
  const Tensor one = real({1});
  const auto outer = [&](const Tensor& x) { return x * jvp([&](const Tensor& y) { return x + y; }, one, one).tangent; };
  expect_close(jvp(outer, one, one).tangent, real({1}), 0, 0);
  // Three levels of x^4, and x as its own direction.
  const auto f = [](const Tensor& t) { return t.pow(4); };
  const auto d = [&](const TensorFunction& g) {
    return [g](const Tensor& t) { return jvp(g, t, ones_like(t)).tangent; };
  };
  const Tensor x = real({1.5, -0.5});
  expect_close(d(d(d(f)))(x), x * 24.0, 1e-12);
  expect_close(jvp(f, x, x).tangent, x.pow(4) * 4.0, 1e-13);
}

TEST_CASE("forward mode passes through a user's op, and through Functions of Functions") {
  const Tensor x = real({1.5, -0.5}), v = real({2, 1});
  const auto f = [](const Tensor& t) { return Cubed::apply(t * 2.0); };
  expect_close(jvp(f, x, v).tangent, square(x) * 24.0 * v, 1e-13);
  expect_close(hvp([&](const Tensor& t) { return f(t).sum(); }, x, v), x * 48.0 * v, 1e-13);
}

// Breaks if a write in place keeps the tangents of what was there before.
TEST_CASE("tangents follow writes in place") {
  const Tensor x = real({1, 2, 3}), v = real({1, -1, 2});
  const auto whole = [](const Tensor& t) {
    Tensor y = t * 1.0;
    y.mul_(t).add_(1.0);
    return y;
  };
  expect_close(jvp(whole, x, v).tangent, x * 2.0 * v, 1e-14);
  const auto part = [](const Tensor& t) {
    Tensor y = zeros({3}, {.dtype = float64});
    const Tensor early = y.slice(0, 0, 2);  // a view from before y had tangents
    Tensor last = y.slice(0, 1, 3);
    last.copy_(square(t.slice(0, 0, 2)));
    return cat({y, early}, 0);
  };
  expect_close(jvp(part, x, v).tangent, real({0, 2, -4, 0, 2}), 1e-14);
  const auto constant = [](const Tensor& t) {
    Tensor y = t * 2.0;
    y.fill_(3);
    return y;
  };
  expect_close(jvp(constant, x, v).tangent, real({0, 0, 0}), 0, 0);
}

// Breaks if detach keeps tangents, or NoGrad ends them: both as in PyTorch.
TEST_CASE("detach ends tangents and NoGrad does not") {
  const Tensor x = real({1, 2}), v = real({1, 1});
  expect_close(jvp([](const Tensor& t) { return t * t.detach(); }, x, v).tangent, x, 0, 0);
  const auto unrecorded = [](const Tensor& t) {
    const NoGrad guard;
    return square(t);
  };
  expect_close(jvp(unrecorded, x, v).tangent, x * 2.0, 0, 0);
}

// Breaks if a level keeps the values that it has seen.
TEST_CASE("forward mode keeps no more than lives") {
  const NoGrad guard;
  const auto peak_of = [](int steps) {
    const Tensor x = ones({64, 64});
    memory::reset_peak();
    const std::int64_t before = memory::statistics().bytes_in_use;
    jvp(
        [&](const Tensor& t) {
          Tensor y = t;
          for (int i = 0; i < steps; ++i) y = sin(y);
          return y;
        },
        x, x);
    return memory::statistics().peak_bytes_in_use - before;
  };
  peak_of(4);
  CHECK(peak_of(64) <= peak_of(8) + 4096);
}

TEST_CASE("a tensor with tangents may end in another thread") {
  const Tensor x = real({1, 2});
  const auto f = [](const Tensor& t) {
    Tensor y = t * 2.0;
    std::thread([moved = std::move(y)]() mutable { moved = Tensor(); }).join();
    return t * 3.0;
  };
  expect_close(jvp(f, x, ones_like(x)).tangent, real({3, 3}), 0, 0);
}

TEST_CASE("jacobians take the cheaper mode and agree") {
  const Tensor a = randn({5, 2}, {.dtype = float64});
  const auto tall = [&](const Tensor& t) { return sin(matmul(a, t)); };  // 2 to 5: forward
  const auto wide = [&](const Tensor& t) { return sin(matmul(t, a)); };  // 5 to 2: reverse
  const Tensor two = real({0.3, -1}), five = real({1, 2, 3, 4, 5});
  expect_close(jacobian(tall, two), cos(matmul(a, two)).unsqueeze(1) * a, 1e-13);
  expect_close(jacobian(wide, five), cos(matmul(five, a)).unsqueeze(1) * transpose(a, 0, 1), 1e-13);
  const Tensor leaf = two.clone().requires_grad_();
  jacobian(tall, leaf, {.create_graph = true}).sum().backward();
  expect_close(leaf.grad(), hessian([&](const Tensor& t) { return tall(t).sum(); }, two).sum(0), 1e-12, 1e-13);
  const auto both = [&](const std::vector<Tensor>& t) { return outer(t[0], square(t[1])); };
  const std::vector<Tensor> blocks = jacobian(both, {two, real({1, 2, 3})});
  CHECK(blocks[0].shape() == Shape{2, 3, 2});
  CHECK(blocks[1].shape() == Shape{2, 3, 3});
  expect_close(blocks[0].sum(), square(real({1, 2, 3})).sum() * 2.0, 1e-13);
}

TEST_CASE("hessians of lists have a block for each pair") {
  const Tensor a = real({1, 2}), b = real({3});
  const auto f = [](const std::vector<Tensor>& t) { return (t[0].pow(3) * t[1]).sum(); };
  const auto blocks = hessian(f, {a, b});
  expect_close(blocks[0][0], diag(a * 6.0 * 3.0), 1e-13);
  expect_close(blocks[0][1], (square(a) * 3.0).unsqueeze(1), 1e-13);
  expect_close(blocks[1][0], (square(a) * 3.0).unsqueeze(0), 1e-13);
  expect_close(blocks[1][1], zeros({1, 1}, {.dtype = float64}), 0, 0);
}

TEST_CASE("a Gauss-Newton product is J^T H J v") {
  const Tensor x = real({0.5, -1, 2}), v = real({1, 2, 3}), a = randn({4, 3}, {.dtype = float64});
  const auto f = [&](const Tensor& t) { return tanh(matmul(a, t)); };
  const auto loss = [](const Tensor& y) { return y.pow(4).sum(); };
  const Tensor J = jacobian(f, x), H = hessian(loss, f(x));
  expect_close(ggn_vp(f, loss, x, v), matmul(transpose(J, 0, 1), matmul(H, matmul(J, v))), 1e-12, 1e-13);
}

TEST_CASE("wrong directions are named") {
  const Tensor x = real({1, 2});
  const auto f = [](const std::vector<Tensor>& t) { return t[0].sum(); };
  CHECK_ERROR(jvp(f, {x}, {x, x}), ValueError, "[jvp]", "2 directions", "1 tensors");
  CHECK_ERROR(jvp(f, std::vector<Tensor>{}, std::vector<Tensor>{}), ValueError, "[jvp]", "empty");
  CHECK_ERROR(jvp(f, {tensor<std::int64_t>({1, 2})}, {x}), DtypeError, "[jvp]", "int64");
  CHECK_ERROR(hvp(f, {x}, {real({1})}), ShapeError, "[hvp]");
}

// ---- rows

namespace {

Tensor net(const Tensor& t) {
  const Tensor w = tensor({{0.5, -1, 0.2}, {1, 0.3, -0.4}}, {.dtype = float64});
  return tanh(matmul(sin(t), w) + square(t).sum(1, true));
}

/// One row as a function of its own.
TensorFunction row_of(const TensorFunction& f) {
  return [f](const Tensor& t) { return f(t.unsqueeze(0)).squeeze(Dims(0)); };
}

}  // namespace

TEST_CASE("batch derivatives are those of each row") {
  const Tensor x = randn({4, 2}, {.dtype = float64});
  const auto scalar = [](const Tensor& t) { return net(t).prod(1); };
  const Tensor J = batch_jacobian(net, x), H = batch_hessian(scalar, x);
  const Tensor few = batch_jacobian(scalar, x);  // fewer outputs than inputs: by sweeps
  CHECK(J.shape() == Shape{4, 3, 2});
  CHECK(H.shape() == Shape{4, 2, 2});
  CHECK(few.shape() == Shape{4, 2});
  const auto [value, jacobian_rows, lap] = forward_laplacian(net, x);
  expect_close(value, net(x), 1e-14);
  for (std::int64_t i = 0; i < 4; ++i) {
    expect_close(J[i], jacobian(row_of(net), x[i]), 1e-12, 1e-13);
    expect_close(few[i], jacobian(row_of(scalar), x[i]), 1e-12, 1e-13);
    expect_close(H[i], hessian(row_of(scalar), x[i]), 1e-11, 1e-12);
    for (std::int64_t k = 0; k < 3; ++k) {
      const Tensor one = hessian([&](const Tensor& t) { return row_of(net)(t)[k]; }, x[i]);
      expect_close(lap[i][k], one.trace(), 1e-11, 1e-12);
    }
  }
  expect_close(jacobian_rows, J, 1e-12, 1e-13);
  expect_close(laplacian(net, x), lap, 1e-13, 1e-14);
}

TEST_CASE("a Laplacian over some columns, and its gradient") {
  const Tensor x = randn({5, 2}, {.dtype = float64});
  const Tensor over_one = forward_laplacian(net, x, {.dims = {-1}}).laplacian;
  const auto along = [](const Tensor& t) {
    const auto moved = [&](double by) { return net(t + tensor({0.0, by}, {.dtype = float64})); };
    return (moved(1e-4) - net(t) * 2.0 + moved(-1e-4)) / 1e-8;
  };
  expect_close(over_one, along(x), 1e-5, 1e-5);
  const auto residual = [](const Tensor& t) {
    const auto [value, jacobian_rows, lap] = forward_laplacian(net, t, {.dims = {1}, .create_graph = true});
    return square(jacobian_rows.select(2, 0) - lap * 0.1 + value);
  };
  CHECK(bool(gradcheck(residual, x.clone().requires_grad_())));
}

// Breaks if an op's `curvature` or `third` is not the derivative of its `slope`, or the fused pass differs from the
// ops.
TEST_CASE("Laplacians through every elementwise op are those of forward mode twice") {
  const Tensor a = sin(arange(8, {.dtype = float64}) * 1.3 + 0.4).reshape({2, 4});
  const Tensor b = cos(arange(8, {.dtype = float64}) * 0.7 + 0.2).reshape({2, 4});
  const Tensor t = sin(arange(6, {.dtype = float64}) + 0.3).reshape({3, 2});
  std::int64_t ops = 0;
  for (const OpInfo& op : all_ops()) {
    if (!op.differentiable || !op.elementwise || op.ends_graph) continue;
    for (const Sample& sample : op.samples(float64)) {
      if (sample.inputs.size() != 1 || sample.inputs[0].shape() != Shape{3, 4}) continue;
      const std::string what = std::string(op.name) + ", " + sample.label;
      INFO(what);
      const auto f = [&](const Tensor& at) {
        return sample.call({sample.inputs[0] + matmul(at, a) * 3e-4 + matmul(square(at), b) * 4e-4});
      };
      Tensor jacobian_columns, want;
      for (std::int64_t d = 0; d < 2; ++d) {
        Tensor direction = zeros({3, 2}, {.dtype = float64});
        direction.select(1, d).fill_(1);
        const auto first = [&](const Tensor& at) { return jvp(f, at, direction).tangent; };
        const Tensor second = jvp(first, t, direction).tangent, column = first(t).unsqueeze(2);
        want = want.defined() ? want + second : second;
        jacobian_columns = jacobian_columns.defined() ? cat({jacobian_columns, column}, 2) : column;
      }
      const auto [value, jacobian_rows, lap] = forward_laplacian(f, t);
      expect_close(value, f(t), 1e-14, 1e-15, what);
      expect_close(jacobian_rows, jacobian_columns, 1e-12, 1e-14, what);
      expect_close(lap, want, 1e-11, 1e-13, what);
      const auto sum_of_both = [&](const Tensor& at) {
        const auto [y, rows_of_y, lap_of_y] = forward_laplacian(f, at, {.create_graph = true});
        return (rows_of_y.select(2, 1) + lap_of_y) * 1e3;
      };
      const GradcheckResult result = gradcheck(sum_of_both, t.clone().requires_grad_(), {.allow_unused = true});
      INFO(result.message);
      CHECK(bool(result));
      ++ops;
    }
  }
  CHECK(ops > 60);
}

// Breaks if an op that mixes rows passes: each of these has a row of x in another row of the result.
TEST_CASE("functions that mix rows are refused by the op's name") {
  const Tensor x = randn({3, 3}, {.dtype = float64});
  const auto refused = [&](const char* op, const TensorFunction& f) {
    CHECK_ERROR(batch_jacobian(f, x), AutogradError, "[batch_jacobian]", op, "mixes rows");
    CHECK_ERROR(forward_laplacian(f, x), AutogradError, "[forward_laplacian]", op);
  };
  refused("mean", [](const Tensor& t) { return t - t.mean(0); });
  refused("matmul", [](const Tensor& t) { return matmul(t, t); });
  refused("matmul", [](const Tensor& t) { return matmul(ones({3, 3}, {.dtype = float64}), t); });
  refused("transpose", [](const Tensor& t) { return transpose(t, 0, 1); });
  refused("cumsum", [](const Tensor& t) { return t.cumsum(0); });
  refused("flip", [](const Tensor& t) { return flip(t, {0}); });
  refused("softmax", [](const Tensor& t) { return t.softmax(0); });
  refused("add", [](const Tensor& t) { return t + t.select(1, 0); });
  refused("diagonal", [](const Tensor& t) { return t.diagonal(); });
  refused("sort", [](const Tensor& t) { return t.sort(0).first; });
  // Rows in blocks, and constants with rows of their own, are fine.
  const auto blocks = [](const Tensor& t) {
    return (t.reshape({9, 1}) * tensor({{2.0, 1.0}}, {.dtype = float64})).reshape({3, 6}) + rand({3, 1}) * 0.0;
  };
  CHECK(batch_jacobian(blocks, x).shape() == Shape{3, 6, 3});
  CHECK_ERROR(batch_jacobian([](const Tensor& t) { return t.sum(); }, x), AutogradError, "sum");
  CHECK_ERROR(batch_hessian([](const Tensor& t) { return t * 2.0; }, x), ShapeError, "[batch_hessian]", "one number");
  CHECK_ERROR(forward_laplacian(net, x[0]), ShapeError, "[forward_laplacian]", "[rows, columns]");
  CHECK_ERROR(forward_laplacian(net, x, {.dims = {3}}), IndexError, "column 3");
  CHECK_ERROR(forward_laplacian(net, x, {.dims = {0, -3}}), ValueError, "twice");
}

TEST_CASE("batches without rows or columns") {
  const Tensor none = zeros({0, 2}, {.dtype = float64});
  CHECK(batch_jacobian(net, none).shape() == Shape{0, 3, 2});
  CHECK(forward_laplacian(net, none).jacobian.shape() == Shape{0, 3, 2});
  const auto f = [](const Tensor& t) { return t.sum(1, true) + 1.0; };
  CHECK(batch_jacobian(f, zeros({3, 0}, {.dtype = float64})).shape() == Shape{3, 1, 0});
}
