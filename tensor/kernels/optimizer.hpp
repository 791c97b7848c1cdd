// Optimizer steps: one pass over a parameter, its gradient and its state, without temporaries.
//
// All arrays have n elements of T (float or double) and do not overlap. Coefficients are computed in double by the
// caller; g is the gradient, negated where `maximize`.
#pragma once

#include <cstdint>

namespace xg::kernels {

struct SgdStep {
  double lr;
  double momentum;
  double dampening;
  double weight_decay;
  bool nesterov;
  bool maximize;
  bool first;  ///< the momentum buffer starts as the gradient
};
/// g += weight_decay p; b = momentum b + (1 - dampening) g; p -= lr (nesterov ? g + momentum b : b).
/// Without momentum `b` is null and p -= lr g.
template <class T>
void sgd_step(T* p, const T* g, T* b, std::int64_t n, const SgdStep& c);

struct AdamStep {
  double beta1;
  double beta2;
  double step_size;   ///< lr / (1 - beta1^t)
  double root_bias2;  ///< sqrt(1 - beta2^t)
  double eps;
  double weight_decay;  ///< added to the gradient (Adam)
  double shrink;        ///< factor of the parameter (AdamW: 1 - lr weight_decay)
  bool maximize;
};
/// m += (1 - beta1)(g - m); v = beta2 v + (1 - beta2) g^2; p = shrink p - step_size m / (sqrt(v) / root_bias2 + eps).
/// With `largest` (amsgrad) the largest v so far takes the place of v in the last line; else it is null.
template <class T>
void adam_step(T* p, const T* g, T* m, T* v, T* largest, std::int64_t n, const AdamStep& c);

struct RmspropStep {
  double lr;
  double alpha;
  double eps;
  double momentum;
  double weight_decay;
  bool maximize;
};
/// s = alpha s + (1 - alpha) g^2; d = sqrt(s - a^2) + eps with a the running mean of g (centered), else sqrt(s) + eps;
/// b = momentum b + g / d; p -= lr b. Without centering `a` is null; without momentum `b` is, and p -= lr g / d.
template <class T>
void rmsprop_step(T* p, const T* g, T* s, T* a, T* b, std::int64_t n, const RmspropStep& c);

/// sum |x|^p for finite p > 0, the largest |x| for p = infinity, in double.
template <class T>
double sum_of_powers(const T* x, std::int64_t n, double p);
/// x *= factor
template <class T>
void scale(T* x, std::int64_t n, double factor);
/// x = min(max(x, -limit), limit); NaN stays.
template <class T>
void clip(T* x, std::int64_t n, double limit);

}  // namespace xg::kernels
