// How a model is worked through: op by op as it was recorded, which serves every model, or as one chain of linear maps
// and elementwise functions (chain.hpp), which is many times faster. Explainers ask for what they need; which of the
// two they get is decided here, and in no other place. Internal to explain/.
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

/// Rows in one run of the model. Every block has this size, padded if need be, because a matrix product may give a row
/// other bits when the number of rows changes.
inline constexpr std::int64_t block_rows = 16;

/// A run of the model on rows, and what is explained of them.
struct RowBlock {
  std::int64_t start = 0;  ///< the number of the first row
  Recording recording;
  Structure structure;
  std::vector<std::int64_t> slots;  ///< [block_rows, K]: the outputs of the model that are explained
};

/// What all blocks have in common, and where their contributions go.
struct PairWork {
  const ModelFunction& model;
  const SweepRequest& request;
  const Tensor &rows, &references;
  const Recording& recorded_references;  ///< those of all blocks, or where they are paired with rows those of the next
  const Target& target;
  std::int64_t k;  ///< outputs explained of each row
  bool settles;    ///< are values that are infinite or NaN replaced?
  Averages& averages;
  LossLedger& losses;

  std::int64_t references_of_a_row() const { return request.paired ? 1 : references.size(0); }
};

struct PairPlan {
  virtual ~PairPlan() = default;
  /// Adds the contributions of a block's rows, at the latest in finish().
  virtual void take(RowBlock block) = 0;
  virtual void finish() {}
};

/// The plan for blocks like `first`.
std::unique_ptr<PairPlan> plan_pairs(const PairWork& work, const RowBlock& first);

/// How far each op of a block is from sharing out what arrives at it, for one of the block's rows.
Audit audit_row(const PairWork& work, const RowBlock& block, std::int64_t row);

// ---- derivatives at points

struct GradientPlan {
  virtual ~GradientPlan() = default;
  /// May several threads ask at the same time? Not where the model itself runs.
  virtual bool is_threaded() const = 0;
  /// Derivatives of the outputs explained at points [P, n]: [P, n, K], of any strides.
  virtual Tensor at(const Tensor& points) const = 0;
};

/// The plan for points between `rows` and a baseline; `k` outputs are explained.
std::unique_ptr<GradientPlan> plan_gradients(const ModelFunction& model, const Tensor& rows, const Tensor& baseline,
                                             const GradientRequest& request, std::int64_t k);

// ---- values of coalitions

using Indices = std::vector<std::int64_t>;

/// What is explained, at points between one row and some references: player j of coalition s has the row's value where
/// bit j of s is set, else the reference's.
struct Game {
  virtual ~Game() = default;
  /// The most coalitions, a power of two, to ask for at once.
  virtual std::uint64_t at_once(std::int64_t references) const = 0;
  /// The most references in one game.
  virtual std::int64_t most_references() const = 0;
  /// May several threads call worth()?
  virtual bool is_threaded() const = 0;
  /// May rounding decide otherwise here than in a run of the model on the rows alone, as at the threshold of a step?
  virtual bool may_jump() const = 0;
  virtual void start(std::int64_t row, const Indices& players, std::span<const std::int64_t> references) = 0;
  /// out[K, sets, references] for the coalitions from `first`, a multiple of the power of two `sets`, on.
  virtual void worth(std::uint64_t first, std::uint64_t sets, double* out) const = 0;
};

std::unique_ptr<Game> plan_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                const GradientRequest& request);

}  // namespace xg::explain::detail
