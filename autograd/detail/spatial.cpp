#include <xgrad/autograd/detail/spatial.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <string_view>

namespace xg {

ConvPadding ConvPadding::named(std::string_view name) {
  if (name != "same" && name != "valid")
    raise<ValueError>("[convolution] padding is \"{}\": use \"same\", \"valid\" or numbers.", name);
  ConvPadding padding;
  padding.same = name == "same";
  return padding;
}

namespace autograd {
namespace {

constexpr std::int64_t largest_size = std::int64_t{1} << 56;  // no tensor is larger, and sums of some do not overflow

}  // namespace

Plane plane_of(const char* op, const char* argument, const PerDim& numbers, std::size_t dims, std::int64_t least,
               std::int64_t of_height) {
  if (numbers.size() != 1 && numbers.size() != dims)
    raise<ValueError>("[{}] {} has {} numbers: give {}.", op, argument, numbers.size(),
                      dims == 1 ? "one" : "one, or one for height and one for width");
  for (const std::int64_t n : numbers) {
    if (n < least) raise<ValueError>("[{}] {} is {}, it must be at least {}.", op, argument, n, least);
    if (n > largest_size) raise<ShapeError>("[{}] {} is {}: no tensor is that large.", op, argument, n);
  }
  return {dims == 1 ? of_height : numbers.front(), numbers.back()};
}

void check_spatial(const char* op, const Tensor& x, std::size_t dims) {
  const std::size_t n = x.shape().size();
  if (n != dims + 1 && n != dims + 2)
    raise<ShapeError>("[{}] input is {}, it must be {}.", op, x.shape().str(),
                      dims == 1 ? "[n, channels, length] or [channels, length]"
                                : "[n, channels, height, width] or [channels, height, width]");
}

Tensor as_images(const Tensor& x, std::size_t dims) {
  Shape shape = x.shape();
  if (shape.size() == dims + 1) shape.insert(0, 1);
  if (dims == 1) shape.insert(2, 1);
  return shape == x.shape() ? x : reshape(x, shape);
}

Tensor like_input(const Tensor& images, const Tensor& x, std::size_t dims) {
  Shape shape = images.shape();
  if (dims == 1) shape.erase(2);
  if (x.shape().size() == dims + 1) shape.erase(0);
  return shape == images.shape() ? images : reshape(images, shape);
}

std::int64_t reach_of(const char* op, std::int64_t kernel, std::int64_t dilation) {
  std::int64_t reach = 0;
  if (__builtin_mul_overflow(kernel - 1, dilation, &reach) || reach > largest_size)
    raise<ShapeError>("[{}] a window of {} elements at a distance of {}: no tensor is that large.", op, kernel,
                      dilation);
  return reach + 1;
}

kernels::Sliding sliding(const char* op, kernels::Sliding s) {
  const std::int64_t reach = reach_of(op, s.kernel, s.dilation), padded = s.size + 2 * s.padding;
  if (padded < reach)
    raise<ShapeError>(
        "[{}] a window of {} elements (kernel {}, dilation {}) does not fit into a dimension of size {} with padding "
        "{}: "
        "it needs a larger input or padding, or a smaller kernel.",
        op, reach, s.kernel, s.dilation, s.size, s.padding);
  s.count = (padded - reach) / s.stride + 1;
  return s;
}

kernels::Windows windows_of(const char* op, const Plane& size, const Plane& kernel, const Plane& stride,
                            const Plane& padding, const Plane& dilation) {
  const auto one = [&](std::size_t i) { return sliding(op, {size[i], kernel[i], stride[i], padding[i], dilation[i]}); };
  return {one(0), one(1)};
}

}  // namespace autograd
}  // namespace xg
