// Covariances, histograms and integrals, made of other ops.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/statistics.hpp>
#include <xgrad/tensor/kernels/histogram.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

// ---- covariances

void check_weights(const char* which, const Tensor& weights, std::int64_t observations, bool integers) {
  const bool fits = integers ? is_integral(weights.dtype()) : weights.is_floating_point();
  if (!fits)
    raise<DtypeError>("[cov] {} are {}, they must be {}.", which, name(weights.dtype()),
                      integers ? "integers" : "floating-point numbers");
  if (weights.dim() != 1 || weights.numel() != observations)
    raise<ShapeError>("[cov] {} have shape {}, there are {} observations: give a vector with one for each.", which,
                      weights.shape().str(), observations);
  if (any(detach(weights) < 0).item<bool>()) raise<ValueError>("[cov] {} must not be negative.", which);
}

// ---- histograms

/// Counts of floating-point elements in equal intervals: no derivative.
struct Histc {
  static constexpr const char* name = "histc";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::unsupported;
  std::int64_t bins = 1;
  double low = 0, high = 1;
  static bool mixes_rows(std::int64_t) { return true; }
  Tensor forward(const Tensor& x) const { return kernels::histc(x, bins, low, high); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return histc(in[0], 4, -1, 1.5); };
    return shaped_samples(d, {{"matrix", {{3, 5}}, call}, {"0-d", {{}}, call}, {"empty", {{0, 3}}, call}});
  }
};

/// Low and high, or the range of the elements where these are equal, one wider on each side where those are too.
std::pair<double, double> range_of(const char* op, const Tensor& x, double low, double high) {
  if (low == high && x.numel() > 0) {
    low = amin(detach(x)).item();
    high = amax(detach(x)).item();
  }
  if (low == high) {
    low -= 1;
    high += 1;
  }
  if (!std::isfinite(low) || !std::isfinite(high))
    raise<ValueError>("[{}] the range from {} to {} is not finite: give a finite one.", op, low, high);
  if (!(low < high)) raise<ValueError>("[{}] the range is from {} to {}: it must not be reversed.", op, low, high);
  return {low, high};
}

void check_bins(const char* op, std::int64_t bins) {
  if (bins < 1) raise<ValueError>("[{}] bins is {}, it must be positive.", op, bins);
}

// ---- integrals

void check_samples(const char* op, const Tensor& y) {
  if (y.dtype() == bool_) raise<DtypeError>("[{}] y is bool: convert with y.to(xg::float32).", op);
  if (y.dim() == 0) raise<IndexError>("[{}] y is 0-d: it must have a dimension of samples.", op);
}

/// y_i + y_(i+1) along dim.
Tensor neighbour_sums(const Tensor& y, std::int64_t dim) {
  const std::int64_t pairs = std::max<std::int64_t>(0, y.size(dim) - 1);
  return narrow(y, dim, std::min<std::int64_t>(1, y.size(dim)), pairs) + narrow(y, dim, 0, pairs);
}

/// The differences of the places x of samples y along dim, of shapes that broadcast.
Tensor distances(const char* op, const Tensor& y, const Tensor& x, std::int64_t dim) {
  if (x.dtype() == bool_) raise<DtypeError>("[{}] x is bool: convert with x.to(xg::float32).", op);
  if (x.dim() == 0) raise<ShapeError>("[{}] x is 0-d: give a place for each sample, or dx.", op);
  if (x.dim() == 1) {
    if (x.numel() != y.size(dim))
      raise<ShapeError>("[{}] there are {} places x for {} samples along dim {}: give one for each.", op, x.numel(),
                        y.size(dim), dim);
    Shape along = Shape(std::vector<std::int64_t>(y.shape().size(), 1));
    along[static_cast<std::size_t>(dim)] = std::max<std::int64_t>(0, x.numel() - 1);
    return reshape(diff(x), along);
  }
  Tensor places = x;
  while (places.dim() < y.dim()) places = unsqueeze(places, 0);
  // Checks that the two broadcast before their neighbours are taken.
  broadcast_shapes(op, y.shape(), places.shape());
  if (places.dim() != y.dim() || places.size(dim) != y.size(dim))
    raise<ShapeError>("[{}] x has shape {}, y {}: x must have as many places along dim {} as there are samples.", op,
                      x.shape().str(), y.shape().str(), dim);
  return diff(places, 1, dim);
}

}  // namespace
}  // namespace autograd

