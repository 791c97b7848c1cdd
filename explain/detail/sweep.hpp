// The attribution sweep: contributions of features to outputs, from the recorded run of the rows and that of the
// references.
//
// Rows and references are run separately, N + B forward rows in all. The two recordings must have the same structure.
// Then the sweep walks the ops backwards with P pairs of a row and a reference at a time; multipliers are [K, P, ...]
// for all K outputs at once, the values of an op at the pairs [P, ...], and each op shares out its contribution by its
// own rule (autograd/attribution.hpp).
//
// Several threads sweep tiles of rows; the model itself runs in the caller's thread. A plan (plan.hpp) determines how
// blocks of pairs are swept.
//
// The values of an op whose result for a row depends on other rows cannot be rearranged as [P, ...]. A model with such
// an op is run again on the pairs themselves, P rows against P references, and swept one output after the other; if its
// rows do influence each other, the check of additivity fails.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// The options of a sweep.
struct SweepRequest {
  const char* method = "explain";
  Output output = Output::automatic;
  std::optional<std::int64_t> target = {};  ///< index of the only output to explain
  std::int64_t ranked = 0;                  ///< number of top-ranked outputs of each row; 0: all
  Rank rank = Rank::max;
  bool multipliers = false;  ///< leave out the factor x - r
  bool paired = false;       ///< is reference i only paired with row i?
  std::size_t max_bytes = 0;
  Additivity additivity = Additivity::error;
  std::vector<nn::data::FeatureGroup> groups = {};  ///< groups whose sums get standard errors
};

/// Contributions averaged over the references, as parts of an explanation without names. Sets `model_outputs` to the
/// number of outputs of the model and `group_errors` to the standard errors [N, groups, K] of the requested groups.
/// `rows` [N, n] and `references` [B, n] have been checked. Throws Error for control flow that depends on the data,
/// AutogradError for an op without a rule, and, with Additivity::error, Error for contributions that do not sum to the
/// prediction.
ExplanationParts sweep(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                       const SweepRequest& request, std::int64_t* model_outputs, Tensor* group_errors = nullptr);

/// Mean over the rows of `outputs` [B, J]: float64 [J]. Throws ValueError if one is NaN or infinite.
Tensor mean_of_rows(const Tensor& outputs, const char* method);

/// Mean of the explained outputs over the references: float64 [J], J being the number of outputs of the model. Throws
/// ValueError if one is NaN or infinite.
Tensor mean_output(const ModelFunction& model, const Tensor& references, const char* method, Output output);

}  // namespace xg::explain::detail
