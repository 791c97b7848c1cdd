// Initializers of weights. Each function fills the tensor that the handle refers to, `kaiming_normal(layer.weight())`,
// and returns it; nothing is recorded. For a weight [out, in, d...], fan_in is in * d... and fan_out is out * d....
//
// zeros, ones, constant and eye take any dtype; the others throw DtypeError unless the tensor is floating.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace xg::nn::init {

/// Fills with 0.
XG_API Tensor zeros(const Tensor& t);
/// Fills with 1.
XG_API Tensor ones(const Tensor& t);
/// Fills with `value`. Throws ValueError where an integer dtype cannot hold it.
XG_API Tensor constant(const Tensor& t, double value);
/// 1 on the diagonal of a matrix, 0 elsewhere. Throws ShapeError unless the tensor has two dimensions.
XG_API Tensor eye(const Tensor& t);

/// U(low, high). Throws ValueError unless low <= high and both are finite.
XG_API Tensor uniform(const Tensor& t, double low = 0, double high = 1);
/// N(mean, std^2). Throws ValueError for a negative std.
XG_API Tensor normal(const Tensor& t, double mean = 0, double std = 1);
/// N(mean, std^2) restricted to [low, high], which are values (as in PyTorch), not multiples of std, and may be
/// infinite. Values outside are drawn again; where the interval holds little of the mass, as in a tail, exponential
/// proposals are used instead (Robert 1995, "Simulation of truncated normal variables"). Throws ValueError unless low <
/// high, std > 0, and mean and std are finite.
XG_API Tensor trunc_normal(const Tensor& t, double mean = 0, double std = 1, double low = -2, double high = 2);

/// U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)), with gain 1. Throws ShapeError below two dimensions. Glorot &
/// Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
XG_API Tensor xavier_uniform(const Tensor& t);
/// xavier_uniform with another gain, for example calculate_gain("tanh").
XG_API Tensor xavier_uniform(const Tensor& t, double gain);
/// N(0, gain^2 2 / (fan_in + fan_out)) with gain 1. Throws ShapeError below two dimensions. Glorot & Bengio 2010, as
/// xavier_uniform.
XG_API Tensor xavier_normal(const Tensor& t);
/// xavier_normal with another gain.
XG_API Tensor xavier_normal(const Tensor& t, double gain);

/// The number of connections that kaiming initializers divide by.
enum class Fan {
  in,   ///< fan_in, the inputs of a unit: keeps the variance in the forward pass
  out,  ///< fan_out, the units that one input goes to: keeps the variance in the backward pass
};
/// Options of kaiming_uniform() and kaiming_normal().
struct KaimingOptions {
  double a = 0;                        ///< negative slope, if a leaky_relu follows
  Fan mode = Fan::in;                  ///< the fan in the formula
  String nonlinearity = "leaky_relu";  ///< name for calculate_gain()
};
/// U(-b, b), b = gain sqrt(3 / fan), with default options. Throws ShapeError below two dimensions. He et al. 2015,
/// arXiv:1502.01852.
XG_API Tensor kaiming_uniform(const Tensor& t);
/// kaiming_uniform with options. Throws ShapeError as above, ValueError for an unknown nonlinearity.
XG_API Tensor kaiming_uniform(const Tensor& t, KaimingOptions options);
/// N(0, gain^2 / fan), with default options. Throws ShapeError below two dimensions. He et al. 2015, arXiv:1502.01852.
XG_API Tensor kaiming_normal(const Tensor& t);
/// kaiming_normal with options. Throws ShapeError as above, ValueError for an unknown nonlinearity.
XG_API Tensor kaiming_normal(const Tensor& t, KaimingOptions options);
/// PyTorch's recommended gains: 1 for linear and sigmoid, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + a^2)) for
/// leaky_relu, 3/4 for selu. Throws ValueError for an unknown name, listing the known ones.
XG_API double calculate_gain(StringRef nonlinearity, double a = 0.01);

/// A matrix [size(0), numel() / size(0)] with orthonormal rows or columns, whichever are fewer, drawn uniformly. Throws
/// ShapeError below two dimensions. Saxe et al. 2013, arXiv:1312.6120; Mezzadri 2007, arXiv:math-ph/0609050.
XG_API Tensor orthogonal(const Tensor& t);
/// orthogonal times `gain`.
XG_API Tensor orthogonal(const Tensor& t, double gain);

// Keras's variance scaling. All throw ShapeError below two dimensions.

/// U(-a, a) with variance 2 / (fan_in + fan_out); the same as xavier_uniform. Glorot & Bengio 2010.
XG_API Tensor glorot_uniform(const Tensor& t);
/// A normal truncated at two standard deviations, with variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.
XG_API Tensor glorot_normal(const Tensor& t);
/// U(-a, a) with variance 2 / fan_in. He et al. 2015, arXiv:1502.01852.
XG_API Tensor he_uniform(const Tensor& t);
/// A normal truncated at two standard deviations, with variance 2 / fan_in. He et al. 2015, arXiv:1502.01852.
XG_API Tensor he_normal(const Tensor& t);
/// U(-a, a) with variance 1 / fan_in. LeCun et al. 1998, "Efficient BackProp".
XG_API Tensor lecun_uniform(const Tensor& t);
/// A normal truncated at two standard deviations, with variance 1 / fan_in. LeCun et al. 1998, "Efficient BackProp".
XG_API Tensor lecun_normal(const Tensor& t);

}  // namespace xg::nn::init

namespace xg::nn {

/// An initializer of a weight: Keras's or PyTorch's name ("glorot_uniform"), or a function that fills the tensor.
class XG_API Initializer {
 public:
  /// Throws ValueError for an unknown name, listing the known ones.
  template <TextArgument S> Initializer(const S& name)
      : Initializer(ByName{name}) {}  // NOLINT: a name is an initializer
  Initializer(std::nullptr_t) = delete;
  /// A function of nn::init or of yours. Throws ValueError for null.
  Initializer(Tensor (*function)(const Tensor&));  // NOLINT
  /// A callable object that fills the tensor it is given.
  template <class F>
    requires std::invocable<const F&, Tensor&> && (!std::same_as<std::decay_t<F>, Initializer>)
  Initializer(F function) : function_([f = std::move(function)](Tensor& t) { f(t); }) {}  // NOLINT

  void operator()(Tensor& t) const { function_(t); }  ///< fills the tensor

 private:
  struct ByName {
    StringRef name;
  };
  explicit Initializer(ByName named);
  std::function<void(Tensor&)> function_;
};

}  // namespace xg::nn