Tensor cov(const Tensor& x, std::int64_t correction, const Tensor& fweights, const Tensor& aweights) {
  if (x.dim() > 2)
    raise<ShapeError>("[cov] x has shape {}: it must be [variables, observations] or a vector.", x.shape().str());
  if (x.dtype() == bool_) throw DtypeError("[cov] x is bool: convert with x.to(xg::float32).");
  Tensor rows = x.dim() == 2 ? x : reshape(x, {1, x.numel()});
  if (!rows.is_floating_point()) rows = to(rows, default_dtype());
  const std::int64_t observations = rows.size(1);
  if (fweights.defined()) autograd::check_weights("fweights", fweights, observations, true);
  if (aweights.defined()) autograd::check_weights("aweights", aweights, observations, false);
  // Counts are summed as integers, so that no count is rounded.
  Tensor w = fweights;
  if (aweights.defined()) w = w.defined() ? w * aweights : aweights;
  const Tensor total = w.defined() ? sum(w) : full({}, observations);
  const auto weighted = [&w](const Tensor& t) { return w.defined() ? t * w : t; };
  // The order of these steps is that in which backward adds up the gradients of float32 weights, which nearly cancel.
  const Tensor means = sum(weighted(rows), {1}, true) / total;
  Tensor freedom = total - correction;
  if (aweights.defined() && correction != 0)
    freedom = total - static_cast<double>(correction) * sum(w * aweights) / total;
  freedom = where(freedom > 0, freedom, zeros_like(freedom));
  const Tensor centered = rows - means;
  return squeeze(matmul(centered, transpose(weighted(centered), 0, 1)) / freedom);
}

Tensor corrcoef(const Tensor& x) {
  if (x.dim() > 2)
    raise<ShapeError>("[corrcoef] x has shape {}: it must be [variables, observations] or a vector.", x.shape().str());
  const Tensor c = cov(x);
  if (c.dim() == 0) return c / c;
  const Tensor deviation = sqrt(diagonal(c));
  return clamp(c / unsqueeze(deviation, 1) / deviation, -1, 1);
}

Tensor bincount(const Tensor& x, const Tensor& weights, std::int64_t minlength) {
  if (!is_integral(x.dtype())) raise<DtypeError>("[bincount] x is {}: it must be integers.", name(x.dtype()));
  if (x.dim() != 1) raise<ShapeError>("[bincount] x has shape {}: it must be a vector.", x.shape().str());
  if (minlength < 0) raise<ValueError>("[bincount] minlength is {}: it must not be negative.", minlength);
  if (weights.defined() && weights.shape() != x.shape())
    raise<ShapeError>("[bincount] the weights have shape {}, x {}: they must be equal.", weights.shape().str(),
                      x.shape().str());
  std::int64_t length = minlength;
  const Tensor numbers = to(x, Dtype::int64);
  if (x.numel() > 0) {
    const std::int64_t low = amin(detach(numbers)).item<std::int64_t>(),
                       high = amax(detach(numbers)).item<std::int64_t>();
    if (low < 0) raise<ValueError>("[bincount] x has the number {}: it must have no negative ones.", low);
    std::int64_t needed = 0;
    if (__builtin_add_overflow(high, std::int64_t{1}, &needed))
      raise<ValueError>("[bincount] x has the number {}: no tensor has as many elements.", high);
    length = std::max(length, needed);
  }
  Tensor terms = ones(x.shape(), {.dtype = Dtype::int64});
  if (weights.defined()) terms = weights.dtype() == float32 ? weights : to(weights, float64);
  return index_add(zeros({length}, {.dtype = terms.dtype()}), 0, numbers, terms);
}

Tensor histc(const Tensor& x, std::int64_t bins, Scalar min, Scalar max) {
  autograd::check_floating("histc", x);
  autograd::check_bins("histc", bins);
  const auto [low, high] = autograd::range_of("histc", x, min.to_double(), max.to_double());
  return apply(autograd::Histc{bins, low, high}, x);
}

