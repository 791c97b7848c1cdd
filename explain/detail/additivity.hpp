// Do contributions sum up, and if not, why? Internal to explain/.
#pragma once

#include <xgrad/explain/detail/averages.hpp>
#include <xgrad/explain/detail/pair_sweep.hpp>
#include <xgrad/explain/explanation.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// What was not passed on, as means over the references, by row and output slot; and at most, by op.
class LossLedger {
 public:
  LossLedger(std::int64_t rows, std::int64_t k, std::int64_t references);

  /// Takes the losses of `count` rows from `row` on with `each` references, for output slots from `slot` on. Threads
  /// may add for different rows at the same time.
  void add(const Losses& losses, std::int64_t slot, std::int64_t row, std::int64_t count, std::int64_t each);
  /// Takes the largest losses of each op. One thread at a time.
  void add_ops(const LargestLosses& largest) { keep_larger(largest_of_, largest); }

  double mean(LossKind kind, std::int64_t row, std::int64_t slot) const;
  /// By op; empty where no op lost anything of this kind.
  const std::vector<double>& largest_of(LossKind kind) const { return largest_of_[static_cast<std::size_t>(kind)]; }

 private:
  std::int64_t k_, references_;
  std::array<std::vector<double>, loss_kinds> sums_;  // [N, K]
  LargestLosses largest_of_;
};

/// What is said of a residual that is rounding, and yet much of what was to be explained.
std::string note_on_rounding(std::int64_t row, std::int64_t slot, double residual, double output);

/// What a check of sums looks at.
struct AdditivityInputs {
  Tensor values;                       ///< [N, n, K] float64
  std::vector<double> outputs, bases;  ///< [N, K]
  std::vector<bool> clean;             ///< [N]: are the row and its predictions numbers?
  const Averages& averages;
  const LossLedger& losses;
  const std::vector<std::string>& op_names;  ///< by op, with their scopes
  double eps;                                ///< of the coarsest dtype on the way
};

/// A row and an output whose contributions do not sum up.
struct Miss {
  std::int64_t row = 0, slot = 0;
  double residual = 0;        ///< prediction - base value - contributions
  double unexplained = 0;     ///< the same without losses
  bool of_integrals = false;  ///< what is missing is the error of quadratures, and more than a note can excuse
};

// Note [Additivity]
// Every rule passes on all that arrives, so base value + contributions + known losses = prediction up to rounding. What
// is beyond 1e-5 (float32) or 1e-9 of the contributions' sizes is looked into: the sweep over that row is repeated, and
// each op is asked how much it lost and what rounding can have done (PairSweep::examine). A jump over rounding and a
// value that is no number are stated in a note. So is the error of an integral up to 1e-3 of the sum of
// |contributions|.
/// The worst miss, if there is one, of rules before that of integrals. `notes` gets a line for each kind of loss.
std::optional<Miss> find_miss(const AdditivityInputs& inputs, std::vector<std::string>& notes);

}  // namespace xg::explain::detail
