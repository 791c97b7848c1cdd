// The tensor handle: one pointer to a counted record. Copies share, views share storage, undefined is null.
#pragma once

#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/storage.hpp>

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xg {

class Generator;
class Index;
class Tensor;

/// How `sample` draws rows.
struct SampleOptions {
  std::optional<std::uint64_t> seed = {};  ///< its own random stream; without one the default generator draws
  bool replace = false;                    ///< may a row come twice?
};

/// Options of creation functions.
struct TensorOptions {
  std::optional<Dtype> dtype = {};   ///< default_dtype() unless the function says otherwise
  bool requires_grad = false;        ///< a leaf whose gradient is accumulated
  Generator* generator = nullptr;    ///< for the random ones; the default generator if null
};

/// Options of `backward` (see autograd/engine.hpp for `grad`).
struct BackwardOptions {
  bool retain_graph = false;  ///< keep saved tensors for another sweep
  bool create_graph = false;  ///< record the sweep itself, for higher derivatives
};

[[noreturn]] XG_API void throw_undefined();

/// An n-dimensional array with a dtype, on the CPU, that may be part of a graph.
///
/// Methods that name an op are the ops of autograd/ops.hpp: documented there. A trailing underscore changes the tensor
/// in place. Where a dimension is asked for, negative ones count from the end.
class XG_API Tensor {
 public:
  Tensor() = default;
  Tensor(const Tensor& other) noexcept : impl_(other.impl_) {
    if (impl_ != nullptr) impl_->refs.acquire();
  }
  Tensor(Tensor&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}
  // Not on temporaries: `a[0] = b` would change a handle and nothing else.
  Tensor& operator=(const Tensor& other) & noexcept {
    Tensor copy(other);
    std::swap(impl_, copy.impl_);
    return *this;
  }
  Tensor& operator=(Tensor&& other) & noexcept {
    if (this != &other) {
      reset();
      impl_ = std::exchange(other.impl_, nullptr);
    }
    return *this;
  }
  ~Tensor() { reset(); }

  // ---- what it is
  bool defined() const noexcept { return impl_ != nullptr; }
  const Shape& shape() const { return impl().shape(); }
  const Shape& sizes() const { return impl().shape(); }
  const Shape& strides() const { return impl().strides(); }  ///< in elements
  std::int64_t size(std::int64_t dim) const;               ///< throws IndexError
  std::int64_t stride(std::int64_t dim) const;             ///< throws IndexError
  std::int64_t dim() const { return static_cast<std::int64_t>(impl().shape().size()); }
  std::int64_t ndim() const { return dim(); }
  std::int64_t numel() const { return impl().numel(); }
  Dtype dtype() const { return impl().dtype; }
  bool is_floating_point() const { return is_floating(dtype()); }
  bool is_contiguous() const { return impl().contiguous(); }
  std::uint32_t version() const { return impl().storage().version.load(std::memory_order_relaxed); }
  /// Do both handles mean the same tensor (not merely the same values)?
  bool is_same(const Tensor& other) const noexcept { return impl_ == other.impl_; }
  bool shares_storage(const Tensor& other) const noexcept {
    return impl_ != nullptr && other.impl_ != nullptr && &impl_->storage() == &other.impl_->storage();
  }
  std::string str() const;   ///< as NumPy prints it, summarized above 1,000 elements
  std::string repr() const;  ///< with shape, dtype and grad_fn

  // ---- elements
  /// The first element; elements lie at multiples of strides(). Throws DtypeError unless T is the dtype's type.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(checked_data(dtype_of<T>));
  }
  /// The same, to write through. Counts as an in-place write: saved tensors notice.
  template <class T>
  T* mutable_data() {
    return static_cast<T*>(checked_mutable_data(dtype_of<T>));
  }
  /// The value of a tensor with one element, converted. Throws ShapeError for any other count, ValueError where T is an
  /// integer type that cannot hold the value.
  template <class T = double>
  T item() const {
    return item_scalar().template to<T>("item");
  }
  Scalar item_scalar() const;
  /// All elements in row-major order, converted as `to` converts them.
  template <class T = double>
  std::vector<T> to_vector() const {
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
  bool requires_grad() const;
  /// Makes a leaf ask for gradients (or not). Throws AutogradError for results of ops, DtypeError unless floating.
  Tensor& requires_grad_(bool value = true);
  bool is_leaf() const;
  /// The accumulated gradient; undefined before the first backward.
  const Tensor& grad() const;
  void set_grad(Tensor grad);
  void zero_grad();  ///< forgets the gradient
  /// Keeps this non-leaf's gradient in `grad()` during backward.
  void retain_grad();
  std::string grad_fn_name() const;  ///< "mul", "leaf", or "" without a graph
  /// Calls `hook` with the gradient of this tensor in every backward; a defined result replaces it. Returns a number
  /// for `remove_hook`.
  std::int64_t register_hook(std::function<Tensor(const Tensor&)> hook);
  void remove_hook(std::int64_t handle);
  /// Sum over all paths of d this / d leaf, accumulated into the leaves' grad(). See autograd/engine.hpp.
  void backward(BackwardOptions options = {}) const;
  void backward(const Tensor& gradient, BackwardOptions options = {}) const;
  /// The same values without a graph; shares storage.
  Tensor detach() const;
  Tensor& detach_();

  // ---- dtype and memory
  /// The elements as another dtype. To an integer dtype reals lose their fraction, what the dtype cannot hold becomes
  /// its least or largest value, and NaN becomes 0.
  Tensor to(Dtype dtype) const;
  Tensor contiguous() const;
  Tensor clone() const;
  Tensor& copy_(const Tensor& source);
  Tensor& fill_(Scalar value);
  Tensor& zero_();
  /// `n` rows, drawn without replacement unless told otherwise. Throws ValueError if there are fewer.
  Tensor sample(std::int64_t n, SampleOptions options = {}) const;

  // ---- views
  Tensor operator[](std::int64_t index) const;
  Tensor operator[](const Tensor& index) const;  ///< by mask or by integer tensor
  Tensor index(const std::vector<Index>& indices) const;
  Tensor& index_put_(const std::vector<Index>& indices, const Tensor& values);
  Tensor slice(std::int64_t dim, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const;
  Tensor select(std::int64_t dim, std::int64_t index) const;
  Tensor narrow(std::int64_t dim, std::int64_t start, std::int64_t length) const;
  Tensor reshape(const Shape& shape) const;
  Tensor view(const Shape& shape) const;
  Tensor flatten(std::int64_t start_dim = 0, std::int64_t end_dim = -1) const;
  Tensor unflatten(std::int64_t dim, const Shape& sizes) const;
  Tensor transpose(std::int64_t dim0, std::int64_t dim1) const;
  Tensor permute(const Dims& dims) const;
  Tensor t() const;
  Tensor mT() const;
  Tensor squeeze() const;
  Tensor squeeze(const Dims& dims) const;
  Tensor unsqueeze(std::int64_t dim) const;
  Tensor expand(const Shape& shape) const;
  Tensor expand_as(const Tensor& other) const;
  Tensor repeat(const Shape& repeats) const;
  Tensor diagonal(std::int64_t offset = 0, std::int64_t dim1 = 0, std::int64_t dim2 = 1) const;
  std::vector<Tensor> split(std::int64_t size, std::int64_t dim = 0) const;
  std::vector<Tensor> chunk(std::int64_t chunks, std::int64_t dim = 0) const;
  std::vector<Tensor> unbind(std::int64_t dim = 0) const;

  // ---- gathering
  Tensor index_select(std::int64_t dim, const Tensor& index) const;
  Tensor gather(std::int64_t dim, const Tensor& index) const;
  Tensor masked_fill(const Tensor& mask, Scalar value) const;
  Tensor masked_select(const Tensor& mask) const;
  Tensor& masked_fill_(const Tensor& mask, Scalar value);

  // ---- elementwise
  Tensor abs() const;
  Tensor neg() const;
  Tensor exp() const;
  Tensor expm1() const;
  Tensor log() const;
  Tensor log1p() const;
  Tensor sqrt() const;
  Tensor rsqrt() const;
  Tensor square() const;
  Tensor sin() const;
  Tensor cos() const;
  Tensor tanh() const;
  Tensor sigmoid() const;
  Tensor relu() const;
  Tensor sign() const;
  Tensor floor() const;
  Tensor ceil() const;
  Tensor trunc() const;
  Tensor round(std::int64_t decimals = 0) const;
  Tensor reciprocal() const;
  Tensor pow(const Tensor& exponent) const;
  Tensor pow(Scalar exponent) const;
  Tensor clamp(std::optional<Scalar> min, std::optional<Scalar> max = {}) const;
  Tensor add(const Tensor& other) const;
  Tensor sub(const Tensor& other) const;
  Tensor mul(const Tensor& other) const;
  Tensor div(const Tensor& other) const;
  Tensor isnan() const;
  Tensor isinf() const;
  Tensor isfinite() const;

  // ---- in place
  Tensor& add_(const Tensor& other);
  Tensor& sub_(const Tensor& other);
  Tensor& mul_(const Tensor& other);
  Tensor& div_(const Tensor& other);
  Tensor& add_(Scalar other);
  Tensor& sub_(Scalar other);
  Tensor& mul_(Scalar other);
  Tensor& div_(Scalar other);
  Tensor& operator+=(const Tensor& other) { return add_(other); }
  Tensor& operator-=(const Tensor& other) { return sub_(other); }
  Tensor& operator*=(const Tensor& other) { return mul_(other); }
  Tensor& operator/=(const Tensor& other) { return div_(other); }
  Tensor& operator+=(Scalar other) { return add_(other); }
  Tensor& operator-=(Scalar other) { return sub_(other); }
  Tensor& operator*=(Scalar other) { return mul_(other); }
  Tensor& operator/=(Scalar other) { return div_(other); }
  Tensor& clamp_(std::optional<Scalar> min, std::optional<Scalar> max = {});
  Tensor& exp_();
  Tensor& relu_();
  Tensor& sigmoid_();
  Tensor& tanh_();
  Tensor& neg_();
  Tensor& sqrt_();

  // ---- random, in place
  Tensor& uniform_(double low = 0, double high = 1, Generator* generator = nullptr);
  Tensor& normal_(double mean = 0, double std = 1, Generator* generator = nullptr);
  Tensor& bernoulli_(double p = 0.5, Generator* generator = nullptr);

  // ---- reductions
  Tensor sum(const Dims& dims = {}, bool keepdim = false) const;
  Tensor mean(const Dims& dims = {}, bool keepdim = false) const;
  Tensor prod() const;
  Tensor prod(std::int64_t dim, bool keepdim = false) const;
  Tensor var(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;
  Tensor std(const Dims& dims = {}, double correction = 1, bool keepdim = false) const;
  Tensor max() const;
  Tensor min() const;
  std::pair<Tensor, Tensor> max(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  std::pair<Tensor, Tensor> min(std::int64_t dim, bool keepdim = false) const;  ///< values and indices
  Tensor amax(const Dims& dims = {}, bool keepdim = false) const;
  Tensor amin(const Dims& dims = {}, bool keepdim = false) const;
  Tensor argmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  Tensor argmin(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  std::pair<Tensor, Tensor> aminmax(std::optional<std::int64_t> dim = {}, bool keepdim = false) const;
  Tensor all(const Dims& dims = {}, bool keepdim = false) const;
  Tensor any(const Dims& dims = {}, bool keepdim = false) const;
  Tensor count_nonzero(const Dims& dims = {}) const;
  Tensor norm(double p = 2, const Dims& dims = {}, bool keepdim = false) const;
  Tensor dist(const Tensor& other, double p = 2) const;
  Tensor trace() const;
  Tensor cumsum(std::int64_t dim) const;
  Tensor cumprod(std::int64_t dim) const;
  Tensor logsumexp(const Dims& dims, bool keepdim = false) const;
  Tensor softmax(std::int64_t dim) const;
  Tensor log_softmax(std::int64_t dim) const;
  std::pair<Tensor, Tensor> sort(std::int64_t dim = -1, bool descending = false) const;
  Tensor argsort(std::int64_t dim = -1, bool descending = false) const;
  std::pair<Tensor, Tensor> topk(std::int64_t k, std::int64_t dim = -1, bool largest = true) const;

  // ---- products
  Tensor matmul(const Tensor& other) const;
  Tensor mm(const Tensor& other) const;
  Tensor dot(const Tensor& other) const;

  // ---- inside the library
  detail::TensorImpl& impl() const {
    if (impl_ == nullptr) [[unlikely]]
      throw_undefined();
    return *impl_;
  }
  detail::TensorImpl* unsafe_impl() const noexcept { return impl_; }
  /// Takes over a reference that the caller holds.
  static Tensor adopt(detail::TensorImpl* impl) noexcept {
    Tensor tensor;
    tensor.impl_ = impl;
    return tensor;
  }
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

XG_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// How tensors are printed, per thread.
struct PrintOptions {
  int precision = 4;
  std::int64_t threshold = 1000;  ///< more elements than this are summarized
  std::int64_t edge_items = 3;    ///< of each dimension, when summarized
  int line_width = 80;
};
XG_API void set_print_options(PrintOptions options);
XG_API PrintOptions print_options();

/// The dimension that `dim` means in a tensor of `ndim` dimensions. Throws IndexError, naming `op`.
XG_API std::int64_t normalize_dim(const char* op, std::int64_t dim, std::int64_t ndim);

/// The shape that both broadcast to by NumPy's rules. Throws ShapeError, naming `op`.
XG_API Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

}  // namespace xg
