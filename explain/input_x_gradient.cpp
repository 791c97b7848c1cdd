#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/input_x_gradient.hpp>

#include <utility>

namespace xg::explain {

InputXGradient::InputXGradient(ModelFunction model, InputXGradientOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Explanation InputXGradient::operator()(const Tensor& rows) const {
  return detail::explain_by_gradients(
      "InputXGradient", model_, options_, rows,
      [](const Tensor& gradients, const Tensor& x) { return gradients.to(float64) * x.to(float64).unsqueeze(-1); });
}

}  // namespace xg::explain
