#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/error.hpp>

#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

namespace {

using Step = std::function<void(double& p, double g, double* state, int t)>;

// Runs an optimizer on float64 parameters of odd sizes and layouts, and beside it the scalar recurrence of its paper.
void follows(const std::function<std::unique_ptr<optim::Optimizer>(std::vector<Tensor>)>& make, const Step& step) {
  std::vector<Tensor> params = {linspace(-1, 2, 1, {.dtype = float64}), linspace(-1, 2, 7, {.dtype = float64}),
                                linspace(-2, 2, 33, {.dtype = float64}),
                                linspace(0, 1, 12, {.dtype = float64}).reshape({3, 4}).t().detach()};
  std::vector<std::vector<double>> values, states;
  for (Tensor& p : params) {
    values.push_back(p.to_vector<double>());
    states.emplace_back(values.back().size() * 3, 0.0);
    p.requires_grad_();
  }
  auto optimizer = make(params);
  for (int t = 1; t <= 6; ++t) {
    for (std::size_t k = 0; k < params.size(); ++k) {
      std::vector<double> grads(values[k].size());
      for (std::size_t i = 0; i < grads.size(); ++i)
        grads[i] = std::sin(3.0 * t + static_cast<double>(i)) * (t % 3 + 0.5);
      params[k].set_grad(tensor(grads).reshape(params[k].shape()));
      for (std::size_t i = 0; i < grads.size(); ++i) step(values[k][i], grads[i], &states[k][3 * i], t);
    }
    optimizer->step();
    for (std::size_t k = 0; k < params.size(); ++k) expect_close(params[k].detach(), values[k], 1e-12, 1e-13);
  }
}

}  // namespace

// Breaks if a term of an update, the order of its operations, or the bias correction changes.
TEST_CASE("optimizers follow the recurrences of their papers") {
  SECTION("SGD with momentum, dampening, weight decay, maximize") {
    follows(
        [](auto p) {
          return std::make_unique<optim::SGD>(
              p,
              optim::SgdOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.2, .weight_decay = 0.01, .maximize = true});
        },
        [](double& p, double g, double* s, int t) {
          g = -g + 0.01 * p;
          s[0] = t == 1 ? g : 0.9 * s[0] + 0.8 * g;
          p -= 0.1 * s[0];
        });
  }
  SECTION("SGD with Nesterov's momentum") {
    follows(
        [](auto p) {
          return std::make_unique<optim::SGD>(p, optim::SgdOptions{.lr = 0.05, .momentum = 0.8, .nesterov = true});
        },
        [](double& p, double g, double* s, int t) {
          s[0] = t == 1 ? g : 0.8 * s[0] + g;
          p -= 0.05 * (g + 0.8 * s[0]);
        });
  }
  SECTION("plain SGD") {
    follows([](auto p) { return std::make_unique<optim::SGD>(p, optim::SgdOptions{.lr = 0.3}); },
            [](double& p, double g, double*, int) { p -= 0.3 * g; });
  }
  for (const bool amsgrad : {false, true}) {
    const auto adam = [amsgrad](double& p, double g, double* s, int t, double shrink, double decay, double sign) {
      g = sign * g + decay * p;
      p *= shrink;
      s[0] = 0.8 * s[0] + 0.2 * g;
      s[1] = 0.95 * s[1] + 0.05 * g * g;
      s[2] = std::max(s[2], s[1]);
      const double m = s[0] / (1 - std::pow(0.8, t)), v = (amsgrad ? s[2] : s[1]) / (1 - std::pow(0.95, t));
      p -= 0.1 * m / (std::sqrt(v) + 1e-3);
    };
    SECTION(amsgrad ? "Adam with amsgrad" : "Adam") {
      follows(
          [&](auto p) {
            return std::make_unique<optim::Adam>(
                p, optim::AdamOptions{
                       .lr = 0.1, .betas = {0.8, 0.95}, .eps = 1e-3, .weight_decay = 0.03, .amsgrad = amsgrad});
          },
          [&](double& p, double g, double* s, int t) { adam(p, g, s, t, 1, 0.03, 1); });
    }
    SECTION(amsgrad ? "AdamW with amsgrad" : "AdamW") {
      follows(
          [&](auto p) {
            return std::make_unique<optim::AdamW>(p, optim::AdamWOptions{.lr = 0.1,
                                                                         .betas = {0.8, 0.95},
                                                                         .eps = 1e-3,
                                                                         .weight_decay = 0.2,
                                                                         .amsgrad = amsgrad,
                                                                         .maximize = true});
          },
          [&](double& p, double g, double* s, int t) { adam(p, g, s, t, 1 - 0.1 * 0.2, 0, -1); });
    }
  }
  for (const bool centered : {false, true})
    for (const double momentum : {0.0, 0.7})
      SECTION("RMSprop " + std::to_string(centered) + " " + std::to_string(momentum)) {
        follows(
            [&](auto p) {
              return std::make_unique<optim::RMSprop>(p, optim::RmspropOptions{.lr = 0.02,
                                                                               .alpha = 0.9,
                                                                               .eps = 1e-4,
                                                                               .weight_decay = 0.1,
                                                                               .momentum = momentum,
                                                                               .centered = centered});
            },
            [&](double& p, double g, double* s, int) {
              g += 0.1 * p;
              s[0] = 0.9 * s[0] + 0.1 * g * g;
              s[1] = 0.9 * s[1] + 0.1 * g;
              const double d = std::sqrt(centered ? s[0] - s[1] * s[1] : s[0]) + 1e-4;
              s[2] = momentum * s[2] + g / d;
              p -= 0.02 * s[2];
            });
      }
}

