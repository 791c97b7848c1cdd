// Pooling and interpolation, against searches and sums by hand.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype = float64) {
  manual_seed(seed);
  return randn(shape, {.dtype = dtype});
}

/// The windows of a dimension of size n, with padding, as lists of positions.
std::vector<std::vector<std::int64_t>> windows(std::int64_t n, std::int64_t kernel, std::int64_t stride,
                                               std::int64_t padding, std::int64_t dilation, bool ceil_mode) {
  std::vector<std::vector<std::int64_t>> out;
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  for (std::int64_t start = -padding;; start += stride) {
    const bool whole = start + reach <= n + padding;
    if (!whole && !(ceil_mode && start < n && start - stride + reach < n + padding)) return out;
    out.emplace_back();
    for (std::int64_t k = 0; k < kernel; ++k) out.back().push_back(start + k * dilation);
    if (!whole) return out;
  }
}

struct Case {
  std::int64_t height, width;
  std::vector<std::int64_t> kernel, stride, padding, dilation;
  bool ceil_mode;
};

const std::vector<Case> cases{
    {6, 6, {2, 2}, {2, 2}, {0, 0}, {1, 1}, false}, {7, 5, {3, 2}, {2, 1}, {1, 1}, {1, 1}, false},
    {7, 5, {3, 2}, {2, 2}, {1, 1}, {1, 1}, true},  {8, 9, {2, 3}, {3, 2}, {1, 2}, {3, 2}, false},
    {8, 9, {2, 3}, {3, 2}, {1, 2}, {3, 2}, true},  {5, 5, {5, 5}, {1, 1}, {2, 2}, {1, 1}, true},
    {3, 3, {2, 2}, {2, 2}, {1, 1}, {1, 1}, true},  {1, 4, {1, 3}, {1, 2}, {0, 1}, {1, 1}, true},
};

}  // namespace

TEST_CASE("max_pool2d finds the largest element of each window and its place", "[ops][pooling]") {
  // Breaks if a window is misplaced, ceil_mode makes one too many, or the index is that of another element.
  std::uint64_t seed = 1;
  for (const auto& [height, width, kernel, stride, padding, dilation, ceil_mode] : cases) {
    const Tensor x = random({2, 3, height, width}, ++seed);
    const auto [values, indices] = max_pool2d_with_indices(
        x, kernel, {.stride = stride, .padding = padding, .dilation = dilation, .ceil_mode = ceil_mode});
    const auto rows = windows(height, kernel[0], stride[0], padding[0], dilation[0], ceil_mode),
               columns = windows(width, kernel[1], stride[1], padding[1], dilation[1], ceil_mode);
    std::vector<double> want, places;
    for (std::int64_t plane = 0; plane < 6; ++plane)
      for (const auto& window_rows : rows)
        for (const auto& window_columns : columns) {
          double best = -infinity;
          std::int64_t place = -1;
          for (const std::int64_t i : window_rows)
            for (const std::int64_t j : window_columns) {
              if (i < 0 || j < 0 || i >= height || j >= width) continue;
              const double value = x[plane / 3][plane % 3][i][j].item();
              if (value > best) best = value, place = i * width + j;
            }
          want.push_back(best);
          places.push_back(static_cast<double>(place));
        }
    const Shape shape{2, 3, static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns.size())};
    CHECK(values.shape() == shape);
    expect_close(values, want, 0, 0);
    expect_close(indices, places, 0, 0);
    CHECK(indices.dtype() == int64);
    const Tensor picked = gather(x.reshape({2, 3, -1}), -1, indices.reshape({2, 3, -1})).reshape(shape);
    expect_close(values, picked, 0, 0);
  }
}

TEST_CASE("of equal elements max_pool takes the first, of several NaN the last", "[ops][pooling]") {
  // Breaks if columns, rows or parts of a window are compared in another order than row by row.
  manual_seed(9);
  const Tensor few = randint(0, 3, {1, 40, 7, 9});
  const Tensor numbers = few.to(float64);
  const Tensor with_nan = where(randint(0, 5, few.shape()) == 0, std::nan(""), numbers);
  for (const Tensor& x : {few, few.to(uint8), few.to(int32), numbers, numbers.to(float32), with_nan}) {
    const auto [values, indices] = max_pool2d_with_indices(x, 3, {.stride = {1, 2}, .padding = 1});
    std::vector<double> want, places;
    for (std::int64_t plane = 0; plane < 40; ++plane) {
      const std::vector<double> elements = x[0][plane].to(float64).to_vector();
      for (const auto& window_rows : windows(7, 3, 1, 1, 1, false))
        for (const auto& window_columns : windows(9, 3, 2, 1, 1, false)) {
          double best = -infinity, place = -1;
          for (const std::int64_t i : window_rows)
            for (const std::int64_t j : window_columns) {
              if (i < 0 || j < 0 || i >= 7 || j >= 9) continue;
              const double value = elements[static_cast<std::size_t>(9 * i + j)];
              if (value > best || std::isnan(value)) best = value, place = static_cast<double>(9 * i + j);
            }
          want.push_back(best);
          places.push_back(place);
        }
    }
    CHECK(values.dtype() == x.dtype());
    expect_close(values.to(float64), want, 0, 0);
    expect_close(indices, places, 0, 0);
  }
}

