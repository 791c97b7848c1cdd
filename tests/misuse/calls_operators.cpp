// Calls of the operators of C++.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> operators_calls() {
  return {
      // clang-format off
      {"negated", [](Draw& d) { return list(-d.tensor()); }},
      {"plus", [](Draw& d) { return list(+d.tensor()); }},
      {"complement", [](Draw& d) { return list(~d.tensor()); }},
      {"operator plus", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a + b);
       }},
      {"operator plus scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a + d.scalar());
       }},
      {"scalar operator plus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() + a);
       }},
      {"operator minus", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a - b);
       }},
      {"operator minus scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a - d.scalar());
       }},
      {"scalar operator minus", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() - a);
       }},
      {"operator times", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a * b);
       }},
      {"operator times scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a * d.scalar());
       }},
      {"scalar operator times", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() * a);
       }},
      {"operator over", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a / b);
       }},
      {"operator over scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a / d.scalar());
       }},
      {"scalar operator over", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() / a);
       }},
      {"operator equals", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a == b);
       }},
      {"operator equals scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a == d.scalar());
       }},
      {"operator differs", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a != b);
       }},
      {"operator differs scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a != d.scalar());
       }},
      {"operator less", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a < b);
       }},
      {"operator less scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a < d.scalar());
       }},
      {"operator at most", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a <= b);
       }},
      {"operator at most scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a <= d.scalar());
       }},
      {"operator greater", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a > b);
       }},
      {"operator greater scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a > d.scalar());
       }},
      {"operator at least", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a >= b);
       }},
      {"operator at least scalar", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(a >= d.scalar());
       }},
      {"operator and", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a & b);
       }},
      {"operator or", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a | b);
       }},
      {"operator xor", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a ^ b);
       }},
      // clang-format on
  };
}

}  // namespace xg_test
