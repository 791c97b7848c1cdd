// Batch normalization of tables and sequences.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of BatchNorm1d.
struct BatchNormOptions {
  double eps = 1e-5;  ///< added to the variance, against division by 0
  std::optional<double> momentum =
      0.1;                          ///< share of the new batch in the running statistics; none: a plain mean of all
  bool affine = true;               ///< with weight and bias, ones and zeros at first
  bool track_running_stats = true;  ///< without: the batch's statistics in eval mode too
  String name = {};                 ///< what errors, summaries and state dicts call the layer
};

/// (x - mean) / sqrt(var + eps) * weight + bias for each feature; x [N, C] or [N, C, L].
///
/// Parameters "weight", "bias"; buffers "running_mean", "running_var", "num_batches_tracked". While training the
/// batch's statistics are used and the running ones updated. Ioffe & Szegedy 2015, arXiv:1502.03167.
class XG_API BatchNorm1d final : public Layer<BatchNorm1d> {
 public:
  /// Throws ValueError unless num_features is positive.
  explicit BatchNorm1d(std::int64_t num_features, BatchNormOptions options = {});
  /// Throws ShapeError for another number of dimensions or features, ValueError for one value per feature in training.
  Tensor forward(const Tensor& x) override;
  /// What the constructor took, for clone().
  std::tuple<std::int64_t, BatchNormOptions> arguments() const { return {features_, options_}; }
  std::optional<Shape> input_shape() const override { return Shape{features_}; }
  std::int64_t min_rows(const Shape& row) const override;
  std::int64_t flops(const Shape& input, const Shape& output) const override;
  bool depends_on_mode() const override { return true; }

 private:
  bool uses_batch_statistics() const { return is_training() || !options_.track_running_stats; }
  std::int64_t features_;
  BatchNormOptions options_;
  Tensor weight_, bias_, running_mean_, running_var_, num_batches_;
};

}  // namespace xg::nn
