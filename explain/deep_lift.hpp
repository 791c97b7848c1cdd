// DeepLIFT against one baseline.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>

namespace xg::explain {

/// Options of DeepLift.
struct DeepLiftOptions {
  Tensor baseline = {};                         ///< [n] or [1, n] for all rows, or [N, n], one for each; default zeros
  Output output = Output::automatic;            ///< which number of the model is explained
  StringList feature_names = {};                ///< one for each feature; default x0, x1, ...
  StringList output_names = {};                 ///< one for each output of the model
  std::optional<std::int64_t> target = {};      ///< explain this output alone
  bool multipliers = false;                     ///< values are multipliers: the factor x - baseline is left out
  Additivity additivity = Additivity::error;    ///< what happens where contributions do not sum up
  std::size_t max_bytes = default_block_bytes;  ///< of a block of pairs, in each thread
};

/// phi[r, i, k] = m (x[r, i] - baseline[i]), by the rescale rule: rows [N, n], values [N, n, K].
///
/// f(baseline) + sum of phi = f(x). DeepShap is its mean over a background.
/// Source: Shrikumar et al. 2017 (arXiv:1704.02685).
class XG_API DeepLift {
 public:
  /// Throws ValueError for a budget of 0 bytes.
  explicit DeepLift(ModelFunction model, DeepLiftOptions options = {});
  /// Throws as DeepShap does; ShapeError for a baseline that does not fit the rows.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  DeepLiftOptions options_;
};

}  // namespace xg::explain
