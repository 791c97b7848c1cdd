// The table of ops: PyTorch's name, its parameters in order, and the call of xgrad's that means the same. To add an op,
// add a row to ops_table_<family>.cpp: `a.tensor("x")` and its like take arguments by the names in the second column.
#pragma once

#include "conformance/args.hpp"

#include <span>

namespace xg_conformance {

using A = const Args&;

/// The rows of one family, in ops_table_<family>.cpp.
std::span<const OpRow> elementwise_rows();
std::span<const OpRow> reductions_rows();
std::span<const OpRow> shape_rows();
std::span<const OpRow> indexing_rows();
std::span<const OpRow> layers_rows();
std::span<const OpRow> spatial_rows();
std::span<const OpRow> creation_rows();
std::span<const OpRow> linalg_rows();

template <xg::Tensor (*f)(const xg::Tensor&)> Outputs unary(A a) { return f(a.operand("x")); }
template <xg::Tensor (*f)(const xg::Tensor&, const xg::Tensor&)> Outputs binary(A a) {
  return f(a.operand("a"), a.operand("b"));
}

}  // namespace xg_conformance
