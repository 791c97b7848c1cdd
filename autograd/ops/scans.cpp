// Products over a dimension, cumulative sums, products and logarithms of sums.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/detail/scans.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/kernels/recurrence.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// x shifted by one along dim, without its last element and with `first` in front.
Tensor shifted(const Tensor& x, std::int64_t dim, double first) {
  Shape one = x.shape();
  one[static_cast<std::size_t>(dim)] = 1;
  return cat({full(one, first, {.dtype = x.dtype()}), narrow(x, dim, 0, x.size(dim) - 1)}, dim);
}
/// x shifted back by one along dim, without its first element and with a zero at the end.
Tensor shifted_back(const Tensor& x, std::int64_t dim) {
  Shape one = x.shape();
  one[static_cast<std::size_t>(dim)] = 1;
  return cat({narrow(x, dim, 1, x.size(dim) - 1), zeros(one, {.dtype = x.dtype()})}, dim);
}

/// y_k = a_k y_{k-1} + b_k along dim, or from the end. Its derivative is a recurrence of the same kind in the other
/// direction:
///   db_k = l_k with l_k = g_k + a_{k+1} l_{k+1},   da_k = l_k y_{k-1}
/// There is no division, so products with zeros have exact derivatives of any order.
struct LinearRecurrence {
  static constexpr const char* name = "linear_recurrence";
  static constexpr int inputs = 2;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool reverse = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& a, const Tensor& b) const {
    if (a.shape() != b.shape() || dim < 0 || dim >= b.dim())
      raise<ShapeError>("[linear_recurrence] factors {} and terms {} must agree and have a dimension {}.",
                        a.shape().str(), b.shape().str(), dim);
    if (a.dtype() != b.dtype())
      raise<DtypeError>("[linear_recurrence] factors are {} and terms {}, they must agree.", xg::name(a.dtype()),
                        xg::name(b.dtype()));
    return kernels::linear_recurrence(a, b, dim, reverse);
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    if (g.numel() == 0) return gradients(c, [&] { return g; }, [&] { return g; });
    const Tensor next = reverse ? shifted(c.input(0), dim, 0) : shifted_back(c.input(0), dim);
    const Tensor adjoint = apply(LinearRecurrence{dim, !reverse}, next, g);
    const auto da = [&] { return adjoint * (reverse ? shifted_back(c.output(), dim) : shifted(c.output(), dim, 0)); };
    return gradients(c, da, [&] { return adjoint; });
  }
  static std::vector<Sample> samples(Dtype d) {
    const std::vector<Tensor> in{sample_values({2, 4}, -2, 2, d, 2), sample_values({2, 4}, -2, 2, d, 3)};
    const auto call = [](std::int64_t dim, bool reverse) {
      return [=](const Inputs& t) { return apply(LinearRecurrence{dim, reverse}, t[0], t[1]); };
    };
    return {{"forward", in, call(1, false)}, {"from the end", in, call(1, true)}, {"along rows", in, call(0, false)}};
  }
};

/// Running sum; its derivative is the running sum from the end.
struct Cumsum {
  static constexpr const char* name = "cumsum";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::linear;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::cumsum(x, dim); }
  Tensor backward(const OpContext&, const Tensor& g) const {
    return g.dim() == 0 ? g : flip(cumsum(flip(g, dim), dim), dim);
  }
  Tensor rounding(const RoundingContext& c) const { return kernels::cumsum(c.of_term(0), dim); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](auto... arguments) { return [=](const Inputs& in) { return cumsum(in[0], arguments...); }; };
    return shaped_samples(d, {{"last", {{3, 4}}, call(-1)},
                              {"first", {{3, 4}}, call(0)},
                              {"0-d", {{}}, call(0)},
                              {"empty", {{0, 3}}, call(1)}});
  }
};

/// Running product y_k = x_k y_{k-1}. dx_i = (product before i) l_i with l_i = g_i + x_{i+1} l_{i+1}.
struct Cumprod {
  static constexpr const char* name = "cumprod";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::cumprod(x, dim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (g.dim() == 0 || g.numel() == 0) return g;
    return shifted(c.output(), dim, 1) * apply(LinearRecurrence{dim, true}, shifted_back(c.input(0), dim), g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](auto... arguments) { return [=](const Inputs& in) { return cumprod(in[0], arguments...); }; };
    const Tensor with_zeros = from_data(std::vector<double>{1.5, 0, -2, 0.5, 0, 0, 3, 1}.data(), {2, 4}).to(d);
    return {{"last", {sample_values({3, 4}, -2, 2, d)}, call(-1)},
            {"first", {sample_values({3, 4}, -2, 2, d)}, call(0)},
            {"with zeros", {with_zeros}, call(1)},
            {"0-d", {sample_values({}, -2, 2, d)}, call(0)},
            {"empty", {sample_values({0, 3}, -2, 2, d)}, call(1)}};
  }
};

