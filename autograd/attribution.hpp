// Attribution rules: the division of a contribution at an op's output among its inputs, given the op's values at an
// explained row x and at a reference r. A multiplier m of a tensor gives its contribution m (x - r); a rule is complete
// when the contributions of the inputs sum to that of the output: sum_i m_i (x_i - r_i) = m (y_x - y_r).
//
// Shapes: with P pairs of rows and references and K explained outputs, values are [P, ...] (or, for a constant without
// rows, its own shape), multipliers [K, P, ...]. Right-aligned broadcasting joins the two.
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
  secant,       ///< elementwise ops of one tensor: m (g(x) - g(r)) / (x - r)
  two_player,   ///< elementwise ops of two tensors: the Shapley value of the two, see `two_player_shapley`
  quadrature,   ///< the vector-Jacobian product, averaged over the path from r to x of this op alone
  custom,       ///< the op's own `attribute`
  constant,     ///< the result does not depend on the values of the inputs
  unsupported,  ///< no rule is possible: an AutogradError that names the op
};

/// How an op turns scores into probabilities.
enum class ScoreMap : std::uint8_t {
  none,         ///< not at all
  sigmoid,      ///< each score separately
  softmax,      ///< over all scores of a row
  log_softmax,  ///< softmax, then the logarithm
};

/// Properties of an op that do not depend on values. An op, also a user's Function, declares those that hold as `static
/// constexpr` members of these names.
struct OpTraits {
  bool keeps_elements = false;    ///< whether it keeps the elements of its input, in order, with another shape: reshape
  bool random = false;            ///< whether results differ from call to call
  bool batch_statistics = false;  ///< whether it standardizes by statistics of the batch, as in training mode
  bool mixes_rows = false;        ///< of a Function: whether row i of the result depends on other rows of an input
  bool jumps = false;             ///< whether the result is discontinuous
  bool elementwise = false;    ///< whether element i of the result depends only on element i of each (broadcast) input
  bool ends_graph = false;     ///< whether it cuts off the derivatives of its input, as detach does
  bool has_derivative = true;  ///< whether it has a backward; without one its slopes are 0
  ScoreMap score_map = ScoreMap::none;  ///< how it turns scores into probabilities
};

/// The traits that `Op` declares.
template <class Op> constexpr OpTraits traits_of() {
  OpTraits t;
  if constexpr (requires { Op::keeps_elements; }) t.keeps_elements = Op::keeps_elements;
  if constexpr (requires { Op::random; }) t.random = Op::random;
  if constexpr (requires { Op::batch_statistics; }) t.batch_statistics = Op::batch_statistics;
  if constexpr (requires { requires std::is_same_v<decltype(Op::mixes_rows), const bool>; })
    t.mixes_rows = Op::mixes_rows;
  if constexpr (requires { Op::jumps; }) t.jumps = Op::jumps;
  if constexpr (requires { Op::ends_graph; }) t.ends_graph = Op::ends_graph;
  if constexpr (requires { Op::elementwise; }) t.elementwise = Op::elementwise;
  if constexpr (requires { Op::score_map; }) t.score_map = Op::score_map;
  return t;
}

/// The map rows -> rows weight^T + bias; none if weight is undefined.
struct LinearMap {
  Tensor weight;  ///< [out, in], of any strides
  Tensor bias;    ///< [out], or undefined
};

struct PairContext;

/// How a tangent passes through an op in forward mode. It follows from what the op is.
enum class JvpRule : std::uint8_t {
  none,        ///< not at all: the result has no derivative
  diagonal,    ///< an elementwise op's Jacobian is its own transpose: the vector-Jacobian product of the tangent
  linear,      ///< the op itself, of the tangents
  product,     ///< the product rule; a third argument is added to the product
  transposed,  ///< the vector-Jacobian product is linear in the gradient: its own derivative in direction of the
               ///< tangents
};

/// The shape [front, shape[skip], shape[skip + 1], ...].
XG_API Shape with_front(std::int64_t front, const Shape& shape, std::size_t skip = 0);

/// The floating-point dtype for differences of numbers of `dtype`: itself if floating-point, else one that holds them.
XG_API Dtype real_dtype(Dtype dtype);

/// 8 eps of a floating-point dtype: a change of up to this times the largest term of a sum may be rounding.
XG_API double rounding_unit(Dtype dtype);

