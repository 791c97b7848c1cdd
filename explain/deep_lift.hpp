// DeepLIFT: contributions against one baseline.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>

namespace xg::explain {

/// Options of DeepLift.
struct DeepLiftOptions {
  Tensor baseline = {};                         ///< [n] or [1, n] for all rows, or [N, n]; default zeros
  Output output = Output::automatic;            ///< the output that is explained
  StringList feature_names = {};                ///< names of the features; default x0, x1, ...
  StringList output_names = {};                 ///< names of the model's outputs
  std::optional<std::int64_t> target = {};      ///< index of the only output to explain; if empty, all
  bool multipliers = false;                     ///< return the multipliers m, without the factor x - baseline
  Additivity additivity = Additivity::error;    ///< what happens if contributions do not sum to the prediction
  std::size_t max_bytes = default_block_bytes;  ///< memory limit of a block of pairs, for each thread
};

/// phi[r, i, k] = m[r, i, k] (x[r, i] - baseline[r, i]); rows [N, n], values [N, n, K].
///
/// The multipliers m follow from the rescale rule: products of difference quotients of the ops between row and
/// baseline, so that f(baseline) + sum of phi = f(x). DeepShap is the mean over a background. Shrikumar, Greenside &
/// Kundaje 2017, arXiv:1704.02685.
class XG_API DeepLift {
 public:
  /// Refers to a Module, copies a function. Throws ValueError if max_bytes is 0.
  explicit DeepLift(ModelFunction model, DeepLiftOptions options = {});
  /// Explains rows [N, n]. Throws as DeepShap and its constructor; ShapeError, DtypeError or ValueError for a baseline
  /// that does not fit the rows or is not finite.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  DeepLiftOptions options_;
};

}  // namespace xg::explain
