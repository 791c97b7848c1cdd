// Softmax, log_softmax and logsumexp.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/secants.hpp>
#include <xgrad/tensor/kernels/shapley.hpp>
#include <xgrad/tensor/kernels/softmax.hpp>

#include <limits>
#include <vector>

namespace xg {
namespace autograd {
namespace {

struct LogSecant {
  static constexpr const char* name = "logsumexp";
  template <class V> static V call(V x, V r) { return kernels::log_secant_of(x, r); }
};
struct ExpSecant {
  static constexpr const char* name = "logsumexp";
  template <class V> static V call(V x, V r) { return kernels::exp_secant_of(x, r); }
};
/// x with -infinity replaced by 0.
struct WithoutMinusInfinity {
  static constexpr const char* name = "logsumexp";
  template <class V> static V call(V x) {
    return pick(x == constant(x, -std::numeric_limits<double>::infinity()), constant(x, 0), x);
  }
};

/// Slopes of log sum exp over dims between r and x, in the shape of x: the secant of the exponential of each element
/// times that of the logarithm, with one shift for x and r. They are complete and do not overflow.
Tensor logsumexp_slopes(const Tensor& x, const Tensor& r, const Shape& dims) {
  if (x.numel() == 0) return x;
  const Tensor shift = kernels::maximum(kernels::amax(x, dims, true), kernels::amax(r, dims, true));
  const Tensor zx = kernels::sub(x, shift), zr = kernels::sub(r, shift);
  const Tensor sum_x = kernels::sum(kernels::exp(zx), dims, true), sum_r = kernels::sum(kernels::exp(zr), dims, true);
  const Tensor change = sum_x - sum_r, largest = maximum(sum_x, sum_r);
  // If x and r are far apart, one of the sums may underflow, so each logarithm is computed with its own shift.
  const Tensor logs = kernels::logsumexp(x, dims, true) - kernels::logsumexp(r, dims, true);
  const Tensor log_slope = where(abs(change) < 0.5 * largest, kernels::map(LogSecant{}, sum_x, sum_r), logs / change);
  return log_slope * kernels::map(ExpSecant{}, zx, zr);
}

/// log sum e^x; derivative softmax(x), 0 where all terms are 0.
struct Logsumexp : Reduction<Logsumexp> {
  static constexpr const char* name = "logsumexp";
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::custom;
  static constexpr bool of_nothing = false;
  Tensor forward(const Tensor& x) const { return kernels::logsumexp(x, dims, keepdim); }
  // The logarithm of a zero sum is replaced by 0, so that the shares of terms e^-infinity are 0.
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor shift = where(c.output() == -std::numeric_limits<double>::infinity(), 0.0, c.output());
    return kept(c, g) * exp(c.input(0) - kept(c, shift));
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    const Shape& shape = c.input_shape(0);
    const Tensor shift = kernels::map(WithoutMinusInfinity{}, c.output());
    Tensor dx = kernels::sub(c.input(0), expanded_view(shift, dims, keepdim, shape));
    kernels::exp_into(dx, dx);
    kernels::mul_into(dx, dx, expanded_view(g, dims, keepdim, shape));
    return dx;
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor m = multiplier_with_kept(p.multipliers[0], dims, keepdim, p.x[0].shape());
    return {m * logsumexp_slopes(p.x[0], p.r[0], dims)};
  }
};

struct AlongDim {
  static constexpr int inputs = 1;
  static constexpr Promotion promotion = Promotion::floating_only;
  static constexpr unsigned saves = save_output();
  static constexpr Rule rule = Rule::custom;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  /// The dim of a multiplier, which has an additional leading dimension.
  std::int64_t multiplier_dim() const { return dim + 1; }
};

template <class Op> std::vector<Sample> softmax_samples(Dtype d) {
  const auto call = [](std::int64_t dim) { return [=](const Inputs& in) { return apply(Op{{dim}}, in[0]); }; };
  return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(1)},
          {"first", {sample_values({3, 4}, -2, 2, d)}, call(0)},
          {"middle", {sample_values({2, 3, 4}, -2, 2, d)}, call(1)},
          {"one class", {sample_values({3, 1}, -2, 2, d)}, call(1)},
          {"0-d", {sample_values({}, -2, 2, d)}, call(0)},
          {"no rows", {sample_values({0, 3}, -2, 2, d)}, call(1)},
          {"large", {sample_values({3, 4}, -900, 900, d)}, call(1)}};
}

/// p_i = e^x_i / sum e^x_j; dx = p (g - sum g p). Attribution: p_k = sigmoid(z_k - log sum_{j != k} e^z_j), by the
/// secants of sigmoid, logarithm and exponential. This is complete, and the closest to the exact shares among rules of
/// cost O(n).
struct Softmax : AlongDim {
  static constexpr const char* name = "softmax";
  static constexpr ScoreMap score_map = ScoreMap::softmax;
  Tensor forward(const Tensor& x) const { return kernels::softmax(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (g.dim() == 0) return zeros_like(g);
    const Tensor& y = c.output();
    return y * (g - sum(g * y, dim, true));
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return kernels::softmax_backward(g, c.output(), dim);
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor& m = p.multipliers[0];
    if (p.x[0].dim() == 0) return {zeros_like(m)};
    const Grouped grouped(p.x[0].shape(), {dim});
    const kernels::SoftmaxSlopes s = kernels::softmax_slopes(grouped.rows(p.x[0]), grouped.rows(p.r[0]));
    const Tensor weighted = m * grouped.undo(s.sigmoid), through_log = weighted * grouped.undo(s.inner);
    const Tensor at_top = sum(weighted * grouped.undo(s.top), multiplier_dim(), true);
    return {weighted - grouped.undo(s.exponential) * (sum(through_log, multiplier_dim(), true) - through_log) -
            at_top * grouped.undo(s.top_terms)};
  }
  static std::vector<Sample> samples(Dtype d) { return softmax_samples<Softmax>(d); }
};

/// x_i - log sum e^x_j; dx = g - e^y sum g.
struct LogSoftmax : AlongDim {
  static constexpr const char* name = "log_softmax";
  static constexpr ScoreMap score_map = ScoreMap::log_softmax;
  Tensor forward(const Tensor& x) const { return kernels::log_softmax(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    return g.dim() == 0 ? zeros_like(g) : g - exp(c.output()) * sum(g, dim, true);
  }
  Tensor backward_fused(const OpContext& c, const Tensor& g) const {
    return kernels::log_softmax_backward(g, c.output(), dim);
  }
  std::vector<Tensor> attribute(const PairContext& p) const {
    const Tensor& m = p.multipliers[0];
    if (p.x[0].dim() == 0) return {zeros_like(m)};
    return {m - logsumexp_slopes(p.x[0], p.r[0], {dim}) * sum(m, multiplier_dim(), true)};
  }
  static std::vector<Sample> samples(Dtype d) { return softmax_samples<LogSoftmax>(d); }
};

}  // namespace

}  // namespace autograd

using autograd::converted;
using autograd::reduced_dims;

Tensor logsumexp(const Tensor& x, const Dims& dims, bool keepdim) {
  return apply(autograd::Logsumexp{{reduced_dims("logsumexp", x, dims), keepdim}}, x);
}
Tensor softmax(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Softmax{{normalize_dim("softmax", dim, x.dim())}}, converted(x, options));
}
Tensor softmin(const Tensor& x, std::int64_t dim, DtypeOption options) { return softmax(-converted(x, options), dim); }
Tensor log_softmax(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::LogSoftmax{{normalize_dim("log_softmax", dim, x.dim())}}, converted(x, options));
}

}  // namespace xg
