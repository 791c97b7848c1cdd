// Derivatives of functions that keep rows apart: row i of f(x) depends on row i of x alone, as of a network that is
// applied to a batch. All rows are then differentiated at once. That f keeps rows apart is checked as it runs, op by
// op; an op that mixes rows is an error that names it.
#pragma once

#include <xgrad/autograd/functional.hpp>

#include <vector>

namespace xg {

/// The Jacobian of each row: [rows, f's row shape..., x's row shape...] for x [rows, ...] and f(x) [rows, ...]. By one
/// reverse sweep for each number in a row of f, or in forward mode by one tangent for each number in a row of x,
/// whichever are fewer. Throws ShapeError for a 0-d x, or a value without one row for each row of x; AutogradError
/// where an op mixes rows; DtypeError unless x is floating-point.
XG_API Tensor batch_jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});
/// The Hessian of each row: [rows, x's row shape..., x's row shape...] for an f with one number for each row, f(x)
/// [rows] or [rows, 1]. Forward mode over one sweep. Throws as batch_jacobian, and ShapeError for more numbers.
XG_API Tensor batch_hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options = {});

/// Options of laplacian() and forward_laplacian().
struct LaplacianOptions {
  std::vector<std::int64_t> dims = {};  ///< the columns of x that are summed over; all of them if empty
  bool create_graph = false;            ///< record the computation, so that the results can be differentiated
};

/// sum_d d2f_k / dx_d^2 for each row, of f's shape, for x [rows, columns]. Throws ShapeError unless x is a matrix,
/// IndexError for a column that does not exist, ValueError for one that is named twice, and as batch_jacobian.
XG_API Tensor laplacian(const TensorFunction& f, const Tensor& x, LaplacianOptions options = {});

/// What one pass carries along.
struct ForwardLaplacian {
  Tensor value;      ///< f(x): [rows, ...]
  Tensor jacobian;   ///< df_k / dx_d for every column d of x: [rows, ..., columns]
  Tensor laplacian;  ///< sum of d2f_k / dx_d^2 over the columns `dims`: [rows, ...]
};
/// f(x), its Jacobian and its Laplacian by one pass in forward mode, for x [rows, columns]: each op maps (y, dy, Delta
/// y) by the chain rule Delta g(y) = g' Delta y + sum_d g''[dy_d, dy_d]. With `create_graph` the results can be
/// differentiated once more, as the residual of a physics-informed network is. Throws as laplacian(). Li et al. 2024,
/// "A computational framework for neural network-based variational Monte Carlo with Forward Laplacian",
/// arXiv:2307.08214.
XG_API ForwardLaplacian forward_laplacian(const TensorFunction& f, const Tensor& x, LaplacianOptions options = {});

}  // namespace xg
