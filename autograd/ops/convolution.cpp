// Convolutions. The value is <convolve(x, w), y>, linear in each of three tensors, and the three ops are its partial
// derivatives: the derivatives of each are the other two.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/spatial.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/convolution.hpp>
#include <xgrad/tensor/kernels/convolution.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

struct ConvolutionBase {
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_input(1);
  static constexpr Rule rule = Rule::bilinear;
  kernels::Convolution convolution;

  static bool needs_saved(std::size_t i, const bool* needed) { return other_needs(i, needed); }
};

/// A bound on the rounding of sums of products: the sum of their magnitudes.
template <class Op> Tensor rounding_of_sums(const Op& op, const RoundingContext& c) {
  const Tensor left = op.forward(c.of_term(0), abs(c.inputs[1]));
  return c.errors[1].defined() ? maximum(left, op.forward(abs(c.inputs[0]), c.errors[1])) : left;
}

/// y = convolve(x, weight) + bias
template <bool with_bias> struct Convolve : ConvolutionBase {
  static constexpr const char* name = "convolution";
  static constexpr int inputs = with_bias ? 3 : 2;

  static bool needs_saved(std::size_t i, const bool* needed) { return i < 2 && needed[1 - i]; }
  Tensor forward(const Tensor& x, const Tensor& weight) const { return kernels::convolve(x, weight, {}, convolution); }
  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
    return kernels::convolve(x, weight, bias, convolution);
  }
  Tensor product_part(const Tensor& x, const Tensor& weight) const
    requires(with_bias)
  {
    return apply(Convolve<false>{{convolution}}, x, weight);
  }
  std::array<Tensor, static_cast<std::size_t>(inputs)> backward(const OpContext& c, const Tensor& g) const;
  Tensor rounding(const RoundingContext& c) const {
    Tensor largest = rounding_of_sums(Convolve<false>{{convolution}}, c);
    if constexpr (with_bias) largest = maximum(largest, reshape(c.of_term(2), {c.inputs[2].numel(), 1, 1}));
    return largest;
  }
  static std::vector<Sample> samples(Dtype d);
};

/// The adjoint of convolve in x, of (y, weight)
struct ConvolveTransposed : ConvolutionBase {
  static constexpr const char* name = "convolution_transposed";

  Tensor forward(const Tensor& y, const Tensor& weight) const {
    return kernels::convolve_transposed(y, weight, convolution);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const;
  Tensor rounding(const RoundingContext& c) const { return rounding_of_sums(*this, c); }
  static std::vector<Sample> samples(Dtype d);
};

/// The adjoint of convolve in the weight, of (x, y)
struct ConvolveWeights : ConvolutionBase {
  static constexpr const char* name = "convolution_weights";

