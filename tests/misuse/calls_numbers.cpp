// Calls of functions of a tensor and a number, on either side.
#include "misuse/calls.hpp"

using namespace xg;

namespace xg_test {

std::vector<Call> numbers_calls() {
  return {
      // clang-format off
      {"maximum number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(maximum(a, b)) : list(maximum(b, a));
       }},
      {"minimum number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(minimum(a, b)) : list(minimum(b, a));
       }},
      {"fmax number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(fmax(a, b)) : list(fmax(b, a));
       }},
      {"fmin number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(fmin(a, b)) : list(fmin(b, a));
       }},
      {"floor_divide number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(floor_divide(a, b)) : list(floor_divide(b, a));
       }},
      {"trunc_divide number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(trunc_divide(a, b)) : list(trunc_divide(b, a));
       }},
      {"remainder number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(remainder(a, b)) : list(remainder(b, a));
       }},
      {"fmod number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(fmod(a, b)) : list(fmod(b, a));
       }},
      {"copysign number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(copysign(a, b)) : list(copysign(b, a));
       }},
      {"hypot number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(hypot(a, b)) : list(hypot(b, a));
       }},
      {"heaviside number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(heaviside(a, b)) : list(heaviside(b, a));
       }},
      {"atan2 number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(atan2(a, b)) : list(atan2(b, a));
       }},
      {"xlogy number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(xlogy(a, b)) : list(xlogy(b, a));
       }},
      {"logaddexp number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(logaddexp(a, b)) : list(logaddexp(b, a));
       }},
      {"logaddexp2 number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(logaddexp2(a, b)) : list(logaddexp2(b, a));
       }},
      {"float_power number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(float_power(a, b)) : list(float_power(b, a));
       }},
      {"bitwise_and number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(bitwise_and(a, b)) : list(bitwise_and(b, a));
       }},
      {"bitwise_or number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(bitwise_or(a, b)) : list(bitwise_or(b, a));
       }},
      {"bitwise_xor number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(bitwise_xor(a, b)) : list(bitwise_xor(b, a));
       }},
      {"logical_and number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(logical_and(a, b)) : list(logical_and(b, a));
       }},
      {"logical_or number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(logical_or(a, b)) : list(logical_or(b, a));
       }},
      {"logical_xor number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(logical_xor(a, b)) : list(logical_xor(b, a));
       }},
      {"eq number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(eq(a, b)) : list(eq(b, a));
       }},
      {"ne number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(ne(a, b)) : list(ne(b, a));
       }},
      {"lt number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(lt(a, b)) : list(lt(b, a));
       }},
      {"le number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(le(a, b)) : list(le(b, a));
       }},
      {"gt number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(gt(a, b)) : list(gt(b, a));
       }},
      {"ge number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(ge(a, b)) : list(ge(b, a));
       }},
      {"add number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(add(a, b)) : list(add(b, a));
       }},
      {"mul number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(mul(a, b)) : list(mul(b, a));
       }},
      {"operator remainder number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(a % b) : list(b % a);
       }},
      {"operator and number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(a & b) : list(b & a);
       }},
      {"operator or number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(a | b) : list(b | a);
       }},
      {"operator xor number", [](Draw& d) {
         const Tensor a = d.tensor();
         const Scalar b = d.scalar();
         return d.yes() ? list(a ^ b) : list(b ^ a);
       }},
      {"scalar operator equals", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() == a);
       }},
      {"scalar operator differs", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() != a);
       }},
      {"scalar operator less", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() < a);
       }},
      {"scalar operator at most", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() <= a);
       }},
      {"scalar operator greater", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() > a);
       }},
      {"scalar operator at least", [](Draw& d) {
         const Tensor a = d.tensor();
         return list(d.scalar() >= a);
       }},
      {"operator remainder", [](Draw& d) {
         const Tensor a = d.tensor(), b = d.tensor_like(a);
         return list(a % b);
       }},
      {"remainder_", [](Draw& d) {
         Tensor x = d.target();
         return list(x.remainder_(d.tensor()));
       }},
      {"remainder_ scalar", [](Draw& d) {
         Tensor x = d.target();
         return list(x.remainder_(d.scalar()));
       }},
      // clang-format on
  };
}

}  // namespace xg_test
