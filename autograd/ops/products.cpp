// Matrix products and ops based on them. The gradient of a product is two products with transposed views, without
// copies.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/products.hpp>
#include <xgrad/autograd/detail/views.hpp>
#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

using kernels::Matrix;

namespace {

/// The last two dimensions exchanged, for kernels.
Tensor transposed_view(const Tensor& x) {
  Shape shape = x.shape(), strides = x.strides();
  const std::size_t n = shape.size();
  std::swap(shape[n - 1], shape[n - 2]);
  std::swap(strides[n - 1], strides[n - 2]);
  return view_of(x, shape, strides);
}

/// x under another shape, for kernels: a view where strides allow, else a copy.
Tensor folded(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Shape strides;
  return strides_of_view(x, shape, strides) ? view_of(x, shape, strides) : with_shape(kernels::copy(x), shape);
}

/// [.., n, k] as [rows, k]
Shape matrix_shape(const Shape& shape) {
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) rows *= shape[i];
  return {rows, shape.back()};
}

/// A bound on the rounding of batched sums of products: the sum of the magnitudes of the products, computed by a
/// product, which exceeds the largest of them.
template <class F> Tensor rounding_of_products(const RoundingContext& c, F&& product) {
  const Tensor left = product(c.of_term(0), abs(c.inputs[1]));
  return c.errors[1].defined() ? maximum(left, product(abs(c.inputs[0]), c.errors[1])) : left;
}

struct Bilinear {
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(0) | save_input(1);
  static constexpr Rule rule = Rule::bilinear;
  static bool needs_saved(std::size_t i, const bool* needed) { return other_needs(i, needed); }
};

/// a b; a [.., n, k], b [k, m].
///   da = g b^T, db = a^T g, the leading dimensions being rows
struct MatrixProduct : Bilinear {
  static constexpr const char* name = "matmul";
  static bool row_factors(std::span<const Tensor>, const std::vector<bool>& carries) { return !carries[1]; }
  /// For each row a_i^T g_i, which is an outer product for a matrix a.
  static Tensor row_vjp(std::size_t i, std::span<const Tensor> in, const Tensor& g, std::int64_t rows) {
    if (i != 1 || g.size(0) != rows) return {};
    if (g.dim() == 2) return in[0].unsqueeze(2) * g.unsqueeze(1);
    const auto as_batch = [&](const Tensor& x) { return reshape(x, {rows, -1, x.size(-1)}); };
    return rows == 0 || g.numel() == 0 ? Tensor() : matmul(transpose(as_batch(in[0]), 1, 2), as_batch(g));
  }
  static LinearMap linear_map(std::span<const Tensor> in, std::size_t varying) {
    return varying == 0 ? LinearMap{transposed_view(in[1]), {}} : LinearMap{};
  }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    if (a.dim() == 2) return kernels::matmul(a, b);
    Shape shape = a.shape();
    shape[shape.size() - 1] = b.shape()[1];
    return with_shape(kernels::matmul(folded(a, matrix_shape(a.shape())), b), shape);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(
        c, [&] { return apply(MatrixProduct{}, g, transpose(c.input(1), 0, 1)); },
        [&] {
          const Tensor& a = c.input(0);
          if (a.dim() == 2) return apply(MatrixProduct{}, transpose(a, 0, 1), g);
          const Tensor rows = reshape(a, matrix_shape(a.shape()));
          return apply(MatrixProduct{}, transpose(rows, 0, 1), reshape(g, matrix_shape(g.shape())));
        });
  }
  static std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) {
    return gradients(
        c,
        [&] {
          const Matrix b = Matrix(c.input(1)).transposed();
          if (g.dim() == 2) return kernels::matmul(Matrix(g), b);
          const Tensor g_rows = folded(g, matrix_shape(g.shape()));
          return with_shape(kernels::matmul(Matrix(g_rows), b), c.input_shape(0));
        },
        [&] {
          const Tensor& a = c.input(0);
          if (a.dim() == 2) return kernels::matmul(Matrix(a).transposed(), Matrix(g));
          const Tensor rows = folded(a, matrix_shape(a.shape())), g_rows = folded(g, matrix_shape(g.shape()));
          return kernels::matmul(Matrix(rows).transposed(), Matrix(g_rows));
        });
  }
  static Tensor rounding(const RoundingContext& c) {
    const auto columns = [](const Tensor& b) { return transpose(b, 0, 1); };
    Tensor largest = largest_products(c.of_term(0), columns(abs(c.inputs[1])));
    if (c.errors[1].defined()) largest = maximum(largest, largest_products(abs(c.inputs[0]), columns(c.errors[1])));
    return largest;
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(MatrixProduct{}, in[0], in[1]); };
    const auto transposed = [](const Inputs& in) {
      return apply(MatrixProduct{}, transpose(in[0], 0, 1), transpose(in[1], 0, 1));
    };
    return shaped_samples(d,
                          {{"matrices", {{3, 4}, {4, 2}}, call},
                           {"transposed", {{4, 3}, {2, 4}}, transposed},
                           {"leading dims", {{2, 3, 4}, {4, 2}}, call},
                           {"one element", {{1, 1}, {1, 1}}, call},
                           {"empty", {{0, 4}, {4, 2}}, call},
                           {"empty sum", {{3, 0}, {0, 2}}, call}},
                          2);
  }
};

