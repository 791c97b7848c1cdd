// Cases of the kind "optim": parameters after each step of an optimizer, rates of a scheduler.
#include "conformance/options.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/optim/optim.hpp>

#include <fmt/format.h>

#include <memory>

namespace xg_conformance {
namespace {

using namespace xg;  // NOLINT

template <class Options> Field<Options> betas(std::pair<double, double> Options::*member) {
  return {"betas", [member](Options& o, const Json& v) { o.*member = {v.at(0).get<double>(), v.at(1).get<double>()}; }};
}

// ---- optimizers

using MakeOptimizer = std::unique_ptr<optim::Optimizer> (*)(std::vector<Tensor> params, const Json& options);

template <class O> std::vector<Field<O>> adam_fields() {
  return {field("lr", &O::lr),           betas<O>(&O::betas),
          field("eps", &O::eps),         field("weight_decay", &O::weight_decay),
          field("amsgrad", &O::amsgrad), field("maximize", &O::maximize)};
}

const std::pair<const char*, MakeOptimizer> optimizers[] = {
    {"SGD",
     [](std::vector<Tensor> params, const Json& given) -> std::unique_ptr<optim::Optimizer> {
       using O = optim::SgdOptions;
       return std::make_unique<optim::SGD>(
           std::move(params),
           options_of<O>(given, {field("lr", &O::lr), field("momentum", &O::momentum),
                                 field("dampening", &O::dampening), field("weight_decay", &O::weight_decay),
                                 field("nesterov", &O::nesterov), field("maximize", &O::maximize)}));
     }},
    {"Adam",
     [](std::vector<Tensor> params, const Json& given) -> std::unique_ptr<optim::Optimizer> {
       return std::make_unique<optim::Adam>(std::move(params), options_of(given, adam_fields<optim::AdamOptions>()));
     }},
    {"AdamW",
     [](std::vector<Tensor> params, const Json& given) -> std::unique_ptr<optim::Optimizer> {
       return std::make_unique<optim::AdamW>(std::move(params), options_of(given, adam_fields<optim::AdamWOptions>()));
     }},
    {"RMSprop",
     [](std::vector<Tensor> params, const Json& given) -> std::unique_ptr<optim::Optimizer> {
       using O = optim::RmspropOptions;
       return std::make_unique<optim::RMSprop>(
           std::move(params),
           options_of<O>(given, {field("lr", &O::lr), field("alpha", &O::alpha), field("eps", &O::eps),
                                 field("weight_decay", &O::weight_decay), field("momentum", &O::momentum),
                                 field("centered", &O::centered), field("maximize", &O::maximize)}));
     }},
};

void run_optimizer(const Json& test_case, const Tensors& tensors) {
  const auto& name = test_case.at("optimizer").get_ref<const std::string&>();
  const auto* row =
      std::find_if(std::begin(optimizers), std::end(optimizers), [&](const auto& r) { return r.first == name; });
  if (row == std::end(optimizers)) throw Unknown("optimizer " + name);
  std::vector<Tensor> params;
  for (const Json& param : test_case.at("params")) {
    params.push_back(tensor_of(param, tensors).clone());
    params.back().requires_grad_();
  }
  const auto optimizer = row->second(params, test_case.at("options"));
  std::size_t number = 0;
  for (const Json& step : test_case.at("steps")) {
    if (!step.contains("grads")) throw Unknown("steps without gradients");
    for (std::size_t i = 0; i < params.size(); ++i) params[i].set_grad(tensor_of(step.at("grads")[i], tensors).clone());
    optimizer->step();
    for (std::size_t i = 0; i < params.size(); ++i)
      expect_close(fmt::format("step {}, parameter {}", number, i), params[i].detach(),
                   tensor_of(step.at("after")[i], tensors), tolerance_of(test_case));
    ++number;
  }
}

// ---- schedulers

using MakeScheduler = std::unique_ptr<optim::Scheduler> (*)(optim::Optimizer& optimizer, const Json& options);

const std::pair<const char*, MakeScheduler> schedulers[] = {
    {"StepLR",
     [](optim::Optimizer& optimizer, const Json& given) -> std::unique_ptr<optim::Scheduler> {
       using O = optim::StepLROptions;
       return std::make_unique<optim::StepLR>(
           optimizer, options_of<O>(given, {field("step_size", &O::step_size), field("gamma", &O::gamma)}));
     }},
    {"MultiStepLR",
     [](optim::Optimizer& optimizer, const Json& given) -> std::unique_ptr<optim::Scheduler> {
       using O = optim::MultiStepLROptions;
       return std::make_unique<optim::MultiStepLR>(
           optimizer, options_of<O>(given, {field("milestones", &O::milestones), field("gamma", &O::gamma)}));
     }},
    {"ExponentialLR",
     [](optim::Optimizer& optimizer, const Json& given) -> std::unique_ptr<optim::Scheduler> {
       using O = optim::ExponentialLROptions;
       return std::make_unique<optim::ExponentialLR>(optimizer, options_of<O>(given, {field("gamma", &O::gamma)}));
     }},
    {"CosineAnnealingLR",
     [](optim::Optimizer& optimizer, const Json& given) -> std::unique_ptr<optim::Scheduler> {
       using O = optim::CosineAnnealingLROptions;
       return std::make_unique<optim::CosineAnnealingLR>(
           optimizer, options_of<O>(given, {field("T_max", &O::t_max), field("eta_min", &O::eta_min)}));
     }},
};

optim::ReduceLROnPlateauOptions plateau_options(const Json& given) {
  using O = optim::ReduceLROnPlateauOptions;
  return options_of<O>(given, {field("mode", &O::mode), field("factor", &O::factor), field("patience", &O::patience),
                               field("threshold", &O::threshold), field("threshold_mode", &O::threshold_mode),
                               field("cooldown", &O::cooldown), field("min_lr", &O::min_lr), field("eps", &O::eps)});
}

void run_scheduler(const Json& test_case, const Tensors&) {
  const auto& name = test_case.at("scheduler").get_ref<const std::string&>();
  const Json &options = test_case.at("options"), &rates = test_case.at("lrs");
  const Tolerance allowed = tolerance_of(test_case);
  optim::SGD optimizer({zeros({1}, {.requires_grad = true})}, {.lr = test_case.at("base_lr").get<double>()});
  const auto expect_rate = [&](std::size_t i) {
    expect_close(fmt::format("rate {}", i), optimizer.lr(), rates[i].get<double>(), allowed);
  };
  if (name == "ReduceLROnPlateau") {
    optim::ReduceLROnPlateau scheduler(optimizer, plateau_options(options));
    const Json& metrics = test_case.at("metrics");
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      scheduler.step(metrics[i].get<double>());
      expect_rate(i);
    }
    return;
  }
  const auto* row =
      std::find_if(std::begin(schedulers), std::end(schedulers), [&](const auto& r) { return r.first == name; });
  if (row == std::end(schedulers)) throw Unknown("scheduler " + name);
  const auto scheduler = row->second(optimizer, options);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    expect_rate(i);
    scheduler->step();
  }
}

std::string label(const Json& test_case) {
  return test_case.at(test_case.contains("optimizer") ? "optimizer" : "scheduler").get<std::string>();
}

void run(const Json& test_case, const Tensors& tensors) {
  if (test_case.contains("optimizer"))
    run_optimizer(test_case, tensors);
  else
    run_scheduler(test_case, tensors);
}

}  // namespace

const Kind optim_kind{"optim", label, run};

}  // namespace xg_conformance
