// Copies, conversion of dtypes, detach.
#include <xgrad/autograd/detail/leaves.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/samples.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/strided.hpp>

#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

/// The base of ops that return the same values, as a copy unless Op overrides it.
template <class Op> struct Identity : Rearrangement {
  static constexpr bool keeps_elements = true;
  static Tensor forward(const Tensor& x) { return kernels::copy(x); }
  static Tensor backward(const OpContext&, const Tensor& g) { return g; }
  static std::vector<Sample> samples(Dtype d) { return samples1<Op>(d); }
};

struct Clone : Identity<Clone> {
  static constexpr const char* name = "clone";
};

/// The same values, row-major without gaps
struct Contiguous : Identity<Contiguous> {
  static constexpr const char* name = "contiguous";
};

/// The same memory without a graph. It is applied with recording off, so graphs end here, and tangents of forward mode
/// with them; for traces it is the identity.
struct Detach : Identity<Detach> {
  static constexpr const char* name = "detach";
  static constexpr bool ends_graph = true;
  static Tensor forward(const Tensor& x) { return Tensor::adopt(xg::detail::new_alias(x.impl())); }
};

/// The same memory and the same tangents. Applied with recording off it ends the graph: for what a derivative returns
/// whose graph nobody asked for.
struct Alias : Identity<Alias> {
  static constexpr const char* name = "alias";
  static Tensor forward(const Tensor& x) { return Detach::forward(x); }
};

/// x in a dtype that holds its values
struct Cast : Rearrangement {
  static constexpr const char* name = "to";
  static constexpr Rule rule = Rule::custom;
  Dtype from = Dtype::float32, dtype = Dtype::float32;
  Tensor forward(const Tensor& x) const { return kernels::cast(x, dtype); }
  Tensor backward(const OpContext&, const Tensor& g) const { return to(g, from); }
  /// Multipliers are not cast: 0.3 as a bool would be 1.
  static std::vector<Tensor> attribute(const PairContext& p) { return {p.multipliers[0]}; }
  static Tensor rounding(const RoundingContext& c) {
    return c.errors[0].defined() ? maximum(c.errors[0], abs(c.output) * c.unit) : Tensor();
  }
  static std::vector<Sample> samples(Dtype d) {
    return detail::samples1([d](const Inputs& in) { return apply(Cast{{}, d, float64}, in[0]); }, d, {-2, 2});
  }
};

/// Floating-point numbers as integers (truncated) or bools (whether nonzero): a step function without a derivative,
/// whose secant is (g(x) - g(r)) / (x - r), 0 where x equals r
struct CastToInteger {
  static constexpr const char* name = "to";
  static constexpr int inputs = 1;
  static constexpr Rule rule = Rule::secant;
  static constexpr bool jumps = true;
  Dtype dtype = Dtype::int64;
  Tensor forward(const Tensor& x) const { return kernels::cast(x, dtype); }
  Tensor secant(const Tensor& x, const Tensor& r) const {
    return difference_secant(forward(x).to(x.dtype()), forward(r).to(x.dtype()), x, r, zeros_like(x));
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](Dtype dtype) {
      return [dtype](const Inputs& in) { return apply(CastToInteger{dtype}, in[0]); };
    };
    std::vector<Sample> all = detail::samples1(call(int64), d, {-3, 3});
    for (Sample& sample : detail::samples1(call(bool_), d, {-3, 3})) all.push_back(std::move(sample));
    return all;
  }
};

}  // namespace

Tensor without_graph(const Tensor& x) {
  const NoGrad guard;
  return apply(Alias{}, x);
}

Tensor as_result(const Tensor& x) { return apply(Alias{}, x); }

Tensor as_leaf(const Tensor& x, bool connected) {
  if (connected && x.requires_grad()) return x + 0.0;
  Tensor copy = [&] {
    const NoGrad guard;
    return apply(Clone{}, x);
  }();
  return copy.requires_grad_();
}

}  // namespace autograd

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : apply(autograd::Contiguous{}, x); }

Tensor clone(const Tensor& x) { return apply(autograd::Clone{}, x); }

Tensor detach(const Tensor& x) {
  const NoGrad guard;
  return apply(autograd::Detach{}, x);
}

Tensor to(const Tensor& x, Dtype dtype) {
  if (x.dtype() == dtype) return x;
  if (x.is_floating_point() && !is_floating(dtype)) return apply(autograd::CastToInteger{dtype}, x);
  return apply(autograd::Cast{{}, x.dtype(), dtype}, x);
}

}  // namespace xg
