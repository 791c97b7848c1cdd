// The attribution sweep: contributions of features to outputs, from the recorded run of the rows and that of the
// references.
//
// Rows and references are run separately, N + B forward rows in all. The two recordings must have the same structure.
// Then the sweep walks the ops backwards with P pairs of a row and a reference at a time; multipliers are [K, P, ...]
// for all K outputs at once, the values of an op at the pairs [P, ...], and each op shares out its contribution by its
// own rule (autograd/attribution.hpp).
//
// Tiles of rows are swept by several threads; the model itself runs in the caller's. Which way blocks of pairs are
// swept is the plan's business (plan.hpp).
//
// An op whose result for a row is not a function of that row alone has no such [P, ...] form. A model with one is run
// again on the pairs themselves, P rows against P references, and swept one output after the other; a model whose rows
// really influence each other then fails the check of additivity. Internal to explain/.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/explain/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// What to explain, and how.
struct SweepRequest {
  const char* method = "explain";
  Output output = Output::automatic;
  std::optional<std::int64_t> target = {};  ///< one output of the model
  std::int64_t ranked = 0;                  ///< the first so many outputs of each row; 0: all
  Rank rank = Rank::max;
  bool multipliers = false;  ///< leave out the factor x - r
  bool paired = false;       ///< reference i belongs to row i alone
  std::size_t max_bytes = 0;
  Additivity additivity = Additivity::error;
  std::vector<nn::data::FeatureGroup> groups = {};  ///< whose sums get standard errors
};

/// Contributions averaged over the references, as parts of an explanation: everything but names. `model_outputs`
/// becomes the number of outputs that the model has, `group_errors` the standard errors [N, groups, K] of the groups
/// that were asked for. `rows` [N, n] and `references` [B, n] are checked before. Throws Error for control flow that
/// depends on the data, for an op without a rule, and, where asked for, for contributions that do not sum up.
ExplanationParts sweep(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                       const SweepRequest& request, std::int64_t* model_outputs, Tensor* group_errors = nullptr);

/// Mean over the references of their outputs [B, J]: [J] float64. Throws ValueError where one is NaN or infinite.
Tensor mean_of_rows(const Tensor& outputs, const char* method);

/// Mean over the references of what the model gives for them, in the space explained: [J] float64, J outputs of the
/// model. Throws ValueError where one of them is NaN or infinite.
Tensor mean_output(const ModelFunction& model, const Tensor& references, const char* method, Output output);

}  // namespace xg::explain::detail
