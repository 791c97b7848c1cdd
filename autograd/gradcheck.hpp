// Checks of derivatives against differences.
#pragma once

#include <xgrad/autograd/tensor_functions.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <string>
#include <vector>

namespace xg {

/// Options of gradcheck() and gradgradcheck().
struct GradcheckOptions {
  double eps = 1e-6;                    ///< step of the central difference
  double rtol = 1e-3;                   ///< relative tolerance
  double atol = 1e-5;                   ///< absolute tolerance, added to the relative one
  bool allow_unused = false;            ///< an unused input is a note, not an error
  std::vector<std::string> names = {};  ///< names of the inputs in messages; "input 0" and so on by default
};

/// The result of a check, which converts to whether derivatives and differences agree.
struct XG_API GradcheckResult {
  bool passed = true;                                ///< whether all agree
  std::string message;                               ///< the worst element: input, index, analytical, numerical
  std::vector<std::string> notes;                    ///< inputs that were not checked, or have no effect
  explicit operator bool() const { return passed; }  ///< passed
};

/// Compares the reverse-mode Jacobian of f with central differences, for all outputs and all inputs that require grad.
/// The given tensors themselves are changed, element by element, and restored, even if f throws, so tensors captured by
/// f (a module's parameters) are checked if they are among the inputs. The default generator is reset before every
/// evaluation and after the check. Throws DtypeError unless those inputs are float64 (differences in float32 prove
/// nothing), ValueError where elements of one input, or two inputs, share memory, and AutogradError where no input
/// requires grad, or no output depends on one that does.
XG_API GradcheckResult gradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options = {});
/// Overload for several inputs.
XG_API GradcheckResult gradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {});
/// gradcheck() of the gradient: checks second derivatives. Throws as gradcheck().
XG_API GradcheckResult gradgradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options = {});
/// Overload for several inputs.
XG_API GradcheckResult gradgradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {});

}  // namespace xg
