#include "misuse/calls.hpp"

#include <xgrad/tensor/random.hpp>

#include <tuple>
#include <utility>

using namespace xg;

namespace xg_test {
namespace {

template <class... T> std::vector<Tensor> list(const T&... results) {
  std::vector<Tensor> all;
  const auto add = [&]<class R>(const R& result) {
    if constexpr (std::is_same_v<R, Tensor>)
      all.push_back(result);
    else if constexpr (std::is_same_v<R, bool>)
      all.push_back(scalar_tensor(result));
    else if constexpr (std::is_same_v<R, std::vector<Tensor>>)
      all.insert(all.end(), result.begin(), result.end());
    else
      std::apply([&](const auto&... part) { (all.push_back(part), ...); }, result);
  };
  (add(results), ...);
  return all;
}

Reduction reduction(Draw& d) { return d.one_of({Reduction::none, Reduction::mean, Reduction::sum}); }

std::vector<Index> indices(Draw& d) {
  const auto bound = [&] { return d.yes() ? std::nullopt : std::optional(d.integer()); };
  std::vector<Index> out;
  for (std::int64_t i = d.below(5); i > 0; --i) switch (d.below(7)) {
      case 0:
        out.emplace_back(newaxis);
        break;
      case 1:
        out.emplace_back(ellipsis);
        break;
      case 2:
        out.emplace_back(d.index());
        break;
      case 3:
        out.emplace_back(d.mask());
        break;
      case 4:
        out.emplace_back(d.integer());
        break;
      default:
        out.emplace_back(Slice{bound(), bound(), d.one_in(3) ? d.integer() : 1});
    }
  return out;
}

/// The last sizes of x, or any shape.
Shape last_sizes(Draw& d, const Tensor& x) {
  if (!x.defined() || x.dim() == 0 || d.one_in(4)) return d.shape();
  const std::int64_t from = d.below(x.dim());
  return {x.shape().begin() + from, x.shape().end()};
}

/// A vector with a number for each channel (dimension 1) of x, mostly.
Tensor channels(Draw& d, const Tensor& x) {
  if (d.one_in(3)) return {};
  if (!x.defined() || x.dim() == 0 || d.one_in(6)) return d.tensor();
  const std::int64_t n = x.size(x.dim() == 1 ? 0 : 1);
  const Tensor like = zeros({n}, {.dtype = x.is_floating_point() ? x.dtype() : float32});
  return d.tensor_like(like);
}

/// A real tensor, mostly of this shape.
Tensor of_shape(Draw& d, const Shape& shape, Dtype dtype) { return d.tensor_like(zeros(shape, {.dtype = dtype})); }

/// Operands of a product that mostly fit: what is added, [m, k] and [k, n], or [k], and [batch] before them.
struct Operands {
  Tensor added, a, b;
};
Operands operands(Draw& d, bool batches, bool vector, bool sums_batches) {
  const std::int64_t batch = d.below(4), m = d.below(5), k = d.below(5), n = d.below(5);
  const Dtype dtype = d.yes() ? float32 : float64;
  const auto with_batch = [&](Shape shape) {
    if (batches) shape.insert(0, batch);
    return shape;
  };
  const Shape result = vector ? Shape{m} : Shape{m, n};
  return {of_shape(d, sums_batches ? result : with_batch(result), dtype), of_shape(d, with_batch({m, k}), dtype),
          of_shape(d, vector ? Shape{k} : with_batch({k, n}), dtype)};
}

/// Class numbers for logits, most of which are right.
Tensor labels(Draw& d, const Tensor& x) {
  if (!x.defined() || x.dim() == 0) return d.index();
  Shape shape = x.shape();
  shape.erase(shape.size() == 1 ? 0 : 1);
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.numel()));
  for (std::int64_t& value : values) value = d.one_in(40) ? d.integer() : d.below(3);
  return from_data(values.data(), shape);
}

}  // namespace

