#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/input_x_gradient.hpp>
#include <xgrad/explain/detail/inputs.hpp>

namespace xg::explain {

InputXGradient::InputXGradient(ModelFunction model, InputXGradientOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Explanation InputXGradient::operator()(const Tensor& rows) const {
  const detail::GradientRequest request{"InputXGradient", options_.output, options_.target};
  const Tensor x = detail::checked_matrix(request.method, "rows", rows);
  detail::check_feature_names(request.method, options_.feature_names, x.size(1));
  model_.check_eval(request.method);
  model_.check_independence(x, {}, request.method);
  const detail::Gradients at_rows = detail::gradients_at(model_, x, request);
  const NoGrad fixed;
  ExplanationParts parts = detail::gradient_parts(at_rows, x, request);
  parts.values = at_rows.gradients.to(float64) * x.to(float64).unsqueeze(-1);
  parts.additive = false;
  detail::blank_rows_without_numbers(parts);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, at_rows.model_outputs);
}

}  // namespace xg::explain
