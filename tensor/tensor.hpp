// The tensor handle: one pointer to a counted record. Copies share, views share storage, undefined is null.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/tensor_impl.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

class Generator;
struct Index;
class Tensor;

/// How `sample` draws rows.
struct SampleOptions {
  std::optional<std::uint64_t> seed = {};  ///< its own random stream; without one the default generator draws
  bool replace = false;                    ///< may a row come twice?
};

/// Options of creation functions.
struct TensorOptions {
  std::optional<Dtype> dtype = {};  ///< default_dtype() unless the function says otherwise
  bool requires_grad = false;       ///< a leaf whose gradient is accumulated
  Generator* generator = nullptr;   ///< for the random ones; the default generator if null
};

/// Options of `backward` (see autograd/engine.hpp for `grad`).
struct BackwardOptions {
  bool retain_graph = false;  ///< keep saved tensors for another sweep
  bool create_graph = false;  ///< record the sweep itself, for higher derivatives
};

/// Throws the ValueError of a tensor that is used and undefined.
[[noreturn]] XG_API void throw_undefined();

/// An n-dimensional array with a dtype, on the CPU, that may be part of a graph.
///
/// Methods that name an op are the ops of autograd/ops.hpp, where more is said about them. A trailing underscore
/// changes the tensor in place. Where a dimension is asked for, negative ones count from the end.
class XG_API Tensor {
 public:
  Tensor() = default;  ///< undefined: what needs a tensor throws ValueError
  /// Another handle on the same tensor.
  Tensor(const Tensor& other) noexcept : impl_(other.impl_) {
    if (impl_ != nullptr) impl_->refs.acquire();
  }
  Tensor(Tensor&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}  ///< leaves `other` undefined
  /// Makes this a handle on another tensor; no elements are copied. Not for temporaries: `a[0] = b` would change a
  /// handle and nothing else.
  Tensor& operator=(const Tensor& other) & noexcept {
    Tensor copy(other);
    std::swap(impl_, copy.impl_);
    return *this;
  }
  /// The same; leaves `other` undefined.
  Tensor& operator=(Tensor&& other) & noexcept {
    if (this != &other) {
      reset();
      impl_ = std::exchange(other.impl_, nullptr);
    }
    return *this;
  }
  /// A temporary handle takes no values; `x[0].copy_(y)` and `x[0].fill_(1)` write into x.
  template <class T> void operator=(const T&) && = delete;  // write x[0].copy_(y) or x[0].fill_(1) for x[0] = y
  ~Tensor() { reset(); }                                    ///< The last handle releases record, elements and graph.

  // ---- what it is
  bool defined() const noexcept { return impl_ != nullptr; }  ///< is there a tensor?
  const Shape& shape() const { return impl().shape(); }       ///< the size of each dimension
  const Shape& sizes() const { return impl().shape(); }       ///< shape()
  const Shape& strides() const { return impl().strides(); }   ///< of each dimension, in elements
  std::int64_t size(std::int64_t dim) const;                  ///< of one dimension; throws IndexError
  std::int64_t stride(std::int64_t dim) const;                ///< of one dimension; throws IndexError
  std::int64_t dim() const { return static_cast<std::int64_t>(impl().shape().size()); }  ///< the number of dimensions
  std::int64_t ndim() const { return dim(); }                                            ///< dim()
  std::int64_t numel() const { return impl().numel(); }                                  ///< the number of elements
  Dtype dtype() const { return impl().dtype; }                                           ///< the type of the elements
  bool is_floating_point() const { return is_floating(dtype()); }                        ///< float32 or float64?
  bool is_contiguous() const { return impl().contiguous(); }                             ///< row-major without gaps?
  /// How many in-place writes the memory has seen, through this tensor and all that share it.
  std::uint32_t version() const { return impl().storage().version.load(std::memory_order_relaxed); }
  /// Do both handles mean the same tensor (not merely the same values)?
  bool is_same(const Tensor& other) const noexcept { return impl_ == other.impl_; }
  /// Do both lie in the same memory, as a view and its base do? They need not overlap.
  bool shares_storage(const Tensor& other) const noexcept {
    return impl_ != nullptr && other.impl_ != nullptr && &impl_->storage() == &other.impl_->storage();
  }
  std::string str() const;   ///< as NumPy prints it, summarized above 1,000 elements
  std::string repr() const;  ///< with shape, dtype and grad_fn

