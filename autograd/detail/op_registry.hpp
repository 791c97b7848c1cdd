// The registry of ops, for tests.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/detail/applied_op.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::autograd {

/// The input tensors of a sample.
using Inputs = std::vector<Tensor>;
using SampleCall = std::function<Tensor(const Inputs&)>;

/// Test inputs of an op, and a call of the op with them.
struct Sample {
  std::string label;
  Inputs inputs;
  SampleCall call;
};

/// The entry of an op in the registry.
struct OpInfo {
  std::string_view name;
  int inputs;
  bool differentiable;
  bool fused;
  bool elementwise;
  bool ends_graph;
  Rule rule;
  std::vector<Sample> (*samples)(Dtype dtype);
  double (*reference1)(double) = nullptr;          ///< reference value of an elementwise op of one tensor
  double (*reference2)(double, double) = nullptr;  ///< reference value of an elementwise op of two
};

namespace detail {

template <class Op> constexpr OpInfo info_of() {
  OpInfo info{Op::name, Op::inputs,  has_backward<Op>, has_fused<Op>, traits<Op>.elementwise, traits<Op>.ends_graph,
              Op::rule, &Op::samples};
  if constexpr (requires { Op::reference(0.0); }) info.reference1 = [](double x) { return Op::reference(x); };
  if constexpr (requires { Op::reference(0.0, 0.0); })
    info.reference2 = [](double a, double b) { return Op::reference(a, b); };
  return info;
}
/// An op in the registry, which is a linked list, so that loading the library allocates nothing.
struct RegistryEntry {
  OpInfo info;
  const RegistryEntry* next = nullptr;
};
template <class Op> inline constinit RegistryEntry registry_entry{info_of<Op>()};
/// Links an entry into the registry.
XG_API bool link_entry(RegistryEntry& entry);
template <class Op> inline const bool is_listed = link_entry(registry_entry<Op>);
/// Makes the op stand in the registry before `main` begins, by the initialization of a variable. `apply` calls this, so
/// that no op can be forgotten; it costs a call nothing.
template <class Op> constexpr void list() {
  if constexpr (requires { &Op::samples; }) static_cast<void>(&is_listed<Op>);
}

}  // namespace detail

/// Every op of the library, in alphabetical order.
XG_API const std::vector<OpInfo>& all_ops();

}  // namespace xg::autograd
