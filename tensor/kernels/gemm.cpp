#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/small_product.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <cblas.h>
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

namespace xg::kernels {
namespace {

// OpenBLAS always runs on one thread: its results on two threads differ from those on one (docs/architecture.md).
const bool single_threaded = [] {
  openblas_set_num_threads(1);
  return true;
}();

/// How BLAS reads a matrix in place: row-major with a leading dimension, perhaps transposed.
struct BlasMatrix {
  const void* data;
  CBLAS_TRANSPOSE trans;
  int leading;

  /// The address of element (row, col), for elements of `item` bytes.
  void* part(std::int64_t row, std::int64_t col, std::int64_t item) const {
    const std::int64_t offset = trans == CblasNoTrans ? row * leading + col : col * leading + row;
    return const_cast<char*>(static_cast<const char*>(data)) + offset * item;
  }
};

int to_int(std::int64_t value) {
  if (value > std::numeric_limits<int>::max())
    raise<ShapeError>("[matmul] a dimension of {} exceeds the range of BLAS: split the product.", value);
  return static_cast<int>(value);
}

/// Describes x for BLAS; returns false where neither dimension has unit stride, or rows overlap.
bool readable(const Matrix& x, BlasMatrix& out) {
  out.data = x.data;
  if ((x.col_stride == 1 || x.cols == 1) && (x.row_stride >= x.cols || x.rows == 1) && x.row_stride >= 0) {
    out.trans = CblasNoTrans;
    out.leading = to_int(std::max<std::int64_t>({x.rows == 1 ? x.cols : x.row_stride, x.cols, 1}));
    return true;
  }
  if ((x.row_stride == 1 || x.rows == 1) && (x.col_stride >= x.rows || x.cols == 1) && x.col_stride >= 0) {
    out.trans = CblasTrans;
    out.leading = to_int(std::max<std::int64_t>({x.cols == 1 ? x.rows : x.col_stride, x.rows, 1}));
    return true;
  }
  return false;
}

/// x itself, or a copy in `holder` where BLAS cannot read x.
BlasMatrix for_blas(const Matrix& x, Tensor& holder) {
  BlasMatrix out{};
  if (readable(x, out)) return out;
  holder = empty({x.rows, x.cols}, x.dtype);
  dispatch_floating(x.dtype, [&]<class T>() {
    const T* from = static_cast<const T*>(x.data);
    T* to = static_cast<T*>(holder.impl().data);
    for (std::int64_t i = 0; i < x.rows; ++i)
      for (std::int64_t j = 0; j < x.cols; ++j) *to++ = from[i * x.row_stride + j * x.col_stride];
  });
  readable(Matrix(holder), out);
  return out;
}

/// The tiles of a large product, which depend on its sizes alone. The result is cut along its longer side, because each
/// tile packs all of the other operand. A tile takes at least a hundred microseconds.
struct Tiles {
  bool rows;
  std::int64_t size, count;

  Tiles(std::int64_t m, std::int64_t n, std::int64_t k) : rows(m >= n) {
    const std::int64_t side = rows ? m : n;
    const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const auto max_tiles = static_cast<std::uint64_t>(
        std::min(static_cast<std::int64_t>(work / (1 << 22)), side < 256 ? 1 : std::max<std::int64_t>(2, side / 512)));
    const auto wanted = static_cast<std::int64_t>(std::bit_floor(max_tiles));  // even: equal shares for two threads
    size = wanted < 2 ? side : (side + wanted - 1) / wanted;
    size = std::min(side, (size + 15) / 16 * 16);
    count = (side + size - 1) / size;
  }
};

/// The number of parts into which the sums of a product are split, by its sizes alone: 1 except for a small result with
/// long sums, such as the weight gradient of a narrow layer over many rows.
std::int64_t parts_of_sums(std::int64_t m, std::int64_t n, std::int64_t k) {
  if (std::max(m, n) >= 256) return 1;
  const auto max_parts = static_cast<std::uint64_t>(std::min<std::int64_t>({m * n * (k >> 10) >> 11, k >> 10, 16}));
  return max_parts < 2 ? 1 : static_cast<std::int64_t>(std::bit_floor(max_parts));
}

void call_blas(Dtype dtype, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const void* a, int lda,
               const void* b, int ldb, bool accumulate, void* c, int ldc) {
  if (dtype == Dtype::float32) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, static_cast<const float*>(a), lda, static_cast<const float*>(b), ldb,
                accumulate ? 1 : 0, static_cast<float*>(c), ldc);
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, static_cast<const double*>(a), lda, static_cast<const double*>(b),
                ldb, accumulate ? 1 : 0, static_cast<double*>(c), ldc);
  }
}

