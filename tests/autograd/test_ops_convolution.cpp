// Convolutions and blocks of images, against sums written out and against each other.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/functional.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/threads.hpp>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype = float64) {
  manual_seed(seed);
  return randn(shape, {.dtype = dtype});
}

double inner_product(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

struct Geometry {
  std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;

  ConvOptions options() const {
    return {.stride = {stride[0], stride[1]},
            .padding = {padding[0], padding[1]},
            .dilation = {dilation[0], dilation[1]},
            .groups = groups};
  }
};

/// conv2d by its definition: seven loops.
Tensor direct(const Tensor& x, const Tensor& weight, const Tensor& bias, const Geometry& g) {
  const std::int64_t n = x.size(0), out = weight.size(0), of_group = weight.size(1), kh = weight.size(2),
                     kw = weight.size(3), h = x.size(2), w = x.size(3);
  const auto count = [&](std::size_t i, std::int64_t size, std::int64_t kernel) {
    return (size + 2 * g.padding[i] - g.dilation[i] * (kernel - 1) - 1) / g.stride[i] + 1;
  };
  const std::int64_t oh = count(0, h, kh), ow = count(1, w, kw);
  const std::vector<double> xs = x.to_vector(), ws = weight.to_vector();
  std::vector<double> ys;
  for (std::int64_t b = 0; b < n; ++b)
    for (std::int64_t o = 0; o < out; ++o)
      for (std::int64_t i = 0; i < oh; ++i)
        for (std::int64_t j = 0; j < ow; ++j) {
          double sum = bias.defined() ? bias.to_vector()[static_cast<std::size_t>(o)] : 0;
          for (std::int64_t c = 0; c < of_group; ++c)
            for (std::int64_t k = 0; k < kh; ++k)
              for (std::int64_t l = 0; l < kw; ++l) {
                const std::int64_t row = i * g.stride[0] - g.padding[0] + k * g.dilation[0],
                                   column = j * g.stride[1] - g.padding[1] + l * g.dilation[1],
                                   channel = o / (out / g.groups) * of_group + c;
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                sum += ws[static_cast<std::size_t>(((o * of_group + c) * kh + k) * kw + l)] *
                       xs[static_cast<std::size_t>(((b * x.size(1) + channel) * h + row) * w + column)];
              }
          ys.push_back(sum);
        }
  return from_data(ys.data(), {n, out, oh, ow});
}

struct Case {
  Shape x, weight;
  Geometry geometry;
};

const std::vector<Case> cases{
    {{2, 3, 6, 5}, {4, 3, 3, 2}, {}},
    {{2, 3, 6, 5}, {4, 3, 3, 2}, {.stride = {2, 1}, .padding = {1, 2}}},
    {{3, 4, 7, 8}, {6, 2, 2, 3}, {.stride = {2, 3}, .padding = {2, 1}, .dilation = {2, 3}, .groups = 2}},
    {{2, 4, 5, 5}, {4, 1, 3, 3}, {.padding = {1, 1}, .groups = 4}},
    {{2, 3, 4, 4}, {5, 3, 1, 1}, {}},
    {{2, 3, 4, 4}, {5, 3, 1, 1}, {.stride = {2, 2}, .padding = {1, 0}}},
    {{1, 1, 1, 1}, {2, 1, 3, 3}, {.padding = {1, 1}}},
    {{1, 2, 3, 3}, {2, 2, 2, 2}, {.stride = {5, 4}, .padding = {3, 3}, .dilation = {4, 2}}},
    {{5, 3, 9, 40}, {8, 3, 3, 5}, {.padding = {1, 2}}},
};

}  // namespace

TEST_CASE("conv2d is the sum of its definition", "[ops][convolution]") {
  // Breaks if a window, group or channel is read at the wrong place, or the blocks of a large image do not join.
  std::uint64_t seed = 1;
  for (const auto& [x_shape, weight_shape, geometry] : cases) {
    const Tensor x = random(x_shape, ++seed), weight = random(weight_shape, ++seed),
                 bias = random({weight_shape[0]}, ++seed);
    const Tensor want = direct(x, weight, bias, geometry);
    expect_close(conv2d(x, weight, bias, geometry.options()), want, 1e-12, 1e-12);
    expect_close(conv2d(x, weight, {}, geometry.options()), direct(x, weight, {}, geometry), 1e-12, 1e-12);
    expect_close(conv2d(x.to(float32), weight.to(float32), bias.to(float32), geometry.options()), want, 1e-4, 1e-4);
    for (const auto& [layout, strided] : xg_test::layouts(x))
      expect_close(conv2d(strided, weight, bias, geometry.options()), want, 1e-12, 1e-12, layout);
    for (const auto& [layout, strided] : xg_test::layouts(weight))
      expect_close(conv2d(x, strided, bias, geometry.options()), want, 1e-12, 1e-12, layout);
  }
  // More columns than one block of windows has.
  const Tensor x = random({1, 20, 60, 50}, 7), weight = random({3, 20, 3, 3}, 8);
  expect_close(conv2d(x, weight, {}, {.padding = 1}), direct(x, weight, {}, {.padding = {1, 1}}), 1e-11, 1e-11);
}