/// a b for each element of the (broadcast) leading dimensions; a [.., n, k], b [.., k, m].
struct BatchedProduct : Bilinear {
  static constexpr const char* name = "bmm";
  /// The rows are a dimension of the batch in both factors.
  static bool row_factors(std::span<const Tensor> in, const std::vector<bool>& carries) {
    const std::int64_t ndim = std::max(in[0].dim(), in[1].dim());
    return (!carries[0] || (in[0].dim() == ndim && ndim > 2)) && (!carries[1] || (in[1].dim() == ndim && ndim > 2));
  }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    if (a.dim() == 3 && b.dim() == 3 && a.shape()[0] == b.shape()[0]) return kernels::batched_matmul(a, b);
    Shape batch = broadcast_shapes(name, leading(a), leading(b));
    const std::int64_t count = batch.numel();
    Tensor out = kernels::batched_matmul(over(a, batch, count), over(b, batch, count));
    batch.push_back(a.shape()[a.shape().size() - 2]);
    batch.push_back(b.shape().back());
    return with_shape(std::move(out), batch);
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(
        c, [&] { return apply(BatchedProduct{}, g, transpose(c.input(1), -2, -1)); },
        [&] { return apply(BatchedProduct{}, transpose(c.input(0), -2, -1), g); });
  }
  static std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) {
    return gradients(
        c, [&] { return forward(g, transposed_view(c.input(1))); },
        [&] { return forward(transposed_view(c.input(0)), g); });
  }
  static Tensor rounding(const RoundingContext& c) {
    return rounding_of_products(c, [](const Tensor& a, const Tensor& b) { return forward(a, b); });
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(BatchedProduct{}, in[0], in[1]); };
    return shaped_samples(d,
                          {{"batch", {{2, 3, 4}, {2, 4, 2}}, call},
                           {"broadcast both ways", {{2, 1, 2, 3}, {1, 2, 3, 2}}, call},
                           {"one matrix for all", {{2, 3}, {3, 3, 2}}, call},
                           {"empty", {{0, 3, 4}, {0, 4, 2}}, call},
                           {"empty sum", {{2, 3, 0}, {2, 0, 2}}, call}},
                          2);
  }

 private:
  static Shape leading(const Tensor& x) { return Shape(x.shape().begin(), x.shape().end() - 2); }
  /// x broadcast over `batch`, with one leading dimension.
  static Tensor over(const Tensor& x, const Shape& batch, std::int64_t count) {
    const Shape leading_shape = leading(x);
    const std::int64_t rows = x.shape()[leading_shape.size()], cols = x.shape()[leading_shape.size() + 1];
    if (leading_shape == batch) return folded(x, {count, rows, cols});
    Shape shape = batch, strides;
    strides.resize(batch.size());
    const std::size_t skip = batch.size() - leading_shape.size();
    for (std::size_t i = 0; i < leading_shape.size(); ++i)
      strides[i + skip] = leading_shape[i] == 1 ? 0 : x.strides()[i];
    for (std::size_t i = leading_shape.size(); i < leading_shape.size() + 2; ++i) {
      shape.push_back(x.shape()[i]);
      strides.push_back(x.strides()[i]);
    }
    return folded(view_of(x, shape, strides), {count, rows, cols});
  }
};