template <class T> void integer_product(const Matrix& a, const Matrix& b, const Matrix& out) {
  using U = std::make_unsigned_t<T>;  // wraps instead of overflowing
  const T* pa = static_cast<const T*>(a.data);
  const T* pb = static_cast<const T*>(b.data);
  T* po = static_cast<T*>(out.data);
  for (std::int64_t i = 0; i < out.rows; ++i)
    for (std::int64_t j = 0; j < out.cols; ++j) {
      U sum = 0;
      for (std::int64_t l = 0; l < a.cols; ++l)
        sum = static_cast<U>(sum + static_cast<U>(pa[i * a.row_stride + l * a.col_stride]) *
                                       static_cast<U>(pb[l * b.row_stride + j * b.col_stride]));
      po[i * out.row_stride + j * out.col_stride] = static_cast<T>(sum);
    }
}

/// Computes out = start + a b without BLAS and returns true, if the product is small and b and out have unit stride
/// along a dimension. The start is a bias, out itself (accumulate) or zero.
bool small_product_into(const Matrix& out, const Matrix& a, const Matrix& b, const void* bias, bool accumulate) {
  const std::int64_t m = out.rows, n = out.cols, k = a.cols;
  if (!is_small_product(m, n, k)) return false;
  const std::int64_t b_col = n == 1 ? 1 : b.col_stride;
  if ((b_col != 1 && b.row_stride != 1) || (out.col_stride != 1 && n != 1)) return false;
  dispatch_floating(out.dtype, [&]<class T>() {
    const auto rows = [&](std::int64_t begin, std::int64_t end) {
      small_product<T>({.m = end - begin,
                        .n = n,
                        .k = k,
                        .a = static_cast<const T*>(a.data) + begin * a.row_stride,
                        .a_row = a.row_stride,
                        .a_col = a.col_stride,
                        .b = static_cast<const T*>(b.data),
                        .b_row = b.row_stride,
                        .b_col = b_col,
                        .c = static_cast<T*>(out.data) + begin * out.row_stride,
                        .c_row = out.row_stride,
                        .bias = static_cast<const T*>(bias),
                        .accumulate = accumulate});
    };
    // An element's bits do not depend on the other rows of a tile, unless it has only one row, so tiles have many.
    constexpr std::int64_t tile_work = 1 << 21;
    if (m * n * k < 2 * tile_work) return rows(0, m);
    xg::detail::parallel_ranges(m, std::max<std::int64_t>(256, tile_work / (n * k)), rows);
  });
  return true;
}

/// Element [i] of a batch [batch, rows, cols].
Matrix matrix_of(const Tensor& x, std::int64_t i) {
  return {static_cast<char*>(x.impl().data) + i * x.strides()[0] * static_cast<std::int64_t>(item_size(x.dtype())),
          x.dtype(),
          x.shape()[1],
          x.shape()[2],
          x.strides()[1],
          x.strides()[2]};
}

void clear(const Matrix& out) {
  dispatch_floating(out.dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < out.rows; ++i)
      for (std::int64_t j = 0; j < out.cols; ++j)
        static_cast<T*>(out.data)[i * out.row_stride + j * out.col_stride] = T(0);
  });
}

/// A nonempty product, whole or in tiles of its result.
void whole_gemm(const Matrix& a, const Matrix& b, const Matrix& out, bool accumulate) {
  const std::int64_t m = out.rows, n = out.cols, k = a.cols;
  if (small_product_into(out, a, b, nullptr, accumulate)) return;
  if (out.col_stride != 1 && n != 1) {
    if (out.row_stride != 1 && m != 1)
      throw ShapeError("[matmul] the result's memory has no unit stride: pass a contiguous one.");
    return whole_gemm(b.transposed(), a.transposed(), out.transposed(), accumulate);
  }
  Tensor a_copy, b_copy;
  const BlasMatrix left = for_blas(a, a_copy), right = for_blas(b, b_copy);
  BlasMatrix c{};
  readable(out, c);
  const Tiles tiles(m, n, k);
  const auto item = static_cast<std::int64_t>(item_size(out.dtype));
  xg::detail::parallel_for(tiles.count, [&](std::int64_t t) {
    const std::int64_t begin = t * tiles.size, size = std::min(tiles.size, (tiles.rows ? m : n) - begin);
    const std::int64_t row = tiles.rows ? begin : 0, col = tiles.rows ? 0 : begin;
    call_blas(out.dtype, left.trans, right.trans, to_int(tiles.rows ? size : m), to_int(tiles.rows ? n : size),
              to_int(k), left.part(row, 0, item), left.leading, right.part(0, col, item), right.leading, accumulate,
              c.part(row, col, item), c.leading);
  });
}

