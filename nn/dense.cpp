#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/dense.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::nn {

Dense::Dense(std::int64_t in, std::int64_t units, DenseOptions options)
    : Layer(options.name), in_(in), units_(units), options_(std::move(options)) {
  if (in < 1) raise<ValueError>("[Dense] in is {}, it must be 1 or more.", in);
  if (units < 1) raise<ValueError>("[Dense] units is {}, it must be 1 or more.", units);
  build({in});
}

Dense::Dense(std::int64_t units, DenseOptions options)
    : Layer(options.name), in_(0), units_(units), options_(std::move(options)) {
  if (units < 1) raise<ValueError>("[Dense] units is {}, it must be 1 or more.", units);
}

void Dense::build(const Shape& row) {
  if (is_built()) return;
  if (row.empty() || row.back() < 1)
    raise<ShapeError>("[{}] a row has shape {}, it needs a last dimension of 1 or more.", label(), row.str());
  in_ = row.back();
  Tensor weight = empty({units_, in_});
  options_.kernel_init(weight);
  weight_ = param("weight", weight);
  if (!options_.bias) return;
  Tensor bias = empty({units_});
  options_.bias_init(bias);
  bias_ = param("bias", bias);
}

Tensor Dense::forward(const Tensor& x) {
  if (!is_built()) [[unlikely]]
    build(detail::row_of(x));
  Tensor y = linear(x, weight_, bias_);
  return options_.activation.is_linear() ? y : options_.activation(y);
}

std::optional<Shape> Dense::input_shape() const { return in_ > 0 ? std::optional(Shape{in_}) : std::nullopt; }

void Dense::describe(LayerInfo& info) const {
  info.in = in_;
  info.neurons = info.out = units_;
  info.activation = options_.activation.name();
  info.params = weight_;
  info.bias = bias_;
}

std::int64_t Dense::flops(const Shape&, const Shape& output) const {
  const std::int64_t per_unit = 2 * in_ + (options_.bias ? 1 : 0) + (options_.activation.is_linear() ? 0 : 1);
  return output.numel() * per_unit;
}

std::shared_ptr<Module> Dense::clone() const {
  if (!is_built()) return std::make_shared<Dense>(units_, options_);
  return Layer::clone();
}

}  // namespace xg::nn
