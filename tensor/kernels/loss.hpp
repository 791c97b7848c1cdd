// Cross entropy in one pass: value, reduction and the check of targets, without temporaries. Elementwise losses are in
// element_loss.hpp.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace xg::kernels {

enum class LossReduction { none, mean, sum };

/// "[2, 0]", the coordinates of element `index` in row-major order.
std::string position(const Shape& shape, std::int64_t index);

struct CrossEntropyParams {
  std::int64_t ignore_index = -100;
  double smoothing = 0;  ///< the target is (1 - smoothing) one-hot + smoothing / classes
  bool mean = true;      ///< over the rows that are not ignored; else the sum
};
/// The reduced cross entropy of logits [n, classes] with class numbers [n] (int64), and softmax(logits) for backward.
/// Throws IndexError, with its position, for a label that is neither a class nor ignore_index.
std::array<Tensor, 2> cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyParams& params);
/// (p - smoothed one-hot) / count, 0 in ignored rows.
Tensor cross_entropy_backward(const Tensor& grad, const Tensor& probabilities, const Tensor& target,
                              const CrossEntropyParams& params);

/// The number of labels (int64) that are not ignore_index. Throws IndexError, naming `op`, for one that is not a class
/// either.
std::int64_t count_labels(const char* op, const Tensor& target, std::int64_t classes, std::int64_t ignore_index);

}  // namespace xg::kernels
