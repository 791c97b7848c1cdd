#include <xgrad/optim/adam.hpp>
#include <xgrad/optim/step.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace xg::optim {
namespace {

/// What Adam and AdamW share: all but what they do with weight decay.
template <class Options> struct AdamStep : Options {
  static std::vector<Hyperparameter> hyperparameters(Options& o) {
    return {{"lr", o.lr},
            {"beta1", o.betas.first, {0, 1, false}, "betas.first"},
            {"beta2", o.betas.second, {0, 1, false}, "betas.second"},
            {"eps", o.eps},
            {"weight_decay", o.weight_decay},
            {"amsgrad", o.amsgrad},
            {"maximize", o.maximize}};
  }
  static std::array<const char*, 3> states(const Options& o) {
    return {"exp_avg", "exp_avg_sq", o.amsgrad ? "max_exp_avg_sq" : ""};
  }
  static std::array<bool, 1> flags(const Options& o) { return {o.amsgrad}; }

  AdamStep(const Options& o, std::int64_t t, double shrink)
      : Options(o),
        beta1(o.betas.first),
        beta2(o.betas.second),
        step_size(o.lr / (1 - std::pow(beta1, static_cast<double>(t)))),
        per_root(1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(t)))),
        shrink(shrink) {}

  template <bool has_largest, class T> void operator()(T& p, T g, T& mean, T& square, T& largest) const {
    mean += static_cast<T>(1 - beta1) * (g - mean);
    T v = square = static_cast<T>(beta2) * square + static_cast<T>(1 - beta2) * g * g;
    if constexpr (has_largest) v = largest = largest < v ? v : largest;
    p = static_cast<T>(shrink) * p -
        static_cast<T>(step_size) * mean / (std::sqrt(v) * static_cast<T>(per_root) + static_cast<T>(this->eps));
  }

  double beta1, beta2;
  double step_size;  ///< lr / (1 - beta1^t)
  double per_root;   ///< 1 / sqrt(1 - beta2^t)
  double shrink;     ///< the factor of the parameter
};

}  // namespace

template <> struct Step<AdamOptions> : AdamStep<AdamOptions> {
  static constexpr const char* name = "Adam";
  Step(const AdamOptions& o, std::int64_t t) : AdamStep(o, t, 1) {}
};
template class OptimizerOf<AdamOptions>;

template <> struct Step<AdamWOptions> : AdamStep<AdamWOptions> {
  static constexpr const char* name = "AdamW";
  static constexpr bool decoupled = true;
  Step(const AdamWOptions& o, std::int64_t t) : AdamStep(o, t, 1 - o.lr * o.weight_decay) {}
};
template class OptimizerOf<AdamWOptions>;

}  // namespace xg::optim
