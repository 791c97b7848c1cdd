// Shapley values by definition: the oracle for everything else.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain {

/// Options of ExactShapley.
struct ExactShapleyOptions {
  Output output = Output::automatic;  ///< which number of the model is explained
  StringList feature_names = {};      ///< one for each feature; default x0, x1, ...
  StringList output_names = {};       ///< one for each output of the model
  /// Explain sums of the Shapley values of groups of features, as Explanation::grouped does, with standard errors of
  /// the sums. Players of the game remain the features.
  std::vector<nn::data::FeatureGroup> groups = {};
  std::optional<std::int64_t> target = {};  ///< explain this output alone
  std::int64_t max_evals = 65536;           ///< most coalitions for a pair, 2 to the number of features that differ
};

/// phi_i = sum over S without i of |S|! (M - |S| - 1)! / M! (v(S + i) - v(S)),  v(S) = mean over references b of
/// f(x_S, reference_b elsewhere).
///
/// rows [N, n], background [B, n], values [N, n, K]. Only the M features in which a row differs from a reference are
/// players against it; the others get exactly 0. Costs 2^M evaluations of the model for each pair of a row and a
/// reference, for all outputs at once; where the model is a chain that starts with a linear map, each of them adds one
/// column to what that map made of another coalition.
/// Source: Shapley 1953; the interventional game of Janzing et al. 2020 (arXiv:1910.13413).
class XG_API ExactShapley {
 public:
  /// Throws as DeepShap does.
  ExactShapley(ModelFunction model, Tensor background, ExactShapleyOptions options = {});
  /// Throws as DeepShap does for rows; ValueError with the count of evaluations where a row needs more than max_evals.
  Explanation operator()(const Tensor& rows) const;
  /// Mean of the model over the background in the space explained, [outputs of the model], float64.
  const Tensor& expected_value() const { return expected_value_; }
  const Tensor& background() const { return background_; }  ///< the references, [B, n]

 private:
  ModelFunction model_;
  Tensor background_;
  ExactShapleyOptions options_;
  Tensor expected_value_;
};

}  // namespace xg::explain
