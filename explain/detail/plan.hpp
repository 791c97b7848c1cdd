// Plans evaluate a model for explainers: op by op as it was recorded, which works for every model, or as one chain of
// linear maps and elementwise functions (chain.hpp), which is many times faster. The choice is made here alone.
#pragma once

#include <xgrad/explain/detail/additivity.hpp>
#include <xgrad/explain/detail/averages.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/detail/pair_sweep.hpp>
#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>
#include <xgrad/explain/detail/sweep.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace xg::explain::detail {

// ---- contributions of rows against references

/// Number of rows in one run of the model. Every block is padded to this size, because the bits of a row in a matrix
/// product may depend on the number of rows.
inline constexpr std::int64_t block_rows = 16;

/// A run of the model on rows, and the outputs that are explained.
struct RowBlock {
  std::int64_t start = 0;  ///< index of the first row
  Recording recording;
  Structure structure;
  std::vector<std::int64_t> slots;  ///< [block_rows, K]: the outputs of the model that are explained
};

/// The data that all blocks share, and the destination of their contributions.
struct PairWork {
  const ModelFunction& model;
  const SweepRequest& request;
  const Tensor &rows, &references;
  const Recording& recorded_references;  ///< references of all blocks; if paired, those of the next block
  const Target& target;
  std::int64_t k;           ///< number of outputs explained for each row
  bool replaces_nonfinite;  ///< whether infinite and NaN intermediate values are replaced
  Averages& averages;
  LossLedger& losses;

  std::int64_t references_of_a_row() const { return request.paired ? 1 : references.size(0); }
};

struct PairPlan {
  virtual ~PairPlan() = default;
  /// Adds the contributions of a block's rows, which may be deferred until finish().
  virtual void take(RowBlock block) = 0;
  virtual void finish() {}
};

/// The plan for blocks like `first`.
std::unique_ptr<PairPlan> plan_pairs(const PairWork& work, const RowBlock& first);

/// The audit of all ops for one row of a block.
Audit audit_row(const PairWork& work, const RowBlock& block, std::int64_t row);

// ---- derivatives at points

struct GradientPlan {
  virtual ~GradientPlan() = default;
  /// May several threads call at()? False if the model itself runs.
  virtual bool is_threaded() const = 0;
  /// Derivatives of the explained outputs at points [P, n]: [P, n, K], with any strides.
  virtual Tensor at(const Tensor& points) const = 0;
};

/// The plan for points between `rows` and `baseline`; `k` outputs are explained.
std::unique_ptr<GradientPlan> plan_gradients(const ModelFunction& model, const Tensor& rows, const Tensor& baseline,
                                             const GradientRequest& request, std::int64_t k);

// ---- values of coalitions

using Indices = std::vector<std::int64_t>;

/// The value of coalitions of players for one row and some references. In coalition s, player j has the row's value if
/// bit j of s is set, else the reference's.
struct Game {
  virtual ~Game() = default;
  /// The maximum number of coalitions in one call of worth(), a power of two.
  virtual std::uint64_t at_once(std::int64_t references) const = 0;
  /// The maximum number of references in one game.
  virtual std::int64_t most_references() const = 0;
  /// May several threads call worth()?
  virtual bool is_threaded() const = 0;
  /// May rounding lead to another result than a run of the model on the rows, as at the threshold of a step?
  virtual bool may_jump() const = 0;
  virtual void start(std::int64_t row, const Indices& players, std::span<const std::int64_t> references) = 0;
  /// Writes out [K, sets, references] for the coalitions first .. first + sets - 1; `sets` is a power of two that
  /// divides `first`.
  virtual void worth(std::uint64_t first, std::uint64_t sets, double* out) const = 0;
};

std::unique_ptr<Game> plan_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                const GradientRequest& request);

}  // namespace xg::explain::detail
