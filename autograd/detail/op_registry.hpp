// The list of ops, for the tests that walk it.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/detail/op_context.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::autograd {

/// The tensors that a sample is called with.
using Inputs = std::vector<Tensor>;
using SampleCall = std::function<Tensor(const Inputs&)>;

/// Inputs of an op for tests, and how to call it with them.
struct Sample {
  std::string label;
  Inputs inputs;
  SampleCall call;
};

/// What tests walk: one row per op.
struct OpInfo {
  std::string_view name;
  std::string_view family;
  int inputs;
  bool differentiable;
  bool fused;
  Rule rule;
  std::vector<Sample> (*samples)(Dtype dtype);
  double (*reference1)(double) = nullptr;          ///< of an elementwise op of one tensor
  double (*reference2)(double, double) = nullptr;  ///< of an elementwise op of two
};

/// The compile-time list of a family.
template <class... Ops> struct OpList {
  static std::vector<OpInfo> rows(std::string_view family) { return {row<Ops>(family)...}; }

 private:
  template <class Op> static OpInfo row(std::string_view family) {
    OpInfo info{Op::name, family, Op::inputs, detail::has_backward<Op>, detail::has_fused<Op>, Op::rule, &Op::samples};
    if constexpr (requires { Op::reference(0.0); }) info.reference1 = [](double x) { return Op::reference(x); };
    if constexpr (requires { Op::reference(0.0, 0.0); })
      info.reference2 = [](double a, double b) { return Op::reference(a, b); };
    return info;
  }
};

/// Every op of the library.
XG_API const std::vector<OpInfo>& all_ops();

}  // namespace xg::autograd
