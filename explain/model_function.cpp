#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

namespace xg::explain {

ModelFunction::ModelFunction(nn::Module& model) : module_(&model) {}

Tensor ModelFunction::operator()(const Tensor& rows) const {
  return module_ != nullptr ? (*module_)(rows) : function_(rows);
}

void ModelFunction::check_eval(const char* method) const {
  if (module_ == nullptr) return;
  for (const auto& [path, module] : module_->named_modules())
    if (module->depends_on_mode() && module->is_training())
      raise<Error>("[{}] the model is in training mode and has the layer {}{}: call model.eval() first.", method,
                   module->label(), path.empty() ? "" : fmt::format(" at '{}'", path));
}

}  // namespace xg::explain
