// Every op that a user calls. Grouped by family, one source file each under autograd/ops/, where an op's forward,
// backward, attribution rule and samples stand together. Names and meanings are PyTorch's.
//
// Unless noted: operands broadcast by NumPy's rules and promote by PyTorch's; ShapeError, DtypeError and IndexError name
// the op and its arguments; all ops are differentiable to any order where mathematics allows.
#pragma once

#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <optional>
#include <tuple>
#include <vector>

namespace xg {

// ---- arithmetic.cpp: a + b, and what follows from it
XG_API Tensor add(const Tensor& a, const Tensor& b);
XG_API Tensor sub(const Tensor& a, const Tensor& b);
XG_API Tensor mul(const Tensor& a, const Tensor& b);
/// a / b; integers divide as reals.
XG_API Tensor div(const Tensor& a, const Tensor& b);
XG_API Tensor add(const Tensor& a, Scalar b);
XG_API Tensor sub(const Tensor& a, Scalar b);
XG_API Tensor sub(Scalar a, const Tensor& b);
XG_API Tensor mul(const Tensor& a, Scalar b);
XG_API Tensor div(const Tensor& a, Scalar b);
XG_API Tensor div(Scalar a, const Tensor& b);
/// floor(a / b)
XG_API Tensor floor_divide(const Tensor& a, const Tensor& b);
/// trunc(a / b)
XG_API Tensor trunc_divide(const Tensor& a, const Tensor& b);
/// a - floor(a / b) * b: the sign is b's.
XG_API Tensor remainder(const Tensor& a, const Tensor& b);
/// a - trunc(a / b) * b: the sign is a's.
XG_API Tensor fmod(const Tensor& a, const Tensor& b);
XG_API Tensor neg(const Tensor& x);
XG_API Tensor positive(const Tensor& x);
XG_API Tensor abs(const Tensor& x);
/// -1, 0 or 1; derivative 0.
XG_API Tensor sign(const Tensor& x);
XG_API Tensor maximum(const Tensor& a, const Tensor& b);
XG_API Tensor minimum(const Tensor& a, const Tensor& b);
XG_API Tensor fmax(const Tensor& a, const Tensor& b);  ///< maximum that ignores a NaN
XG_API Tensor fmin(const Tensor& a, const Tensor& b);  ///< minimum that ignores a NaN
/// min(max(x, min), max), NaN where a bound is. The derivative is 1 between the bounds, 0 beyond and on them.
XG_API Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max = {});
/// The same with bounds that are tensors (one may be undefined). On a bound, x and the bound share the derivative.
XG_API Tensor clamp(const Tensor& x, const Tensor& min, const Tensor& max);
/// start + weight * (end - start)
XG_API Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight);
XG_API Tensor lerp(const Tensor& start, const Tensor& end, Scalar weight);
/// x + value * a * b
XG_API Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
/// x + value * a / b
XG_API Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar value = 1);
XG_API Tensor copysign(const Tensor& a, const Tensor& b);
XG_API Tensor hypot(const Tensor& a, const Tensor& b);
/// 0 where x < 0, 1 where x > 0, `values` where x == 0; derivative 0.
XG_API Tensor heaviside(const Tensor& x, const Tensor& values);
XG_API Tensor bitwise_and(const Tensor& a, const Tensor& b);
XG_API Tensor bitwise_or(const Tensor& a, const Tensor& b);
XG_API Tensor bitwise_xor(const Tensor& a, const Tensor& b);
XG_API Tensor bitwise_not(const Tensor& x);