// Breaks if float32 goes another way than float64, or a step reads a stale gradient.
TEST_CASE("descent on a parabola has a closed form") {
  // f = a p^2 / 2: p_t = p_0 (1 - lr a)^t
  for (const Dtype dtype : {float32, float64}) {
    Tensor p = full({5}, 3.0, {.dtype = dtype, .requires_grad = true});
    optim::SGD sgd({p}, {.lr = 0.1});
    for (int t = 0; t < 20; ++t) {
      sgd.zero_grad();
      (p.square() * 2.0).sum().backward();
      sgd.step();
    }
    expect_close(p.detach(), full({5}, 3.0 * std::pow(1 - 0.4, 20), {.dtype = dtype}), 1e-5, 1e-12);
  }
  // Adam's first step is lr in the direction of the sign, whatever the size of the gradient.
  Tensor p = leaf({1, 1, 1});
  p.set_grad(tensor({1e-3, -5, 1e6}, {.dtype = float64}));
  optim::Adam({p}, {.lr = 0.25, .eps = 0}).step();
  expect_close(p.detach(), {0.75, 1.25, 0.75}, 1e-12);
}

// Breaks if a step is recorded in the graph or hidden from tensors that were saved for a backward.
TEST_CASE("a step is an in-place write outside of the graph") {
  Tensor p = leaf({1, 2});
  Tensor y = (p * p).sum();
  p.set_grad(ones_like(p));
  optim::SGD sgd({p}, {.lr = 0.1});
  const auto before = p.version();
  sgd.step();
  CHECK(p.version() > before);
  CHECK(p.is_leaf());
  CHECK_ERROR(y.backward(), AutogradError, "SGD");
}

// Breaks if a parameter without gradient is moved by weight decay or momentum, or gets a step count.
TEST_CASE("parameters without a gradient are left alone") {
  Tensor a = leaf({1}), b = leaf({1});
  optim::AdamW adam({a, b}, {.weight_decay = 0.5});
  a.set_grad(tensor({1.0}, {.dtype = float64}));
  adam.step();
  CHECK(b.item() == 1);
  CHECK(adam.state_dict().contains("state.0.step"));
  CHECK_FALSE(adam.state_dict().contains("state.1.step"));
}

// Breaks if groups share options, or the rate of one is set for all.
TEST_CASE("groups have options of their own") {
  Tensor a = leaf({1}), b = leaf({1});
  optim::SGD sgd(std::vector<optim::ParamGroup<optim::SgdOptions>>{{{a}, {.lr = 0.1}}});
  sgd.add_param_group({{b}, {.lr = 0.5}});
  a.set_grad(ones_like(a));
  b.set_grad(ones_like(b));
  sgd.step();
  CHECK(a.item() == Approx(0.9));
  CHECK(b.item() == Approx(0.5));
  sgd.set_lr(1, 0.25);
  CHECK(sgd.lr(0) == 0.1);
  CHECK(sgd.lr(1) == 0.25);
  CHECK(sgd.parameters().size() == 2);
  sgd.zero_grad();
  CHECK_FALSE(a.grad().defined());
}