/// sum_i a_i b_i
struct DotProduct : Bilinear {
  static constexpr const char* name = "dot";
  static bool mixes_rows(std::int64_t) { return true; }
  static Tensor forward(const Tensor& a, const Tensor& b) {
    const std::int64_t n = a.numel();
    return with_shape(kernels::matmul(view_of(a, {1, n}, {n * a.strides()[0], a.strides()[0]}),
                                      view_of(b, {n, 1}, {b.strides()[0], 1})),
                      {});
  }
  static std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) {
    return gradients(c, [&] { return g * c.input(1); }, [&] { return g * c.input(0); });
  }
  static Tensor rounding(const RoundingContext& c) {
    return rounding_of_products(c, [](const Tensor& a, const Tensor& b) { return forward(a, b); });
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(DotProduct{}, in[0], in[1]); };
    return shaped_samples(
        d, {{"vectors", {{5}, {5}}, call}, {"one element", {{1}, {1}}, call}, {"empty", {{0}, {0}}, call}}, 2);
  }
};

void check_dims(const char* op, const char* argument, const Tensor& x, std::int64_t ndim) {
  if (x.dim() != ndim)
    raise<ShapeError>("[{}] {} has shape {}, it must have {} dimension{}: use matmul, which broadcasts.", op, argument,
                      x.shape().str(), ndim, ndim == 1 ? "" : "s");
}

/// `size_a` and `size_b` are the sizes that the product sums over.
void check_inner(const char* op, const Tensor& a, const Tensor& b, std::int64_t size_a, std::int64_t size_b) {
  if (size_a != size_b)
    raise<ShapeError>(
        "[{}] shapes are {} and {}: the product sums over {} elements of the first and {} of the second, these must be "
        "equal (transpose one?).",
        op, a.shape().str(), b.shape().str(), size_a, size_b);
}

/// beta x + alpha product; x broadcasts to the product. If beta is 0, x is ignored, even NaN.
Tensor scaled_sum(const char* op, const Tensor& x, const Tensor& product, Scalar beta, Scalar alpha) {
  if (x.dtype() != product.dtype())
    raise<DtypeError>("[{}] x is {}, the product {}, they must be equal: convert with x.to(xg::{}).", op,
                      xg::name(x.dtype()), xg::name(product.dtype()), xg::name(product.dtype()));
  if (x.dim() > product.dim() || broadcast_shapes(op, x.shape(), product.shape()) != product.shape())
    raise<ShapeError>("[{}] x has shape {}, the product {}: x must broadcast to the product.", op, x.shape().str(),
                      product.shape().str());
  for (const Scalar factor : {beta, alpha})
    if (!is_floating(product.dtype()) && factor.category() == Dtype::float64)
      raise<DtypeError>("[{}] dtype is {}, so alpha and beta must be integers: convert with x.to(xg::float32).", op,
                        xg::name(product.dtype()));
  const auto scaled = [](const Tensor& t, Scalar factor) { return factor.to_double() == 1 ? t : mul(t, factor); };
  const Tensor summand = beta.to_double() == 0 ? where(full({}, true), 0, x) : scaled(x, beta);
  return summand + scaled(product, alpha);
}

}  // namespace

void check_product_dtypes(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    raise<DtypeError>("[{}] dtypes are {} and {}, they must be equal: convert one with x.to(xg::{}).", op,
                      xg::name(a.dtype()), xg::name(b.dtype()), xg::name(promote_types(a.dtype(), b.dtype())));
  if (a.dtype() == Dtype::bool_) raise<DtypeError>("[{}] operands are bool: convert with x.to(xg::float32) first.", op);
}

}  // namespace autograd

Tensor matmul(const Tensor& a, const Tensor& b) {
  autograd::check_product_dtypes("matmul", a, b);
  const std::int64_t da = a.dim(), db = b.dim();
  if (da == 0 || db == 0)
    raise<ShapeError>("[matmul] shapes are {} and {}: both need a dimension at least; use mul for scalars.",
                      a.shape().str(), b.shape().str());
  autograd::check_inner("matmul", a, b, a.shape().back(), b.shape()[b.shape().size() - (db == 1 ? 1 : 2)]);
  if (db == 1) {
    if (da == 1) return apply(autograd::DotProduct{}, a, b);
    return squeeze(apply(autograd::MatrixProduct{}, a, unsqueeze(b, 1)), -1);
  }
  if (da == 1) return squeeze(matmul(unsqueeze(a, 0), b), -2);
  if (db == 2) return apply(autograd::MatrixProduct{}, a, b);
  return apply(autograd::BatchedProduct{}, a, b);
}