TEST_CASE("the three derivatives of a convolution are adjoint", "[ops][convolution]") {
  // Breaks if a gradient goes to the wrong element: <conv(x, w), y> is linear in each of three tensors, so each
  // gradient times its tensor is the value itself.
  std::uint64_t seed = 100;
  for (const auto& [x_shape, weight_shape, geometry] : cases) {
    const Tensor x = random(x_shape, ++seed).requires_grad_(), weight = random(weight_shape, ++seed).requires_grad_();
    const Tensor result = conv2d(x, weight, {}, geometry.options());
    const Tensor y = random(result.shape(), ++seed);
    const double value = inner_product(result, y);
    const std::vector<Tensor> grads = grad({result}, {x, weight}, {y});
    CHECK(inner_product(grads[0], x) == Approx(value).epsilon(1e-10));
    CHECK(inner_product(grads[1], weight) == Approx(value).epsilon(1e-10));
    const auto f = [&](const std::vector<Tensor>& in) { return conv2d(in[0], in[1], {}, geometry.options()); };
    if (x.numel() > 300) continue;
    CHECK(gradcheck(f, {x, weight}));
    CHECK(gradgradcheck(f, {x, weight}));
  }
}

TEST_CASE("conv_transpose is the gradient of conv", "[ops][convolution]") {
  // Breaks if output_padding, groups or dilation are not those of the convolution.
  std::uint64_t seed = 200;
  for (const auto& [x_shape, weight_shape, g] : cases) {
    const Tensor x = random(x_shape, ++seed).requires_grad_(), weight = random(weight_shape, ++seed);
    const Tensor result = conv2d(x, weight, {}, g.options());
    const Tensor y = random(result.shape(), ++seed), want = grad({result}, {x}, {y})[0];
    ConvTransposeOptions options{.stride = {g.stride[0], g.stride[1]},
                                 .padding = {g.padding[0], g.padding[1]},
                                 .groups = g.groups,
                                 .dilation = {g.dilation[0], g.dilation[1]}};
    const auto rest = [&](std::size_t i) {
      const std::int64_t size = x_shape[i + 2], least = (result.shape()[i + 2] - 1) * g.stride[i] - 2 * g.padding[i] +
                                                        g.dilation[i] * (weight_shape[i + 2] - 1) + 1;
      return size - least;
    };
    options.output_padding = {rest(0), rest(1)};
    expect_close(conv_transpose2d(y, weight, {}, options), want, 1e-12, 1e-12);
    const Tensor bias = random({x_shape[1]}, ++seed);
    expect_close(conv_transpose2d(y, weight, bias, options), want + bias.reshape({-1, 1, 1}), 1e-12, 1e-12);
  }
  const Tensor x = random({2, 4, 3, 2}, 1).requires_grad_(), w = random({4, 3, 2, 3}, 2).requires_grad_(),
               b = random({6}, 3).requires_grad_();
  const auto f = [](const std::vector<Tensor>& in) {
    return conv_transpose2d(
        in[0], in[1], in[2],
        {.stride = {2, 1}, .padding = 1, .output_padding = {1, 0}, .groups = 2, .dilation = {1, 2}});
  };
  CHECK(gradcheck(f, {x, w, b}));
  CHECK(gradgradcheck(f, {x, w, b}));
}

TEST_CASE("sequences are images with one row, and one image is a batch of one", "[ops][convolution]") {
  // Breaks if a dimension is added or removed at the wrong place.
  const Tensor x = random({2, 4, 9}, 1), w = random({6, 2, 3}, 2), b = random({6}, 3);
  const Tensor y = conv1d(x, w, b, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2});
  expect_close(y, conv2d(x.unsqueeze(2), w.unsqueeze(2), b,
                         {.stride = {1, 2}, .padding = {0, 1}, .dilation = {1, 2}, .groups = 2})
                      .squeeze(2));
  expect_close(conv1d(x[1], w, b, {.stride = 2, .padding = 1, .dilation = 2, .groups = 2}), y[1]);
  const Tensor v = random({4, 3, 2}, 4);
  const Tensor z = conv_transpose1d(x, v, {}, {.stride = 3, .output_padding = 1, .groups = 2});
  CHECK(z.shape() == Shape{2, 6, 27});
  expect_close(conv_transpose1d(x[0], v, {}, {.stride = 3, .output_padding = 1, .groups = 2}), z[0]);
  expect_close(conv2d(x.reshape({2, 4, 3, 3})[0], w.reshape({6, 2, 3, 1}), b, {.groups = 2}),
               conv2d(x.reshape({2, 4, 3, 3}), w.reshape({6, 2, 3, 1}), b, {.groups = 2})[0]);
}

