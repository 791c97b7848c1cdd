// x[i, j, ...] with NumPy's rules. An index by several tensors is reduced to one: the indexed dimensions are merged (a
// view where strides allow) and the tensors are combined to one flat index.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/indexing.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/indexing.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// An index after numbers, slices, newaxis and ellipsis are applied: a view, and the tensors that index its dimensions.
struct PartlyIndexed {
  Tensor view;
  std::vector<Tensor> tensors;  // one for each dimension of view, undefined for all of it
  Dims reversed;                // the dimensions of view that a negative step walks backwards
  bool any = false;             // whether there are tensors
  bool adjacent = true;         // whether tensors and numbers stand side by side
};

/// The elements of the view in the order of the index: a copy where a dimension is walked backwards.
Tensor in_order(const PartlyIndexed& parts) {
  return parts.reversed.empty() ? parts.view : flip(parts.view, parts.reversed);
}

/// What a slice selects of a dimension: `length` elements from `first` on, in ascending order.
struct Range {
  std::int64_t first = 0, length = 0, step = 1;
  bool backwards = false;
};

Range range_of(const char* op, const Slice& s, std::int64_t size) {
  if (s.step == 0)
    raise<ValueError>("[{}] the step of a slice is 0: use a positive step, or a negative one to go backwards.", op);
  const bool backwards = s.step < 0;
  const std::int64_t low = backwards ? -1 : 0, high = backwards ? size - 1 : size;
  const auto bound = [&](std::int64_t i) { return std::clamp(i < 0 ? i + size : i, low, high); };
  const std::int64_t start = s.start ? bound(*s.start) : (backwards ? high : low);
  const std::int64_t stop = s.stop ? bound(*s.stop) : (backwards ? low : high);
  const std::int64_t distance = backwards ? start - stop : stop - start;
  if (distance <= 0) return {};
  // Unsigned, because the smallest integer has no negative.
  const std::uint64_t step = backwards ? 0 - static_cast<std::uint64_t>(s.step) : static_cast<std::uint64_t>(s.step);
  Range out{start, 1 + static_cast<std::int64_t>(static_cast<std::uint64_t>(distance - 1) / step), 1, backwards};
  if (out.length > 1) out.step = static_cast<std::int64_t>(step);
  if (backwards) out.first = start - (out.length - 1) * out.step;
  return out;
}

std::int64_t dims_of(const Index& index) {
  switch (index.kind) {
    case Index::Kind::number:
    case Index::Kind::slice:
      return 1;
    case Index::Kind::tensor:
      return index.tensor.dtype() == Dtype::bool_ ? index.tensor.dim() : 1;
    default:
      return 0;
  }
}

PartlyIndexed apply_basic(const char* op, const Tensor& x, const std::vector<Index>& indices) {
  std::int64_t named = 0, ellipses = 0;
  for (const Index& index : indices) {
    named += dims_of(index);
    ellipses += index.kind == Index::Kind::ellipsis;
  }
  if (named > x.dim())
    raise<IndexError>("[{}] {} dimensions are indexed, the tensor has shape {}: name {} at most.", op, named,
                      x.shape().str(), x.dim());
  if (ellipses > 1) raise<IndexError>("[{}] there are {} ellipses: an index may have one.", op, ellipses);
  PartlyIndexed out;
  out.view = x;
  const auto dim = [&] { return static_cast<std::int64_t>(out.tensors.size()); };
  bool begun = false, interrupted = false;  // the run of tensors and numbers
  for (const Index& index : indices) {
    const bool in_run = index.kind == Index::Kind::number || index.kind == Index::Kind::tensor;
    if (in_run && interrupted) out.adjacent = false;
    interrupted = begun && (interrupted || !in_run);
    begun |= in_run;
    switch (index.kind) {
      case Index::Kind::number: {
        const std::int64_t size = out.view.size(dim());
        if (index.number < -size || index.number >= size)
          raise<IndexError>("[{}] index {} is out of range for dimension {} of size {} (shape {}): {}.", op,
                            index.number, x.dim() - (out.view.dim() - dim()), size, x.shape().str(),
                            size == 0 ? "it has no elements" : fmt::format("use {} to {}", -size, size - 1));
        out.view = select(out.view, dim(), index.number);
        break;
      }
      case Index::Kind::slice: {
        const std::int64_t size = out.view.size(dim());
        const Range range = range_of(op, index.slice, size);
        if (range.length != size)
          out.view = slice(out.view, dim(), range.first, range.first + (range.length - 1) * range.step + 1, range.step);
        if (range.backwards && range.length > 1) out.reversed.push_back(dim());
        out.tensors.emplace_back();
        break;
      }
      case Index::Kind::newaxis:
        out.view = unsqueeze(out.view, dim());
        out.tensors.emplace_back();
        break;
      case Index::Kind::ellipsis:
        for (std::int64_t i = named; i < x.dim(); ++i) out.tensors.emplace_back();
        break;
      case Index::Kind::tensor: {
        const Tensor& t = index.tensor;
        out.any = true;
        if (t.dtype() != Dtype::bool_) {
          if (is_floating(t.dtype()))
            raise<DtypeError>(
                "[{}] an index is {}, it must be a mask (bool) or integers: convert with index.to(xg::int64).", op,
                name(t.dtype()));
          out.tensors.push_back(t.dtype() == Dtype::uint8 ? to(t, Dtype::int64) : t);
          break;
        }
        if (t.dim() == 0) {  // a 0-d mask selects all or nothing of x along a new dimension
          out.view = unsqueeze(out.view, dim());
          out.tensors.push_back(zeros({t.item<bool>() ? 1 : 0}, {.dtype = Dtype::int64}));
          break;
        }
        for (std::int64_t k = 0; k < t.dim(); ++k)
          if (out.view.size(dim() + k) != t.size(k))
            raise<IndexError>(
                "[{}] a mask of shape {} does not fit dimension {} of size {} (shape {}): they must be equal.", op,
                t.shape().str(), dim() + k, out.view.size(dim() + k), x.shape().str());
        const Tensor places = nonzero(t);
        for (std::int64_t k = 0; k < t.dim(); ++k) out.tensors.push_back(select(places, 1, k));
        break;
      }
    }
  }
  out.tensors.resize(out.view.shape().size());
  return out;
}