/// The information that distinguishes a change of an op's result from rounding.
struct XG_API RoundingContext {
  double unit = 0;             ///< rounding_unit of the dtype of the result
  std::vector<Tensor> inputs;  ///< the values
  std::vector<Tensor>
      errors;     ///< changes of the inputs that may be rounding, in their shapes; undefined for exact ones
  Tensor output;  ///< the result, broadcast over which elementwise ops take their inputs

  /// The rounding of a sum in which |input i| is a term: max(error, unit |x|).
  Tensor of_term(std::size_t i) const;
};

/// An op with its attributes, as it was applied: the interface for attribution sweeps.
struct XG_API AppliedOp {
  virtual ~AppliedOp();
  virtual const char* name() const = 0;  ///< "mul"
  /// The op's type, whatever its attributes: two ops may have one name.
  virtual const std::type_info& type() const { return typeid(*this); }
  virtual Rule rule() const = 0;               ///< its attribution rule
  virtual const OpTraits& traits() const = 0;  ///< its value-independent properties
  /// Whether row i of the result depends on other rows of an input with `ndim` dimensions. (It matters for ops that
  /// keep shapes, such as a cumulative sum over dimension 0.)
  virtual bool mixes_rows(std::int64_t ndim) const = 0;
  virtual std::vector<Tensor> forward(std::span<const Tensor> inputs) const = 0;  ///< its results for these inputs
  /// Whether the vector-Jacobian product for the inputs in `needed` reads input i.
  virtual bool reads_input(std::size_t i, const bool* needed) const = 0;
  virtual bool reads_output(std::size_t i) const = 0;  ///< whether it reads result i
  /// The vector-Jacobian product: the gradients of the inputs i with needed[i], from those of the results.
  virtual void vjp(std::span<const Tensor> inputs, std::span<const Tensor> outputs, std::span<const Shape> input_shapes,
                   std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const = 0;
  /// How forward mode gets tangents of results, see JvpRule.
  virtual JvpRule jvp_rule() const;
  /// The op, without a constant that it may add, applied to other tensors; undefined for an op of several results. Of a
  /// product with a third argument that is added, that one may be missing.
  virtual Tensor linear_applied(std::span<const Tensor> arguments) const;
  /// Derivatives of an elementwise op y = g(x).
  struct Slopes {
    Tensor slope;      ///< g'(x)
    Tensor curvature;  ///< g''(x)
  };
  /// The first derivative of an elementwise op of one tensor, and with `curved` the second, if the op has a formula for
  /// it; both undefined for any other op.
  virtual Slopes slopes(const Tensor& x, const Tensor& y, bool curved) const;
  virtual bool has_third() const;  ///< whether curved_push() has a formula
  /// Streams of tangents and a Laplacian through an elementwise op in one pass, see autograd/detail/curved_push.hpp;
  /// undefined where the op does not give its third derivative. Bit d of `curved` says whether the Laplacian sums over
  /// direction d.
  virtual Tensor curved_push(const Tensor& x, const Tensor& y, const Tensor& streams, std::uint64_t curved) const;
  /// Whether row i along dimension 0 of `result` depends on the rows i alone of the inputs that carry rows, of which
  /// there are `rows`, or several blocks of as many.
  virtual bool keeps_rows(std::span<const Tensor> inputs, const std::vector<bool>& carries, const Tensor& result,
                          std::int64_t rows) const;
  /// The gradients of input i, which has no rows, from each of the `rows` rows of the results: [rows, shape of input
  /// i]. Undefined where the op knows no faster way than row by row.
  virtual Tensor row_vjp(std::size_t i, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                         std::span<const Tensor> grad_outputs, std::int64_t rows) const;
  /// (g(x) - g(r)) / (x - r) without cancellation; undefined if the op has no formula for it.
  virtual Tensor secant(const Tensor& x, const Tensor& r) const = 0;
  /// For Rule::custom: the multipliers of the inputs.
  virtual std::vector<Tensor> attribute(const PairContext& pairs) const = 0;
  /// For Rule::two_player: the secant in argument i between x and r with the other argument fixed at `other`, without
  /// cancellation; undefined if the op has no formula for it.
  virtual Tensor partial_secant(std::size_t i, const Tensor& x, const Tensor& r, const Tensor& other) const;
  /// The op as a linear map of the rows of input `varying`, a matrix, with the other inputs fixed; without a weight if
  /// it is none.
  virtual LinearMap linear_map(std::span<const Tensor> inputs, std::size_t varying) const;
  /// The rounding of result 0 where it does not follow from the rule, for example for sums; undefined to use the
  /// default of rounding_of().
  virtual Tensor rounding(const RoundingContext& context) const;
};

/// A bound on what rounding may have changed in each result of an op, elementwise: 8 eps of the largest term of its
/// sum, or of the result itself. Undefined means no rounding: elements that were only moved, integers and bools.
XG_API std::vector<Tensor> rounding_of(const AppliedOp& op, const RoundingContext& context,
                                       std::span<const Tensor> outputs);

/// The values of one op at P pairs, and the multipliers that arrived at its outputs.
struct XG_API PairContext {
  std::int64_t outputs_explained = 1;  ///< K
  std::int64_t pairs = 0;              ///< P; 0 where values are whole tensors without a common row dimension
  std::vector<Tensor> x;               ///< values of the inputs at the rows
  std::vector<Tensor> r;               ///< values of the inputs at the references
  std::vector<Tensor> x_out;           ///< results at the rows
  std::vector<Tensor> r_out;           ///< results at the references
  std::vector<Tensor> multipliers;     ///< multipliers of the results, [K, ...]; undefined is zero
  std::vector<bool> varies;            ///< whether input i depends on the features
  std::vector<bool> has_rows;          ///< whether input i has the row dimension
  /// For ops that jump: the largest change of input i that may be rounding, in its shape. Undefined for exact inputs.
  std::vector<Tensor> rounding;
  /// A mask of the elements of input i that were NaN or infinite before they were replaced; undefined if there are
  /// none. The list may be empty.
  std::vector<Tensor> no_number;

