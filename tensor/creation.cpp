#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/sequence.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xg {
namespace {

Tensor finished(Tensor tensor, const TensorOptions& options) {
  if (options.requires_grad) tensor.requires_grad_();
  return tensor;
}

void check_sizes(const char* op, const Shape& shape) {
  for (const std::int64_t size : shape)
    if (size < 0) raise<ShapeError>("[{}] shape is {}, sizes must not be negative.", op, shape.str());
}

Tensor filled(const char* op, const Shape& shape, Scalar value, Dtype dtype, const TensorOptions& options) {
  check_sizes(op, shape);
  Tensor out = kernels::empty(shape, dtype);
  kernels::fill(out, value, op);
  return finished(std::move(out), options);
}

/// bool, int64 or the default dtype.
Dtype natural_dtype(Scalar value) { return value.category() == Dtype::float64 ? default_dtype() : value.category(); }

/// Throws ValueError where an element of `dtype` cannot hold `value`.
void check_fits(const char* op, Scalar value, Dtype dtype) {
  dispatch(dtype, [&]<class T>() { static_cast<void>(value.to<T>(op)); });
}

bool is_floating_number(Scalar value) { return value.category() == Dtype::float64; }

std::string text(Scalar value) {
  return is_floating_number(value) ? fmt::format("{}", value.to_double()) : fmt::format("{}", value.to_int64());
}

/// Throws ValueError for a negative number of steps, or a start or stop that is not finite.
void check_endpoints(const char* op, Scalar start, Scalar stop, std::int64_t steps) {
  if (steps < 0) raise<ValueError>("[{}] steps is {}, it must not be negative.", op, steps);
  if (!std::isfinite(start.to_double()) || !std::isfinite(stop.to_double()))
    raise<ValueError>("[{}] start is {} and stop is {}, both must be finite.", op, text(start), text(stop));
}

/// ceil((stop - start) / step): the number of values below stop.
std::int64_t arange_count(Scalar start, Scalar stop, Scalar step) {
  const auto described = [&] {
    return fmt::format("[arange] start is {}, stop is {}, step is {}", text(start), text(stop), text(step));
  };
  if (!is_floating_number(start) && !is_floating_number(stop) && !is_floating_number(step)) {
    const std::int64_t a = start.to_int64(), b = stop.to_int64(), s = step.to_int64();
    std::int64_t distance = 0;
    if (s == 0) throw ValueError(described() + ": step must not be 0.");
    if (__builtin_sub_overflow(b, a, &distance) || (s == -1 && distance == std::numeric_limits<std::int64_t>::min()))
      throw ValueError(described() + ": more values than 64 bits can count.");
    if (distance != 0 && (distance > 0) != (s > 0))
      throw ValueError(described() + ": step leads away from stop; change its sign.");
    return distance / s + (distance % s != 0 ? 1 : 0);
  }
  const double a = start.to_double(), b = stop.to_double(), s = step.to_double();
  if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(s))
    throw ValueError(described() + ": all must be finite.");
  if (s == 0) throw ValueError(described() + ": step must not be 0.");
  if (a != b && (b > a) != (s > 0)) throw ValueError(described() + ": step leads away from stop; change its sign.");
  const double count = std::ceil((b - a) / s);
  if (!(count < 9e18)) throw ValueError(described() + ": more values than 64 bits can count.");
  return static_cast<std::int64_t>(count);
}

/// start + (count - 1) step, without overflow because it lies before a stop of 64 bits.
Scalar last_of(Scalar start, Scalar step, std::int64_t count) {
  if (!is_floating_number(start) && !is_floating_number(step)) return start.to_int64() + (count - 1) * step.to_int64();
  return start.to_double() + static_cast<double>(count - 1) * step.to_double();
}

/// Calls f(number) for every number of a nested list, in order.
template <class F> void each_number(std::initializer_list<Literal> values, F&& f) {
  for (const Literal& value : values) {
    if (value.is_list())
      each_number(value.list(), f);
    else
      f(value.number());
  }
}

[[noreturn]] void refuse_row(std::size_t row, std::size_t depth, const std::string& described,
                             const std::string& first) {
  raise<ShapeError>("[tensor] row {}{} {}, the first {}: rows must have equal lengths.", row,
                    depth == 0 ? "" : fmt::format(" at depth {}", depth + 1), described, first);
}

/// Throws ShapeError where an element of the list is not as long or as deep as the first one.
void check_even(const Literal& element, const Literal& first, std::size_t row, std::size_t depth) {
  const auto described = [](const Literal& value) {
    return value.is_list() ? fmt::format("has {} values", value.list().size()) : std::string("is a number");
  };
  const bool same = element.is_list() == first.is_list() && element.list().size() == first.list().size();
  if (!same) refuse_row(row, depth, described(element), described(first));
  if (!first.is_list() || first.list().size() == 0) return;
  const Literal& inner = *first.list().begin();
  std::size_t i = 0;
  for (const Literal& value : element.list()) check_even(value, inner, i++, depth + 1);
}

