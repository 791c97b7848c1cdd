// Verbs of differentiation for plain functions of one tensor: jacobian, hessian, products with either, and checks.
#pragma once

#include <xgrad/autograd/engine.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xg {

using TensorFunction = std::function<Tensor(const Tensor&)>;                ///< of one tensor
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;  ///< of several tensors

/// Options of jacobian(), hessian() and the products.
struct JacobianOptions {
  bool create_graph = false;  ///< record, so that the result can be differentiated
};

/// df_i/dx_j, of shape [f.shape..., x.shape...].
XG_API Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// d2f/dx_i dx_j of a function with one value, of shape [x.shape..., x.shape...]. Throws ShapeError for more values.
XG_API Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// v^T J, of x's shape. Throws ShapeError unless v has f's shape.
XG_API Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// J v, of f's shape, by two reverse sweeps. Throws ShapeError unless v has x's shape.
XG_API Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// H v of a function with one value. Throws ShapeError unless v has x's shape, and for more values.
XG_API Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});

/// Options of gradcheck() and gradgradcheck().
struct GradcheckOptions {
  double eps = 1e-6;                    ///< step of the central difference
  double rtol = 1e-3;                   ///< relative difference that is tolerated
  double atol = 1e-5;                   ///< absolute difference that is tolerated beside it
  bool allow_unused = false;            ///< an input that no output depends on is a note, not an error
  std::vector<std::string> names = {};  ///< what messages call the inputs; "input 0" and so on where there is none
};

/// What a check found: true where derivative and difference agree, else where they differ most.
struct XG_API GradcheckResult {
  bool passed = true;                                ///< do all agree?
  std::string message;                               ///< worst element: input, index, analytical, numerical
  std::vector<std::string> notes;                    ///< what was not checked, or has no effect
  explicit operator bool() const { return passed; }  ///< passed
};

/// Compares the reverse-mode Jacobian of f with central differences, for all outputs and all inputs that ask for
/// gradients. The given tensors themselves are moved, element by element, and put back, also where f throws: what f
/// captured (a module's parameters, say) is checked when it is among the inputs. Every evaluation gets the same random
/// numbers from the default generator, which is then where it was before.
/// Throws DtypeError unless those inputs are float64 (differences in float32 prove nothing), ValueError where elements
/// of one input, or two inputs, share memory, and AutogradError where no input asks for gradients, or no output depends
/// on one that does.
XG_API GradcheckResult gradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options = {});
/// The same for several inputs.
XG_API GradcheckResult gradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                 const GradcheckOptions& options = {});
/// The same one order higher: gradcheck of the gradient.
XG_API GradcheckResult gradgradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options = {});
/// The same for several inputs.
XG_API GradcheckResult gradgradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                     const GradcheckOptions& options = {});

}  // namespace xg
