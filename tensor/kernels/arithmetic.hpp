// Elementwise arithmetic for the library's own use, below and beside the ops: the engine adds gradients, optimizers and
// random numbers scale, reductions subtract means. Dtypes of two operands agree; they broadcast.
#pragma once

#include <xgrad/tensor/kernels/elementwise.hpp>

namespace xg::kernels {

Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor scale(const Tensor& x, double factor);
Tensor clamp(const Tensor& x, double low, double high);
Tensor abs(const Tensor& x);
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor exp(const Tensor& x);

// The same into `out`, which has the shape of the result and may be an operand.
void add_into(Tensor& out, const Tensor& a, const Tensor& b);
void mul_into(Tensor& out, const Tensor& a, const Tensor& b);
void scale_into(Tensor& out, const Tensor& x, double factor);
void shift_into(Tensor& out, const Tensor& x, double summand);
void sqrt_into(Tensor& out, const Tensor& x);
void exp_into(Tensor& out, const Tensor& x);

}  // namespace xg::kernels
