// Norms of matrices, and condition numbers.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/linalg.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace xg {
namespace autograd {
namespace {

/// The matrices in two dimensions of x, which become the last.
struct InTwoDims {
  Tensor matrices;
  std::int64_t low, high;  // the dimensions in ascending order

  InTwoDims(const char* op, const Tensor& x, const Dims& dims) {
    check_floating(op, x);
    if (dims.size() != 2)
      raise<ValueError>("[{}] dims has {} numbers, it must have 2: those of the matrices.", op, dims.size());
    if (x.dim() < 2)
      raise<ShapeError>("[{}] x has shape {}, it must have two dimensions at least.", op, x.shape().str());
    const std::int64_t rows = normalize_dim(op, dims[0], x.dim()), cols = normalize_dim(op, dims[1], x.dim());
    if (rows == cols) raise<ValueError>("[{}] dims names dimension {} twice.", op, rows);
    low = std::min(rows, cols);
    high = std::max(rows, cols);
    matrices = movedim(x, {rows, cols}, {-2, -1});
  }
  /// A result [..] of the matrices, with sizes of 1 in place of the two dimensions if they are kept.
  Tensor result(const Tensor& y, bool keepdim) const { return keepdim ? unsqueeze(unsqueeze(y, low), high) : y; }
};

/// Is the text "fro", rather than "nuc"? Throws ValueError for any other.
bool is_frobenius(const char* op, StringRef ord) {
  const std::string_view name = ord;
  if (name != "fro" && name != "nuc")
    raise<ValueError>("[{}] ord is \"{}\", it must be \"fro\", \"nuc\" or a number.", op, name);
  return name == "fro";
}

/// |a| |a^-1|, infinity where a is singular.
template <class Norm> Tensor condition(const Tensor& a, Norm&& norm) {
  check_square("linalg::cond", "a", a);
  const Shape batch(a.shape().begin(), a.shape().end() - 2);
  if (a.numel() == 0) return zeros(batch, {.dtype = a.dtype()});
  const Tensor singular = linalg::slogdet(a.detach()).first == 0;
  const Tensor regular = where(per_matrix(singular), identity(a.size(-1), a), a);
  return where(singular, std::numeric_limits<double>::infinity(), norm(a) * norm(linalg::inv(regular)));
}

/// The largest singular value divided by the smallest, or the reverse.
Tensor spectral_condition(const Tensor& a, bool reverse) {
  check_matrices("linalg::cond", "a", a);
  if (a.numel() == 0) return zeros(Shape(a.shape().begin(), a.shape().end() - 2), {.dtype = a.dtype()});
  const Tensor s = linalg::svdvals(a), largest = select(s, -1, 0), smallest = select(s, -1, s.size(-1) - 1);
  return reverse ? smallest / largest : largest / smallest;
}

}  // namespace
}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

Tensor vector_norm(const Tensor& x, double ord, const Dims& dims, bool keepdim, DtypeOption options) {
  return xg::vector_norm(converted(x, options), ord, dims, keepdim);
}

Tensor matrix_norm(const Tensor& x, double ord, const Dims& dims, bool keepdim, DtypeOption options) {
  constexpr const char* op = "linalg::matrix_norm";
  const InTwoDims in(op, converted(x, options), dims);
  const double size = std::abs(ord);
  if (size != 1 && size != 2 && !std::isinf(size))
    raise<ValueError>("[{}] ord is {}, it must be 1, -1, 2, -2, infinity, -infinity, \"fro\" or \"nuc\".", op, ord);
  const Tensor terms = size == 2 ? svdvals(in.matrices) : sum(abs(in.matrices), size == 1 ? -2 : -1);
  return in.result(ord > 0 ? amax(terms, -1) : amin(terms, -1), keepdim);
}

Tensor matrix_norm(const Tensor& x, StringRef ord, const Dims& dims, bool keepdim, DtypeOption options) {
  constexpr const char* op = "linalg::matrix_norm";
  const bool frobenius = is_frobenius(op, ord);
  const InTwoDims in(op, converted(x, options), dims);
  return in.result(frobenius ? xg::vector_norm(in.matrices, 2, {-2, -1}) : sum(svdvals(in.matrices), -1), keepdim);
}

Tensor norm(const Tensor& x, std::nullopt_t, const Dims& dims, bool keepdim, DtypeOption options) {
  return vector_norm(x, 2, dims, keepdim, options);
}

Tensor norm(const Tensor& x, double ord, const Dims& dims, bool keepdim, DtypeOption options) {
  constexpr const char* op = "linalg::norm";
  if (dims.empty() ? x.dim() != 1 && x.dim() != 2 : dims.size() > 2)
    raise<ShapeError>("[{}] x has shape {}, and {} dims are given: ord is for one or two dimensions.", op,
                      x.shape().str(), dims.size());
  if (dims.size() == 1 || (dims.empty() && x.dim() == 1)) return vector_norm(x, ord, dims, keepdim, options);
  return matrix_norm(x, ord, dims.empty() ? Dims{0, 1} : dims, keepdim, options);
}

Tensor norm(const Tensor& x, StringRef ord, const Dims& dims, bool keepdim, DtypeOption options) {
  constexpr const char* op = "linalg::norm";
  is_frobenius(op, ord);
  if (dims.empty() ? x.dim() != 2 : dims.size() != 2)
    raise<ShapeError>("[{}] x has shape {}, and {} dims are given: a text as ord is for two dimensions.", op,
                      x.shape().str(), dims.size());
  return matrix_norm(x, ord, dims.empty() ? Dims{0, 1} : dims, keepdim, options);
}

Tensor cond(const Tensor& a) { return spectral_condition(a, false); }

Tensor cond(const Tensor& a, double ord) {
  if (std::abs(ord) == 2) return spectral_condition(a, ord < 0);
  if (std::abs(ord) != 1 && !std::isinf(ord))
    raise<ValueError>("[linalg::cond] ord is {}, it must be 1, -1, 2, -2, infinity, -infinity, \"fro\" or \"nuc\".",
                      ord);
  return condition(a, [&](const Tensor& x) { return matrix_norm(x, ord); });
}

Tensor cond(const Tensor& a, StringRef ord) {
  is_frobenius("linalg::cond", ord);
  return condition(a, [&](const Tensor& x) { return matrix_norm(x, ord); });
}

}  // namespace linalg

Tensor norm(const Tensor& x, StringRef p, const Dims& dims, bool keepdim) {
  if (autograd::is_frobenius("norm", p)) return vector_norm(x, 2, dims, keepdim);
  if (dims.empty() && x.dim() != 2)
    raise<ShapeError>("[norm] x has shape {}, but \"nuc\" without dims is for a matrix.", x.shape().str());
  return linalg::matrix_norm(x, p, dims.empty() ? Dims{0, 1} : dims, keepdim);
}

}  // namespace xg
