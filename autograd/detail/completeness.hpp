// Whether the shares of attribution rules add up: a call traced at two points, op by op. The tests use it too.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/tensor_functions.hpp>
#include <xgrad/autograd/trace.hpp>

#include <cstddef>
#include <vector>

namespace xg::autograd::detail {

/// A call traced at x and at r, and which of its values vary with the floating-point inputs.
struct XG_API TracedPair {
  Trace at_x, at_r;
  std::vector<bool> varies;  ///< by value number

  TracedPair(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& r);
};

/// Uneven numbers between 0.5 and 2.5 of a shape, the same every time.
XG_API Tensor uneven_numbers(const Shape& shape, Dtype dtype, double phase = 0.6);
/// The same elements in reverse order: another point of an op's domain.
XG_API std::vector<Tensor> reversed_elements(const std::vector<Tensor>& inputs);

/// The values of op `number` of the traces, as one pair without rows, with uneven multipliers for one output.
XG_API PairContext context_of(const TracedPair& pair, std::size_t number);
/// Uneven multipliers of the results for `explained` outputs.
XG_API void set_multipliers(PairContext& context, std::int64_t explained);

/// What the shares of an op miss of the contribution of its results, at worst.
struct Completeness {
  double missing = 0;  ///< |sum_i m_i (x_i - r_i) - m (y_x - y_r)|
  double allowed = 0;  ///< rounding, and the error of a quadrature that the rule reports
  bool shapes_agree = true;
  bool complete() const { return shapes_agree && missing <= allowed; }
};
XG_API Completeness completeness(const AppliedOp& op, const PairContext& context);

}  // namespace xg::autograd::detail