TEST_CASE("padding same keeps the size, with the larger half after", "[ops][convolution]") {
  // Breaks if the odd zero is put before.
  const Tensor x = random({2, 3, 5, 7}, 1), w = random({4, 3, 4, 2}, 2);
  for (const std::int64_t dilation : {1, 2, 3}) {
    const Tensor y = conv2d(x, w, {}, {.padding = "same", .dilation = dilation});
    CHECK(y.shape() == Shape{2, 4, 5, 7});
    const std::int64_t rows = 3 * dilation, columns = dilation;
    const Tensor padded = pad(x, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2});
    expect_close(y, conv2d(padded, w, {}, {.padding = "valid", .dilation = dilation}), 1e-12, 1e-12);
  }
}

TEST_CASE("results of convolutions do not depend on the number of threads", "[ops][convolution]") {
  // Breaks if tiles or parts of sums depend on it.
  const Tensor x = random({9, 16, 20, 20}, 1, float32).requires_grad_(),
               w = random({32, 16, 3, 3}, 2, float32).requires_grad_();
  const auto run = [&] {
    const Tensor y = conv2d(x, w, {}, {.padding = 1});
    const std::vector<Tensor> grads = grad({sum(y * y)}, {x, w});
    return std::vector<Tensor>{y.detach(), grads[0], grads[1]};
  };
  const std::int64_t before = num_threads();
  set_num_threads(1);
  const std::vector<Tensor> one = run();
  set_num_threads(4);
  const std::vector<Tensor> four = run();
  set_num_threads(before);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(equal(one[i], four[i]));
}

TEST_CASE("im2col gives the windows and col2im is its adjoint", "[ops][convolution]") {
  // Breaks if a window is read at the wrong place or written to another.
  const Tensor x = random({2, 3, 5, 6}, 1);
  const UnfoldOptions options{.dilation = {1, 2}, .padding = {1, 0}, .stride = {2, 1}};
  const Tensor columns = im2col(x, {3, 2}, options);
  CHECK(columns.shape() == Shape{2, 18, 12});
  const Tensor padded = pad(x, {0, 0, 1, 1});
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::int64_t j = 0; j < 4; ++j) {
      const Tensor window = slice(narrow(padded, 2, 2 * i, 3), 3, j, j + 3, 2);
      expect_close(columns.select(2, 4 * i + j), window.reshape({2, 18}));
    }
  const Tensor y = random(columns.shape(), 2);
  CHECK(inner_product(columns, y) == Approx(inner_product(x, col2im(y, {5, 6}, {3, 2}, options))));
  expect_close(im2col(x[1], {3, 2}, options), columns[1]);
  expect_close(col2im(y[1], {5, 6}, {3, 2}, options), col2im(y, {5, 6}, {3, 2}, options)[1]);
  expect_close(nn::functional::unfold(x, 2), im2col(x, 2));
  expect_close(nn::functional::fold(im2col(x, {5, 3}, {.stride = {1, 3}}), {5, 6}, {5, 3}, {.stride = {1, 3}}), x);
  // A convolution is a product with the windows.
  const Tensor w = random({4, 3, 2, 2}, 3);
  expect_close(conv2d(x, w), matmul(w.reshape({4, 12}), im2col(x, 2)).reshape({2, 4, 4, 5}), 1e-12, 1e-12);
}

TEST_CASE("pixel_shuffle moves channels into blocks and pixel_unshuffle back", "[ops][convolution]") {
  // Breaks if the order of channels within a block is another.
  const Tensor x = arange(0, 2 * 8 * 2 * 3, 1, {.dtype = float64}).reshape({2, 8, 2, 3});
  const Tensor y = pixel_shuffle(x, 2);
  CHECK(y.shape() == Shape{2, 2, 4, 6});
  for (std::int64_t c = 0; c < 2; ++c)
    for (std::int64_t i = 0; i < 4; ++i)
      for (std::int64_t j = 0; j < 6; ++j)
        CHECK(y[1][c][i][j].item() == x[1][4 * c + 2 * (i % 2) + j % 2][i / 2][j / 2].item());
  expect_close(pixel_unshuffle(y, 2), x);
  expect_close(pixel_shuffle(x[0], 2), y[0]);
  CHECK(pixel_shuffle(x.to(int32), 2).dtype() == int32);
  CHECK(pixel_shuffle(zeros({3, 0, 4, 1, 2}), 2).shape() == Shape{3, 0, 1, 2, 4});
}

