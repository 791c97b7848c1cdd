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

Outputs distinct(A a) {
  auto [values, inverse, counts] = a.has("dim") ? unique(a.tensor("x"), a.integer("dim")) : unique(a.tensor("x"));
  std::vector<Tensor> out{values};
  if (a.flag("return_inverse")) out.push_back(inverse);
  if (a.flag("return_counts")) out.push_back(counts);
  return out;
}

Outputs distinct_runs(A a) {
  auto [values, inverse, counts] = unique_consecutive(a.tensor("x"), a.optional_integer("dim"));
  std::vector<Tensor> out{values};
  if (a.flag("return_inverse")) out.push_back(inverse);
  if (a.flag("return_counts")) out.push_back(counts);
  return out;
}

/// median or nanmedian, of all elements or along a dimension.
template <Tensor (*whole)(const Tensor&), std::pair<Tensor, Tensor> (*along_dim)(const Tensor&, std::int64_t, bool)>
Outputs middle(A a) {
  if (!a.has("dim")) return whole(a.tensor("x"));
  return along_dim(a.tensor("x"), a.integer("dim"), a.flag("keepdim"));
}

/// quantile or nanquantile.
template <Tensor (*f)(const Tensor&, const Tensor&, std::optional<std::int64_t>, bool, QuantileMode)>
Outputs quantiles(A a) {
  const std::string name = a.text("interpolation", "linear");
  const char* const names[] = {"linear", "lower", "higher", "midpoint", "nearest"};
  for (int i = 0; i < 5; ++i) {
    if (name != names[i]) continue;
    const Tensor& x = a.tensor("x");
    const Tensor q = a.number_given("q") ? full({}, a.scalar("q"), {.dtype = x.dtype()}) : a.tensor("q");
    return f(x, q, a.optional_integer("dim"), a.flag("keepdim"), static_cast<QuantileMode>(i));
  }
  throw Unknown("interpolation " + name);
}

/// A row that takes x and one of two: places or a constant distance.
template <Tensor (*at)(const Tensor&, const Tensor&, std::int64_t), Tensor (*by)(const Tensor&, Scalar, std::int64_t)>
Outputs integral(A a) {
  const std::int64_t dim = a.integer("dim", -1);
  if (a.has("x")) return at(a.tensor("y"), a.tensor("x"), dim);
  return by(a.tensor("y"), a.scalar("dx", 1), dim);
}

Outputs searched(A a) {
  const SearchOptions options{.out_int32 = a.flag("out_int32"),
                              .right = a.flag("right"),
                              .side = a.text("side"),
                              .sorter = a.optional_tensor("sorter")};
  if (a.number_given("values")) return searchsorted(a.tensor("sorted"), a.scalar("values"), options);
  return searchsorted(a.tensor("sorted"), a.tensor("values"), options);
}

Outputs bucket(A a) {
  const bool int32 = a.flag("out_int32"), right = a.flag("right");
  if (a.number_given("x")) return bucketize(a.scalar("x"), a.tensor("boundaries"), int32, right);
  return bucketize(a.tensor("x"), a.tensor("boundaries"), int32, right);
}

Outputs is_among(A a) {
  const bool unique = a.flag("assume_unique"), invert = a.flag("invert");
  if (a.number_given("elements")) return isin(a.scalar("elements"), a.tensor("test_elements"), unique, invert);
  if (a.number_given("test_elements")) return isin(a.tensor("elements"), a.scalar("test_elements"), unique, invert);
  return isin(a.tensor("elements"), a.tensor("test_elements"), unique, invert);
}

Outputs histogram_of(A a) {
  HistogramOptions options{.weight = a.optional_tensor("weight"), .density = a.flag("density")};
  if (a.tensor_given("bins")) return histogram(a.tensor("x"), a.tensor("bins"), options);
  if (a.has("range")) {
    const Json& range = a.json("range");
    options.range = std::pair(range[0].get<double>(), range[1].get<double>());
  }
  return histogram(a.tensor("x"), a.integer("bins"), options);
}

const OpRow table[] = {
    // ---- reductions
    {"sum", "x dim keepdim dtype",
     [](A a) -> Outputs { return sum(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"mean", "x dim keepdim dtype",
     [](A a) -> Outputs { return mean(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"nansum", "x dim keepdim dtype",
     [](A a) -> Outputs { return nansum(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"nanmean", "x dim keepdim dtype",
     [](A a) -> Outputs { return nanmean(a.tensor("x"), a.dims("dim"), a.flag("keepdim"), {.dtype = a.dtype()}); }},
    {"median", "x dim keepdim", middle<median, median>},
    {"nanmedian", "x dim keepdim", middle<nanmedian, nanmedian>},
    {"quantile", "x q dim keepdim interpolation", quantiles<quantile>},
    {"nanquantile", "x q dim keepdim interpolation", quantiles<nanquantile>},
    {"cummax", "x dim", [](A a) -> Outputs { return cummax(a.tensor("x"), a.integer("dim")); }},
    {"cummin", "x dim", [](A a) -> Outputs { return cummin(a.tensor("x"), a.integer("dim")); }},
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
    {"unique_consecutive", "x return_inverse return_counts dim", distinct_runs},
    {"msort", "x", unary<msort>},
    {"kthvalue", "x k dim keepdim",
     [](A a) -> Outputs { return kthvalue(a.tensor("x"), a.integer("k"), a.integer("dim", -1), a.flag("keepdim")); }},
    {"mode", "x dim keepdim",
     [](A a) -> Outputs { return mode(a.tensor("x"), a.integer("dim", -1), a.flag("keepdim")); }},
    {"searchsorted", "sorted values out_int32 right side sorter", searched},
    {"bucketize", "x boundaries out_int32 right", bucket},
    {"isin", "elements test_elements assume_unique invert", is_among},

    // ---- statistics
    {"cov", "x correction fweights aweights",
     [](A a) -> Outputs {
       return cov(a.tensor("x"), a.integer("correction", 1), a.optional_tensor("fweights"),
                  a.optional_tensor("aweights"));
     }},
    {"corrcoef", "x", unary<corrcoef>},
    {"bincount", "x weights minlength",
     [](A a) -> Outputs { return bincount(a.tensor("x"), a.optional_tensor("weights"), a.integer("minlength", 0)); }},
    {"histc", "x bins min max",
     [](A a) -> Outputs {
       return histc(a.tensor("x"), a.integer("bins", 100), a.scalar("min", 0), a.scalar("max", 0));
     }},
    {"histogram", "x bins range weight density", histogram_of},
    {"trapezoid", "y x dx dim", integral<trapezoid, trapezoid>},
    {"trapz", "y x dx dim", integral<trapezoid, trapezoid>},
    {"cumulative_trapezoid", "y x dx dim", integral<cumulative_trapezoid, cumulative_trapezoid>},
    {"renorm", "x p dim maxnorm",
     [](A a) -> Outputs { return renorm(a.tensor("x"), a.number("p"), a.integer("dim"), a.number("maxnorm")); }},
};

}  // namespace

std::span<const OpRow> reductions_rows() { return table; }

}  // namespace xg_conformance
