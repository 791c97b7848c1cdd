#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/small_product.hpp>

#include <cblas.h>
#include <fmt/format.h>

#include <cstring>
#include <limits>

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
};

int to_int(std::int64_t value) {
  if (value > std::numeric_limits<int>::max())
    throw ShapeError(fmt::format("[matmul] a dimension of {} is more than BLAS counts: split the product.", value));
  return static_cast<int>(value);
}

/// False where neither dimension has unit stride, or rows overlap.
bool readable(const Tensor& x, BlasMatrix& out) {
  const std::int64_t rows = x.shape()[0], cols = x.shape()[1], s0 = x.strides()[0], s1 = x.strides()[1];
  out.data = x.impl().data;
  if ((s1 == 1 || cols == 1) && (s0 >= cols || rows == 1) && s0 >= 0) {
    out.trans = CblasNoTrans;
    out.leading = to_int(std::max<std::int64_t>({rows == 1 ? cols : s0, cols, 1}));
    return true;
  }
  if ((s0 == 1 || rows == 1) && (s1 >= rows || cols == 1) && s1 >= 0) {
    out.trans = CblasTrans;
    out.leading = to_int(std::max<std::int64_t>({cols == 1 ? rows : s1, rows, 1}));
    return true;
  }
  return false;
}

CBLAS_TRANSPOSE flipped(CBLAS_TRANSPOSE trans) { return trans == CblasTrans ? CblasNoTrans : CblasTrans; }

void call_blas(Dtype dtype, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const void* a,
               int lda, const void* b, int ldb, double beta, void* c, int ldc) {
  if (dtype == Dtype::float32) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, static_cast<float>(alpha), static_cast<const float*>(a), lda,
                static_cast<const float*>(b), ldb, static_cast<float>(beta), static_cast<float*>(c), ldc);
  } else {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, static_cast<const double*>(a), lda, static_cast<const double*>(b),
                ldb, beta, static_cast<double*>(c), ldc);
  }
}

template <class T>
void integer_product(const Tensor& a, const Tensor& b, Tensor& out) {
  using U = std::make_unsigned_t<T>;  // wraps instead of overflowing
  const std::int64_t m = a.shape()[0], k = a.shape()[1], n = b.shape()[1];
  const T* pa = static_cast<const T*>(a.impl().data);
  const T* pb = static_cast<const T*>(b.impl().data);
  T* po = static_cast<T*>(out.impl().data);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      U sum = 0;
      for (std::int64_t l = 0; l < k; ++l)
        sum = static_cast<U>(sum + static_cast<U>(pa[i * a.strides()[0] + l * a.strides()[1]]) *
                                       static_cast<U>(pb[l * b.strides()[0] + j * b.strides()[1]]));
      po[i * n + j] = static_cast<T>(sum);
    }
}

/// out = start + a b without BLAS, where the product is small and b and out have unit stride along a dimension: true
/// then. The start is a bias, out itself (accumulate) or zero.
bool small_product_into(Tensor& out, const Tensor& a, const Tensor& b, const void* bias, bool accumulate) {
  const std::int64_t m = out.shape()[0], n = out.shape()[1], k = a.shape()[1];
  if (!is_small_product(m, n, k)) return false;
  const std::int64_t b_row = b.strides()[0], b_col = n == 1 ? 1 : b.strides()[1];
  if ((b_col != 1 && b_row != 1) || (out.strides()[1] != 1 && n != 1)) return false;
  dispatch_floating(out.dtype(), [&]<class T>() {
    small_product<T>({.m = m,
                      .n = n,
                      .k = k,
                      .a = static_cast<const T*>(a.impl().data),
                      .a_row = a.strides()[0],
                      .a_col = a.strides()[1],
                      .b = static_cast<const T*>(b.impl().data),
                      .b_row = b_row,
                      .b_col = b_col,
                      .c = static_cast<T*>(out.impl().data),
                      .c_row = out.strides()[0],
                      .bias = static_cast<const T*>(bias),
                      .accumulate = accumulate});
  });
  return true;
}