XG_API Tensor operator+(const Tensor& a, const Tensor& b);
XG_API Tensor operator-(const Tensor& a, const Tensor& b);
XG_API Tensor operator*(const Tensor& a, const Tensor& b);
XG_API Tensor operator/(const Tensor& a, const Tensor& b);
XG_API Tensor operator+(const Tensor& a, Scalar b);
XG_API Tensor operator-(const Tensor& a, Scalar b);
XG_API Tensor operator*(const Tensor& a, Scalar b);
XG_API Tensor operator/(const Tensor& a, Scalar b);
XG_API Tensor operator+(Scalar a, const Tensor& b);
XG_API Tensor operator-(Scalar a, const Tensor& b);
XG_API Tensor operator*(Scalar a, const Tensor& b);
XG_API Tensor operator/(Scalar a, const Tensor& b);
XG_API Tensor operator-(const Tensor& x);
XG_API Tensor operator+(const Tensor& x);

// ---- unary.cpp: powers, exponentials, trigonometry, rounding
XG_API Tensor pow(const Tensor& base, const Tensor& exponent);
XG_API Tensor pow(const Tensor& base, Scalar exponent);
XG_API Tensor pow(Scalar base, const Tensor& exponent);
/// pow in float64
XG_API Tensor float_power(const Tensor& base, const Tensor& exponent);
XG_API Tensor square(const Tensor& x);
XG_API Tensor sqrt(const Tensor& x);
XG_API Tensor rsqrt(const Tensor& x);
XG_API Tensor reciprocal(const Tensor& x);
XG_API Tensor exp(const Tensor& x);
XG_API Tensor exp2(const Tensor& x);
XG_API Tensor expm1(const Tensor& x);
XG_API Tensor log(const Tensor& x);
XG_API Tensor log2(const Tensor& x);
XG_API Tensor log10(const Tensor& x);
XG_API Tensor log1p(const Tensor& x);
XG_API Tensor logaddexp(const Tensor& a, const Tensor& b);
XG_API Tensor logaddexp2(const Tensor& a, const Tensor& b);
XG_API Tensor xlogy(const Tensor& x, const Tensor& y);  ///< x log y, 0 where x is 0
XG_API Tensor sin(const Tensor& x);
XG_API Tensor cos(const Tensor& x);
XG_API Tensor tan(const Tensor& x);
XG_API Tensor asin(const Tensor& x);
XG_API Tensor acos(const Tensor& x);
XG_API Tensor atan(const Tensor& x);
XG_API Tensor atan2(const Tensor& y, const Tensor& x);
XG_API Tensor sinh(const Tensor& x);
XG_API Tensor cosh(const Tensor& x);
XG_API Tensor asinh(const Tensor& x);
XG_API Tensor acosh(const Tensor& x);
XG_API Tensor atanh(const Tensor& x);
XG_API Tensor sinc(const Tensor& x);  ///< sin(pi x) / (pi x)
XG_API Tensor erf(const Tensor& x);
XG_API Tensor erfc(const Tensor& x);
XG_API Tensor floor(const Tensor& x);
XG_API Tensor ceil(const Tensor& x);
XG_API Tensor trunc(const Tensor& x);
XG_API Tensor frac(const Tensor& x);
/// Half to even, at `decimals` decimal places; of tens, hundreds and so on where negative, of integers too.
XG_API Tensor round(const Tensor& x, std::int64_t decimals = 0);
XG_API Tensor deg2rad(const Tensor& x);
XG_API Tensor rad2deg(const Tensor& x);
XG_API Tensor nan_to_num(const Tensor& x, double nan = 0, std::optional<double> posinf = {},
                         std::optional<double> neginf = {});

