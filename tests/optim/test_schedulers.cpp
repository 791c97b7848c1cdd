#include "support/catch.hpp"

#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <numbers>

using namespace xg;

namespace {

struct Fixture {
  Tensor p = ones({1}, {.requires_grad = true});
  optim::SGD sgd{{p}, {.lr = 0.8}};
  template <class S> std::vector<double> rates(S& scheduler, int count) {
    std::vector<double> all;
    for (int i = 0; i < count; ++i) {
      all.push_back(sgd.lr());
      scheduler.step();
    }
    return all;
  }
};

void close(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(want[i]).epsilon(1e-12).margin(1e-15));
}

}  // namespace

// Breaks if an epoch is counted too early or too late.
TEST_CASE("rates by epoch have closed forms") {
  Fixture f;
  SECTION("StepLR") {
    optim::StepLR s(f.sgd, {.step_size = 3, .gamma = 0.5});
    close(f.rates(s, 8), {0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2});
  }
  SECTION("MultiStepLR") {
    optim::MultiStepLR s(f.sgd, {.milestones = {1, 3, 3}, .gamma = 0.1});
    close(f.rates(s, 5), {0.8, 0.08, 0.08, 0.0008, 0.0008});
  }
  SECTION("ExponentialLR") {
    optim::ExponentialLR s(f.sgd, {.gamma = 0.5});
    close(f.rates(s, 4), {0.8, 0.4, 0.2, 0.1});
  }
  SECTION("LambdaLR") {
    optim::LambdaLR s(f.sgd, [](std::int64_t epoch) { return 1.0 / static_cast<double>(epoch + 2); });
    close(f.rates(s, 3), {0.4, 0.8 / 3, 0.2});
  }
  SECTION("CosineAnnealingLR, over more than a period") {
    for (const double floor : {0.0, 0.1}) {
      f.sgd.set_lr(0.8);
      optim::CosineAnnealingLR s(f.sgd, {.t_max = 5, .eta_min = floor});
      std::vector<double> want;
      for (int t = 0; t < 23; ++t) want.push_back(floor + (0.8 - floor) * (1 + std::cos(std::numbers::pi * t / 5)) / 2);
      close(f.rates(s, 23), want);
    }
  }
}

// Breaks if patience, cooldown or the threshold are off by one.
TEST_CASE("ReduceLROnPlateau waits, reduces and cools down") {
  Fixture f;
  SECTION("patience of one epoch, cooldown of one") {
    optim::ReduceLROnPlateau s(f.sgd, {.factor = 0.5, .patience = 1, .cooldown = 1, .min_lr = 0.15});
    std::vector<double> got;
    for (const double metric : {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5}) {
      s.step(metric);
      got.push_back(f.sgd.lr());
    }
    close(got, {0.8, 0.8, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2});
    CHECK(s.best() == 0.5);
  }
  SECTION("larger is better, by an amount") {
    optim::ReduceLROnPlateau s(
        f.sgd, {.mode = "max", .factor = 0.1, .patience = 0, .threshold = 0.1, .threshold_mode = "abs"});
    s.step(0.5);
    CHECK(f.sgd.lr() == 0.8);
    s.step(0.55);
    CHECK(f.sgd.lr() == Approx(0.08));
    CHECK(s.best() == 0.5);
  }
  SECTION("bad input") {
    optim::ReduceLROnPlateau s(f.sgd);
    CHECK_ERROR(s.step(NAN), ValueError, "[ReduceLROnPlateau] the metric is NaN");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.mode = "best"}), ValueError, "mode is \"best\"",
                "\"min\" or \"max\"");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.threshold_mode = "x"}), ValueError, "threshold_mode is \"x\"");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.factor = 1}), ValueError, "factor is 1");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.patience = -1}), ValueError, "patience is -1");
  }
}