TEST_CASE("derivatives of max_pool select", "[ops][pooling]") {
  // Breaks if the gradients of overlapping windows are not added.
  const Tensor x = random({2, 2, 5, 5}, 3).requires_grad_();
  const auto f = [](const Tensor& t) {
    return square(max_pool2d(t, 3, {.stride = 1, .padding = 1})) + adaptive_max_pool2d(t, {5, 5});
  };
  CHECK(gradcheck(f, x));
  CHECK(gradgradcheck(f, x));
  const Tensor ties = zeros({1, 1, 4}, {.dtype = float64}).requires_grad_();
  expect_close(grad({sum(max_pool1d(ties, 2))}, {ties})[0], {1, 0, 1, 0});  // the first of equal elements
}

TEST_CASE("max_pool keeps NaN, integers and unbatched inputs", "[ops][pooling]") {
  // Breaks if NaN loses every comparison.
  const Tensor x = tensor({1.0, std::nan(""), 3.0, 2.0}).reshape({1, 1, 4});
  expect_close(max_pool1d(x, 2), {std::nan(""), 3});
  const Tensor numbers = tensor<std::int64_t>({4, 1, 7, 9, 2, 3}).reshape({1, 6});
  const auto [values, indices] = max_pool1d_with_indices(numbers, 2);
  CHECK(values.dtype() == int64);
  CHECK(values.shape() == Shape{1, 3});
  expect_close(values, {4, 9, 3});
  expect_close(indices, {0, 3, 5});
  expect_close(max_pool1d(full({1, 1, 3}, -infinity), 3), {-infinity});
  expect_close(max_pool2d(random({3, 4, 4}, 1), 2), max_pool2d(random({1, 3, 4, 4}, 1), 2)[0]);
  CHECK(max_pool2d(zeros({0, 3, 4, 4}), 2).shape() == Shape{0, 3, 2, 2});
  CHECK(adaptive_max_pool2d(zeros({2, 3, 4, 4}), {0, 2}).shape() == Shape{2, 3, 0, 2});
}

TEST_CASE("avg_pool2d is the sum of each window over the right divisor", "[ops][pooling]") {
  // Breaks if the padding counts where it must not, or the part of a window beyond the padding counts.
  std::uint64_t seed = 50;
  for (const auto& [height, width, kernel, stride, padding, dilation, ceil_mode] : cases) {
    if (dilation != std::vector<std::int64_t>{1, 1} || 2 * padding[0] > kernel[0] || 2 * padding[1] > kernel[1])
      continue;
    const Tensor x = random({2, 2, height, width}, ++seed);
    for (const bool include : {true, false})
      for (const std::int64_t divisor : {0, -3}) {
        AvgPoolOptions options{
            .stride = stride, .padding = padding, .ceil_mode = ceil_mode, .count_include_pad = include};
        if (divisor != 0) options.divisor_override = divisor;
        const auto rows = windows(height, kernel[0], stride[0], padding[0], 1, ceil_mode),
                   columns = windows(width, kernel[1], stride[1], padding[1], 1, ceil_mode);
        std::vector<double> want;
        for (std::int64_t plane = 0; plane < 4; ++plane)
          for (const auto& window_rows : rows)
            for (const auto& window_columns : columns) {
              double total = 0, inside = 0, padded = 0;
              for (const std::int64_t i : window_rows)
                for (const std::int64_t j : window_columns) {
                  padded += i < height + padding[0] && j < width + padding[1];
                  if (i < 0 || j < 0 || i >= height || j >= width) continue;
                  inside += 1;
                  total += x[plane / 2][plane % 2][i][j].item();
                }
              want.push_back(total / (divisor != 0 ? static_cast<double>(divisor) : include ? padded : inside));
            }
        expect_close(avg_pool2d(x, kernel, options), want, 1e-12, 1e-13);
      }
  }
  expect_close(avg_pool1d(random({3, 7}, 1), 3, {.stride = 2}),
               avg_pool2d(random({3, 1, 7}, 1), {1, 3}, {.stride = {1, 2}}).squeeze(1));
  expect_close(avg_pool2d(ones({1, 1, 7, 7}), 7), {1}, 0, 0);  // exactly
  CHECK(avg_pool1d(zeros({0, 3, 4}), 2).shape() == Shape{0, 3, 2});
}