Shape shape_of(std::initializer_list<Literal> values) {
  std::vector<std::int64_t> sizes{static_cast<std::int64_t>(values.size())};
  if (values.size() != 0) {
    std::size_t i = 0;
    for (const Literal& value : values) check_even(value, *values.begin(), i++, 0);
    for (const Literal* first = values.begin(); first->is_list(); first = first->list().begin()) {
      sizes.push_back(static_cast<std::int64_t>(first->list().size()));
      if (first->list().size() == 0) break;
    }
  }
  return Shape(sizes.begin(), sizes.end());
}

}  // namespace

Tensor empty(const Shape& shape, TensorOptions options) {
  return finished(kernels::empty(shape, options.dtype.value_or(default_dtype())), options);
}

Tensor zeros(const Shape& shape, TensorOptions options) {
  return filled("zeros", shape, 0, options.dtype.value_or(default_dtype()), options);
}

Tensor ones(const Shape& shape, TensorOptions options) {
  return filled("ones", shape, 1, options.dtype.value_or(default_dtype()), options);
}

Tensor full(const Shape& shape, Scalar value, TensorOptions options) {
  return filled("full", shape, value, options.dtype.value_or(natural_dtype(value)), options);
}

Tensor empty_like(const Tensor& x, TensorOptions options) {
  return finished(kernels::empty(x.shape(), options.dtype.value_or(x.dtype())), options);
}

Tensor zeros_like(const Tensor& x, TensorOptions options) {
  return filled("zeros_like", x.shape(), 0, options.dtype.value_or(x.dtype()), options);
}

Tensor ones_like(const Tensor& x, TensorOptions options) {
  return filled("ones_like", x.shape(), 1, options.dtype.value_or(x.dtype()), options);
}

Tensor full_like(const Tensor& x, Scalar value, TensorOptions options) {
  return filled("full_like", x.shape(), value, options.dtype.value_or(x.dtype()), options);
}

Tensor arange(Scalar stop, TensorOptions options) { return arange(0, stop, 1, options); }

Tensor arange(Scalar start, Scalar stop, Scalar step, TensorOptions options) {
  const bool floating = is_floating_number(start) || is_floating_number(stop) || is_floating_number(step);
  const Dtype dtype = options.dtype.value_or(floating ? default_dtype() : Dtype::int64);
  if (dtype == Dtype::bool_)
    throw DtypeError("[arange] dtype is bool, arange needs an integer or floating-point dtype: use int64 or float32.");
  const std::int64_t count = arange_count(start, stop, step);
  if (count > 0 && is_integral(dtype)) {
    check_fits("arange", start, dtype);
    check_fits("arange", last_of(start, step, count), dtype);
  }
  Tensor out = kernels::empty({count}, dtype);
  kernels::arange(out, start, step);
  return finished(std::move(out), options);
}

Tensor linspace(Scalar start, Scalar stop, std::int64_t steps, TensorOptions options) {
  check_endpoints("linspace", start, stop, steps);
  check_fits("linspace", start, options.dtype.value_or(default_dtype()));
  check_fits("linspace", stop, options.dtype.value_or(default_dtype()));
  Tensor out = kernels::empty({steps}, options.dtype.value_or(default_dtype()));
  kernels::linspace(out, start.to_double(), stop.to_double());
  return finished(std::move(out), options);
}

Tensor logspace(Scalar start, Scalar stop, std::int64_t steps, double base, TensorOptions options) {
  check_endpoints("logspace", start, stop, steps);
  Tensor out = kernels::empty({steps}, options.dtype.value_or(default_dtype()));
  kernels::logspace(out, start.to_double(), stop.to_double(), base);
  return finished(std::move(out), options);
}

Tensor eye(std::int64_t n, TensorOptions options) { return eye(n, n, options); }

Tensor eye(std::int64_t n, std::int64_t m, TensorOptions options) {
  const Shape shape{n, m < 0 ? n : m};
  check_sizes("eye", shape);
  Tensor out = kernels::empty(shape, options.dtype.value_or(default_dtype()));
  kernels::eye(out);
  return finished(std::move(out), options);
}

Tensor scalar_tensor(Scalar value, TensorOptions options) {
  return filled("scalar_tensor", {}, value, options.dtype.value_or(natural_dtype(value)), options);
}

