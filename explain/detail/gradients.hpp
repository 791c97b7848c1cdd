// Gradients of the explained value: what saliency and integrated gradients share.
#pragma once

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>

#include <optional>
#include <string>
#include <utility>

namespace xg::explain::detail {

/// Options of gradient methods.
struct GradientRequest {
  const char* method = "explain";
  Output output = Output::automatic;
  std::optional<std::int64_t> target = {};
};

/// The model at some points.
struct Gradients {
  Tensor gradients;              ///< [R, n, K]: of output k of row r with respect to that row
  Tensor values;                 ///< [R, K] float64
  Output space = Output::model;  ///< what was differentiated
  OutputActivation activation = OutputActivation::unknown;  ///< where a logit goes
  std::int64_t model_outputs = 0;                           ///< J
};

/// Runs the model on points [R, n] and differentiates each output. Throws as `record` and `find_target` do.
Gradients gradients_at(const ModelFunction& model, const Tensor& points, const GradientRequest& request);
/// The values alone, without derivatives.
Gradients values_at(const ModelFunction& model, const Tensor& points, const GradientRequest& request);

/// An op between the features and what is explained that has no derivative, or one that is 0 wherever it does not jump,
/// as "to in Net > lookup (Embedding)"; empty if there is none. `rows` are one or more.
std::string op_without_derivative(const ModelFunction& model, const Tensor& rows, const GradientRequest& request);

/// The parts that an explanation by gradients has from its request, but values: outputs, ranks, space, data.
ExplanationParts gradient_parts(const Gradients& at_rows, const Tensor& rows, const GradientRequest& request);

/// The explanation whose values [N, n, K] are `values(gradients [N, n, K], rows [N, n])`.
template <class Options, class Values> Explanation explain_by_gradients(const char* method, const ModelFunction& model,
                                                                        const Options& options, const Tensor& rows,
                                                                        Values&& values) {
  const GradientRequest request{method, options.output, options.target};
  const Tensor x = checked_matrix(method, "rows", rows);
  check_feature_names(method, options.feature_names, x.size(1));
  model.check_eval(method);
  model.check_independence(x, {}, method);
  const Gradients at_rows = gradients_at(model, x, request);
  const NoGrad guard;
  ExplanationParts parts = gradient_parts(at_rows, x, request);
  parts.values = values(at_rows.gradients, x);
  parts.additive = false;
  blank_rows_without_numbers(parts);
  return named(std::move(parts), options.feature_names, options.output_names, at_rows.model_outputs);
}

}  // namespace xg::explain::detail
