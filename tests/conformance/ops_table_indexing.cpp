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
};

}  // namespace

std::span<const OpRow> indexing_rows() { return table; }

}  // namespace xg_conformance
