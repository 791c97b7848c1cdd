// SHAP values of deep models by DeepLIFT's rules on the ops of the model, averaged over many references.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace xg::explain {

/// Options of DeepShap.
struct DeepShapOptions {
  Output output = Output::automatic;  ///< which number of the model is explained
  StringList feature_names = {};      ///< one for each feature; default x0, x1, ...
  StringList output_names = {};       ///< one for each output of the model
  /// Explain sums over groups of features, as Explanation::grouped does, with standard errors of the sums.
  std::vector<nn::data::FeatureGroup> groups = {};
  std::optional<std::int64_t> target = {};      ///< explain this output alone
  std::int64_t ranked_outputs = 0;              ///< explain the first so many outputs of each row; 0: all
  Rank output_rank_order = Rank::max;           ///< which outputs come first
  Additivity additivity = Additivity::error;    ///< what happens where contributions do not sum up
  std::size_t max_bytes = default_block_bytes;  ///< of a block of pairs, in each thread
};

/// phi[r, i, k] = mean over references b of m_b (x[r, i] - reference[b, i])
///
/// rows [N, n], background [B, n], values [N, n, K]. The multipliers m_b are products of exact difference quotients of
/// the ops between row and reference, so that base value (mean of f over the background) + sum of phi = f(x), to
/// rounding, for any model made of ops: layers used twice, functional code, residual links. An op without a rule of its
/// own gets its gradient integrated, and the explanation reports what that lost. Equal to interventional Shapley values
/// where no nonlinearity mixes features, an approximation elsewhere. An explainer may be used by several threads.
///
/// Sources: Lundberg & Lee 2017 (arXiv:1705.07874), Shrikumar et al. 2017 (arXiv:1704.02685).
class XG_API DeepShap {
 public:
  /// Runs the model on the background once. Throws ShapeError, DtypeError or ValueError for a background that is empty,
  /// not [rows, features], not floating or has NaN, for names or groups that do not fit, a budget of 0 bytes or an
  /// Output that the model does not have; Error for a model in training mode with dropout or batch norm.
  DeepShap(ModelFunction model, Tensor background, DeepShapOptions options = {});

  /// Explains rows [N, n]. A row with NaN or infinity gets NaN and a note. Throws ShapeError or DtypeError where rows
  /// do not fit the background, AutogradError for an op without any rule (argmax, sort), naming it; Error for control
  /// flow that depends on the data, and, by `additivity`, for contributions that do not sum up.
  Explanation operator()(const Tensor& rows) const;
  /// Mean of the model over the background in the space explained, [outputs of the model], float64.
  const Tensor& expected_value() const { return expected_value_; }
  const Tensor& background() const { return background_; }  ///< the references, [B, n]

 private:
  ModelFunction model_;
  Tensor background_;
  DeepShapOptions options_;
  Tensor expected_value_;
};

}  // namespace xg::explain
