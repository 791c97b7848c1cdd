// Verbs of differentiation for plain functions of one tensor: jacobian, hessian, products with either, and checks.
#pragma once

#include <xgrad/autograd/engine.hpp>

namespace xg {

using TensorFunction = std::function<Tensor(const Tensor&)>;
using TensorsFunction = std::function<Tensor(const std::vector<Tensor>&)>;

struct JacobianOptions {
  bool create_graph = false;  ///< record, so that the result can be differentiated
};

/// df_i/dx_j, of shape [f.shape..., x.shape...].
XG_API Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// d2f/dx_i dx_j of a function with one value, of shape [x.shape..., x.shape...]. Throws ShapeError for more values.
XG_API Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// v^T J, of x's shape; v has f's shape.
XG_API Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// J v, of f's shape; v has x's shape (two reverse sweeps).
XG_API Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// H v of a function with one value; v has x's shape.
XG_API Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});

struct GradcheckOptions {
  double eps = 1e-6;   ///< step of the central difference
  double rtol = 1e-3;
  double atol = 1e-5;
};

/// What a check found: true where derivative and difference agree, else where they differ most.
struct XG_API GradcheckResult {
  bool passed = true;
  std::string message;  ///< worst element: input, index, analytical, numerical
  explicit operator bool() const { return passed; }
};

/// Compares the reverse-mode Jacobian with central differences, all inputs (that ask for gradients) and outputs.
/// Throws DtypeError unless inputs are float64: differences in float32 prove nothing.
XG_API GradcheckResult gradcheck(const TensorFunction& f, const Tensor& x, GradcheckOptions options = {});
XG_API GradcheckResult gradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs, GradcheckOptions options = {});
/// The same one order higher: gradcheck of the gradient.
XG_API GradcheckResult gradgradcheck(const TensorFunction& f, const Tensor& x, GradcheckOptions options = {});
XG_API GradcheckResult gradgradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                                     GradcheckOptions options = {});

}  // namespace xg
