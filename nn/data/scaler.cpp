#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace xg::nn::data {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

void check_matrix(const char* op, const Tensor& X) {
  if (!X.defined()) raise<ValueError>("[{}] X is undefined: pass a tensor.", op);
  if (X.dim() != 2)
    raise<ShapeError>("[{}] X is {}, it must be [rows, features]: reshape({{-1, 1}}) makes one feature.", op,
                      X.shape().str());
}

// The columns of X in float64. Throws for no rows and for infinite values.
std::vector<std::vector<double>> columns_to_fit(const char* op, const Tensor& X) {
  check_matrix(op, X);
  if (X.numel() == 0)
    raise<ShapeError>("[{}] X is {}: there is nothing to learn from; pass at least one row and one feature.", op,
                      X.shape().str());
  const std::vector<double> values = X.detach().to_vector<double>();
  const auto width = static_cast<std::size_t>(X.size(1));
  std::vector<std::vector<double>> columns(width);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isinf(values[i]))
      raise<ValueError>("[{}] X is infinite at row {}, feature {}: repair or drop such rows.", op, i / width,
                        i % width);
    if (!std::isnan(values[i])) columns[i % width].push_back(values[i]);
  }
  return columns;
}

// Applies f in float64 and converts the result to X's floating dtype. Throws unless X has as many features as
// `learned`.
template <class F> Tensor transformed(const char* op, const Tensor& X, const Tensor& learned, F f) {
  if (!learned.defined())
    raise<Error>("[{}] the scaler is not fitted: call fit or fit_transform on the training rows first.", op);
  check_matrix(op, X);
  if (X.size(1) != learned.size(0))
    raise<ShapeError>("[{}] X is {}, but the scaler was fitted on {} features.", op, X.shape().str(), learned.size(0));
  return f(X.to(Dtype::float64)).to(X.is_floating_point() ? X.dtype() : default_dtype());
}

}  // namespace

StandardScaler& StandardScaler::fit(const Tensor& X) {
  std::vector<double> means, variances, scales;
  for (const std::vector<double>& column : columns_to_fit("StandardScaler.fit", X)) {
    const auto n = static_cast<double>(column.size());
    // Values whose squares would overflow or underflow are divided by the largest of them.
    double largest = 0;
    for (const double v : column) largest = std::max(largest, std::abs(v));
    const double unit = largest > 1e140 || (largest > 0 && largest < 1e-140) ? largest : 1;
    double mean = 0;
    for (double v : column) mean += v / unit / n;
    double squares = 0, deviations = 0;
    for (double v : column) {
      const double deviation = v / unit - mean;
      squares += deviation * deviation;
      deviations += deviation;
    }
    // The two-pass algorithm with the correction of Chan, Golub & LeVeque (1983) for the rounding of the mean.
    const double variance = column.empty() ? 0.0 : std::max(0.0, (squares - deviations * deviations / n) / n);
    // A variance that rounding alone can explain counts as 0 (the bound is scikit-learn's).
    const bool constant = variance <= n * epsilon * variance + (n * mean * epsilon) * (n * mean * epsilon);
    means.push_back(mean * unit);
    variances.push_back(variance * unit * unit);
    scales.push_back(constant ? 1.0 : std::sqrt(variance) * unit);
  }
  mean_ = xg::tensor(means);
  var_ = xg::tensor(variances);
  scale_ = xg::tensor(scales);
  return *this;
}

Tensor StandardScaler::transform(const Tensor& X) const {
  return transformed("StandardScaler.transform", X, mean_, [this](Tensor x) {
    if (options_.with_mean) x = x - mean_;
    return options_.with_std ? x / scale_ : x;
  });
}

Tensor StandardScaler::fit_transform(const Tensor& X) { return fit(X).transform(X); }

Tensor StandardScaler::inverse_transform(const Tensor& X) const {
  return transformed("StandardScaler.inverse_transform", X, mean_, [this](Tensor x) {
    if (options_.with_std) x = x * scale_;
    return options_.with_mean ? x + mean_ : x;
  });
}

MinMaxScaler::MinMaxScaler(MinMaxScalerOptions options) : options_(options) {
  if (!(options.min < options.max) || !std::isfinite(options.min) || !std::isfinite(options.max))
    raise<ValueError>("[MinMaxScaler] min is {}, max is {}: both must be finite, and min the smaller one.", options.min,
                      options.max);
}

MinMaxScaler& MinMaxScaler::fit(const Tensor& X) {
  std::vector<double> minima, maxima, scales, shifts;
  for (const std::vector<double>& column : columns_to_fit("MinMaxScaler.fit", X)) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double low = column.empty() ? nan : *std::min_element(column.begin(), column.end());
    const double high = column.empty() ? nan : *std::max_element(column.begin(), column.end());
    const double range = high - low < 10 * epsilon ? 1.0 : high - low;
    minima.push_back(low);
    maxima.push_back(high);
    // The difference of numbers of opposite signs may overflow.
    scales.push_back(std::isinf(range) ? (options_.max / 2 - options_.min / 2) / (high / 2 - low / 2)
                                       : (options_.max - options_.min) / range);
    shifts.push_back(options_.min - low * scales.back());
  }
  data_min_ = xg::tensor(minima);
  data_max_ = xg::tensor(maxima);
  scale_ = xg::tensor(scales);
  shift_ = xg::tensor(shifts);
  return *this;
}

Tensor MinMaxScaler::transform(const Tensor& X) const {
  return transformed("MinMaxScaler.transform", X, scale_, [this](const Tensor& x) {
    const Tensor scaled = x * scale_ + shift_;
    return options_.clip ? scaled.clamp(options_.min, options_.max) : scaled;
  });
}

Tensor MinMaxScaler::fit_transform(const Tensor& X) { return fit(X).transform(X); }

Tensor MinMaxScaler::inverse_transform(const Tensor& X) const {
  return transformed("MinMaxScaler.inverse_transform", X, scale_,
                     [this](const Tensor& x) { return (x - shift_) / scale_; });
}

}  // namespace xg::nn::data
