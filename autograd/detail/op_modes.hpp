// The parts of applying an op that depend on the thread's modes, see OpMode.
#pragma once

#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/state.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <span>
#include <string>

namespace xg::autograd::detail {

/// Makes each input that stands for another tensor point to that one, which is kept in `holders`.
void substitute(std::span<const Tensor*> inputs, std::span<Tensor> holders);

/// Marks, checks and packs the results of an op as the modes say.
void finish_in_modes(const char* op, std::span<const Tensor* const> inputs, std::span<Tensor> results);

/// "NaN at [1, 2] (shape [3, 4])", the first number that is not finite; empty where there is none.
std::string not_finite(const Tensor& x);

}  // namespace xg::autograd::detail
