// Chooses the loops of a reduction: see Note [How reductions run].
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/reduce_loops.hpp>
#include <xgrad/tensor/kernels/strided.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace xg::kernels {
namespace {

/// Bit d is set for each dimension d to reduce.
unsigned mask_of(const Shape& shape, const Shape& dims) {
  unsigned mask = 0;
  if (!shape.empty())
    for (const std::int64_t d : dims) mask |= 1u << d;
  return mask;
}

Shape shape_without(const Shape& shape, unsigned mask, bool keepdim) {
  Shape out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if ((mask >> i & 1) == 0)
      out.push_back(shape[i]);
    else if (keepdim)
      out.push_back(1);
  }
  return out;
}

/// The kept dimensions, with the strides of the (contiguous) output and of x, and the reduced ones; each sorted by the
/// strides of x and merged.
struct ReducePlan {
  RowPlan<2> kept;     // out, x
  RowPlan<1> reduced;  // x

  ReducePlan(const Shape& shape, const Shape& strides, unsigned mask)
      : kept(part(shape, strides, mask, false)), reduced(reduced_part(part(shape, strides, mask, true))) {}

 private:
  struct Dim {
    std::int64_t size, out_stride, stride;
  };
  static RowPlan<2> part(const Shape& shape, const Shape& strides, unsigned mask, bool wanted) {
    Dim dims[max_dims];
    std::size_t count = 0;
    std::int64_t out_stride = 1;
    for (std::size_t i = shape.size(); i-- > 0;) {
      if (((mask >> i & 1) != 0) != wanted) continue;
      dims[count++] = {shape[i], out_stride, strides[i]};
      out_stride *= shape[i];
    }
    std::reverse(dims, dims + count);
    std::stable_sort(dims, dims + count, [](const Dim& a, const Dim& b) { return a.stride > b.stride; });
    Shape sizes, out, in;
    for (std::size_t i = 0; i < count; ++i) {
      sizes.push_back(dims[i].size);
      out.push_back(dims[i].out_stride);
      in.push_back(dims[i].stride);
    }
    return RowPlan<2>(sizes, {out, in});
  }
  static RowPlan<1> reduced_part(const RowPlan<2>& plan) { return RowPlan<1>(plan.shape, {plan.strides[1]}); }
};

void reduce_any_layout(const Loops& loops, const void* x, const ReducePlan& plan, std::int64_t n, void* out) {
  const std::int64_t kept = plan.kept.row_length(), out_stride = plan.kept.strides[0].back(),
                     kept_stride = plan.kept.strides[1].back();
  const std::int64_t length = plan.reduced.row_length(), stride = plan.reduced.strides[0].back();
  const bool by_columns = kept_stride == 1 && kept >= 4 && stride != 1;
  const std::int64_t group = by_columns ? column_group : 1;
  alignas(64) char acc[column_group * 8];
  plan.kept.for_each_row([&](const std::array<std::int64_t, 2>& at) {
    for (std::int64_t j = 0; j < kept; j += group) {
      const std::int64_t count = std::min(group, kept - j);
      loops.start(count, acc);
      plan.reduced.for_each_row([&](const std::array<std::int64_t, 1>& inner) {
        const std::int64_t from = at[1] + j * kept_stride + inner[0];
        if (by_columns)
          loops.add_columns(x, from, length, stride, count, acc);
        else
          loops.add_run(x, from, length, stride, acc);
      });
      loops.finish(acc, count, n, out, at[0] + j * out_stride, out_stride);
    }
  });
}

/// Whether every kept dimension precedes every reduced one.
bool reduces_last(unsigned kept, unsigned mask) { return kept < (mask & (~mask + 1)); }
/// Whether every reduced dimension precedes every kept one.
bool reduces_first(unsigned kept, unsigned mask) { return mask < (kept & (~kept + 1)); }

}  // namespace

Tensor reduce(const Loops& loops, const Tensor& x, const Shape& dims, bool keepdim) {
  const Shape& shape = x.shape();
  const unsigned mask = mask_of(shape, dims), kept = ((1u << shape.size()) - 1) & ~mask;
  Tensor result = empty(shape_without(shape, mask, keepdim), loops.out);
  const std::int64_t count = result.numel();
  if (count == 0) return result;
  const void* in = x.impl().data;
  void* out = result.impl().data;
  const std::int64_t n = x.numel() / count;
  if (n == 0 || (x.is_contiguous() && (count == 1 || reduces_last(kept, mask))))
    loops.rows(in, count, n, out);
  else if (x.is_contiguous() && reduces_first(kept, mask))
    loops.columns(in, n, count, out);
  else
    reduce_any_layout(loops, in, ReducePlan(shape, x.strides(), mask), n, out);
  return result;
}

