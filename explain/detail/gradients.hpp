// Gradients of the explained value: what saliency and integrated gradients share. Internal to explain/.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>

#include <optional>
#include <string>

namespace xg::explain::detail {

/// What gradient methods are asked to explain.
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

/// An op between the features and what is explained that has no derivative, or one that is 0 wherever it does not jump, as
/// "to in Net > lookup (Embedding)"; empty if there is none. `rows` are one or more.
std::string op_without_derivative(const ModelFunction& model, const Tensor& rows, const GradientRequest& request);

/// The parts that an explanation by gradients has from its request, but values: outputs, ranks, space, data.
ExplanationParts gradient_parts(const Gradients& at_rows, const Tensor& rows, const GradientRequest& request);

}  // namespace xg::explain::detail
