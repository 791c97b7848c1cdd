#include "support/catch.hpp"

#include <xgrad/tensor/kernels/small_product.hpp>
#include <xgrad/tensor/kernels/transpose.hpp>

#include <cmath>
#include <string>
#include <vector>

// The kernel itself, on memory with guards around it: what the library's callers cannot show.
namespace {

using xg::kernels::small_product;
using xg::kernels::SmallProduct;

/// A [rows, cols] matrix: at(i, j) = data[i * row + j * col]. The gaps between its rows and a margin around it hold
/// guards; what is only read has no margin, so that AddressSanitizer sees a read beyond it.
template <class T> struct Matrix {
  static constexpr T guard = T(-777);
  std::int64_t rows, cols, row, col, margin;
  std::vector<T> block;

  Matrix(std::int64_t rows, std::int64_t cols, bool transposed, std::int64_t gap, std::int64_t margin = 0)
      : rows(rows),
        cols(cols),
        row(transposed ? 1 : cols + gap),
        col(transposed ? rows + gap : 1),
        margin(margin),
        block(static_cast<std::size_t>(margin * 2 + rows * cols + ((transposed ? cols : rows) - 1) * gap), guard) {}
  T* data() { return block.data() + margin; }
  T& at(std::int64_t i, std::int64_t j) { return data()[i * row + j * col]; }
  void fill(double phase) {
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j)
        at(i, j) = static_cast<T>(std::sin(phase + 0.7 * static_cast<double>(i) + 1.3 * static_cast<double>(j)));
  }
  std::int64_t guards() const {
    std::int64_t count = 0;
    for (const T value : block) count += value == guard;
    return count;
  }
};

enum class Start { zero, bias, itself };

template <class T> void check(std::int64_t m, std::int64_t n, std::int64_t k, bool a_transposed, bool b_transposed,
                              std::int64_t gap, Start start) {
  Matrix<T> a(m, k, a_transposed, gap), b(k, n, b_transposed, gap), c(m, n, false, gap, 32), bias(1, n, false, 0);
  a.fill(0.1);
  b.fill(0.2);
  bias.fill(0.3);
  const std::int64_t guards = c.guards() - m * n;
  if (start == Start::itself) c.fill(0.4);
  std::vector<double> want;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = start == Start::zero ? 0.0 : static_cast<double>(start == Start::bias ? bias.at(0, j) : c.at(i, j));
      for (std::int64_t l = 0; l < k; ++l) sum += static_cast<double>(a.at(i, l)) * static_cast<double>(b.at(l, j));
      want.push_back(sum);
    }
  small_product<T>({.m = m,
                    .n = n,
                    .k = k,
                    .a = a.data(),
                    .a_row = a.row,
                    .a_col = a.col,
                    .b = b.data(),
                    .b_row = b.row,
                    .b_col = b.col,
                    .c = c.data(),
                    .c_row = c.row,
                    .bias = start == Start::bias ? bias.data() : nullptr,
                    .accumulate = start == Start::itself});
  const double unit = sizeof(T) == 4 ? 1.2e-7 : 2.3e-16;
  double worst = 0;
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      worst = std::max(worst, std::abs(static_cast<double>(c.at(i, j)) - want[static_cast<std::size_t>(i * n + j)]));
  INFO("m " << m << " n " << n << " k " << k << " a^T " << a_transposed << " b^T " << b_transposed << " gap " << gap
            << " start " << static_cast<int>(start) << " bytes " << sizeof(T));
  CHECK(worst <= unit * static_cast<double>(k + 1));
  CHECK(c.guards() == guards);
}

}  // namespace

// Breaks if a tile, the overhang of a panel's last vector, a start value or a stride is wrong, or when something
// outside the result is written. Sizes stand on both sides of every vector and tile width.
TEST_CASE("small products agree with plain sums and write nothing else", "[tensor][product]") {
  const std::vector<std::int64_t> sizes = {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 25, 33};
  for (const std::int64_t m : sizes)
    for (const std::int64_t n : sizes)
      for (const std::int64_t k : {1, 3, 8, 9, 20})
        for (const bool a_transposed : {false, true})
          for (const bool b_transposed : {false, true})
            for (const std::int64_t gap : {0, 3})
              for (const Start start : {Start::zero, Start::bias, Start::itself}) {
                check<float>(m, n, k, a_transposed, b_transposed, gap, start);
                if (gap == 0 || start == Start::zero) check<double>(m, n, k, a_transposed, b_transposed, gap, start);
              }
}

// Breaks if a sum longer than one piece loses its start or a piece.
TEST_CASE("long sums are taken in pieces", "[tensor][product]") {
  for (const std::int64_t k : {255, 256, 257, 700})
    for (const std::int64_t n : {3, 16, 21})
      for (const bool b_transposed : {false, true})
        for (const Start start : {Start::zero, Start::bias, Start::itself}) {
          check<float>(7, n, k, false, b_transposed, 0, start);
          check<double>(7, n, k, true, b_transposed, 2, start);
        }
}

