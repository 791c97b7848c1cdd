// The tensor handle: one pointer to a counted record. Copies share the record, views share storage, an undefined tensor
// is null.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor_impl.hpp>

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

class Generator;
struct Index;
class Tensor;

/// Options of Tensor::sample().
struct SampleOptions {
  std::optional<std::uint64_t> seed = {};  ///< seed of a separate random stream; the default generator without one
  bool replace = false;                    ///< whether a row may be drawn more than once
};

/// Options of creation functions.
struct TensorOptions {
  std::optional<Dtype> dtype = {};  ///< default_dtype() unless the function says otherwise
  bool requires_grad = false;       ///< a leaf whose gradient is accumulated
  Generator* generator = nullptr;   ///< for random functions; the default generator if null
};

/// Options of `backward` (see autograd/engine.hpp for `grad`).
struct BackwardOptions {
  bool retain_graph = false;  ///< keep saved tensors for another sweep
  bool create_graph = false;  ///< record the sweep itself, for higher derivatives
};

/// Throws the ValueError for the use of an undefined tensor.
[[noreturn]] XG_API void throw_undefined();

/// An n-dimensional array on the CPU with a dtype and, optionally, a gradient graph.
///
/// Methods named after an op call it: autograd/ops.hpp documents shapes and exceptions in full. A trailing underscore
/// means that the tensor is changed in place. Negative dimensions count from the end.
class XG_API Tensor {
 public:
  Tensor() = default;  ///< an undefined tensor: its use throws ValueError
  /// Another handle on the same tensor.
  Tensor(const Tensor& other) noexcept : impl_(other.impl_) {
    if (impl_ != nullptr) impl_->refs.acquire();
  }
  Tensor(Tensor&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}  ///< leaves `other` undefined
  /// Makes this a handle on another tensor; no elements are copied. Deleted for temporaries: `a[0] = b` would change
  /// only a temporary handle.
  Tensor& operator=(const Tensor& other) & noexcept {
    Tensor copy(other);
    std::swap(impl_, copy.impl_);
    return *this;
  }
  /// Move assignment; leaves `other` undefined.
  Tensor& operator=(Tensor&& other) & noexcept {
    if (this != &other) {
      reset();
      impl_ = std::exchange(other.impl_, nullptr);
    }
    return *this;
  }
  /// Values cannot be assigned to a temporary handle; `x[0].copy_(y)` and `x[0].fill_(1)` write into x.
  template <class T> void operator=(const T&) && = delete;  // write x[0].copy_(y) or x[0].fill_(1) for x[0] = y
  ~Tensor() { reset(); }                                    ///< the last handle releases record, elements and graph

  // ---- properties
  bool defined() const noexcept { return impl_ != nullptr; }  ///< whether there is a tensor
  const Shape& shape() const { return impl().shape(); }       ///< the size of each dimension
  const Shape& sizes() const { return impl().shape(); }       ///< shape()
  const Shape& strides() const { return impl().strides(); }   ///< of each dimension, in elements
  std::int64_t size(std::int64_t dim) const;                  ///< size of one dimension; throws IndexError
  std::int64_t stride(std::int64_t dim) const;                ///< stride of one dimension; throws IndexError
  std::int64_t dim() const { return static_cast<std::int64_t>(impl().shape().size()); }  ///< the number of dimensions
  std::int64_t ndim() const { return dim(); }                                            ///< dim()
  std::int64_t numel() const { return impl().numel(); }                                  ///< the number of elements
  Dtype dtype() const { return impl().dtype; }                                           ///< the type of the elements
  bool is_floating_point() const { return is_floating(dtype()); }  ///< whether it is float32 or float64
  bool is_contiguous() const { return impl().contiguous(); }       ///< whether it is row-major without gaps
  /// The number of in-place writes to the storage, through this tensor and all that share it.
  std::uint32_t version() const { return impl().storage().version.load(std::memory_order_relaxed); }
  /// Whether both handles refer to the same tensor, not merely to equal values.
  bool is_same(const Tensor& other) const noexcept { return impl_ == other.impl_; }
  /// Whether both use the same storage, as a view and its base do. They need not overlap.
  bool shares_storage(const Tensor& other) const noexcept {
    return impl_ != nullptr && other.impl_ != nullptr && &impl_->storage() == &other.impl_->storage();
  }
  std::string str() const;   ///< in NumPy's format, summarized above 1,000 elements
  std::string repr() const;  ///< with shape, dtype and grad_fn