  // ---- elements
  /// The first element; elements lie at multiples of strides(). Throws DtypeError unless T is the dtype's type.
  template <class T> const T* data() const { return static_cast<const T*>(checked_data(dtype_of<T>)); }
  /// The same, to write through. Counts as an in-place write: saved tensors notice.
  template <class T> T* mutable_data() { return static_cast<T*>(checked_mutable_data(dtype_of<T>)); }
  /// The value of a tensor with one element, converted. Throws ShapeError for any other count, ValueError where T is an
  /// integer type that cannot hold the value.
  template <class T = double> T item() const { return item_scalar().template to<T>("item"); }
  /// The value of a tensor with one element, in its category. Throws ShapeError for any other count.
  Scalar item_scalar() const;
  /// All elements in row-major order, converted as `to` converts them.
  template <class T = double> std::vector<T> to_vector() const {
    if constexpr (std::is_same_v<T, bool>) {
      const std::vector<std::uint8_t> bytes = to(Dtype::uint8).template to_vector<std::uint8_t>();
      return std::vector<bool>(bytes.begin(), bytes.end());
    } else {
      // The elements come before the list, so that an expanded tensor of more than memory holds is an xg::Error.
      const Tensor dense = as_dense(dtype_of<T>);
      const auto* first = static_cast<const T*>(dense.impl().data);
      return std::vector<T>(first, first + dense.numel());
    }
  }

  // ---- autograd
  /// Is it part of a graph: a leaf that asks for gradients, or a recorded result?
  bool requires_grad() const;
  /// Makes a leaf ask for gradients (or not). Throws AutogradError for results of ops that are to stop and for tensors
  /// made in InferenceMode, DtypeError unless floating.
  Tensor& requires_grad_(bool value = true);
  bool is_leaf() const;  ///< is it not the result of a recorded op?
  /// The accumulated gradient; undefined before the first backward, and for results of ops without retain_grad().
  const Tensor& grad() const;
  /// Replaces a leaf's gradient; an undefined one forgets it. Throws AutogradError unless this is a leaf that asks for
  /// gradients, ShapeError where shape or dtype differ from this tensor's.
  void set_grad(Tensor grad);
  void zero_grad();  ///< forgets the gradient
  /// Keeps this non-leaf's gradient in `grad()` during backward. Throws AutogradError without a graph.
  void retain_grad();
  std::string grad_fn_name() const;  ///< "mul", "leaf", or "" without a graph
  /// Calls `hook` with the gradient of this tensor in every backward; a defined result replaces it. Returns a number
  /// for `remove_hook`. Throws AutogradError without a graph.
  std::int64_t register_hook(std::function<Tensor(const Tensor&)> hook);
  void remove_hook(std::int64_t handle);  ///< throws ValueError for a number of no hook
  /// Sum over all paths of d this / d leaf, accumulated into the leaves' grad(), of a tensor with one element. Throws
  /// AutogradError as xg::backward (autograd/engine.hpp).
  void backward(BackwardOptions options = {}) const;
  /// The same of the scalar product of `gradient` with this tensor, whose shape it must have.
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;
  /// The same values without a graph; shares storage.
  Tensor detach() const;
  /// Leaves the graph and becomes a leaf. Throws AutogradError for a view of a tensor in a graph.
  Tensor& detach_();

  // ---- dtype and memory
  /// The elements as another dtype; this tensor itself where it has it. To an integer dtype reals lose their fraction,
  /// what the dtype cannot hold becomes its least or largest value, and NaN becomes 0.
  Tensor to(Dtype dtype) const;
  Tensor contiguous() const;  ///< row-major without gaps: this tensor itself where it is so, else a copy
  Tensor clone() const;       ///< a copy with memory of its own
  /// Overwrites the elements with those of `source`, which broadcasts to this shape and is converted as `to` does it.
  /// Throws ShapeError where it does not broadcast, AutogradError as all that change in place.
  Tensor& copy_(const Tensor& source);
  /// Overwrites every element. Throws ValueError where an integer dtype cannot hold the value.
  Tensor& fill_(Scalar value);
  Tensor& zero_();  ///< fill_(0)
  /// `n` rows, drawn without replacement unless told otherwise: [n, ...]. Throws ValueError if there are fewer,
  /// ShapeError for a tensor without dimensions.
  Tensor sample(std::int64_t n, SampleOptions options = {}) const;

