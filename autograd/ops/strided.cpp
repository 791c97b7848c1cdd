// Views with explicit geometry, and their adjoint. `layout` is the strides of the first argument: a gradient may have
// any layout, and is converted to this one before the geometry is applied.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <utility>
#include <vector>

namespace xg::autograd {
namespace {

struct Geometry {
  Shape shape, strides;
  std::int64_t offset = 0;
};

/// One past the last element of a geometry, counted from its first.
std::int64_t extent(const Shape& shape, const Shape& strides) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return 0;
    last += (shape[i] - 1) * strides[i];
  }
  return last + 1;
}

/// Puts the elements of g, which a view of this geometry has, at their places in memory of `length` elements, where
/// those that share a place are added.
Tensor summed_in_memory(const Tensor& g, const Geometry& view, std::int64_t length) {
  const Tensor places = kernels::copy(view_of(arange(length), view.shape, view.strides, view.offset));
  return index_add(zeros({length}, {.dtype = g.dtype()}), 0, ravel(places), ravel(g));
}

/// A copy of x with the given strides.
Tensor copy_with_strides(const Tensor& x, const Shape& strides) {
  if (strides == kernels::row_major_strides(x.shape())) return kernels::copy(x);
  Tensor memory = kernels::zeros({extent(x.shape(), strides)}, x.dtype());
  Tensor out = view_of(memory, x.shape(), strides);
  kernels::copy_into(out, x);
  return out;
}

/// The geometry without repetitions: dimensions of stride 0, which expand makes, get size 1.
Geometry without_repetition(Geometry g) {
  for (std::size_t i = 0; i < g.shape.size(); ++i)
    if (g.strides[i] == 0) g.shape[i] = 1;
  return g;
}

struct AsStrided : Rearrangement {
  static constexpr const char* name = "as_strided";
  Geometry view;
  Shape layout;

  static bool mixes_rows(std::int64_t) { return true; }
  Tensor forward(const Tensor& x) const {
    const bool in_place = x.strides() == layout;
    return view_of(in_place ? x : copy_with_strides(x, layout), view.shape, view.strides, view.offset);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const;
  static std::vector<Sample> samples(Dtype dtype);
};

struct AsStridedScatter {
  static constexpr const char* name = "as_strided_scatter";
  static constexpr int inputs = 2;
  static constexpr Rule rule = Rule::linear;
  Geometry view;
  Shape layout;