TEST_CASE("adaptive pooling divides into windows that cover the input", "[ops][pooling]") {
  // Breaks if a bound is rounded the other way.
  const Tensor x = random({2, 3, 7, 5}, 4);
  for (const std::int64_t rows : {1, 2, 3, 5, 7, 9})
    for (const std::int64_t columns : {1, 4, 6}) {
      const Tensor means = adaptive_avg_pool2d(x, {rows, columns}), largest = adaptive_max_pool2d(x, {rows, columns});
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < columns; ++j) {
          const auto begin = [](std::int64_t k, std::int64_t n, std::int64_t m) { return k * n / m; };
          const auto end = [](std::int64_t k, std::int64_t n, std::int64_t m) { return ((k + 1) * n + m - 1) / m; };
          const Tensor window =
              slice(slice(x, 2, begin(i, 7, rows), end(i, 7, rows)), 3, begin(j, 5, columns), end(j, 5, columns));
          expect_close(means.select(3, j).select(2, i), mean(window, {2, 3}), 1e-12, 1e-13);
          expect_close(largest.select(3, j).select(2, i), amax(window, {2, 3}), 0, 0);
        }
    }
  expect_close(adaptive_avg_pool2d(x, {std::nullopt, 2}), adaptive_avg_pool2d(x, {7, 2}));
  expect_close(adaptive_avg_pool1d(x[0], 5), x[0], 0, 0);
  CHECK_FALSE(adaptive_avg_pool1d(x[0], 5).shares_storage(x));
  const auto f = [](const Tensor& t) { return square(adaptive_avg_pool2d(t, {3, 4})); };
  const Tensor leaf = random({1, 2, 5, 3}, 5).requires_grad_();
  CHECK(gradcheck(f, leaf));
  CHECK(gradgradcheck(f, leaf));
}

TEST_CASE("interpolation of constants and of linear functions is exact", "[ops][interpolation]") {
  // Breaks if weights do not add up to 1, or a source position is off.
  const Tensor line = arange(0, 5, 1, {.dtype = float64}) * 2.0 + 1.0;
  const auto f = [](const Tensor& row) { return row.reshape({1, 1, -1}); };
  expect_close(interpolate(f(line), {.size = 9, .mode = InterpolateMode::linear, .align_corners = true}),
               f(linspace(1, 9, 9, {.dtype = float64})));
  expect_close(interpolate(f(line), {.size = 3, .mode = InterpolateMode::linear, .align_corners = true}), {1, 5, 9});
  // Outer edges that stay: twice as many elements lie at quarters between the old ones.
  expect_close(interpolate(f(line), {.scale_factor = 2, .mode = InterpolateMode::linear}),
               {1, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9});
  const Tensor plane = line.reshape({5, 1}) + arange(0, 4, 1, {.dtype = float64}) * 3.0;
  const Tensor bigger = linspace(1, 9, 8, {.dtype = float64}).reshape({8, 1}) + linspace(0, 9, 7, {.dtype = float64});
  for (const Dtype dtype : {float64, float32})
    expect_close(interpolate(plane.to(dtype).reshape({1, 1, 5, 4}),
                             {.size = {8, 7}, .mode = InterpolateMode::bilinear, .align_corners = true}),
                 bigger.reshape({1, 1, 8, 7}), 1e-6, 1e-6);
  using Mode = InterpolateMode;
  for (const auto& [mode, dims] : std::vector<std::pair<Mode, std::size_t>>{{Mode::nearest, 1},
                                                                            {Mode::nearest_exact, 2},
                                                                            {Mode::linear, 1},
                                                                            {Mode::bilinear, 2},
                                                                            {Mode::bicubic, 2},
                                                                            {Mode::trilinear, 3},
                                                                            {Mode::area, 3}}) {
    Shape from{2, 3}, to{2, 3};
    for (std::size_t d = 0; d < dims; ++d) from.push_back(4), to.push_back(7);
    expect_close(interpolate(full(from, 2.5), {.size = 7, .mode = mode}), full(to, 2.5), 1e-6);
    const Tensor x = random(from, 1).narrow(0, 0, 1).narrow(1, 0, 1).clone().requires_grad_();
    CHECK(gradcheck([&](const Tensor& t) { return square(interpolate(t, {.scale_factor = 1.3, .mode = mode})); }, x));
    if (dims < 3) {
      const auto squared = [&](const Tensor& t) { return square(interpolate(t, {.scale_factor = 1.3, .mode = mode})); };
      CHECK(gradgradcheck(squared, x));
    }
  }
}