TEST_CASE("convolutions of nothing have the right shape", "[ops][convolution]") {
  // Breaks if an empty batch is refused, or has no gradient.
  const Tensor x = zeros({0, 2, 5, 5}).requires_grad_(), w = random({3, 2, 3, 3}, 1, float32).requires_grad_();
  const Tensor y = conv2d(x, w, {}, {.padding = 1});
  CHECK(y.shape() == Shape{0, 3, 5, 5});
  const std::vector<Tensor> grads = grad({sum(y)}, {x, w});
  CHECK(grads[0].shape() == x.shape());
  expect_close(grads[1], zeros_like(w));
  CHECK(conv_transpose1d(zeros({0, 2, 4}), zeros({2, 3, 2})).shape() == Shape{0, 3, 5});
  CHECK(im2col(zeros({0, 2, 5, 5}), 2).shape() == Shape{0, 8, 16});
}

TEST_CASE("arguments of convolutions that do not fit are named", "[ops][convolution]") {
  // Breaks if a size is used unchecked.
  const Tensor x = zeros({2, 4, 5, 5}), w = zeros({6, 4, 3, 3}), b = zeros({6});
  CHECK_ERROR(conv2d(zeros({5, 5}), w), ShapeError, "channels, height, width");
  CHECK_ERROR(conv2d(x, zeros({6, 4, 3})), ShapeError, "4 dimensions");
  CHECK_ERROR(conv2d(x, zeros({6, 3, 3, 3})), ShapeError, "groups times weight.size(1)");
  CHECK_ERROR(conv2d(x, w, zeros({5})), ShapeError, "bias has shape [5]");
  CHECK_ERROR(conv2d(x, w.to(float64)), DtypeError, "weight is float64");
  CHECK_ERROR(conv2d(x.to(int64), w.to(int64)), DtypeError, "floating");
  CHECK_ERROR(conv2d(x, w, b, {.stride = 0}), ValueError, "stride is 0");
  CHECK_ERROR(conv2d(x, w, b, {.stride = {1, 2, 3}}), ValueError, "stride has 3 numbers");
  CHECK_ERROR(conv2d(x, w, b, {.padding = -1}), ValueError, "padding is -1");
  CHECK_ERROR(conv2d(x, w, b, {.padding = "some"}), ValueError, "\"some\"");
  CHECK_ERROR(conv2d(x, w, b, {.stride = 2, .padding = "same"}), ValueError, "stride of 1");
  CHECK_ERROR(conv2d(x, w, b, {.dilation = 3}), ShapeError, "does not fit");
  CHECK_ERROR(conv2d(x, w, b, {.dilation = std::int64_t{1} << 62}), ShapeError, "no tensor is that large");
  CHECK_ERROR(conv2d(x, w, b, {.padding = std::int64_t{1} << 55}), Error, "memory");
  CHECK_ERROR(conv2d(x, w, b, {.groups = 0}), ValueError, "groups is 0");
  CHECK_ERROR(conv2d(x, w, b, {.groups = 4}), ShapeError, "multiple of the 4 groups");
  CHECK_ERROR(conv2d(x, zeros({6, 4, 0, 3})), ShapeError, "kernel must not be empty");
  CHECK_ERROR(conv_transpose2d(x, w), ShapeError, "weight.size(0)");
  CHECK_ERROR(conv_transpose1d(zeros({1, 2, 3}), zeros({2, 1, 2}), {}, {.output_padding = 1}), ValueError,
              "output_padding is 1");
  CHECK_ERROR(conv_transpose1d(zeros({1, 2, 3}), zeros({2, 1, 2}), {}, {.padding = 2}), ShapeError, "positive size");
  CHECK_ERROR(conv_transpose1d(zeros({1, 2, 3}), zeros({2, 1, 2}), {}, {.stride = std::int64_t{1} << 56}), Error,
              "memory");
  CHECK_ERROR(im2col(x, 6), ShapeError, "does not fit");
  CHECK_ERROR(col2im(zeros({1, 8, 3}), 3, 2), ShapeError, "has 4 windows");
  CHECK_ERROR(pixel_shuffle(x, 3), ShapeError, "multiple of 9");
  CHECK_ERROR(pixel_shuffle(x, 0), ValueError, "upscale_factor is 0");
  CHECK_ERROR(pixel_unshuffle(x, 2), ShapeError, "divide height and width");
}
