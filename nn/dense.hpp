// Keras's Dense.
#pragma once

#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <memory>
#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of Dense.
struct DenseOptions {
  bool bias = true;                            ///< with a bias
  Initializer kernel_init = "glorot_uniform";  ///< initial weight
  Initializer bias_init = "zeros";             ///< initial bias
  Activation activation = {};                  ///< applied to the result; none by default
  String name = {};                            ///< what errors, summaries and state dicts call the layer
};

/// activation(x W^T + b); x [..., in], result [..., units].
///
/// Weight is [units, in], as PyTorch keeps it; initial values are Keras's. Parameters: "weight", "bias".
class XG_API Dense final : public Layer<Dense> {
 public:
  /// Throws ValueError unless both numbers are positive.
  Dense(std::int64_t in, std::int64_t units, DenseOptions options = {});
  /// The number of inputs comes from the node it is called on, from the layer before it in a Sequential, or from its
  /// first input. Throws ValueError unless `units` is positive.
  explicit Dense(std::int64_t units, DenseOptions options = {});

  /// x [..., in] gives [..., units]. Throws ShapeError unless the last dimension of x has size `in`, DtypeError unless
  /// x has the floating dtype of the weight.
  Tensor forward(const Tensor& x) override;
  const Tensor& weight() const { return weight_; }  ///< [units, in]; undefined while `in` is unknown
  const Tensor& bias() const { return bias_; }      ///< undefined without one
  const Activation& activation() const { return options_.activation; }  ///< the activation
  std::int64_t in_features() const { return in_; }                      ///< 0 while unknown
  std::int64_t units() const { return units_; }                         ///< the size of a result row

  /// The arguments of the constructor, for clone().
  std::tuple<std::int64_t, std::int64_t, DenseOptions> arguments() const { return {in_, units_, options_}; }
  std::optional<Shape> input_shape() const override;
  void build(const Shape& row) override;
  bool is_built() const override { return weight_.defined(); }
  void describe(LayerInfo& info) const override;
  std::int64_t flops(const Shape& input, const Shape& output) const override;
  std::shared_ptr<Module> clone() const override;

 private:
  std::int64_t in_, units_;
  DenseOptions options_;
  Tensor weight_, bias_;
};

}  // namespace xg::nn