  /// Sums a multiplier over what was broadcast, so that it has the shape [K, shape of input i].
  Tensor unbroadcast(const Tensor& multiplier, std::size_t i) const;
  Tensor mean(std::size_t i) const;   ///< (x_i + r_i) / 2
  Tensor delta(std::size_t i) const;  ///< x_i - r_i
  /// Whether |change| is at most the rounding of input i; false everywhere for an exact input.
  Tensor is_rounding(const Tensor& change, std::size_t i) const;
};

// Note [What is not passed on]
// Every rule passes the whole contribution on, with two exceptions, which are recorded for each pair. A jump over a
// change that may be rounding would give multipliers of 1 / eps and large meaningless contributions of both signs, so
// it passes nothing on. And a quadrature is only as accurate as its nodes. Base + contributions + losses equals the
// prediction, so an explainer can report a loss and distinguish it from a wrong rule.

/// max over k of a[.., i, k] b[j, k], for nonnegative numbers: the largest terms of the sums in a product.
Tensor largest_products(const Tensor& a, const Tensor& b);

/// The contribution that an op did not pass on, sum over results of m (y_x - y_r) minus sum over inputs of m_i (x_i -
/// r_i): [K, pairs] (one group where pairs is 0) in float64. Undefined is zero.
struct AttributionLoss {
  Tensor jumps;       ///< lost at jumps over changes that may be rounding
  Tensor quadrature;  ///< error of quadratures
};

/// Sum of the contributions of the results minus that of the inputs' `shares`, as in AttributionLoss.
XG_API Tensor missing_contribution(const PairContext& pairs, std::span<const Tensor> shares);

/// Multipliers of the inputs (undefined for those that do not vary), [K, ...]. An element that does not change gets the
/// limit of its slope (0 where that is infinite). `loss`, if not null, receives what was not passed on. Throws
/// AutogradError for an op without a rule, naming it.
XG_API std::vector<Tensor> attribute(const AppliedOp& op, const PairContext& pairs, AttributionLoss* loss);

/// s(x, r) of any differentiable elementwise function: the difference quotient, or the mean of the derivative between x
/// and r (Simpson's rule) wherever the two agree within the quotient's rounding. The derivative is therefore used where
/// the quotient suffers from cancellation, and the quotient where three derivatives miss jumps, poles, roots or fast
/// oscillation.
Tensor generic_secant(const AppliedOp& op, const Tensor& x, const Tensor& r);

/// (g(x) - g(r)) / (x - r) from the function's values where x and r differ, else `slope`: for functions that jump.
Tensor difference_secant(const Tensor& at_x, const Tensor& at_r, const Tensor& x, const Tensor& r, const Tensor& slope);

namespace detail {
template <class Op> class AppliedOpOf;
}

}  // namespace xg::autograd
