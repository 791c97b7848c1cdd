// What a network learns from: features, target, and the way back to the columns that they came from.
#pragma once

#include <xgrad/nn/data/table.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace xg::nn::data {

/// A column of the source and the features that it became.
struct FeatureGroup {
  std::string name;                    ///< of the column
  std::vector<std::int64_t> features;  ///< columns of X
};

/// A level of a text column that was not among the training rows.
struct UnknownLevel {
  std::string column;     ///< its name
  std::string level;      ///< "" for a missing value
  std::int64_t rows = 0;  ///< how many have it
};

/// What an Encoder makes of a table.
struct Dataset {
  Tensor X = {};  ///< [rows, features]
  Tensor y = {};  ///< [rows, 1] numbers or 0/1, or [rows] int64 class indices; undefined without a target column
  std::vector<std::string> feature_names = {};    ///< of the columns of X
  std::vector<FeatureGroup> feature_groups = {};  ///< one per source column
  Table raw = {};                                 ///< the source columns of the features, untouched
  std::vector<UnknownLevel> unknown_levels = {};  ///< encoded as zeros

  std::int64_t rows() const { return X.defined() ? X.size(0) : 0; }      ///< 0 without X
  std::int64_t features() const { return X.defined() ? X.size(1) : 0; }  ///< 0 without X
};

/// x -> scale * x + shift
struct XG_API Affine {
  double scale = 1;  ///< the slope
  double shift = 0;  ///< the value at 0

  Tensor operator()(const Tensor& x) const;                        ///< elementwise; integers become reals
  double operator()(double x) const { return scale * x + shift; }  ///< of one number
  /// x -> (x - shift) / scale. Throws ValueError where scale is 0.
  Affine inverse() const;
};

}  // namespace xg::nn::data