/// An index by several tensors, as one vector along one dimension of a rearranged view.
struct FlatIndex {
  Tensor view;           // of x, with the indexed dimensions adjacent and merged
  Shape before_merging;  // the shape of the view before merging
  Dims order;            // the permutation that made them adjacent; empty for none
  std::size_t dim = 0;   // the merged dimension
  Tensor index;          // a vector
  Shape index_shape;     // the broadcast shape of the tensors, which replaces the merged dimension
};

FlatIndex flatten_index(const char* op, const PartlyIndexed& parts) {
  FlatIndex out;
  std::vector<std::size_t> indexed;
  for (std::size_t i = 0; i < parts.tensors.size(); ++i) {
    if (!parts.tensors[i].defined()) continue;
    indexed.push_back(i);
    out.index_shape = broadcast_shapes(op, out.index_shape, parts.tensors[i].shape());
  }
  out.view = parts.view;
  if (parts.adjacent) {
    out.dim = indexed.front();
  } else {
    for (const std::size_t i : indexed) out.order.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; i < parts.tensors.size(); ++i)
      if (!parts.tensors[i].defined()) out.order.push_back(static_cast<std::int64_t>(i));
    out.view = permute(out.view, out.order);
  }
  out.before_merging = out.view.shape();
  for (const std::size_t i : indexed) {
    const std::int64_t size = parts.view.shape()[i];
    const Tensor places = wrapped(op, parts.tensors[i], size, i);
    out.index = out.index.defined() ? out.index * size + places : to(places, Dtype::int64);  // wide enough for products
  }
  out.index = ravel(out.index.shape() == out.index_shape ? out.index : expand(out.index, out.index_shape));
  if (indexed.size() > 1)
    out.view =
        flatten(out.view, static_cast<std::int64_t>(out.dim), static_cast<std::int64_t>(out.dim + indexed.size() - 1));
  return out;
}

/// `shape` with dimension `dim` replaced by several.
Shape replaced(const Shape& shape, std::size_t dim, const Shape& by) {
  Shape out(shape.begin(), shape.begin() + dim);
  for (const std::int64_t size : by) out.push_back(size);
  for (std::size_t i = dim + 1; i < shape.size(); ++i) out.push_back(shape[i]);
  return out;
}

/// Whether the index is one mask over the whole tensor.
bool is_full_mask(const Tensor& x, const std::vector<Index>& indices) {
  return indices.size() == 1 && indices[0].kind == Index::Kind::tensor && indices[0].tensor.defined() &&
         indices[0].tensor.dtype() == Dtype::bool_ && x.dim() > 0 && indices[0].tensor.shape() == x.shape();
}

void check_defined(const std::vector<Index>& indices) {
  for (const Index& index : indices)
    if (index.kind == Index::Kind::tensor) static_cast<void>(index.tensor.impl());
}

/// Values as they are assigned to a part of this shape: dimensions of size 1 in front of it are dropped.
Tensor fitted(const Tensor& values, const Shape& shape) {
  Shape own = values.shape();
  while (own.size() > shape.size() && own[0] == 1) own.erase(0);
  if (own.size() > shape.size() || broadcast_shapes("index_put", own, shape) != shape)
    raise<ShapeError>("[index_put] values have shape {}, the indexed part {}: they must broadcast to it.",
                      values.shape().str(), shape.str());
  const Tensor trimmed = own.size() == values.shape().size() ? values : reshape(values, own);
  return own == shape ? trimmed : expand(trimmed, shape);
}

