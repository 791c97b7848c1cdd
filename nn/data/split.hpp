// Rows to learn from and rows to judge by.
#pragma once

#include <xgrad/nn/data/table.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace xg::nn::data {

/// Options of train_test_split() of a table.
struct SplitOptions {
  double test_size = 0.25;                 ///< share of the rows, in (0, 1)
  String stratify = {};                    ///< a column whose values shall be equally frequent in both parts
  bool shuffle = true;                     ///< else the last rows are the test
  std::optional<std::uint64_t> seed = {};  ///< a stream of its own; without one the default generator draws
};

/// Two parts of a table.
struct TableSplit {
  Table train;  ///< rows to learn from
  Table test;   ///< rows to judge by
};

/// `auto [train, test] = train_test_split(table, {.test_size = 0.3, .stratify = "survived", .seed = 42});`
///
/// Sizes are scikit-learn's: ceil(test_size * rows) for the test, the rest for training. A stratified split gives every
/// level its share by largest remainders, ties drawn at random. Throws ValueError for a size that leaves a part without
/// rows, for a level with one row, for a missing value in the stratified column and for stratify without shuffle.
XG_API TableSplit train_test_split(const Table& table, SplitOptions options = {});

/// Options of train_test_split() of tensors.
struct TensorSplitOptions {
  double test_size = 0.25;                 ///< share of the rows, in (0, 1)
  bool stratify = false;                   ///< by the values of y
  bool shuffle = true;                     ///< else the last rows are the test
  std::optional<std::uint64_t> seed = {};  ///< a stream of its own; without one the default generator draws
};

/// Two parts of features and targets.
struct TensorSplit {
  Tensor X_train;  ///< features to learn from
  Tensor X_test;   ///< features to judge by
  Tensor y_train;  ///< targets to learn from
  Tensor y_test;   ///< targets to judge by
};

/// The same for rows of X and y. Throws ShapeError where their numbers of rows differ, or where y is to be stratified
/// by and is not [rows] or [rows, 1].
XG_API TensorSplit train_test_split(const Tensor& X, const Tensor& y, TensorSplitOptions options = {});

}  // namespace xg::nn::data
