#include <xgrad/optim/adam.hpp>
#include <xgrad/tensor/kernels/optimizer.hpp>

#include <cmath>
#include <type_traits>

namespace xg::optim {
namespace detail {

void BiasCorrections::at(std::int64_t t, double b1, double b2) {
  if (t == step && b1 == beta1 && b2 == beta2) return;
  step = t, beta1 = b1, beta2 = b2;
  first = 1 - std::pow(b1, static_cast<double>(t));
  root_second = std::sqrt(1 - std::pow(b2, static_cast<double>(t)));
}

template <class Options>
std::array<const char*, Optimizer::max_slots> AdamFamily<Options>::state_names(std::size_t group) const {
  return {"exp_avg", "exp_avg_sq", this->options_[group].amsgrad ? "max_exp_avg_sq" : ""};
}

template <class Options>
std::vector<Optimizer::Hyperparameter> AdamFamily<Options>::hyperparameters_in(Options& o) const {
  using Range = Optimizer::Range;
  return {{.name = "lr", .number = &o.lr},
          {.name = "beta1", .number = &o.betas.first, .range = Range::half_open_unit, .option = "betas.first"},
          {.name = "beta2", .number = &o.betas.second, .range = Range::half_open_unit, .option = "betas.second"},
          {.name = "eps", .number = &o.eps},
          {.name = "weight_decay", .number = &o.weight_decay},
          {.name = "amsgrad", .flag = &o.amsgrad},
          {.name = "maximize", .flag = &o.maximize}};
}

template <class Options>
void AdamFamily<Options>::update(std::size_t group, const Optimizer::Update& u) {
  const Options& o = this->options_[group];
  constexpr bool decoupled = std::is_same_v<Options, AdamWOptions>;
  corrections_.at(u.slot.step, o.betas.first, o.betas.second);
  const kernels::AdamStep step = {.beta1 = o.betas.first,
                                  .beta2 = o.betas.second,
                                  .step_size = o.lr / corrections_.first,
                                  .root_bias2 = corrections_.root_second,
                                  .eps = o.eps,
                                  .weight_decay = decoupled ? 0 : o.weight_decay,
                                  .shrink = decoupled ? 1 - o.lr * o.weight_decay : 1,
                                  .maximize = o.maximize};
  dispatch_floating(u.dtype, [&]<class T>() {
    const auto& state = u.slot.state;
    kernels::adam_step(static_cast<T*>(u.param), static_cast<const T*>(u.grad), static_cast<T*>(state[0]),
                       static_cast<T*>(state[1]), static_cast<T*>(state[2]), u.numel, step);
  });
}

template class AdamFamily<AdamOptions>;
template class AdamFamily<AdamWOptions>;

}  // namespace detail

Adam::Adam(std::vector<Tensor> params, AdamOptions options) {
  add_groups({{std::move(params), options}});
}
Adam::Adam(std::vector<ParamGroup<AdamOptions>> groups) {
  add_groups(std::move(groups));
}

AdamW::AdamW(std::vector<Tensor> params, AdamWOptions options) {
  add_groups({{std::move(params), options}});
}
AdamW::AdamW(std::vector<ParamGroup<AdamWOptions>> groups) {
  add_groups(std::move(groups));
}

}  // namespace xg::optim
