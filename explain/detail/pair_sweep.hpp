// The sweep over one block of pairs of a row and a reference: multipliers from the target back to the features.
// Internal to explain/.
#pragma once

#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace xg::explain::detail {

/// Rows n0.. and references b0.. of two recordings: all combinations, or one to one.
struct PairBlock {
  std::int64_t n0 = 0, rows = 0, b0 = 0, references = 0;
  bool paired = false;  ///< reference i with row i alone
  std::int64_t pairs() const { return paired ? rows : rows * references; }
};

/// Why contributions are not passed on. The sum of base value, contributions and losses is the prediction all the same.
enum class LossKind : std::uint8_t {
  jump,       ///< a jump over a change of rounding's size
  integral,   ///< the error of a quadrature
  undefined,  ///< a value on the way is infinite or NaN although the prediction is not
};
constexpr std::size_t loss_kinds = 3;

/// By kind and op: the largest |loss| over pairs and outputs. Empty where no op lost anything of a kind.
using LargestLosses = std::array<std::vector<double>, loss_kinds>;
/// Takes the larger of both for each op.
void keep_larger(LargestLosses& known, const LargestLosses& found);

/// What a block did not pass on.
struct Losses {
  std::array<Tensor, loss_kinds> of_pairs;  ///< [K, pairs] float64, or undefined
  LargestLosses largest_of;
};

/// How far each op is from sharing out all that arrived at it.
struct Audit {
  struct Finding {
    double miss = 0;      ///< |sum of shares - contribution of the result|, without losses and the result's rounding
    double excess = 0;    ///< the most by which this exceeds what the rounding of multipliers explains
    double rounding = 0;  ///< what the rounding of the result and of multipliers makes at most
  };
  std::vector<Finding> ops;
};

/// A recording with the rounding of its values (rounding.hpp).
struct RoundedRecording {
  const Recording& recording;
  const std::vector<Tensor>& roundings;
};

class PairSweep {
 public:
  /// With `whole` values are never taken apart into rows, and all pairs of a block are one group. With `settles`,
  /// values on the way that are infinite or NaN are replaced (see Note [Values that are no numbers]).
  PairSweep(const RoundedRecording& x, const RoundedRecording& r, const Structure& structure, const Target& target,
            bool whole, bool settles);

  /// Multipliers [K, P, n] of the features, from those of the target [K, P, ...]; undefined where nothing arrives.
  Tensor run(const PairBlock& block, Tensor seed, Losses& losses, Audit* audit = nullptr);

 private:
  /// The values of the rows and of the references, [P, ...].
  struct Value {
    Tensor x, r;
    Tensor no_number;  ///< which elements were NaN or infinite in x or r; undefined where none was, or nobody asked
    Tensor nan;        ///< which were NaN
  };
  const Value& value(autograd::ValueId id);
  Tensor of_rows(const Tensor& value, bool has_rows) const;
  Tensor of_references(const Tensor& value, bool has_rows) const;
  Tensor repeated(const Tensor& value, const Shape& shape) const;
  Tensor placeholder(autograd::ValueId id) const;
  autograd::PairContext context(const autograd::TraceEntry& entry, const std::vector<Tensor>& multipliers,
                                bool everything);
  void settle(const autograd::TraceEntry& entry, const autograd::PairContext& pairs, std::vector<Tensor>& shares,
              autograd::AttributionLoss& loss, Tensor& undefined);
  /// The contribution [K, P] of what rounding did to float32 results: the op runs once more in float64. Undefined where
  /// the op knows float32 alone.
  Tensor rounding_contribution(std::size_t e, const autograd::PairContext& pairs) const;
  void examine(std::size_t e, const autograd::PairContext& pairs, const std::vector<Tensor>& shares, const Tensor& lost,
               Audit::Finding& finding);

  const Recording &x_, &r_;
  const std::vector<Tensor>&x_roundings_, &r_roundings_;
  const Structure& s_;
  const Target& target_;
  bool whole_, settles_;
  PairBlock block_;
  std::vector<Value> at_pairs_;
};

}  // namespace xg::explain::detail
