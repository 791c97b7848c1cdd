// Rows of indexing.
#include "conformance/ops_table.hpp"

namespace xg_conformance {

using namespace xg;  // NOLINT: every row calls it

namespace {

Outputs indexed_fill(A a) {
  const Tensor &x = a.tensor("x"), &index = a.tensor("index");
  const std::int64_t dim = a.integer("dim");
  if (a.number_given("value")) return index_fill(x, dim, index, a.scalar("value"));
  Shape shape = x.shape();
  if (!shape.empty()) shape[static_cast<std::size_t>(normalize_dim("index_fill", dim, x.dim()))] = index.numel();
  return index_copy(x, dim, index, a.tensor("value").expand(shape));
}

Outputs scattered_reduction(A a) {
  return scatter_reduce(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src"), a.text("reduce"),
                        a.flag("include_self", true));
}

const OpRow table[] = {
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
    {"gather", "x dim index",
     [](A a) -> Outputs { return gather(a.tensor("x"), a.integer("dim"), a.tensor("index")); }},
    {"scatter", "x dim index src reduce",
     [](A a) -> Outputs {
       if (a.has("reduce")) {
         const std::string by = a.text("reduce");
         if (a.number_given("src"))
           return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.scalar("src"), by);
         return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src"), by);
       }
       if (a.number_given("src")) return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.scalar("src"));
       return scatter(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src"));
     }},
    {"scatter_add", "x dim index src",
     [](A a) -> Outputs { return scatter_add(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("src")); }},
    {"scatter_reduce", "x dim index src reduce include_self", scattered_reduction},
    {"scatter_reduce.sum", "x dim index src reduce include_self", scattered_reduction},
    {"scatter_reduce.prod", "x dim index src reduce include_self", scattered_reduction},
    {"scatter_reduce.mean", "x dim index src reduce include_self", scattered_reduction},
    {"scatter_reduce.amax", "x dim index src reduce include_self", scattered_reduction},
    {"scatter_reduce.amin", "x dim index src reduce include_self", scattered_reduction},
    {"index_reduce", "x dim index source reduce include_self",
     [](A a) -> Outputs {
       return index_reduce(a.tensor("x"), a.integer("dim"), a.tensor("index"), a.tensor("source"), a.text("reduce"),
                           a.flag("include_self", true));
     }},
    {"masked_scatter", "x mask source",
     [](A a) -> Outputs { return masked_scatter(a.tensor("x"), a.tensor("mask"), a.tensor("source")); }},
    {"select_scatter", "x src dim index",
     [](A a) -> Outputs {
       return select_scatter(a.tensor("x"), a.tensor("src"), a.integer("dim"), a.integer("index"));
     }},
    {"slice_scatter", "x src dim start end step",
     [](A a) -> Outputs {
       return slice_scatter(a.tensor("x"), a.tensor("src"), a.integer("dim", 0), a.optional_integer("start"),
                            a.optional_integer("end"), a.integer("step", 1));
     }},
    {"diagonal_scatter", "x src offset dim1 dim2",
     [](A a) -> Outputs {
       return diagonal_scatter(a.tensor("x"), a.tensor("src"), a.integer("offset", 0), a.integer("dim1", 0),
                               a.integer("dim2", 1));
     }},
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
       if (a.flag("as_tuple")) return where(a.tensor("x"));
       return nonzero(a.tensor("x"));
     }},
    {"argwhere", "x", unary<argwhere>},
    {"tril_indices", "row col offset dtype",
     [](A a) -> Outputs {
       return tril_indices(a.integer("row"), a.integer("col"), a.integer("offset", 0), a.dtype().value_or(int64));
     }},
    {"triu_indices", "row col offset dtype",
     [](A a) -> Outputs {
       return triu_indices(a.integer("row"), a.integer("col"), a.integer("offset", 0), a.dtype().value_or(int64));
     }},
    {"nn.functional.one_hot", "x num_classes",
     [](A a) -> Outputs { return one_hot(a.tensor("x"), a.integer("num_classes", -1)); }},
    {"nn.functional.embedding", "index weight",
     [](A a) -> Outputs { return embedding(a.tensor("index"), a.tensor("weight")); }},
};

}  // namespace

std::span<const OpRow> indexing_rows() { return table; }

}  // namespace xg_conformance
