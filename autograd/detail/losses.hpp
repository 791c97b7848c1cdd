// What the files of losses share.
#pragma once

#include <xgrad/autograd/ops/losses.hpp>

#include <cstdint>

namespace xg::autograd {

/// The mean or sum of the losses, or the losses themselves.
Tensor reduced(const Tensor& loss, Reduction reduction);
/// The losses times a weight, which may be undefined, reduced. Throws ShapeError where the weight does not broadcast.
Tensor weighted(const char* op, const Tensor& loss, const Tensor& weight, Reduction reduction);
/// Throws ShapeError unless both have one shape. PyTorch broadcasts [n] against [n, 1] to [n, n], which is never meant.
void check_same_shape(const char* op, const Tensor& prediction, const Tensor& target,
                      const char* prediction_name = "prediction");
/// Throws ValueError unless the margin is finite.
void check_margin(const char* op, double margin);
/// Where a mask is first true, counted in row-major order; -1 where it never is.
std::int64_t first_true(const Tensor& mask);

}  // namespace xg::autograd
