// Rows of reductions, scans, norms and sorting.
#include "conformance/ops_table.hpp"

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

template <Tensor (*f)(const Tensor&, const Dims&, bool)> Outputs reduction(A a) {
  return f(a.tensor("x"), a.dims("dim"), a.flag("keepdim"));
}

template <Tensor (*f)(const Tensor&, std::int64_t, DtypeOption)> Outputs along(A a) {
  return f(a.tensor("x"), a.integer("dim"), {.dtype = a.dtype()});
}

/// correction, or unbiased = true (1) and false (0); 1 where neither is given.
double correction(A a) {
  if (a.has("correction")) return a.number("correction");
  return a.flag("unbiased", true) ? 1 : 0;
}

Outputs vector_norm_of(A a) {
  if (a.text_given("p") && a.text("p") == "nuc") throw Unknown("the nuclear norm");
  const double p = a.text_given("p") || !a.has("p") ? 2 : a.number("p");
  return norm(a.tensor("x"), p, a.dims("dim"), a.flag("keepdim"));
}

Outputs distinct(A a) {
  if (a.has("dim")) throw Unknown("unique along a dimension");
  auto [values, inverse, counts] = unique(a.tensor("x"));
  std::vector<Tensor> out{values};
  if (a.flag("return_inverse")) out.push_back(inverse);
  if (a.flag("return_counts")) out.push_back(counts);
  return out;
}

const OpRow table[] = {
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
    {"logcumsumexp", "x dim", [](A a) -> Outputs { return logcumsumexp(a.tensor("x"), a.integer("dim")); }},
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
       return vector_norm(x, a.number("ord", 2), a.dims("dim"), a.flag("keepdim"));
     }},
    {"cdist", "a b p compute_mode",
     [](A a) -> Outputs { return cdist(a.tensor("a"), a.tensor("b"), a.number("p", 2)); }},
    {"dist", "a b p", [](A a) -> Outputs { return dist(a.tensor("a"), a.tensor("b"), a.number("p", 2)); }},
    {"sum_to_size", "x *size", [](A a) -> Outputs { return sum_to_size(a.tensor("x"), a.shape("size")); }},
    {"trace", "x", unary<trace>},

    // ---- sorting
    {"sort", "x dim descending stable",
     [](A a) -> Outputs { return sort(a.tensor("x"), a.integer("dim", -1), a.flag("descending")); }},
    {"argsort", "x dim descending stable",
     [](A a) -> Outputs { return argsort(a.tensor("x"), a.integer("dim", -1), a.flag("descending")); }},
    {"topk", "x k dim largest sorted",
     [](A a) -> Outputs {
       return topk(a.tensor("x"), a.integer("k"), a.integer("dim", -1), a.flag("largest", true),
                   a.flag("sorted", true));
     }},
    {"unique", "x sorted return_inverse return_counts dim", distinct},
};

}  // namespace

std::span<const OpRow> reductions_rows() { return table; }

}  // namespace xg_conformance
