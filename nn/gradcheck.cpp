#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/gradcheck.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace xg::nn {
namespace {

/// A module's buffers as they were found.
class SameBuffers {
 public:
  explicit SameBuffers(const Module& module) {
    for (const Tensor& buffer : module.buffers()) kept_.push_back({buffer, buffer.clone(), buffer.version()});
  }
  ~SameBuffers() { again(); }
  SameBuffers(const SameBuffers&) = delete;
  SameBuffers& operator=(const SameBuffers&) = delete;
  /// Restores the buffers that were written to. It allocates nothing, so that it is safe during stack unwinding.
  void again() noexcept {
    for (Kept& kept : kept_)
      if (kept.buffer.version() != kept.version) {
        kernels::copy_into(kept.buffer, kept.value);
        xg::detail::bump_version(kept.buffer.impl().storage(), "gradcheck");
        kept.version = kept.buffer.version();
      }
  }

 private:
  struct Kept {
    Tensor buffer, value;
    std::uint32_t version;
  };
  std::vector<Kept> kept_;
};

using Check = GradcheckResult (*)(const TensorsFunction&, const std::vector<Tensor>&, const GradcheckOptions&);

GradcheckResult checked(const char* op, Check check, Module& module, const TensorsFunction& f,
                        const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const std::vector<Module*> modules = module.modules();
  if (!std::all_of(modules.begin(), modules.end(), [](const Module* m) { return m->is_built(); })) {
    const NoGrad guard;
    f(inputs);  // builds the layers that learn their size from the first rows
  }
  GradcheckOptions all = options;
  all.allow_unused = true;
  all.names.resize(inputs.size());
  std::vector<Tensor> arguments;
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (all.names[i].empty()) all.names[i] = inputs.size() == 1 ? "the input" : fmt::format("input {}", i);
    // Leaves that share the elements and require grad.
    const bool floating = inputs[i].is_floating_point();
    arguments.push_back(floating && !inputs[i].requires_grad() ? inputs[i].detach().requires_grad_() : inputs[i]);
    if (!floating) notes.push_back(fmt::format("{} is {}, it is not checked", all.names[i], name(inputs[i].dtype())));
  }
  for (const auto& [path, parameter] : module.named_parameters()) {
    if (!parameter.requires_grad()) continue;
    if (parameter.dtype() != float64)
      raise<DtypeError>(
          "[{}] parameter {} is {}, it must be float64, as finite differences in less precision prove nothing: call "
          "module.to(float64).",
          op, path, name(parameter.dtype()));
    arguments.push_back(parameter);
    all.names.push_back("parameter " + path);
  }
  SameBuffers buffers(module);
  const auto evaluate = [&](const std::vector<Tensor>& all_arguments) {
    buffers.again();
    return f({all_arguments.begin(), all_arguments.begin() + static_cast<std::ptrdiff_t>(inputs.size())});
  };
  GradcheckResult result = check(evaluate, arguments, all);
  result.notes.insert(result.notes.begin(), notes.begin(), notes.end());
  return result;
}

TensorsFunction call_of(Module& module) {
  return [&module](const std::vector<Tensor>& inputs) { return module(inputs[0]); };
}

}  // namespace

GradcheckResult gradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options) {
  return checked("gradcheck", &xg::gradcheck, module, f, inputs, options);
}
GradcheckResult gradcheck(Module& module, const Tensor& x, const GradcheckOptions& options) {
  return gradcheck(module, call_of(module), {x}, options);
}
GradcheckResult gradgradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                              const GradcheckOptions& options) {
  return checked("gradgradcheck", &xg::gradgradcheck, module, f, inputs, options);
}
GradcheckResult gradgradcheck(Module& module, const Tensor& x, const GradcheckOptions& options) {
  return gradgradcheck(module, call_of(module), {x}, options);
}

}  // namespace xg::nn
