// Encoded data sets: features, target, and the source columns of the features.
#pragma once

#include <xgrad/nn/data/table.hpp>

#include <string>
#include <vector>

namespace xg::nn::data {

/// A source column and the features that it is encoded as.
struct FeatureGroup {
  std::string name;                    ///< name of the column
  std::vector<std::int64_t> features;  ///< columns of X
};

/// A level of a text column that does not occur in the training rows.
struct UnknownLevel {
  std::string column;     ///< name of the column
  std::string level;      ///< the level, "" for a missing value
  std::int64_t rows = 0;  ///< number of rows that have it
};

/// A table as an Encoder encodes it.
struct Dataset {
  Tensor X = {};  ///< [rows, features]
  Tensor y = {};  ///< [rows, 1] numbers or 0/1, or [rows] int64 class indices; undefined without a target column
  std::vector<std::string> feature_names = {};    ///< names of the columns of X
  std::vector<FeatureGroup> feature_groups = {};  ///< one per source column
  Table raw = {};                                 ///< the source columns of the features, unchanged
  std::vector<UnknownLevel> unknown_levels = {};  ///< levels that were encoded as zeros

  std::int64_t rows() const { return X.defined() ? X.size(0) : 0; }      ///< number of rows; 0 without X
  std::int64_t features() const { return X.defined() ? X.size(1) : 0; }  ///< number of features; 0 without X
};

/// x -> scale * x + shift
struct XG_API Affine {
  double scale = 1;  ///< the slope
  double shift = 0;  ///< the value at 0

  Tensor operator()(const Tensor& x) const;                        ///< elementwise; integers become floating-point
  double operator()(double x) const { return scale * x + shift; }  ///< the value at x
  /// x -> (x - shift) / scale. Throws ValueError if scale is 0.
  Affine inverse() const;
};

}  // namespace xg::nn::data
