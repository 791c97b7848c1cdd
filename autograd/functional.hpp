// Derivatives of functions of tensors: Jacobians, Hessians, their products with vectors, and checks against
// differences.
#pragma once

#include <xgrad/autograd/engine.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xg {

using TensorFunction = std::function<Tensor(const Tensor&)>;                ///< a function of one tensor
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;  ///< a function of several tensors

/// Options of jacobian(), hessian() and the products.
struct JacobianOptions {
  bool create_graph = false;  ///< record the computation, so that the result can be differentiated
};

/// J_ij = df_i/dx_j: [f.shape..., x.shape...], by one reverse sweep for each element of f. It is 0 where f(x) does not
/// depend on x. Throws DtypeError unless x is floating-point, ShapeError for more than 8 dimensions in all.
XG_API Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// H_ij = d2f/dx_i dx_j: [x.shape..., x.shape...], for an f with one element, by one sweep plus one for each element of
/// x. Throws ShapeError where f has more elements, DtypeError unless x is floating-point.
XG_API Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// v^T J, of x's shape, by one sweep. Throws ShapeError unless v has f's shape, DtypeError unless x is floating-point.
XG_API Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// J v, of f's shape, by two reverse sweeps. Throws ShapeError unless v has x's shape, DtypeError unless x is
/// floating-point.
XG_API Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// H v, of x's shape, for an f with one element, by two sweeps. Throws ShapeError unless v has x's shape and f one
/// element, DtypeError unless x is floating-point.
XG_API Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});

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
