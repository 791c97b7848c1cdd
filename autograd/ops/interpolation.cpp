// Interpolation: in each dimension a product with a sparse matrix of one, two or four elements per row.
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/resampling.hpp>
#include <xgrad/autograd/ops/interpolation.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace xg {
namespace autograd {
namespace {

using Mode = InterpolateMode;
constexpr const char* op_name = "interpolate";

struct ModeTraits {
  const char* name;
  std::size_t dims;  // 0: any
  std::int64_t taps;
  bool aligns;  // whether it has align_corners
};

ModeTraits traits_of(Mode mode) {
  switch (mode) {
    case Mode::linear:
      return {"linear", 1, 2, true};
    case Mode::bilinear:
      return {"bilinear", 2, 2, true};
    case Mode::bicubic:
      return {"bicubic", 2, 4, true};
    case Mode::trilinear:
      return {"trilinear", 3, 2, true};
    case Mode::area:
      return {"area", 0, 0, false};
    case Mode::nearest_exact:
      return {"nearest_exact", 0, 1, false};
    case Mode::nearest:
      break;
  }
  return {"nearest", 0, 1, false};
}

/// One dimension: its sizes, and the factor that was given, if it counts.
struct Axis {
  std::int64_t size, result;
  std::optional<double> factor;
};

/// The element of x that result i is. PyTorch computes it in float32, which shows where a factor is not exact.
std::int64_t nearest_element(const Axis& axis, bool exact, std::int64_t i) {
  if (!exact && axis.size == axis.result) return i;
  if (!exact && axis.result == 2 * axis.size) return i / 2;
  const float step = axis.factor && *axis.factor > 0 ? static_cast<float>(1 / *axis.factor)
                                                     : static_cast<float>(axis.size) / static_cast<float>(axis.result);
  const float at = exact ? static_cast<float>((static_cast<double>(i) + 0.5) * static_cast<double>(step))
                         : static_cast<float>(i) * step;
  return std::min(static_cast<std::int64_t>(std::floor(at)), axis.size - 1);
}

/// The weights of four neighbours at the distances 1 + t, t, 1 - t, 2 - t: cubic convolution, Keys 1981.
std::array<double, 4> cubic_weights(double t) {
  constexpr double a = -0.75;
  const auto inner = [](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto outer = [](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  return {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
}

kernels::SparseRows matrix_of(const Axis& axis, Mode mode, std::int64_t taps, bool align_corners) {
  std::int64_t capacity = 0;
  if (__builtin_mul_overflow(axis.result, taps, &capacity))
    raise<ShapeError>("[interpolate] size {} is larger than any memory.", axis.result);
  kernels::SparseBuilder rows(axis.result, axis.size, capacity, kernels::SparseBuilder::weights);
  const double last = static_cast<double>(axis.size - 1);
  double step = 0;
  if (align_corners)
    step = axis.result > 1 ? last / static_cast<double>(axis.result - 1) : 0;
  else
    step = axis.factor && *axis.factor > 0 ? 1 / *axis.factor
                                           : static_cast<double>(axis.size) / static_cast<double>(axis.result);
  for (std::int64_t i = 0; i < axis.result; ++i, rows.end_row()) {
    if (taps == 1) {
      rows.add(nearest_element(axis, mode == Mode::nearest_exact, i));
      continue;
    }
    double at = align_corners ? step * static_cast<double>(i) : step * (static_cast<double>(i) + 0.5) - 0.5;
    if (taps == 2) at = std::max(at, 0.0);
    const double before = std::min(std::floor(at), last), t = std::clamp(at - before, 0.0, 1.0);
    const auto first = static_cast<std::int64_t>(before);
    if (taps == 2) {
      rows.add(first, 1 - t);
      rows.add(std::min(first + 1, axis.size - 1), t);
    } else {
      const std::array<double, 4> weights = cubic_weights(t);
      for (std::int64_t k = 0; k < 4; ++k)
        rows.add(std::clamp<std::int64_t>(first + k - 1, 0, axis.size - 1), weights[static_cast<std::size_t>(k)]);
    }
  }
  return std::move(rows).finish();
}

/// The axis of spatial dimension d of `dims`.
Axis axis_of(const Tensor& x, std::size_t d, std::size_t dims, const InterpolateOptions& options) {
  Axis axis{x.shape()[d + 2], 0, {}};
  const auto pick = [&](const auto& numbers, std::size_t count, const char* argument) {
    if (count != 1 && count != dims)
      raise<ValueError>("[interpolate] {} has {} numbers, input is {}: give one, or one for each spatial dimension.",
                        argument, count, x.shape().str());
    return numbers[count == 1 ? 0 : d];
  };
  if (!options.size.empty()) {
    axis.result = pick(options.size, options.size.size(), "size");
  } else {
    const auto& factors = options.scale_factor.factors;
    const double factor = pick(factors, factors.size(), "scale_factor");
    const double size = std::floor(static_cast<double>(axis.size) * factor);
    if (!(size >= 1 && size <= 0x1p56))
      raise<ValueError>("[interpolate] scale_factor is {} for size {}: the result must have a positive size.", factor,
                        axis.size);
    axis.result = static_cast<std::int64_t>(size);
    if (!options.recompute_scale_factor.value_or(false)) axis.factor = factor;
  }
  if (axis.size < 1 || axis.result < 1)
    raise<ShapeError>("[interpolate] a dimension of size {} is to get size {}: both must be positive.", axis.size,
                      axis.result);
  return axis;
}

}  // namespace
}  // namespace autograd

Tensor interpolate(const Tensor& x, const InterpolateOptions& options) {
  using namespace autograd;  // NOLINT
  const ModeTraits mode = traits_of(options.mode);
  if (x.dim() < 3 || x.dim() > 5)
    raise<ShapeError>("[interpolate] input is {}, it must be [n, channels, ...] with one to three spatial dimensions.",
                      x.shape().str());
  const std::size_t dims = x.shape().size() - 2;
  if (mode.dims != 0 && mode.dims != dims)
    raise<ShapeError>("[interpolate] input is {}, mode {} is for {} spatial dimension{}.", x.shape().str(), mode.name,
                      mode.dims, mode.dims == 1 ? "" : "s");
  if (options.size.empty() == options.scale_factor.factors.empty())
    throw ValueError("[interpolate] give either size or scale_factor.");
  if (options.align_corners && !mode.aligns)
    raise<ValueError>("[interpolate] align_corners has no meaning for mode {}: leave it out.", mode.name);
  if (options.recompute_scale_factor.value_or(false) && !options.size.empty())
    throw ValueError("[interpolate] recompute_scale_factor needs a scale_factor: leave it out where size is given.");
  check_floating(op_name, x);
  std::array<Axis, 3> axes{};
  for (std::size_t d = 0; d < dims; ++d) axes[d] = axis_of(x, d, dims, options);
  Tensor y = x;
  const auto along = [&](std::size_t d) {
    const Axis& axis = axes[d];
    if (axis.size == axis.result && (!axis.factor || *axis.factor == 1)) return;
    y = resampled(op_name, y, d + 2, axis.result, [&] {
      return options.mode == InterpolateMode::area
                 ? covering_means(axis.size, axis.result)
                 : matrix_of(axis, options.mode, mode.taps, options.align_corners.value_or(false));
    });
  };
  // The last dimension is the slowest to compute, so it comes first where it grows and last where it shrinks.
  const std::size_t last = dims - 1;
  const bool grows = axes[last].result > axes[last].size;
  if (grows) along(last);
  for (std::size_t d = 0; d < last; ++d) along(d);
  if (!grows) along(last);
  return y.is_same(x) ? clone(x) : y;
}

}  // namespace xg
