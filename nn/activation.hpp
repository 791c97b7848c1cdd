// Activations by name or function.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn {

/// A function of one tensor with a name: "relu", `xg::relu`, `{"binary_step", binary_step}`, a lambda.
///
/// Names have Keras's meaning (leaky_relu has a slope of 0.2), or PyTorch's where Keras does not know them.
class XG_API Activation {
 public:
  using Function = std::function<Tensor(const Tensor&)>;  ///< what it applies

  Activation() = default;  ///< "linear": x itself
  /// Throws ValueError for an unknown name, listing the known ones.
  template <TextArgument S> Activation(const S& name) : Activation(ByName{name}) {}  // NOLINT: a name is an activation
  Activation(std::nullptr_t) = delete;
  /// A function of your own; summaries and figures show the name. Throws ValueError for an empty function.
  Activation(StringRef name, Function function);
  /// A function of xgrad or of yours. Known ones keep their names, others are "custom". Throws ValueError for null.
  Activation(Tensor (*function)(const Tensor&));  // NOLINT: known functions keep their names, others are "custom"
  /// A callable object of yours, named "custom".
  template <class F>
    requires std::is_invocable_r_v<Tensor, const F&, const Tensor&> && (!std::same_as<std::decay_t<F>, Activation>) &&
             (!std::same_as<F, Tensor (*)(const Tensor&)>)
  Activation(F function) : Activation("custom", Function(std::move(function))) {}  // NOLINT

  const std::string& name() const { return name_; }                                  ///< "relu", "custom", ...
  bool is_linear() const { return !function_; }                                      ///< is it the identity?
  Tensor operator()(const Tensor& x) const { return function_ ? function_(x) : x; }  ///< its value at x

  /// All names that the constructor takes.
  static std::vector<std::string> names();

 private:
  struct ByName {
    StringRef name;
  };
  explicit Activation(ByName named);
  std::string name_ = "linear";
  Function function_;
};

}  // namespace xg::nn
