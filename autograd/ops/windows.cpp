// Overlapping windows along a dimension, as a view.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstddef>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// Windows of `size` elements along `dim` at multiples of `step`: [.., windows, .., size]
struct Unfold : Rearrangement {
  static constexpr const char* name = "unfold";
  std::size_t dim = 0;
  std::int64_t size = 1, step = 1;
  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape(), strides = x.strides();
    shape[dim] = (shape[dim] - size) / step + 1;
    shape.push_back(size);
    strides.push_back(strides[dim]);
    strides[dim] *= shape[dim] > 1 ? step : 1;
    return view_of(x, shape, strides);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const auto d = static_cast<std::int64_t>(dim);
    const std::int64_t windows = g.shape()[dim];
    // The elements of all windows one after the other along dim, and their places in x.
    Shape row = c.input_shape(0);
    const Tensor nothing = zeros(row, {.dtype = g.dtype()});
    row[dim] = windows * size;
    const Tensor elements = reshape(movedim(g, Dims(-1), Dims(d + 1)), row);
    const Tensor places = unsqueeze(arange(windows) * (windows > 1 ? step : 1), 1) + arange(size);
    return index_add(nothing, d, ravel(places), elements);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](auto... arguments) { return [=](const Inputs& in) { return unfold(in[0], arguments...); }; };
    return shaped_samples(d, {{"overlapping", {{7}}, by(0, 3, 1)},
                              {"apart", {{8, 2}}, by(0, 2, 3)},
                              {"columns", {{2, 5}}, by(-1, 3, 2)},
                              {"whole", {{2, 3}}, by(1, 3, 1)},
                              {"of nothing", {{2, 3}}, by(0, 0, 1)}});
  }
};

}  // namespace
}  // namespace autograd

Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step) {
  const std::size_t d = autograd::checked_dim("unfold", dim, x.dim());
  if (size < 0 || step < 1)
    raise<ValueError>("[unfold] size is {} and step {}: size must not be negative, and step positive.", size, step);
  const Tensor rows = x.dim() == 0 ? reshape(x, {1}) : x;
  if (size > rows.shape()[d])
    raise<ShapeError>("[unfold] windows have {} elements, dimension {} of shape {} has {}: they must fit.", size, d,
                      x.shape().str(), rows.shape()[d]);
  const Tensor out = apply(autograd::Unfold{{}, d, size, step}, rows);
  return x.dim() == 0 ? reshape(out, {size}) : out;
}

}  // namespace xg