  // ---- elements
  /// A pointer to the first element; the others are at multiples of strides(). Throws DtypeError unless T is the
  /// dtype's type.
  template <class T> const T* data() const { return static_cast<const T*>(checked_data(dtype_of<T>)); }
  /// Mutable access. It counts as an in-place write, so that a graph that saved the tensor reports the change. Throws
  /// DtypeError unless T is the dtype's type.
  template <class T> T* mutable_data() { return static_cast<T*>(checked_mutable_data(dtype_of<T>)); }
  /// The value of a one-element tensor, converted to T. Throws ShapeError for any other number of elements, ValueError
  /// where T is an integer type that cannot hold the value.
  template <class T = double> T item() const { return item_scalar().template to<T>("item"); }
  /// The value of a one-element tensor, in its category. Throws ShapeError for any other number of elements.
  Scalar item_scalar() const;
  /// All elements in row-major order, converted as by `to`.
  template <class T = double> std::vector<T> to_vector() const {
    if constexpr (std::is_same_v<T, bool>) {
      const std::vector<std::uint8_t> bytes = to(Dtype::uint8).template to_vector<std::uint8_t>();
      return std::vector<bool>(bytes.begin(), bytes.end());
    } else {
      // The elements are copied before the list is made, so that an expanded tensor that exceeds memory is an
      // xg::Error.
      const Tensor dense = as_dense(dtype_of<T>);
      const auto* first = static_cast<const T*>(dense.impl().data);
      return std::vector<T>(first, first + dense.numel());
    }
  }

  // ---- autograd
  /// Whether it is part of a graph: a leaf that requires grad, or a recorded result.
  bool requires_grad() const;
  /// Sets whether a leaf requires grad. Throws AutogradError when turning it off for a non-leaf, and for tensors made
  /// in InferenceMode; DtypeError unless floating-point.
  Tensor& requires_grad_(bool value = true);
  bool is_leaf() const;  ///< whether it is not the result of a recorded op
  /// The accumulated gradient; undefined before the first backward, and for non-leaves without retain_grad().
  const Tensor& grad() const;
  /// Replaces a leaf's gradient; an undefined one clears it. Throws AutogradError unless this is a leaf that requires
  /// grad, ShapeError where shape or dtype differ from this tensor's.
  void set_grad(Tensor grad);
  void zero_grad();  ///< clears the gradient
  /// Keeps this non-leaf's gradient in `grad()` during backward. Throws AutogradError without a graph.
  void retain_grad();
  std::string grad_fn_name() const;  ///< "mul", "leaf", or "" without a graph
  /// Calls `hook` with the gradient of this tensor in every backward; a defined result replaces it. Returns a handle
  /// for `remove_hook`. Throws AutogradError without a graph.
  std::int64_t register_hook(std::function<Tensor(const Tensor&)> hook);
  void remove_hook(std::int64_t handle);  ///< throws ValueError for an unknown handle
  /// Accumulates d this / d leaf into the leaves' grad(), for a one-element tensor. Throws ShapeError for more
  /// elements, AutogradError as xg::backward (autograd/engine.hpp).
  void backward(BackwardOptions options = {}) const;
  /// Accumulates d <gradient, this> / d leaf into the leaves' grad(). Throws ShapeError unless `gradient` has this
  /// tensor's shape, AutogradError as xg::backward.
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;
  /// The same elements without a graph; shares storage.
  Tensor detach() const;
  /// Leaves the graph and becomes a leaf. Throws AutogradError for a view of a tensor in a graph.
  Tensor& detach_();

