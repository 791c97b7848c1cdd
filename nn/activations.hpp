// Activations as layers: PyTorch's names, defaults and options.
//
// Unless noted, they act on each element, and forward(x) has the shape of x. It is the function of the same name in
// autograd/ops/, where derivatives, dtypes and exceptions are documented.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <tuple>
#include <utility>

namespace xg::nn {

/// A layer that applies one function without options.
template <class Self, Tensor (*function)(const Tensor&)> struct XG_API ActivationLayer : Layer<Self> {
  /// The name may be left out.
  explicit ActivationLayer(LayerOptions options = {}) : Layer<Self>(std::move(options.name)) {}
  explicit ActivationLayer(NoOptions) : ActivationLayer() {}               ///< for empty braces
  Tensor forward(const Tensor& x) override { return function(x); }         ///< function(x)
  bool keeps_shape() const override { return true; }                       ///< always true
  std::tuple<LayerOptions> arguments() const { return {{this->name()}}; }  ///< constructor arguments, for clone()
  /// One for each element.
  std::int64_t flops(const Shape&, const Shape& output) const override { return output.numel(); }
};

/// max(x, 0). Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann machines".
struct XG_API ReLU final : ActivationLayer<ReLU, &xg::relu> {
  using ActivationLayer::ActivationLayer;
};
/// min(max(x, 0), 6). Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".
struct XG_API ReLU6 final : ActivationLayer<ReLU6, &xg::relu6> {
  using ActivationLayer::ActivationLayer;
};
/// scale (max(x, 0) + min(alpha (e^x - 1), 0)) with alpha = 1.6733 and scale = 1.0507, which keep mean 0 and variance
/// 1. Klambauer et al. 2017, arXiv:1706.02515.
struct XG_API SELU final : ActivationLayer<SELU, &xg::selu> {
  using ActivationLayer::ActivationLayer;
};
/// x sigmoid(x), also called swish. Elfwing, Uchibe & Doya 2017, arXiv:1702.03118; Ramachandran, Zoph & Le 2017,
/// arXiv:1710.05941.
struct XG_API SiLU final : ActivationLayer<SiLU, &xg::silu> {
  using ActivationLayer::ActivationLayer;
};
/// x tanh(softplus(x)). Misra 2019, arXiv:1908.08681.
struct XG_API Mish final : ActivationLayer<Mish, &xg::mish> {
  using ActivationLayer::ActivationLayer;
};
/// 1 / (1 + e^-x)
struct XG_API Sigmoid final : ActivationLayer<Sigmoid, &xg::sigmoid> {
  using ActivationLayer::ActivationLayer;
};
/// tanh(x)
struct XG_API Tanh final : ActivationLayer<Tanh, &xg::tanh> {
  using ActivationLayer::ActivationLayer;
};
/// x / (1 + |x|). Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
struct XG_API Softsign final : ActivationLayer<Softsign, &xg::softsign> {
  using ActivationLayer::ActivationLayer;
};
/// log sigmoid(x)
struct XG_API LogSigmoid final : ActivationLayer<LogSigmoid, &xg::logsigmoid> {
  using ActivationLayer::ActivationLayer;
};
/// relu6(x + 3) / 6. Howard et al. 2019, arXiv:1905.02244.
struct XG_API Hardsigmoid final : ActivationLayer<Hardsigmoid, &xg::hardsigmoid> {
  using ActivationLayer::ActivationLayer;
};
/// x relu6(x + 3) / 6. Howard et al. 2019, arXiv:1905.02244.
struct XG_API Hardswish final : ActivationLayer<Hardswish, &xg::hardswish> {
  using ActivationLayer::ActivationLayer;
};
/// x - tanh(x)
struct XG_API Tanhshrink final : ActivationLayer<Tanhshrink, &xg::tanhshrink> {
  using ActivationLayer::ActivationLayer;
};

/// A layer of one function with options of type `Options`, which have a member `name`.
template <class Self, class Options> class XG_API ActivationLayerWith : public Layer<Self> {
 public:
  /// Throws what Self::check throws for the options.
  explicit ActivationLayerWith(Options options = {}) : Layer<Self>(options.name), options_(std::move(options)) {
    if constexpr (requires { Self::check(options_); }) Self::check(options_);
  }
  explicit ActivationLayerWith(NoOptions) : ActivationLayerWith() {}  ///< for empty braces
  std::tuple<Options> arguments() const { return {options_}; }        ///< constructor arguments, for clone()
  const Options& options() const { return options_; }                 ///< the options it was made with
  bool keeps_shape() const override { return true; }                  ///< always true
  /// One for each element.
  std::int64_t flops(const Shape&, const Shape& output) const override { return output.numel(); }

 protected:
  Options options_;  ///< the options it was made with
};

/// Options of LeakyReLU.
struct LeakyReluOptions {
  double negative_slope = 0.01;  ///< the slope below 0
  String name = {};              ///< what errors, summaries and state dicts call the layer
};
/// x where x > 0, else negative_slope x. Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network
/// acoustic models".
struct XG_API LeakyReLU final : ActivationLayerWith<LeakyReLU, LeakyReluOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError for a slope that is not finite.
  static void check(const LeakyReluOptions& options);
  Tensor forward(const Tensor& x) override { return xg::leaky_relu(x, options_.negative_slope); }
};