// ---- activations.cpp
XG_API Tensor relu(const Tensor& x);
XG_API Tensor relu6(const Tensor& x);  ///< clamp(x, 0, 6)
XG_API Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01);
XG_API Tensor prelu(const Tensor& x, const Tensor& weight);
XG_API Tensor elu(const Tensor& x, double alpha = 1.0);
XG_API Tensor selu(const Tensor& x);
XG_API Tensor celu(const Tensor& x, double alpha = 1.0);
enum class GeluApproximation { none, tanh };
XG_API Tensor gelu(const Tensor& x, GeluApproximation approximate = GeluApproximation::none);
XG_API Tensor silu(const Tensor& x);
XG_API Tensor mish(const Tensor& x);
XG_API Tensor sigmoid(const Tensor& x);
/// log(x / (1 - x)), of x cut to [eps, 1 - eps] where an eps is given.
XG_API Tensor logit(const Tensor& x, std::optional<double> eps = {});
XG_API Tensor tanh(const Tensor& x);
XG_API Tensor softplus(const Tensor& x, double beta = 1.0, double threshold = 20.0);
XG_API Tensor softsign(const Tensor& x);
XG_API Tensor logsigmoid(const Tensor& x);
XG_API Tensor hardtanh(const Tensor& x, double min = -1.0, double max = 1.0);  ///< clamp(x, min, max)
XG_API Tensor hardsigmoid(const Tensor& x);
XG_API Tensor hardswish(const Tensor& x);
XG_API Tensor hardshrink(const Tensor& x, double lambda = 0.5);
XG_API Tensor softshrink(const Tensor& x, double lambda = 0.5);
XG_API Tensor tanhshrink(const Tensor& x);
XG_API Tensor threshold(const Tensor& x, double threshold, double value);
/// 1 where x > 0, else 0; derivative 0 everywhere. Its attribution is exact all the same.
XG_API Tensor step(const Tensor& x);

// ---- comparison.cpp: bool results, no derivative; `where` carries derivatives of both branches
XG_API Tensor eq(const Tensor& a, const Tensor& b);
XG_API Tensor ne(const Tensor& a, const Tensor& b);
XG_API Tensor lt(const Tensor& a, const Tensor& b);
XG_API Tensor le(const Tensor& a, const Tensor& b);
XG_API Tensor gt(const Tensor& a, const Tensor& b);
XG_API Tensor ge(const Tensor& a, const Tensor& b);
XG_API Tensor logical_and(const Tensor& a, const Tensor& b);
XG_API Tensor logical_or(const Tensor& a, const Tensor& b);
XG_API Tensor logical_xor(const Tensor& a, const Tensor& b);
XG_API Tensor logical_not(const Tensor& x);
XG_API Tensor isnan(const Tensor& x);
XG_API Tensor isinf(const Tensor& x);
XG_API Tensor isfinite(const Tensor& x);
XG_API Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Is |a - b| <= atol + rtol |b| for all elements?
XG_API bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false);
/// Same shape, same values.
XG_API bool equal(const Tensor& a, const Tensor& b);
/// a where condition, else b. The branch not taken gets the gradient 0, which becomes NaN where that branch itself has an
/// infinite derivative: instead of where(x > 0, sqrt(x), 0) write where(x > 0, sqrt(where(x > 0, x, 1)), 0).
XG_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
XG_API Tensor where(const Tensor& condition, Scalar a, const Tensor& b);
XG_API Tensor where(const Tensor& condition, const Tensor& a, Scalar b);
XG_API Tensor where(const Tensor& condition, Scalar a, Scalar b);
XG_API Tensor operator==(const Tensor& a, const Tensor& b);
XG_API Tensor operator!=(const Tensor& a, const Tensor& b);
XG_API Tensor operator<(const Tensor& a, const Tensor& b);
XG_API Tensor operator<=(const Tensor& a, const Tensor& b);
XG_API Tensor operator>(const Tensor& a, const Tensor& b);
XG_API Tensor operator>=(const Tensor& a, const Tensor& b);
XG_API Tensor operator==(const Tensor& a, Scalar b);
XG_API Tensor operator!=(const Tensor& a, Scalar b);
XG_API Tensor operator<(const Tensor& a, Scalar b);
XG_API Tensor operator<=(const Tensor& a, Scalar b);
XG_API Tensor operator>(const Tensor& a, Scalar b);
XG_API Tensor operator>=(const Tensor& a, Scalar b);
XG_API Tensor operator&(const Tensor& a, const Tensor& b);
XG_API Tensor operator|(const Tensor& a, const Tensor& b);
XG_API Tensor operator^(const Tensor& a, const Tensor& b);
XG_API Tensor operator~(const Tensor& x);

