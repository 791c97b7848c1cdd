// The maxima of windows. An index selects the elements, so that derivatives of all orders are selections too.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/window_max.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/pooling.hpp>
#include <xgrad/tensor/kernels/shapley.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace xg::autograd {
namespace {

/// The shape of x with its last two dimensions as one.
Shape with_flat_planes(const Shape& shape) {
  Shape flat = shape;
  flat.resize(shape.size() - 1);
  flat[flat.size() - 1] = shape[shape.size() - 2] * shape.back();
  return flat;
}

struct WindowMax {
  static constexpr const char* name = "max_pool";
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_output(1);
  static constexpr Rule rule = Rule::custom;
  kernels::WindowRanges rows, columns;

  std::array<Tensor, 2> forward(const Tensor& x) const {
    auto [values, indices] = kernels::window_max(x, rows, columns);
    return {std::move(values), std::move(indices)};
  }
  std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> g) const {
    if (!g[0].defined()) return {Tensor()};
    const Shape &shape = c.input_shape(0), flat = with_flat_planes(shape), windows = with_flat_planes(g[0].shape());
    const Tensor nothing = zeros(flat, {.dtype = g[0].dtype()});
    return {reshape(scatter_add(nothing, -1, reshape(c.output(1), windows), reshape(g[0], windows)), shape)};
  }
  std::vector<Tensor> attribute(const PairContext& p) const;
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](PerDim kernel, MaxPoolOptions options) {
      return [=](const Inputs& in) { return max_pool2d(in[0], kernel, options); };
    };
    const auto adaptive = [](const Inputs& in) { return adaptive_max_pool1d(in[0], 2); };
    return shaped_samples(d, {{"overlapping", {{2, 2, 4, 5}}, by(3, {.stride = 1, .padding = 1})},
                              {"dilated", {{1, 2, 5, 5}}, by({2, 3}, {.stride = 2, .dilation = {3, 2}})},
                              {"beyond the end", {{3, 1, 3, 3}}, by(2, {.ceil_mode = true})},
                              {"adaptive", {{2, 3, 5}}, adaptive},
                              {"no images", {{0, 2, 3, 3}}, by(2, {})}});
  }
};

/// The exact Shapley shares of the maximum of each window, added up over the windows of an element.
std::vector<Tensor> WindowMax::attribute(const PairContext& p) const {
  if (p.multipliers[1].defined())
    throw AutogradError(
        "[attribution] the model's output depends on the indices that max_pool returned: no contribution can pass "
        "through an index. Use the values alone.");
  const Tensor& m = p.multipliers[0];
  if (!m.defined()) return {Tensor()};
  const Shape& shape = p.x[0].shape();
  const std::int64_t k = p.outputs_explained;
  if (p.x[0].numel() == 0 || p.x_out[0].numel() == 0) return {zeros(with_front(k, shape), {.dtype = m.dtype()})};
  const std::int64_t pixels = shape[shape.size() - 2] * shape.back(), planes = p.x[0].numel() / pixels;
  const Tensor elements = kernels::window_elements(rows, columns, shape.back(), pixels);
  const std::int64_t windows = elements.size(0), taps = elements.size(1);
  // Smaller windows are filled up with one more element of each plane, which is less than all others.
  const Dtype real = real_dtype(p.x[0].dtype());
  const Tensor x = reshape(p.x[0].to(real), {planes, pixels}), r = reshape(p.r[0].to(real), {planes, pixels});
  const Tensor least = expand(minimum(amin(x), amin(r)) - 1, {planes, 1});
  const auto of_windows = [&](const Tensor& values) {
    const Tensor picked = index_select(cat({values, least}, 1), 1, ravel(elements));
    return reshape(picked, {planes * windows, taps});
  };
  const Tensor slopes = reshape(kernels::max_slopes(of_windows(x), of_windows(r)), {1, planes, windows, taps});
  const Tensor shares = reshape(reshape(m, {k, planes, windows, 1}) * slopes, {k, planes, windows * taps});
  const Tensor nothing = zeros({k, planes, pixels + 1}, {.dtype = shares.dtype()});
  const Tensor all = narrow(index_add(nothing, 2, ravel(elements), shares), 2, 0, pixels);
  return {reshape(all, with_front(k, shape))};
}

}  // namespace

std::pair<Tensor, Tensor> window_maxima(const Tensor& x, const kernels::WindowRanges& rows,
                                        const kernels::WindowRanges& columns) {
  auto [values, indices] = apply(WindowMax{rows, columns}, x);
  return {std::move(values), std::move(indices)};
}

}  // namespace xg::autograd
