// Repetition of elements and slices.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// x tiled repeats[i] times along dimension i of the result, which may have new leading dimensions; the gradient is
/// summed over the copies.
struct Repeat : Rearrangement {
  static constexpr const char* name = "repeat";
  Shape repeats;

  bool mixes_rows(std::int64_t ndim) const { return static_cast<std::size_t>(ndim) != repeats.size(); }
  Tensor forward(const Tensor& x) const {
    Shape shape = with_leading_ones(x.shape());
    Tensor current = kernels::contiguous(x);
    for (std::size_t i = repeats.size(); i-- > 0;) {
      if (repeats[i] == 1) continue;
      const auto [outer, inner] = around(shape, i);
      Tensor out = kernels::empty({outer, repeats[i], inner}, x.dtype());
      kernels::copy_into(out, view_of(current, {outer, 1, inner}, {inner, inner, 1}));
      current = std::move(out);
      shape[i] *= repeats[i];
    }
    return current.is_same(x) ? with_shape(kernels::copy(x), shape) : with_shape(std::move(current), shape);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Shape once = with_leading_ones(c.input_shape(0));
    Shape shape = g.shape();
    Tensor sum_of_copies = g;
    for (std::size_t i = 0; i < repeats.size(); ++i) {
      if (repeats[i] == 1) continue;
      shape[i] = once[i];
      const auto [outer, inner] = around(shape, i);
      sum_of_copies = sum(reshape(sum_of_copies, {outer, repeats[i], inner}), 1);
    }
    return reshape(sum_of_copies, c.input_shape(0));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto times = [](Shape times) { return [times](const Inputs& in) { return repeat(in[0], times); }; };
    return shaped_samples(d, {{"rows", {{2, 3}}, times({2, 1})},
                              {"both", {{2, 3}}, times({2, 3})},
                              {"new dimension", {{2, 3}}, times({2, 1, 2})},
                              {"once", {{2, 3}}, times({1, 1})},
                              {"never", {{2, 3}}, times({1, 0})},
                              {"0-d", {{}}, times({3})},
                              {"empty", {{0, 3}}, times({2, 2})}});
  }

 private:
  Shape with_leading_ones(Shape shape) const {
    while (shape.size() < repeats.size()) shape.insert(0, 1);
    return shape;
  }
  /// The products of the sizes before dimension i, and from it on.
  static std::pair<std::int64_t, std::int64_t> around(const Shape& shape, std::size_t i) {
    std::int64_t outer = 1, inner = 1;
    for (std::size_t k = 0; k < shape.size(); ++k) (k < i ? outer : inner) *= shape[k];
    return {outer, inner};
  }
};

/// Slice i along `dim` repeated `repeats` times, or counts[i] times if there are counts; the gradient is summed over
/// the copies. Counts are nonnegative integers, one for each slice.
struct RepeatInterleave : Rearrangement {
  static constexpr const char* name = "repeat_interleave";
  std::size_t dim = 0;
  std::int64_t repeats = 0;  // repetitions of each slice, or the sum of the counts
  Tensor counts;             // int64, contiguous; undefined where all are equal

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape();
    shape[dim] = counts.defined() ? repeats : shape[dim] * repeats;
    if (counts.defined()) return kernels::repeat_slices(x, static_cast<std::int64_t>(dim), counts, repeats);
    const auto [outer, inner] = kernels::AroundDim(x.shape(), static_cast<std::int64_t>(dim));
    const std::int64_t size = x.shape()[dim];
    Tensor out = kernels::empty({outer, size, repeats, inner}, x.dtype());
    if (out.numel() != 0)
      kernels::copy_into(out,
                         view_of(kernels::contiguous(x), {outer, size, 1, inner}, {size * inner, inner, inner, 1}));
    return with_shape(std::move(out), shape);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const;
  static std::vector<Sample> samples(Dtype d) {
    const auto times = [](std::int64_t repeats, std::optional<std::int64_t> dim) {
      return [=](const Inputs& in) { return repeat_interleave(in[0], repeats, dim); };
    };
    const auto each = [](std::initializer_list<std::int64_t> counts, std::int64_t dim) {
      return [dim, c = tensor<std::int64_t>(counts)](const Inputs& in) { return repeat_interleave(in[0], c, dim); };
    };
    return shaped_samples(d, {{"rows", {{2, 3}}, times(2, 0)},
                              {"columns", {{2, 3, 2}}, times(3, 1)},
                              {"flat", {{2, 3}}, times(2, {})},
                              {"never", {{2, 3}}, times(0, 1)},
                              {"0-d", {{}}, times(3, 0)},
                              {"counted rows", {{3, 2}}, each({2, 0, 3}, 0)},
                              {"counted columns", {{2, 3}}, each({1, 4, 0}, -1)},
                              {"empty", {{0, 3}}, times(2, 1)},
                              {"empty, counted", {{0, 3}}, each({1, 2, 0}, 1)}});
  }
};

