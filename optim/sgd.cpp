#include <xgrad/optim/sgd.hpp>
#include <xgrad/optim/step.hpp>
#include <xgrad/tensor/error.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace xg::optim {

template <> struct Step<SgdOptions> : SgdOptions {
  static constexpr const char* name = "SGD";
  static std::vector<Hyperparameter> hyperparameters(SgdOptions& o) {
    return {{"lr", o.lr},
            {"momentum", o.momentum},
            {"dampening", o.dampening, {-INFINITY}},
            {"weight_decay", o.weight_decay},
            {"nesterov", o.nesterov},
            {"maximize", o.maximize}};
  }
  static void check(const SgdOptions& o) {
    if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
      throw ValueError("[SGD] nesterov needs a momentum above 0 and a dampening of 0.");
  }
  static std::array<const char*, 1> states(const SgdOptions& o) { return {o.momentum != 0 ? "momentum_buffer" : ""}; }
  static std::array<bool, 2> flags(const SgdOptions& o) { return {o.momentum != 0, o.nesterov}; }

  Step(const SgdOptions& o, std::int64_t t) : SgdOptions(o), share(t == 1 ? 1 : 1 - o.dampening) {}

  template <bool has_momentum, bool is_nesterov, class T> void operator()(T& p, T g, T& buffer) const {
    if constexpr (has_momentum) {
      buffer = static_cast<T>(momentum) * buffer + static_cast<T>(share) * g;
      g = is_nesterov ? g + static_cast<T>(momentum) * buffer : buffer;
    }
    p -= static_cast<T>(lr) * g;
  }

  double share;  ///< of the gradient in the buffer: all of it in the first step
};
template class OptimizerOf<SgdOptions>;

}  // namespace xg::optim