  // ---- views: of the same memory wherever strides allow it
  Tensor operator[](std::int64_t index) const;   ///< select(0, index)
  Tensor operator[](const Tensor& index) const;  ///< by mask or by integer tensor
  /// x[i, j, ...] by NumPy's rules: numbers and slices view, masks and integer tensors copy. Throws IndexError where an
  /// index is out of range or there are too many.
  Tensor index(const std::vector<Index>& indices) const;
  /// x[i, j, ...] = values, which broadcast to the indexed part. Throws ShapeError where they do not.
  Tensor& index_put_(const std::vector<Index>& indices, const Tensor& values);
  /// Elements start, start + step, ... below stop of a dimension. Negative bounds count from the end, those beyond it
  /// are moved to it. Throws ValueError unless step is positive.
  Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const;
  /// Without dimension `dim`, at `index` of it; negative ones count from the end. Throws IndexError out of range.
  Tensor select(std::int64_t dim, std::int64_t index) const;
  /// `length` elements of a dimension from `start` on. Throws IndexError where they do not lie within it.
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  /// The elements in row-major order in another shape, of which one size may be -1 and is inferred. Copies where
  /// strides leave no other way. Throws ShapeError where the numbers of elements differ.
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;  ///< as reshape, but throws ShapeError rather than copy
  /// Dimensions start_dim to end_dim as one. Throws ValueError where the first comes after the last.
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  /// Dimension `dim` as several of the given sizes, of which one may be -1. Throws ShapeError unless they multiply to
  /// it.
  Tensor unflatten(std::int64_t dim, const Shape& sizes) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;  ///< with two dimensions exchanged
  /// Dimension i of the result is dimension dims[i]. Throws ShapeError unless each is named once.
  Tensor permute(const Dims& dims) const;
  Tensor t() const;        ///< a matrix transposed; fewer dimensions stay as they are, more are a ShapeError
  Tensor mT() const;       ///< the last two dimensions exchanged; fewer are a ShapeError
  Tensor squeeze() const;  ///< without dimensions of size 1
  Tensor squeeze(const Dims& dims) const;    ///< without those of these dimensions that have size 1
  Tensor unsqueeze(std::int64_t dim) const;  ///< with a new dimension of size 1, which becomes `dim`
  /// Dimensions of size 1 repeated to the sizes of `shape`, where -1 keeps a size, and new ones in front, without
  /// a copy. Throws ShapeError where another size would have to change.
  Tensor expand(const Shape& shape) const;
  Tensor expand_as(const Tensor& other) const;  ///< expand(other.shape())
  Tensor repeat(const Shape& repeats) const;    ///< a copy that has dimension i repeats[i] times in a row
  /// The elements with equal indices in dim1 and dim2 (but for the offset) as a new last dimension.
  Tensor diagonal(std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1) const;
  /// Parts of `size` along a dimension, the last one shorter if need be. Throws ValueError unless size is positive.
  std::vector<Tensor> split(std::int64_t size, std::int64_t dim = 0) const;
  /// At most `chunks` equal parts along a dimension, the last one shorter if need be.
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0) const;  ///< select(dim, i) for every i

  // ---- gathering
  /// The parts of dimension `dim` that a vector of integers names: [..., index.numel(), ...]. Throws IndexError out of
  /// range, DtypeError unless the index is int32 or int64.
  Tensor index_select(std::int64_t dim, const Tensor& index) const;
  /// out[i, j, k] = x[i, index[i, j, k], k] for dim = 1; the shape of the index.
  Tensor gather(std::int64_t dim, const Tensor& index) const;
  /// `value` where the mask is true, else x; they broadcast. Throws DtypeError unless the mask is bool.
  Tensor masked_fill(const Tensor& mask, Scalar value) const;
  /// The elements where the mask is true, in row-major order: [count]. Throws DtypeError unless the mask is bool.
  Tensor masked_select(const Tensor& mask) const;
  Tensor& masked_fill_(const Tensor& mask, Scalar value);  ///< masked_fill in place

  // ---- elementwise
  Tensor abs() const;                             ///< |x|
  Tensor neg() const;                             ///< -x
  Tensor exp() const;                             ///< e^x
  Tensor expm1() const;                           ///< e^x - 1, exact near 0
  Tensor log() const;                             ///< the natural logarithm
  Tensor log1p() const;                           ///< log(1 + x), exact near 0
  Tensor sqrt() const;                            ///< the square root
  Tensor rsqrt() const;                           ///< 1 / sqrt(x)
  Tensor square() const;                          ///< x^2
  Tensor sin() const;                             ///< the sine of radians
  Tensor cos() const;                             ///< the cosine of radians
  Tensor tanh() const;                            ///< the hyperbolic tangent
  Tensor sigmoid() const;                         ///< 1 / (1 + e^-x)
  Tensor relu() const;                            ///< max(x, 0)
  Tensor sign() const;                            ///< -1, 0 or 1
  Tensor floor() const;                           ///< the largest whole number that is not larger
  Tensor ceil() const;                            ///< the smallest whole number that is not smaller
  Tensor trunc() const;                           ///< without its fraction
  Tensor round(std::int64_t decimals = 0) const;  ///< to the nearest, halves to the even one
  Tensor reciprocal() const;                      ///< 1 / x
  Tensor pow(const Tensor& exponent) const;       ///< x^exponent
  Tensor pow(Scalar exponent) const;              ///< x^exponent
  /// min(max(x, min), max) with the bounds that are given.
  Tensor clamp(std::optional<Scalar> min, std::optional<Scalar> max = {}) const;
  Tensor add(const Tensor& other) const;  ///< x + other
  Tensor sub(const Tensor& other) const;  ///< x - other
  Tensor mul(const Tensor& other) const;  ///< x other
  Tensor div(const Tensor& other) const;  ///< x / other; integers divide as reals
  Tensor isnan() const;                   ///< true where x is NaN
  Tensor isinf() const;                   ///< true where x is infinite
  Tensor isfinite() const;                ///< true where x is neither NaN nor infinite

  // ---- in place: `other` broadcasts to this shape. AutogradError for a leaf that asks for gradients outside NoGrad,
  // ShapeError where the result has another shape or elements share one place in memory, DtypeError where this dtype is
  // not the result's and cannot take it.
  Tensor& add_(const Tensor& other);                                          ///< x + other in place
  Tensor& sub_(const Tensor& other);                                          ///< x - other in place
  Tensor& mul_(const Tensor& other);                                          ///< x other in place
  Tensor& div_(const Tensor& other);                                          ///< x / other in place; only for reals
  Tensor& add_(Scalar other);                                                 ///< x + other in place
  Tensor& sub_(Scalar other);                                                 ///< x - other in place
  Tensor& mul_(Scalar other);                                                 ///< x other in place
  Tensor& div_(Scalar other);                                                 ///< x / other in place; only for reals
  Tensor& operator+=(const Tensor& other) { return add_(other); }             ///< add_
  Tensor& operator-=(const Tensor& other) { return sub_(other); }             ///< sub_
  Tensor& operator*=(const Tensor& other) { return mul_(other); }             ///< mul_
  Tensor& operator/=(const Tensor& other) { return div_(other); }             ///< div_
  Tensor& operator+=(Scalar other) { return add_(other); }                    ///< add_
  Tensor& operator-=(Scalar other) { return sub_(other); }                    ///< sub_
  Tensor& operator*=(Scalar other) { return mul_(other); }                    ///< mul_
  Tensor& operator/=(Scalar other) { return div_(other); }                    ///< div_
  Tensor& clamp_(std::optional<Scalar> min, std::optional<Scalar> max = {});  ///< clamp in place
  Tensor& exp_();                                                             ///< exp in place
  Tensor& relu_();                                                            ///< relu in place
  Tensor& sigmoid_();                                                         ///< sigmoid in place
  Tensor& tanh_();                                                            ///< tanh in place
  Tensor& neg_();                                                             ///< neg in place
  Tensor& sqrt_();                                                            ///< sqrt in place

  // ---- random, in place: from the default generator unless given one
  /// Uniform in [low, high). Throws ValueError unless low <= high and both are finite, DtypeError unless floating.
  Tensor& uniform_(double low = 0, double high = 1, Generator* generator = nullptr);
  /// Normal with this mean and deviation. Throws ValueError for a negative std, DtypeError unless floating.
  Tensor& normal_(double mean = 0, double std = 1, Generator* generator = nullptr);
  /// 1 with probability p, else 0, in any dtype. Throws ValueError for p outside [0, 1].
  Tensor& bernoulli_(double p = 0.5, Generator* generator = nullptr);

  // ---- reductions: over `dims`, all of them if none is given. Dimensions that are reduced are left out, or have size
  // 1 with `keepdim`. ValueError where a dimension is named twice, IndexError where it does not exist.
  Tensor sum(const Dims& dims = {}, bool keepdim = false) const;   ///< the sum; int64 of integers and bools
  Tensor mean(const Dims& dims = {}, bool keepdim = false) const;  ///< the mean; DtypeError unless floating
  Tensor prod() const;                                             ///< the product of all elements
  Tensor prod(std::int64_t dim, bool keepdim = false) const;       ///< the product along a dimension
  /// The sum of squared deviations from the mean over n - correction. Throws DtypeError unless floating.
  Tensor var(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;
  Tensor std(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;  ///< sqrt(var)
  Tensor max() const;  ///< the largest element; ShapeError without elements
  Tensor min() const;  ///< the least element; ShapeError without elements
  std::pair<Tensor, Tensor> max(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  std::pair<Tensor, Tensor> min(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  Tensor amax(const Dims& dims = {}, bool keepdim = false) const;  ///< the largest; ties share the gradient
  Tensor amin(const Dims& dims = {}, bool keepdim = false) const;  ///< the least; ties share the gradient
  /// The index of the largest element along a dimension (int64), or among all in row-major order if none is given.
  Tensor argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// The index of the least element, likewise.
  Tensor argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  /// amin and amax.
  std::pair<Tensor, Tensor> aminmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  Tensor all(const Dims& dims = {}, bool keepdim = false) const;  ///< is none 0? bool
  Tensor any(const Dims& dims = {}, bool keepdim = false) const;  ///< is one not 0? bool
  Tensor count_nonzero(const Dims& dims = {}) const;              ///< how many are not 0? int64
  /// (sum |x|^p)^(1/p); p may be 0, 1, 2, +-infinity or any other.
  Tensor norm(double p = 2, const Dims& dims = {}, bool keepdim = false) const;
  Tensor dist(const Tensor& other, double p = 2) const;            ///< the norm of x - other
  Tensor trace() const;                                            ///< the sum of a matrix's diagonal
  Tensor cumsum(std::int64_t dim) const;                           ///< sums of the elements up to each one
  Tensor cumprod(std::int64_t dim) const;                          ///< products of the elements up to each one
  Tensor logsumexp(const Dims& dims, bool keepdim = false) const;  ///< log(sum e^x), without overflow
  Tensor softmax(std::int64_t dim) const;                          ///< e^x / sum e^x along a dimension
  Tensor log_softmax(std::int64_t dim) const;                      ///< x - log(sum e^x) along a dimension
  /// Values in order along a dimension, and the indices (int64) they came from. Equal ones keep their order; NaN counts
  /// as larger than all numbers.
  std::pair<Tensor, Tensor> sort(std::int64_t dim = -1, bool descending = false) const;
  Tensor argsort(std::int64_t dim = -1, bool descending = false) const;  ///< the indices that sort gives
  /// The k largest (or smallest) along a dimension, best first, and their indices (int64). Throws ValueError for a k
  /// that is negative or larger than the dimension.
  std::pair<Tensor, Tensor> topk(std::int64_t k, std::int64_t dim = -1, bool largest = true) const;

  // ---- products
  /// Matrix product of the last two dimensions; those before broadcast. A vector takes part as a row on the left, as a
  /// column on the right. Throws ShapeError where shapes do not fit, DtypeError where dtypes differ.
  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& other) const;   ///< matmul of two matrices
  Tensor dot(const Tensor& other) const;  ///< the scalar product of two vectors

  // ---- inside the library
  /// The record that the handle points to, for the library's own use. Throws ValueError for an undefined tensor.
  detail::TensorImpl& impl() const {
    if (impl_ == nullptr) [[unlikely]]
      throw_undefined();
    return *impl_;
  }
  /// The same, null for an undefined tensor.
  detail::TensorImpl* unsafe_impl() const noexcept { return impl_; }
  /// Takes over a reference that the caller holds.
  static Tensor adopt(detail::TensorImpl* impl) noexcept {
    Tensor tensor;
    tensor.impl_ = impl;
    return tensor;
  }
  /// Gives the reference to the caller and leaves this undefined.
  detail::TensorImpl* release() noexcept { return std::exchange(impl_, nullptr); }

 private:
  void reset() noexcept {
    detail::TensorImpl* impl = std::exchange(impl_, nullptr);
    if (impl != nullptr && impl->refs.release_is_last()) detail::destroy_impl(impl);
  }
  const void* checked_data(Dtype dtype) const;
  void* checked_mutable_data(Dtype dtype);
  Tensor as_dense(Dtype dtype) const;

  detail::TensorImpl* impl_ = nullptr;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// How tensors are printed, per thread.
struct PrintOptions {
  int precision = 4;              ///< digits after the point at most
  std::int64_t threshold = 1000;  ///< more elements than this are summarized
  std::int64_t edge_items = 3;    ///< of each dimension, when summarized
  int line_width = 80;            ///< columns after which a line is broken
};
/// Sets how the calling thread prints tensors. Throws ValueError for numbers that are negative or too large, and for
/// lines of less than 16 columns.
XG_API void set_print_options(PrintOptions options);
/// How the calling thread prints tensors.
XG_API PrintOptions print_options();

/// The dimension that `dim` means in a tensor of `ndim` dimensions. Throws IndexError, naming `op`.
XG_API std::int64_t normalize_dim(const char* op, std::int64_t dim, std::int64_t ndim);

/// The shape that both broadcast to by NumPy's rules. Throws ShapeError, naming `op`.
XG_API Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

}  // namespace xg
