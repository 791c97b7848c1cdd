#include <xgrad/optim/sgd.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/optimizer.hpp>

namespace xg::optim {

SGD::SGD(std::vector<Tensor> params, SgdOptions options) {
  add_groups({{std::move(params), options}});
}
SGD::SGD(std::vector<ParamGroup<SgdOptions>> groups) {
  add_groups(std::move(groups));
}

void SGD::check_together(const SgdOptions& o) const {
  if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
    throw ValueError("[SGD] nesterov needs a momentum above 0 and a dampening of 0.");
}

std::array<const char*, SGD::max_slots> SGD::state_names(std::size_t group) const {
  return {options_[group].momentum != 0 ? "momentum_buffer" : "", "", ""};
}

std::vector<SGD::Hyperparameter> SGD::hyperparameters_in(SgdOptions& o) const {
  return {{.name = "lr", .number = &o.lr},
          {.name = "momentum", .number = &o.momentum},
          {.name = "dampening", .number = &o.dampening, .range = Range::any},
          {.name = "weight_decay", .number = &o.weight_decay},
          {.name = "nesterov", .flag = &o.nesterov},
          {.name = "maximize", .flag = &o.maximize}};
}

void SGD::update(std::size_t group, const Update& u) {
  const SgdOptions& o = options_[group];
  const kernels::SgdStep step{.lr = o.lr,
                              .momentum = o.momentum,
                              .dampening = o.dampening,
                              .weight_decay = o.weight_decay,
                              .nesterov = o.nesterov,
                              .maximize = o.maximize,
                              .first = u.slot.step == 1};
  dispatch_floating(u.dtype, [&]<class T>() {
    kernels::sgd_step(static_cast<T*>(u.param), static_cast<const T*>(u.grad), static_cast<T*>(u.slot.state[0]),
                      u.numel, step);
  });
}

}  // namespace xg::optim