// Breaks if some part of the state is not saved: then the next steps differ.
TEST_CASE("a loaded state continues as the saved one") {
  const auto run = [](optim::Optimizer& optimizer, Tensor& p, int from, int to) {
    for (int t = from; t < to; ++t) {
      p.set_grad(tensor({std::sin(t), std::cos(t), 0.3 * t}, {.dtype = float64}));
      optimizer.step();
    }
  };
  const auto check = [&](auto make) {
    Tensor p = leaf({1, 2, 3});
    auto first = make(p);
    run(*first, p, 0, 4);
    const optim::StateDict state = first->state_dict();
    Tensor q = p.detach().clone().requires_grad_();
    auto second = make(q);
    second->set_lr(99);
    second->load_state_dict(state);
    CHECK(second->lr() == first->lr());
    run(*first, p, 4, 8);
    run(*second, q, 4, 8);
    expect_close(q.detach(), p.detach(), 0, 0);
  };
  check([](Tensor p) {
    return std::make_unique<optim::SGD>(std::vector{p}, optim::SgdOptions{.lr = 0.1, .momentum = 0.9});
  });
  check([](Tensor p) { return std::make_unique<optim::Adam>(std::vector{p}, optim::AdamOptions{.amsgrad = true}); });
  check([](Tensor p) { return std::make_unique<optim::AdamW>(std::vector{p}); });
  check([](Tensor p) {
    return std::make_unique<optim::RMSprop>(std::vector{p}, optim::RmspropOptions{.momentum = 0.9, .centered = true});
  });
}

// Breaks if a file does not hold all of the state.
TEST_CASE("the state of an optimizer goes to a file and back") {
  const auto path =
      std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "xgrad_test_optimizer.safetensors");
  Tensor p = leaf({1, 2, 3}), q = leaf({1, 2, 3});
  optim::Adam first({p}, {.lr = 0.1, .amsgrad = true}), second({q}, {.amsgrad = true});
  p.set_grad(tensor({1.0, -2.0, 3.0}, {.dtype = float64}));
  first.step();
  first.save(path);
  second.load(path);
  CHECK(second.lr() == 0.1);
  CHECK(second.state_dict().at("state.0.step").item() == 1);
  expect_close(second.state_dict().at("state.0.exp_avg"), first.state_dict().at("state.0.exp_avg"), 0, 0);
  std::filesystem::remove(path);
  CHECK_ERROR(second.load(path), IoError, "xgrad_test_optimizer.safetensors");
}

// Breaks if a wrong state is taken in silently, or half of it.
TEST_CASE("a state that does not fit is refused as a whole") {
  Tensor p = leaf({1, 2, 3});
  p.set_grad(ones_like(p));
  optim::SGD sgd({p}, {.momentum = 0.9});
  sgd.step();
  optim::Adam adam({p});
  CHECK_ERROR(adam.load_state_dict(sgd.state_dict()), ValueError, "[Adam.load_state_dict]", "group.0.beta1",
              "group.0.momentum", "state.0.exp_avg", "state.0.momentum_buffer");
  optim::StateDict state = sgd.state_dict();
  state["state.0.momentum_buffer"] = zeros({2});
  state["group.0.lr"] = scalar_tensor(7.0);
  CHECK_ERROR(sgd.load_state_dict(state), ValueError, "state.0.momentum_buffer is [2], needed [3]");
  CHECK(sgd.lr() == 1e-3);
}

