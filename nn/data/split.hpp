// Splits rows into a training and a test part.
#pragma once

#include <xgrad/nn/data/table.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <string>

namespace xg::nn::data {

/// Options of train_test_split() of a table.
struct SplitOptions {
  double test_size = 0.25;                 ///< share of the rows, in (0, 1)
  String stratify = {};                    ///< a column whose values get equal proportions in both parts
  bool shuffle = true;                     ///< if false, the last rows are the test part
  std::optional<std::uint64_t> seed = {};  ///< seed of a generator of its own; if empty, the default generator is used
};

/// Two parts of a table.
struct TableSplit {
  Table train;  ///< training rows
  Table test;   ///< test rows
};

/// `auto [train, test] = train_test_split(table, {.test_size = 0.3, .stratify = "survived", .seed = 42});`
///
/// Sizes are scikit-learn's: ceil(test_size * rows) test rows, all others are training rows. A stratified split assigns
/// the rows of each level by the largest remainder method, with ties broken at random. Throws ValueError for a size
/// that leaves a part empty, a level with a single row, a missing value in the stratified column, and stratify without
/// shuffle; IndexError if the stratified column does not exist.
XG_API TableSplit train_test_split(const Table& table, SplitOptions options = {});

/// Options of train_test_split() of tensors.
struct TensorSplitOptions {
  double test_size = 0.25;                 ///< share of the rows, in (0, 1)
  bool stratify = false;                   ///< give the values of y equal proportions in both parts
  bool shuffle = true;                     ///< if false, the last rows are the test part
  std::optional<std::uint64_t> seed = {};  ///< seed of a generator of its own; if empty, the default generator is used
};

/// Two parts of features and targets.
struct TensorSplit {
  Tensor X_train;  ///< training features, [rows, ...]
  Tensor X_test;   ///< test features, [rows, ...]
  Tensor y_train;  ///< training targets, [rows, ...]
  Tensor y_test;   ///< test targets, [rows, ...]
};

/// Splits the rows of X [rows, ...] and y [rows, ...]. Throws ShapeError where their numbers of rows differ, and for
/// stratify unless y is [rows] or [rows, 1]; ValueError as above.
XG_API TensorSplit train_test_split(const Tensor& X, const Tensor& y, TensorSplitOptions options = {});

}  // namespace xg::nn::data
