// Calls of convolutions, pooling, interpolation, normalization, attention and bags of embeddings.
#include "misuse/calls.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

using namespace xg;

namespace xg_test {
namespace {

/// A floating-point tensor with `dims` dimensions, or, one time in six, any tensor.
Tensor images(Draw& d, std::int64_t dims, const Tensor& like = {}) {
  if (d.one_in(6)) return d.tensor();
  Shape shape;
  for (std::int64_t i = 0; i < dims; ++i) shape.push_back(d.one_in(20) ? 0 : 1 + d.below(i < dims - 2 ? 3 : 5));
  const Dtype dtype = like.defined() && like.is_floating_point() ? like.dtype() : d.yes() ? float32 : float64;
  return d.other_values(zeros(shape, {.dtype = dtype}));
}

/// x [n, channels, ...] or without n, and a kernel that mostly fits it.
struct Drawn {
  Tensor x, weight, bias;
};

Drawn for_convolution(Draw& d, std::int64_t dims, std::int64_t groups, bool transposed) {
  Drawn out{images(d, dims + (d.one_in(4) ? 1 : 2)), {}, {}};
  if (!out.x.defined() || out.x.dim() <= dims || !out.x.is_floating_point() || d.one_in(6)) {
    out.weight = d.tensor();
    return out;
  }
  const std::int64_t channels = out.x.size(-dims - 1), of_group = groups > 0 && groups < 5 ? groups : 1;
  Shape shape = transposed ? Shape{channels, 1 + d.below(2)} : Shape{of_group * (1 + d.below(2)), channels / of_group};
  for (std::int64_t i = 0; i < dims; ++i) shape.push_back(1 + d.below(3));
  out.weight = d.other_values(zeros(shape, {.dtype = out.x.dtype()}));
  const std::int64_t results = transposed ? shape[1] * of_group : shape[0];
  if (d.yes()) out.bias = d.one_in(6) ? d.tensor() : d.other_values(zeros({results}, {.dtype = out.x.dtype()}));
  return out;
}

/// Any integer but some hundreds, of which a result would have in each of its dimensions.
std::int64_t integer(Draw& d) {
  const std::int64_t n = d.integer();
  return n == 100 || n == 1000 ? 7 : n;
}

/// Mostly one of small numbers.
PerDim numbers(Draw& d, std::int64_t least) {
  if (d.one_in(10)) {
    PerDim any;
    for (std::int64_t i = d.below(4); i > 0; --i) any.push_back(integer(d));
    return any;
  }
  if (d.yes()) return least + d.below(2);
  return {least + d.below(3), d.one_in(12) ? integer(d) : least + d.below(2)};
}

std::int64_t groups(Draw& d) { return d.one_in(10) ? integer(d) : 1 + d.below(2); }

template <std::int64_t dims, auto f> std::vector<Tensor> convolution(Draw& d) {
  ConvOptions options{
      .stride = numbers(d, 1), .padding = numbers(d, 0), .dilation = numbers(d, 1), .groups = groups(d)};
  if (d.one_in(4)) options.padding = ConvPadding(d.yes() ? "same" : "valid");
  const Drawn in = for_convolution(d, dims, options.groups, false);
  return list(f(in.x, in.weight, in.bias, options));
}

template <std::int64_t dims, auto f> std::vector<Tensor> transposed(Draw& d) {
  const ConvTransposeOptions options{.stride = numbers(d, 1),
                                     .padding = numbers(d, 0),
                                     .output_padding = numbers(d, 0),
                                     .groups = groups(d),
                                     .dilation = numbers(d, 1)};
  const Drawn in = for_convolution(d, dims, options.groups, true);
  return list(f(in.x, in.weight, in.bias, options));
}

UnfoldOptions unfold_options(Draw& d) {
  return {.dilation = numbers(d, 1), .padding = numbers(d, 0), .stride = numbers(d, 1)};
}

template <std::int64_t dims, auto f> std::vector<Tensor> max_pool(Draw& d) {
  const MaxPoolOptions options{.stride = d.yes() ? PerDim() : numbers(d, 1),
                               .padding = numbers(d, 0),
                               .dilation = numbers(d, 1),
                               .ceil_mode = d.yes()};
  return list(f(images(d, dims + (d.yes() ? 1 : 2)), numbers(d, 1), options));
}

template <std::int64_t dims, auto f> std::vector<Tensor> avg_pool(Draw& d) {
  const AvgPoolOptions options{.stride = d.yes() ? PerDim() : numbers(d, 1),
                               .padding = numbers(d, 0),
                               .ceil_mode = d.yes(),
                               .count_include_pad = d.yes(),
                               .divisor_override = d.one_in(4) ? std::optional(d.integer()) : std::nullopt};
  return list(f(images(d, dims + (d.yes() ? 1 : 2)), numbers(d, 1), options));
}

template <std::int64_t dims, auto f> std::vector<Tensor> adaptive_pool(Draw& d) {
  const auto size = [&] {
    return d.one_in(4) ? std::nullopt : std::optional(d.one_in(8) ? integer(d) : 1 + d.below(6));
  };
  const OutputSize sizes = d.yes() ? OutputSize{size()} : OutputSize{size(), size()};
  return list(f(images(d, dims + (d.yes() ? 1 : 2)), sizes));
}

std::vector<Tensor> interpolated(Draw& d) {
  using Mode = InterpolateMode;
  InterpolateOptions options;
  options.mode = d.one_of(
      {Mode::nearest, Mode::linear, Mode::bilinear, Mode::bicubic, Mode::trilinear, Mode::area, Mode::nearest_exact});
  if (d.yes()) options.size = numbers(d, 1);
  if (options.size.empty() || d.one_in(10)) options.scale_factor = d.yes() ? 0.5 + d.number() : 1.7;
  if (d.one_in(3)) options.align_corners = d.yes();
  if (d.one_in(3)) options.recompute_scale_factor = d.yes();
  const std::int64_t dims = options.mode == Mode::linear      ? 3
                            : options.mode == Mode::trilinear ? 5
                            : d.one_in(3)                     ? 3 + d.below(3)
                                                              : 4;
  return list(interpolate(images(d, dims), options));
}

Tensor channels(Draw& d, const Tensor& x) {
  if (d.one_in(3)) return {};
  if (!x.defined() || x.dim() < 2 || d.one_in(6)) return d.tensor();
  return d.other_values(zeros({x.size(1)}, {.dtype = x.is_floating_point() ? x.dtype() : float32}));
}

std::vector<Tensor> attention(Draw& d) {
  const Tensor query = images(d, 2 + d.below(3));
  if (!query.defined() || query.dim() < 2 || !query.is_floating_point() || d.one_in(6))
    return list(scaled_dot_product_attention(query, d.tensor_like(query), d.tensor_like(query)));
  Shape shape = query.shape();
  const std::int64_t rows = query.size(-2);
  shape[shape.size() - 2] = 1 + d.below(4);
  const Tensor key = d.other_values(zeros(shape, {.dtype = query.dtype()}));
  const Tensor value = d.one_in(6) ? d.tensor_like(key) : d.other_values(key);
  AttentionOptions options{
      .dropout_p = d.one_in(6) ? d.number() : 0.0, .is_causal = d.one_in(3), .enable_gqa = d.one_in(5)};
  if (d.one_in(4)) options.scale = d.number();
  if (!options.is_causal || d.one_in(6)) {
    const Tensor scores = zeros({rows, key.size(-2)}, {.dtype = query.dtype()});
    options.attn_mask = d.one_in(3) ? d.mask() : d.yes() ? d.other_values(scores) : d.other_values(scores) > 0.0;
  }
  return list(scaled_dot_product_attention(query, key, value, options));
}

std::vector<Tensor> bags(Draw& d) {
  const Tensor weight =
      d.one_in(6) ? d.tensor() : d.other_values(zeros({4, 2}, {.dtype = d.yes() ? float32 : float64}));
  const Tensor index = d.one_in(3) ? d.index() : (from_data(std::vector<std::int64_t>{0, 2, 1, 3, 3, 0}.data(), {6}));
  EmbeddingBagOptions options{.mode = d.one_of({EmbeddingBagMode::sum, EmbeddingBagMode::mean, EmbeddingBagMode::max}),
                              .include_last_offset = d.one_in(3),
                              .padding_idx = d.one_in(3) ? std::optional(d.integer()) : std::nullopt};
  const bool flat = d.one_in(3);
  const Tensor given = flat || !index.defined() || index.dim() != 1 ? index : index.reshape({1, index.numel()});
  if (given.defined() && given.dim() == 1)
    options.offsets = d.one_in(4) ? d.index() : from_data(std::vector<std::int64_t>{0, 1, 1, 2}.data(), {4});
  if (d.one_in(5) && given.defined() && weight.defined() && weight.is_floating_point())
    options.per_sample_weights = d.other_values(zeros(given.shape(), {.dtype = weight.dtype()}));
  return list(embedding_bag(given, weight, options));
}

}  // namespace

std::vector<Call> spatial_calls() {
  return {
      // clang-format off
      {"conv1d", convolution<1, conv1d>},
      {"conv2d", convolution<2, conv2d>},
      {"conv_transpose1d", transposed<1, conv_transpose1d>},
      {"conv_transpose2d", transposed<2, conv_transpose2d>},
      {"im2col", [](Draw& d) { return list(im2col(images(d, 3 + d.below(2)), numbers(d, 1), unfold_options(d))); }},
      {"col2im", [](Draw& d) {
         const UnfoldOptions options = unfold_options(d);
         const PerDim size = numbers(d, 2), kernel = numbers(d, 1);
         if (d.one_in(3)) return list(col2im(images(d, 2 + d.below(2)), size, kernel, options));
         const auto at = [](const PerDim& numbers, std::size_t i) {
           const std::int64_t n = numbers.empty() ? 1 : numbers[numbers.size() == 1 ? 0 : i];
           return std::clamp<std::int64_t>(n, -1000, 1000);  // products of wild numbers would overflow
         };
         Shape shape{2, 1, 1};
         for (std::size_t i = 0; i < 2; ++i) {
           const std::int64_t room = at(size, i) / 2 + at(options.padding, i) - (at(kernel, i) / 2) * at(options.dilation, i) / 2;
           shape[1] *= at(kernel, i) > 0 && at(kernel, i) < 5 ? at(kernel, i) : 1;
           shape[2] *= room > 0 && room < 9 ? room : 1;
         }
         return list(col2im(d.other_values(zeros(shape, {.dtype = float64})), size, kernel, options));
       }},
      {"pixel_shuffle", [](Draw& d) {
         const std::int64_t r = d.one_in(6) ? integer(d) : 1 + d.below(2);
         const Tensor x = images(d, 3 + d.below(2));
         return list(pixel_shuffle(d.one_in(3) || !x.defined() || x.dim() < 3 ? x : cat({x, x, x, x}, -3), r));
       }},
      {"pixel_unshuffle", [](Draw& d) { return list(pixel_unshuffle(images(d, 3 + d.below(2)), d.one_in(6) ? integer(d) : 1 + d.below(2))); }},
      {"max_pool1d", max_pool<1, max_pool1d_with_indices>},
      {"max_pool2d", max_pool<2, max_pool2d_with_indices>},
      {"max_pool1d without indices", max_pool<1, max_pool1d>},
      {"max_pool2d without indices", max_pool<2, max_pool2d>},
      {"avg_pool1d", avg_pool<1, avg_pool1d>},
      {"avg_pool2d", avg_pool<2, avg_pool2d>},
      {"adaptive_avg_pool1d", adaptive_pool<1, adaptive_avg_pool1d>},
      {"adaptive_avg_pool2d", adaptive_pool<2, adaptive_avg_pool2d>},
      {"adaptive_max_pool1d", adaptive_pool<1, adaptive_max_pool1d_with_indices>},
      {"adaptive_max_pool2d", adaptive_pool<2, adaptive_max_pool2d_with_indices>},
      {"adaptive_max_pool1d without indices", adaptive_pool<1, adaptive_max_pool1d>},
      {"adaptive_max_pool2d without indices", adaptive_pool<2, adaptive_max_pool2d>},
      {"interpolate", interpolated},
      {"group_norm", [](Draw& d) {
         const Tensor x = images(d, 2 + d.below(3));
         return list(group_norm(x, d.one_in(6) ? integer(d) : 1 + d.below(2), channels(d, x), channels(d, x), d.number()));
       }},
      {"instance_norm", [](Draw& d) {
         const Tensor x = images(d, 2 + d.below(3));
         return list(instance_norm(x, channels(d, x), channels(d, x), channels(d, x), channels(d, x), d.yes(), d.number(), d.number()));
       }},
      {"local_response_norm", [](Draw& d) { return list(local_response_norm(images(d, 2 + d.below(3)), d.one_in(6) ? integer(d) : 1 + d.below(3), d.number(), d.number(), d.number())); }},
      {"scaled_dot_product_attention", attention},
      {"bilinear", [](Draw& d) {
         const Tensor x = images(d, 1 + d.below(3));
         if (!x.defined() || x.dim() == 0 || d.one_in(4)) return list(bilinear(x, d.tensor_like(x), d.tensor(), d.tensor()));
         const Tensor weight = d.other_values(zeros({2, x.size(-1), x.size(-1)}, {.dtype = x.is_floating_point() ? x.dtype() : float32}));
         return list(bilinear(x, d.tensor_like(x), weight, d.yes() ? Tensor() : d.other_values(zeros({2}, {.dtype = weight.dtype()}))));
       }},
      {"glu", [](Draw& d) { return list(glu(images(d, 1 + d.below(3)), d.dim())); }},
      {"embedding_bag", bags},
      // clang-format on
  };
}

}  // namespace xg_test