// Breaks if a check of the constructor is lost.
TEST_CASE("bad options and parameters are named") {
  Tensor p = leaf({1});
  CHECK_ERROR(optim::SGD(std::vector<Tensor>{}), ValueError, "[SGD] the list of parameters is empty");
  CHECK_ERROR(optim::SGD({Tensor()}), ValueError, "parameter 0 is undefined");
  CHECK_ERROR(optim::SGD({p * 2.0}), ValueError, "parameter 0", "result of mul", "only leaves");
  CHECK_ERROR(optim::SGD({zeros({2})}), ValueError, "is frozen", "requires_grad_()");
  CHECK_ERROR(optim::SGD({p, zeros({2}, {.dtype = int64})}), DtypeError, "[SGD] parameter 1 of shape [2] is int64");
  CHECK_ERROR(optim::SGD({p, p}), ValueError, "given twice");
  CHECK_ERROR(optim::SGD({p}, {.lr = -1}), ValueError, "[SGD] lr is -1, it must be 0 or more.");
  CHECK_ERROR(optim::SGD({p}, {.momentum = -1}), ValueError, "momentum is -1");
  CHECK_ERROR(optim::SGD({p}, {.nesterov = true}), ValueError, "nesterov needs a momentum");
  CHECK_ERROR(optim::Adam({p}, {.betas = {1.0, 0.9}}), ValueError, "[Adam] betas.first is 1, it must be in [0, 1).");
  CHECK_ERROR(optim::AdamW({p}, {.betas = {0.9, -1}}), ValueError, "betas.second is -1");
  CHECK_ERROR(optim::Adam({p}, {.eps = -1}), ValueError, "eps is -1");
  CHECK_ERROR(optim::AdamW({p}, {.weight_decay = -1}), ValueError, "weight_decay is -1");
  CHECK_ERROR(optim::RMSprop({p}, {.alpha = -0.5}), ValueError, "[RMSprop] alpha is -0.5");
  optim::SGD sgd({p});
  CHECK_ERROR(sgd.set_lr(NAN), ValueError, "lr is nan");
  CHECK_ERROR(sgd.lr(3), IndexError, "group 3 does not exist, there are 1");
  CHECK_ERROR(sgd.add_param_group({{p}, {}}), ValueError, "given twice");
}

// Breaks if an option is checked where it is given but not where it is loaded or set, or in one optimizer alone.
TEST_CASE("an option out of range is refused wherever it comes from") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Tensor p = leaf({1});
  p.set_grad(ones_like(p));
  struct Case {
    const char* option;
    std::vector<double> wrong;
  };
  const std::vector<Case> non_negative = {
      {"lr", {-1, NAN, inf}}, {"eps", {-1, NAN, inf}}, {"weight_decay", {-1, NAN, inf}}};
  const auto check_state = [](optim::Optimizer& optimizer, const std::vector<Case>& cases) {
    optimizer.step();
    const optim::StateDict before = optimizer.state_dict();
    for (const auto& [option, wrong] : cases) {
      const std::string key = std::string("group.0.") + option;
      if (!before.contains(key)) continue;
      for (const double value : wrong) {
        optim::StateDict state = before;
        state[key] = scalar_tensor(value, {.dtype = float64});
        INFO(optimizer.name() << " " << key << " = " << value);
        CHECK_ERROR(optimizer.load_state_dict(state), ValueError,
                    std::string("[") + optimizer.name() + ".load_state_dict] " + key + " is ", "it must be");
        for (const auto& [name, tensor] : optimizer.state_dict()) expect_close(tensor, before.at(name), 0, 0);
      }
    }
    for (const double step : std::initializer_list<double>{-1.0, 0.5, NAN, inf}) {
      optim::StateDict state = before;
      state["state.0.step"] = scalar_tensor(step, {.dtype = float64});
      CHECK_ERROR(optimizer.load_state_dict(state), ValueError, "state.0.step is ", "it must be a count");
    }
    for (const double rate : std::initializer_list<double>{-1.0, NAN, inf, -inf})
      CHECK_ERROR(optimizer.set_lr(rate), ValueError, "lr is ");
    CHECK(optimizer.lr() == before.at("group.0.lr").item<double>());
  };
  std::vector<Case> cases = non_negative;
  for (const char* beta : {"beta1", "beta2"}) cases.push_back({beta, {-0.1, 1, 2, NAN, inf}});
  cases.push_back({"amsgrad", {0.5, NAN, -1}});
  cases.push_back({"maximize", {2, inf}});
  optim::Adam adam({p});
  optim::AdamW adamw({p});
  check_state(adam, cases);
  check_state(adamw, cases);
  cases = non_negative;
  cases.push_back({"momentum", {-1, NAN, inf}});
  cases.push_back({"alpha", {-0.1, 1.5, NAN}});
  cases.push_back({"dampening", {NAN, inf, -inf}});
  optim::RMSprop rmsprop({p});
  optim::SGD sgd({p}, {.momentum = 0.5});
  check_state(rmsprop, cases);
  check_state(sgd, cases);
  optim::StateDict together = sgd.state_dict();
  together["group.0.nesterov"] = scalar_tensor(1.0);
  together["group.0.dampening"] = scalar_tensor(0.5);
  CHECK_ERROR(sgd.load_state_dict(together), ValueError, "[SGD] nesterov needs a momentum above 0");

  for (const double value : {static_cast<double>(NAN), inf}) {
    CHECK_ERROR(optim::SGD({p}, {.lr = value}), ValueError, "[SGD] lr is", "finite and 0 or more");
    CHECK_ERROR(optim::SGD({p}, {.momentum = value}), ValueError, "[SGD] momentum is");
    CHECK_ERROR(optim::SGD({p}, {.momentum = 0.9, .dampening = value}), ValueError, "[SGD] dampening is");
    CHECK_ERROR(optim::SGD({p}, {.weight_decay = value}), ValueError, "[SGD] weight_decay is");
    CHECK_ERROR(optim::Adam({p}, {.lr = value}), ValueError, "[Adam] lr is");
    CHECK_ERROR(optim::Adam({p}, {.betas = {value, 0.9}}), ValueError, "[Adam] betas.first is");
    CHECK_ERROR(optim::AdamW({p}, {.eps = value}), ValueError, "[AdamW] eps is");
    CHECK_ERROR(optim::RMSprop({p}, {.alpha = value}), ValueError, "[RMSprop] alpha is");
    CHECK_ERROR(adam.add_param_group({{leaf({1})}, {.lr = value}}), ValueError, "[Adam] lr is");
  }
  CHECK(adam.group_count() == 1);
}

