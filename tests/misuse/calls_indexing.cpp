// Calls of indexing.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> indexing_calls() {
  return {
      // clang-format off
      {"nonzero", unary<nonzero>},
      {"index", [](Draw& d) { return list(index(d.tensor(), d.indices())); }},
      {"index_put", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_put(a, d.indices(), d.tensor_like(a), d.yes()));
       }},
      {"index_put number", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(index_put(a, d.indices(), d.scalar(), d.yes()));
       }},
      {"index_put_ number", [](Draw& d) {
         Tensor x = d.target();
         return list(x.index_put_(d.indices(), d.scalar(), d.yes()));
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
      {"operator []", [](Draw& d) { return list(d.tensor()[d.integer()]); }},
      {"operator [tensor]", [](Draw& d) { return list(d.tensor()[d.yes() ? d.index() : d.mask()]); }},
      // clang-format on
  };
}

}  // namespace xg_test
