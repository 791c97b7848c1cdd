// Exact or closed-form shares of reductions, for attribution rules: the division of the difference between the results
// at x and at r among the elements. Slopes are shares divided by the elements' differences.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::kernels {

/// Slopes of max over the rows of x and r [groups, n]: phi_i / (x_i - r_i), where phi is the Shapley value of the game
/// v(S) = max(max_S x, max_{not S} r). O(n log n): levels t are swept from above; where no element exceeds t in both x
/// and r, each of the a elements with x_i > t >= r_i gets (a-1)! b! / (a+b)! of the interval's length, each of the b
/// elements with r_i > t >= x_i loses (b-1)! a! / (a+b)! of it. An unchanged element has the limit, a! b! / (a+b+1)!.
Tensor max_slopes(const Tensor& x, const Tensor& r);

/// The terms of softmax along the rows of x and r [groups, n], p_k = sigmoid(z_k - L_k), L_k = log sum_{j != k} e^z_j:
///   dp_k = sigmoid_k (dz_k - sum_{j != k} T_kj dz_j),   T_kj = inner_k e_j, except for k = top: T_kj = top_terms_j.
/// `sigmoid` is the secant of the sigmoid, `inner` that of the logarithm in L_k (0 at top), `exponential` that of
/// exp(z_j - c) with one shift c for x and r; `top` marks the element that has the largest logit of both (it needs a
/// shift of its own, because all others may underflow relative to it). All have the shape of x.
struct SoftmaxSlopes {
  Tensor sigmoid, inner, exponential, top_terms, top;
};
SoftmaxSlopes softmax_slopes(const Tensor& x, const Tensor& r);

}  // namespace xg::kernels