  static bool mixes_rows(std::int64_t) { return true; }
  Tensor forward(const Tensor& x, const Tensor& y) const { return kernels::convolve_weights(x, y, convolution); }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const;
  Tensor rounding(const RoundingContext& c) const { return rounding_of_sums(*this, c); }
  static std::vector<Sample> samples(Dtype d);
};

template <bool with_bias>
std::array<Tensor, static_cast<std::size_t>(Convolve<with_bias>::inputs)> Convolve<with_bias>::backward(
    const OpContext& c, const Tensor& g) const {
  std::array<Tensor, static_cast<std::size_t>(inputs)> grads;
  if (c.needs(0)) grads[0] = apply(ConvolveTransposed{{convolution}}, g, c.input(1));
  if (c.needs(1)) grads[1] = apply(ConvolveWeights{{convolution}}, c.input(0), g);
  if constexpr (with_bias)
    if (c.needs(2)) grads[2] = sum(g, {0, 2, 3});
  return grads;
}

std::array<Tensor, 2> ConvolveTransposed::backward(const OpContext& c, const Tensor& g) const {
  return gradients(
      c, [&] { return apply(Convolve<false>{{convolution}}, g, c.input(1)); },
      [&] { return apply(ConvolveWeights{{convolution}}, g, c.input(0)); });
}

std::array<Tensor, 2> ConvolveWeights::backward(const OpContext& c, const Tensor& g) const {
  return gradients(
      c, [&] { return apply(ConvolveTransposed{{convolution}}, c.input(1), g); },
      [&] { return apply(Convolve<false>{{convolution}}, c.input(0), g); });
}

template <bool with_bias> std::vector<Sample> Convolve<with_bias>::samples(Dtype d) {
  const auto by = [](ConvOptions options) {
    return [options](const Inputs& in) { return conv2d(in[0], in[1], with_bias ? in[2] : Tensor(), options); };
  };
  const auto shapes = [](const Shape& x, const Shape& weight) {
    std::vector<Shape> all{x, weight};
    if (with_bias) all.push_back({weight[0]});
    return all;
  };
  const auto sequence = [](const Inputs& in) {
    return conv1d(in[0], in[1], with_bias ? in[2] : Tensor(), {.stride = 2, .padding = 1});
  };
  return shaped_samples(
      d,
      {{"sequences", shapes({2, 2, 5}, {3, 2, 2}), sequence},
       {"padding", shapes({2, 2, 4, 3}, {3, 2, 3, 2}), by({.padding = 1})},
       {"stride, dilation", shapes({2, 1, 5, 6}, {3, 1, 2, 2}), by({.stride = {2, 1}, .dilation = {1, 3}})},
       {"groups", shapes({1, 4, 3, 3}, {2, 2, 2, 2}), by({.padding = "same", .groups = 2})},
       {"one pixel", shapes({2, 3, 2, 2}, {4, 3, 1, 1}), by({})},
       {"no images", shapes({0, 2, 3, 3}, {3, 2, 2, 2}), by({})}},
      3);
}

std::vector<Sample> ConvolveTransposed::samples(Dtype d) {
  const auto by = [](ConvTransposeOptions options) {
    return [options](const Inputs& in) { return conv_transpose2d(in[0], in[1], {}, options); };
  };
  return shaped_samples(
      d,
      {{"stride", {{2, 3, 2, 3}, {3, 2, 3, 2}}, by({.stride = 2, .padding = 1, .output_padding = {1, 0}})},
       {"groups, dilation", {{2, 4, 3, 2}, {4, 1, 2, 2}}, by({.groups = 2, .dilation = {1, 2}})},
       {"one pixel", {{1, 3, 2, 2}, {3, 2, 1, 1}}, by({})},
       {"no images", {{0, 3, 2, 2}, {3, 2, 2, 2}}, by({})}},
      3);
}

std::vector<Sample> ConvolveWeights::samples(Dtype d) {
  const auto by = [](const kernels::Windows& windows, std::int64_t groups) {
    return [=](const Inputs& in) { return apply(ConvolveWeights{{{windows, groups}}}, in[0], in[1]); };
  };
  return shaped_samples(d,
                        {{"padding", {{2, 2, 3, 4}, {2, 3, 3, 4}}, by({{3, 3, 1, 1, 1, 3}, {4, 1, 1, 0, 1, 4}}, 1)},
                         {"groups", {{3, 4, 1, 5}, {3, 2, 1, 2}}, by({{}, {5, 2, 2, 0, 2, 2}}, 2)},
                         {"many images", {{9, 1, 1, 3}, {9, 2, 1, 2}}, by({{}, {3, 2, 1, 0, 1, 2}}, 1)}},
                        3);
}

/// What the arguments of all convolutions must satisfy.
void check_arguments(const char* op, std::size_t dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                     std::int64_t groups) {
  check_spatial(op, x, dims);
  const Shape& ws = weight.shape();
  if (ws.size() != dims + 2)
    raise<ShapeError>("[{}] weight has shape {}, it must have {} dimensions.", op, ws.str(), dims + 2);
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != x.dtype()) || !x.is_floating_point())
    raise<DtypeError>("[{}] input is {}, weight is {}{}: they must be one floating dtype, convert with x.to(...).", op,
                      name(x.dtype()), name(weight.dtype()),
                      bias.defined() ? fmt::format(", bias is {}", name(bias.dtype())) : "");
  if (groups < 1) raise<ValueError>("[{}] groups is {}, it must be positive.", op, groups);
  if (ws[0] % groups != 0)
    raise<ShapeError>("[{}] weight has shape {}: its first size must be a multiple of the {} groups.", op, ws.str(),
                      groups);
  if (std::find(ws.begin() + 2, ws.end(), 0) != ws.end())
    raise<ShapeError>("[{}] weight has shape {}: the kernel must not be empty.", op, ws.str());
}

void check_bias(const char* op, const Tensor& bias, std::int64_t channels) {
  if (bias.defined() && bias.shape() != Shape{channels})
    raise<ShapeError>("[{}] bias has shape {}, it must be [{}].", op, bias.shape().str(), channels);
}

Plane kernel_of(const Tensor& weight) {
  const Shape& ws = weight.shape();
  return {ws.size() == 3 ? 1 : ws[2], ws.back()};
}

