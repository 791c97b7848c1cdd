// Tensors by name, as modules, optimizers and files hold them.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <map>
#include <string>

namespace xg {

/// Tensors by name, in alphabetical order.
using StateDict = std::map<std::string, Tensor>;

}  // namespace xg
