// Rows of elementwise ops.
#include "conformance/ops_table.hpp"

#include <cmath>
#include <optional>

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

Tensor scaled(const Tensor& x, A a, const char* name) { return a.has(name) ? mul(x, a.scalar(name)) : x; }

Outputs clamped(A a) {
  if (a.number_given("min") || a.number_given("max")) {
    std::optional<Scalar> low, high;
    if (a.has("min")) low = a.scalar("min");
    if (a.has("max")) high = a.scalar("max");
    return clamp(a.tensor("x"), low, high);
  }
  return clamp(a.tensor("x"), a.optional_tensor("min"), a.optional_tensor("max"));
}

Outputs derived_gamma(A a) { return polygamma(a.integer("n"), a.tensor("x")); }
Outputs multivariate_gamma(A a) { return mvlgamma(a.tensor("x"), a.integer("p")); }

const OpRow table[] = {
    // ---- arithmetic
    {"add", "a b alpha", [](A a) -> Outputs { return add(a.operand("a"), scaled(a.operand("b"), a, "alpha")); }},
    {"__radd__", "a b", [](A a) -> Outputs { return add(a.operand("b"), a.operand("a")); }},
    {"sub", "a b alpha", [](A a) -> Outputs { return sub(a.operand("a"), scaled(a.operand("b"), a, "alpha")); }},
    {"rsub", "a b alpha", [](A a) -> Outputs { return sub(a.operand("b"), scaled(a.operand("a"), a, "alpha")); }},
    {"__rsub__", "a b", [](A a) -> Outputs { return sub(a.operand("b"), a.operand("a")); }},
    {"mul", "a b", binary<mul>},
    {"__rmul__", "a b", [](A a) -> Outputs { return mul(a.operand("b"), a.operand("a")); }},
    {"div.no_rounding_mode", "a b", binary<div>},
    {"true_divide", "a b", binary<div>},
    {"__rdiv__", "a b", [](A a) -> Outputs { return div(a.operand("b"), a.operand("a")); }},
    {"div.floor_rounding", "a b rounding_mode", binary<floor_divide>},
    {"div.trunc_rounding", "a b rounding_mode", binary<trunc_divide>},
    {"floor_divide", "a b", binary<floor_divide>},
    {"remainder", "a b", binary<remainder>},
    {"__rmod__", "a b", [](A a) -> Outputs { return remainder(a.operand("b"), a.operand("a")); }},
    {"fmod", "a b", binary<fmod>},
    {"neg", "x", unary<neg>},
    {"positive", "x", unary<positive>},
    {"abs", "x", unary<abs>},
    {"sign", "x", unary<sign>},
    {"maximum", "a b", binary<maximum>},
    {"minimum", "a b", binary<minimum>},
    {"max.binary", "a b", binary<maximum>},
    {"min.binary", "a b", binary<minimum>},
    {"fmax", "a b", binary<fmax>},
    {"fmin", "a b", binary<fmin>},
    {"clamp", "x min max", clamped},
    {"clamp_min", "x min max", clamped},
    {"clamp_max", "x max min", clamped},
    {"lerp", "start end weight",
     [](A a) -> Outputs {
       if (a.number_given("weight")) return lerp(a.tensor("start"), a.tensor("end"), a.scalar("weight"));
       return lerp(a.tensor("start"), a.tensor("end"), a.tensor("weight"));
     }},
    {"addcmul", "x a b value",
     [](A a) -> Outputs { return addcmul(a.tensor("x"), a.tensor("a"), a.tensor("b"), a.scalar("value", 1)); }},
    {"addcdiv", "x a b value",
     [](A a) -> Outputs { return addcdiv(a.tensor("x"), a.tensor("a"), a.tensor("b"), a.scalar("value", 1)); }},
    {"copysign", "a b", binary<copysign>},
    {"hypot", "a b", binary<hypot>},
    {"heaviside", "a b", binary<heaviside>},
    {"bitwise_and", "a b", binary<bitwise_and>},
    {"bitwise_or", "a b", binary<bitwise_or>},
    {"bitwise_xor", "a b", binary<bitwise_xor>},
    {"__rand__", "a b", [](A a) -> Outputs { return bitwise_and(a.operand("b"), a.operand("a")); }},
    {"__ror__", "a b", [](A a) -> Outputs { return bitwise_or(a.operand("b"), a.operand("a")); }},
    {"__rxor__", "a b", [](A a) -> Outputs { return bitwise_xor(a.operand("b"), a.operand("a")); }},
    {"bitwise_not", "x", unary<bitwise_not>},

    // ---- powers, exponentials, trigonometry, rounding
    {"pow", "a b", binary<pow>},
    {"__rpow__", "a b", [](A a) -> Outputs { return pow(a.operand("b"), a.operand("a")); }},
    {"float_power", "a b", binary<float_power>},
    {"square", "x", unary<square>},
    {"sqrt", "x", unary<sqrt>},
    {"rsqrt", "x", unary<rsqrt>},
    {"reciprocal", "x", unary<reciprocal>},
    {"exp", "x", unary<exp>},
    {"exp2", "x", unary<exp2>},
    {"expm1", "x", unary<expm1>},
    {"log", "x", unary<log>},
    {"log2", "x", unary<log2>},
    {"log10", "x", unary<log10>},
    {"log1p", "x", unary<log1p>},
    {"logaddexp", "a b", binary<logaddexp>},
    {"logaddexp2", "a b", binary<logaddexp2>},
    {"xlogy", "a b", binary<xlogy>},
    {"sin", "x", unary<sin>},
    {"cos", "x", unary<cos>},
    {"tan", "x", unary<tan>},
    {"asin", "x", unary<asin>},
    {"acos", "x", unary<acos>},
    {"atan", "x", unary<atan>},
    {"atan2", "a b", binary<atan2>},
    {"sinh", "x", unary<sinh>},
    {"cosh", "x", unary<cosh>},
    {"asinh", "x", unary<asinh>},
    {"acosh", "x", unary<acosh>},
    {"atanh", "x", unary<atanh>},
    {"sinc", "x", unary<sinc>},
    {"erf", "x", unary<erf>},
    {"erfc", "x", unary<erfc>},
    {"floor", "x", unary<floor>},
    {"ceil", "x", unary<ceil>},
    {"trunc", "x", unary<trunc>},
    {"frac", "x", unary<frac>},
    {"round", "x decimals", [](A a) -> Outputs { return round(a.tensor("x"), a.integer("decimals", 0)); }},
    {"round.decimals_0", "x decimals", [](A a) -> Outputs { return round(a.tensor("x"), a.integer("decimals")); }},
    {"round.decimals_3", "x decimals", [](A a) -> Outputs { return round(a.tensor("x"), a.integer("decimals")); }},
    {"round.decimals_neg_3", "x decimals", [](A a) -> Outputs { return round(a.tensor("x"), a.integer("decimals")); }},
    {"deg2rad", "x", unary<deg2rad>},
    {"rad2deg", "x", unary<rad2deg>},
    {"nan_to_num", "x nan posinf neginf",
     [](A a) -> Outputs {
       return nan_to_num(a.tensor("x"), a.number("nan", 0), a.optional_number("posinf"), a.optional_number("neginf"));
     }},

    // ---- special functions
    {"lgamma", "x", unary<lgamma>},
    {"digamma", "x", unary<digamma>},
    {"polygamma.polygamma_n_0", "x n", derived_gamma},
    {"polygamma.polygamma_n_1", "x n", derived_gamma},
    {"polygamma.polygamma_n_2", "x n", derived_gamma},
    {"polygamma.polygamma_n_3", "x n", derived_gamma},
    {"polygamma.polygamma_n_4", "x n", derived_gamma},
    {"special.polygamma.special_polygamma_n_0", "x n", derived_gamma},
    {"mvlgamma.mvlgamma_p_1", "x p", multivariate_gamma},
    {"mvlgamma.mvlgamma_p_3", "x p", multivariate_gamma},
    {"mvlgamma.mvlgamma_p_5", "x p", multivariate_gamma},
    {"erfinv", "x", unary<erfinv>},
    {"i0", "x", unary<i0>},
    {"igamma", "a b", binary<special::gammainc>},
    {"igammac", "a b", binary<special::gammaincc>},
    {"special.erfcx", "x", unary<special::erfcx>},
    {"special.ndtr", "x", unary<special::ndtr>},
    {"special.log_ndtr", "x", unary<special::log_ndtr>},
    {"special.ndtri", "x", unary<special::ndtri>},
    {"special.entr", "x", unary<special::entr>},
    {"special.xlog1py", "a b", binary<special::xlog1py>},
    {"special.i0e", "x", unary<special::i0e>},
    {"special.i1", "x", unary<special::i1>},
    {"special.i1e", "x", unary<special::i1e>},
    {"special.zeta", "a b", binary<special::zeta>},

    // ---- activations
    {"sigmoid", "x", unary<sigmoid>},
    {"tanh", "x", unary<tanh>},
    {"logit", "x eps", [](A a) -> Outputs { return logit(a.tensor("x"), a.optional_number("eps")); }},
    {"nn.functional.relu", "x inplace", unary<relu>},
    {"nn.functional.relu6", "x inplace", unary<relu6>},
    {"nn.functional.leaky_relu", "x negative_slope inplace",
     [](A a) -> Outputs { return leaky_relu(a.tensor("x"), a.number("negative_slope", 0.01)); }},
    {"nn.functional.prelu", "x weight", [](A a) -> Outputs { return prelu(a.tensor("x"), a.tensor("weight")); }},
    {"nn.functional.elu", "x alpha inplace", [](A a) -> Outputs { return elu(a.tensor("x"), a.number("alpha", 1)); }},
    {"nn.functional.selu", "x inplace", unary<selu>},
    {"nn.functional.celu", "x alpha inplace", [](A a) -> Outputs { return celu(a.tensor("x"), a.number("alpha", 1)); }},
    {"nn.functional.gelu", "x approximate",
     [](A a) -> Outputs {
       return gelu(a.tensor("x"),
                   a.text("approximate", "none") == "tanh" ? GeluApproximation::tanh : GeluApproximation::none);
     }},
    {"nn.functional.silu", "x inplace", unary<silu>},
    {"nn.functional.mish", "x inplace", unary<mish>},
    {"nn.functional.softplus", "x beta threshold",
     [](A a) -> Outputs { return softplus(a.tensor("x"), a.number("beta", 1), a.number("threshold", 20)); }},
    {"nn.functional.softsign", "x", unary<softsign>},
    {"nn.functional.logsigmoid", "x", unary<logsigmoid>},
    {"nn.functional.hardtanh", "x min_val max_val inplace",
     [](A a) -> Outputs { return hardtanh(a.tensor("x"), a.number("min_val", -1), a.number("max_val", 1)); }},
    {"nn.functional.hardsigmoid", "x inplace", unary<hardsigmoid>},
    {"nn.functional.hardswish", "x inplace", unary<hardswish>},
    {"nn.functional.hardshrink", "x lambd",
     [](A a) -> Outputs { return hardshrink(a.tensor("x"), a.number("lambd", 0.5)); }},
    {"nn.functional.softshrink", "x lambd",
     [](A a) -> Outputs { return softshrink(a.tensor("x"), a.number("lambd", 0.5)); }},
    {"nn.functional.tanhshrink", "x", unary<tanhshrink>},
    {"nn.functional.threshold", "x threshold value inplace",
     [](A a) -> Outputs { return threshold(a.tensor("x"), a.number("threshold"), a.number("value")); }},

    // ---- comparison
    {"eq", "a b", binary<eq>},
    {"ne", "a b", binary<ne>},
    {"lt", "a b", binary<lt>},
    {"le", "a b", binary<le>},
    {"gt", "a b", binary<gt>},
    {"ge", "a b", binary<ge>},
    {"logical_and", "a b", binary<logical_and>},
    {"logical_or", "a b", binary<logical_or>},
    {"logical_xor", "a b", binary<logical_xor>},
    {"logical_not", "x", unary<logical_not>},
    {"isnan", "x", unary<isnan>},
    {"isinf", "x", unary<isinf>},
    {"isfinite", "x", unary<isfinite>},
    {"isclose", "a b rtol atol equal_nan",
     [](A a) -> Outputs {
       return isclose(a.tensor("a"), a.tensor("b"), a.number("rtol", 1e-5), a.number("atol", 1e-8),
                      a.flag("equal_nan"));
     }},
    {"where", "a condition b",
     [](A a) -> Outputs { return where(a.tensor("condition"), a.operand("a"), a.operand("b")); }},
};

}  // namespace

std::span<const OpRow> elementwise_rows() { return table; }

}  // namespace xg_conformance
