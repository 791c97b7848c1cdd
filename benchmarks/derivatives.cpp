// Derivatives of every kind, each beside the plainer way to it: a step of a physics-informed network, forward mode,
// products with Hessians, Jacobians of all rows, gradients of each row.
#include "ratio_reporter.hpp"

#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/rowwise.hpp>
#include <xgrad/nn/functional_call.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/per_sample_gradients.hpp>
#include <xgrad/tensor/random.hpp>

#include <memory>
#include <vector>

using namespace xg;
using namespace xg_bench;

namespace {

nn::Sequential tanh_net(const std::vector<std::int64_t>& widths) {
  nn::Sequential net("net");
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    net.append(nn::Linear(widths[i], widths[i + 1]));
    if (i + 2 < widths.size()) net.append(nn::Tanh());
  }
  return net;
}

/// 2-64-64-64-1 on 1,000 points, u_t - u_xx, the gradient of its mean square.
struct PhysicsStep {
  nn::Sequential net = tanh_net({2, 64, 64, 64, 1});
  std::vector<Tensor> theta = net.parameters();
  Tensor points = rand({1000, 2});
  PhysicsStep() { manual_seed(1); }

  std::vector<Tensor> by_forward_laplacian() {
    const auto u = [&](const Tensor& p) { return net(p); };
    const auto [value, jacobian_rows, lap] = forward_laplacian(u, points, {.dims = {0}, .create_graph = true});
    return grad({square(jacobian_rows.select(2, 1) - lap).mean()}, theta, {}, {.allow_unused = true});
  }
  std::vector<Tensor> by_nested_sweeps() {
    const Tensor x = points.narrow(1, 0, 1).clone().requires_grad_(),
                 t = points.narrow(1, 1, 1).clone().requires_grad_();
    const Tensor u = net(cat({x, t}, 1));
    const std::vector<Tensor> first = grad({u.sum()}, {x, t}, {}, {.create_graph = true});
    const Tensor u_xx = grad(first[0].sum(), x, {}, {.create_graph = true});
    return grad({square(first[1] - u_xx).mean()}, theta, {}, {.allow_unused = true});
  }
};

struct Network {
  nn::Sequential net;
  std::vector<Tensor> theta;
  Tensor x, y;
  Network(const std::vector<std::int64_t>& widths, std::int64_t rows)
      : net(tanh_net(widths)),
        theta(net.parameters()),
        x(randn({rows, widths.front()})),
        y(randn({rows, widths.back()})) {}

  Tensor loss(const std::vector<Tensor>& parameters) { return mse_loss(nn::functional_call(net, parameters, x), y); }
  std::vector<Tensor> directions() const {
    std::vector<Tensor> v;
    for (const Tensor& p : theta) v.push_back(randn_like(p.detach()));
    return v;
  }
};

template <class State, class F> auto with(State&& make, F f) {
  return [make, f] { return [state = make(), f] { f(*state); }; };
}

}  // namespace

int main(int argc, char** argv) {
  Suite suite("derivatives", argc, argv);
  const auto pinn = [] { return std::make_shared<PhysicsStep>(); };
  suite.add("PINN step, 2-64-64-64-1, 1000 points", "xgrad, forward Laplacian",
            with(pinn, [](PhysicsStep& s) { benchmark::DoNotOptimize(s.by_forward_laplacian()); }));
  suite.add("PINN step, 2-64-64-64-1, 1000 points", "xgrad, nested sweeps",
            with(pinn, [](PhysicsStep& s) { benchmark::DoNotOptimize(s.by_nested_sweeps()); }));

  const auto wide = [] { return std::make_shared<Network>(std::vector<std::int64_t>{64, 256, 256, 10}, 256); };
  suite.add("jvp, 64-256-256-10, 256 rows", "xgrad", with(wide, [](Network& n) {
              const NoGrad guard;
              benchmark::DoNotOptimize(jvp([&](const Tensor& t) { return n.net(t); }, n.x, n.x));
            }));
  suite.add("jvp, 64-256-256-10, 256 rows", "forward pass", with(wide, [](Network& n) {
              const NoGrad guard;
              benchmark::DoNotOptimize(n.net(n.x));
            }));

  const auto small = [] { return std::make_shared<Network>(std::vector<std::int64_t>{10, 64, 64, 1}, 256); };
  suite.add("hvp of parameters, 10-64-64-1, 256 rows", "xgrad", with(small, [](Network& n) {
              const auto loss = [&](const std::vector<Tensor>& p) { return n.loss(p); };
              benchmark::DoNotOptimize(hvp(loss, n.theta, n.theta));
            }));
  suite.add("hvp of parameters, 10-64-64-1, 256 rows", "double backward", with(small, [](Network& n) {
              const std::vector<Tensor> g = grad({n.loss(n.theta)}, n.theta, {}, {.create_graph = true});
              std::vector<Tensor> v;
              for (const Tensor& p : n.theta) v.push_back(p.detach());
              benchmark::DoNotOptimize(grad(g, n.theta, v, {.allow_unused = true}));
            }));

  const auto rows = [] { return std::make_shared<Network>(std::vector<std::int64_t>{10, 64, 64, 3}, 1000); };
  suite.add("batch_jacobian [1000, 3, 10]", "xgrad", with(rows, [](Network& n) {
              benchmark::DoNotOptimize(batch_jacobian([&](const Tensor& t) { return n.net(t); }, n.x));
            }));
  suite.add("batch_jacobian [1000, 3, 10]", "backward pass", with(rows, [](Network& n) {
              const Tensor x = n.x.detach().requires_grad_();
              benchmark::DoNotOptimize(grad(n.net(x).sum(), x));
            }));

  // Three backward passes and twice the time of filling the result once are what is allowed.
  suite.add("gradients of rows, 10-64-64-1, 256 rows", "xgrad", with(small, [](Network& n) {
              const auto loss = [](const Tensor& p, const Tensor& t) { return mse_loss(p, t); };
              benchmark::DoNotOptimize(nn::per_sample_gradients(n.net, loss, n.x, n.y));
            }));
  suite.add("gradients of rows, 10-64-64-1, 256 rows", "3 backward passes, 2 fills", with(small, [](Network& n) {
              for (int i = 0; i < 3; ++i) benchmark::DoNotOptimize(grad({n.loss(n.theta)}, n.theta));
              for (int i = 0; i < 2; ++i)
                for (const Tensor& p : n.theta) benchmark::DoNotOptimize(full({256, p.numel()}, 1.0));
            }));
  return suite.run();
}
