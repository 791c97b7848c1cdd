// A model that is one chain of linear maps and elementwise functions, as its recording shows it, and the attribution
// sweep over such a chain.
//
// The sweep is that of sweep.hpp, with the same rules, in another layout: features lie along dimension 0 and pairs
// along the last, so that a layer of three neurons is still a loop over hundreds of pairs, a product needs no
// transposition, and what does not depend on the reference (all that lies behind the last nonlinearity) is computed
// once for all.
#pragma once

#include <xgrad/explain/detail/averages.hpp>
#include <xgrad/explain/detail/recording.hpp>
#include <xgrad/explain/detail/structure.hpp>
#include <xgrad/tensor/kernels/kept_rows.hpp>

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace xg::explain::detail {

/// One op of a chain: weight a + bias, or function(a).
struct Link {
  std::shared_ptr<const autograd::AppliedOp> function;  ///< elementwise; null for a linear map
  Tensor weight;                                        ///< [out, in], of any strides
  Tensor bias;                                          ///< [out], or undefined
  autograd::ValueId in = -1;                            ///< what goes in: [rows, ...] with in_size numbers in each row
  autograd::ValueId out = -1;
  std::int64_t in_size = 0, out_size = 0;
};

/// From the features to the target. Empty where the target is the input itself.
using Chain = std::vector<Link>;

/// The chain that leads from the input to the target; none where the model has branches or ops of other kinds.
std::optional<Chain> find_chain(const Recording& recording, const Structure& structure, const Target& target);

/// The same from runs on rows and on references; none as well for a model that cannot be followed op by op, or whose
/// ops differ between the two. `with_graph` records the graph of the runs, as for derivatives by the rows.
struct FoundChain {
  Chain chain;
  Recording rows, references;  ///< of at least two rows each, padded
  Target target;
};
std::optional<FoundChain> find_chain(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                                     Output output, const char* method, bool with_graph = false);

/// The numbers of value `id` with one column for each of the first `rows` rows: [size of a row, rows], contiguous.
Tensor columns_of(const Recording& recording, autograd::ValueId id, std::int64_t rows);

/// Applies the links to columns [in_size, P]; gives [out_size, P]. `columns` may be overwritten.
Tensor forward_columns(std::span<const Link> links, Tensor columns);

/// Derivatives [in_size, K, P] of the outputs in `slots` with respect to columns [in_size, P].
Tensor gradients_of_columns(const Chain& chain, Tensor columns, std::span<const std::int64_t> slots);

/// Numbers in the block that a product reads again and again: half of a small second-level cache.
inline constexpr std::int64_t block_numbers = 1 << 17;

/// Contributions of many rows against the same references.
class ChainSweep {
 public:
  /// The first `count` rows of `references` are compared with. `outputs` is J, the size of the target; `k` of them are
  /// explained at once; a block of pairs takes at most about `max_bytes` (but is at least one pair).
  ChainSweep(Chain chain, const Recording& references, std::int64_t count, std::int64_t outputs, std::int64_t k,
             std::size_t max_bytes);

  /// Rows that are swept together: a divisor of `block_rows`, by the shape of the work alone.
  std::int64_t tile_rows(std::int64_t block_rows) const;
  /// Sweeps rows [first, first + tile) of x, for the outputs slots[tile, K], and adds the contributions of the first
  /// `valid_rows` of them to `averages`, the first one as row `place`. May be called by several threads for rows that
  /// differ.
  void run(const Recording& x, std::int64_t first, std::int64_t tile, std::span<const std::int64_t> slots,
           std::int64_t place, std::int64_t valid_rows, bool multipliers, Averages& averages) const;

 private:
  template <class T> class KeptBlock;

  /// As `run`, with features along the last dimension.
  template <class T> void run_kept(const Recording& x, std::int64_t row, std::span<const std::int64_t> slots,
                                   std::int64_t place, bool multipliers, Averages& averages) const;
  Tensor slopes(const Link& link, const Tensor& at_references, const Recording& x, std::int64_t first,
                std::int64_t tile, std::int64_t b0, std::int64_t count) const;

  Chain chain_;
  std::int64_t count_, outputs_, k_, max_pairs_;
  std::vector<Tensor> at_references_;    // by link: what goes into a function at the references, [size, count]
  std::vector<double> references_;       // [n, count], or where zeros are looked for [count, n]
  std::vector<kernels::Panels> panels_;  // by link, of weights; empty where zeros are not looked for
};

}  // namespace xg::explain::detail