// ---- reductions.cpp; no dims means all of them
struct DtypeOption {
  std::optional<Dtype> dtype = {};  ///< convert the input to this first
};
XG_API Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
XG_API Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false, DtypeOption options = {});
XG_API Tensor prod(const Tensor& x, DtypeOption options = {});
XG_API Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim = false, DtypeOption options = {});
/// Sum of squared deviations over n - correction (two passes).
XG_API Tensor var(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
XG_API Tensor std(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false);
XG_API std::pair<Tensor, Tensor> var_mean(const Tensor& x, const Dims& dims = {}, double correction = 1,
                                          bool keepdim = false);
XG_API std::pair<Tensor, Tensor> std_mean(const Tensor& x, const Dims& dims = {}, double correction = 1,
                                          bool keepdim = false);
XG_API Tensor amax(const Tensor& x, const Dims& dims = {}, bool keepdim = false);  ///< ties share the gradient
XG_API Tensor amin(const Tensor& x, const Dims& dims = {}, bool keepdim = false);  ///< ties share the gradient
XG_API std::pair<Tensor, Tensor> aminmax(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);
XG_API Tensor max(const Tensor& x);
XG_API Tensor min(const Tensor& x);
XG_API std::pair<Tensor, Tensor> max(const Tensor& x, std::int64_t dim, bool keepdim = false);
XG_API std::pair<Tensor, Tensor> min(const Tensor& x, std::int64_t dim, bool keepdim = false);
XG_API Tensor argmax(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);
XG_API Tensor argmin(const Tensor& x, std::optional<std::int64_t> dim = {}, bool keepdim = false);
XG_API Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
XG_API Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
XG_API Tensor count_nonzero(const Tensor& x, const Dims& dims = {});
XG_API Tensor cumsum(const Tensor& x, std::int64_t dim, DtypeOption options = {});
XG_API Tensor cumprod(const Tensor& x, std::int64_t dim, DtypeOption options = {});
XG_API Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim = false);
XG_API Tensor softmax(const Tensor& x, std::int64_t dim, DtypeOption options = {});
XG_API Tensor softmin(const Tensor& x, std::int64_t dim, DtypeOption options = {});
XG_API Tensor log_softmax(const Tensor& x, std::int64_t dim, DtypeOption options = {});
/// (sum |x|^p)^(1/p); p may be 0, 1, 2, +-infinity or any other.
XG_API Tensor vector_norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);
XG_API Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);
XG_API Tensor dist(const Tensor& a, const Tensor& b, double p = 2);
/// Sums x over broadcast dimensions until it has `shape`. Throws ShapeError where it cannot.
XG_API Tensor sum_to_size(const Tensor& x, const Shape& shape);
XG_API Tensor trace(const Tensor& x);

// ---- sorting.cpp: stable; gradients flow to where values came from
XG_API std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
XG_API Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
XG_API std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true,
                                      bool sorted = true);
/// Sorted distinct values, where each element went, how often each occurs.
XG_API std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x);