/// Options of PReLU.
struct PReluOptions {
  std::int64_t num_parameters = 1;  ///< one slope for all, or one for each feature (dimension 1)
  double init = 0.25;               ///< initial value of the slopes
  String name = {};                 ///< what errors, summaries and state dicts call the layer
};
/// x where x > 0, else weight x; the slopes are learned. He et al. 2015, arXiv:1502.01852.
class XG_API PReLU final : public ActivationLayerWith<PReLU, PReluOptions> {
 public:
  /// Throws ValueError for fewer than one parameter.
  explicit PReLU(PReluOptions options = {});
  explicit PReLU(NoOptions) : PReLU() {}  ///< for empty braces
  /// Throws ShapeError unless there is one slope, or one for each x.size(1).
  Tensor forward(const Tensor& x) override { return xg::prelu(x, weight_); }
  const Tensor& weight() const { return weight_; }  ///< the slopes: [num_parameters]

 private:
  Tensor weight_;
};

/// Options of ELU and CELU.
struct EluOptions {
  double alpha = 1.0;  ///< minus the limit at -infinity
  String name = {};    ///< what errors, summaries and state dicts call the layer
};
/// x where x > 0, else alpha (e^x - 1). Clevert et al. 2015, arXiv:1511.07289.
struct XG_API ELU final : ActivationLayerWith<ELU, EluOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError for an alpha that is not finite.
  static void check(const EluOptions& options);
  Tensor forward(const Tensor& x) override { return xg::elu(x, options_.alpha); }
};
/// max(x, 0) + min(alpha (e^(x / alpha) - 1), 0). Barron 2017, arXiv:1704.07483.
struct XG_API CELU final : ActivationLayerWith<CELU, EluOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError for an alpha that is 0 or not finite.
  static void check(const EluOptions& options);
  Tensor forward(const Tensor& x) override { return xg::celu(x, options_.alpha); }
};

/// Options of GELU.
struct GeluOptions {
  GeluApproximation approximate = GeluApproximation::none;  ///< Phi itself, or its approximation by tanh
  String name = {};                                         ///< what errors, summaries and state dicts call the layer
};
/// x Phi(x) with Phi the distribution function of N(0, 1). Hendrycks & Gimpel 2016, arXiv:1606.08415.
struct XG_API GELU final : ActivationLayerWith<GELU, GeluOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  Tensor forward(const Tensor& x) override { return xg::gelu(x, options_.approximate); }
};

/// Options of Softplus.
struct SoftplusOptions {
  double beta = 1.0;        ///< how sharp the bend at 0 is
  double threshold = 20.0;  ///< the result is x where beta x exceeds this
  String name = {};         ///< what errors, summaries and state dicts call the layer
};
/// log(1 + e^(beta x)) / beta. Dugas et al. 2000, "Incorporating second-order functional knowledge for better option
/// pricing".
struct XG_API Softplus final : ActivationLayerWith<Softplus, SoftplusOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError unless beta is finite and above 0 and the threshold a number.
  static void check(const SoftplusOptions& options);
  Tensor forward(const Tensor& x) override { return xg::softplus(x, options_.beta, options_.threshold); }
};

