// Derivatives of functions of tensors: gradients, Jacobians, Hessians, and their products with vectors. Each takes a
// function of one tensor or of a list of tensors; nn::functional_call makes a module a function of its parameters.
//
// Names are those of torch.func and torch.autograd.functional. The functions nest: the derivative of a function that
// computes derivatives itself is right in both modes, since tangents of forward mode pass through sweeps and through
// the ops of other levels (Siskind & Pearlmutter 2008, "Nesting forward-mode AD in a functional framework").
#pragma once

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/gradcheck.hpp>
#include <xgrad/autograd/tensor_functions.hpp>

#include <vector>

namespace xg {

/// Options of the functions below.
struct JacobianOptions {
  bool create_graph = false;  ///< record the computation, so that the result can be differentiated
};

/// A value and its gradient.
struct ValueAndGrad {
  Tensor value;     ///< f(x), with one element
  Tensor gradient;  ///< df / dx, of x's shape
};
/// A value and its gradients.
struct ValueAndGrads {
  Tensor value;                   ///< f(x), with one element
  std::vector<Tensor> gradients;  ///< df / dx_i, each of the shape of x_i
};
/// f(x) and df / dx by one sweep, for an f with one element. The gradient is 0 where f does not depend on x. Throws
/// ShapeError where f has more elements, DtypeError unless x is floating-point.
XG_API ValueAndGrad value_and_grad(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// Overload for several tensors.
XG_API ValueAndGrads value_and_grad(const TensorsFunction& f, const std::vector<Tensor>& x,
                                    JacobianOptions options = {});

/// J_ij = df_i/dx_j: [f.shape..., x.shape...]. By one reverse sweep for each element of f, or in forward mode by one
/// tangent for each element of x, whichever are fewer. It is 0 where f(x) does not depend on x. Throws DtypeError
/// unless x is floating-point, ShapeError for more than 8 dimensions in all.
XG_API Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// The Jacobian with respect to each tensor of a list.
XG_API std::vector<Tensor> jacobian(const TensorsFunction& f, const std::vector<Tensor>& x,
                                    JacobianOptions options = {});
/// H_ij = d2f/dx_i dx_j: [x.shape..., x.shape...], for an f with one element: the Jacobian of the gradient. Throws
/// ShapeError where f has more elements, DtypeError unless x is floating-point.
XG_API Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// The blocks d2f/dx_i dx_j of a list: [i][j], each [x_i.shape..., x_j.shape...].
XG_API std::vector<std::vector<Tensor>> hessian(const TensorsFunction& f, const std::vector<Tensor>& x,
                                                JacobianOptions options = {});

/// v^T J, of x's shape, by one sweep. Throws ShapeError unless v has f's shape, DtypeError unless x is floating-point.
XG_API Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// v^T J for each tensor of a list.
XG_API std::vector<Tensor> vjp(const TensorsFunction& f, const std::vector<Tensor>& x, const Tensor& v,
                               JacobianOptions options = {});

/// A value and its derivative in one direction.
struct JvpResult {
  Tensor value;    ///< f(x)
  Tensor tangent;  ///< J v, of the value's shape
};
/// f(x) and J v, by forward mode: one pass that carries the tangent along with each value. It does not depend on
/// NoGrad; detach() ends tangents, as in PyTorch. Throws ShapeError unless v has x's shape, DtypeError unless x is
/// floating-point.
XG_API JvpResult jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// f(x) and sum_i J_i v_i. Throws ValueError unless there are as many directions as tensors.
XG_API JvpResult jvp(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                     JacobianOptions options = {});

/// H v, of x's shape, for an f with one element: one reverse sweep over forward mode, of the tangent <gradient, v>.
/// Throws ShapeError unless v has x's shape and f one element, DtypeError unless x is floating-point. Pearlmutter 1994,
/// "Fast exact multiplication by the Hessian".
XG_API Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options = {});
/// sum_j H_ij v_j for each tensor i of a list. Throws ValueError unless there are as many directions as tensors.
XG_API std::vector<Tensor> hvp(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                               JacobianOptions options = {});

/// G v for the generalized Gauss-Newton matrix G = J^T H_L J of loss(f(x)), where J is the Jacobian of f and H_L the
/// Hessian of the loss with respect to f(x): forward mode, then a product with H_L, then one sweep.
/// Throws ShapeError unless v has x's shape and the loss one element. Schraudolph 2002, "Fast curvature matrix-vector
/// products for second-order gradient descent".
XG_API Tensor ggn_vp(const TensorFunction& f, const TensorFunction& loss, const Tensor& x, const Tensor& v);
/// Overload for several tensors, such as a module's parameters.
XG_API std::vector<Tensor> ggn_vp(const TensorsFunction& f, const TensorFunction& loss, const std::vector<Tensor>& x,
                                  const std::vector<Tensor>& v);

}  // namespace xg