Tensor tensor(std::initializer_list<Literal> values, TensorOptions options) {
  const Dtype dtype = options.dtype.value_or(default_dtype());
  Tensor out = kernels::empty(shape_of(values), dtype);
  dispatch(dtype, [&]<class T>() {
    T* next = static_cast<T*>(out.impl().data);
    each_number(values, [&](Scalar number) { *next++ = number.to<T>("tensor"); });
  });
  return finished(std::move(out), options);
}

Tensor from_blob(void* data, const Shape& shape, BlobOptions options) {
  const Dtype dtype = options.dtype.value_or(default_dtype());
  return detail::from_memory(data, dtype, shape, std::move(options));
}

namespace {

/// Throws ShapeError unless the strides reach each element of the shape at a place of its own, or repeat it by a 0.
void check_strides(const Shape& shape, const Shape& strides, Dtype dtype) {
  const auto refuse = [&](const char* why) {
    raise<ShapeError>("[from_blob] strides {} for shape {} {}.", strides.str(), shape.str(), why);
  };
  if (strides.size() != shape.size()) refuse("must have equally many entries");
  std::vector<std::pair<std::int64_t, std::int64_t>> steps;  // stride and size, of dimensions with several elements
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (strides[i] < 0) refuse("must not be negative: shift the pointer and use flip");
    if (shape[i] > 1 && strides[i] != 0) steps.emplace_back(strides[i], shape[i]);
  }
  std::sort(steps.begin(), steps.end());
  std::int64_t last = 0;  // the largest offset so far
  for (const auto& [stride, size] : steps) {
    if (stride <= last) refuse("let elements share memory: only a stride of 0 may repeat them");
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(stride, size - 1, &reach) || __builtin_add_overflow(reach, last, &last) ||
        last > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(item_size(dtype)) - 1)
      refuse("reach further than 64 bits can count");
  }
}

struct ReleaseStorage {
  void operator()(detail::Storage* storage) const noexcept { detail::release_storage(storage); }
};

}  // namespace

namespace detail {

Tensor from_memory(void* data, Dtype from, const Shape& shape, BlobOptions options) {
  // From here on the storage calls the deleter, whatever is thrown.
  const std::unique_ptr<Storage, ReleaseStorage> storage(new_external_storage(data, std::move(options.deleter)));
  if (options.dtype && *options.dtype != from)
    raise<DtypeError>("[from_blob] the pointer is to {}, dtype is {}: leave the dtype out, or convert with to().",
                      name(from), name(*options.dtype));
  check_sizes("from_blob", shape);
  LayoutRef layout = row_major_layout(shape, from);
  const Shape strides = options.strides.value_or(layout->strides);
  check_strides(shape, strides, from);
  if (options.strides) layout = strided_layout(shape, strides);
  if (layout->numel != 0 && data == nullptr)
    raise<ValueError>("[from_blob] the pointer is null, shape {} needs {} elements.", shape.str(), layout->numel);
  if (reinterpret_cast<std::uintptr_t>(data) % item_size(from) != 0)
    raise<ValueError>("[from_blob] the pointer is not aligned to elements of {}: copy the memory with std::memcpy.",
                      name(from));
  return finished(Tensor::adopt(new_alias(*storage, data, layout, from)), {.requires_grad = options.requires_grad});
}

void throw_ragged(std::size_t row, std::size_t depth, std::size_t size, std::int64_t first) {
  refuse_row(row, depth - 1, fmt::format("has {} values", size), fmt::format("has {} values", first));
}

Tensor from_literal(std::initializer_list<Literal> values, Dtype from, TensorOptions options) {
  if (is_integral(from))
    each_number(values, [&](Scalar number) {
      const double value = number.to_double();
      if (is_floating_number(number) && value != std::trunc(value))
        raise<ValueError>(
            "[tensor] {} has a fraction, the elements are {}: use whole numbers, or tensor<double>({{...}}).", value,
            name(from));
    });
  const bool named = options.dtype && *options.dtype != from;
  const Dtype dtype = options.dtype.value_or(from);
  Tensor out = tensor(values, {.dtype = from});
  if (named) out = kernels::cast(out, dtype);
  return finished(std::move(out), options);
}

Tensor from_elements(const void* data, Dtype from, const Shape& shape, TensorOptions options) {
  check_sizes("from_data", shape);
  Tensor out = kernels::empty(shape, from);
  if (out.numel() != 0) {
    if (data == nullptr)
      raise<ValueError>("[from_data] data is null, shape {} needs {} elements.", shape.str(), out.numel());
    std::memcpy(out.impl().data, data, static_cast<std::size_t>(out.numel()) * item_size(from));
  }
  const Dtype dtype = options.dtype.value_or(from);
  if (dtype != from) out = kernels::cast(out, dtype);
  return finished(std::move(out), options);
}

}  // namespace detail

}  // namespace xg
