// How a contribution at an op's output is shared among its inputs, given the op's values at an explained row x and at a
// reference r. A multiplier m of a tensor gives its contribution m (x - r); a rule is complete when the contributions
// of the inputs sum to that of the output: sum_i m_i (x_i - r_i) = m (y_x - y_r).
//
// Shapes: with P pairs of rows and references and K explained outputs, values are [P, ...] (or the shape of a constant
// that has no rows), multipliers [K, P, ...]. Right-aligned broadcasting joins the two.
//
// Sources: Shrikumar et al. 2017 (DeepLIFT, arXiv:1704.02685); Lundberg & Lee 2017 (arXiv:1705.07874).
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace xg::autograd {

/// The kinds of rules. Products are exact at the midpoint of x and r, because a bilinear form's difference is its
/// derivative there times the change.
enum class Rule {
  linear,       ///< the vector-Jacobian product
  bilinear,     ///< the vector-Jacobian product at (x + r) / 2
  secant,       ///< elementwise of one tensor: m (g(x) - g(r)) / (x - r)
  two_player,   ///< elementwise of two tensors: the Shapley value of the two, see `two_player_shapley`
  quadrature,   ///< the vector-Jacobian product, averaged over the path from r to x of this op alone
  custom,       ///< the op's own `attribute`
  constant,     ///< the result does not depend on the values of the inputs
  unsupported,  ///< no rule is possible: a named error
};

/// How an op makes probabilities of scores.
enum class ScoreMap : std::uint8_t {
  none,         ///< it does not
  sigmoid,      ///< each by itself
  softmax,      ///< all scores of a row together
  log_softmax,  ///< the same, and then their logarithms
};

/// Facts about an op that do not depend on values. An op, ours or a user's Function, states those that hold as `static
/// constexpr` members of these names.
struct OpTraits {
  bool keeps_elements = false;    ///< the elements of its input, in order, under another shape: reshape
  bool random = false;            ///< other results each time
  bool batch_statistics = false;  ///< standardizes by what the rows of a batch have in common, as in training mode
  bool mixes_rows = false;        ///< of a Function: does row i of the result depend on other rows of an input?
  bool jumps = false;             ///< the result jumps where an argument changes by ever so little
  bool elementwise = false;       ///< element i of the result is a function of element i of each (broadcast) input
  bool has_derivative = true;     ///< has it a backward? Without one its slopes are 0
  ScoreMap score_map = ScoreMap::none;  ///< how it makes probabilities of scores
};

/// The traits that `Op` states.
template <class Op> constexpr OpTraits traits_of() {
  OpTraits t;
  if constexpr (requires { Op::keeps_elements; }) t.keeps_elements = Op::keeps_elements;
  if constexpr (requires { Op::random; }) t.random = Op::random;
  if constexpr (requires { Op::batch_statistics; }) t.batch_statistics = Op::batch_statistics;
  if constexpr (requires { requires std::is_same_v<decltype(Op::mixes_rows), const bool>; })
    t.mixes_rows = Op::mixes_rows;
  if constexpr (requires { Op::jumps; }) t.jumps = Op::jumps;
  if constexpr (requires { Op::elementwise; }) t.elementwise = Op::elementwise;
  if constexpr (requires { Op::score_map; }) t.score_map = Op::score_map;
  return t;
}

/// rows -> rows weight^T + bias. Without a weight: no such map.
struct LinearMap {
  Tensor weight;  ///< [out, in], of any strides
  Tensor bias;    ///< [out], or undefined
};

struct PairContext;

/// [front, shape from dimension `skip` on]
XG_API Shape with_front(std::int64_t front, const Shape& shape, std::size_t skip = 0);

/// The floating dtype in which differences of numbers of `dtype` are taken: itself, or one that holds them.
XG_API Dtype real_dtype(Dtype dtype);

/// A change of up to this times the largest number that was added may be rounding: 8 eps of a floating dtype.
XG_API double rounding_unit(Dtype dtype);

/// What is needed to tell a change of an op's result from rounding.
struct XG_API RoundingContext {
  double unit = 0;             ///< rounding_unit of the dtype of the result
  std::vector<Tensor> inputs;  ///< the values
  std::vector<Tensor>
      errors;     ///< changes of the inputs that may be rounding, in their shapes; undefined for exact ones
  Tensor output;  ///< the result, broadcast over which elementwise ops take their inputs

  /// The rounding of a sum in which |input i| is a term: max(error, unit |x|).
  Tensor of_term(std::size_t i) const;
};

/// An op with its attributes, as it was applied: what a sweep needs to know of it.
struct XG_API AppliedOp {
  virtual ~AppliedOp();
  virtual const char* name() const = 0;        ///< "mul"
  virtual Rule rule() const = 0;               ///< how contributions pass through it
  virtual const OpTraits& traits() const = 0;  ///< what holds of it whatever the values are
  /// Does row i of the result depend on other rows of an input with `ndim` dimensions? (Shapes that change tell by
  /// themselves; this is for ops that keep them, such as a cumulative sum over dimension 0.)
  virtual bool mixes_rows(std::int64_t ndim) const = 0;
  virtual std::vector<Tensor> forward(std::span<const Tensor> inputs) const = 0;  ///< its results for these inputs
  /// Does the vector-Jacobian product read input or output i when the inputs in `needed` want it?
  virtual bool reads_input(std::size_t i, const bool* needed) const = 0;
  virtual bool reads_output(std::size_t i) const = 0;  ///< of result i
  /// The vector-Jacobian product: the gradients of the inputs that `needed`, an array with one entry for each, wants,
  /// from those of the results.
  virtual void vjp(std::span<const Tensor> inputs, std::span<const Tensor> outputs, std::span<const Shape> input_shapes,
                   std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const = 0;
  /// (g(x) - g(r)) / (x - r) without cancellation; undefined where the op has no formula of its own.
  virtual Tensor secant(const Tensor& x, const Tensor& r) const = 0;
  /// For Rule::custom: the multipliers of the inputs.
  virtual std::vector<Tensor> attribute(const PairContext& pairs) const = 0;
  /// For Rule::two_player: the secant in argument i between x and r where the other argument is `other`, without
  /// cancellation; undefined where the op has no formula of its own.
  virtual Tensor partial_secant(std::size_t i, const Tensor& x, const Tensor& r, const Tensor& other) const;
  /// What the op does to the rows of input `varying`, a matrix, while the other inputs stay: where that is a linear
  /// map.
  virtual LinearMap linear_map(std::span<const Tensor> inputs, std::size_t varying) const;
  /// What `rounding_of` cannot tell from the rule: the rounding of a sum from that of its largest term, for example.
  virtual Tensor rounding(const RoundingContext& context) const;
};

/// A bound on what rounding may have changed in each result of an op, elementwise: 8 eps of the largest number that was
/// added to make it, or that it is itself. An undefined one means none: elements that were only moved, integers and
/// bools.
XG_API std::vector<Tensor> rounding_of(const AppliedOp& op, const RoundingContext& context,
                                       std::span<const Tensor> outputs);

/// The values of one op at P pairs, and the multipliers that arrived at its outputs.
struct XG_API PairContext {
  std::int64_t outputs_explained = 1;  ///< K
  std::int64_t pairs = 0;              ///< P; 0 where values are whole tensors without a common row dimension
  std::vector<Tensor> x;               ///< inputs at the rows
  std::vector<Tensor> r;               ///< inputs at the references
  std::vector<Tensor> x_out;           ///< results at the rows
  std::vector<Tensor> r_out;           ///< results at the references
  std::vector<Tensor> multipliers;     ///< of the results, [K, ...]; undefined is zero
  std::vector<bool> varies;            ///< does input i depend on the features?
  std::vector<bool> has_rows;          ///< does input i have the row dimension?
  /// For ops that jump: changes of input i up to this, in its shape, may be rounding. Undefined for exact inputs.
  std::vector<Tensor> rounding;
  /// Which elements of input i were NaN or infinite before they were replaced; undefined where none was. May be empty.
  std::vector<Tensor> no_number;

  /// Sums a multiplier over what was broadcast, so that it has the shape [K, shape of input i].
  Tensor unbroadcast(const Tensor& multiplier, std::size_t i) const;
  Tensor mean(std::size_t i) const;   ///< (x_i + r_i) / 2
  Tensor delta(std::size_t i) const;  ///< x_i - r_i
  /// Is |change| no more than the rounding of input i may be? False everywhere for an exact input.
  Tensor is_rounding(const Tensor& change, std::size_t i) const;
};

// Note [What is not passed on]
// Every rule passes on all that arrives, with two exceptions, which are accounted for pair by pair. A jump over a
// change that may be rounding would give multipliers of 1 / eps, large contributions of both signs that mean nothing:
// it passes nothing on. And a quadrature is only as exact as its nodes. base + contributions + what was not passed on
// is the prediction, so that an explainer can state the loss and still tell it from a wrong rule.

/// max over k of a[.., i, k] b[j, k], for numbers that are not negative: the largest terms of the sums that a product
/// adds.
Tensor largest_products(const Tensor& a, const Tensor& b);

/// What an op did not pass on, sum over results of m (y_x - y_r) minus sum over inputs of m_i (x_i - r_i):
/// [K, pairs] (one group where pairs is 0) in float64. Undefined is zero.
struct AttributionLoss {
  Tensor jumps;       ///< of jumps over changes of rounding's size
  Tensor quadrature;  ///< of integrals
};

/// Sum of the contributions of the results minus that of the inputs' `shares`, as in AttributionLoss.
XG_API Tensor missing_contribution(const PairContext& pairs, std::span<const Tensor> shares);

/// Multipliers of the inputs (undefined for those that do not vary), [K, ...]. An element that does not change gets the
/// limit of its slope (0 where that is infinite). `loss`, if given, becomes what was not passed on. Throws
/// AutogradError for an op without a rule, naming it.
XG_API std::vector<Tensor> attribute(const AppliedOp& op, const PairContext& pairs, AttributionLoss* loss);

/// s(x, r) of any differentiable elementwise function: the difference quotient, or the mean of the derivative between x
/// and r (Simpson's rule) wherever the two agree within the quotient's rounding. So the derivative decides where the
/// quotient has lost its digits, and the quotient where the function does what three derivatives do not see: jumps,
/// poles, roots, fast oscillation.
Tensor generic_secant(const AppliedOp& op, const Tensor& x, const Tensor& r);

/// (g(x) - g(r)) / (x - r) from the function's values where x and r differ, else `slope`: for functions that jump.
Tensor difference_secant(const Tensor& at_x, const Tensor& at_r, const Tensor& x, const Tensor& r, const Tensor& slope);

namespace detail {
template <class Op> class AppliedOpOf;
}

}  // namespace xg::autograd
