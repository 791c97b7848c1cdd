// DeepSHAP: SHAP values by DeepLIFT's rules on the ops of the model, averaged over references.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <vector>

namespace xg::explain {

/// Options of DeepShap.
struct DeepShapOptions {
  Output output = Output::automatic;  ///< the output that is explained
  StringList feature_names = {};      ///< names of the features; default x0, x1, ...
  StringList output_names = {};       ///< names of the model's outputs
  /// Groups of features whose contributions are summed, as in Explanation::grouped, with standard errors of the sums.
  std::vector<nn::data::FeatureGroup> groups = {};
  std::optional<std::int64_t> target = {};      ///< index of the only output to explain; if empty, all
  std::int64_t ranked_outputs = 0;              ///< number of top-ranked outputs to explain for each row; 0: all
  Rank output_rank_order = Rank::max;           ///< order of the outputs
  Additivity additivity = Additivity::error;    ///< what happens if contributions do not sum to the prediction
  std::size_t max_bytes = default_block_bytes;  ///< memory limit of a block of pairs, for each thread
};

/// phi[r, i, k] = mean over references b of m_b[r, i, k] (x[r, i] - reference[b, i]); rows [N, n], background [B, n],
/// values [N, n, K].
///
/// The multipliers m_b are products of exact difference quotients of the ops between row and reference, so that the
/// base value (the mean of f over the background) + sum of phi = f(x), up to rounding, for any model made of ops:
/// layers used twice, functional code, residual connections. For an op without a rule of its own the gradient is
/// integrated, and the explanation reports the error. Values equal interventional Shapley values where no nonlinearity
/// mixes features, and approximate them elsewhere. Several threads may use one explainer. Lundberg & Lee 2017,
/// arXiv:1705.07874; Shrikumar, Greenside & Kundaje 2017, arXiv:1704.02685.
class XG_API DeepShap {
 public:
  /// Runs the model on the background [B, n]. Throws ShapeError, DtypeError or ValueError for a background that is
  /// empty, not [rows, features], not floating or not finite; ValueError for names, groups or ranked_outputs that do
  /// not fit, an Output that the model does not have, and max_bytes of 0; IndexError for a target or a feature of a
  /// group that does not exist; Error for a model in training mode with dropout or batch norm.
  DeepShap(ModelFunction model, Tensor background, DeepShapOptions options = {});

  /// Explains rows [N, n]. The contributions of a row with NaN or infinity are NaN, and a note tells so. Throws
  /// ShapeError or DtypeError where rows do not fit the background, AutogradError, naming the op, for an op that has no
  /// rule (argmax, sort); Error for control flow that depends on the data, rows that influence each other and, with
  /// Additivity::error, contributions that do not sum to the prediction.
  Explanation operator()(const Tensor& rows) const;
  /// The mean of the explained outputs over the background, float64 [outputs of the model].
  const Tensor& expected_value() const { return expected_value_; }
  const Tensor& background() const { return background_; }  ///< the references, [B, n]

 private:
  ModelFunction model_;
  Tensor background_;
  DeepShapOptions options_;
  Tensor expected_value_;
};

}  // namespace xg::explain
