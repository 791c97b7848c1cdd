// The types of functions that are differentiated.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <vector>

namespace xg {

using TensorFunction = std::function<Tensor(const Tensor&)>;                ///< a function of one tensor
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;  ///< a function of several tensors

}  // namespace xg
