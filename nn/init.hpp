// How weights begin. Each function fills the tensor that the handle means, `kaiming_normal(layer.weight())`, and
// returns it; nothing is recorded. fan_in is size(1), fan_out size(0) of a weight [out, in], each times the sizes of
// what follows.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace xg::nn::init {

/// 0 everywhere.
XG_API Tensor zeros(const Tensor& t);
/// 1 everywhere.
XG_API Tensor ones(const Tensor& t);
/// `value` everywhere.
XG_API Tensor constant(const Tensor& t, double value);
/// Ones on the diagonal of a matrix. Throws ShapeError for another number of dimensions.
XG_API Tensor eye(const Tensor& t);

/// U(low, high). Throws ValueError unless low <= high.
XG_API Tensor uniform(const Tensor& t, double low = 0, double high = 1);
/// N(mean, std^2). Throws ValueError for a negative std.
XG_API Tensor normal(const Tensor& t, double mean = 0, double std = 1);
/// N(mean, std^2) in [low, high] (in units of the values, as PyTorch has it); a border may be infinite. Drawn again
/// outside; by exponential numbers where the interval holds little of the mass, as in a tail. Throws ValueError unless
/// low < high, std > 0, and mean and std are finite.
XG_API Tensor trunc_normal(const Tensor& t, double mean = 0, double std = 1, double low = -2, double high = 2);

/// U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)), with gain 1. Throws ShapeError below two dimensions. Glorot &
/// Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".
XG_API Tensor xavier_uniform(const Tensor& t);
/// The same with another gain.
XG_API Tensor xavier_uniform(const Tensor& t, double gain);
/// N(0, gain^2 2 / (fan_in + fan_out)) with gain 1. Throws ShapeError below two dimensions.
XG_API Tensor xavier_normal(const Tensor& t);
/// The same with another gain.
XG_API Tensor xavier_normal(const Tensor& t, double gain);

/// Which number of connections the variance is kept for: of inputs, forwards, or of outputs, backwards.
enum class Fan {
  in,   ///< the inputs of a unit
  out,  ///< the units that one input goes to
};
/// Options of kaiming_uniform() and kaiming_normal().
struct KaimingOptions {
  double a = 0;                        ///< negative slope of the leaky_relu that follows
  Fan mode = Fan::in;                  ///< which fan the formula has
  String nonlinearity = "leaky_relu";  ///< what calculate_gain() takes
};
/// U(-b, b), b = gain sqrt(3 / fan). Throws ShapeError below two dimensions. He et al. 2015, arXiv:1502.01852.
XG_API Tensor kaiming_uniform(const Tensor& t);
/// The same with options. Throws ValueError for an unknown nonlinearity.
XG_API Tensor kaiming_uniform(const Tensor& t, KaimingOptions options);
/// N(0, gain^2 / fan). Throws ShapeError below two dimensions.
XG_API Tensor kaiming_normal(const Tensor& t);
/// The same with options. Throws ValueError for an unknown nonlinearity.
XG_API Tensor kaiming_normal(const Tensor& t, KaimingOptions options);
/// PyTorch's recommended gains: 1, 5/3 for tanh, sqrt(2) for relu, sqrt(2 / (1 + a^2)) for leaky_relu, 3/4 for selu.
/// Throws ValueError for an unknown name, listing the known ones.
XG_API double calculate_gain(StringRef nonlinearity, double a = 0.01);

/// gain times a matrix [size(0), rest] with orthonormal rows or columns, whichever are fewer, drawn uniformly among
/// them. Throws ShapeError below two dimensions. Saxe et al. 2013, arXiv:1312.6120; Mezzadri 2007,
/// arXiv:math-ph/0609050.
XG_API Tensor orthogonal(const Tensor& t);
/// The same with a gain.
XG_API Tensor orthogonal(const Tensor& t, double gain);

/// Keras's variance scaling, uniform: variance 1 / n with n the mean of fan_in and fan_out.
XG_API Tensor glorot_uniform(const Tensor& t);
/// The same, a normal cut at two standard deviations.
XG_API Tensor glorot_normal(const Tensor& t);
/// Keras's variance scaling, uniform: variance 1 / n with n = fan_in / 2.
XG_API Tensor he_uniform(const Tensor& t);
/// The same, a normal cut at two standard deviations.
XG_API Tensor he_normal(const Tensor& t);
/// Keras's variance scaling, uniform: variance 1 / n with n = fan_in.
XG_API Tensor lecun_uniform(const Tensor& t);
/// The same, a normal cut at two standard deviations.
XG_API Tensor lecun_normal(const Tensor& t);

}  // namespace xg::nn::init

namespace xg::nn {

/// How a weight begins: by Keras's or PyTorch's name ("glorot_uniform"), or by a function that fills it.
class XG_API Initializer {
 public:
  /// Throws ValueError for an unknown name, listing the known ones.
  template <TextArgument S> Initializer(const S& name)
      : Initializer(ByName{name}) {}  // NOLINT: a name is an initializer
  Initializer(std::nullptr_t) = delete;
  /// A function of this namespace or of yours. Throws ValueError for null.
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
