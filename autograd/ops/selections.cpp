// Order statistics: where the selected elements lie is found once, and the elements are gathered, so that derivatives
// of every order are those of gather.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/sorting.hpp>
#include <xgrad/tensor/kernels/selection.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The base of ops that find indices along dim. These have no derivative, and no contribution passes through them.
struct FoundIndex {
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }

  /// Samples of the op with other dimensions.
  template <class Op> static std::vector<Sample> samples_of(Dtype d) {
    const auto along = [](std::int64_t dim) {
      return [dim](const Inputs& in) {
        Op op;
        op.dim = normalize_dim(Op::name, dim, in[0].dim());
        return apply(op, in[0]);
      };
    };
    return shaped_samples(d, {{"last", {{3, 5}}, along(-1)},
                              {"first", {{4, 2}}, along(0)},
                              {"0-d", {{}}, along(0)},
                              {"no rows", {{0, 3}}, along(1)}});
  }
};

struct KthIndex : FoundIndex {
  static constexpr const char* name = "kthvalue";
  std::int64_t k = 1;
  Tensor forward(const Tensor& x) const { return kernels::kth_index(x, dim, k); }
  static std::vector<Sample> samples(Dtype d) { return samples_of<KthIndex>(d); }
};

template <bool ignore_nan> struct MedianIndex : FoundIndex {
  static constexpr const char* name = ignore_nan ? "nanmedian" : "median";
  Tensor forward(const Tensor& x) const {
    if (x.dim() > 0) check_not_empty(name, x, {dim});
    return kernels::median_index(x, dim, ignore_nan);
  }
  static std::vector<Sample> samples(Dtype d) { return samples_of<MedianIndex>(d); }
};

struct ModeIndex : FoundIndex {
  static constexpr const char* name = "mode";
  Tensor forward(const Tensor& x) const {
    if (x.dim() > 0) check_not_empty(name, x, {dim});
    return kernels::mode_index(x, dim);
  }
  static std::vector<Sample> samples(Dtype d) { return samples_of<ModeIndex>(d); }
};

template <bool largest> struct RunningExtremeIndex : FoundIndex {
  static constexpr const char* name = largest ? "cummax" : "cummin";
  Tensor forward(const Tensor& x) const { return kernels::running_extreme_index(x, dim, largest); }
  static std::vector<Sample> samples(Dtype d) { return samples_of<RunningExtremeIndex>(d); }
};

/// The pair (values, indices) of the elements that `op` finds.
template <class Op> std::pair<Tensor, Tensor> found(const Op& op, const Tensor& x) {
  Tensor index = apply(op, x);
  Tensor values = gather(x, op.dim, index);
  return {std::move(values), std::move(index)};
}

/// The same without the dimension, or with size 1 there.
template <class Op> std::pair<Tensor, Tensor> selected(const Op& op, const Tensor& x, bool keepdim) {
  auto [values, index] = found(op, x);
  if (keepdim || x.dim() == 0) return {std::move(values), std::move(index)};
  return {values.squeeze(Dims(op.dim)), index.squeeze(Dims(op.dim))};
}

/// The median of all elements.
template <bool ignore_nan> Tensor median_of_all(const Tensor& x) {
  using Op = MedianIndex<ignore_nan>;
  if (x.numel() == 0) {
    if (!x.is_floating_point())
      raise<ShapeError>("[{}] shape {} has no elements, and {} has no NaN: there must be one at least.", Op::name,
                        x.shape().str(), name(x.dtype()));
    return mean(x);  // NaN
  }
  const Tensor flat = ravel(x);
  const Tensor value = found(Op{{0}}, flat).first;
  // All elements that are equal to it share the gradient.
  const Tensor equal = logical_or(flat == value, logical_and(isnan(flat), isnan(value)));
  return amax(masked_select(flat, equal));
}

/// Throws unless q is a number or a vector of x's dtype, with values in [0, 1].
void check_quantile(const char* op, const Tensor& x, const Tensor& q) {
  check_floating(op, x);
  if (q.dtype() != x.dtype())
    raise<DtypeError>("[{}] x is {}, q {}: they must be equal, use q.to(xg::{}).", op, name(x.dtype()), name(q.dtype()),
                      name(x.dtype()));
  if (q.dim() > 1) raise<ShapeError>("[{}] q has shape {}: it must be a number or a vector.", op, q.shape().str());
  if (x.numel() == 0)
    raise<ShapeError>("[{}] shape {} has no elements, there must be one at least.", op, x.shape().str());
  const Tensor values = detach(q);
  if (!all(logical_and(values >= 0, values <= 1)).item<bool>())
    raise<ValueError>("[{}] q must lie between 0 and 1.", op);
}

/// Places between the ascending elements of each row, [.., number of quantiles], in a dtype that can count them.
Tensor places_of(const Tensor& sorted, const Tensor& q, bool ignore_nan) {
  constexpr std::int64_t exact_in_float = std::int64_t{1} << 24;
  const std::int64_t n = sorted.size(-1);
  const Dtype real = n > exact_in_float ? Dtype::float64 : sorted.dtype();
  const Tensor wanted = to(q, real), missing = isnan(sorted);
  if (ignore_nan) {
    const Tensor last = to(sum(logical_not(missing), {-1}, true), real) - 1.0;
    return wanted * where(last < 0, 0.0, last);  // a row of NaN gives its first
  }
  return where(any(missing, {-1}, true), static_cast<double>(n - 1), wanted * static_cast<double>(n - 1));
}

