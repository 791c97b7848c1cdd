// Normalization of each row by itself.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <tuple>

namespace xg::nn {

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;
  bool bias = true;
  String name = {};
};

/// (x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, which have `normalized_shape`.
///
/// Ba et al. 2016, arXiv:1607.06450.
class XG_API LayerNorm final : public Layer<LayerNorm> {
 public:
  explicit LayerNorm(const Shape& normalized_shape, LayerNormOptions options = {});
  explicit LayerNorm(std::int64_t features, LayerNormOptions options = {}) : LayerNorm(Shape{features}, options) {}
  Tensor forward(const Tensor& x) override;
  std::tuple<Shape, LayerNormOptions> arguments() const { return {shape_, options_}; }
  std::optional<Shape> input_shape() const override { return shape_; }
  std::int64_t flops(const Shape& input, const Shape& output) const override;

 private:
  Shape shape_;
  LayerNormOptions options_;
  Tensor weight_, bias_;
};

struct RmsNormOptions {
  std::optional<double> eps = {};  ///< the dtype's machine epsilon if none
  bool elementwise_affine = true;
  String name = {};
};

/// x / sqrt(mean(x^2) + eps) * weight over the last dimensions. Zhang & Sennrich 2019, arXiv:1910.07467.
class XG_API RMSNorm final : public Layer<RMSNorm> {
 public:
  explicit RMSNorm(const Shape& normalized_shape, RmsNormOptions options = {});
  explicit RMSNorm(std::int64_t features, RmsNormOptions options = {}) : RMSNorm(Shape{features}, options) {}
  Tensor forward(const Tensor& x) override;
  std::tuple<Shape, RmsNormOptions> arguments() const { return {shape_, options_}; }
  std::optional<Shape> input_shape() const override { return shape_; }
  std::int64_t flops(const Shape& input, const Shape& output) const override;

 private:
  Shape shape_;
  RmsNormOptions options_;
  Tensor weight_;
};

}  // namespace xg::nn
