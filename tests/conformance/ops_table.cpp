// One row per op: PyTorch's name, its parameters in order, and the call of xgrad's that means the same. To add an op,
// add a row: `a.tensor("x")` and its like take arguments by the names in the second column.
#include "conformance/args.hpp"

#include <xgrad/tensor/creation.hpp>

#include <cmath>

namespace xg_conformance {
namespace {

using namespace xg;  // NOLINT: every row calls it
using A = const Args&;

// ---- shorthands for what many rows need

template <Tensor (*f)(const Tensor&)> Outputs unary(A a) { return f(a.operand("x")); }
template <Tensor (*f)(const Tensor&, const Tensor&)> Outputs binary(A a) { return f(a.operand("a"), a.operand("b")); }
template <Tensor (*f)(const Tensor&, const Dims&, bool)> Outputs reduction(A a) {
  return f(a.tensor("x"), a.dims("dim"), a.flag("keepdim"));
}
template <Tensor (*f)(const std::vector<Tensor>&)> Outputs joined(A a) { return f(a.tensors("tensors")); }
/// atleast_1d and its like take one tensor or a list.
template <Tensor (*f)(const Tensor&)> Outputs each(A a) {
  std::vector<Tensor> out;
  for (const Tensor& x : a.tensors("tensors")) out.push_back(f(x));
  return out;
}
template <Tensor (*f)(const Tensor&, std::int64_t, DtypeOption)> Outputs along(A a) {
  return f(a.tensor("x"), a.integer("dim"), {.dtype = a.dtype()});
}
template <Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, Scalar, Scalar)> Outputs scaled_product(A a) {
  return f(a.tensor("x"), a.tensor("a"), a.tensor("b"), a.scalar("beta", 1), a.scalar("alpha", 1));
}

Tensor scaled(const Tensor& x, A a, const char* name) { return a.has(name) ? mul(x, a.scalar(name)) : x; }

/// correction, or unbiased = true (1) and false (0); 1 where neither is given.
double correction(A a) {
  if (a.has("correction")) return a.real("correction");
  return a.flag("unbiased", true) ? 1 : 0;
}

Reduction reduction_of(A a) {
  const std::string text = a.text("reduction", "mean");
  if (text == "mean" || text == "batchmean") return Reduction::mean;
  if (text == "sum") return Reduction::sum;
  if (text == "none") return Reduction::none;
  throw Unknown("reduction " + text);
}
LossOptions loss_options(A a) { return {.reduction = reduction_of(a), .weight = a.optional_tensor("weight")}; }

TensorOptions options(A a) { return {.dtype = a.dtype()}; }
TensorOptions options_like(A a, const Tensor& x) { return {.dtype = a.dtype().value_or(x.dtype())}; }

Outputs padded(A a) {
  const std::string mode = a.text("mode", "constant");
  const PadMode pad_mode = mode == "constant"    ? PadMode::constant
                           : mode == "reflect"   ? PadMode::reflect
                           : mode == "replicate" ? PadMode::replicate
                                                 : PadMode::circular;
  return pad(a.tensor("x"), a.integers("pad"), pad_mode, a.real("value", 0));
}

Outputs vector_norm_of(A a) {
  if (a.text_given("p") && a.text("p") == "nuc") throw Unknown("the nuclear norm");
  const double p = a.text_given("p") || !a.has("p") ? 2 : a.real("p");
  return norm(a.tensor("x"), p, a.dims("dim"), a.flag("keepdim"));
}

Outputs indexed_fill(A a) {
  const Tensor &x = a.tensor("x"), &index = a.tensor("index");
  const std::int64_t dim = a.integer("dim");
  if (a.number_given("value")) return index_fill(x, dim, index, a.scalar("value"));
  Shape shape = x.shape();
  if (!shape.empty()) shape[static_cast<std::size_t>(normalize_dim("index_fill", dim, x.dim()))] = index.numel();
  return index_copy(x, dim, index, a.tensor("value").expand(shape));
}

Outputs contracted(A a) {
  const Tensor &x = a.tensor("a"), &y = a.tensor("b");
  if (!a.list_given("dims")) {
    Dims last, first;
    for (std::int64_t i = 0, n = a.integer("dims"); i < n; ++i) {
      last.push_back(x.dim() - n + i);
      first.push_back(i);
    }
    return tensordot(x, y, last, first);
  }
  const auto lists = a.json("dims").get<std::vector<std::vector<std::int64_t>>>();
  return tensordot(x, y, Dims(lists.at(0)), Dims(lists.at(1)));
}

/// cross without a dimension takes the first of size 3.
std::int64_t first_of_three(const Tensor& x) {
  for (std::int64_t d = 0; d < x.dim(); ++d)
    if (x.size(d) == 3) return d;
  return -1;
}

Outputs split_tensor(A a) {
  const std::int64_t dim = a.integer("dim", 0);
  const Tensor& x = a.tensor("x");
  if (!a.tensor_given("sections") && !a.list_given("sections")) return tensor_split(x, a.integer("sections"), dim);
  const auto borders =
      a.tensor_given("sections") ? a.tensor("sections").to_vector<std::int64_t>() : a.integers("sections");
  if (a.tensor_given("sections") && a.tensor("sections").dim() == 0) return tensor_split(x, borders.at(0), dim);
  return tensor_split(x, borders, dim);
}

Outputs distinct(A a) {
  if (a.has("dim")) throw Unknown("unique along a dimension");
  auto [values, inverse, counts] = unique(a.tensor("x"));
  std::vector<Tensor> out{values};
  if (a.flag("return_inverse")) out.push_back(inverse);
  if (a.flag("return_counts")) out.push_back(counts);
  return out;
}

Outputs clamped(A a) {
  if (a.number_given("min") || a.number_given("max")) {
    std::optional<Scalar> low, high;
    if (a.has("min")) low = a.scalar("min");
    if (a.has("max")) high = a.scalar("max");
    return clamp(a.tensor("x"), low, high);
  }
  return clamp(a.tensor("x"), a.optional_tensor("min"), a.optional_tensor("max"));
}

Outputs batch_normalized(A a) {
  const auto copy = [&](const char* name) { return a.has(name) ? a.tensor(name).detach().clone() : Tensor(); };
  return batch_norm(a.tensor("x"), copy("running_mean"), copy("running_var"), a.optional_tensor("weight"),
                    a.optional_tensor("bias"), a.flag("training"), a.real("momentum", 0.1), a.real("eps", 1e-5));
}

Outputs meshed(const std::vector<Tensor>& tensors, A a) {
  return meshgrid(tensors, a.text("indexing", "ij") == "xy" ? Indexing::xy : Indexing::ij);
}

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
       return nan_to_num(a.tensor("x"), a.real("nan", 0), a.optional_real("posinf"), a.optional_real("neginf"));
     }},

    // ---- activations
    {"sigmoid", "x", unary<sigmoid>},
    {"tanh", "x", unary<tanh>},
    {"logit", "x eps", [](A a) -> Outputs { return logit(a.tensor("x"), a.optional_real("eps")); }},
    {"nn.functional.relu", "x inplace", unary<relu>},
    {"nn.functional.relu6", "x inplace", unary<relu6>},
    {"nn.functional.leaky_relu", "x negative_slope inplace",
     [](A a) -> Outputs { return leaky_relu(a.tensor("x"), a.real("negative_slope", 0.01)); }},
    {"nn.functional.prelu", "x weight", [](A a) -> Outputs { return prelu(a.tensor("x"), a.tensor("weight")); }},
    {"nn.functional.elu", "x alpha inplace", [](A a) -> Outputs { return elu(a.tensor("x"), a.real("alpha", 1)); }},
    {"nn.functional.selu", "x inplace", unary<selu>},
    {"nn.functional.celu", "x alpha inplace", [](A a) -> Outputs { return celu(a.tensor("x"), a.real("alpha", 1)); }},
    {"nn.functional.gelu", "x approximate",
     [](A a) -> Outputs {
       return gelu(a.tensor("x"),
                   a.text("approximate", "none") == "tanh" ? GeluApproximation::tanh : GeluApproximation::none);
     }},
    {"nn.functional.silu", "x inplace", unary<silu>},
    {"nn.functional.mish", "x inplace", unary<mish>},
    {"nn.functional.softplus", "x beta threshold",
     [](A a) -> Outputs { return softplus(a.tensor("x"), a.real("beta", 1), a.real("threshold", 20)); }},
    {"nn.functional.softsign", "x", unary<softsign>},
    {"nn.functional.logsigmoid", "x", unary<logsigmoid>},
    {"nn.functional.hardtanh", "x min_val max_val inplace",
     [](A a) -> Outputs { return hardtanh(a.tensor("x"), a.real("min_val", -1), a.real("max_val", 1)); }},
    {"nn.functional.hardsigmoid", "x inplace", unary<hardsigmoid>},
    {"nn.functional.hardswish", "x inplace", unary<hardswish>},
    {"nn.functional.hardshrink", "x lambd", [](A a) -> Outputs { return hardshrink(a.tensor("x"), a.real("lambd", 0.5)); }},
    {"nn.functional.softshrink", "x lambd", [](A a) -> Outputs { return softshrink(a.tensor("x"), a.real("lambd", 0.5)); }},
    {"nn.functional.tanhshrink", "x", unary<tanhshrink>},
    {"nn.functional.threshold", "x threshold value inplace",
     [](A a) -> Outputs { return threshold(a.tensor("x"), a.real("threshold"), a.real("value")); }},

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
       return isclose(a.tensor("a"), a.tensor("b"), a.real("rtol", 1e-5), a.real("atol", 1e-8), a.flag("equal_nan"));
     }},
    {"where", "a condition b", [](A a) -> Outputs { return where(a.tensor("condition"), a.operand("a"), a.operand("b")); }},

    // ---- reductions
    {"sum", "x dim keepdim dtype",
     [](A a) -> Outputs { return sum(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"mean", "x dim keepdim dtype",
     [](A a) -> Outputs { return mean(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"prod", "x dim keepdim dtype",
     [](A a) -> Outputs {
       if (!a.has("dim")) return prod(a.tensor("x"), {.dtype = a.dtype()});
       return prod(a.tensor("x"), a.integer("dim"), a.flag("keepdim"), {.dtype = a.dtype()});
     }},
    {"var", "x dim unbiased keepdim correction",
     [](A a) -> Outputs { return var(a.tensor("x"), a.dims("dim"), correction(a), a.flag("keepdim")); }},
    {"std", "x dim unbiased keepdim correction",
     [](A a) -> Outputs { return xg::std(a.tensor("x"), a.dims("dim"), correction(a), a.flag("keepdim")); }},
    {"var_mean", "x dim unbiased keepdim correction",
     [](A a) -> Outputs { return var_mean(a.tensor("x"), a.dims("dim"), correction(a), a.flag("keepdim")); }},
    {"std_mean", "x dim unbiased keepdim correction",
     [](A a) -> Outputs { return std_mean(a.tensor("x"), a.dims("dim"), correction(a), a.flag("keepdim")); }},
    {"var.unbiased", "x unbiased", [](A a) -> Outputs { return var(a.tensor("x"), {}, correction(a)); }},
    {"std.unbiased", "x unbiased", [](A a) -> Outputs { return xg::std(a.tensor("x"), {}, correction(a)); }},
    {"var_mean.unbiased", "x unbiased", [](A a) -> Outputs { return var_mean(a.tensor("x"), {}, correction(a)); }},
    {"std_mean.unbiased", "x unbiased", [](A a) -> Outputs { return std_mean(a.tensor("x"), {}, correction(a)); }},
    {"amax", "x dim keepdim", reduction<amax>},
    {"amin", "x dim keepdim", reduction<amin>},
    {"aminmax", "x dim keepdim",
     [](A a) -> Outputs { return aminmax(a.tensor("x"), a.optional_integer("dim"), a.flag("keepdim")); }},
    {"max.reduction_no_dim", "x", [](A a) -> Outputs { return max(a.tensor("x")); }},
    {"min.reduction_no_dim", "x", [](A a) -> Outputs { return min(a.tensor("x")); }},
    {"max.reduction_with_dim", "x dim keepdim",
     [](A a) -> Outputs { return max(a.tensor("x"), a.integer("dim"), a.flag("keepdim")); }},
    {"min.reduction_with_dim", "x dim keepdim",
     [](A a) -> Outputs { return min(a.tensor("x"), a.integer("dim"), a.flag("keepdim")); }},
    {"argmax", "x dim keepdim",
     [](A a) -> Outputs { return argmax(a.tensor("x"), a.optional_integer("dim"), a.flag("keepdim")); }},
    {"argmin", "x dim keepdim",
     [](A a) -> Outputs { return argmin(a.tensor("x"), a.optional_integer("dim"), a.flag("keepdim")); }},
    {"all", "x dim keepdim", reduction<all>},
    {"any", "x dim keepdim", reduction<any>},
    {"count_nonzero", "x dim", [](A a) -> Outputs { return count_nonzero(a.tensor("x"), a.dims("dim")); }},
    {"cumsum", "x dim dtype", along<cumsum>},
    {"cumprod", "x dim dtype", along<cumprod>},
    {"logsumexp", "x dim keepdim", reduction<logsumexp>},
    {"softmax", "x dim dtype", along<softmax>},
    {"softmax.with_dtype", "x dim dtype", along<softmax>},
    {"log_softmax", "x dim dtype", along<log_softmax>},
    {"log_softmax.with_dtype", "x dim dtype", along<log_softmax>},
    {"nn.functional.softmin", "x dim dtype", along<softmin>},
    {"nn.functional.softmin.with_dtype", "x dim dtype", along<softmin>},
    {"norm", "x p dim keepdim", vector_norm_of},
    {"norm.fro", "x p dim keepdim", vector_norm_of},
    {"norm.inf", "x p dim keepdim", vector_norm_of},
    {"norm.nuc", "x p dim keepdim", vector_norm_of},
    {"linalg.vector_norm", "x ord dim keepdim dtype",
     [](A a) -> Outputs {
       const Tensor x = a.dtype() ? to(a.tensor("x"), *a.dtype()) : a.tensor("x");
       return vector_norm(x, a.real("ord", 2), a.dims("dim"), a.flag("keepdim"));
     }},
    {"dist", "a b p", [](A a) -> Outputs { return dist(a.tensor("a"), a.tensor("b"), a.real("p", 2)); }},
    {"sum_to_size", "x *size", [](A a) -> Outputs { return sum_to_size(a.tensor("x"), a.shape("size")); }},
    {"trace", "x", unary<trace>},

    // ---- sorting
    {"sort", "x dim descending stable",
     [](A a) -> Outputs { return sort(a.tensor("x"), a.integer("dim", -1), a.flag("descending")); }},
    {"argsort", "x dim descending stable",
     [](A a) -> Outputs { return argsort(a.tensor("x"), a.integer("dim", -1), a.flag("descending")); }},
    {"topk", "x k dim largest sorted",
     [](A a) -> Outputs {
       return topk(a.tensor("x"), a.integer("k"), a.integer("dim", -1), a.flag("largest", true), a.flag("sorted", true));
     }},
    {"unique", "x sorted return_inverse return_counts dim", distinct},

    // ---- shape
    {"reshape", "x *shape", [](A a) -> Outputs { return reshape(a.tensor("x"), a.shape("shape")); }},
    {"view", "x *shape", [](A a) -> Outputs { return view(a.tensor("x"), a.shape("shape")); }},
    {"flatten", "x start_dim end_dim",
     [](A a) -> Outputs { return flatten(a.tensor("x"), a.integer("start_dim", 0), a.integer("end_dim", -1)); }},
    {"unflatten", "x dim sizes",
     [](A a) -> Outputs { return unflatten(a.tensor("x"), a.integer("dim"), a.shape("sizes")); }},
    {"ravel", "x", unary<ravel>},
    {"transpose", "x dim0 dim1",
     [](A a) -> Outputs { return transpose(a.tensor("x"), a.integer("dim0"), a.integer("dim1")); }},
    {"permute", "x *dims", [](A a) -> Outputs { return permute(a.tensor("x"), a.dims("dims")); }},
    {"movedim", "x source destination",
     [](A a) -> Outputs { return movedim(a.tensor("x"), a.dims("source"), a.dims("destination")); }},
    {"t", "x", unary<t>},
    {"T", "x",
     [](A a) -> Outputs {
       Dims reversed;
       for (std::int64_t d = a.tensor("x").dim(); d-- > 0;) reversed.push_back(d);
       return permute(a.tensor("x"), reversed);
     }},
    {"mT", "x", [](A a) -> Outputs { return a.tensor("x").mT(); }},
    {"squeeze", "x dim",
     [](A a) -> Outputs { return a.has("dim") ? squeeze(a.tensor("x"), a.dims("dim")) : squeeze(a.tensor("x")); }},
    {"squeeze.multiple", "x dim", [](A a) -> Outputs { return squeeze(a.tensor("x"), a.dims("dim")); }},
    {"unsqueeze", "x dim", [](A a) -> Outputs { return unsqueeze(a.tensor("x"), a.integer("dim")); }},
    {"expand", "x *size", [](A a) -> Outputs { return expand(a.tensor("x"), a.shape("size")); }},
    {"expand_as", "x other", [](A a) -> Outputs { return a.tensor("x").expand_as(a.tensor("other")); }},
    {"broadcast_to", "x size", [](A a) -> Outputs { return broadcast_to(a.tensor("x"), a.shape("size")); }},
    {"broadcast_tensors", "*tensors", [](A a) -> Outputs { return broadcast_tensors(a.tensors("tensors")); }},
    {"slice", "x dim start stop step",
     [](A a) -> Outputs {
       const std::int64_t dim = a.integer("dim", 0), n = a.tensor("x").size(dim);
       return slice(a.tensor("x"), dim, a.integer("start", 0), a.integer("stop", n), a.integer("step", 1));
     }},
    {"select", "x dim index", [](A a) -> Outputs { return select(a.tensor("x"), a.integer("dim"), a.integer("index")); }},
    {"narrow", "x dim start length",
     [](A a) -> Outputs {
       return narrow(a.tensor("x"), a.integer("dim"), a.integer("start"), a.integer("length"));
     }},
    {"diagonal", "x offset dim1 dim2",
     [](A a) -> Outputs {
       return diagonal(a.tensor("x"), a.integer("offset", 0), a.integer("dim1", 0), a.integer("dim2", 1));
     }},
    {"split", "x size dim", [](A a) -> Outputs { return split(a.tensor("x"), a.integer("size"), a.integer("dim", 0)); }},
    {"split.list_args", "x sizes dim",
     [](A a) -> Outputs { return split(a.tensor("x"), a.integers("sizes"), a.integer("dim", 0)); }},
    {"split_with_sizes", "x sizes dim",
     [](A a) -> Outputs { return split(a.tensor("x"), a.integers("sizes"), a.integer("dim", 0)); }},
    {"chunk", "x chunks dim", [](A a) -> Outputs { return chunk(a.tensor("x"), a.integer("chunks"), a.integer("dim", 0)); }},
    {"tensor_split", "x sections dim", split_tensor},
    {"unbind", "x dim", [](A a) -> Outputs { return unbind(a.tensor("x"), a.integer("dim", 0)); }},
    {"atleast_1d", "*tensors", each<atleast_1d>},
    {"atleast_2d", "*tensors", each<atleast_2d>},
    {"atleast_3d", "*tensors", each<atleast_3d>},
    {"contiguous", "x", unary<contiguous>},
    {"clone", "x", unary<clone>},

    // ---- joining
    {"cat", "tensors dim", [](A a) -> Outputs { return cat(a.tensors("tensors"), a.integer("dim", 0)); }},
    {"stack", "tensors dim", [](A a) -> Outputs { return stack(a.tensors("tensors"), a.integer("dim", 0)); }},
    {"hstack", "tensors", joined<hstack>},
    {"vstack", "tensors", joined<vstack>},
    {"dstack", "tensors", joined<dstack>},
    {"column_stack", "tensors", joined<column_stack>},
    {"repeat", "x *repeats", [](A a) -> Outputs { return repeat(a.tensor("x"), a.shape("repeats")); }},
    {"tile", "x dims", [](A a) -> Outputs { return tile(a.tensor("x"), a.shape("dims")); }},
    {"repeat_interleave", "x repeats dim",
     [](A a) -> Outputs {
       if (a.tensor_given("repeats"))
         return repeat_interleave(a.tensor("x"), a.tensor("repeats"), a.optional_integer("dim"));
       return repeat_interleave(a.tensor("x"), a.integer("repeats"), a.optional_integer("dim"));
     }},
    {"flip", "x *dims", [](A a) -> Outputs { return flip(a.tensor("x"), a.dims("dims")); }},
    {"fliplr", "x", unary<fliplr>},
    {"flipud", "x", unary<flipud>},
    {"roll", "x shifts dims", [](A a) -> Outputs { return roll(a.tensor("x"), a.dims("shifts"), a.dims("dims")); }},
    {"tril", "x diagonal", [](A a) -> Outputs { return tril(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"triu", "x diagonal", [](A a) -> Outputs { return triu(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"diag", "x diagonal", [](A a) -> Outputs { return diag(a.tensor("x"), a.integer("diagonal", 0)); }},
    {"diag_embed", "x offset dim1 dim2",
     [](A a) -> Outputs {
       return diag_embed(a.tensor("x"), a.integer("offset", 0), a.integer("dim1", -2), a.integer("dim2", -1));
     }},
    {"diagflat", "x offset", [](A a) -> Outputs { return diagflat(a.tensor("x"), a.integer("offset", 0)); }},
    {"diff", "x n dim prepend append",
     [](A a) -> Outputs {
       return diff(a.tensor("x"), a.integer("n", 1), a.integer("dim", -1), a.optional_tensor("prepend"),
                   a.optional_tensor("append"));
     }},
    {"meshgrid.list_of_tensors", "tensors indexing", [](A a) -> Outputs { return meshed(a.tensors("tensors"), a); }},
    {"meshgrid.variadic_tensors", "*tensors indexing", [](A a) -> Outputs { return meshed(a.tensors("tensors"), a); }},
    {"nn.functional.pad.constant", "x pad mode value", padded},
    {"nn.functional.pad.reflect", "x pad mode value", padded},
    {"nn.functional.pad.replicate", "x pad mode value", padded},
    {"nn.functional.pad.replicate_negative", "x pad mode value", padded},
    {"nn.functional.pad.circular", "x pad mode value", padded},

    // ---- indexing
    {"__getitem__", "x index", [](A a) -> Outputs { return index(a.tensor("x"), a.index("index")); }},
    {"index_put", "x indices values accumulate",
     [](A a) -> Outputs {
       return index_put(a.tensor("x"), a.index("indices"), a.tensor("values"), a.flag("accumulate"));
     }},
    {"index_select", "x dim index",
     [](A a) -> Outputs { return index_select(a.tensor("x"), a.integer("dim"), a.tensor("index")); }},
    {"index_add", "x dim index source alpha",
     [](A a) -> Outputs {
       return index_add(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("source"), a.scalar("alpha", 1));
     }},
    {"index_copy", "x dim index source",
     [](A a) -> Outputs { return index_copy(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("source")); }},
    {"index_fill", "x dim index value", indexed_fill},
    {"gather", "x dim index", [](A a) -> Outputs { return gather(a.tensor("x"), a.integer("dim"), a.tensor("index")); }},
    {"scatter", "x dim index src",
     [](A a) -> Outputs {
       if (a.number_given("src")) return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.scalar("src"));
       return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src"));
     }},
    {"scatter_add", "x dim index src",
     [](A a) -> Outputs { return scatter_add(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src")); }},
    {"masked_fill", "x mask value",
     [](A a) -> Outputs {
       if (a.number_given("value")) return masked_fill(a.tensor("x"), a.tensor("mask"), a.scalar("value"));
       return masked_fill(a.tensor("x"), a.tensor("mask"), a.tensor("value"));
     }},
    {"masked_select", "x mask", [](A a) -> Outputs { return masked_select(a.tensor("x"), a.tensor("mask")); }},
    {"take", "x index", [](A a) -> Outputs { return take(a.tensor("x"), a.tensor("index")); }},
    {"take_along_dim", "x index dim",
     [](A a) -> Outputs { return take_along_dim(a.tensor("x"), a.tensor("index"), a.optional_integer("dim")); }},
    {"nonzero", "x as_tuple",
     [](A a) -> Outputs {
       const Tensor& x = a.tensor("x");
       if (!a.flag("as_tuple")) return nonzero(x);
       return unbind(nonzero(x.dim() == 0 ? x.reshape({1}) : x), 1);
     }},
    {"nn.functional.one_hot", "x num_classes",
     [](A a) -> Outputs { return one_hot(a.tensor("x"), a.integer("num_classes", -1)); }},
    {"nn.functional.embedding", "index weight",
     [](A a) -> Outputs { return embedding(a.tensor("index"), a.tensor("weight")); }},

    // ---- products
    {"matmul", "a b", binary<matmul>},
    {"__rmatmul__", "a b", [](A a) -> Outputs { return matmul(a.tensor("b"), a.tensor("a")); }},
    {"mm", "a b", binary<mm>},
    {"mv", "a b", binary<mv>},
    {"bmm", "a b", binary<bmm>},
    {"dot", "a b", binary<dot>},
    {"inner", "a b", binary<inner>},
    {"outer", "a b", binary<outer>},
    {"addmm", "x a b beta alpha", scaled_product<addmm>},
    {"addmv", "x a b beta alpha", scaled_product<addmv>},
    {"addr", "x a b beta alpha", scaled_product<addr>},
    {"addbmm", "x a b beta alpha", scaled_product<addbmm>},
    {"baddbmm", "x a b beta alpha", scaled_product<baddbmm>},
    {"tensordot", "a b dims", contracted},
    {"einsum", "operands equation", [](A a) -> Outputs { return einsum(a.text("equation"), a.tensors("operands")); }},
    {"cross", "a b dim",
     [](A a) -> Outputs {
       return cross(a.tensor("a"), a.tensor("b"), a.integer("dim", first_of_three(a.tensor("a"))));
     }},
    {"linalg.cross", "a b dim", [](A a) -> Outputs { return cross(a.tensor("a"), a.tensor("b"), a.integer("dim", -1)); }},
    {"linalg.vecdot", "a b dim", [](A a) -> Outputs { return vecdot(a.tensor("a"), a.tensor("b"), a.integer("dim", -1)); }},

    // ---- layers
    {"nn.functional.linear", "x weight bias",
     [](A a) -> Outputs { return linear(a.tensor("x"), a.tensor("weight"), a.optional_tensor("bias")); }},
    {"nn.functional.layer_norm", "x shape weight bias eps",
     [](A a) -> Outputs {
       return layer_norm(a.tensor("x"), a.shape("shape"), a.optional_tensor("weight"), a.optional_tensor("bias"),
                         a.real("eps", 1e-5));
     }},
    {"nn.functional.rms_norm", "x shape weight eps",
     [](A a) -> Outputs {
       return rms_norm(a.tensor("x"), a.shape("shape"), a.optional_tensor("weight"), a.optional_real("eps"));
     }},
    {"nn.functional.batch_norm", "x running_mean running_var weight bias training momentum eps", batch_normalized},
    {"nn.functional.normalize", "x p dim eps",
     [](A a) -> Outputs { return normalize(a.tensor("x"), a.real("p", 2), a.integer("dim", 1), a.real("eps", 1e-12)); }},
    {"nn.functional.cosine_similarity", "a b dim eps",
     [](A a) -> Outputs {
       return cosine_similarity(a.tensor("a"), a.tensor("b"), a.integer("dim", 1), a.real("eps", 1e-8));
     }},
    {"nn.functional.pairwise_distance", "a b p eps keepdim",
     [](A a) -> Outputs {
       return pairwise_distance(a.tensor("a"), a.tensor("b"), a.real("p", 2), a.real("eps", 1e-6), a.flag("keepdim"));
     }},

    // ---- losses
    {"nn.functional.mse_loss", "x target size_average reduce reduction weight",
     [](A a) -> Outputs { return mse_loss(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.l1_loss", "x target size_average reduce reduction weight",
     [](A a) -> Outputs { return l1_loss(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.smooth_l1_loss", "x target size_average reduce reduction beta",
     [](A a) -> Outputs {
       return smooth_l1_loss(a.tensor("x"), a.tensor("target"),
                             {.beta = a.real("beta", 1), .reduction = reduction_of(a)});
     }},
    {"nn.functional.huber_loss", "x target reduction delta weight",
     [](A a) -> Outputs {
       return huber_loss(a.tensor("x"), a.tensor("target"),
                         {.delta = a.real("delta", 1), .reduction = reduction_of(a), .weight = a.optional_tensor("weight")});
     }},
    {"nn.functional.binary_cross_entropy", "x target weight size_average reduce reduction",
     [](A a) -> Outputs { return binary_cross_entropy(a.tensor("x"), a.tensor("target"), loss_options(a)); }},
    {"nn.functional.binary_cross_entropy_with_logits", "x target weight size_average reduce reduction pos_weight",
     [](A a) -> Outputs {
       return binary_cross_entropy_with_logits(a.tensor("x"), a.tensor("target"),
                                               {.reduction = reduction_of(a),
                                                .weight = a.optional_tensor("weight"),
                                                .pos_weight = a.optional_tensor("pos_weight")});
     }},
    {"nn.functional.cross_entropy", "x target weight size_average ignore_index reduce reduction label_smoothing",
     [](A a) -> Outputs {
       return cross_entropy(a.tensor("x"), a.tensor("target"),
                            {.reduction = reduction_of(a),
                             .weight = a.optional_tensor("weight"),
                             .ignore_index = a.integer("ignore_index", -100),
                             .label_smoothing = a.real("label_smoothing", 0)});
     }},
    {"nn.functional.nll_loss", "x target weight size_average ignore_index reduce reduction",
     [](A a) -> Outputs {
       return nll_loss(a.tensor("x"), a.tensor("target"),
                       {.reduction = reduction_of(a),
                        .weight = a.optional_tensor("weight"),
                        .ignore_index = a.integer("ignore_index", -100)});
     }},
    {"nn.functional.kl_div", "x target size_average reduce reduction log_target",
     [](A a) -> Outputs {
       return kl_div(a.tensor("x"), a.tensor("target"),
                     {.reduction = reduction_of(a),
                      .batchmean = a.text("reduction", "mean") == "batchmean",
                      .log_target = a.flag("log_target")});
     }},
    {"nn.functional.hinge_embedding_loss", "x target margin size_average reduce reduction",
     [](A a) -> Outputs {
       return hinge_embedding_loss(a.tensor("x"), a.tensor("target"),
                                   {.margin = a.real("margin", 1), .reduction = reduction_of(a)});
     }},
    {"nn.functional.margin_ranking_loss", "a b target margin size_average reduce reduction",
     [](A a) -> Outputs {
       return margin_ranking_loss(a.tensor("a"), a.tensor("b"), a.tensor("target"),
                                  {.margin = a.real("margin", 0), .reduction = reduction_of(a)});
     }},
    {"nn.functional.soft_margin_loss", "x target size_average reduce reduction",
     [](A a) -> Outputs { return soft_margin_loss(a.tensor("x"), a.tensor("target"), {.reduction = reduction_of(a)}); }},

    // ---- creation
    {"zeros", "*size dtype", [](A a) -> Outputs { return zeros(a.shape("size"), options(a)); }},
    {"ones", "*size dtype", [](A a) -> Outputs { return ones(a.shape("size"), options(a)); }},
    {"zeros_like", "x dtype", [](A a) -> Outputs { return zeros_like(a.tensor("x"), options(a)); }},
    {"ones_like", "x dtype", [](A a) -> Outputs { return ones_like(a.tensor("x"), options(a)); }},
    {"full_like", "x value dtype",
     [](A a) -> Outputs { return full_like(a.tensor("x"), a.scalar("value"), options(a)); }},
    {"new_zeros", "x size dtype", [](A a) -> Outputs { return zeros(a.shape("size"), options_like(a, a.tensor("x"))); }},
    {"new_ones", "x size dtype", [](A a) -> Outputs { return ones(a.shape("size"), options_like(a, a.tensor("x"))); }},
    {"new_full", "x size value dtype",
     [](A a) -> Outputs { return full(a.shape("size"), a.scalar("value"), options_like(a, a.tensor("x"))); }},
    {"arange", "start end step dtype",
     [](A a) -> Outputs {
       if (!a.has("end")) return arange(a.scalar("start"), options(a));
       return arange(a.scalar("start"), a.scalar("end"), a.scalar("step", 1), options(a));
     }},
    {"linspace", "start end steps dtype",
     [](A a) -> Outputs { return linspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), options(a)); }},
    {"linspace.tensor_overload", "start end steps dtype",
     [](A a) -> Outputs { return linspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), options(a)); }},
    {"logspace", "start end steps base dtype",
     [](A a) -> Outputs {
       return logspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), a.real("base", 10), options(a));
     }},
    {"logspace.tensor_overload", "start end steps base dtype",
     [](A a) -> Outputs {
       return logspace(a.scalar("start"), a.scalar("end"), a.integer("steps"), a.real("base", 10), options(a));
     }},
    {"eye", "n m dtype",
     [](A a) -> Outputs { return eye(a.integer("n"), a.integer("m", -1), options(a)); }},
};

}  // namespace

const OpRow& op_row(std::string_view name) {
  for (const OpRow& row : table)
    if (row.name == name) return row;
  throw Unknown("op " + std::string(name));
}

}  // namespace xg_conformance