/// a - b, 0 where both are the same infinity.
Tensor finite_difference(const Tensor& a, const Tensor& b) {
  const Tensor same = logical_and(a == b, isinf(a));
  return where(same, 0.0, a) - where(same, 0.0, b);
}

/// y_k = log(e^x_1 + ... + e^x_k). dx_i = e^(x_i - y_i) l_i with l_i = g_i + e^(y_i - y_{i+1}) l_{i+1}: no exponent is
/// positive, and no logarithm of a gradient is taken.
struct Logcumsumexp {
  static constexpr const char* name = "logcumsumexp";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const {
    check_floating(name, x);
    return kernels::logcumsumexp(x, dim);
  }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    if (g.dim() == 0 || g.numel() == 0) return g;
    const Tensor &x = c.input(0), &y = c.output();
    const std::int64_t n = y.size(dim) - 1;
    const Tensor before = narrow(y, dim, 0, n), after = narrow(y, dim, 1, n);
    Shape last = y.shape();
    last[static_cast<std::size_t>(dim)] = 1;
    const Tensor kept = cat({exp(finite_difference(before, after)), zeros(last, {.dtype = y.dtype()})}, dim);
    return exp(finite_difference(x, y)) * apply(LinearRecurrence{dim, true}, kept, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](auto dim) { return [=](const Inputs& in) { return logcumsumexp(in[0], dim); }; };
    return shaped_samples(d, {{"last", {{3, 4}}, call(-1)},
                              {"first", {{3, 4}}, call(0)},
                              {"0-d", {{}}, call(0)},
                              {"empty", {{0, 3}}, call(1)}});
  }
};

/// Product along one dimension. dx_i = g (product before i) (product after i): exact where factors are zero.
struct Prod {
  static constexpr const char* name = "prod";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;
  std::int64_t dim = 0;
  bool keepdim = false;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  Tensor forward(const Tensor& x) const { return kernels::reduce<kernels::Prod>(x, {dim}, keepdim); }
  Tensor backward(const OpContext& c, const Tensor& g) const {
    const Tensor& x = c.input(0);
    if (x.dim() == 0) return g;
    if (x.numel() == 0) return zeros_like(x);
    const Tensor before = cumprod(shifted(x, dim, 1), dim);
    const Tensor after = flip(cumprod(shifted(flip(x, dim), dim, 1), dim), dim);
    return with_kept(g, {dim}, keepdim, x.shape()) * before * after;
  }
  static std::vector<Sample> samples(Dtype d) {
    const Tensor with_zeros = from_data(std::vector<double>{1.5, 0, -2, 0.5, 0, 0, 3, 1}.data(), {2, 4}).to(d);
    const auto call = [](auto... arguments) { return [=](const Inputs& in) { return prod(in[0], arguments...); }; };
    return {{"all", {sample_values({2, 3}, -2, 2, d)}, [](const Inputs& in) { return prod(in[0]); }},
            {"last", {sample_values({3, 4}, -2, 2, d)}, call(-1, false)},
            {"first, kept", {sample_values({3, 2}, -2, 2, d)}, call(0, true)},
            {"with zeros", {with_zeros}, call(1, false)},
            {"0-d", {sample_values({}, -2, 2, d)}, call(0, false)},
            {"of nothing", {sample_values({2, 0}, -2, 2, d)}, call(1, false)}};
  }
};

}  // namespace

Tensor linear_recurrence(const Tensor& a, const Tensor& b, std::int64_t dim, bool reverse) {
  return apply(LinearRecurrence{dim, reverse}, a, b);
}

}  // namespace autograd

using autograd::converted;

Tensor prod(const Tensor& x, DtypeOption options) {
  const Tensor y = converted(x, options);
  return apply(autograd::Prod{0, false}, y.dim() <= 1 ? y : y.reshape({-1}));
}
Tensor prod(const Tensor& x, std::int64_t dim, bool keepdim, DtypeOption options) {
  return apply(autograd::Prod{normalize_dim("prod", dim, x.dim()), keepdim}, converted(x, options));
}

Tensor cumsum(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Cumsum{normalize_dim("cumsum", dim, x.dim())}, converted(x, options));
}
Tensor cumprod(const Tensor& x, std::int64_t dim, DtypeOption options) {
  return apply(autograd::Cumprod{normalize_dim("cumprod", dim, x.dim())}, converted(x, options));
}
Tensor logcumsumexp(const Tensor& x, std::int64_t dim) {
  return apply(autograd::Logcumsumexp{normalize_dim("logcumsumexp", dim, x.dim())}, x);
}

}  // namespace xg
