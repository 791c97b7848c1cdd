// The bridge to xtensor: expressions read and write a tensor's own memory. Users of this header link the target
// xgrad::xtensor, which enables xtensor's SIMD.
//
//   auto in = as_xtensor<float>(x);                         // x is a const Tensor: read only
//   as_xtensor<float>(y) = in / (1.f + xt::exp(-in));       // y is not: written, without a temporary
//   Tensor z = from_xtensor(xt::sum(in, {1}));
//
// Adaptors refer to the tensor's memory and must not outlive the tensor.
#pragma once

#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/tensor.hpp>
#include <xgrad/tensor/xtensor_shim.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>

namespace xg {

template <class T> class XtensorAdaptor;

namespace detail {

template <class T> using XtensorBuffer =
    xt::xbuffer_adaptor<T*, xt::no_ownership, std::allocator<std::remove_const_t<T>>>;
template <class T> using XtensorModel =
    xt::xarray_adaptor<XtensorBuffer<T>, xt::layout_type::dynamic, xt::dynamic_shape<std::size_t>>;

/// The dtype in which a tensor keeps xtensor's values of type T.
template <class T> constexpr Dtype dtype_for_value() {
  static_assert(std::is_arithmetic_v<T>,
                "from_xtensor takes expressions of floating-point numbers, integers and bools");
  if constexpr (std::is_same_v<T, bool>)
    return Dtype::bool_;
  else if constexpr (std::is_floating_point_v<T>)
    return sizeof(T) == 4 ? Dtype::float32 : Dtype::float64;
  else if constexpr (std::is_unsigned_v<T> && sizeof(T) == 1)
    return Dtype::uint8;
  else if constexpr (sizeof(T) < 4 || (std::is_signed_v<T> && sizeof(T) == 4))
    return Dtype::int32;
  else
    return Dtype::int64;
}

}  // namespace detail
}  // namespace xg

// xtensor's traits for a third-party container: the same types as its own adaptor has.
namespace xt {
template <class T> struct xcontainer_inner_types<xg::XtensorAdaptor<T>>
    : xcontainer_inner_types<xg::detail::XtensorModel<T>> {};
template <class T> struct xiterable_inner_types<xg::XtensorAdaptor<T>>
    : xcontainer_iterable_types<xg::XtensorAdaptor<T>> {};
}  // namespace xt

