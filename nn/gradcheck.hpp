// Checks a module's derivatives against finite differences.
#pragma once

#include <xgrad/autograd/functional.hpp>
#include <xgrad/nn/module.hpp>

#include <vector>

namespace xg::nn {

/// gradcheck of module(x) with respect to x and every parameter that requires grad; frozen ones are constants, tied
/// ones are checked once. The module keeps its mode. Buffers (running statistics) and the default generator's random
/// numbers (dropout) are the same in every evaluation, and are restored afterwards. A note lists what is not checked
/// because it is not floating or no output depends on it. Throws DtypeError unless x and those parameters are float64
/// (use module.to(float64)), and what xg::gradcheck throws.
XG_API GradcheckResult gradcheck(Module& module, const Tensor& x, const GradcheckOptions& options = {});
/// gradcheck of f(inputs), any function of the module: of several inputs, say, or its loss. All floating inputs are
/// checked. Throws as above.
XG_API GradcheckResult gradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {});
/// gradcheck of the gradient: checks second derivatives. Throws as above.
XG_API GradcheckResult gradgradcheck(Module& module, const Tensor& x, const GradcheckOptions& options = {});
/// gradgradcheck of f(inputs), any function of the module. Throws as above.
XG_API GradcheckResult gradgradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {});

}  // namespace xg::nn
