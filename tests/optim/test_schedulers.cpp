#include "support/catch.hpp"

#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <numbers>

using namespace xg;

namespace {

struct Fixture {
  Tensor p = ones({1}, {.requires_grad = true});
  optim::SGD sgd{{p}, {.lr = 0.8}};
  template <class S>
  std::vector<double> rates(S& scheduler, int count) {
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

// Breaks when an epoch is counted too early or too late.
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

// Breaks when patience, cooldown or the threshold are off by one.
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

// Breaks when a scheduler's state misses what its next rate depends on.
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

// Breaks when options that must be given have silent defaults.
TEST_CASE("bad options of schedulers are named") {
  Fixture f;
  CHECK_ERROR(optim::StepLR(f.sgd, {}), ValueError, "[StepLR] step_size is 0, it must be 1 or more.");
  CHECK_ERROR(optim::MultiStepLR(f.sgd, {}), ValueError, "no milestones");
  CHECK_ERROR(optim::ExponentialLR(f.sgd, {}), ValueError, "gamma is 0");
  CHECK_ERROR(optim::LambdaLR(f.sgd, nullptr), ValueError, "the function is empty");
  CHECK_ERROR(optim::CosineAnnealingLR(f.sgd, {}), ValueError, "t_max is 0");
  CHECK_ERROR(optim::CosineAnnealingLR(f.sgd, {.t_max = 3, .eta_min = -1}), ValueError, "eta_min is -1");
}
