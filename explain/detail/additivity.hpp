// Checks that contributions sum to the prediction, and finds the cause if they do not.
#pragma once

#include <xgrad/explain/detail/averages.hpp>
#include <xgrad/explain/detail/pair_sweep.hpp>
#include <xgrad/explain/explanation.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// Accumulates losses: means over the references by row and output slot, and maxima by op.
class LossLedger {
 public:
  LossLedger(std::int64_t rows, std::int64_t k, std::int64_t references);

  /// Adds the losses of `count` rows from `row` on, each paired with `references_per_row` references, for output slots
  /// from `slot` on. Threads may add for different rows at the same time.
  void add(const Losses& losses, std::int64_t slot, std::int64_t row, std::int64_t count,
           std::int64_t references_per_row);
  /// Merges the largest losses of each op. One thread at a time.
  void add_ops(const LargestLosses& largest) { keep_larger(largest_of_, largest); }

  double mean(LossKind kind, std::int64_t row, std::int64_t slot) const;
  /// The largest loss by op; empty if there is none of this kind.
  const std::vector<double>& largest_of(LossKind kind) const { return largest_of_[static_cast<std::size_t>(kind)]; }

 private:
  std::int64_t k_, references_;
  std::array<std::vector<double>, loss_kinds> sums_;  // [N, K]
  LargestLosses largest_of_;
};

/// The note on a residual due to rounding that is large relative to the difference that is explained.
std::string note_on_rounding(std::int64_t row, std::int64_t slot, double residual, double output);

/// The inputs of find_miss().
struct AdditivityInputs {
  Tensor values;                       ///< [N, n, K] float64
  std::vector<double> outputs, bases;  ///< [N, K]
  std::vector<bool> clean;             ///< [N]: are the row and its predictions finite?
  const Averages& averages;
  const LossLedger& losses;
  const std::vector<std::string>& op_names;  ///< names with scopes, by op
  double eps;                                ///< machine epsilon of the coarsest dtype in the model
};

/// A row and an output whose contributions do not sum to the prediction.
struct Miss {
  std::int64_t row = 0, slot = 0;
  double residual = 0;        ///< prediction - base value - contributions
  double unexplained = 0;     ///< residual without the known losses
  bool of_integrals = false;  ///< is it the error of quadratures, and too large for a mere note?
};

// Note [Additivity]
// Every rule passes on all that arrives, so base value + contributions + known losses = prediction up to rounding. If
// the residual exceeds 1e-5 (float32) or 1e-9 (float64) of the contributions' sizes, the sweep over that row is
// repeated, and for each op the loss is compared with the bound on its rounding (PairSweep::examine). A jump over a
// change of rounding's size and a value that is NaN or infinite are reported in a note, and so is the error of an
// integral up to 1e-3 of the sum of |contributions|.
/// Finds the worst miss, if there is one; a miss of a rule takes precedence over that of an integral. Appends a note
/// for each kind of loss.
std::optional<Miss> find_miss(const AdditivityInputs& inputs, std::vector<std::string>& notes);

}  // namespace xg::explain::detail