Tensor quantile_of(const char* op, const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim, bool keepdim,
                   QuantileMode mode, bool ignore_nan) {
  check_quantile(op, x, q);
  Shape shape = x.shape();  // of one quantile
  Tensor rows = ravel(x);
  if (dim) {
    const std::int64_t d = normalize_dim(op, *dim, x.dim());
    if (x.dim() > 0) {
      rows = movedim(x, Dims(d), Dims(-1));
      shape[static_cast<std::size_t>(d)] = 1;
      if (!keepdim) shape.erase(static_cast<std::size_t>(d));
    }
  } else {
    shape = Shape(std::vector<std::int64_t>(keepdim ? shape.size() : 0, 1));
  }
  const Tensor sorted = sort(rows, -1).first;
  Tensor places = places_of(sorted, q.dim() == 0 ? reshape(q, {1}) : q, ignore_nan);
  if (mode == QuantileMode::lower) places = floor(places);
  if (mode == QuantileMode::higher) places = ceil(places);
  if (mode == QuantileMode::nearest) places = round(places);
  const Tensor below = to(detach(places), Dtype::int64);
  Tensor values = gather(sorted, -1, below);
  if (mode == QuantileMode::linear || mode == QuantileMode::midpoint) {
    const Tensor above = gather(sorted, -1, to(ceil(detach(places)), Dtype::int64));
    const Tensor fraction = mode == QuantileMode::midpoint ? full({}, 0.5, {.dtype = x.dtype()})
                                                           : to(places - to(below, places.dtype()), x.dtype());
    // Between equal infinities there is no difference to interpolate.
    const Tensor infinite = logical_and(isinf(values), values == above);
    values = where(infinite, values, lerp(where(infinite, 0.0, values), where(infinite, 0.0, above), fraction));
  }
  if (q.dim() == 0) return reshape(values, shape);
  values = movedim(values, Dims(-1), Dims(0));
  shape.insert(0, q.numel());
  return reshape(values, shape);
}

}  // namespace
}  // namespace autograd

using autograd::selected, autograd::found;

std::pair<Tensor, Tensor> kthvalue(const Tensor& x, std::int64_t k, std::int64_t dim, bool keepdim) {
  const std::int64_t d = normalize_dim("kthvalue", dim, x.dim()), n = x.dim() == 0 ? 1 : x.size(d);
  if (k < 1 || k > n)
    raise<ValueError>("[kthvalue] k is {}, dimension {} of shape {} has {} elements: k must lie between 1 and {}.", k,
                      d, x.shape().str(), n, n);
  return selected(autograd::KthIndex{{d}, k}, x, keepdim);
}

std::pair<Tensor, Tensor> mode(const Tensor& x, std::int64_t dim, bool keepdim) {
  return selected(autograd::ModeIndex{{normalize_dim("mode", dim, x.dim())}}, x, keepdim);
}

Tensor median(const Tensor& x) { return autograd::median_of_all<false>(x); }
Tensor nanmedian(const Tensor& x) { return autograd::median_of_all<true>(x); }
std::pair<Tensor, Tensor> median(const Tensor& x, std::int64_t dim, bool keepdim) {
  return selected(autograd::MedianIndex<false>{{normalize_dim("median", dim, x.dim())}}, x, keepdim);
}
std::pair<Tensor, Tensor> nanmedian(const Tensor& x, std::int64_t dim, bool keepdim) {
  return selected(autograd::MedianIndex<true>{{normalize_dim("nanmedian", dim, x.dim())}}, x, keepdim);
}

std::pair<Tensor, Tensor> cummax(const Tensor& x, std::int64_t dim) {
  return found(autograd::RunningExtremeIndex<true>{{normalize_dim("cummax", dim, x.dim())}}, x);
}
std::pair<Tensor, Tensor> cummin(const Tensor& x, std::int64_t dim) {
  return found(autograd::RunningExtremeIndex<false>{{normalize_dim("cummin", dim, x.dim())}}, x);
}

Tensor quantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim, bool keepdim,
                QuantileMode interpolation) {
  return autograd::quantile_of("quantile", x, q, dim, keepdim, interpolation, false);
}
Tensor quantile(const Tensor& x, double q, std::optional<std::int64_t> dim, bool keepdim, QuantileMode interpolation) {
  autograd::check_floating("quantile", x);
  return quantile(x, full({}, q, {.dtype = x.dtype()}), dim, keepdim, interpolation);
}
Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<std::int64_t> dim, bool keepdim,
                   QuantileMode interpolation) {
  return autograd::quantile_of("nanquantile", x, q, dim, keepdim, interpolation, true);
}
Tensor nanquantile(const Tensor& x, double q, std::optional<std::int64_t> dim, bool keepdim,
                   QuantileMode interpolation) {
  autograd::check_floating("nanquantile", x);
  return nanquantile(x, full({}, q, {.dtype = x.dtype()}), dim, keepdim, interpolation);
}

}  // namespace xg
