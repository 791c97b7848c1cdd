#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/io.hpp>

#include <filesystem>

namespace xg::nn {

void Module::save(const std::filesystem::path& path) const { save_safetensors(path.string(), state_dict()); }

LoadReport Module::load(const std::filesystem::path& path, LoadStateOptions options) {
  return load_state_dict(load_safetensors(path.string()).tensors, options);
}

}  // namespace xg::nn
