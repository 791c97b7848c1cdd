// Calls of order statistics, searching, scattering and statistics.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

namespace {
std::string reduction(Draw& d) {
  static const char* const names[] = {"sum", "prod", "mean", "amax", "amin", "add", "multiply"};
  return names[d.below(7)];
}
QuantileMode interpolation(Draw& d) { return static_cast<QuantileMode>(d.below(5)); }
}  // namespace

std::vector<Call> statistics_calls() {
  return {
      // clang-format off
      {"msort", unary<msort>},
      {"median", unary<static_cast<Tensor (*)(const Tensor&)>(median)>},
      {"nanmedian", unary<static_cast<Tensor (*)(const Tensor&)>(nanmedian)>},
      {"corrcoef", unary<corrcoef>},
      {"argwhere", unary<argwhere>},
      {"where of a condition", [](Draw& d) { return list(where(d.yes() ? d.mask() : d.tensor())); }},
      {"median of a dimension", [](Draw& d) { return list(median(d.tensor(), d.dim(), d.yes())); }},
      {"nanmedian of a dimension", [](Draw& d) { return list(nanmedian(d.tensor(), d.dim(), d.yes())); }},
      {"mode", [](Draw& d) { return list(mode(d.tensor(), d.dim(), d.yes())); }},
      {"kthvalue", [](Draw& d) { return list(kthvalue(d.tensor(), d.integer(), d.dim(), d.yes())); }},
      {"cummax", [](Draw& d) { return list(cummax(d.tensor(), d.dim())); }},
      {"cummin", [](Draw& d) { return list(cummin(d.tensor(), d.dim())); }},
      {"nansum", [](Draw& d) { return list(nansum(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"nanmean", [](Draw& d) { return list(nanmean(d.tensor(), d.dims(), d.yes(), d.dtype_option())); }},
      {"quantile", [](Draw& d) { return list(quantile(d.tensor(), d.yes() ? 0.3 : d.number(), d.maybe_dim(), d.yes(), interpolation(d))); }},
      {"nanquantile", [](Draw& d) { return list(nanquantile(d.tensor(), d.yes() ? 0.3 : d.number(), d.maybe_dim(), d.yes(), interpolation(d))); }},
      {"quantile tensor", [](Draw& d) {
         const Tensor x = d.tensor(), q = d.tensor_like(x);
         return list(quantile(x, d.yes() ? rsqrt(q * q + 1) : q, d.maybe_dim(), d.yes(), interpolation(d)));
       }},
      {"unique of slices", [](Draw& d) { return list(unique(d.tensor(), d.dim())); }},
      {"unique_consecutive", [](Draw& d) { return list(unique_consecutive(d.tensor(), d.maybe_dim())); }},
      {"searchsorted", [](Draw& d) {
         const Tensor sorted = sort(d.tensor()).first;
         const Tensor sorter = d.one_in(3) ? (d.yes() ? d.index() : argsort(sorted)) : Tensor();
         const std::string side = d.one_in(3) ? (d.yes() ? "left" : "both") : "";
         return list(searchsorted(sorted, d.tensor_like(sorted), {d.yes(), d.one_in(3), side, sorter}));
       }},
      {"searchsorted scalar", [](Draw& d) { return list(searchsorted(sort(d.tensor()).first, d.scalar(), {.right = d.yes()})); }},
      {"bucketize", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(bucketize(x, sort(ravel(d.tensor_like(x))).first, d.yes(), d.yes()));
       }},
      {"bucketize scalar", [](Draw& d) { return list(bucketize(d.scalar(), d.tensor(), d.yes(), d.yes())); }},
      {"isin", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(isin(x, d.tensor_like(x), d.yes(), d.yes()));
       }},
      {"isin scalar", [](Draw& d) { return list(isin(d.tensor(), d.scalar(), d.yes(), d.yes()), isin(d.scalar(), d.tensor(), d.yes(), d.yes())); }},
      {"cov", [](Draw& d) {
         const Tensor x = d.tensor();
         const Tensor f = d.one_in(3) ? d.index() : Tensor(), w = d.one_in(3) ? d.tensor() : Tensor();
         return list(cov(x, d.integer(), f, w));
       }},
      {"bincount", [](Draw& d) {
         const Tensor x = clamp(d.index(), -5, 100000);  // as many counts as the largest number: memory holds these
         return list(bincount(x, d.yes() ? d.tensor_like(x) : Tensor(), d.integer()));
       }},
      {"histc", [](Draw& d) { return list(histc(d.tensor(), d.integer(), d.scalar(), d.scalar())); }},
      {"histogram", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(histogram(x, d.integer(), {.weight = d.yes() ? d.tensor_like(x) : Tensor(), .density = d.yes()}));
       }},
      {"histogram of a range", [](Draw& d) { return list(histogram(d.tensor(), d.integer(), {.range = std::pair(d.number(), d.number())})); }},
      {"histogram between edges", [](Draw& d) {
         const Tensor x = d.tensor();
         return list(histogram(x, sort(ravel(d.tensor_like(x))).first, {.density = d.yes()}));
       }},
      {"trapezoid", [](Draw& d) { return list(trapezoid(d.tensor(), d.scalar(), d.dim())); }},
      {"trapezoid at places", [](Draw& d) {
         const Tensor y = d.tensor();
         return list(trapezoid(y, d.tensor_like(y), d.dim()));
       }},
      {"cumulative_trapezoid", [](Draw& d) { return list(cumulative_trapezoid(d.tensor(), d.scalar(), d.dim())); }},
      {"cumulative_trapezoid at places", [](Draw& d) {
         const Tensor y = d.tensor();
         return list(cumulative_trapezoid(y, d.tensor_like(y), d.dim()));
       }},
      {"renorm", [](Draw& d) { return list(renorm(d.tensor(), d.number(), d.dim(), d.number())); }},
      {"scatter_reduce", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter_reduce(a, d.dim(), d.index(), d.tensor_like(a), reduction(d), d.yes()));
       }},
      {"scatter with reduction", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter(a, d.dim(), d.index(), d.tensor_like(a), reduction(d)));
       }},
      {"scatter scalar with reduction", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(scatter(a, d.dim(), d.index(), d.scalar(), reduction(d)));
       }},
      {"index_reduce", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_reduce(a, d.dim(), d.index(), d.tensor_like(a), reduction(d), d.yes()));
       }},
      {"masked_scatter", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(masked_scatter(a, d.mask(), d.tensor_like(a)));
       }},
      {"select_scatter", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         const std::int64_t dim = d.dim();
         return list(select_scatter(a, d.yes() ? b : select(b, dim, 0), dim, d.integer()));
       }},
      {"slice_scatter", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         const std::int64_t dim = d.dim(), start = d.integer(), end = d.integer();
         const std::int64_t step = d.one_in(3) ? d.integer() : 1;
         return list(slice_scatter(a, slice(b, dim, start, end, step), dim, start, end, step));
       }},
      {"diagonal_scatter", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         const std::int64_t offset = d.integer(), dim1 = d.dim(), dim2 = d.dim();
         return list(diagonal_scatter(a, diagonal(b, offset, dim1, dim2), offset, dim1, dim2));
       }},
      {"unfold", [](Draw& d) { return list(unfold(d.tensor(), d.dim(), d.integer(), d.integer())); }},
      {"rot90", [](Draw& d) { return list(rot90(d.tensor(), d.integer(), d.yes() ? Dims{d.dim(), d.dim()} : d.dims())); }},
      {"block_diag", [](Draw& d) { return list(block_diag(d.tensors())); }},
      {"cartesian_prod", [](Draw& d) { return list(cartesian_prod(d.tensors())); }},
      {"combinations", [](Draw& d) {
         // Of few elements: there are soon more ways to choose than memory holds.
         const Tensor x = slice(ravel(d.tensor()), 0, 0, 9);
         return list(combinations(x, d.one_of<std::int64_t>({-1, 0, 1, 2, 3, 4, 5, std::int64_t{1} << 60}), d.yes()));
       }},
      {"tril_indices", [](Draw& d) { return list(tril_indices(d.below(20) - 1, d.below(20) - 1, d.integer(), d.dtype())); }},
      {"triu_indices", [](Draw& d) { return list(triu_indices(d.below(20) - 1, d.below(20) - 1, d.integer(), d.dtype())); }},
      // clang-format on
  };
}

}  // namespace xg_test