std::pair<Tensor, Tensor> histogram(const Tensor& x, const Tensor& edges, const HistogramOptions& options) {
  constexpr const char* op = "histogram";
  autograd::check_floating(op, x);
  if (options.range) throw ValueError("[histogram] the edges are given, and a range: give one of them.");
  if (edges.dtype() != x.dtype())
    raise<DtypeError>("[histogram] x is {}, the edges {}: they must be equal.", name(x.dtype()), name(edges.dtype()));
  if (edges.dim() != 1 || edges.numel() < 2)
    raise<ShapeError>("[histogram] the edges have shape {}: they must be a vector of two at least.",
                      edges.shape().str());
  const std::int64_t bins = edges.numel() - 1;
  const Tensor limits = detach(edges), values = ravel(detach(x));
  if (!all(narrow(limits, 0, 0, bins) <= narrow(limits, 0, 1, bins)).item<bool>())
    throw ValueError("[histogram] the edges must be in ascending order.");
  Tensor weight = ones(values.shape(), {.dtype = x.dtype()});
  if (options.weight.defined()) {
    if (options.weight.dtype() != x.dtype())
      raise<DtypeError>("[histogram] x is {}, the weights {}: they must be equal.", name(x.dtype()),
                        name(options.weight.dtype()));
    if (options.weight.shape() != x.shape())
      raise<ShapeError>("[histogram] the weights have shape {}, x {}: they must be equal.",
                        options.weight.shape().str(), x.shape().str());
    weight = ravel(detach(options.weight));
  }
  const Tensor inside = logical_and(values >= select(limits, 0, 0), values <= select(limits, 0, bins));
  const Tensor kept = masked_select(values, inside);
  const Tensor bin = minimum(searchsorted(limits, kept, {.right = true}) - 1, full({}, bins - 1));
  // In float64, because a float32 cannot count beyond 2^24.
  Tensor hist = bincount(bin, to(masked_select(weight, inside), float64), bins);
  if (options.density) hist = hist / sum(hist) / to(diff(limits), float64);
  return {to(hist, x.dtype()), limits};
}

std::pair<Tensor, Tensor> histogram(const Tensor& x, std::int64_t bins, const HistogramOptions& options) {
  autograd::check_floating("histogram", x);
  autograd::check_bins("histogram", bins);
  const auto [from, to_end] = options.range.value_or(std::pair(0.0, 0.0));
  const auto [low, high] = autograd::range_of("histogram", x, from, to_end);
  if (bins == std::numeric_limits<std::int64_t>::max())
    raise<ValueError>("[histogram] bins is {}: no tensor has as many elements.", bins);
  return histogram(x, linspace(low, high, bins + 1, {.dtype = x.dtype()}),
                   {.weight = options.weight, .density = options.density});
}

Tensor trapezoid(const Tensor& y, Scalar dx, std::int64_t dim) {
  autograd::check_samples("trapezoid", y);
  const std::int64_t d = normalize_dim("trapezoid", dim, y.dim());
  return sum(autograd::neighbour_sums(y, d), Dims(d)) * (0.5 * dx.to_double());
}

Tensor trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim) {
  autograd::check_samples("trapezoid", y);
  const std::int64_t d = normalize_dim("trapezoid", dim, y.dim());
  return sum(autograd::neighbour_sums(y, d) * autograd::distances("trapezoid", y, x, d), Dims(d - y.dim())) / 2;
}

Tensor cumulative_trapezoid(const Tensor& y, Scalar dx, std::int64_t dim) {
  autograd::check_samples("cumulative_trapezoid", y);
  const std::int64_t d = normalize_dim("cumulative_trapezoid", dim, y.dim());
  return cumsum(autograd::neighbour_sums(y, d), d) * (0.5 * dx.to_double());
}

Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, std::int64_t dim) {
  autograd::check_samples("cumulative_trapezoid", y);
  const std::int64_t d = normalize_dim("cumulative_trapezoid", dim, y.dim());
  return cumsum(autograd::neighbour_sums(y, d) * autograd::distances("cumulative_trapezoid", y, x, d), d - y.dim()) / 2;
}

Tensor renorm(const Tensor& x, double p, std::int64_t dim, double maxnorm) {
  autograd::check_floating("renorm", x);
  if (x.dim() < 2) raise<ShapeError>("[renorm] x has shape {}: it must have two dimensions at least.", x.shape().str());
  if (!(p > 0)) raise<ValueError>("[renorm] p is {}: it must be positive.", p);
  if (!(maxnorm >= 0)) raise<ValueError>("[renorm] maxnorm is {}: it must not be negative.", maxnorm);
  const std::int64_t d = normalize_dim("renorm", dim, x.dim());
  Dims others;
  for (std::int64_t i = 0; i < x.dim(); ++i)
    if (i != d) others.push_back(i);
  const Tensor norms = vector_norm(x, p, others, true);
  return x * where(norms > maxnorm, maxnorm / (norms + 1e-7), ones_like(norms));
}

}  // namespace xg
