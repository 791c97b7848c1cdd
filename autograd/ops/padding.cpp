// Padding with constants, reflections and copies.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// `value` around x; before and after are not negative.
struct Pad : Rearrangement {
  static constexpr const char* name = "pad";
  Shape before, after;
  double value = 0;

  Pad linear_part() const { return {{}, before, after, 0}; }
  Tensor forward(const Tensor& x) const {
    Shape shape = x.shape();
    for (std::size_t i = 0; i < shape.size(); ++i) shape[i] += before[i] + after[i];
    Tensor out = kernels::empty(shape, x.dtype());
    kernels::fill(out, value, name);
    if (x.numel() == 0) return out;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) offset += before[i] * out.strides()[i];
    Tensor middle = view_of(out, x.shape(), out.strides(), offset);
    kernels::copy_into(middle, x);
    return out;
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    Tensor middle = g;
    for (std::size_t i = 0; i < before.size(); ++i)
      if (before[i] + after[i] > 0)
        middle = narrow(middle, static_cast<std::int64_t>(i), before[i], c.input_shape(0)[i]);
    return middle;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto by = [](std::vector<std::int64_t> padding) {
      return [padding](const Inputs& in) { return pad(in[0], padding, PadMode::constant, 0.5); };
    };
    return shaped_samples(d, {{"columns", {{3, 4}}, by({1, 2})},
                              {"both", {{3, 4}}, by({0, 1, 2, 0})},
                              {"cut", {{3, 4}}, by({-1, 2})},
                              {"empty", {{0, 3}}, by({1, 1, 1, 0})}});
  }
};

/// A bound larger than any dimension, whose sums do not overflow.
constexpr std::int64_t max_padding = std::int64_t{1} << 60;

/// Pads one dimension by reflection, replication or circularly. The result is concatenated from parts of x, so that no
/// further memory is needed.
Tensor pad_by_parts(const Tensor& x, std::int64_t dim, std::int64_t before, std::int64_t after, PadMode mode) {
  const std::int64_t size = x.size(dim);
  if (mode == PadMode::circular && (before < 0 || after < 0)) {  // elements that are removed are not repeated
    const std::int64_t first = std::max<std::int64_t>(0, -before), last = size - std::max<std::int64_t>(0, -after);
    if (first > last)
      raise<ShapeError>("[pad] {} and {} remove more than dimension {} of size {} has.", before, after, dim, size);
    return pad_by_parts(narrow(x, dim, first, last - first), dim, std::max<std::int64_t>(0, before),
                        std::max<std::int64_t>(0, after), mode);
  }
  const std::int64_t reach = mode == PadMode::reflect ? size - 1 : size;
  if (mode != PadMode::replicate && (before > reach || after > reach))
    raise<ShapeError>(
        "[pad] padding {} and {} of dimension {} of size {}: {} continues it by {} elements at most on each side.",
        before, after, dim, size, mode == PadMode::reflect ? "reflect" : "circular", std::max<std::int64_t>(reach, 0));
  const std::int64_t total = size + before + after;
  if (total < 0 || (size == 0 && total > 0))
    raise<ShapeError>(
        "[pad] padding {} and {} of dimension {} of size {} leaves size {}: it must not be negative, and there "
        "must be an element to repeat.",
        before, after, dim, size, total);
  // The result consists of elements first .. first + total - 1 of a dimension extended beyond [0, size).
  const std::int64_t first = -before, last = first + total;
  const auto shown = [&](std::int64_t from, std::int64_t to) {  // the intersection of [from, to) with [first, last)
    const std::int64_t start = std::max(from, first);
    return std::pair(start, std::max<std::int64_t>(0, std::min(to, last) - start));
  };
  std::vector<Tensor> parts;
  const auto add = [&](std::int64_t from, std::int64_t to, auto&& part) {
    if (const auto [start, length] = shown(from, to); length > 0) parts.push_back(part(start, length));
  };
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  if (mode == PadMode::replicate) {
    const auto edge = [&](std::int64_t at) {
      return [&, at](std::int64_t, std::int64_t length) {
        Shape shape = x.shape();
        shape[static_cast<std::size_t>(dim)] = length;
        checked_numel("pad", shape);
        return expand(narrow(x, dim, at, 1), shape);
      };
    };
    add(-far, 0, edge(0));
    add(0, size, [&](std::int64_t start, std::int64_t length) { return narrow(x, dim, start, length); });
    add(size, far, edge(size - 1));
  } else if (mode == PadMode::reflect) {
    add(-far, 0,
        [&](std::int64_t start, std::int64_t length) { return flip(narrow(x, dim, 1 - start - length, length), dim); });
    add(0, size, [&](std::int64_t start, std::int64_t length) { return narrow(x, dim, start, length); });
    add(size, far, [&](std::int64_t start, std::int64_t length) {
      return flip(narrow(x, dim, 2 * (size - 1) - (start + length - 1), length), dim);
    });
  } else {
    if (before > 0) parts.push_back(narrow(x, dim, size - before, before));
    if (size > 0) parts.push_back(x);
    if (after > 0) parts.push_back(narrow(x, dim, 0, after));
  }
  if (parts.empty()) return narrow(x, dim, 0, 0);
  return parts.size() == 1 ? parts[0] : cat(parts, dim);
}

}  // namespace

}  // namespace autograd

Tensor pad(const Tensor& x, const std::vector<std::int64_t>& padding, PadMode mode, double value) {
  const std::size_t count = padding.size() / 2, ndim = x.shape().size();
  if (padding.size() % 2 != 0 || count > ndim)
    raise<ValueError>(
        "[pad] there are {} numbers of padding for shape {}: give (before, after) for some of its dimensions, the last "
        "one first.",
        padding.size(), x.shape().str());
  for (const std::int64_t n : padding)
    if (n < -autograd::max_padding || n > autograd::max_padding)
      raise<ShapeError>("[pad] padding is {}: no tensor is that large.", n);
  autograd::check_whole("pad", x.dtype(), value);
  Tensor out = x;
  autograd::Pad op{{}, Shape(std::vector<std::int64_t>(ndim, 0)), Shape(std::vector<std::int64_t>(ndim, 0)), value};
  bool grows = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t dim = ndim - 1 - i;
    const std::int64_t before = padding[2 * i], after = padding[2 * i + 1], d = static_cast<std::int64_t>(dim);
    if (before == 0 && after == 0) continue;
    if (mode != PadMode::constant) {
      out = autograd::pad_by_parts(out, d, before, after, mode);
      continue;
    }
    const std::int64_t size = x.shape()[dim];
    if (size + before + after < 0 || -before > size || -after > size)
      raise<ShapeError>("[pad] padding {} and {} remove more than dimension {} of size {} has.", before, after, dim,
                        size);
    if (before < 0 || after < 0) {
      const std::int64_t first = std::max<std::int64_t>(0, -before), last = size - std::max<std::int64_t>(0, -after);
      out = narrow(out, d, first, std::max<std::int64_t>(0, last - first));
    }
    op.before[dim] = std::max<std::int64_t>(0, before);
    op.after[dim] = std::max<std::int64_t>(0, after);
    grows |= op.before[dim] + op.after[dim] > 0;
  }
  if (mode == PadMode::constant && grows) return apply(op, out);
  // A tensor from which elements were only removed is still a view of x.
  return out.shares_storage(x) ? clone(out) : out;
}

}  // namespace xg
