// Rows of convolutions, pooling, interpolation, normalization, attention and bags of embeddings.
#include "conformance/ops_table.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

/// A number, or one for each dimension; none where it is missing, null or an empty list.
PerDim per_dim(A a, const char* name) { return a.has(name) ? PerDim(a.integers(name)) : PerDim(); }
PerDim per_dim(A a, const char* name, std::int64_t fallback) {
  return a.has(name) ? PerDim(a.integers(name)) : PerDim(fallback);
}

ConvOptions conv_options(A a) {
  return {.stride = per_dim(a, "stride", 1),
          .padding = a.text_given("padding") ? ConvPadding(a.text("padding")) : ConvPadding(per_dim(a, "padding", 0)),
          .dilation = per_dim(a, "dilation", 1),
          .groups = a.integer("groups", 1)};
}

template <Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, const ConvOptions&)> Outputs convolution(A a) {
  return f(a.tensor("x"), a.tensor("weight"), a.optional_tensor("bias"), conv_options(a));
}

template <Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, const ConvTransposeOptions&)>
Outputs transposed_convolution(A a) {
  return f(a.tensor("x"), a.tensor("weight"), a.optional_tensor("bias"),
           {.stride = per_dim(a, "stride", 1),
            .padding = per_dim(a, "padding", 0),
            .output_padding = per_dim(a, "output_padding", 0),
            .groups = a.integer("groups", 1),
            .dilation = per_dim(a, "dilation", 1)});
}

UnfoldOptions unfold_options(A a) {
  return {
      .dilation = per_dim(a, "dilation", 1), .padding = per_dim(a, "padding", 0), .stride = per_dim(a, "stride", 1)};
}

template <std::pair<Tensor, Tensor> (*f)(const Tensor&, const PerDim&, const MaxPoolOptions&)> Outputs max_pool(A a) {
  auto result = f(a.tensor("x"), per_dim(a, "kernel_size"),
                  {.stride = per_dim(a, "stride"),
                   .padding = per_dim(a, "padding", 0),
                   .dilation = per_dim(a, "dilation", 1),
                   .ceil_mode = a.flag("ceil_mode")});
  if (a.flag("return_indices")) return result;
  return result.first;
}

template <Tensor (*f)(const Tensor&, const PerDim&, const AvgPoolOptions&)> Outputs avg_pool(A a) {
  return f(a.tensor("x"), per_dim(a, "kernel_size"),
           {.stride = per_dim(a, "stride"),
            .padding = per_dim(a, "padding", 0),
            .ceil_mode = a.flag("ceil_mode"),
            .count_include_pad = a.flag("count_include_pad", true),
            .divisor_override = a.optional_integer("divisor_override")});
}

OutputSize output_size(A a) {
  const Json& given = a.json("output_size");
  if (given.is_number()) return given.get<std::int64_t>();
  std::vector<std::optional<std::int64_t>> sizes;
  for (const Json& size : given)
    sizes.push_back(size.is_null() ? std::nullopt : std::optional(size.get<std::int64_t>()));
  return sizes;
}

template <Tensor (*f)(const Tensor&, const OutputSize&)> Outputs adaptive_pool(A a) {
  return f(a.tensor("x"), output_size(a));
}

template <std::pair<Tensor, Tensor> (*f)(const Tensor&, const OutputSize&)> Outputs adaptive_max_pool(A a) {
  auto result = f(a.tensor("x"), output_size(a));
  if (a.flag("return_indices")) return result;
  return result.first;
}

InterpolateMode mode_of(A a) {
  const std::string text = a.text("mode", "nearest");
  if (text == "nearest") return InterpolateMode::nearest;
  if (text == "nearest-exact") return InterpolateMode::nearest_exact;
  if (text == "linear") return InterpolateMode::linear;
  if (text == "bilinear") return InterpolateMode::bilinear;
  if (text == "bicubic") return InterpolateMode::bicubic;
  if (text == "trilinear") return InterpolateMode::trilinear;
  if (text == "area") return InterpolateMode::area;
  throw Unknown("mode " + text);
}

Outputs interpolated(A a) {
  if (a.flag("antialias")) throw Unknown("antialias");
  ScaleFactor factor;
  if (a.has("scale_factor")) {
    const Json& given = a.json("scale_factor");
    factor = given.is_array() ? ScaleFactor(given.get<std::vector<double>>()) : ScaleFactor(given.get<double>());
  }
  const auto flag = [&](const char* name) { return a.has(name) ? std::optional(a.flag(name)) : std::nullopt; };
  return interpolate(a.tensor("x"), {.size = per_dim(a, "size"),
                                     .scale_factor = factor,
                                     .mode = mode_of(a),
                                     .align_corners = flag("align_corners"),
                                     .recompute_scale_factor = flag("recompute_scale_factor")});
}

constexpr const char* interpolate_signature = "x size scale_factor mode align_corners recompute_scale_factor antialias";

Outputs instance_normalized(A a) {
  const auto copy = [&](const char* name) { return a.has(name) ? a.tensor(name).detach().clone() : Tensor(); };
  return instance_norm(a.tensor("x"), copy("running_mean"), copy("running_var"), a.optional_tensor("weight"),
                       a.optional_tensor("bias"), a.flag("use_input_stats", true), a.number("momentum", 0.1),
                       a.number("eps", 1e-5));
}

Outputs attention(A a) {
  if (a.number("dropout_p", 0) > 0) throw Unknown("dropout, whose random numbers are PyTorch's");
  return scaled_dot_product_attention(a.tensor("query"), a.tensor("key"), a.tensor("value"),
                                      {.attn_mask = a.optional_tensor("attn_mask"),
                                       .is_causal = a.flag("is_causal"),
                                       .scale = a.optional_number("scale"),
                                       .enable_gqa = a.flag("enable_gqa")});
}