/// Computes the sums in parts, which are then added in order.
void gemm_in_parts(const Matrix& a, const Matrix& b, const Matrix& out, bool accumulate, std::int64_t parts) {
  const std::int64_t m = out.rows, n = out.cols, k = a.cols, size = (k / parts + 63) / 64 * 64;
  const auto item = static_cast<std::int64_t>(item_size(out.dtype));
  Tensor sums = empty({parts, m, n}, out.dtype);
  char* data = static_cast<char*>(sums.impl().data);
  xg::detail::parallel_for(parts, [&](std::int64_t p) {
    const std::int64_t begin = p * size, part_size = p + 1 == parts ? k - begin : size;
    whole_gemm(
        {static_cast<char*>(a.data) + begin * a.col_stride * item, a.dtype, m, part_size, a.row_stride, a.col_stride},
        {static_cast<char*>(b.data) + begin * b.row_stride * item, b.dtype, part_size, n, b.row_stride, b.col_stride},
        {data + p * m * n * item, out.dtype, m, n, n, 1}, false);
  });
  dispatch_floating(out.dtype, [&]<class T>() {
    const T* part = static_cast<const T*>(sums.impl().data);
    T* to = static_cast<T*>(out.data);
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        T sum = accumulate ? to[i * out.row_stride + j * out.col_stride] : T(0);
        for (std::int64_t p = 0; p < parts; ++p) sum += part[(p * m + i) * n + j];
        to[i * out.row_stride + j * out.col_stride] = sum;
      }
  });
}

void multiply(const Matrix& a, const Matrix& b, const Matrix& out) {
  switch (a.dtype) {
    case Dtype::uint8:
      return integer_product<std::uint8_t>(a, b, out);
    case Dtype::int32:
      return integer_product<std::int32_t>(a, b, out);
    case Dtype::int64:
      return integer_product<std::int64_t>(a, b, out);
    case Dtype::bool_:
      throw DtypeError("[matmul] operands are bool: convert with x.to(xg::float32) first.");
    default:
      gemm(a, b, out);
  }
}

}  // namespace

void gemm(const Matrix& a, const Matrix& b, const Matrix& out, bool accumulate) {
  const std::int64_t m = out.rows, n = out.cols, k = a.cols;
  if (m == 0 || n == 0) return;
  if (k == 0) {  // an empty sum; BLAS refuses leading dimensions of zero
    if (!accumulate) clear(out);
    return;
  }
  if (const std::int64_t parts = parts_of_sums(m, n, k); parts > 1) return gemm_in_parts(a, b, out, accumulate, parts);
  whole_gemm(a, b, out, accumulate);
}

Tensor matmul(const Matrix& a, const Matrix& b) {
  Tensor out = empty({a.rows, b.cols}, a.dtype);
  multiply(a, b, Matrix(out));
  return out;
}

Tensor batched_matmul(const Tensor& a, const Tensor& b) {
  const std::int64_t batch = a.shape()[0];
  Tensor out = empty({batch, a.shape()[1], b.shape()[2]}, a.dtype());
  for (std::int64_t i = 0; i < batch; ++i) multiply(matrix_of(a, i), matrix_of(b, i), matrix_of(out, i));
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t rows = x.shape()[0], out_features = weight.shape()[0];
  Tensor out = empty({rows, out_features}, x.dtype());
  const Matrix left(x), right = Matrix(weight).transposed(), result(out);
  if (!bias.defined()) {
    gemm(left, right, result);
    return out;
  }
  const Tensor b = contiguous(bias);
  const void* start = b.impl().data;
  if (out.numel() > 0 && left.cols > 0 && small_product_into(result, left, right, start, false)) return out;
  const auto bytes = static_cast<std::size_t>(out_features) * item_size(x.dtype());
  char* target = static_cast<char*>(result.data);
  for (std::int64_t r = 0; r < rows; ++r) std::memcpy(target + static_cast<std::size_t>(r) * bytes, start, bytes);
  gemm(left, right, result, true);
  return out;
}

}  // namespace xg::kernels
