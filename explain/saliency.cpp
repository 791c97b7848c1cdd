#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/saliency.hpp>

#include <utility>

namespace xg::explain {

Saliency::Saliency(ModelFunction model, SaliencyOptions options)
    : model_(std::move(model)), options_(std::move(options)) {}

Explanation Saliency::operator()(const Tensor& rows) const {
  return detail::explain_by_gradients("Saliency", model_, options_, rows, [&](const Tensor& gradients, const Tensor&) {
    return (options_.abs ? gradients.abs() : gradients).to(float64).clone();
  });
}

}  // namespace xg::explain