/// Element [i] of a batch, as a matrix that shares storage.
Tensor matrix_of(const Tensor& x, std::int64_t i) {
  Tensor view = Tensor::adopt(detail::new_alias(x.impl()));
  detail::TensorImpl& impl = view.impl();
  impl.data = static_cast<char*>(impl.data) + i * x.strides()[0] * static_cast<std::int64_t>(item_size(x.dtype()));
  impl.shape.erase(0);
  impl.strides.erase(0);
  impl.numel = impl.shape.numel();
  return view;
}

}  // namespace

void gemm(double alpha, const Tensor& a_, const Tensor& b_, double beta, Tensor& out) {
  const std::int64_t m = out.shape()[0], n = out.shape()[1], k = a_.shape()[1];
  if (m == 0 || n == 0) return;
  if (k == 0) {  // an empty sum; BLAS refuses leading dimensions of zero
    if (beta == 0) fill(out, 0.0);
    else if (beta != 1) mul_scalar.into(out, out, {.a = beta});
    return;
  }
  if (alpha == 1 && (beta == 0 || beta == 1) && small_product_into(out, a_, b_, nullptr, beta == 1)) return;
  BlasMatrix a{}, b{}, c{};
  Tensor a_copy, b_copy;
  if (!readable(a_, a)) {
    a_copy = copy(a_);
    readable(a_copy, a);
  }
  if (!readable(b_, b)) {
    b_copy = copy(b_);
    readable(b_copy, b);
  }
  if (!readable(out, c)) throw ShapeError("[matmul] the result's memory has no unit stride: pass a contiguous one.");
  if (c.trans == CblasNoTrans) {
    call_blas(out.dtype(), a.trans, b.trans, to_int(m), to_int(n), to_int(k), alpha, a.data, a.leading, b.data, b.leading,
              beta, out.impl().data, c.leading);
  } else {  // out^T = b^T a^T
    call_blas(out.dtype(), flipped(b.trans), flipped(a.trans), to_int(n), to_int(m), to_int(k), alpha, b.data, b.leading,
              a.data, a.leading, beta, out.impl().data, c.leading);
  }
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  Tensor out = empty({a.shape()[0], b.shape()[1]}, a.dtype());
  switch (a.dtype()) {
    case Dtype::uint8: integer_product<std::uint8_t>(a, b, out); break;
    case Dtype::int32: integer_product<std::int32_t>(a, b, out); break;
    case Dtype::int64: integer_product<std::int64_t>(a, b, out); break;
    case Dtype::bool_: throw DtypeError("[matmul] operands are bool: convert with x.to(xg::float32) first.");
    default: gemm(1, a, b, 0, out);
  }
  return out;
}

Tensor batched_matmul(const Tensor& a, const Tensor& b) {
  const std::int64_t batch = a.shape()[0];
  Tensor out = empty({batch, a.shape()[1], b.shape()[2]}, a.dtype());
  for (std::int64_t i = 0; i < batch; ++i) {
    Tensor target = matrix_of(out, i);
    if (is_floating(a.dtype())) {
      gemm(1, matrix_of(a, i), matrix_of(b, i), 0, target);
    } else {
      copy_into(target, matmul(matrix_of(a, i), matrix_of(b, i)));
    }
  }
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t rows = x.shape()[0], out_features = weight.shape()[0];
  Tensor out = empty({rows, out_features}, x.dtype());
  Tensor transposed = Tensor::adopt(detail::new_alias(weight.impl()));
  detail::TensorImpl& impl = transposed.impl();
  std::swap(impl.shape[0], impl.shape[1]);
  std::swap(impl.strides[0], impl.strides[1]);
  impl.contiguous = false;
  if (!bias.defined()) {
    gemm(1, x, transposed, 0, out);
    return out;
  }
  const Tensor b = contiguous(bias);
  const void* start = b.impl().data;
  if (out.numel() > 0 && x.shape()[1] > 0 && small_product_into(out, x, transposed, start, false)) return out;
  const auto bytes = static_cast<std::size_t>(out_features) * item_size(x.dtype());
  char* target = static_cast<char*>(out.impl().data);
  for (std::int64_t r = 0; r < rows; ++r) std::memcpy(target + static_cast<std::size_t>(r) * bytes, start, bytes);
  gemm(1, x, transposed, 1, out);
  return out;
}

}  // namespace xg::kernels