// ---- shape.cpp: views where strides allow
XG_API Tensor reshape(const Tensor& x, const Shape& shape);
XG_API Tensor view(const Tensor& x, const Shape& shape);  ///< as reshape, but throws ShapeError rather than copy
XG_API Tensor flatten(const Tensor& x, std::int64_t start_dim = 0, std::int64_t end_dim = -1);
XG_API Tensor unflatten(const Tensor& x, std::int64_t dim, const Shape& sizes);
XG_API Tensor ravel(const Tensor& x);
XG_API Tensor transpose(const Tensor& x, std::int64_t dim0, std::int64_t dim1);
XG_API Tensor permute(const Tensor& x, const Dims& dims);
XG_API Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);
XG_API Tensor t(const Tensor& x);
XG_API Tensor squeeze(const Tensor& x);
XG_API Tensor squeeze(const Tensor& x, const Dims& dims);
XG_API Tensor unsqueeze(const Tensor& x, std::int64_t dim);
XG_API Tensor expand(const Tensor& x, const Shape& shape);  ///< -1 keeps a size
XG_API Tensor broadcast_to(const Tensor& x, const Shape& shape);
XG_API std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);
XG_API Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1);
XG_API Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
XG_API Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
XG_API Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1);
XG_API std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim = 0);
XG_API std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim = 0);
XG_API std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim = 0);
XG_API std::vector<Tensor> tensor_split(const Tensor& x, std::int64_t sections, std::int64_t dim = 0);
XG_API std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<std::int64_t>& indices, std::int64_t dim = 0);
XG_API std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim = 0);
XG_API Tensor atleast_1d(const Tensor& x);
XG_API Tensor atleast_2d(const Tensor& x);
XG_API Tensor atleast_3d(const Tensor& x);
XG_API Tensor contiguous(const Tensor& x);
XG_API Tensor clone(const Tensor& x);
XG_API Tensor detach(const Tensor& x);
XG_API Tensor to(const Tensor& x, Dtype dtype);

// ---- joining.cpp
XG_API Tensor cat(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
XG_API Tensor stack(const std::vector<Tensor>& tensors, std::int64_t dim = 0);
XG_API Tensor hstack(const std::vector<Tensor>& tensors);
XG_API Tensor vstack(const std::vector<Tensor>& tensors);
XG_API Tensor dstack(const std::vector<Tensor>& tensors);
XG_API Tensor column_stack(const std::vector<Tensor>& tensors);
XG_API Tensor repeat(const Tensor& x, const Shape& repeats);
XG_API Tensor tile(const Tensor& x, const Shape& repeats);
XG_API Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::optional<std::int64_t> dim = {});
XG_API Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<std::int64_t> dim = {});
XG_API Tensor flip(const Tensor& x, const Dims& dims);
XG_API Tensor fliplr(const Tensor& x);
XG_API Tensor flipud(const Tensor& x);
XG_API Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims = {});
XG_API Tensor tril(const Tensor& x, std::int64_t diagonal = 0);
XG_API Tensor triu(const Tensor& x, std::int64_t diagonal = 0);
XG_API Tensor diag(const Tensor& x, std::int64_t diagonal = 0);
XG_API Tensor diag_embed(const Tensor& x, std::int64_t offset = 0, std::int64_t dim1 = -2, std::int64_t dim2 = -1);
XG_API Tensor diagflat(const Tensor& x, std::int64_t offset = 0);
XG_API Tensor diff(const Tensor& x, std::int64_t n = 1, std::int64_t dim = -1, const Tensor& prepend = {},
                   const Tensor& append = {});
enum class Indexing { ij, xy };
XG_API std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, Indexing indexing = Indexing::ij);
enum class PadMode { constant, reflect, replicate, circular };
/// `padding` is (before, after) from the last dimension backwards; negative numbers cut (constant and replicate).
XG_API Tensor pad(const Tensor& x, const std::vector<std::int64_t>& padding, PadMode mode = PadMode::constant,
                  double value = 0);

// ---- indexing.cpp
/// One entry of an index: a number, a Slice, `newaxis`, `ellipsis`, a mask or an integer tensor.
struct Slice {
  std::optional<std::int64_t> start = {}, stop = {};
  std::int64_t step = 1;
};
struct NewAxis {};
struct Ellipsis {};
inline constexpr NewAxis newaxis{};
inline constexpr Ellipsis ellipsis{};
class Index {
 public:
  enum class Kind { number, slice, newaxis, ellipsis, tensor };
  template <std::integral T>
    requires(!std::is_same_v<T, bool>)
  Index(T number) : kind(Kind::number), number(static_cast<std::int64_t>(number)) {}  // NOLINT: a number is an index
  Index(Slice slice) : kind(Kind::slice), slice(slice) {}                              // NOLINT
  Index(NewAxis) : kind(Kind::newaxis) {}                                              // NOLINT
  Index(Ellipsis) : kind(Kind::ellipsis) {}                                            // NOLINT
  Index(Tensor tensor) : kind(Kind::tensor), tensor(std::move(tensor)) {}              // NOLINT

