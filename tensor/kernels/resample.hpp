// One dimension of a tensor multiplied by a sparse matrix: averages, interpolations, sums of bags.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// A sparse matrix [rows, columns] in compressed rows: the entries of row i are start[i] ... start[i + 1] - 1.
struct SparseRows {
  std::int64_t rows = 0, columns = 0;
  Tensor start;    ///< int64 [rows + 1]
  Tensor column;   ///< int64 [entries], each in [0, columns)
  Tensor weight;   ///< float64 [entries]; undefined is ones
  Tensor divisor;  ///< float64 [rows]: row i is divided by its number in the end; undefined is ones
};

/// Makes such a matrix row by row.
class SparseBuilder {
 public:
  enum Numbers : unsigned { none = 0, weights = 1, divisors = 2 };

  /// Throws ShapeError or Error where there is no memory for `capacity` entries.
  SparseBuilder(std::int64_t rows, std::int64_t columns, std::int64_t capacity, unsigned numbers);
  /// An entry of the current row. There are at most `capacity`.
  void add(std::int64_t column, double weight = 1);
  void end_row(double divisor = 1);
  /// The matrix, once all rows have ended.
  SparseRows finish() &&;

 private:
  SparseRows matrix_;
  std::int64_t entries_ = 0, row_ = 0;
};

/// The transpose, without divisors.
SparseRows transposed(const SparseRows& matrix);

/// out[.., i, ..] = sum_j matrix[i, j] x[.., j, ..] along dim, for floating-point x.
Tensor resample(const Tensor& x, std::int64_t dim, const SparseRows& matrix);

}  // namespace xg::kernels
