// Calls of elementwise ops.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> elementwise_calls() {
  return {
      // clang-format off
      {"neg", unary<neg>},
      {"positive", unary<positive>},
      {"abs", unary<abs>},
      {"sign", unary<sign>},
      {"square", unary<square>},
      {"sqrt", unary<sqrt>},
      {"rsqrt", unary<rsqrt>},
      {"reciprocal", unary<reciprocal>},
      {"exp", unary<exp>},
      {"exp2", unary<exp2>},
      {"expm1", unary<expm1>},
      {"log", unary<log>},
      {"log2", unary<log2>},
      {"log10", unary<log10>},
      {"log1p", unary<log1p>},
      {"sin", unary<sin>},
      {"cos", unary<cos>},
      {"tan", unary<tan>},
      {"asin", unary<asin>},
      {"acos", unary<acos>},
      {"atan", unary<atan>},
      {"sinh", unary<sinh>},
      {"cosh", unary<cosh>},
      {"asinh", unary<asinh>},
      {"acosh", unary<acosh>},
      {"atanh", unary<atanh>},
      {"sinc", unary<sinc>},
      {"erf", unary<erf>},
      {"erfc", unary<erfc>},
      {"erfinv", unary<erfinv>},
      {"lgamma", unary<lgamma>},
      {"digamma", unary<digamma>},
      {"i0", unary<i0>},
      {"special.erfcx", unary<special::erfcx>},
      {"special.ndtr", unary<special::ndtr>},
      {"special.log_ndtr", unary<special::log_ndtr>},
      {"special.ndtri", unary<special::ndtri>},
      {"special.entr", unary<special::entr>},
      {"special.i0e", unary<special::i0e>},
      {"special.i1", unary<special::i1>},
      {"special.i1e", unary<special::i1e>},
      {"floor", unary<floor>},
      {"ceil", unary<ceil>},
      {"trunc", unary<trunc>},
      {"frac", unary<frac>},
      {"deg2rad", unary<deg2rad>},
      {"rad2deg", unary<rad2deg>},
      {"relu", unary<relu>},
      {"relu6", unary<relu6>},
      {"selu", unary<selu>},
      {"silu", unary<silu>},
      {"mish", unary<mish>},
      {"sigmoid", unary<sigmoid>},
      {"tanh", unary<tanh>},
      {"softsign", unary<softsign>},
      {"logsigmoid", unary<logsigmoid>},
      {"hardsigmoid", unary<hardsigmoid>},
      {"hardswish", unary<hardswish>},
      {"tanhshrink", unary<tanhshrink>},
      {"step", unary<step>},
      {"logical_not", unary<logical_not>},
      {"isnan", unary<isnan>},
      {"isinf", unary<isinf>},
      {"isfinite", unary<isfinite>},
      {"bitwise_not", unary<bitwise_not>},
      {"add", binary<add>},
      {"sub", binary<sub>},
      {"mul", binary<mul>},
      {"div", binary<div>},
      {"floor_divide", binary<floor_divide>},
      {"trunc_divide", binary<trunc_divide>},
      {"remainder", binary<remainder>},
      {"fmod", binary<fmod>},
      {"maximum", binary<maximum>},
      {"minimum", binary<minimum>},
      {"fmax", binary<fmax>},
      {"fmin", binary<fmin>},
      {"copysign", binary<copysign>},
      {"hypot", binary<hypot>},
      {"heaviside", binary<heaviside>},
      {"bitwise_and", binary<bitwise_and>},
      {"bitwise_or", binary<bitwise_or>},
      {"bitwise_xor", binary<bitwise_xor>},
      {"pow", binary<pow>},
      {"float_power", binary<float_power>},
      {"logaddexp", binary<logaddexp>},
      {"logaddexp2", binary<logaddexp2>},
      {"xlogy", binary<xlogy>},
      {"special.xlog1py", binary<special::xlog1py>},
      {"special.gammainc", binary<special::gammainc>},
      {"special.gammaincc", binary<special::gammaincc>},
      {"special.zeta", binary<special::zeta>},
      {"special.betaln", binary<special::betaln>},
      {"special.beta", binary<special::beta>},
      {"polygamma", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(polygamma(d.integer(), x));
       }},
      {"mvlgamma", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(mvlgamma(x, d.below(6) - 1));
       }},
      {"atan2", binary<atan2>},
      {"prelu", binary<prelu>},
      {"eq", binary<eq>},
      {"ne", binary<ne>},
      {"lt", binary<lt>},
      {"le", binary<le>},
      {"gt", binary<gt>},
      {"ge", binary<ge>},
      {"logical_and", binary<logical_and>},
      {"logical_or", binary<logical_or>},
      {"logical_xor", binary<logical_xor>},
      {"equal", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(equal(a, b));
       }},
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
         return list(nan_to_num(a, d.number(), d.number(), d.number()));
       }},
      {"leaky_relu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(leaky_relu(a, d.number()));
       }},
      {"elu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(elu(a, d.number()));
       }},
      {"celu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(celu(a, d.number()));
       }},
      {"gelu", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(gelu(a, d.yes() ? GeluApproximation::none : GeluApproximation::tanh));
       }},
      {"logit", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(logit(a, d.yes() ? std::optional(d.number()) : std::nullopt));
       }},
      {"softplus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(softplus(a, d.number(), d.number()));
       }},
      {"hardtanh", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hardtanh(a, d.number(), d.number()));
       }},
      {"hardshrink", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(hardshrink(a, d.number()));
       }},
      {"softshrink", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(softshrink(a, d.number()));
       }},
      {"threshold", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(threshold(a, d.number(), d.number()));
       }},
      {"isclose", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(isclose(a, d.tensor_like(a), d.number(), d.number(), d.yes()));
       }},
      {"allclose", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(allclose(a, d.tensor_like(a), d.number(), d.number(), d.yes()));
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
      // clang-format on
  };
}

}  // namespace xg_test