  Kind kind;
  std::int64_t number = 0;
  Slice slice = {};
  Tensor tensor = {};
};
/// x[i, j, ...] by NumPy's rules: numbers and slices view, tensors copy.
XG_API Tensor index(const Tensor& x, const std::vector<Index>& indices);
XG_API Tensor index_put(const Tensor& x, const std::vector<Index>& indices, const Tensor& values, bool accumulate = false);
XG_API Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
XG_API Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source, Scalar alpha = 1);
XG_API Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
XG_API Tensor index_fill(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);
XG_API Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
XG_API Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, Scalar value);
XG_API Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source);
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, Scalar value);
XG_API Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
XG_API Tensor masked_select(const Tensor& x, const Tensor& mask);
XG_API Tensor take(const Tensor& x, const Tensor& index);
XG_API Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<std::int64_t> dim = {});
XG_API Tensor nonzero(const Tensor& x);
XG_API Tensor one_hot(const Tensor& index, std::int64_t num_classes = -1);
/// Rows of `weight` [n, d] picked by `index` of any shape: [..., d]. Throws IndexError for an index out of range.
XG_API Tensor embedding(const Tensor& index, const Tensor& weight);

// ---- products.cpp: BLAS, with strides read as transpose flags
XG_API Tensor matmul(const Tensor& a, const Tensor& b);
XG_API Tensor mm(const Tensor& a, const Tensor& b);
XG_API Tensor mv(const Tensor& a, const Tensor& x);
XG_API Tensor bmm(const Tensor& a, const Tensor& b);
XG_API Tensor dot(const Tensor& a, const Tensor& b);
XG_API Tensor inner(const Tensor& a, const Tensor& b);
XG_API Tensor outer(const Tensor& a, const Tensor& b);
/// beta * x + alpha * a b
XG_API Tensor addmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
XG_API Tensor addmv(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
XG_API Tensor addr(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
XG_API Tensor addbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
XG_API Tensor baddbmm(const Tensor& x, const Tensor& a, const Tensor& b, Scalar beta = 1, Scalar alpha = 1);
XG_API Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& dims_a, const Dims& dims_b);
XG_API Tensor einsum(StringRef equation, const std::vector<Tensor>& operands);
XG_API Tensor cross(const Tensor& a, const Tensor& b, std::int64_t dim = -1);
XG_API Tensor vecdot(const Tensor& a, const Tensor& b, std::int64_t dim = -1);

// ---- layers.cpp: what layers are made of
/// x W^T + b; x [..., in], weight [out, in], bias [out] or undefined.
XG_API Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// (x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, as many as `normalized_shape` has.
XG_API Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                         const Tensor& bias = {}, double eps = 1e-5);
/// x / sqrt(mean(x^2) + eps) * weight over the last dimensions.
XG_API Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                       std::optional<double> eps = {});
/// Normalizes each channel (dimension 1): by the batch's statistics while training, which also update the running ones
/// (running = (1 - momentum) running + momentum batch, the variance unbiased), else by the running ones.
XG_API Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight = {},
                         const Tensor& bias = {}, bool training = false, double momentum = 0.1, double eps = 1e-5);
/// Zero with probability p, else x / (1 - p). The mask is a function of a counter and is not stored.
XG_API Tensor dropout(const Tensor& x, double p = 0.5, bool training = true, Generator* generator = nullptr);
XG_API Tensor normalize(const Tensor& x, double p = 2, std::int64_t dim = 1, double eps = 1e-12);
XG_API Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim = 1, double eps = 1e-8);
XG_API Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p = 2, double eps = 1e-6, bool keepdim = false);

}  // namespace xg
