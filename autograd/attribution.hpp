// How a contribution at an op's output is shared among its inputs, given the op's values at an explained row x and at a
// reference r. A multiplier m of a tensor gives its contribution m (x - r); a rule is complete when the contributions of
// the inputs sum to that of the output: sum_i m_i (x_i - r_i) = m (y_x - y_r).
//
// Shapes: with P pairs of rows and references and K explained outputs, values are [P, ...] (or the shape of a constant
// that has no rows), multipliers [K, P, ...]. Right-aligned broadcasting joins the two.
//
// Sources: Shrikumar et al. 2017 (DeepLIFT, arXiv:1704.02685); Lundberg & Lee 2017 (arXiv:1705.07874).
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace xg::autograd {

/// The kinds of rules. Products are exact at the midpoint of x and r, because a bilinear form's difference is its
/// derivative there times the change.
enum class Rule {
  linear,       ///< the vector-Jacobian product
  bilinear,     ///< the vector-Jacobian product at (x + r) / 2
  secant,       ///< elementwise of one tensor: m (g(x) - g(r)) / (x - r)
  quadrature,   ///< the vector-Jacobian product, averaged over the path from r to x of this op alone
  custom,       ///< the op's own `attribute`
  constant,     ///< the result does not depend on the values of the inputs
  unsupported,  ///< no rule is possible: a named error
};

class PairContext;

/// An op with its attributes, as it was applied: what a sweep needs to know of it.
class XG_API AppliedOp {
 public:
  virtual ~AppliedOp();
  virtual const char* name() const = 0;
  virtual Rule rule() const = 0;
  /// Does row i of the result depend on other rows of an input with `ndim` dimensions? (Shapes that change tell by
  /// themselves; this is for ops that keep them, such as a cumulative sum over dimension 0.)
  virtual bool mixes_rows(std::int64_t ndim) const = 0;
  virtual std::vector<Tensor> forward(std::span<const Tensor> inputs) const = 0;
  /// Does the vector-Jacobian product read input or output i when the inputs in `needed` want it?
  virtual bool reads_input(std::size_t i, const bool* needed) const = 0;
  virtual bool reads_output(std::size_t i) const = 0;
  virtual void vjp(std::span<const Tensor> inputs, std::span<const Tensor> outputs, std::span<const Shape> input_shapes,
                   std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const = 0;
  /// (g(x) - g(r)) / (x - r) without cancellation; undefined where the op has no formula of its own.
  virtual Tensor secant(const Tensor& x, const Tensor& r) const = 0;
  virtual std::vector<Tensor> attribute(const PairContext& pairs) const = 0;
};

/// The values of one op at P pairs, and the multipliers that arrived at its outputs.
class XG_API PairContext {
 public:
  std::int64_t outputs_explained = 1;  ///< K
  std::int64_t pairs = 0;              ///< P; 0 where values are whole tensors without a common row dimension
  std::vector<Tensor> x, r;            ///< inputs at the rows and at the references
  std::vector<Tensor> x_out, r_out;    ///< results
  std::vector<Tensor> multipliers;     ///< of the results, [K, ...]; undefined is zero
  std::vector<bool> varies;            ///< does input i depend on the features?
  std::vector<bool> has_rows;          ///< does input i have the row dimension?

  /// Sums a multiplier over what broadcasting spread, so that it has the shape [K, shape of input i].
  Tensor unbroadcast(const Tensor& multiplier, std::size_t i) const;
  Tensor mean(std::size_t i) const;   ///< (x_i + r_i) / 2
  Tensor delta(std::size_t i) const;  ///< x_i - r_i
};

/// Multipliers of the inputs (undefined for those that do not vary), [K, ...]. Where the rule is a quadrature, `residual`
/// grows by the largest |sum of contributions - contribution of the result| over pairs and outputs. Throws
/// AutogradError for an op without a rule, naming it.
XG_API std::vector<Tensor> attribute(const AppliedOp& op, const PairContext& pairs, double* residual);

/// s(x, r) of any differentiable elementwise function: the difference quotient, and g' at the midpoint where x and r
/// nearly agree (relative error eps^(2/3), so that sums of contributions stay complete to rounding).
Tensor generic_secant(const AppliedOp& op, const Tensor& x, const Tensor& r);

namespace detail {
template <class Op>
class AppliedOpOf;
}

}  // namespace xg::autograd