/// Options of Hardtanh.
struct HardtanhOptions {
  double min_val = -1.0;  ///< the smallest result
  double max_val = 1.0;   ///< the largest result
  String name = {};       ///< what errors, summaries and state dicts call the layer
};
/// min(max(x, min_val), max_val)
struct XG_API Hardtanh final : ActivationLayerWith<Hardtanh, HardtanhOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError unless min_val <= max_val.
  static void check(const HardtanhOptions& options);
  Tensor forward(const Tensor& x) override { return xg::hardtanh(x, options_.min_val, options_.max_val); }
};

/// Options of Hardshrink and Softshrink.
struct ShrinkOptions {
  double lambda = 0.5;  ///< half the width of the interval that becomes 0
  String name = {};     ///< what errors, summaries and state dicts call the layer
};
/// x where |x| > lambda, else 0. Donoho & Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
struct XG_API Hardshrink final : ActivationLayerWith<Hardshrink, ShrinkOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError unless lambda is finite and 0 or more.
  static void check(const ShrinkOptions& options);
  Tensor forward(const Tensor& x) override { return xg::hardshrink(x, options_.lambda); }
};
/// x - lambda where x > lambda, x + lambda where x < -lambda, else 0. Donoho 1995, "De-noising by soft-thresholding".
struct XG_API Softshrink final : ActivationLayerWith<Softshrink, ShrinkOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError unless lambda is finite and 0 or more.
  static void check(const ShrinkOptions& options);
  Tensor forward(const Tensor& x) override { return xg::softshrink(x, options_.lambda); }
};

/// x where x > threshold, else value.
class XG_API Threshold final : public Layer<Threshold> {
 public:
  /// Throws ValueError for a threshold that is NaN or a value that is not finite.
  Threshold(double threshold, double value, LayerOptions options = {})
      : Layer(std::move(options.name)), threshold_(threshold), value_(value) {
    check(threshold, value);
  }
  Tensor forward(const Tensor& x) override { return xg::threshold(x, threshold_, value_); }
  /// The arguments of the constructor, for clone().
  std::tuple<double, double, LayerOptions> arguments() const { return {threshold_, value_, {name()}}; }

 private:
  static void check(double threshold, double value);
  double threshold_, value_;
};

/// Options of layers that work along one dimension.
struct DimOptions {
  std::int64_t dim = -1;  ///< the dimension; negative ones count from the end
  String name = {};       ///< what errors, summaries and state dicts call the layer
};
/// a sigmoid(b), with a and b the halves of x along `dim`; the result has half of its size. Dauphin et al. 2016,
/// arXiv:1612.08083.
struct XG_API GLU final : ActivationLayerWith<GLU, DimOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ShapeError where the size along `dim` is odd, IndexError where x does not have that dimension.
  Tensor forward(const Tensor& x) override;
  bool keeps_shape() const override { return false; }
};
/// e^x_i / sum e^x_j along `dim`. Throws IndexError where x does not have that dimension.
struct XG_API Softmax final : ActivationLayerWith<Softmax, DimOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  Tensor forward(const Tensor& x) override { return xg::softmax(x, options_.dim); }
};
/// softmax(-x) along `dim`. Throws IndexError where x does not have that dimension.
struct XG_API Softmin final : ActivationLayerWith<Softmin, DimOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  Tensor forward(const Tensor& x) override { return xg::softmin(x, options_.dim); }
};
/// log softmax(x) along `dim`. Throws IndexError where x does not have that dimension.
struct XG_API LogSoftmax final : ActivationLayerWith<LogSoftmax, DimOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  Tensor forward(const Tensor& x) override { return xg::log_softmax(x, options_.dim); }
};

/// Options of RReLU.
struct RReluOptions {
  double lower = 1.0 / 8;  ///< the smallest slope below 0
  double upper = 1.0 / 3;  ///< the largest slope below 0
  String name = {};        ///< what errors, summaries and state dicts call the layer
};
/// x where x > 0, else a x. While training, a is drawn from U(lower, upper) for each element; in eval mode it is their
/// mean. Xu et al. 2015, arXiv:1505.00853.
struct XG_API RReLU final : ActivationLayerWith<RReLU, RReluOptions> {
  using ActivationLayerWith::ActivationLayerWith;
  /// Throws ValueError unless lower <= upper and both are finite.
  static void check(const RReluOptions& options);
  Tensor forward(const Tensor& x) override;
};

}  // namespace xg::nn
