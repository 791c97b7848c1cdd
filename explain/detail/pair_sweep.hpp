// The sweep over one block of pairs of a row and a reference: multipliers from the target back to the features.
#pragma once

#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>

#include <array>
#include <vector>

namespace xg::explain::detail {

/// Rows from n0 and references from b0 on in two recordings, as all combinations or one to one.
struct PairBlock {
  std::int64_t n0 = 0, rows = 0, b0 = 0, references = 0;
  bool paired = false;  ///< is reference i only paired with row i?
  std::int64_t pairs() const { return paired ? rows : rows * references; }
};

/// Why contributions are not passed on. Base value, contributions and losses still sum to the prediction.
enum class LossKind : std::uint8_t {
  jump,       ///< a jump between inputs that differ by no more than rounding
  integral,   ///< the error of a quadrature
  undefined,  ///< an intermediate value is infinite or NaN although the prediction is finite
};
constexpr std::size_t loss_kinds = 3;

/// The largest |loss| over pairs and outputs, by kind and op. Empty for a kind without losses.
using LargestLosses = std::array<std::vector<double>, loss_kinds>;
/// Sets `known` to the larger of both for each op.
void keep_larger(LargestLosses& known, const LargestLosses& found);

/// The losses of a block.
struct Losses {
  std::array<Tensor, loss_kinds> of_pairs;  ///< [K, pairs] float64, or undefined
  LargestLosses largest_of;
};

/// For each op, how much of what arrived at it is not passed on.
struct Audit {
  struct Finding {
    double miss = 0;  ///< |sum of shares - contribution of the result|, without known losses and rounding of the result
    double excess = 0;    ///< largest amount by which the miss exceeds the bound on the rounding of multipliers
    double rounding = 0;  ///< bound on the rounding of the result and of multipliers
  };
  std::vector<Finding> ops;
};

/// A recording with bounds on the rounding of its values (rounding.hpp).
struct RoundedRecording {
  const Recording& recording;
  const std::vector<Tensor>& roundings;
};

class PairSweep {
 public:
  /// If `whole` is true, values are never split into rows, and all pairs of a block are one group. If
  /// `replaces_nonfinite` is true, intermediate values that are infinite or NaN are replaced (see Note [Nonfinite
  /// values]).
  PairSweep(const RoundedRecording& x, const RoundedRecording& r, const Structure& structure, const Target& target,
            bool whole, bool replaces_nonfinite);

  /// Multipliers [K, P, n] of the features, from those of the target [K, P, ...]; undefined if nothing arrives.
  Tensor run(const PairBlock& block, Tensor seed, Losses& losses, Audit* audit = nullptr);

 private:
  /// The values of the rows and of the references, [P, ...].
  struct Value {
    Tensor x, r;
    Tensor no_number;  ///< were elements NaN or infinite in x or r? Undefined if none was, or if not replaced
    Tensor nan;        ///< were elements NaN in x or r?
  };
  const Value& value(autograd::ValueId id);
  Tensor of_rows(const Tensor& value, bool has_rows) const;
  Tensor of_references(const Tensor& value, bool has_rows) const;
  Tensor repeated(const Tensor& value, const Shape& shape) const;
  Tensor placeholder(autograd::ValueId id) const;
  autograd::PairContext context(const autograd::TraceEntry& entry, const std::vector<Tensor>& multipliers,
                                bool everything);
  void replace_nonfinite(const autograd::TraceEntry& entry, const autograd::PairContext& pairs,
                         std::vector<Tensor>& shares, autograd::AttributionLoss& loss, Tensor& undefined);
  /// The contribution [K, P] of the rounding of float32 results, for which the op is run again in float64. Undefined if
  /// the op only supports float32.
  Tensor rounding_contribution(std::size_t e, const autograd::PairContext& pairs) const;
  void examine(std::size_t e, const autograd::PairContext& pairs, const std::vector<Tensor>& shares, const Tensor& lost,
               Audit::Finding& finding);

  const Recording &x_, &r_;
  const std::vector<Tensor>&x_roundings_, &r_roundings_;
  const Structure& s_;
  const Target& target_;
  bool whole_, replaces_nonfinite_;
  PairBlock block_;
  std::vector<Value> at_pairs_;
};

}  // namespace xg::explain::detail