/// Values in the order of the view, whose reversed dimensions are ascending.
Tensor fitted_to_view(const PartlyIndexed& parts, const Tensor& values) {
  const Tensor fitting = fitted(values, parts.view.shape());
  return parts.reversed.empty() ? fitting : flip(fitting, parts.reversed);
}

/// The slices of flat.view that the values replace.
Tensor slices_for(const FlatIndex& flat, const Tensor& values) {
  Shape rows = flat.view.shape();
  rows[flat.dim] = flat.index.numel();
  return reshape(fitted(values, replaced(flat.view.shape(), flat.dim, flat.index_shape)), rows);
}

/// The view of `parts` with the elements selected by its tensors replaced by values.
Tensor put(PartlyIndexed parts, const Tensor& values, bool accumulate) {
  const Dims reversed = parts.reversed;
  parts.view = in_order(parts);
  const FlatIndex flat = flatten_index("index_put", parts);
  const Tensor source = slices_for(flat, values);
  const auto d = static_cast<std::int64_t>(flat.dim);
  Tensor out = accumulate ? index_add(flat.view, d, flat.index, source) : index_copy(flat.view, d, flat.index, source);
  if (out.shape() != flat.before_merging) out = reshape(out, flat.before_merging);
  if (!flat.order.empty()) {
    Dims inverse = flat.order;
    for (std::size_t i = 0; i < flat.order.size(); ++i)
      inverse[static_cast<std::size_t>(flat.order[i])] = static_cast<std::int64_t>(i);
    out = permute(out, inverse);
  }
  return reversed.empty() ? out : flip(out, reversed);
}

}  // namespace

void put_into(Tensor& x, const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  check_defined(indices);
  const NoGrad guard;
  const Tensor converted = to(values, x.dtype());
  if (is_full_mask(x, indices) && !accumulate && converted.numel() == 1)
    return kernels::copy_into(x, where(indices[0].tensor, reshape(converted, {}), x));
  const PartlyIndexed parts = apply_basic("index_put", x, indices);
  Tensor view = parts.view;
  if (!parts.any) {
    const Tensor part = fitted_to_view(parts, converted);
    return kernels::copy_into(view, accumulate ? view + part : part);
  }
  if (!parts.reversed.empty()) return kernels::copy_into(view, put(parts, converted, accumulate));
  FlatIndex flat = flatten_index("index_put", parts);
  if (!flat.view.shares_storage(x)) return kernels::copy_into(view, put(parts, converted, accumulate));
  Tensor source = slices_for(flat, converted);
  if (source.shares_storage(x)) source = kernels::copy(source);
  const auto d = static_cast<std::int64_t>(flat.dim);
  if (accumulate)
    kernels::index_add_(flat.view, d, flat.index, source, 1, "index_put");
  else
    kernels::index_copy_(flat.view, d, flat.index, source, "index_put");
}

}  // namespace autograd

Tensor index(const Tensor& x, const std::vector<Index>& indices) {
  autograd::check_defined(indices);
  if (autograd::is_full_mask(x, indices)) return masked_select(x, indices[0].tensor);
  autograd::PartlyIndexed parts = autograd::apply_basic("index", x, indices);
  parts.view = autograd::in_order(parts);
  if (!parts.any) return parts.view;
  const autograd::FlatIndex flat = autograd::flatten_index("index", parts);
  const Tensor rows = index_select(flat.view, static_cast<std::int64_t>(flat.dim), flat.index);
  const Shape shape = autograd::replaced(rows.shape(), flat.dim, flat.index_shape);
  return rows.shape() == shape ? rows : reshape(rows, shape);
}

Tensor index_put(const Tensor& given, const std::vector<Index>& indices, const Tensor& values, bool accumulate) {
  autograd::check_defined(indices);
  const Tensor x = contiguous(given), converted = to(values, given.dtype());
  if (autograd::is_full_mask(x, indices) && !accumulate && converted.numel() == 1)
    return where(indices[0].tensor, reshape(converted, {}), x);
  const autograd::PartlyIndexed parts = autograd::apply_basic("index_put", x, indices);
  const Tensor& view = parts.view;
  Tensor part;
  if (parts.any) {
    part = autograd::put(parts, converted, accumulate);
    if (view.is_same(x)) return part;
  } else {
    part = autograd::fitted_to_view(parts, converted);
    if (accumulate) part = view + part;
  }
  const auto bytes = static_cast<const char*>(view.impl().data) - static_cast<const char*>(x.impl().data);
  return autograd::as_strided_scatter(x, part, view.shape(), view.strides(),
                                      bytes / static_cast<std::int64_t>(item_size(x.dtype())));
}

Tensor index_put(const Tensor& x, const std::vector<Index>& indices, Scalar value, bool accumulate) {
  return index_put(x, indices, full({}, value, {.dtype = x.dtype()}), accumulate);
}

}  // namespace xg
