#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/io.hpp>

#include <filesystem>

namespace xg::optim {

void Optimizer::save(const std::filesystem::path& path) const { save_safetensors(path.string(), state_dict()); }

void Optimizer::load(const std::filesystem::path& path) { load_state_dict(load_safetensors(path.string()).tensors); }

}  // namespace xg::optim
