// Scalers of tensors [rows, features]: fit, transform and the inverse.
#pragma once

#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/tensor.hpp>

namespace xg::nn::data {

/// Options of StandardScaler.
struct StandardScalerOptions {
  bool with_mean = true;  ///< subtract the mean
  bool with_std = true;   ///< divide by the standard deviation
};

/// (x - mean) / scale for each feature, as in scikit-learn: scale is the standard deviation over n, or 1 for a constant
/// feature. fit ignores NaN, and transform keeps it.
class XG_API StandardScaler {
 public:
  explicit StandardScaler(StandardScalerOptions options = {}) : options_(options) {}  ///< not fitted yet
  explicit StandardScaler(NoOptions) : StandardScaler() {}                            ///< for empty braces

  /// Throws ShapeError unless X is [rows, features] with rows, ValueError for infinite values.
  StandardScaler& fit(const Tensor& X);
  /// (X - mean) / scale, [rows, features] in X's floating dtype (default_dtype() for integers). Throws Error before
  /// fit, ShapeError for another number of features.
  Tensor transform(const Tensor& X) const;
  Tensor fit_transform(const Tensor& X);  ///< fit(X), then transform(X)
  /// X * scale + mean, [rows, features]. Throws as transform.
  Tensor inverse_transform(const Tensor& X) const;

  bool fitted() const { return mean_.defined(); }  ///< has fit been called?
  const Tensor& mean() const { return mean_; }     ///< float64 [features]; undefined before fit
  const Tensor& var() const { return var_; }       ///< float64 [features], the variance over n
  const Tensor& scale() const { return scale_; }   ///< float64 [features]

 private:
  StandardScalerOptions options_;
  Tensor mean_, var_, scale_;
};

/// Options of MinMaxScaler.
struct MinMaxScalerOptions {
  double min = 0;     ///< the scaled minimum
  double max = 1;     ///< the scaled maximum
  bool clip = false;  ///< clamp values of other rows to [min, max]
};

/// x * scale + shift for each feature, as in scikit-learn: maps its range in the fitted rows to [min, max], and a
/// constant feature to min. fit ignores NaN, and transform keeps it.
class XG_API MinMaxScaler {
 public:
  /// Throws ValueError unless min < max and both are finite.
  explicit MinMaxScaler(MinMaxScalerOptions options = {});
  explicit MinMaxScaler(NoOptions) : MinMaxScaler() {}  ///< for empty braces

  /// Throws ShapeError unless X is [rows, features] with rows, ValueError for infinite values.
  MinMaxScaler& fit(const Tensor& X);
  /// X * scale + shift, clamped to [min, max] if `clip` is set, [rows, features] in X's floating dtype (default_dtype()
  /// for integers). Throws Error before fit, ShapeError for another number of features.
  Tensor transform(const Tensor& X) const;
  Tensor fit_transform(const Tensor& X);  ///< fit(X), then transform(X)
  /// (X - shift) / scale, [rows, features]. Throws as transform.
  Tensor inverse_transform(const Tensor& X) const;

  bool fitted() const { return data_min_.defined(); }   ///< has fit been called?
  const Tensor& data_min() const { return data_min_; }  ///< float64 [features]; undefined before fit
  const Tensor& data_max() const { return data_max_; }  ///< float64 [features]
  const Tensor& scale() const { return scale_; }        ///< float64 [features]
  const Tensor& shift() const { return shift_; }        ///< float64 [features]

 private:
  MinMaxScalerOptions options_;
  Tensor data_min_, data_max_, scale_, shift_;
};

}  // namespace xg::nn::data