  static bool mixes_rows(std::int64_t) { return true; }
  Tensor forward(const Tensor& base, const Tensor& values) const {
    const Tensor out = copy_with_strides(base, layout);
    Tensor target = view_of(out, view.shape, view.strides, view.offset);
    kernels::copy_into(target, values);
    return kernels::contiguous(out);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    return gradients(
        c,
        [&] {
          const Tensor nothing = zeros(view.shape, {.dtype = g.dtype()});
          return apply(AsStridedScatter{view, layout}, g, nothing);
        },
        [&] { return apply(AsStrided{{}, view, layout}, g); });
  }
  static std::vector<Sample> samples(Dtype dtype);
};

Tensor AsStrided::backward(const OpContext& c, const Tensor& g) const {
  const Geometry distinct = without_repetition(view);
  if (may_overlap(distinct.shape, distinct.strides)) {
    const Shape& shape = c.input_shape(0);
    const Tensor memory = summed_in_memory(sum_to_size(g, distinct.shape), distinct, extent(shape, layout));
    const Geometry base = without_repetition({shape, layout, 0});
    return expand(apply(AsStrided{{}, base, {1}}, memory), shape);
  }
  const Tensor nothing = zeros(c.input_shape(0), {.dtype = g.dtype()});
  return apply(AsStridedScatter{distinct, layout}, nothing, sum_to_size(g, distinct.shape));
}

// Samples fix the layout, so that tests can pass the same values in other layouts.
std::vector<Sample> AsStrided::samples(Dtype dtype) {
  const auto view = [](Geometry geometry, Shape layout) {
    return [=](const Inputs& in) { return apply(AsStrided{{}, geometry, layout}, in[0]); };
  };
  return shaped_samples(dtype, {{"block", {{3, 4}}, view({{2, 2}, {4, 1}, 5}, {4, 1})},
                                {"repeated", {{3, 4}}, view({{3, 2, 2}, {0, 1, 4}, 1}, {4, 1})},
                                {"overlapping", {{3, 4}}, view({{3, 2, 2}, {4, 1, 1}, 1}, {4, 1})},
                                {"of a transposed base", {{3, 4}}, view({{4}, {3}, 2}, {1, 3})},
                                {"of a base with gaps", {{3, 4}}, view({{2, 2}, {10, 2}, 2}, {10, 2})}});
}

std::vector<Sample> AsStridedScatter::samples(Dtype dtype) {
  const auto scatter = [](Geometry geometry, Shape layout) {
    return [=](const Inputs& in) { return apply(AsStridedScatter{geometry, layout}, in[0], in[1]); };
  };
  const Tensor x = sample_values({3, 4}, -2, 2, dtype);
  return {{"block", {x, sample_values({2, 2}, -2, 2, dtype, 2)}, scatter({{2, 2}, {4, 1}, 5}, {4, 1})},
          {"of a transposed base", {x, sample_values({4}, -2, 2, dtype, 2)}, scatter({{4}, {3}, 2}, {1, 3})}};
}

void check_inside(const char* op, const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset) {
  if (shape.size() != strides.size())
    raise<ShapeError>("[{}] shape {} and strides {} must have equally many entries.", op, shape.str(), strides.str());
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] < 0 || strides[i] < 0)
      raise<ShapeError>("[{}] shape {} and strides {} must not be negative.", op, shape.str(), strides.str());
  if (const std::int64_t reach = extent(shape, strides);
      offset < 0 || (reach > 0 && offset + reach > extent(x.shape(), x.strides())))
    raise<ShapeError>("[{}] shape {}, strides {} and offset {} leave the memory of a tensor of shape {}.", op,
                      shape.str(), strides.str(), offset, x.shape().str());
}

void check_distinct(const Shape& shape, const Shape& strides) {
  if (may_overlap(shape, strides))
    raise<ShapeError>(
        "[as_strided_scatter] elements of a tensor of shape {} and strides {} share memory, so that a write to one "
        "would change others: write to a clone, or to the tensor before expand or unfold.",
        shape.str(), strides.str());
}

}  // namespace

bool may_overlap(const Shape& shape, const Shape& strides) {
  // From the smallest stride to the largest, each must step over all elements of those before.
  std::array<std::pair<std::int64_t, std::int64_t>, max_dims> dims;
  std::size_t count = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return false;
    if (shape[i] == 1) continue;
    std::size_t at = count++;
    for (; at > 0 && dims[at - 1].first > strides[i]; --at) dims[at] = dims[at - 1];
    dims[at] = {strides[i], shape[i]};
  }
  std::int64_t reach = 0;  // the distance of the last element of the dimensions so far
  for (std::size_t i = 0; i < count; ++i) {
    if (dims[i].first <= reach) return true;
    reach += (dims[i].second - 1) * dims[i].first;
  }
  return false;
}

Tensor as_strided(const Tensor& x, const Shape& shape, const Shape& strides, std::int64_t offset) {
  check_inside(AsStrided::name, x, shape, strides, offset);
  return apply(AsStrided{{}, {shape, strides, offset}, x.strides()}, x);
}

Tensor as_strided_scatter(const Tensor& base, const Tensor& values, const Shape& shape, const Shape& strides,
                          std::int64_t offset) {
  check_inside(AsStridedScatter::name, base, shape, strides, offset);
  if (values.shape() != shape)
    raise<ShapeError>("[as_strided_scatter] values have shape {}, the view {}: they must be equal.",
                      values.shape().str(), shape.str());
  check_distinct(shape, strides);
  check_distinct(base.shape(), base.strides());
  return apply(AsStridedScatter{{shape, strides, offset}, base.strides()}, base, to(values, base.dtype()));
}

}  // namespace xg::autograd