// Breaks if what is remembered follows the options an optimizer was made with, not those in the state.
TEST_CASE("options and the state that they ask for travel together") {
  const auto steps = [](optim::Optimizer& optimizer, Tensor& p) {
    for (int t = 0; t < 3; ++t) {
      p.set_grad(tensor({std::sin(t) + 2, std::cos(t)}, {.dtype = float64}));
      optimizer.step();
    }
  };
  for (const bool amsgrad : {true, false}) {
    Tensor p = leaf({1, 2});
    optim::Adam saved({p}, {.lr = 0.5, .amsgrad = amsgrad});
    steps(saved, p);
    Tensor q = p.detach().clone().requires_grad_();
    optim::Adam loaded({q}, {.amsgrad = !amsgrad});
    steps(loaded, q);
    q.detach().copy_(p.detach());
    loaded.load_state_dict(saved.state_dict());
    CHECK(loaded.options().amsgrad == amsgrad);
    CHECK(loaded.lr() == 0.5);
    steps(saved, p);
    steps(loaded, q);
    expect_close(q.detach(), p.detach(), 0, 0);
  }
  // Momentum of SGD, and centering and momentum of RMSprop, likewise.
  Tensor p = leaf({1, 2}), q = leaf({1, 2});
  optim::SGD with({p}, {.lr = 0.1, .momentum = 0.9}), without({q}, {.lr = 0.1});
  steps(with, p);
  q.detach().copy_(p.detach());
  without.load_state_dict(with.state_dict());
  steps(with, p);
  steps(without, q);
  expect_close(q.detach(), p.detach(), 0, 0);
  optim::RMSprop centered({p}, {.momentum = 0.5, .centered = true}), plain({q});
  steps(plain, q);
  centered.load_state_dict(plain.state_dict());
  CHECK_FALSE(centered.options().centered);
  CHECK_FALSE(centered.state_dict().contains("state.0.grad_avg"));
  // What the options ask for and the state lacks is named.
  optim::Adam adam({leaf({1, 2})});
  optim::Adam ams({p}, {.amsgrad = true});
  p.set_grad(ones_like(p));
  ams.step();
  optim::StateDict state = ams.state_dict();
  state.erase("state.0.max_exp_avg_sq");
  CHECK_ERROR(adam.load_state_dict(state), ValueError, "Missing: state.0.max_exp_avg_sq");
  CHECK_FALSE(adam.options().amsgrad);
}

