// Lists of indices: of triangles of a matrix, and of the ways to choose elements.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>

namespace xg::kernels {

/// Rows and columns of the elements with column - row <= offset (`lower`) or >= offset, in row-major order: int64
/// [2, count]. Throws ValueError where there are more than 64 bits can count.
Tensor triangle_indices(const char* op, std::int64_t rows, std::int64_t columns, std::int64_t offset, bool lower);
/// The ways to choose `length` >= 1 of n indices in ascending order, with or without repetition, in lexicographic
/// order: int64 [count, length]. Throws ValueError where there are more than 64 bits can count.
Tensor combinations(std::int64_t n, std::int64_t length, bool repeated);

}  // namespace xg::kernels
