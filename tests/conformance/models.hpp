// Models from the JSON: layers by PyTorch's names, arguments and keywords.
#pragma once

#include "conformance/case.hpp"

#include <xgrad/nn/sequential.hpp>

namespace xg_conformance {

/// A layer, in a Sequential of its own. Throws Unknown for a module or option that is not there.
xg::nn::Sequential layer_of(const std::string& module, const Json& args, const Json& kwargs);
/// The layers of a case's "model" with its "state", in eval mode and in the dtype of the state.
xg::nn::Sequential model_of(const Json& test_case, const Tensors& tensors);

}  // namespace xg_conformance