// Breaks if a frozen parameter is refused, moves, loses its number in the state, or does not come back when thawed.
TEST_CASE("frozen parameters are skipped and keep their place") {
  const auto loss = [](const Tensor& a, const Tensor& b) { return (a * a).sum() + (b * b).sum(); };
  Tensor a = leaf({1, 2}).requires_grad_(false), b = leaf({3});
  optim::Adam adam({a, b}, {.lr = 0.1, .weight_decay = 0.5});
  const auto step = [&] {
    adam.zero_grad();
    loss(a, b).backward();
    adam.step();
  };
  step();
  expect_close(a, tensor({1.0, 2.0}, {.dtype = float64}), 0, 0);
  CHECK(b.detach().item<double>() == Approx(2.9));
  CHECK_FALSE(adam.state_dict().contains("state.0.step"));
  CHECK(adam.state_dict().at("state.1.step").item<double>() == 1);

  a.requires_grad_();  // thawed: its first step is Adam's first step
  b.requires_grad_(false);
  const double kept = b.item<double>();
  step();
  expect_close(a.detach(), tensor({0.9, 1.9}, {.dtype = float64}), 1e-8, 0);
  CHECK(b.item<double>() == kept);
  CHECK(adam.state_dict().at("state.0.step").item<double>() == 1);
  CHECK(adam.state_dict().at("state.1.step").item<double>() == 1);

  // The state goes over to an optimizer whose parameters are frozen otherwise.
  Tensor c = leaf({0, 0}), d = leaf({0});
  optim::Adam other({c, d});
  other.load_state_dict(adam.state_dict());
  for (const auto& [name, tensor] : other.state_dict()) expect_close(tensor, adam.state_dict().at(name), 0, 0);

  // A group may be frozen as a whole, an optimizer may not.
  a.requires_grad_(false);
  b.requires_grad_();
  optim::SGD groups(std::vector<optim::ParamGroup<optim::SgdOptions>>{{{a}, {.lr = 1}}, {{b}, {.lr = 0.5}}});
  groups.zero_grad();
  loss(a, b).backward();
  groups.step();
  CHECK(b.detach().item<double>() == Approx(0).margin(1e-12));
  b.requires_grad_(false);
  CHECK_ERROR(optim::SGD({a, b}), ValueError, "[SGD] every one of the 2 parameters is frozen", "requires_grad_()");
}

// Breaks if the clipped norm or the returned one is wrong, for any of the norms.
TEST_CASE("gradients are clipped by norm and by value") {
  Tensor a = leaf({0, 0}), b = leaf({0}), unused = leaf({0});
  const auto set = [&] {
    a.set_grad(tensor({3.0, 0.0}, {.dtype = float64}));
    b.set_grad(tensor({-4.0}, {.dtype = float64}));
  };
  set();
  CHECK(optim::clip_grad_norm({a, b, unused}, 1.0) == Approx(5));
  expect_close(a.grad(), {3 / (5 + 1e-6), 0}, 1e-12);
  expect_close(b.grad(), {-4 / (5 + 1e-6)}, 1e-12);
  set();
  CHECK(optim::clip_grad_norm({a, b}, 10.0) == Approx(5));
  expect_close(a.grad(), {3, 0}, 0, 0);
  CHECK(optim::clip_grad_norm({a, b}, 1.0, {.norm_type = INFINITY}) == Approx(4));
  expect_close(b.grad(), {-4 / (4 + 1e-6)}, 1e-12);
  set();
  CHECK(optim::clip_grad_norm({a, b}, 100.0, {.norm_type = 1}) == Approx(7));
  CHECK(optim::clip_grad_norm({a, b}, 100.0, {.norm_type = 3}) == Approx(std::cbrt(27 + 64)));
  optim::clip_grad_value({a, b, unused}, 2.5);
  expect_close(a.grad(), {2.5, 0}, 0, 0);
  expect_close(b.grad(), {-2.5}, 0, 0);
  b.set_grad(tensor({NAN}, {.dtype = float64}));
  CHECK_ERROR(optim::clip_grad_norm({a, b}, 1.0, {.error_if_nonfinite = true}), ValueError,
              "norm of the gradients is nan");
  CHECK_ERROR(optim::clip_grad_norm({a}, -1), ValueError, "max_norm is -1");
  CHECK_ERROR(optim::clip_grad_norm({a}, 1, {.norm_type = 0}), ValueError, "norm_type is 0");
  CHECK_ERROR(optim::clip_grad_value({a}, -1), ValueError, "limit is -1");
  CHECK_ERROR(optim::clip_grad_norm({Tensor()}, 1), ValueError, "parameter 0 is undefined");
}

// Breaks if a group that there is not is another library's exception.
TEST_CASE("options of a group that there is not are an error that names it") {
  Tensor p = ones({2}).requires_grad_();
  const optim::SGD sgd({p});
  CHECK(sgd.options(0).lr == sgd.lr());
  CHECK_ERROR(sgd.options(5), IndexError, "5");
}
