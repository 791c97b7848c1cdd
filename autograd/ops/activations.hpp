// The activation functions of PyTorch and Keras.
//
// They are elementwise, and the result has the shape of x. Unless noted, integers and bools become default_dtype().
// Derivatives at infinities are limits. The derivative at a kink is stated; docs/conventions.md lists all of them.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <optional>

namespace xg {

/// max(x, 0); derivative 0 at 0. Integers stay integers, bools give int64. Nair & Hinton 2010, "Rectified linear units
/// improve restricted Boltzmann machines".
XG_API Tensor relu(const Tensor& x);
/// min(max(x, 0), 6); derivative 0 at 0 and at 6. Integers stay integers, bools give int64. Krizhevsky 2010,
/// "Convolutional deep belief networks on CIFAR-10".
XG_API Tensor relu6(const Tensor& x);
/// x where x > 0, else negative_slope x; the derivative at 0 is negative_slope. Maas, Hannun & Ng 2013, "Rectifier
/// nonlinearities improve neural network acoustic models".
XG_API Tensor leaky_relu(const Tensor& x, double negative_slope = 0.01);
/// x where x > 0, else weight x; the derivative at 0 is the weight. `weight` has one element, or one for each channel
/// x.size(1); throws ShapeError for any other shape. He et al. 2015, arXiv:1502.01852.
XG_API Tensor prelu(const Tensor& x, const Tensor& weight);
/// x where x > 0, else alpha (e^x - 1); the derivative at 0 is alpha. Clevert, Unterthiner & Hochreiter 2015,
/// arXiv:1511.07289.
XG_API Tensor elu(const Tensor& x, double alpha = 1.0);
/// scale elu(x, alpha) with alpha = 1.67326324 and scale = 1.05070099, constants for which activations keep mean 0 and
/// variance 1; the derivative at 0 is scale alpha. Klambauer et al. 2017, arXiv:1706.02515.
XG_API Tensor selu(const Tensor& x);
/// x where x > 0, else alpha (e^(x / alpha) - 1); derivative 1 at 0. Throws ValueError where alpha is 0. Barron 2017,
/// arXiv:1704.07483.
XG_API Tensor celu(const Tensor& x, double alpha = 1.0);
/// How gelu computes the normal distribution function.
enum class GeluApproximation {
  none,  ///< exactly, by the error function
  tanh   ///< by a hyperbolic tangent
};
/// x Phi(x), Phi being the standard normal distribution function; approximated by tanh it is x/2 (1 + tanh(sqrt(2 / pi)
/// (x + 0.044715 x^3))). Hendrycks & Gimpel 2016, arXiv:1606.08415.
XG_API Tensor gelu(const Tensor& x, GeluApproximation approximate = GeluApproximation::none);
/// x sigmoid(x), also called swish. Elfwing, Uchibe & Doya 2017, arXiv:1702.03118; Ramachandran, Zoph & Le 2017,
/// arXiv:1710.05941.
XG_API Tensor silu(const Tensor& x);
/// x tanh(log(1 + e^x)). Misra 2019, arXiv:1908.08681.
XG_API Tensor mish(const Tensor& x);
/// 1 / (1 + e^-x); derivative s (1 - s) with s = sigmoid(x).
XG_API Tensor sigmoid(const Tensor& x);
/// log(x / (1 - x)), with x clamped to [eps, 1 - eps] if an eps is given. The derivative is 1/x + 1/(1 - x), also at
/// the bounds; outside it is 0 with an eps and NaN without. Throws ValueError for an eps of NaN.
XG_API Tensor logit(const Tensor& x, std::optional<double> eps = {});
/// The hyperbolic tangent (e^x - e^-x) / (e^x + e^-x); derivative 1 - tanh(x)^2.
XG_API Tensor tanh(const Tensor& x);
/// log(1 + e^(beta x)) / beta, and x itself where beta x > threshold; derivative sigmoid(beta x), or 1 there. Throws
/// ValueError unless beta is positive. Dugas et al. 2000, "Incorporating second-order functional knowledge for better
/// option pricing".
XG_API Tensor softplus(const Tensor& x, double beta = 1.0, double threshold = 20.0);
/// x / (1 + |x|); derivative 1 / (1 + |x|)^2. Glorot & Bengio 2010, "Understanding the difficulty of training deep
/// feedforward neural networks".
XG_API Tensor softsign(const Tensor& x);
/// log(sigmoid(x)) = -log(1 + e^-x), without overflow; derivative sigmoid(-x).
XG_API Tensor logsigmoid(const Tensor& x);
/// min(max(x, min), max); derivative 0 at both bounds. Integers become default_dtype(). Throws ValueError where min
/// exceeds max or one of them is NaN.
XG_API Tensor hardtanh(const Tensor& x, double min = -1.0, double max = 1.0);
/// min(max(x + 3, 0), 6) / 6; derivative 0 at -3 and 3. Howard et al. 2019, arXiv:1905.02244.
XG_API Tensor hardsigmoid(const Tensor& x);
/// x hardsigmoid(x); derivative 0 at -3 and 1 at 3. Howard et al. 2019, arXiv:1905.02244.
XG_API Tensor hardswish(const Tensor& x);
/// x where |x| > lambda, else 0 (x itself for a negative lambda); derivative 1 or 0, and 0 at -lambda and lambda.
/// Donoho & Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage".
XG_API Tensor hardshrink(const Tensor& x, double lambda = 0.5);
/// x - lambda where x > lambda, x + lambda where x < -lambda, 0 between; derivative 1 or 0, and 0 at -lambda and
/// lambda. Throws ValueError where lambda is negative or NaN. Donoho 1995, "De-noising by soft-thresholding".
XG_API Tensor softshrink(const Tensor& x, double lambda = 0.5);
/// x - tanh(x); derivative tanh(x)^2.
XG_API Tensor tanhshrink(const Tensor& x);
/// x where x > threshold, else value; derivative 1 or 0, 0 at the threshold.
XG_API Tensor threshold(const Tensor& x, double threshold, double value);
/// 1 where x > 0, else 0. The derivative is 0 everywhere; attributions are exact nevertheless.
XG_API Tensor step(const Tensor& x);

}  // namespace xg
