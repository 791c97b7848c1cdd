// Blocks of images: windows as columns, and pixels as channels.
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/spatial.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/convolution.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/kernels/windows.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <vector>

namespace xg {
namespace autograd {
namespace {

/// [n, channels, height, width] to [n, channels taps, windows]
struct Unfold : Rearrangement {
  static constexpr const char* name = "im2col";
  kernels::Windows windows;

  Tensor forward(const Tensor& x) const { return kernels::unfold(x, windows); }
  Tensor backward(const OpContext& c, const Tensor& g) const;
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](PerDim kernel, UnfoldOptions options) {
      return [=](const Inputs& in) { return im2col(in[0], kernel, options); };
    };
    return shaped_samples(d, {{"padding", {{2, 2, 3, 4}}, by({2, 3}, {.padding = {1, 2}})},
                              {"stride, dilation", {{1, 2, 5, 5}}, by(2, {.dilation = {1, 3}, .stride = 2})},
                              {"no images", {{0, 2, 3, 3}}, by(2, {})}});
  }
};

/// Its adjoint
struct Fold : Rearrangement {
  static constexpr const char* name = "col2im";
  kernels::Windows windows;

  Tensor forward(const Tensor& columns) const { return kernels::fold(columns, windows); }
  Tensor backward(const OpContext&, const Tensor& g) const { return apply(Unfold{{}, windows}, g); }
  Tensor rounding(const RoundingContext& c) const { return forward(c.of_term(0)); }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](PerDim size, PerDim kernel, UnfoldOptions options) {
      return [=](const Inputs& in) { return col2im(in[0], size, kernel, options); };
    };
    return shaped_samples(
        d, {{"padding", {{2, 4, 12}}, by({2, 3}, 2, {.padding = 1})},
            {"stride, dilation", {{2, 6, 4}}, by({4, 6}, {2, 3}, {.dilation = {1, 2}, .stride = {2, 1}})},
            {"no images", {{0, 4, 4}}, by(3, 2, {})}});
  }
};

Tensor Unfold::backward(const OpContext&, const Tensor& g) const { return apply(Fold{{}, windows}, g); }

kernels::Windows block_windows(const char* op, const Plane& size, const PerDim& kernel_size,
                               const UnfoldOptions& options) {
  return windows_of(op, size, plane_of(op, "kernel_size", kernel_size, 2, 1, 1),
                    plane_of(op, "stride", options.stride, 2, 1, 1), plane_of(op, "padding", options.padding, 2, 0, 0),
                    plane_of(op, "dilation", options.dilation, 2, 1, 1));
}

/// x [.., channels, height, width] with one leading dimension.
Tensor with_one_leading(const Tensor& x) {
  Shape shape = x.shape();
  std::int64_t rows = 1;
  while (shape.size() > 3) {
    rows *= shape.front();
    shape.erase(0);
  }
  shape.insert(0, rows);
  return reshape(x, shape);
}

/// The shape of x with other last three sizes.
Shape with_last(const Tensor& x, std::int64_t channels, std::int64_t height, std::int64_t width) {
  Shape shape = x.shape();
  const std::size_t n = shape.size();
  shape[n - 3] = channels;
  shape[n - 2] = height;
  shape[n - 1] = width;
  return shape;
}

void check_factor(const char* op, const char* argument, const Tensor& x, std::int64_t factor) {
  if (x.dim() < 3)
    raise<ShapeError>("[{}] input is {}, it must be [.., channels, height, width].", op, x.shape().str());
  if (factor < 1 || factor > (std::int64_t{1} << 30))
    raise<ValueError>("[{}] {} is {}, it must be positive and less than 2^30.", op, argument, factor);
}

}  // namespace
}  // namespace autograd

Tensor im2col(const Tensor& x, const PerDim& kernel_size, const UnfoldOptions& options) {
  autograd::check_spatial("im2col", x, 2);
  autograd::check_floating("im2col", x);
  const Tensor images = autograd::as_images(x, 2);
  const kernels::Windows windows =
      autograd::block_windows("im2col", {images.shape()[2], images.shape()[3]}, kernel_size, options);
  autograd::checked_numel("im2col", {images.shape()[1], windows.rows.kernel, windows.columns.kernel});
  autograd::checked_numel("im2col", {windows.rows.count, windows.columns.count});
  const Tensor columns = apply(autograd::Unfold{{}, windows}, images);
  return x.dim() == 3 ? squeeze(columns, 0) : columns;
}

Tensor col2im(const Tensor& columns, const PerDim& output_size, const PerDim& kernel_size,
              const UnfoldOptions& options) {
  autograd::check_floating("col2im", columns);
  if (columns.dim() != 2 && columns.dim() != 3)
    raise<ShapeError>("[col2im] columns have shape {}, it must be [n, channels kernel, windows] or without n.",
                      columns.shape().str());
  const kernels::Windows windows = autograd::block_windows(
      "col2im", autograd::plane_of("col2im", "output_size", output_size, 2, 1, 1), kernel_size, options);
  const std::int64_t taps = autograd::checked_numel("col2im", {windows.rows.kernel, windows.columns.kernel}),
                     count = autograd::checked_numel("col2im", {windows.rows.count, windows.columns.count});
  if (columns.size(-2) % taps != 0 || columns.size(-1) != count)
    raise<ShapeError>(
        "[col2im] columns have shape {}: an output of {} x {} has {} windows, the last size, and the size before must "
        "be "
        "a multiple of the {} elements of a window.",
        columns.shape().str(), windows.rows.size, windows.columns.size, count, taps);
  const bool single = columns.dim() == 2;
  const Tensor images = apply(autograd::Fold{{}, windows}, single ? unsqueeze(columns, 0) : columns);
  return single ? squeeze(images, 0) : images;
}

Tensor pixel_shuffle(const Tensor& x, std::int64_t r) {
  autograd::check_factor("pixel_shuffle", "upscale_factor", x, r);
  const std::int64_t channels = x.size(-3), height = x.size(-2), width = x.size(-1);
  if (channels % (r * r) != 0)
    raise<ShapeError>("[pixel_shuffle] input is {}, upscale_factor is {}: the {} channels must be a multiple of {}.",
                      x.shape().str(), r, channels, r * r);
  autograd::checked_numel("pixel_shuffle", {height, r, width, r});
  const Shape shape = autograd::with_last(x, channels / (r * r), height * r, width * r);
  const Tensor images = autograd::with_one_leading(x);
  const Tensor parts = reshape(images, {images.shape()[0], channels / (r * r), r, r, height, width});
  return reshape(permute(parts, {0, 1, 4, 2, 5, 3}), shape);
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t r) {
  autograd::check_factor("pixel_unshuffle", "downscale_factor", x, r);
  const std::int64_t channels = x.size(-3), height = x.size(-2), width = x.size(-1);
  if (height % r != 0 || width % r != 0)
    raise<ShapeError>("[pixel_unshuffle] input is {}, downscale_factor is {}: it must divide height and width.",
                      x.shape().str(), r);
  autograd::checked_numel("pixel_unshuffle", {channels, r, r});
  const Shape shape = autograd::with_last(x, channels * r * r, height / r, width / r);
  const Tensor images = autograd::with_one_leading(x);
  const Tensor parts = reshape(images, {images.shape()[0], channels, height / r, r, width / r, r});
  return reshape(permute(parts, {0, 1, 3, 5, 2, 4}), shape);
}

}  // namespace xg