// Breaks if the terms of a long sum are all added to one number, which stands still at 2^24, or loses digits with the
// length of the sum. A step of 0 repeats an element, so that the operands need no memory.
TEST_CASE("long sums keep their digits", "[tensor][product]") {
  constexpr std::int64_t k = 40'000'000;  // more than 2^24 in each lane, where there are two
  std::vector<float> a(3, 1.0f), b(3, 1.0f), c(9), bias(3, 0.5f);
  const auto product = [&](std::int64_t m, std::int64_t n, std::int64_t terms, const float* start) {
    small_product<float>({.m = m,
                          .n = n,
                          .k = terms,
                          .a = a.data(),
                          .a_row = 1,
                          .a_col = 0,
                          .b = b.data(),
                          .b_row = 0,
                          .b_col = 1,
                          .c = c.data(),
                          .c_row = n,
                          .bias = start});
  };
  for (const std::int64_t m : {1, 3})
    for (const std::int64_t n : {1, 3}) {
      product(m, n, k, nullptr);
      for (std::int64_t e = 0; e < m * n; ++e) CHECK(c[static_cast<std::size_t>(e)] == 4e7f);
    }
  a.assign(3, 0.1f);
  product(3, 3, 1'000'000, bias.data());
  const double want = 1e6 * static_cast<double>(0.1f) + 0.5;
  for (const float got : c) CHECK(std::abs(static_cast<double>(got) - want) <= 3e-6 * want);
  // Rows and x without gaps: a product of its own.
  std::vector<float> row(1'000'000, 0.1f), ones(1'000'000, 1.0f);
  small_product<float>({.m = 1,
                        .n = 1,
                        .k = 1'000'000,
                        .a = row.data(),
                        .a_row = 1'000'000,
                        .a_col = 1,
                        .b = ones.data(),
                        .b_row = 1,
                        .b_col = 1,
                        .c = c.data(),
                        .c_row = 1,
                        .bias = bias.data()});
  CHECK(std::abs(static_cast<double>(c[0]) - want) <= 3e-6 * want);
}

// Breaks if a result too large for one part, of a product with long sums, is cut wrongly.
TEST_CASE("long sums of wide and of tall results", "[tensor][product]") {
  for (const bool transposed : {false, true}) {
    check<float>(2, 5000, 300, false, transposed, 0, Start::bias);
    check<float>(900, 7, 300, transposed, false, 3, Start::itself);
    check<double>(5, 4200, 260, false, transposed, 2, Start::zero);
  }
}

// Breaks if an element's sum depends on how many rows or columns stand beside it.
TEST_CASE("an element of a small product has the same bits whatever is computed beside it", "[tensor][product]") {
  constexpr std::int64_t k = 37, most = 40;
  Matrix<float> a(most, k, false, 0), b(k, most, false, 0), whole(most, most, false, 0);
  a.fill(0.5);
  b.fill(0.6);
  const auto product = [&](std::int64_t m, std::int64_t n, Matrix<float>& c) {
    small_product<float>({.m = m,
                          .n = n,
                          .k = k,
                          .a = a.data(),
                          .a_row = k,
                          .a_col = 1,
                          .b = b.data(),
                          .b_row = most,
                          .b_col = 1,
                          .c = c.data(),
                          .c_row = c.row});
  };
  product(most, most, whole);
  for (std::int64_t m = 2; m < most; m += 5)
    for (std::int64_t n = 2; n < most; n += 3) {
      Matrix<float> part(m, n, false, 0, 32);
      product(m, n, part);
      std::int64_t different = 0;
      for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < n; ++j) different += part.at(i, j) != whole.at(i, j);
      INFO("m " << m << " n " << n);
      CHECK(different == 0);
    }
}

// Breaks if a shuffle of the register blocks is wrong, or blocks that reach back miss or overrun the edge.
TEST_CASE("blocked transposition moves every element and no other", "[tensor][product]") {
  for (const std::int64_t rows : {1, 3, 4, 5, 8, 9, 15, 16, 31})
    for (const std::int64_t cols : {1, 2, 4, 7, 8, 12, 17, 24}) {
      const auto moved = [&]<class T>(T) {
        Matrix<T> in(rows, cols, false, 2), out(cols, rows, false, 3, 32);
        in.fill(0.9);
        const std::int64_t guards = out.guards() - rows * cols;
        xg::kernels::transpose_into(in.data(), in.row, rows, cols, out.data(), out.row);
        std::int64_t wrong = 0;
        for (std::int64_t i = 0; i < rows; ++i)
          for (std::int64_t j = 0; j < cols; ++j) wrong += out.at(j, i) != in.at(i, j);
        INFO("rows " << rows << " cols " << cols << " bytes " << sizeof(T));
        CHECK(wrong == 0);
        CHECK(out.guards() == guards);
      };
      moved(float());
      moved(double());
    }
}