/// The adjoint of RepeatInterleave with counts: the slices of each group of g along `dim`, counts[i] of them, are
/// summed.
struct SumGroups : Rearrangement {
  static constexpr const char* name = "sum_groups";
  std::size_t dim = 0;
  Tensor counts;

  bool mixes_rows(std::int64_t) const { return dim == 0; }
  Tensor forward(const Tensor& g) const { return kernels::sum_groups(g, static_cast<std::int64_t>(dim), counts); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return apply(RepeatInterleave{{}, dim, c.input_shape(0)[dim], counts}, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto each = [](std::initializer_list<std::int64_t> counts, std::size_t dim) {
      return [dim, c = tensor<std::int64_t>(counts)](const Inputs& in) { return apply(SumGroups{{}, dim, c}, in[0]); };
    };
    return shaped_samples(d, {{"rows", {{5, 2}}, each({2, 0, 3}, 0)},
                              {"columns", {{2, 5}}, each({1, 4, 0}, 1)},
                              {"empty", {{0, 3}}, each({1, 2}, 1)}});
  }
};

Tensor RepeatInterleave::backward(const OpContext& c, const Tensor& g) const {
  if (counts.defined()) return apply(SumGroups{{}, dim, counts}, g);
  const auto [outer, inner] = kernels::AroundDim(c.input_shape(0), static_cast<std::int64_t>(dim));
  return reshape(sum(reshape(g, {outer, c.input_shape(0)[dim], repeats, inner}), 2), c.input_shape(0));
}

}  // namespace

}  // namespace autograd

Tensor repeat(const Tensor& x, const Shape& repeats) {
  if (repeats.size() < x.shape().size())
    raise<ShapeError>("[repeat] repeats are {}, the shape {}: give a number for each dimension, or use tile.",
                      repeats.str(), x.shape().str());
  for (const std::int64_t n : repeats)
    if (n < 0) raise<ValueError>("[repeat] repeats are {}: they must not be negative.", repeats.str());
  Shape shape = repeats;
  const std::size_t skip = repeats.size() - x.shape().size();
  for (std::size_t i = 0; i < x.shape().size(); ++i) {
    autograd::checked_numel("repeat", {repeats[i + skip], x.shape()[i]});
    shape[i + skip] *= x.shape()[i];
  }
  autograd::checked_numel("repeat", shape);
  return apply(autograd::Repeat{{}, repeats}, x);
}

Tensor tile(const Tensor& x, const Shape& repeats) {
  Shape all = repeats;
  while (all.size() < x.shape().size()) all.insert(0, 1);
  return repeat(x, all);
}

Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim) {
  if (repeats < 0) raise<ValueError>("[repeat_interleave] repeats is {}: it must not be negative.", repeats);
  if (!dim) return repeat_interleave(ravel(x), repeats, 0);
  const Tensor rows = x.dim() == 0 ? reshape(x, {1}) : x;
  const std::int64_t d = normalize_dim("repeat_interleave", *dim, rows.dim()), size = rows.size(d);
  autograd::checked_numel("repeat_interleave", {size, repeats});
  return apply(autograd::RepeatInterleave{{}, static_cast<std::size_t>(d), repeats, {}}, rows);
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim) {
  if (!is_integral(repeats.dtype()) || repeats.dim() > 1)
    raise<DtypeError>("[repeat_interleave] repeats has dtype {} and shape {}, it must be a vector of integers.",
                      name(repeats.dtype()), repeats.shape().str());
  if (repeats.numel() == 1) return repeat_interleave(x, repeats.item<std::int64_t>(), dim);
  if (!dim) return repeat_interleave(ravel(x), repeats, 0);
  const Tensor rows = x.dim() == 0 ? reshape(x, {1}) : x;
  const std::int64_t d = normalize_dim("repeat_interleave", *dim, rows.dim());
  if (repeats.numel() != rows.size(d))
    raise<ShapeError>(
        "[repeat_interleave] there are {} repeats for {} elements along dim {}: give one for each, or one number for "
        "all.",
        repeats.numel(), rows.size(d), d);
  // A copy, so that the caller cannot change it before backward.
  const Tensor counts = repeats.dtype() == Dtype::int64 ? kernels::copy(repeats) : kernels::cast(repeats, Dtype::int64);
  const auto* count = static_cast<const std::int64_t*>(counts.impl().data);
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < counts.numel(); ++i) {
    if (count[i] < 0) raise<ValueError>("[repeat_interleave] repeats[{}] is {}: it must not be negative.", i, count[i]);
    if (__builtin_add_overflow(total, count[i], &total))
      throw ValueError("[repeat_interleave] the sum of the repeats does not fit into 64 bits: use smaller ones.");
  }
  return apply(autograd::RepeatInterleave{{}, static_cast<std::size_t>(d), total, counts}, rows);
}

}  // namespace xg
