// The Jacobian-vector product of one op, for forward mode.
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <span>
#include <vector>

namespace xg::autograd::detail {

/// The tangents of the results, of their shapes, from those of the inputs (undefined is zero), made of ops.
std::vector<Tensor> jvp(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                        std::span<const Tensor> tangents);

}  // namespace xg::autograd::detail