Tensor convolved(const char* op, std::size_t dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                 const ConvOptions& options) {
  check_arguments(op, dims, x, weight, bias, options.groups);
  const std::int64_t channels = x.size(-static_cast<std::int64_t>(dims) - 1), groups = options.groups;
  if (channels % groups != 0 || channels / groups != weight.shape()[1])
    raise<ShapeError>(
        "[{}] input is {}, weight is {}, groups is {}: the {} channels must be groups times weight.size(1).", op,
        x.shape().str(), weight.shape().str(), groups, channels);
  check_bias(op, bias, weight.shape()[0]);
  const Plane kernel = kernel_of(weight), stride = plane_of(op, "stride", options.stride, dims, 1, 1),
              dilation = plane_of(op, "dilation", options.dilation, dims, 1, 1);
  const Tensor images = as_images(x, dims);
  const Plane size{images.shape()[2], images.shape()[3]};
  kernels::Convolution convolution{{}, groups};
  if (options.padding.same) {
    if (stride != Plane{1, 1})
      raise<ValueError>("[{}] padding \"same\" needs a stride of 1: pad the input, or give numbers.", op);
    const auto same = [&](std::size_t i) {
      const std::int64_t before = (reach_of(op, kernel[i], dilation[i]) - 1) / 2;
      return kernels::Sliding{size[i], kernel[i], 1, before, dilation[i], size[i]};
    };
    convolution.windows = {same(0), same(1)};
  } else {
    convolution.windows =
        windows_of(op, size, kernel, stride, plane_of(op, "padding", options.padding, dims, 0, 0), dilation);
  }
  const Tensor kernels_of_planes = as_images(weight, dims);
  return like_input(bias.defined() ? apply(Convolve<true>{{convolution}}, images, kernels_of_planes, bias)
                                   : apply(Convolve<false>{{convolution}}, images, kernels_of_planes),
                    x, dims);
}

/// The size of which `count` windows are made. Throws ShapeError where it is not positive.
kernels::Sliding spread(const char* op, std::int64_t count, std::int64_t kernel, std::int64_t stride,
                        std::int64_t padding, std::int64_t output_padding, std::int64_t dilation) {
  if (output_padding >= std::max(stride, dilation))
    raise<ValueError>("[{}] output_padding is {}, it must be less than the stride {} or the dilation {}.", op,
                      output_padding, stride, dilation);
  const std::int64_t reach = reach_of(op, kernel, dilation);
  std::int64_t size = 0;
  if (count == 0 || __builtin_mul_overflow(count - 1, stride, &size) ||
      __builtin_add_overflow(size, reach + output_padding - 2 * padding, &size) || size < 1)
    raise<ShapeError>(
        "[{}] {} elements at a stride of {} with a window of {} elements, padding {} and output_padding {} give no "
        "result that can be: it needs a positive size.",
        op, count, stride, reach, padding, output_padding);
  return {size, kernel, stride, padding, dilation, count};
}

Tensor transposed(const char* op, std::size_t dims, const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const ConvTransposeOptions& options) {
  check_arguments(op, dims, x, weight, bias, options.groups);
  const std::int64_t channels = x.size(-static_cast<std::int64_t>(dims) - 1), groups = options.groups;
  if (channels != weight.shape()[0])
    raise<ShapeError>("[{}] input is {}, weight is {}: the {} channels must be weight.size(0).", op, x.shape().str(),
                      weight.shape().str(), channels);
  checked_numel(op, {weight.shape()[1], groups});
  const std::int64_t out = weight.shape()[1] * groups;
  check_bias(op, bias, out);
  const Plane kernel = kernel_of(weight), stride = plane_of(op, "stride", options.stride, dims, 1, 1),
              padding = plane_of(op, "padding", options.padding, dims, 0, 0),
              extra = plane_of(op, "output_padding", options.output_padding, dims, 0, 0),
              dilation = plane_of(op, "dilation", options.dilation, dims, 1, 1);
  const Tensor images = as_images(x, dims);
  const auto one = [&](std::size_t i) {
    return spread(op, images.shape()[i + 2], kernel[i], stride[i], padding[i], extra[i], dilation[i]);
  };
  const kernels::Convolution convolution{{one(0), one(1)}, groups};
  Tensor y = apply(ConvolveTransposed{{convolution}}, images, as_images(weight, dims));
  if (bias.defined()) y = y + reshape(bias, {out, 1, 1});
  return like_input(y, x, dims);
}

}  // namespace
}  // namespace autograd

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options) {
  return autograd::convolved("conv1d", 1, x, weight, bias, options);
}
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& options) {
  return autograd::convolved("conv2d", 2, x, weight, bias, options);
}
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& options) {
  return autograd::transposed("conv_transpose1d", 1, x, weight, bias, options);
}
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& options) {
  return autograd::transposed("conv_transpose2d", 2, x, weight, bias, options);
}

}  // namespace xg
