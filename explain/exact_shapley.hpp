// Shapley values by their definition, a reference for the other explainers.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xg::explain {

/// Options of ExactShapley.
struct ExactShapleyOptions {
  Output output = Output::automatic;  ///< the output that is explained
  StringList feature_names = {};      ///< names of the features; default x0, x1, ...
  StringList output_names = {};       ///< names of the model's outputs
  /// Groups of features whose Shapley values are summed, as in Explanation::grouped, with standard errors of the sums.
  /// The players of the game remain the features.
  std::vector<nn::data::FeatureGroup> groups = {};
  std::optional<std::int64_t> target = {};  ///< index of the only output to explain; if empty, all
  std::int64_t max_evals = 65536;  ///< maximum number of coalitions of a row and a reference: 2^(features that differ)
};

/// phi_i = sum over S without i of |S|! (M - |S| - 1)! / M! (v(S + i) - v(S)),  v(S) = mean over references b of
/// f(x_S, reference_b elsewhere); rows [N, n], background [B, n], values [N, n, K].
///
/// Only the M features in which a row differs from a reference are players; the contributions of the others are exactly
/// 0. The cost is 2^M evaluations of the model for each pair of a row and a reference, for all outputs at once. Shapley
/// 1953, "A value for n-person games"; the interventional game is that of Janzing, Minorics & Bloebaum 2020,
/// arXiv:1910.13413.
class XG_API ExactShapley {
 public:
  /// Runs the model on the background [B, n]. Throws as the constructor of DeepShap.
  ExactShapley(ModelFunction model, Tensor background, ExactShapleyOptions options = {});
  /// Explains rows [N, n]. Throws ShapeError or DtypeError where rows do not fit the background, Error for rows that
  /// influence each other, ValueError, with the number of evaluations, where a row needs more than max_evals.
  Explanation operator()(const Tensor& rows) const;
  /// The mean of the explained outputs over the background, float64 [outputs of the model].
  const Tensor& expected_value() const { return expected_value_; }
  const Tensor& background() const { return background_; }  ///< the references, [B, n]

 private:
  ModelFunction model_;
  Tensor background_;
  ExactShapleyOptions options_;
  Tensor expected_value_;
};

}  // namespace xg::explain
