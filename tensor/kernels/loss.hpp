// Losses in one pass: value and reduction together, no temporaries; bad targets are found on the way.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>

namespace xg::kernels {

enum class LossReduction { none, mean, sum };

// Prediction x and target t have the same shape and floating dtype. A loss that is not reduced has x's shape, else
// none. The backward kernels give the gradient of x from that of the (reduced) loss.

/// (x - t)^2. Throws ValueError, naming its position, for a NaN among the targets where the reduced loss is NaN.
Tensor mse(const Tensor& x, const Tensor& t, LossReduction reduction);
Tensor mse_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction);
/// -(t log x + (1 - t) log(1 - x)), logarithms cut at -100. Throws ValueError unless 0 <= x, t <= 1.
Tensor bce(const Tensor& x, const Tensor& t, LossReduction reduction);
/// (x - t) / max(x (1 - x), 1e-12)
Tensor bce_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction);
/// max(x, 0) - x t + log(1 + e^-|x|). Throws ValueError unless 0 <= t <= 1.
Tensor bce_with_logits(const Tensor& x, const Tensor& t, LossReduction reduction);
/// sigmoid(x) - t
Tensor bce_with_logits_backward(const Tensor& grad, const Tensor& x, const Tensor& t, LossReduction reduction);

struct CrossEntropyParams {
  std::int64_t ignore_index = -100;
  double smoothing = 0;  ///< the target is (1 - smoothing) one-hot + smoothing / classes
  bool mean = true;      ///< over the rows that are not ignored; else the sum
};
/// The reduced cross entropy of logits [n, classes] with class numbers [n] (int64), and softmax(logits) for backward.
/// Throws IndexError, naming its position, for a label that is neither a class nor ignore_index.
std::array<Tensor, 2> cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyParams& params);
/// (p - smoothed one-hot) / count, 0 in ignored rows.
Tensor cross_entropy_backward(const Tensor& grad, const Tensor& probabilities, const Tensor& target,
                              const CrossEntropyParams& params);

/// How many labels (int64) are not ignore_index. Throws IndexError for one that is not a class either, naming `op`.
std::int64_t count_labels(const char* op, const Tensor& target, std::int64_t classes, std::int64_t ignore_index);

}  // namespace xg::kernels