// Breaks if a best value below 0 makes worse values count as better: then the rate is never reduced.
TEST_CASE("an improvement is one for metrics of either sign") {
  const auto after = [](const std::vector<double>& metrics, optim::ReduceLROnPlateauOptions options) {
    Fixture f;
    options.factor = 0.5;
    options.patience = 2;
    options.threshold = 0.1;
    optim::ReduceLROnPlateau s(f.sgd, options);
    for (const double metric : metrics) s.step(metric);
    return f.sgd.lr();
  };
  for (const char* threshold_mode : {"rel", "abs"}) {
    INFO(threshold_mode);
    const auto with = [&](const char* mode) {
      return optim::ReduceLROnPlateauOptions{.mode = mode, .threshold_mode = threshold_mode};
    };
    for (const double at : {1.0, -1.0, 0.0}) {
      CHECK(after({at, at, at, at}, with("min")) == 0.4);
      CHECK(after({at, at, at, at}, with("max")) == 0.4);
    }
    CHECK(after({-1, -0.95, -0.9, -0.85}, with("min")) == 0.4);   // worse
    CHECK(after({-1, -1.2, -1.5, -2, -3}, with("min")) == 0.8);   // better by more than the threshold
    CHECK(after({-1, -1.05, -1.06, -1.07}, with("min")) == 0.4);  // better by less
    CHECK(after({-1, -0.8, -0.6, -0.4}, with("max")) == 0.8);
    CHECK(after({-1, -1.05, -1.1, -1.2}, with("max")) == 0.4);
  }
  constexpr double inf = std::numeric_limits<double>::infinity();
  CHECK(after({inf, 1, 1, 1, 1}, {}) == 0.4);
  CHECK(after({-inf, -inf, -inf, -inf}, {}) == 0.4);
  Fixture f;
  for (const double wrong : {-0.1, static_cast<double>(NAN), inf}) {
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.threshold = wrong}), ValueError, "threshold is");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.min_lr = wrong}), ValueError, "min_lr is");
    CHECK_ERROR(optim::ReduceLROnPlateau(f.sgd, {.eps = wrong}), ValueError, "eps is");
  }
}

// Breaks if epoch 0 is skipped by some scheduler, or one scheduler takes the first rate of another for its base.
TEST_CASE("schedulers apply epoch 0, and chained ones share their base") {
  SECTION("a milestone at 0") {
    Fixture f;
    optim::MultiStepLR s(f.sgd, {.milestones = {0, 2}, .gamma = 0.5});
    close(f.rates(s, 4), {0.4, 0.4, 0.2, 0.2});
  }
  SECTION("two functions of the epoch: the later one decides, from the same base") {
    Fixture f;
    optim::LambdaLR first(f.sgd, [](std::int64_t) { return 0.5; });
    CHECK(f.sgd.lr() == 0.4);
    optim::LambdaLR second(f.sgd, [](std::int64_t epoch) { return epoch == 0 ? 0.25 : 1.0; });
    CHECK(f.sgd.lr() == Approx(0.2));
    second.step();
    CHECK(f.sgd.lr() == Approx(0.8));
  }
  SECTION("warm-up times decay") {
    Fixture f;
    optim::LambdaLR warm(f.sgd, [](std::int64_t epoch) { return epoch == 0 ? 0.1 : 1.0; });
    optim::ExponentialLR decay(f.sgd, {.gamma = 0.5});
    CHECK(f.sgd.lr() == Approx(0.08));
    warm.step();
    decay.step();
    CHECK(f.sgd.lr() == Approx(0.4));
  }
  SECTION("a rate set by hand is the base of schedulers made after it") {
    Fixture f;
    optim::LambdaLR first(f.sgd, [](std::int64_t) { return 0.5; });
    f.sgd.set_lr(0.1);
    optim::LambdaLR second(f.sgd, [](std::int64_t) { return 0.5; });
    CHECK(f.sgd.lr() == Approx(0.05));
  }
  SECTION("the longest period") {
    Fixture f;
    optim::CosineAnnealingLR s(f.sgd, {.t_max = std::numeric_limits<std::int64_t>::max()});
    close(f.rates(s, 3), {0.8, 0.8, 0.8});
  }
}

