// Dropout.
#pragma once

#include <xgrad/nn/layer.hpp>

#include <tuple>

namespace xg::nn {

/// While training: zero with probability p, else x / (1 - p). In eval mode: x. Srivastava et al. 2014, "Dropout: a
/// simple way to prevent neural networks from overfitting", JMLR 15.
class XG_API Dropout final : public Layer<Dropout> {
 public:
  /// Throws ValueError unless p is in [0, 1].
  explicit Dropout(double p = 0.5, LayerOptions options = {});
  explicit Dropout(NoOptions) : Dropout() {}  ///< for empty braces
  /// The shape of x. Throws DtypeError while training unless x is floating.
  Tensor forward(const Tensor& x) override;
  bool keeps_shape() const override { return true; }
  bool depends_on_mode() const override { return true; }
  double p() const { return p_; }  ///< the probability of a zero
  /// The arguments of the constructor, for clone().
  std::tuple<double, LayerOptions> arguments() const { return {p_, {name()}}; }

 private:
  double p_;
};

}  // namespace xg::nn
