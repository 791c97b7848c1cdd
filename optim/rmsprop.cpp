#include <xgrad/optim/rmsprop.hpp>
#include <xgrad/optim/step.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace xg::optim {

template <> struct Step<RmspropOptions> : RmspropOptions {
  static constexpr const char* name = "RMSprop";
  static std::vector<Hyperparameter> hyperparameters(RmspropOptions& o) {
    return {{"lr", o.lr},
            {"alpha", o.alpha, {0, 1}},
            {"eps", o.eps},
            {"weight_decay", o.weight_decay},
            {"momentum", o.momentum},
            {"centered", o.centered},
            {"maximize", o.maximize}};
  }
  static std::array<const char*, 3> states(const RmspropOptions& o) {
    return {"square_avg", o.centered ? "grad_avg" : "", o.momentum > 0 ? "momentum_buffer" : ""};
  }
  static std::array<bool, 2> flags(const RmspropOptions& o) { return {o.centered, o.momentum > 0}; }

  Step(const RmspropOptions& o, std::int64_t) : RmspropOptions(o) {}

  template <bool is_centered, bool has_momentum, class T>
  void operator()(T& p, T g, T& square_avg, T& grad_avg, T& buffer) const {
    T variance = square_avg = static_cast<T>(alpha) * square_avg + static_cast<T>(1 - alpha) * g * g;
    if constexpr (is_centered) {
      grad_avg += static_cast<T>(1 - alpha) * (g - grad_avg);
      variance -= grad_avg * grad_avg;
    }
    T move = g / (std::sqrt(variance) + static_cast<T>(eps));
    if constexpr (has_momentum) move = buffer = static_cast<T>(momentum) * buffer + move;
    p -= static_cast<T>(lr) * move;
  }
};
template class OptimizerOf<RmspropOptions>;

}  // namespace xg::optim