/// PyTorch's cases have the weight first.
Outputs bags(A a) {
  if (a.has("max_norm") || a.flag("scale_grad_by_freq")) throw Unknown("max_norm and scale_grad_by_freq");
  const std::string mode = a.text("mode", "mean");
  const bool weight_first = a.tensor("index").is_floating_point();
  return embedding_bag(a.tensor(weight_first ? "weight" : "index"), a.tensor(weight_first ? "index" : "weight"),
                       {.offsets = a.optional_tensor("offsets"),
                        .mode = mode == "sum"   ? EmbeddingBagMode::sum
                                : mode == "max" ? EmbeddingBagMode::max
                                                : EmbeddingBagMode::mean,
                        .per_sample_weights = a.optional_tensor("per_sample_weights"),
                        .include_last_offset = a.flag("include_last_offset"),
                        .padding_idx = a.optional_integer("padding_idx")});
}

const OpRow table[] = {
    // ---- convolutions and blocks
    {"nn.functional.conv1d", "x weight bias stride padding dilation groups", convolution<conv1d>},
    {"nn.functional.conv2d", "x weight bias stride padding dilation groups", convolution<conv2d>},
    {"nn.functional.conv_transpose1d", "x weight bias stride padding output_padding groups dilation",
     transposed_convolution<conv_transpose1d>},
    {"nn.functional.conv_transpose2d", "x weight bias stride padding output_padding groups dilation",
     transposed_convolution<conv_transpose2d>},
    {"nn.functional.unfold", "x kernel_size dilation padding stride",
     [](A a) -> Outputs { return im2col(a.tensor("x"), per_dim(a, "kernel_size"), unfold_options(a)); }},
    {"nn.functional.fold", "x output_size kernel_size dilation padding stride",
     [](A a) -> Outputs {
       return col2im(a.tensor("x"), per_dim(a, "output_size"), per_dim(a, "kernel_size"), unfold_options(a));
     }},
    {"nn.functional.pixel_shuffle", "x upscale_factor",
     [](A a) -> Outputs { return pixel_shuffle(a.tensor("x"), a.integer("upscale_factor")); }},
    {"nn.functional.pixel_unshuffle", "x downscale_factor",
     [](A a) -> Outputs { return pixel_unshuffle(a.tensor("x"), a.integer("downscale_factor")); }},

    // ---- pooling
    {"nn.functional.max_pool1d", "x kernel_size stride padding dilation ceil_mode return_indices",
     max_pool<max_pool1d_with_indices>},
    {"nn.functional.max_pool2d", "x kernel_size stride padding dilation ceil_mode return_indices",
     max_pool<max_pool2d_with_indices>},
    {"nn.functional.avg_pool1d", "x kernel_size stride padding ceil_mode count_include_pad", avg_pool<avg_pool1d>},
    {"nn.functional.avg_pool2d", "x kernel_size stride padding ceil_mode count_include_pad divisor_override",
     avg_pool<avg_pool2d>},
    {"nn.functional.adaptive_avg_pool1d", "x output_size", adaptive_pool<adaptive_avg_pool1d>},
    {"nn.functional.adaptive_avg_pool2d", "x output_size", adaptive_pool<adaptive_avg_pool2d>},
    {"nn.functional.adaptive_max_pool1d", "x output_size return_indices",
     adaptive_max_pool<adaptive_max_pool1d_with_indices>},
    {"nn.functional.adaptive_max_pool2d", "x output_size return_indices",
     adaptive_max_pool<adaptive_max_pool2d_with_indices>},

    // ---- interpolation
    {"nn.functional.interpolate.nearest", interpolate_signature, interpolated},
    {"nn.functional.interpolate.nearest-exact", interpolate_signature, interpolated},
    {"nn.functional.interpolate.linear", interpolate_signature, interpolated},
    {"nn.functional.interpolate.bilinear", interpolate_signature, interpolated},
    {"nn.functional.interpolate.bicubic", interpolate_signature, interpolated},
    {"nn.functional.interpolate.trilinear", interpolate_signature, interpolated},
    {"nn.functional.interpolate.area", interpolate_signature, interpolated},

    // ---- normalization
    {"nn.functional.group_norm", "x num_groups weight bias eps",
     [](A a) -> Outputs {
       return group_norm(a.tensor("x"), a.integer("num_groups"), a.optional_tensor("weight"), a.optional_tensor("bias"),
                         a.number("eps", 1e-5));
     }},
    {"nn.functional.instance_norm", "x running_mean running_var weight bias use_input_stats momentum eps",
     instance_normalized},
    {"nn.functional.local_response_norm", "x size alpha beta k",
     [](A a) -> Outputs {
       return local_response_norm(a.tensor("x"), a.integer("size"), a.number("alpha", 1e-4), a.number("beta", 0.75),
                                  a.number("k", 1));
     }},

    // ---- others
    {"nn.functional.scaled_dot_product_attention", "query key value attn_mask dropout_p is_causal scale enable_gqa",
     attention},
    {"nn.functional.bilinear", "x1 x2 weight bias",
     [](A a) -> Outputs {
       return bilinear(a.tensor("x1"), a.tensor("x2"), a.tensor("weight"), a.optional_tensor("bias"));
     }},
    {"nn.functional.glu", "x dim", [](A a) -> Outputs { return glu(a.tensor("x"), a.integer("dim", -1)); }},
    {"nn.functional.embedding_bag",
     "index weight offsets max_norm norm_type scale_grad_by_freq mode sparse per_sample_weights include_last_offset "
     "padding_idx",
     bags},
};

}  // namespace

std::span<const OpRow> spatial_rows() { return table; }

}  // namespace xg_conformance
