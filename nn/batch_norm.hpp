// Batch normalization of tables and sequences.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of BatchNorm1d.
struct BatchNormOptions {
  double eps = 1e-5;  ///< added to the variance, against division by 0
  /// Share of the new batch in the running statistics; if empty, these are plain means over all batches.
  std::optional<double> momentum = 0.1;
  bool affine = true;               ///< with a weight of ones and a bias of zeros to learn
  bool track_running_stats = true;  ///< if false, the batch's statistics are used in eval mode too
  String name = {};                 ///< what errors, summaries and state dicts call the layer
};

/// (x - mean) / sqrt(var + eps) * weight + bias for each feature; x [N, C] or [N, C, L].
///
/// Parameters "weight", "bias"; buffers "running_mean", "running_var", "num_batches_tracked". While training, the
/// batch's statistics are used and the running ones updated. Ioffe & Szegedy 2015, arXiv:1502.03167.
class XG_API BatchNorm1d final : public Layer<BatchNorm1d> {
 public:
  /// Throws ValueError unless num_features is positive, eps 0 or more and finite, and momentum in [0, 1].
  explicit BatchNorm1d(std::int64_t num_features, BatchNormOptions options = {});
  /// Throws ShapeError for another number of dimensions or features, ValueError for one value per feature in training.
  Tensor forward(const Tensor& x) override;
  /// The arguments of the constructor, for clone().
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