const std::vector<Call>& all_calls() {
  static const std::vector<Call> calls = {
      // clang-format off
      // of one tensor
      {"neg", [](Draw& d) { return list(neg(d.tensor())); }},
      {"positive", [](Draw& d) { return list(positive(d.tensor())); }},
      {"abs", [](Draw& d) { return list(abs(d.tensor())); }},
      {"sign", [](Draw& d) { return list(sign(d.tensor())); }},
      {"square", [](Draw& d) { return list(square(d.tensor())); }},
      {"sqrt", [](Draw& d) { return list(sqrt(d.tensor())); }},
      {"rsqrt", [](Draw& d) { return list(rsqrt(d.tensor())); }},
      {"reciprocal", [](Draw& d) { return list(reciprocal(d.tensor())); }},
      {"exp", [](Draw& d) { return list(exp(d.tensor())); }},
      {"exp2", [](Draw& d) { return list(exp2(d.tensor())); }},
      {"expm1", [](Draw& d) { return list(expm1(d.tensor())); }},
      {"log", [](Draw& d) { return list(log(d.tensor())); }},
      {"log2", [](Draw& d) { return list(log2(d.tensor())); }},
      {"log10", [](Draw& d) { return list(log10(d.tensor())); }},
      {"log1p", [](Draw& d) { return list(log1p(d.tensor())); }},
      {"sin", [](Draw& d) { return list(sin(d.tensor())); }},
      {"cos", [](Draw& d) { return list(cos(d.tensor())); }},
      {"tan", [](Draw& d) { return list(tan(d.tensor())); }},
      {"asin", [](Draw& d) { return list(asin(d.tensor())); }},
      {"acos", [](Draw& d) { return list(acos(d.tensor())); }},
      {"atan", [](Draw& d) { return list(atan(d.tensor())); }},
      {"sinh", [](Draw& d) { return list(sinh(d.tensor())); }},
      {"cosh", [](Draw& d) { return list(cosh(d.tensor())); }},
      {"asinh", [](Draw& d) { return list(asinh(d.tensor())); }},
      {"acosh", [](Draw& d) { return list(acosh(d.tensor())); }},
      {"atanh", [](Draw& d) { return list(atanh(d.tensor())); }},
      {"sinc", [](Draw& d) { return list(sinc(d.tensor())); }},
      {"erf", [](Draw& d) { return list(erf(d.tensor())); }},
      {"erfc", [](Draw& d) { return list(erfc(d.tensor())); }},
      {"floor", [](Draw& d) { return list(floor(d.tensor())); }},
      {"ceil", [](Draw& d) { return list(ceil(d.tensor())); }},
      {"trunc", [](Draw& d) { return list(trunc(d.tensor())); }},
      {"frac", [](Draw& d) { return list(frac(d.tensor())); }},
      {"deg2rad", [](Draw& d) { return list(deg2rad(d.tensor())); }},
      {"rad2deg", [](Draw& d) { return list(rad2deg(d.tensor())); }},
      {"relu", [](Draw& d) { return list(relu(d.tensor())); }},
      {"relu6", [](Draw& d) { return list(relu6(d.tensor())); }},
      {"selu", [](Draw& d) { return list(selu(d.tensor())); }},
      {"silu", [](Draw& d) { return list(silu(d.tensor())); }},
      {"mish", [](Draw& d) { return list(mish(d.tensor())); }},
      {"sigmoid", [](Draw& d) { return list(sigmoid(d.tensor())); }},
      {"tanh", [](Draw& d) { return list(tanh(d.tensor())); }},
      {"softsign", [](Draw& d) { return list(softsign(d.tensor())); }},
      {"logsigmoid", [](Draw& d) { return list(logsigmoid(d.tensor())); }},
      {"hardsigmoid", [](Draw& d) { return list(hardsigmoid(d.tensor())); }},
      {"hardswish", [](Draw& d) { return list(hardswish(d.tensor())); }},
      {"tanhshrink", [](Draw& d) { return list(tanhshrink(d.tensor())); }},
      {"step", [](Draw& d) { return list(step(d.tensor())); }},
      {"logical_not", [](Draw& d) { return list(logical_not(d.tensor())); }},
      {"isnan", [](Draw& d) { return list(isnan(d.tensor())); }},
      {"isinf", [](Draw& d) { return list(isinf(d.tensor())); }},
      {"isfinite", [](Draw& d) { return list(isfinite(d.tensor())); }},
      {"bitwise_not", [](Draw& d) { return list(bitwise_not(d.tensor())); }},
      {"max", [](Draw& d) { return list(max(d.tensor())); }},
      {"min", [](Draw& d) { return list(min(d.tensor())); }},
      {"unique", [](Draw& d) { return list(unique(d.tensor())); }},
      {"trace", [](Draw& d) { return list(trace(d.tensor())); }},
      {"ravel", [](Draw& d) { return list(ravel(d.tensor())); }},
      {"t", [](Draw& d) { return list(t(d.tensor())); }},
      {"atleast_1d", [](Draw& d) { return list(atleast_1d(d.tensor())); }},
      {"atleast_2d", [](Draw& d) { return list(atleast_2d(d.tensor())); }},
      {"atleast_3d", [](Draw& d) { return list(atleast_3d(d.tensor())); }},
      {"contiguous", [](Draw& d) { return list(contiguous(d.tensor())); }},
      {"clone", [](Draw& d) { return list(clone(d.tensor())); }},
      {"detach", [](Draw& d) { return list(detach(d.tensor())); }},
      {"fliplr", [](Draw& d) { return list(fliplr(d.tensor())); }},
      {"flipud", [](Draw& d) { return list(flipud(d.tensor())); }},
      {"nonzero", [](Draw& d) { return list(nonzero(d.tensor())); }},
      {"negated", [](Draw& d) { return list(-d.tensor()); }},
      {"plus", [](Draw& d) { return list(+d.tensor()); }},
      {"complement", [](Draw& d) { return list(~d.tensor()); }},
      // of two
      {"add", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(add(a, b));
       }},
      {"sub", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(sub(a, b));
       }},
      {"mul", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(mul(a, b));
       }},
      {"div", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(div(a, b));
       }},
      {"floor_divide", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(floor_divide(a, b));
       }},
      {"trunc_divide", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(trunc_divide(a, b));
       }},
      {"remainder", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(remainder(a, b));
       }},
      {"fmod", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(fmod(a, b));
       }},
      {"maximum", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(maximum(a, b));
       }},
      {"minimum", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(minimum(a, b));
       }},
      {"fmax", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(fmax(a, b));
       }},
      {"fmin", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(fmin(a, b));
       }},
      {"copysign", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(copysign(a, b));
       }},
      {"hypot", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(hypot(a, b));
       }},
      {"heaviside", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(heaviside(a, b));
       }},
      {"bitwise_and", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(bitwise_and(a, b));
       }},
      {"bitwise_or", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(bitwise_or(a, b));
       }},
      {"bitwise_xor", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(bitwise_xor(a, b));
       }},
      {"pow", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(pow(a, b));
       }},
      {"float_power", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(float_power(a, b));
       }},
      {"logaddexp", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(logaddexp(a, b));
       }},
      {"logaddexp2", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(logaddexp2(a, b));
       }},
      {"xlogy", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(xlogy(a, b));
       }},
      {"atan2", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(atan2(a, b));
       }},
      {"prelu", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(prelu(a, b));
       }},
      {"eq", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(eq(a, b));
       }},
      {"ne", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(ne(a, b));
       }},
      {"lt", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(lt(a, b));
       }},
      {"le", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(le(a, b));
       }},
      {"gt", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(gt(a, b));
       }},
      {"ge", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(ge(a, b));
       }},
      {"logical_and", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(logical_and(a, b));
       }},
      {"logical_or", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(logical_or(a, b));
       }},
      {"logical_xor", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(logical_xor(a, b));
       }},
      {"matmul", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(matmul(a, b));
       }},
      {"mm", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(mm(a, b));
       }},
      {"mv", [](Draw& d) {
         const Operands o = operands(d, false, true, false);
         return list(mv(o.a, o.b));
       }},
      {"bmm", [](Draw& d) {
         const Operands o = operands(d, true, false, false);
         return list(bmm(o.a, o.b));
       }},
      {"dot", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(dot(a, b));
       }},
      {"inner", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(inner(a, b));
       }},
      {"outer", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(outer(a, b));
       }},
      {"equal", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(equal(a, b));
       }},
      {"operator plus", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a + b);
       }},
      {"operator plus scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a + d.scalar());
       }},
      {"scalar operator plus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() + a);
       }},
      {"operator minus", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a - b);
       }},
      {"operator minus scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a - d.scalar());
       }},
      {"scalar operator minus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() - a);
       }},
      {"operator times", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a * b);
       }},
      {"operator times scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a * d.scalar());
       }},
      {"scalar operator times", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() * a);
       }},
      {"operator over", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a / b);
       }},
      {"operator over scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a / d.scalar());
       }},
      {"scalar operator over", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() / a);
       }},
      {"operator equals", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a == b);
       }},
      {"operator equals scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a == d.scalar());
       }},
      {"operator differs", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a != b);
       }},
      {"operator differs scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a != d.scalar());
       }},
      {"operator less", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a < b);
       }},
      {"operator less scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a < d.scalar());
       }},
      {"operator at most", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a <= b);
       }},
      {"operator at most scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a <= d.scalar());
       }},
      {"operator greater", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a > b);
       }},
      {"operator greater scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a > d.scalar());
       }},
      {"operator at least", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a >= b);
       }},
      {"operator at least scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a >= d.scalar());
       }},
      {"operator and", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a & b);
       }},
      {"operator or", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a | b);
       }},
      {"operator xor", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a ^ b);
       }},
      // with numbers
      {"add scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(add(a, d.scalar()));
       }},
      {"sub scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(sub(a, d.scalar()));
       }},
      {"mul scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(mul(a, d.scalar()));
       }},
      {"div scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(div(a, d.scalar()));
       }},
      {"pow scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(pow(a, d.scalar()));
       }},
      {"scalar sub", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(sub(d.scalar(), a));
       }},
      {"scalar div", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(div(d.scalar(), a));
       }},
      {"scalar pow", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(pow(d.scalar(), a));
       }},
      {"clamp", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(clamp(a, d.maybe_scalar(), d.maybe_scalar()));
       }},
      {"clamp tensors", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(clamp(a, d.tensor_like(a), d.tensor_like(a)));
       }},
      {"lerp", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(lerp(a, d.tensor_like(a), d.tensor_like(a)));
       }},
      {"lerp scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(lerp(a, d.tensor_like(a), d.scalar()));
       }},
      {"addcmul", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(addcmul(a, d.tensor_like(a), d.tensor_like(a), d.scalar()));
       }},
      {"addcdiv", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(addcdiv(a, d.tensor_like(a), d.tensor_like(a), d.scalar()));
       }},
      {"round", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(round(a, d.integer()));
       }},
      {"nan_to_num", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(nan_to_num(a, d.real(), d.real(), d.real()));
       }},
      {"leaky_relu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(leaky_relu(a, d.real()));
       }},
      {"elu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(elu(a, d.real()));
       }},
      {"celu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(celu(a, d.real()));
       }},
      {"gelu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(gelu(a, d.yes() ? GeluApproximation::none : GeluApproximation::tanh));
       }},
      {"logit", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(logit(a, d.yes() ? std::optional(d.real()) : std::nullopt));
       }},
      {"softplus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(softplus(a, d.real(), d.real()));
       }},
      {"hardtanh", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hardtanh(a, d.real(), d.real()));
       }},
      {"hardshrink", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hardshrink(a, d.real()));
       }},
      {"softshrink", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(softshrink(a, d.real()));
       }},
      {"threshold", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(threshold(a, d.real(), d.real()));
       }},
      {"isclose", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(isclose(a, d.tensor_like(a), d.real(), d.real(), d.yes()));
       }},
      {"allclose", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(allclose(a, d.tensor_like(a), d.real(), d.real(), d.yes()));
       }},
      {"where", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(where(d.mask(), a, d.tensor_like(a)));
       }},
      {"where scalar, tensor", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(where(d.mask(), d.scalar(), a));
       }},
      {"where tensor, scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(where(d.mask(), a, d.scalar()));
       }},
      {"where scalars", [](Draw& d) { return list(where(d.mask(), d.scalar(), d.scalar())); }},
      // reductions
      {"sum", [](Draw& d) { return list(sum(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"mean", [](Draw& d) { return list(mean(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"prod", [](Draw& d) { return list(prod(d.tensor(), d.dtype_option())); }},
      {"prod of a dimension", [](Draw& d) { return list(prod(d.tensor(), d.dim(), d.yes(), d.dtype_option())); }},
      {"var", [](Draw& d) { return list(var(d.tensor(), d.dims(), d.one_in(3) ? d.real() : 1.0, d.yes())); }},
      {"std", [](Draw& d) { return list(xg::std(d.tensor(), d.dims(), d.one_in(3) ? d.real() : 1.0, d.yes())); }},
      {"var_mean", [](Draw& d) { return list(var_mean(d.tensor(), d.dims(), d.one_in(3) ? d.real() : 1.0, d.yes())); }},
      {"std_mean", [](Draw& d) { return list(std_mean(d.tensor(), d.dims(), d.one_in(3) ? d.real() : 1.0, d.yes())); }},
      {"amax", [](Draw& d) { return list(amax(d.tensor(), d.dims(), d.yes())); }},
      {"amin", [](Draw& d) { return list(amin(d.tensor(), d.dims(), d.yes())); }},
      {"all", [](Draw& d) { return list(all(d.tensor(), d.dims(), d.yes())); }},
      {"any", [](Draw& d) { return list(any(d.tensor(), d.dims(), d.yes())); }},
      {"count_nonzero", [](Draw& d) { return list(count_nonzero(d.tensor(), d.dims())); }},
      {"logsumexp", [](Draw& d) { return list(logsumexp(d.tensor(), d.dims(), d.yes())); }},
      {"aminmax", [](Draw& d) { return list(aminmax(d.tensor(), d.maybe_dim(), d.yes())); }},
      {"argmax", [](Draw& d) { return list(argmax(d.tensor(), d.maybe_dim(), d.yes())); }},
      {"argmin", [](Draw& d) { return list(argmin(d.tensor(), d.maybe_dim(), d.yes())); }},
      {"max of a dimension", [](Draw& d) { return list(max(d.tensor(), d.dim(), d.yes())); }},
      {"min of a dimension", [](Draw& d) { return list(min(d.tensor(), d.dim(), d.yes())); }},
      {"cumsum", [](Draw& d) { return list(cumsum(d.tensor(), d.dim(), d.dtype_option())); }},
      {"cumprod", [](Draw& d) { return list(cumprod(d.tensor(), d.dim(), d.dtype_option())); }},
      {"softmax", [](Draw& d) { return list(softmax(d.tensor(), d.dim(), d.dtype_option())); }},
      {"softmin", [](Draw& d) { return list(softmin(d.tensor(), d.dim(), d.dtype_option())); }},
      {"log_softmax", [](Draw& d) { return list(log_softmax(d.tensor(), d.dim(), d.dtype_option())); }},
      {"vector_norm", [](Draw& d) { return list(vector_norm(d.tensor(), d.real(), d.dims(), d.yes())); }},
      {"norm", [](Draw& d) { return list(norm(d.tensor(), d.real(), d.dims(), d.yes())); }},
      {"dist", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(dist(a, d.tensor_like(a), d.real()));
       }},
      {"sum_to_size", [](Draw& d) { return list(sum_to_size(d.tensor(), d.yes() ? d.known_shape() : d.shape())); }},
      // sorting
      {"sort", [](Draw& d) { return list(sort(d.tensor(), d.dim(), d.yes())); }},
      {"argsort", [](Draw& d) { return list(argsort(d.tensor(), d.dim(), d.yes())); }},
      {"topk", [](Draw& d) { return list(topk(d.tensor(), d.integer(), d.dim(), d.yes())); }},
      // shapes
      {"reshape", [](Draw& d) { return list(reshape(d.tensor(), d.shape())); }},
      {"view", [](Draw& d) { return list(view(d.tensor(), d.shape())); }, false},
      {"flatten", [](Draw& d) { return list(flatten(d.tensor(), d.dim(), d.dim())); }},
      {"unflatten", [](Draw& d) { return list(unflatten(d.tensor(), d.dim(), d.shape())); }},
      {"transpose", [](Draw& d) { return list(transpose(d.tensor(), d.dim(), d.dim())); }},
      {"permute", [](Draw& d) { return list(permute(d.tensor(), d.dims())); }},
      {"movedim", [](Draw& d) { return list(movedim(d.tensor(), d.dims(), d.dims())); }},
      {"squeeze", [](Draw& d) { return list(squeeze(d.tensor())); }},
      {"squeeze dims", [](Draw& d) { return list(squeeze(d.tensor(), d.dims())); }},
      {"unsqueeze", [](Draw& d) { return list(unsqueeze(d.tensor(), d.dim())); }},
      {"expand", [](Draw& d) { return list(expand(d.tensor(), d.shape())); }},
      {"broadcast_to", [](Draw& d) { return list(broadcast_to(d.tensor(), d.shape())); }},
      {"broadcast_tensors", [](Draw& d) { return list(broadcast_tensors(d.tensors())); }},
      {"slice", [](Draw& d) { return list(slice(d.tensor(), d.dim(), d.integer(), d.integer(), d.integer())); }},
      {"select", [](Draw& d) { return list(select(d.tensor(), d.dim(), d.integer())); }},
      {"narrow", [](Draw& d) { return list(narrow(d.tensor(), d.dim(), d.integer(), d.integer())); }},
      {"diagonal", [](Draw& d) { return list(diagonal(d.tensor(), d.integer(), d.dim(), d.dim())); }},
      {"split", [](Draw& d) { return list(split(d.tensor(), d.integer(), d.dim())); }},
      {"split sizes", [](Draw& d) { return list(split(d.tensor(), d.integers(), d.dim())); }},
      {"chunk", [](Draw& d) { return list(chunk(d.tensor(), d.integer(), d.dim())); }},
      {"tensor_split", [](Draw& d) { return list(tensor_split(d.tensor(), d.integer(), d.dim())); }},
      {"tensor_split indices", [](Draw& d) { return list(tensor_split(d.tensor(), d.integers(), d.dim())); }},
      {"unbind", [](Draw& d) { return list(unbind(d.tensor(), d.dim())); }},
      {"to", [](Draw& d) { return list(to(d.tensor(), d.dtype())); }},
      {"mT", [](Draw& d) { return list(d.tensor().mT()); }},
      // joining
      {"cat", [](Draw& d) { return list(cat(d.tensors(), d.dim())); }},
      {"stack", [](Draw& d) { return list(stack(d.tensors(), d.dim())); }},
      {"hstack", [](Draw& d) { return list(hstack(d.tensors())); }},
      {"vstack", [](Draw& d) { return list(vstack(d.tensors())); }},
      {"dstack", [](Draw& d) { return list(dstack(d.tensors())); }},
      {"column_stack", [](Draw& d) { return list(column_stack(d.tensors())); }},
      {"repeat", [](Draw& d) { return list(repeat(d.tensor(), d.shape())); }},
      {"tile", [](Draw& d) { return list(tile(d.tensor(), d.shape())); }},
      {"repeat_interleave", [](Draw& d) { return list(repeat_interleave(d.tensor(), d.integer(), d.maybe_dim())); }},
      {"repeat_interleave counts", [](Draw& d) { return list(repeat_interleave(d.tensor(), d.index(), d.maybe_dim())); }},
      {"flip", [](Draw& d) { return list(flip(d.tensor(), d.dims())); }},
      {"roll", [](Draw& d) { return list(roll(d.tensor(), d.dims(), d.dims())); }},
      {"tril", [](Draw& d) { return list(tril(d.tensor(), d.integer())); }},
      {"triu", [](Draw& d) { return list(triu(d.tensor(), d.integer())); }},
      {"diag", [](Draw& d) { return list(diag(d.tensor(), d.integer())); }},
      {"diag_embed", [](Draw& d) { return list(diag_embed(d.tensor(), d.integer(), d.dim(), d.dim())); }},
      {"diagflat", [](Draw& d) { return list(diagflat(d.tensor(), d.integer())); }},
      {"diff", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(diff(a, d.integer(), d.dim(), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? Tensor() : d.tensor_like(a)));
       }},
      {"meshgrid", [](Draw& d) { return list(meshgrid(d.tensors(), d.yes() ? Indexing::ij : Indexing::xy)); }},
      {"pad", [](Draw& d) { return list(pad(d.tensor(), d.integers(), d.one_of({PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular}), d.real())); }},
      // indexing
      {"index", [](Draw& d) { return list(index(d.tensor(), indices(d))); }},
      {"index_put", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_put(a, indices(d), d.tensor_like(a), d.yes()));
       }},
      {"index_select", [](Draw& d) { return list(index_select(d.tensor(), d.dim(), d.index())); }},
      {"index_add", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_add(a, d.dim(), d.index(), d.tensor_like(a), d.scalar()));
       }},
      {"index_copy", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_copy(a, d.dim(), d.index(), d.tensor_like(a)));
       }},
      {"index_fill", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_fill(a, d.dim(), d.index(), d.scalar()));
       }},
      {"gather", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(gather(a, d.dim(), d.index()));
       }},
      {"scatter", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter(a, d.dim(), d.index(), d.tensor_like(a)));
       }},
      {"scatter_add", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter_add(a, d.dim(), d.index(), d.tensor_like(a)));
       }},
      {"masked_fill", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(masked_fill(a, d.mask(), d.scalar()));
       }},
      {"masked_select", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(masked_select(a, d.mask()));
       }},
      {"take", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(take(a, d.index()));
       }},
      {"take_along_dim", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(take_along_dim(a, d.index(), d.maybe_dim()));
       }},
      {"scatter scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter(a, d.dim(), d.index(), d.scalar()));
       }},
      {"masked_fill tensor", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(masked_fill(a, d.mask(), d.tensor_like(a)));
       }},
      {"one_hot", [](Draw& d) { return list(one_hot(d.index(), d.integer())); }},
      {"embedding", [](Draw& d) { return list(embedding(d.index(), d.tensor())); }},
      // products
      {"addmm", [](Draw& d) {
         const Operands o = operands(d, false, false, false);
         return list(addmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"addmv", [](Draw& d) {
         const Operands o = operands(d, false, true, false);
         return list(addmv(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"addr", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(addr(a, d.tensor_like(a), d.tensor_like(a), d.scalar(), d.scalar()));
       }},
      {"addbmm", [](Draw& d) {
         const Operands o = operands(d, true, false, true);
         return list(addbmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"baddbmm", [](Draw& d) {
         const Operands o = operands(d, true, false, false);
         return list(baddbmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"matmul of any", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(matmul(a, d.yes() ? transpose(d.tensor_like(a), -1, -2) : d.tensor()));
       }},
      {"tensordot", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(tensordot(a, d.tensor_like(a), d.dims(), d.dims()));
       }},
      {"einsum", [](Draw& d) { return list(einsum(d.one_of<const char*>({"ij,jk->ik", "ij->ji", "ii->i", "ij,ij->", "...i,i", "i,j", "ij", "", "->", "i->", "ij,jk", "bij,bjk->bik", "i,i,i->i", "ij->ijk", "i.j", "A1"}), d.tensors())); }},
      {"cross", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross(a, d.tensor_like(a), d.dim()));
       }},
      {"vecdot", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(vecdot(a, d.tensor_like(a), d.dim()));
       }},
      // layers
      {"linear", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(linear(a, d.tensor_like(a), d.yes() ? Tensor() : d.tensor()));
       }},
      {"layer_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(layer_norm(a, last_sizes(d, a), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? Tensor() : d.tensor_like(a), d.real()));
       }},
      {"rms_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(rms_norm(a, last_sizes(d, a), d.yes() ? Tensor() : d.tensor_like(a), d.yes() ? std::optional(d.real()) : std::nullopt));
       }},
      {"batch_norm", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(batch_norm(a, channels(d, a), channels(d, a), channels(d, a), channels(d, a), d.yes(), d.real(), d.real()));
       }},
      {"dropout", [](Draw& d) { return list(dropout(d.tensor(), d.real(), d.yes())); }},
      {"normalize", [](Draw& d) { return list(normalize(d.tensor(), d.real(), d.dim(), d.real())); }},
      {"cosine_similarity", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cosine_similarity(a, d.tensor_like(a), d.dim(), d.real()));
       }},
      {"pairwise_distance", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(pairwise_distance(a, d.tensor_like(a), d.real(), d.real(), d.yes()));
       }},
      // losses
      {"mse_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(mse_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"l1_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(l1_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"binary_cross_entropy", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(binary_cross_entropy(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"soft_margin_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(soft_margin_loss(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"huber_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(huber_loss(a, d.tensor_like(a), {d.real(), reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"smooth_l1_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(smooth_l1_loss(a, d.tensor_like(a), {d.real(), reduction(d)}));
       }},
      {"binary_cross_entropy_with_logits", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(binary_cross_entropy_with_logits(a, d.tensor_like(a), {reduction(d), d.one_in(3) ? d.tensor_like(a) : Tensor(), d.one_in(3) ? d.tensor_like(a) : Tensor()}));
       }},
      {"cross_entropy", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross_entropy(a, d.yes() ? d.tensor_like(a) : d.index(), {reduction(d), d.yes() ? Tensor() : d.tensor(), d.integer(), d.real()}));
       }},
      {"cross_entropy of labels", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross_entropy(a, labels(d, a), {reduction(d), channels(d, a), d.integer(), d.one_in(3) ? d.real() : 0.0}));
       }},
      {"nll_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(nll_loss(a, d.yes() ? labels(d, a) : d.index(), {reduction(d), channels(d, a), d.integer()}));
       }},
      {"kl_div", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(kl_div(a, d.tensor_like(a), {reduction(d), d.yes(), d.yes()}));
       }},
      {"hinge_embedding_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hinge_embedding_loss(a, d.tensor_like(a), {d.real(), reduction(d)}));
       }},
      {"margin_ranking_loss", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(margin_ranking_loss(a, d.tensor_like(a), d.tensor_like(a), {d.real(), reduction(d)}));
       }},
      // tensors from nothing
      {"zeros", [](Draw& d) { return list(zeros(d.shape(), d.options())); }},
      {"ones", [](Draw& d) { return list(ones(d.shape(), d.options())); }},
      {"rand", [](Draw& d) { return list(rand(d.shape(), d.options())); }},
      {"randn", [](Draw& d) { return list(randn(d.shape(), d.options())); }},
      {"empty", [](Draw& d) { return list(zeros_like(empty(d.shape(), d.options()))); }},
      {"full", [](Draw& d) { return list(full(d.shape(), d.scalar(), d.options())); }},
      {"zeros_like", [](Draw& d) { return list(zeros_like(d.tensor(), d.options())); }},
      {"ones_like", [](Draw& d) { return list(ones_like(d.tensor(), d.options())); }},
      {"rand_like", [](Draw& d) { return list(rand_like(d.tensor(), d.options())); }},
      {"randn_like", [](Draw& d) { return list(randn_like(d.tensor(), d.options())); }},
      {"empty_like", [](Draw& d) { return list(zeros_like(empty_like(d.tensor(), d.options()))); }},
      {"full_like", [](Draw& d) { return list(full_like(d.tensor(), d.scalar(), d.options())); }},
      {"arange", [](Draw& d) { return list(arange(d.scalar(), d.options())); }},
      {"arange with step", [](Draw& d) { return list(arange(d.scalar(), d.scalar(), d.scalar(), d.options())); }},
      {"linspace", [](Draw& d) { return list(linspace(d.scalar(), d.scalar(), d.integer(), d.options())); }},
      {"logspace", [](Draw& d) { return list(logspace(d.scalar(), d.scalar(), d.integer(), d.real(), d.options())); }},
      {"eye", [](Draw& d) { return list(eye(d.integer(), d.integer(), d.options())); }},
      {"scalar_tensor", [](Draw& d) { return list(scalar_tensor(d.scalar(), d.options())); }},
      {"randint", [](Draw& d) { return list(randint(d.integer(), d.integer(), d.shape(), d.options())); }},
      {"randperm", [](Draw& d) { return list(randperm(d.integer(), d.options())); }},
      {"choice", [](Draw& d) { return list(choice(d.tensor(), d.integer(), {d.yes(), d.yes() ? Tensor() : d.tensor()})); }},
      {"bernoulli", [](Draw& d) { return list(bernoulli(d.tensor())); }},
      {"normal", [](Draw& d) { return list(normal(d.real(), d.real(), d.shape(), d.options())); }},
      {"sample", [](Draw& d) { return list(d.tensor().sample(d.integer(), {.replace = d.yes()})); }},
      // in place
      {"add_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.add_(d.tensor()));
       }},
      {"sub_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sub_(d.tensor()));
       }},
      {"mul_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.mul_(d.tensor()));
       }},
      {"div_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.div_(d.tensor()));
       }},
      {"copy_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.copy_(d.tensor()));
       }},
      {"add_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.add_(d.scalar()));
       }},
      {"sub_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sub_(d.scalar()));
       }},
      {"mul_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.mul_(d.scalar()));
       }},
      {"div_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.div_(d.scalar()));
       }},
      {"fill_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.fill_(d.scalar()));
       }},
      {"exp_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.exp_());
       }},
      {"relu_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.relu_());
       }},
      {"sigmoid_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sigmoid_());
       }},
      {"tanh_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.tanh_());
       }},
      {"neg_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.neg_());
       }},
      {"sqrt_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.sqrt_());
       }},
      {"zero_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.zero_());
       }},
      {"clamp_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.clamp_(d.maybe_scalar(), d.maybe_scalar()));
       }},
      {"masked_fill_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.masked_fill_(d.mask(), d.scalar()));
       }},
      {"index_put_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.index_put_(indices(d), d.tensor()));
       }},
      {"uniform_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.uniform_(d.real(), d.real()));
       }},
      {"normal_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.normal_(d.real(), d.real()));
       }},
      {"bernoulli_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.bernoulli_(d.real()));
       }},
      {"item", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scalar_tensor(a.item<double>()), scalar_tensor(static_cast<double>(a.item<std::int64_t>())));
       }},
      {"operator []", [](Draw& d) { return list(d.tensor()[d.integer()]); }},
      {"operator [tensor]", [](Draw& d) { return list(d.tensor()[d.yes() ? d.index() : d.mask()]); }},
      // clang-format on
  };
  return calls;
}

}  // namespace xg_test