// Breaks if a rate that makes no sense reaches the optimizer, or changes it halfway.
TEST_CASE("a schedule that gives no rate is named and changes nothing") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (const double wrong : {-1.0, static_cast<double>(NAN), inf}) {
    Fixture f;
    CHECK_ERROR(optim::LambdaLR(f.sgd, [&](std::int64_t) { return wrong; }), ValueError,
                "[LambdaLR] the rate of group 0 in epoch 0 is", "finite and 0 or more");
    optim::LambdaLR later(f.sgd, [&](std::int64_t epoch) { return epoch == 2 ? wrong : 1.0; });
    later.step();
    CHECK_ERROR(later.step(), ValueError, "[LambdaLR] the rate of group 0 in epoch 2 is");
    CHECK(later.epoch() == 1);
    CHECK(f.sgd.lr() == 0.8);
    CHECK_ERROR(optim::StepLR(f.sgd, {.step_size = 1, .gamma = wrong}), ValueError, "[StepLR] gamma is");
    CHECK_ERROR(optim::MultiStepLR(f.sgd, {.milestones = {1}, .gamma = wrong}), ValueError, "[MultiStepLR] gamma is");
    CHECK_ERROR(optim::ExponentialLR(f.sgd, {.gamma = wrong}), ValueError, "[ExponentialLR] gamma is");
    CHECK_ERROR(optim::CosineAnnealingLR(f.sgd, {.t_max = 3, .eta_min = wrong}), ValueError, "eta_min is");
    optim::StateDict state = later.state_dict();
    state["base_lr"] = tensor(std::vector<double>{wrong});
    CHECK_ERROR(later.load_state_dict(state), ValueError, "[LambdaLR.load_state_dict] base_lr has");
  }
  Fixture f;
  CHECK_ERROR(optim::MultiStepLR(f.sgd, {.milestones = {-1}}), ValueError, "a milestone is -1");
  optim::StepLR s(f.sgd, {.step_size = 2});
  optim::ReduceLROnPlateau plateau(f.sgd);
  for (const double wrong : {-1.0, 0.5, static_cast<double>(NAN), inf}) {
    const Tensor value = scalar_tensor(wrong, {.dtype = float64});
    optim::StateDict state = s.state_dict();
    state["epoch"] = value;
    CHECK_ERROR(s.load_state_dict(state), ValueError, "[StepLR.load_state_dict] epoch is", "a count");
    state = plateau.state_dict();
    state["bad_epochs"] = value;
    CHECK_ERROR(plateau.load_state_dict(state), ValueError, "[ReduceLROnPlateau.load_state_dict] bad_epochs is");
  }
  CHECK(s.epoch() == 0);
}

// Breaks if a scheduler's state misses what its next rate depends on.
TEST_CASE("a scheduler continues from its state") {
  Fixture a, b;
  optim::StepLR first(a.sgd, {.step_size = 3, .gamma = 0.5});
  a.rates(first, 2);
  optim::StepLR second(b.sgd, {.step_size = 3, .gamma = 0.5});
  second.load_state_dict(first.state_dict());
  b.sgd.load_state_dict(a.sgd.state_dict());
  close(b.rates(second, 5), a.rates(first, 5));

  optim::ReduceLROnPlateau plateau(a.sgd, {.patience = 1}), other(b.sgd, {.patience = 1});
  b.sgd.set_lr(a.sgd.lr());
  for (const double m : {1.0, 1.0}) plateau.step(m);
  other.load_state_dict(plateau.state_dict());
  plateau.step(1.0);
  other.step(1.0);
  CHECK(b.sgd.lr() == a.sgd.lr());
  CHECK_ERROR(other.load_state_dict(first.state_dict()), ValueError, "missing: best, bad_epochs, cooldown_left",
              "base_lr");
}

// Breaks if options that must be given have silent defaults.
TEST_CASE("bad options of schedulers are named") {
  Fixture f;
  CHECK_ERROR(optim::StepLR(f.sgd, {}), ValueError, "[StepLR] step_size is 0, it must be 1 or more.");
  CHECK_ERROR(optim::MultiStepLR(f.sgd, {}), ValueError, "no milestones");
  CHECK_ERROR(optim::ExponentialLR(f.sgd, {}), ValueError, "gamma is 0");
  CHECK_ERROR(optim::LambdaLR(f.sgd, nullptr), ValueError, "the function is empty");
  CHECK_ERROR(optim::CosineAnnealingLR(f.sgd, {}), ValueError, "t_max is 0");
  CHECK_ERROR(optim::CosineAnnealingLR(f.sgd, {.t_max = 3, .eta_min = -1}), ValueError, "eta_min is -1");
}
