// Normalization of each row on its own.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of LayerNorm.
struct LayerNormOptions {
  double eps = 1e-5;               ///< added to the variance, against division by 0
  bool elementwise_affine = true;  ///< with a weight of ones to learn, and a bias unless `bias` is false
  bool bias = true;                ///< with a bias of zeros to learn, if there is a weight
  String name = {};                ///< what errors, summaries and state dicts call the layer
};

/// (x - mean) / sqrt(var + eps) * weight + bias; x [..., normalized_shape]. Mean and variance are taken over the last
/// dimensions, as many as normalized_shape has; weight and bias have normalized_shape. Ba, Kiros & Hinton 2016,
/// arXiv:1607.06450.
class XG_API LayerNorm final : public Layer<LayerNorm> {
 public:
  /// Throws ValueError for an empty shape or sizes below 1, and for an eps that is negative or not finite.
  explicit LayerNorm(const Shape& normalized_shape, LayerNormOptions options = {});
  /// Over the last dimension alone.
  explicit LayerNorm(std::int64_t features, LayerNormOptions options = {}) : LayerNorm(Shape{features}, options) {}
  /// The shape of x. Throws ShapeError unless x ends in normalized_shape, DtypeError unless x is floating.
  Tensor forward(const Tensor& x) override;
  /// The arguments of the constructor, for clone().
  std::tuple<Shape, LayerNormOptions> arguments() const { return {shape_, options_}; }
  std::optional<Shape> input_shape() const override { return shape_; }
  std::int64_t flops(const Shape& input, const Shape& output) const override;

 private:
  Shape shape_;
  LayerNormOptions options_;
  Tensor weight_, bias_;
};

/// Options of RMSNorm.
struct RmsNormOptions {
  std::optional<double> eps = {};  ///< added to the mean square; the dtype's machine epsilon if empty
  bool elementwise_affine = true;  ///< with a weight of ones to learn
  String name = {};                ///< what errors, summaries and state dicts call the layer
};

/// x / sqrt(mean(x^2) + eps) * weight; x [..., normalized_shape]. The mean is taken over the last dimensions, as many
/// as normalized_shape has. Zhang & Sennrich 2019, arXiv:1910.07467.
class XG_API RMSNorm final : public Layer<RMSNorm> {
 public:
  /// Throws ValueError for an empty shape or sizes below 1, and for an eps that is negative or not finite.
  explicit RMSNorm(const Shape& normalized_shape, RmsNormOptions options = {});
  /// Over the last dimension alone.
  explicit RMSNorm(std::int64_t features, RmsNormOptions options = {}) : RMSNorm(Shape{features}, options) {}
  /// The shape of x. Throws ShapeError unless x ends in normalized_shape, DtypeError unless x is floating.
  Tensor forward(const Tensor& x) override;
  /// The arguments of the constructor, for clone().
  std::tuple<Shape, RmsNormOptions> arguments() const { return {shape_, options_}; }
  std::optional<Shape> input_shape() const override { return shape_; }
  std::int64_t flops(const Shape& input, const Shape& output) const override;

 private:
  Shape shape_;
  RmsNormOptions options_;
  Tensor weight_;
};

}  // namespace xg::nn