Tensor mm(const Tensor& a, const Tensor& b) {
  autograd::check_dims("mm", "a", a, 2);
  autograd::check_dims("mm", "b", b, 2);
  autograd::check_product_dtypes("mm", a, b);
  autograd::check_inner("mm", a, b, a.shape()[1], b.shape()[0]);
  return apply(autograd::MatrixProduct{}, a, b);
}

Tensor mv(const Tensor& a, const Tensor& x) {
  autograd::check_dims("mv", "a", a, 2);
  autograd::check_dims("mv", "x", x, 1);
  autograd::check_product_dtypes("mv", a, x);
  autograd::check_inner("mv", a, x, a.shape()[1], x.shape()[0]);
  return matmul(a, x);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  autograd::check_dims("bmm", "a", a, 3);
  autograd::check_dims("bmm", "b", b, 3);
  autograd::check_product_dtypes("bmm", a, b);
  if (a.shape()[0] != b.shape()[0])
    raise<ShapeError>("[bmm] shapes are {} and {}: the first dimensions must be equal; matmul broadcasts them.",
                      a.shape().str(), b.shape().str());
  autograd::check_inner("bmm", a, b, a.shape()[2], b.shape()[1]);
  return apply(autograd::BatchedProduct{}, a, b);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  autograd::check_dims("dot", "a", a, 1);
  autograd::check_dims("dot", "b", b, 1);
  autograd::check_product_dtypes("dot", a, b);
  autograd::check_inner("dot", a, b, a.numel(), b.numel());
  return apply(autograd::DotProduct{}, a, b);
}

Tensor inner(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0) return a * b;
  autograd::check_product_dtypes("inner", a, b);
  autograd::check_inner("inner", a, b, a.shape().back(), b.shape().back());
  return tensordot(a, b, -1, -1);
}

Tensor outer(const Tensor& a, const Tensor& b) {
  autograd::check_dims("outer", "a", a, 1);
  autograd::check_dims("outer", "b", b, 1);
  return unsqueeze(a, 1) * b;
}

Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return autograd::scaled_sum("addmm", x, mm(a, b), beta, alpha);
}

Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return autograd::scaled_sum("addmv", x, mv(a, b), beta, alpha);
}

Tensor addr(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return autograd::scaled_sum("addr", x, outer(a, b), beta, alpha);
}

Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return autograd::scaled_sum("addbmm", x, sum(bmm(a, b), 0), beta, alpha);
}

Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta, Scalar alpha) {
  return autograd::scaled_sum("baddbmm", x, bmm(a, b), beta, alpha);
}

Tensor cross(const Tensor& a, const Tensor& b, std::int64_t dim) {
  const Shape shape = broadcast_shapes("cross", a.shape(), b.shape());
  const std::int64_t d = normalize_dim("cross", dim, static_cast<std::int64_t>(shape.size()));
  if (a.dim() != b.dim() || a.dim() == 0 || a.size(d) != 3 || b.size(d) != 3)
    raise<ShapeError>("[cross] shapes are {} and {}, dim is {}: both need as many dimensions, and size 3 there.",
                      a.shape().str(), b.shape().str(), dim);
  // d_i = a_i b_(i+1) - a_(i+1) b_i is component i - 1 of the product.
  const auto next = [d](const Tensor& x) { return roll(x, -1, d); };
  return next(a * next(b) - next(a) * b);
}

Tensor vecdot(const Tensor& a, const Tensor& b, std::int64_t dim) {
  const Shape shape = broadcast_shapes("vecdot", a.shape(), b.shape());
  autograd::check_product_dtypes("vecdot", a, b);
  const std::int64_t d = normalize_dim("vecdot", dim, static_cast<std::int64_t>(shape.size()));
  if (a.dim() == 0 || b.dim() == 0)
    raise<ShapeError>("[vecdot] shapes are {} and {}: both need a dimension at least; use mul for scalars.",
                      a.shape().str(), b.shape().str());
  return sum(a * b, d);
}

}  // namespace xg
