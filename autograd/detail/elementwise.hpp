// The base of elementwise ops. Such an op is its arithmetic: what it computes from one number or from a batch of
// numbers, its slope, its secant. From these come the loops, both derivatives, the attribution rule and the samples of
// the tests.
//
// clang-format off
//   struct Tanh : Elementwise1<Tanh, save_output()> {  // slope is given the output, else the input
//     static constexpr const char* name = "tanh";
//     template <class V> static V call(V x) { return tanh_of(x); }
//     template <class V> static V slope(V y) { return constant(y, 1) - y * y; }
//     template <class V> static V secant(V x, V r) { ... }  // optional: generic_secant otherwise
//     static double reference(double x) { return std::tanh(x); }  // by other means, for tests
//     static constexpr Domain domain{-3, 3};  // of the samples, if it is not that of samples.hpp
//   };
// clang-format on
//
// V is a number, a batch of them or, for the derivative that can be differentiated again, a Tensor; later readings
// (source code) are further types. `curvature` and `third`, the second and third derivatives from what is saved, are
// optional: with them Laplacians pass through the op in one pass over memory (curved_push.hpp). An op whose derivative
// selects rather than scales gives `pull(g, at)` in place of `slope(at)`, so that an infinite g beside a slope of 0 is
// 0. Attributes are members, and `example()` is what tests use. `dtypes` says what an op computes besides
// floating-point numbers, `jumps` that its derivative is 0 or has steps between.
#pragma once

#include <xgrad/autograd/detail/curved_push.hpp>
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/detail/tensor_arithmetic.hpp>

#include <array>
#include <vector>

namespace xg::autograd {

namespace detail {

/// kernel(g, at, op), in g's memory where it is not shared: a gradient passes through a chain of activations in one
/// buffer.
Tensor pull_into(const kernels::BinaryKernel& kernel, Tensor& g, const Tensor& at, const void* op);
/// (f(x) - f(r)) / (x - r), 0 where x is r: the secant of a function that is constant between its jumps.
Tensor secant_of_steps(const Tensor& f_x, const Tensor& f_r, const Tensor& x, const Tensor& r);

template <class Op> constexpr bool is_step_function() {
  if constexpr (requires { Op::jumps; })
    return Op::jumps && !kernels::Pull::takes<Op, Tensor, Tensor>;
  else
    return false;
}
template <class Op> constexpr bool has_slope = kernels::Pull::takes<Op, Tensor, Tensor> || is_step_function<Op>();

}  // namespace detail

/// One tensor in, one out, of the same shape.
template <class Op, unsigned saved_tensors = save_input(0)> struct Elementwise1 {
  static constexpr int inputs = 1;
  static constexpr Promotion promotion = Promotion::floating;
  static constexpr unsigned saves = saved_tensors;
  static constexpr Rule rule = Rule::secant;
  static constexpr bool elementwise = true;

  Tensor forward(const Tensor& x) const { return kernels::map(self(), x); }

  Tensor backward(const OpContext& c, const Tensor& g) const
    requires(detail::has_slope<Op>)
  {
    if constexpr (detail::is_step_function<Op>())
      return zeros_like(g);
    else
      return kernels::Pull::of(self(), g, saved(c));
  }
  Tensor backward_fused(const OpContext& c, Tensor& g) const
    requires(kernels::Pull::takes<Op, float, float> && !detail::is_step_function<Op>())
  {
    return detail::pull_into(kernels::binary<Op, kernels::Pull>, g, saved(c), kernels::attributes_of(self()));
  }
  Tensor secant_kernel(const Tensor& x, const Tensor& r) const
    requires(kernels::Secant::takes<Op, float, float>)
  {
    return kernels::binary<Op, kernels::Secant>(x, r, kernels::attributes_of(self()));
  }
  Tensor secant_kernel(const Tensor& x, const Tensor& r) const
    requires(detail::is_step_function<Op>())
  {
    return detail::secant_of_steps(self().forward(x), self().forward(r), x, r);
  }
  static std::vector<Sample> samples(Dtype dtype) { return samples1<Op>(dtype); }

 private:
  const Op& self() const { return static_cast<const Op&>(*this); }
  static const Tensor& saved(const OpContext& c) { return Op::saves == save_input(0) ? c.input(0) : c.output(); }
};

/// Two tensors in, one out, with broadcasting. The derivatives are the op's own.
template <class Op, unsigned saved_tensors = save_input(0) | save_input(1)> struct Elementwise2 {
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::arithmetic;
  static constexpr unsigned saves = saved_tensors;
  static constexpr Rule rule = Rule::two_player;
  static constexpr bool elementwise = true;

  Tensor forward(const Tensor& a, const Tensor& b) const { return kernels::map(self(), a, b); }

  static std::vector<Sample> samples(Dtype dtype) { return samples2<Op>(dtype); }

 private:
  const Op& self() const { return static_cast<const Op&>(*this); }
};

// ---- what several families use

/// a / hypot(a, b), the derivative of hypot: its limit at infinities, 0 at the origin.
Tensor hypot_share(const Tensor& a, const Tensor& b);
/// sqrt(x) with the derivative 0 where x is 0, as of a norm.
Tensor root_of_squares(const Tensor& x);
/// 1 / hypot(a, b), 0 at the origin.
Tensor inverse_hypot(const Tensor& a, const Tensor& b);

/// Can an integer (or bool) dtype hold the number?
bool holds(Dtype dtype, Scalar value);
/// A scalar as a 0-d tensor, for dtypes whose kernels take no floating-point parameter.
Tensor as_tensor(Scalar value, const Tensor& like);

/// Two gradients, each computed only where it is wanted.
template <class A, class B> std::array<Tensor, 2> gradients(const OpContext& c, A&& a, B&& b) {
  return {c.needs(0) ? a() : Tensor(), c.needs(1) ? b() : Tensor()};
}

/// The gradients of a function of two tensors that is constant between its jumps.
inline std::array<Tensor, 2> no_slopes(const OpContext& c, const Tensor& g) {
  return gradients(c, [&] { return zeros_like(g); }, [&] { return zeros_like(g); });
}

/// Saved input i is read for the other input's gradient alone.
inline bool other_needs(std::size_t i, const bool* needed) { return needed[1 - i]; }

}  // namespace xg::autograd
