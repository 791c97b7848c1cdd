// Calls of reductions, scans, norms and sorting.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> reductions_calls() {
  return {
      // clang-format off
      {"max", unary<max>},
      {"min", unary<min>},
      {"unique", [](Draw& d) { return list(unique(d.tensor())); }},
      {"trace", unary<trace>},
      {"sum", [](Draw& d) { return list(sum(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"mean", [](Draw& d) { return list(mean(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"prod", [](Draw& d) { return list(prod(d.tensor(), d.dtype_option())); }},
      {"prod of a dimension", [](Draw& d) { return list(prod(d.tensor(), d.dim(), d.yes(), d.dtype_option())); }},
      {"var", [](Draw& d) { return list(var(d.tensor(), d.dims(), d.one_in(3) ? d.number() : 1.0, d.yes())); }},
      {"std", [](Draw& d) { return list(xg::std(d.tensor(), d.dims(), d.one_in(3) ? d.number() : 1.0, d.yes())); }},
      {"var_mean", [](Draw& d) { return list(var_mean(d.tensor(), d.dims(), d.one_in(3) ? d.number() : 1.0, d.yes())); }},
      {"std_mean", [](Draw& d) { return list(std_mean(d.tensor(), d.dims(), d.one_in(3) ? d.number() : 1.0, d.yes())); }},
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
      {"logcumsumexp", [](Draw& d) { return list(logcumsumexp(d.tensor(), d.dim())); }},
      {"softmax", [](Draw& d) { return list(softmax(d.tensor(), d.dim(), d.dtype_option())); }},
      {"softmin", [](Draw& d) { return list(softmin(d.tensor(), d.dim(), d.dtype_option())); }},
      {"log_softmax", [](Draw& d) { return list(log_softmax(d.tensor(), d.dim(), d.dtype_option())); }},
      {"vector_norm", [](Draw& d) { return list(vector_norm(d.tensor(), d.number(), d.dims(), d.yes())); }},
      {"norm", [](Draw& d) { return list(norm(d.tensor(), d.number(), d.dims(), d.yes())); }},
      {"cdist", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cdist(a, d.tensor_like(a), d.number()));
       }},
      {"dist", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(dist(a, d.tensor_like(a), d.number()));
       }},
      {"sum_to_size", [](Draw& d) { return list(sum_to_size(d.tensor(), d.yes() ? d.known_shape() : d.shape())); }},
      {"sort", [](Draw& d) { return list(sort(d.tensor(), d.dim(), d.yes())); }},
      {"argsort", [](Draw& d) { return list(argsort(d.tensor(), d.dim(), d.yes())); }},
      {"topk", [](Draw& d) { return list(topk(d.tensor(), d.integer(), d.dim(), d.yes())); }},
      // clang-format on
  };
}

}  // namespace xg_test