namespace {

// ---------------------------------------------------------------------------------------------------------- deviations

/// Sums of d = x - mean and of d^2, in float64.
struct Moments {
  double first = 0, second = 0;
  void add(double d) { first += d, second += d * d; }
  double deviation(std::int64_t n) const {
    const double sum = second - first * first / static_cast<double>(n);
    return sum < 0 ? 0 : sum;
  }
};

template <class T> T run_deviation(const T* x, std::int64_t n, double mean) {
  constexpr std::int64_t lanes = 32;  // enough for all sums to be vectors
  double first[lanes] = {}, second[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::int64_t k = 0; k < lanes; ++k) {
      const double d = static_cast<double>(x[i + k]) - mean;
      first[k] += d;
      second[k] += d * d;
    }
  Moments total;
  for (; i < n; ++i) total.add(static_cast<double>(x[i]) - mean);
  for (std::int64_t k = 0; k < lanes; ++k) total.first += first[k], total.second += second[k];
  return static_cast<T>(total.deviation(n));
}

template <class T> void column_deviations(const T* x, std::int64_t rows, std::int64_t cols, const T* mean, T* out) {
  double first[column_group], second[column_group];
  for (std::int64_t begin = 0; begin < cols; begin += column_group) {
    const std::int64_t count = std::min(column_group, cols - begin);
    std::fill(first, first + count, 0.0);
    std::fill(second, second + count, 0.0);
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* row = x + i * cols + begin;
      for (std::int64_t j = 0; j < count; ++j) {
        const double d = static_cast<double>(row[j]) - static_cast<double>(mean[begin + j]);
        first[j] += d;
        second[j] += d * d;
      }
    }
    for (std::int64_t j = 0; j < count; ++j)
      out[begin + j] = static_cast<T>(Moments{first[j], second[j]}.deviation(rows));
  }
}

}  // namespace

Shape reduced_shape(const Shape& shape, const Shape& dims, bool keepdim) {
  return shape_without(shape, mask_of(shape, dims), keepdim);
}

Tensor sum(const Tensor& x, const Shape& dims, bool keepdim) { return reduce<Sum>(x, dims, keepdim); }

Tensor mean(const Tensor& x, const Shape& dims, bool keepdim) { return reduce<Mean>(x, dims, keepdim); }

Tensor amax(const Tensor& x, const Shape& dims, bool keepdim) { return reduce<Largest>(x, dims, keepdim); }

Tensor amin(const Tensor& x, const Shape& dims, bool keepdim) { return reduce<Smallest>(x, dims, keepdim); }

Tensor sum_squared_deviation(const Tensor& x, const Tensor& mean_keepdim, const Shape& dims, bool keepdim) {
  const unsigned mask = mask_of(x.shape(), dims);
  const unsigned kept = ((1u << x.shape().size()) - 1) & ~mask;
  const bool rows = kept == 0 || reduces_last(kept, mask);
  if (x.numel() == 0 || !x.is_contiguous() || !(rows || reduces_first(kept, mask))) {
    const Tensor d = sub(x, mean_keepdim);
    const Tensor first = sum(d, dims, keepdim), second = sum(square(d), dims, keepdim);
    const auto n = static_cast<double>(x.numel()) / static_cast<double>(std::max<std::int64_t>(first.numel(), 1));
    if (n == 0) return second;
    return clamp(sub(second, scale(square(first), 1 / n)), 0, std::numeric_limits<double>::infinity());
  }
  Tensor result = empty(shape_without(x.shape(), mask, keepdim), x.dtype());
  const Tensor centers = contiguous(mean_keepdim);
  const std::int64_t count = result.numel(), n = x.numel() / count;
  dispatch_floating(x.dtype(), [&]<class T>() {
    const T* in = elements<T>(x);
    const T* center = elements<T>(centers);
    T* out = elements<T>(result);
    if (rows)
      for (std::int64_t i = 0; i < count; ++i) out[i] = run_deviation(in + i * n, n, static_cast<double>(center[i]));
    else
      column_deviations(in, n, count, center, out);
  });
  return result;
}

}  // namespace xg::kernels