  // ---- dtype and memory
  /// The elements converted to a dtype; this tensor itself if it has that dtype. Conversion to an integer dtype
  /// discards the fraction, saturates at the limits of the dtype, and turns NaN into 0.
  Tensor to(Dtype dtype) const;
  Tensor contiguous() const;  ///< this tensor itself if it is row-major without gaps, else a copy
  Tensor clone() const;       ///< a copy with memory of its own
  /// Overwrites the elements with those of `source`, which broadcasts to this shape and is converted as by `to`. Throws
  /// ShapeError where it does not broadcast, AutogradError as every in-place method.
  Tensor& copy_(const Tensor& source);
  /// Overwrites every element. Throws ValueError where an integer dtype cannot hold the value, AutogradError as every
  /// in-place method.
  Tensor& fill_(Scalar value);
  Tensor& zero_();  ///< fill_(0)
  /// `n` random rows, drawn without replacement by default: [n, ...]. Throws ValueError for a negative n or one that
  /// exceeds the rows, ShapeError for a 0-d tensor.
  Tensor sample(std::int64_t n, SampleOptions options = {}) const;

  // ---- views: they share memory wherever strides allow it
  Tensor operator[](std::int64_t index) const;   ///< select(0, index)
  Tensor operator[](const Tensor& index) const;  ///< by mask or by integer tensor
  /// x[i, j, ...] by NumPy's rules: numbers and slices give a view, negative steps, masks and integer tensors a copy.
  /// Throws as xg::index.
  Tensor index(const std::vector<Index>& indices) const;
  /// x[i, j, ...] = values, which broadcast to the indexed part; with `accumulate`, they are added to it. Throws as
  /// xg::index_put.
  Tensor& index_put_(const std::vector<Index>& indices, const Tensor& values, bool accumulate = false);
  /// x[i, j, ...] = value. Throws as xg::index_put.
  Tensor& index_put_(const std::vector<Index>& indices, Scalar value, bool accumulate = false);
  /// Elements start, start + step, ... below stop of a dimension. Negative bounds count from the end; bounds out of
  /// range are clamped. Throws as xg::slice.
  Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const;
  /// x at `index` along `dim`; `dim` is removed. A negative index counts from the end. Throws IndexError out of range.
  Tensor select(std::int64_t dim, std::int64_t index) const;
  /// `length` elements of a dimension from `start` on. Throws as xg::narrow.
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  /// The elements in row-major order in another shape; one size may be -1 and is inferred. A copy where strides allow
  /// no view. Throws ShapeError where the numbers of elements differ.
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;  ///< as reshape, but throws ShapeError rather than copy
  /// Merges dimensions start_dim to end_dim into one. Throws ValueError where start_dim comes after end_dim.
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  /// Splits dimension `dim` into several of the given sizes, one of which may be -1. Throws ShapeError unless their
  /// product is its size.
  Tensor unflatten(std::int64_t dim, const Shape& sizes) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;  ///< two dimensions exchanged
  /// Dimension i of the result is dimension dims[i]. Throws ShapeError unless each is named.
  Tensor permute(const Dims& dims) const;
  Tensor t() const;        ///< the transpose of a matrix; x itself for fewer dimensions, ShapeError for more
  Tensor mT() const;       ///< the last two dimensions exchanged; fewer are a ShapeError
  Tensor squeeze() const;  ///< removes dimensions of size 1
  Tensor squeeze(const Dims& dims) const;    ///< removes those of these dimensions that have size 1
  Tensor unsqueeze(std::int64_t dim) const;  ///< inserts a dimension of size 1 at `dim`
  /// Repeats dimensions of size 1 to the sizes of `shape`, in which -1 keeps a size, and adds leading dimensions,
  /// without a copy. Throws ShapeError where any other size differs.
  Tensor expand(const Shape& shape) const;
  Tensor expand_as(const Tensor& other) const;  ///< expand(other.shape())
  Tensor repeat(const Shape& repeats) const;  ///< a copy tiled repeats[i] times along dimension i; throws as xg::repeat
  /// The elements x[.., i, .., i + offset, ..] of dim1 and dim2; i becomes the last dimension. Throws ShapeError unless
  /// the two differ.
  Tensor diagonal(std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1) const;
  /// Parts of `size` along a dimension, the last of which may be smaller. Throws as xg::split.
  std::vector<Tensor> split(std::int64_t size, std::int64_t dim = 0) const;
  /// At most `chunks` parts of one size along a dimension, the last of which may be smaller. Throws ValueError unless
  /// chunks is positive.
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0) const;  ///< select(dim, i) for every i; throws as xg::unbind

  // ---- indexing by tensors
  /// The slices along `dim` that a vector of integers names: [..., index.numel(), ...]. Throws IndexError out of range,
  /// DtypeError unless the index is int32 or int64.
  Tensor index_select(std::int64_t dim, const Tensor& index) const;
  /// out[i, j, k] = x[i, index[i, j, k], k] for dim = 1, of the shape of the index. Throws as xg::gather.
  Tensor gather(std::int64_t dim, const Tensor& index) const;
  /// `value` where the mask is true, else x; they broadcast. Throws DtypeError unless the mask is bool.
  Tensor masked_fill(const Tensor& mask, Scalar value) const;
  /// The elements where the mask is true, in row-major order: [count]. Throws DtypeError unless the mask is bool.
  Tensor masked_select(const Tensor& mask) const;
  Tensor& masked_fill_(const Tensor& mask, Scalar value);  ///< masked_fill in place
  /// x in which elements where the mask is true are those of source, in order. Throws as xg::masked_scatter.
  Tensor masked_scatter(const Tensor& mask, const Tensor& source) const;
  /// x reduced with all elements of source that the index sends to one place. Throws as xg::scatter_reduce.
  Tensor scatter_reduce(std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                        bool include_self = true) const;
  /// x reduced with the slices of source that a vector of integers sends to one place. Throws as xg::index_reduce.
  Tensor index_reduce(std::int64_t dim, const Tensor& index, const Tensor& source, StringRef reduce,
                      bool include_self = true) const;
  /// x with source in place of select(dim, index); throws as xg::select_scatter.
  Tensor select_scatter(const Tensor& source, std::int64_t dim, std::int64_t index) const;
  /// x with source in place of a slice; throws as xg::slice_scatter.
  Tensor slice_scatter(const Tensor& source, std::int64_t dim = 0, std::optional<std::int64_t> start = {},
                       std::optional<std::int64_t> end = {}, std::int64_t step = 1) const;
  /// x with source in place of a diagonal; throws as xg::diagonal_scatter.
  Tensor diagonal_scatter(const Tensor& source, std::int64_t offset = 0, std::int64_t dim1 = 0,
                          std::int64_t dim2 = 1) const;
  Tensor argwhere() const;  ///< coordinates of the nonzero elements: int64 [count, dim()]
  /// Windows of `size` elements along a dimension, every `step` elements, as a view. Throws as xg::unfold.
  Tensor unfold(std::int64_t dim, std::int64_t size, std::int64_t step) const;
  /// x turned k times by 90 degrees from dims[0] towards dims[1]. Throws as xg::rot90.
  Tensor rot90(std::int64_t k = 1, const Dims& dims = {0, 1}) const;

  // ---- elementwise
  Tensor abs() const;                             ///< |x|
  Tensor neg() const;                             ///< -x
  Tensor exp() const;                             ///< e^x
  Tensor expm1() const;                           ///< e^x - 1, accurate near 0
  Tensor log() const;                             ///< the natural logarithm
  Tensor log1p() const;                           ///< log(1 + x), accurate near 0
  Tensor sqrt() const;                            ///< the square root
  Tensor rsqrt() const;                           ///< 1 / sqrt(x)
  Tensor square() const;                          ///< x^2
  Tensor sin() const;                             ///< sin(x), x in radians
  Tensor cos() const;                             ///< cos(x), x in radians
  Tensor tanh() const;                            ///< the hyperbolic tangent
  Tensor sigmoid() const;                         ///< 1 / (1 + e^-x)
  Tensor relu() const;                            ///< max(x, 0)
  Tensor sign() const;                            ///< -1, 0 or 1
  Tensor floor() const;                           ///< the largest integer not above x
  Tensor ceil() const;                            ///< the smallest integer not below x
  Tensor trunc() const;                           ///< x rounded towards 0
  Tensor round(std::int64_t decimals = 0) const;  ///< x rounded to nearest, halves to even
  Tensor reciprocal() const;                      ///< 1 / x
  Tensor pow(const Tensor& exponent) const;       ///< x^exponent
  Tensor pow(Scalar exponent) const;              ///< x^exponent
  /// min(max(x, min), max); either bound may be absent. Throws ValueError where both are.
  Tensor clamp(std::optional<Scalar> min, std::optional<Scalar> max = {}) const;
  Tensor add(const Tensor& other) const;  ///< x + other
  Tensor sub(const Tensor& other) const;  ///< x - other
  Tensor mul(const Tensor& other) const;  ///< x other
  Tensor div(const Tensor& other) const;  ///< x / other; integers give a floating-point quotient
  Tensor add(Scalar other) const;         ///< x + other
  Tensor sub(Scalar other) const;         ///< x - other
  Tensor mul(Scalar other) const;         ///< x other
  Tensor div(Scalar other) const;         ///< x / other; integers give a floating-point quotient
  Tensor isnan() const;                   ///< true where x is NaN
  Tensor isinf() const;                   ///< true where x is infinite
  Tensor isfinite() const;                ///< true where x is neither NaN nor infinite

  // ---- in place: `other` broadcasts to this shape. AutogradError for a leaf that requires grad outside NoGrad,
  // ShapeError where the result has another shape or elements share memory, DtypeError where this dtype cannot hold the
  // result.
  Tensor& add_(const Tensor& other);                                     ///< x + other in place
  Tensor& sub_(const Tensor& other);                                     ///< x - other in place
  Tensor& mul_(const Tensor& other);                                     ///< x other in place
  Tensor& div_(const Tensor& other);                                     ///< x / other in place; floating-point only
  Tensor& add_(Scalar other);                                            ///< x + other in place
  Tensor& sub_(Scalar other);                                            ///< x - other in place
  Tensor& mul_(Scalar other);                                            ///< x other in place
  Tensor& div_(Scalar other);                                            ///< x / other in place; floating-point only
  Tensor& remainder_(const Tensor& other);                               ///< remainder in place
  Tensor& remainder_(Scalar other);                                      ///< remainder in place
  Tensor& operator+=(const Tensor& other) { return add_(other); }        ///< add_
  Tensor& operator-=(const Tensor& other) { return sub_(other); }        ///< sub_
  Tensor& operator*=(const Tensor& other) { return mul_(other); }        ///< mul_
  Tensor& operator/=(const Tensor& other) { return div_(other); }        ///< div_
  Tensor& operator+=(Scalar other) { return add_(other); }               ///< add_
  Tensor& operator-=(Scalar other) { return sub_(other); }               ///< sub_
  Tensor& operator*=(Scalar other) { return mul_(other); }               ///< mul_
  Tensor& operator/=(Scalar other) { return div_(other); }               ///< div_
  Tensor& operator%=(const Tensor& other) { return remainder_(other); }  ///< remainder_
  Tensor& operator%=(Scalar other) { return remainder_(other); }         ///< remainder_
  Tensor& clamp_(std::optional<Scalar> min, std::optional<Scalar> max = {});  ///< clamp in place
  Tensor& exp_();                                                             ///< exp in place
  Tensor& relu_();                                                            ///< relu in place
  Tensor& sigmoid_();                                                         ///< sigmoid in place
  Tensor& tanh_();                                                            ///< tanh in place
  Tensor& neg_();                                                             ///< neg in place
  Tensor& sqrt_();                                                            ///< sqrt in place

  // ---- random, in place: from the default generator unless given one
  /// Uniform in [low, high). Throws ValueError unless low <= high and both are finite, DtypeError unless
  /// floating-point.
  Tensor& uniform_(double low = 0, double high = 1, Generator* generator = nullptr);
  /// Normal with the given mean and standard deviation. Throws ValueError for a negative std, DtypeError unless
  /// floating-point.
  Tensor& normal_(double mean = 0, double std = 1, Generator* generator = nullptr);
  /// 1 with probability p, else 0, in any dtype. Throws ValueError for p outside [0, 1].
  Tensor& bernoulli_(double p = 0.5, Generator* generator = nullptr);

  // ---- reductions: over `dims`, or over all dimensions if none is given. Reduced dimensions are removed, or keep size
  // 1 with `keepdim`. ValueError where a dimension is named twice, IndexError where it does not exist.
  Tensor sum(const Dims& dims = {}, bool keepdim = false) const;   ///< the sum; int64 for integers and bools
  Tensor mean(const Dims& dims = {}, bool keepdim = false) const;  ///< the mean; DtypeError unless floating-point
  Tensor prod() const;                                             ///< the product of all elements
  Tensor prod(std::int64_t dim, bool keepdim = false) const;       ///< the product along a dimension
  /// sum (x - mean)^2 / (n - correction). Throws DtypeError unless floating-point.
  Tensor var(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;
  Tensor std(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;  ///< sqrt(var); throws as var
  Tensor max() const;  ///< the largest element; ShapeError for no elements
  Tensor min() const;  ///< the smallest element; ShapeError for no elements
  std::pair<Tensor, Tensor> max(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  std::pair<Tensor, Tensor> min(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  Tensor amax(const Dims& dims = {}, bool keepdim = false) const;  ///< the maximum; ties share the gradient
  Tensor amin(const Dims& dims = {}, bool keepdim = false) const;  ///< the minimum; ties share the gradient
  /// The index of the largest element along a dimension, or of the flattened tensor if none is given: int64. Throws
  /// ShapeError for no elements.
  Tensor argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// The index of the smallest element, as argmax.
  Tensor argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// The pair (amin, amax) along a dimension, or of all elements. Throws ShapeError for no elements.
  std::pair<Tensor, Tensor> aminmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  Tensor all(const Dims& dims = {}, bool keepdim = false) const;  ///< whether no element is 0: bool
  Tensor any(const Dims& dims = {}, bool keepdim = false) const;  ///< whether an element is not 0: bool
  Tensor count_nonzero(const Dims& dims = {}) const;              ///< the number of nonzero elements: int64
  /// (sum |x|^p)^(1/p) for any p, including 0 and +-infinity. Throws as xg::vector_norm.
  Tensor norm(double p = 2, const Dims& dims = {}, bool keepdim = false) const;
  Tensor dist(const Tensor& other, double p = 2) const;            ///< the norm of x - other
  Tensor trace() const;                                            ///< the sum of a matrix's diagonal
  Tensor cumsum(std::int64_t dim) const;                           ///< cumulative sums along a dimension
  Tensor cumprod(std::int64_t dim) const;                          ///< cumulative products along a dimension
  Tensor logsumexp(const Dims& dims, bool keepdim = false) const;  ///< log(sum e^x), without overflow
  Tensor softmax(std::int64_t dim) const;      ///< e^x / sum e^x along a dimension; DtypeError unless floating-point
  Tensor log_softmax(std::int64_t dim) const;  ///< x - log(sum e^x) along a dimension; throws as softmax
  /// The values in order along a dimension, and their original indices (int64). The sort is stable; NaN counts as
  /// larger than all numbers.
  std::pair<Tensor, Tensor> sort(std::int64_t dim = -1, bool descending = false) const;
  Tensor argsort(std::int64_t dim = -1, bool descending = false) const;  ///< the indices that sort gives
  /// The k largest (or smallest) elements along a dimension, best first, and their indices (int64). Throws ValueError
  /// for a k that is negative or larger than the dimension.
  std::pair<Tensor, Tensor> topk(std::int64_t k, std::int64_t dim = -1, bool largest = true) const;
  Tensor msort() const;  ///< the values in order along dimension 0
  /// The k-th smallest elements along a dimension, and their indices (int64). Throws as xg::kthvalue.
  std::pair<Tensor, Tensor> kthvalue(std::int64_t k, std::int64_t dim = -1, bool keepdim = false) const;
  /// The most frequent elements along a dimension, and their last indices (int64). Throws as xg::mode.
  std::pair<Tensor, Tensor> mode(std::int64_t dim = -1, bool keepdim = false) const;
  Tensor median() const;  ///< the lower middle element of all, NaN where there is one
  /// The lower middle elements along a dimension, and their indices (int64). Throws as xg::median.
  std::pair<Tensor, Tensor> median(std::int64_t dim, bool keepdim = false) const;
  Tensor nanmedian() const;  ///< median of the elements that are not NaN
  /// median along a dimension of the elements that are not NaN. Throws as xg::nanmedian.
  std::pair<Tensor, Tensor> nanmedian(std::int64_t dim, bool keepdim = false) const;
  /// The q-quantiles along a dimension or of all elements, interpolated linearly. Throws as xg::quantile.
  Tensor quantile(double q, std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// quantile for a vector of q, which gives a new first dimension.
  Tensor quantile(const Tensor& q, std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// quantile of the elements that are not NaN.
  Tensor nanquantile(double q, std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// nanquantile for a vector of q, which gives a new first dimension.
  Tensor nanquantile(const Tensor& q, std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  Tensor nansum(const Dims& dims = {}, bool keepdim = false) const;   ///< sum of the elements that are not NaN
  Tensor nanmean(const Dims& dims = {}, bool keepdim = false) const;  ///< mean of the elements that are not NaN
  /// The largest element up to each place along a dimension, and its index (int64).
  std::pair<Tensor, Tensor> cummax(std::int64_t dim) const;
  /// The smallest element up to each place along a dimension, and its index (int64).
  std::pair<Tensor, Tensor> cummin(std::int64_t dim) const;
  /// The covariance matrix of rows as variables. Throws as xg::cov.
  Tensor cov(std::int64_t correction = 1) const;
  /// cov with weights of the observations, either of which may be undefined.
  Tensor cov(std::int64_t correction, const Tensor& fweights, const Tensor& aweights) const;
  Tensor corrcoef() const;  ///< the correlation matrix of rows as variables; throws as xg::corrcoef
  Tensor bincount() const;  ///< how often each number occurs in a vector of integers; throws as xg::bincount
  /// The sum of the weights of each number in a vector of integers. Throws as xg::bincount.
  Tensor bincount(const Tensor& weights, std::int64_t minlength = 0) const;
  /// Counts of elements in equal intervals. Throws as xg::histc.
  Tensor histc(std::int64_t bins = 100, Scalar min = 0, Scalar max = 0) const;
  /// x with slices along a dimension scaled down to a norm. Throws as xg::renorm.
  Tensor renorm(double p, std::int64_t dim, double maxnorm) const;

  // ---- products
  /// The matrix product over the last two dimensions; leading dimensions broadcast. A vector is a row on the left, a
  /// column on the right. Throws ShapeError where shapes do not match, DtypeError where dtypes differ.
  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& other) const;   ///< matmul of two matrices
  Tensor dot(const Tensor& other) const;  ///< the scalar product of two vectors

  // ---- for the library itself
  /// The record that the handle points to. Throws ValueError for an undefined tensor.
  detail::TensorImpl& impl() const {
    if (impl_ == nullptr) [[unlikely]]
      throw_undefined();
    return *impl_;
  }
  /// The record, or null for an undefined tensor.
  detail::TensorImpl* unsafe_impl() const noexcept { return impl_; }
  /// A handle that takes over a counted reference of the caller.
  static Tensor adopt(detail::TensorImpl* impl) noexcept {
    Tensor tensor;
    tensor.impl_ = impl;
    return tensor;
  }
  /// Passes the counted reference to the caller and leaves this undefined.
  detail::TensorImpl* release() noexcept { return std::exchange(impl_, nullptr); }

 private:
  void reset() noexcept {
    detail::TensorImpl* impl = std::exchange(impl_, nullptr);
    if (impl != nullptr && impl->refs.release_is_last()) detail::destroy_impl(impl);
  }
  const void* checked_data(Dtype dtype) const;
  void* checked_mutable_data(Dtype dtype);
  Tensor as_dense(Dtype dtype) const;
  Tensor substitute_for_reading() const;

  detail::TensorImpl* impl_ = nullptr;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// Options of printing.
struct PrintOptions {
  int precision = 4;              ///< maximum number of digits after the point
  std::int64_t threshold = 1000;  ///< tensors with more elements are summarized
  std::int64_t edge_items = 3;    ///< elements shown at each end of a dimension, when summarized
  int line_width = 80;            ///< maximum number of columns per line
};
/// Sets how the calling thread prints tensors. Throws ValueError for numbers that are negative or too large, and for
/// lines of fewer than 16 columns.
XG_API void set_print_options(PrintOptions options);
/// How the calling thread prints tensors.
XG_API PrintOptions print_options();

/// The dimension that `dim` means in a tensor of `ndim` dimensions. Throws IndexError, naming `op`.
XG_API std::int64_t normalize_dim(const char* op, std::int64_t dim, std::int64_t ndim);

/// The shape that both broadcast to by NumPy's rules. Throws ShapeError, naming `op`.
XG_API Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

}  // namespace xg
