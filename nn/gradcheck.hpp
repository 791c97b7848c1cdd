// Checks of a module's derivatives against finite differences.
#pragma once

#include <xgrad/autograd/functional.hpp>
#include <xgrad/nn/module.hpp>

#include <vector>

namespace xg::nn {

/// gradcheck of module(x) with respect to x and every parameter that asks for gradients; frozen ones are constants,
/// tied ones are checked once. The module keeps its mode. Buffers (running statistics) and the default generator's
/// random numbers (dropout) are the same in every evaluation, and afterwards what they were. What is not checked,
/// because it is not floating or because no output depends on it, is a note. Throws DtypeError unless x and those
/// parameters are float64: module.to(float64). Throws what xg::gradcheck throws.
XG_API GradcheckResult gradcheck(Module& module, const Tensor& x, const GradcheckOptions& options = {});
/// The same of f(inputs), any function of a module: of several inputs, say, or its loss. All floating inputs are
/// checked.
XG_API GradcheckResult gradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {});
/// The same one order higher: gradcheck of the gradient.
XG_API GradcheckResult gradgradcheck(Module& module, const Tensor& x, const GradcheckOptions& options = {});
/// The same of any function of a module.
XG_API GradcheckResult gradgradcheck(Module& module, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {});

}  // namespace xg::nn