namespace xg {

/// A tensor as an xtensor container that can be read and, unless T is const, written. Assigning an expression evaluates
/// it into the tensor's elements, whatever their strides, without a temporary. The expression may therefore read each
/// element that it writes, but no other element of this tensor. Throws ShapeError unless the expression's shape
/// broadcasts to the tensor's. Every assignment counts as an in-place write.
template <class T> class XtensorAdaptor : public xt::xstrided_container<XtensorAdaptor<T>>,
                                          public xt::xcontainer_semantic<XtensorAdaptor<T>> {
 public:
  using self_type = XtensorAdaptor<T>;                    ///< for xtensor
  using base_type = xt::xstrided_container<self_type>;    ///< for xtensor
  using storage_type = typename base_type::storage_type;  ///< for xtensor
  using shape_type = typename base_type::shape_type;      ///< for xtensor
  using strides_type = typename base_type::strides_type;  ///< for xtensor
  using expression_tag = xt::xtensor_expression_tag;      ///< for xtensor

  /// `data` is the tensor's first element.
  XtensorAdaptor(const Tensor& tensor, T* data)
      : buffer_(data, static_cast<std::size_t>(tensor.numel())),
        storage_of_tensor_(&tensor.impl().storage()),
        contiguous_(tensor.is_contiguous()) {
    const shape_type shape(tensor.shape().begin(), tensor.shape().end());
    if (contiguous_)
      base_type::resize(shape, xt::layout_type::row_major);
    else
      base_type::resize(shape, strides_type(tensor.strides().begin(), tensor.strides().end()));
  }
  XtensorAdaptor(const XtensorAdaptor&) = default;  ///< refers to the same elements
  /// Copies elements, not the reference.
  XtensorAdaptor& operator=(const XtensorAdaptor& other) { return assign_elements(other); }
  /// Evaluates the expression into the elements. Throws ShapeError where its shape does not broadcast to the tensor's.
  template <class E> XtensorAdaptor& operator=(const xt::xexpression<E>& expression) {
    return assign_elements(expression.derived_cast());
  }
  /// Writes the value to every element.
  XtensorAdaptor& operator=(std::remove_const_t<T> value) {
    return assign_elements(xt::xscalar<std::remove_const_t<T>>(value));
  }

  /// Whether the tensor is contiguous. xtensor's own test fails where the last dimension has size one, which would make
  /// loops over columns slow.
  bool is_contiguous() const noexcept { return contiguous_; }

  /// Evaluates *this + operand into the elements.
  template <class E> XtensorAdaptor& operator+=(const E& operand) { return assign_elements(*this + operand); }
  /// Evaluates *this - operand into the elements.
  template <class E> XtensorAdaptor& operator-=(const E& operand) { return assign_elements(*this - operand); }
  /// Evaluates *this * operand into the elements.
  template <class E> XtensorAdaptor& operator*=(const E& operand) { return assign_elements(*this * operand); }
  /// Evaluates *this / operand into the elements.
  template <class E> XtensorAdaptor& operator/=(const E& operand) { return assign_elements(*this / operand); }

 private:
  template <class E> XtensorAdaptor& assign_elements(const E& expression) {
    static_assert(!std::is_const_v<T>,
                  "the tensor is const: as_xtensor of a Tensor that is not const can be assigned to");
    const auto& from = expression.shape();
    const std::size_t skip = this->dimension() - expression.dimension();
    bool fits = expression.dimension() <= this->dimension();
    for (std::size_t i = 0; fits && i < expression.dimension(); ++i)
      fits = static_cast<std::size_t>(from[i]) == this->shape()[skip + i] || from[i] == 1;
    if (!fits) throw_shape(expression);
    shape_type shape(this->shape().begin(), this->shape().end());
    const bool same_layout = expression.broadcast_shape(shape, true) && skip == 0;
    xt::assign_data(*this, expression, same_layout);
    detail::bump_version(*storage_of_tensor_, "an assignment to as_xtensor");
    return *this;
  }

  template <class E> [[noreturn]] void throw_shape(const E& expression) const {
    const auto text = [](const auto& shape) {
      std::string out = "[";
      for (const auto size : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(size);
      return out + "]";
    };
    throw ShapeError("[as_xtensor] the expression has shape " + text(expression.shape()) + ", the tensor " +
                     text(this->shape()) + ": they must be equal or broadcast to the tensor's.");
  }

  storage_type& storage_impl() noexcept { return buffer_; }
  const storage_type& storage_impl() const noexcept { return buffer_; }
  friend class xt::xcontainer<XtensorAdaptor<T>>;

  detail::XtensorBuffer<T> buffer_;
  detail::Storage* storage_of_tensor_;
  bool contiguous_;
};

/// The elements of x, to read. Throws DtypeError unless T is the dtype's type.
template <class T> XtensorAdaptor<const T> as_xtensor(const Tensor& x) { return {x, x.data<T>()}; }

/// The elements of x, to read and write. Counts as an in-place write, so that graphs that saved x report the change;
/// pass a const Tensor for read access. Throws DtypeError unless T is the dtype's type.
template <class T> XtensorAdaptor<T> as_xtensor(Tensor& x) { return {x, x.mutable_data<T>()}; }

/// An adaptor must not outlive its tensor: name the tensor first.
template <class T> void as_xtensor(Tensor&& x) = delete;
template <class T> void as_xtensor(const Tensor&& x) = delete;

/// A new tensor with the shape and values of an expression; the dtype follows from the value type.
template <class E> Tensor from_xtensor(const xt::xexpression<E>& expression) {
  const E& e = expression.derived_cast();
  constexpr Dtype dtype = detail::dtype_for_value<std::decay_t<typename E::value_type>>();
  Tensor out = empty(Shape(e.shape().begin(), e.shape().end()), {.dtype = dtype});
  dispatch(dtype, [&]<class T>() {
    if constexpr (dtype_of<T> == dtype) as_xtensor<T>(out) = xt::cast<T>(e);
  });
  return out;
}

}  // namespace xg
