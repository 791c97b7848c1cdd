// PyTorch's Linear.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of Linear.
struct LinearOptions {
  bool bias = true;  ///< with a bias
  String name = {};  ///< what errors, summaries and state dicts call the layer
};

/// x W^T + b; x [..., in], result [..., out]. Weight [out, in] and bias [out] are initialized from U(-1/sqrt(in),
/// 1/sqrt(in)).
class XG_API Linear final : public Layer<Linear> {
 public:
  /// Throws ValueError unless both numbers are positive.
  Linear(std::int64_t in, std::int64_t out, LinearOptions options = {});

  /// x [..., in] gives [..., out]. Throws ShapeError unless the last dimension of x has size `in`, DtypeError unless x
  /// has the floating dtype of the weight.
  Tensor forward(const Tensor& x) override;
  const Tensor& weight() const { return weight_; }  ///< [out, in]
  const Tensor& bias() const { return bias_; }      ///< undefined without one

  /// The arguments of the constructor, for clone().
  std::tuple<std::int64_t, std::int64_t, LinearOptions> arguments() const { return {in_, out_, options_}; }
  std::optional<Shape> input_shape() const override { return Shape{in_}; }
  void describe(LayerInfo& info) const override;
  std::int64_t flops(const Shape& input, const Shape& output) const override;

 private:
  std::int64_t in_, out_;
  LinearOptions options_;
  Tensor weight_, bias_;
};

}  // namespace xg::nn