TEST_CASE("interpolation to nearest elements, means and cubics", "[ops][interpolation]") {
  // Breaks if nearest and nearest_exact round alike, or area is not adaptive pooling.
  const Tensor x = arange(0, 5, 1, {.dtype = float64}).reshape({1, 1, 5});
  expect_close(interpolate(x, {.size = 3}), {0, 1, 3});
  expect_close(interpolate(x, {.size = 3, .mode = InterpolateMode::nearest_exact}), {0, 2, 4});
  expect_close(interpolate(x, {.scale_factor = 2}), {0, 0, 1, 1, 2, 2, 3, 3, 4, 4});
  // Positions follow from the factor that was given, or from the sizes after rounding.
  expect_close(interpolate(x, {.scale_factor = 1.5, .mode = InterpolateMode::linear}),
               clamp((arange(0, 7, 1, {.dtype = float64}) + 0.5) / 1.5 - 0.5, 0.0).reshape({1, 1, 7}), 1e-12);
  expect_close(interpolate(x, {.scale_factor = 1.5, .mode = InterpolateMode::linear, .recompute_scale_factor = true}),
               interpolate(x, {.size = 7, .mode = InterpolateMode::linear}), 0, 0);
  const Tensor image = random({2, 3, 6, 5}, 2);
  expect_close(interpolate(image, {.size = {4, 7}, .mode = InterpolateMode::area}), adaptive_avg_pool2d(image, {4, 7}));
  // Cubic convolution reproduces a line inside, where no neighbour is missing.
  const Tensor line = (arange(0, 8, 1, {.dtype = float64}).reshape({1, 1, 1, 8})).expand({1, 1, 4, 8});
  const Tensor cubic = interpolate(line, {.size = {4, 15}, .mode = InterpolateMode::bicubic, .align_corners = true});
  expect_close(cubic.select(2, 1).narrow(2, 2, 11), linspace(1, 6, 11, {.dtype = float64}).reshape({1, 1, 11}));
  expect_close(interpolate(image, {.size = {6, 5}, .mode = InterpolateMode::bicubic}), image, 0, 0);
  CHECK(interpolate(zeros({0, 2, 3}), {.size = 5}).shape() == Shape{0, 2, 5});
}

TEST_CASE("arguments of pooling and interpolation that do not fit are named", "[ops][pooling]") {
  // Breaks if a size is used unchecked.
  const Tensor x = zeros({2, 3, 5, 5});
  CHECK_ERROR(max_pool2d(zeros({5, 5}), 2), ShapeError, "channels, height, width");
  CHECK_ERROR(max_pool2d(x, 6), ShapeError, "does not fit");
  CHECK_ERROR(max_pool2d(x, 2, {.padding = 2}), ShapeError, "half of the window");
  CHECK_ERROR(max_pool2d(x, 2, {.stride = 0}), ValueError, "stride is 0");
  CHECK_ERROR(max_pool2d(x, {1, 2, 3}), ValueError, "kernel_size has 3 numbers");
  CHECK_ERROR(max_pool2d(x, 0), ValueError, "kernel_size is 0");
  CHECK_ERROR(max_pool2d(x != 0, 2), DtypeError, "bool");
  CHECK_ERROR(max_pool1d(zeros({1, 1, 1}), 2, {.padding = 3, .dilation = 5}), ShapeError, "has none");
  CHECK_ERROR(max_pool2d(zeros({2, 3, 0, 5}), 1), ShapeError, "must not be empty");
  CHECK_ERROR(avg_pool2d(x.to(int64), 2), DtypeError, "floating");
  CHECK_ERROR(avg_pool2d(x, 2, {.divisor_override = 0}), ValueError, "divisor_override is 0");
  CHECK_ERROR(adaptive_avg_pool2d(x, -1), ValueError, "output_size is -1");
  CHECK_ERROR(adaptive_avg_pool2d(x, std::int64_t{1} << 50), Error, "");
  CHECK_ERROR(interpolate(x, {}), ValueError, "either size or scale_factor");
  CHECK_ERROR(interpolate(x, {.size = 2, .scale_factor = 2}), ValueError, "either size or scale_factor");
  CHECK_ERROR(interpolate(x, {.size = 2, .mode = InterpolateMode::linear}), ShapeError, "1 spatial dimension");
  CHECK_ERROR(interpolate(x, {.size = 2, .align_corners = true}), ValueError, "align_corners");
  CHECK_ERROR(interpolate(x, {.size = 2, .recompute_scale_factor = true}), ValueError, "recompute_scale_factor");
  CHECK_ERROR(interpolate(x, {.size = {2, 3, 4}}), ValueError, "size has 3 numbers");
  CHECK_ERROR(interpolate(x, {.size = 0}), ShapeError, "must be positive");
  CHECK_ERROR(interpolate(x, {.scale_factor = infinity}), ValueError, "scale_factor is inf");
  CHECK_ERROR(interpolate(x, {.size = std::int64_t{1} << 55}), Error, "");
  CHECK_ERROR(interpolate(zeros({2, 3}), {.size = 2}), ShapeError, "spatial dimensions");
}
