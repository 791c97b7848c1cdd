#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/reshaping.hpp>
#include <xgrad/tensor/error.hpp>

namespace xg::nn {

Tensor Flatten::forward(const Tensor& x) { return flatten(x, options_.start_dim, options_.end_dim); }

Unflatten::Unflatten(std::int64_t dim, const Shape& sizes, LayerOptions options)
    : Layer(std::move(options.name)), dim_(dim), sizes_(sizes) {}

Tensor Unflatten::forward(const Tensor& x) { return unflatten(x, dim_, sizes_); }

Lambda::Lambda(std::function<Tensor(const Tensor&)> function, LayerOptions options)
    : Layer(std::move(options.name)), function_(std::move(function)) {
  if (!function_) throw ValueError("[Lambda] the function is empty, it must take and give a tensor.");
}

}  // namespace xg::nn
