// Calls of products.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {
namespace {

/// A floating-point tensor, mostly of this shape.
Tensor of_shape(Draw& d, const Shape& shape, Dtype dtype) { return d.tensor_like(zeros(shape, {.dtype = dtype})); }

/// Operands of a product that mostly fit: what is added, [m, k] and [k, n], or [k], and [batch] before them.
struct Operands {
  Tensor added, a, b;
};
Operands operands(Draw& d, bool batches, bool vector, bool sums_batches) {
  const std::int64_t batch = d.below(4), m = d.below(5), k = d.below(5), n = d.below(5);
  const Dtype dtype = d.yes() ? float32 : float64;
  const auto with_batch = [&](Shape shape) {
    if (batches) shape.insert(0, batch);
    return shape;
  };
  const Shape result = vector ? Shape{m} : Shape{m, n};
  return {of_shape(d, sums_batches ? result : with_batch(result), dtype), of_shape(d, with_batch({m, k}), dtype),
          of_shape(d, vector ? Shape{k} : with_batch({k, n}), dtype)};
}

}  // namespace

std::vector<Call> products_calls() {
  return {
      // clang-format off
      {"matmul", binary<matmul>},
      {"mm", binary<mm>},
      {"mv", [](Draw& d) {
         const Operands o = operands(d, false, true, false);
         return list(mv(o.a, o.b));
       }},
      {"bmm", [](Draw& d) {
         const Operands o = operands(d, true, false, false);
         return list(bmm(o.a, o.b));
       }},
      {"dot", binary<dot>},
      {"inner", binary<inner>},
      {"outer", binary<outer>},
      {"addmm", [](Draw& d) {
         const Operands o = operands(d, false, false, false);
         return list(addmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"addmv", [](Draw& d) {
         const Operands o = operands(d, false, true, false);
         return list(addmv(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"addr", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(addr(a, d.tensor_like(a), d.tensor_like(a), d.scalar(), d.scalar()));
       }},
      {"addbmm", [](Draw& d) {
         const Operands o = operands(d, true, false, true);
         return list(addbmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"baddbmm", [](Draw& d) {
         const Operands o = operands(d, true, false, false);
         return list(baddbmm(o.added, o.a, o.b, d.scalar(), d.scalar()));
       }},
      {"matmul of any", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(matmul(a, d.yes() ? transpose(d.tensor_like(a), -1, -2) : d.tensor()));
       }},
      {"tensordot", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(tensordot(a, d.tensor_like(a), d.dims(), d.dims()));
       }},
      {"einsum", [](Draw& d) { return list(einsum(d.one_of<const char*>({"ij,jk->ik", "ij->ji", "ii->i", "ij,ij->", "...i,i", "i,j", "ij", "", "->", "i->", "ij,jk", "bij,bjk->bik", "i,i,i->i", "ij->ijk", "i.j", "A1"}), d.tensors())); }},
      {"cross", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(cross(a, d.tensor_like(a), d.dim()));
       }},
      {"vecdot", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(vecdot(a, d.tensor_like(a), d.dim()));
       }},
      // clang-format on
  };
}

}  // namespace xg_test
