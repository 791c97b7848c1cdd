// Scalers of tensors: learn from [rows, features], apply, and undo.
#pragma once

#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/tensor.hpp>

namespace xg::nn::data {

/// Options of StandardScaler.
struct StandardScalerOptions {
  bool with_mean = true;  ///< subtract the mean
  bool with_std = true;   ///< divide by the standard deviation
};

/// (x - mean) / scale per feature, scale the standard deviation (over n) and 1 for a constant feature, as scikit-learn.
/// NaN takes no part in fit and stays NaN in transform.
class XG_API StandardScaler {
 public:
  explicit StandardScaler(StandardScalerOptions options = {}) : options_(options) {}  ///< not fitted yet
  explicit StandardScaler(NoOptions) : StandardScaler() {}                            ///< for empty braces

  /// Throws ShapeError unless X is [rows, features] with rows, ValueError for infinite values.
  StandardScaler& fit(const Tensor& X);
  /// X in its floating dtype (the default one for integers). Throws Error before fit, ShapeError for another number of
  /// features.
  Tensor transform(const Tensor& X) const;
  Tensor fit_transform(const Tensor& X);  ///< fit, then transform of the same rows
  /// x * scale + mean. Throws as transform.
  Tensor inverse_transform(const Tensor& X) const;

  bool fitted() const { return mean_.defined(); }  ///< has fit been called?
  const Tensor& mean() const { return mean_; }     ///< float64 [features]; undefined before fit
  const Tensor& var() const { return var_; }       ///< float64 [features], over n
  const Tensor& scale() const { return scale_; }   ///< float64 [features]

 private:
  StandardScalerOptions options_;
  Tensor mean_, var_, scale_;
};

/// Options of MinMaxScaler.
struct MinMaxScalerOptions {
  double min = 0;     ///< what the smallest value becomes
  double max = 1;     ///< what the largest value becomes
  bool clip = false;  ///< keep other rows inside [min, max] too
};

/// Takes [smallest, largest] of each feature linearly to [min, max]; a constant feature becomes min, as scikit-learn.
/// NaN takes no part in fit and stays NaN in transform.
class XG_API MinMaxScaler {
 public:
  /// Throws ValueError unless min < max and both are finite.
  explicit MinMaxScaler(MinMaxScalerOptions options = {});
  explicit MinMaxScaler(NoOptions) : MinMaxScaler() {}  ///< for empty braces

  /// Throws ShapeError unless X is [rows, features] with rows, ValueError for infinite values.
  MinMaxScaler& fit(const Tensor& X);
  /// x * scale + shift, kept inside [min, max] if the options say so, in its floating dtype (the default one for
  /// integers). Throws Error before fit, ShapeError for another number of features.
  Tensor transform(const Tensor& X) const;
  Tensor fit_transform(const Tensor& X);  ///< fit, then transform of the same rows
  /// (x - shift) / scale. Throws as transform.
  Tensor inverse_transform(const Tensor& X) const;

  bool fitted() const { return data_min_.defined(); }   ///< has fit been called?
  const Tensor& data_min() const { return data_min_; }  ///< float64 [features]; undefined before fit
  const Tensor& data_max() const { return data_max_; }  ///< float64 [features]
  const Tensor& scale() const { return scale_; }        ///< x * scale + shift
  const Tensor& shift() const { return shift_; }        ///< x * scale + shift

 private:
  MinMaxScalerOptions options_;
  Tensor data_min_, data_max_, scale_, shift_;
};

}  // namespace xg::nn::data
