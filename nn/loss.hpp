// Losses: functions of (prediction, target) with options, and a type that holds any of them.
#pragma once

#include <xgrad/autograd/losses.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn {

/// What a loss compares a prediction with; the trainer checks shapes and converts dtypes by it.
enum class Target {
  same_shape,  ///< numbers of the prediction's shape
  classes,     ///< class numbers, one per row, or a row of probabilities
  any,         ///< only the loss knows
};

/// (prediction - target)^2
struct XG_API MSELoss {
  explicit MSELoss(LossOptions options = {}) : options(std::move(options)) {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "mse_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// |prediction - target|
struct XG_API L1Loss {
  explicit L1Loss(LossOptions options = {}) : options(std::move(options)) {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "l1_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = prediction - target
struct XG_API HuberLoss {
  explicit HuberLoss(HuberLossOptions options = {}) : options(std::move(options)) {}
  HuberLossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "huber_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; d = prediction - target
struct XG_API SmoothL1Loss {
  explicit SmoothL1Loss(SmoothL1LossOptions options = {}) : options(std::move(options)) {}
  SmoothL1LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "smooth_l1_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -(t log p + (1 - t) log(1 - p)), p a probability
struct XG_API BCELoss {
  explicit BCELoss(LossOptions options = {}) : options(std::move(options)) {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "binary_cross_entropy"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// The same with p = sigmoid(prediction), without loss of precision
struct XG_API BCEWithLogitsLoss {
  explicit BCEWithLogitsLoss(BceWithLogitsOptions options = {}) : options(std::move(options)) {}
  BceWithLogitsOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "binary_cross_entropy_with_logits"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -log softmax(prediction)[target]; see xg::cross_entropy
struct XG_API CrossEntropyLoss {
  explicit CrossEntropyLoss(CrossEntropyOptions options = {}) : options(std::move(options)) {}
  CrossEntropyOptions options;
  static constexpr Target target = Target::classes;
  std::string name() const { return "cross_entropy"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -prediction[target], the prediction being log probabilities
struct XG_API NLLLoss {
  explicit NLLLoss(NllLossOptions options = {}) : options(std::move(options)) {}
  NllLossOptions options;
  static constexpr Target target = Target::classes;
  std::string name() const { return "nll_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// t (log t - prediction), the prediction being log probabilities
struct XG_API KLDivLoss {
  explicit KLDivLoss(KlDivOptions options = {}) : options(std::move(options)) {}
  KlDivOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "kl_div"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// What serves as a loss: a function of (prediction, target) that gives a tensor. It may also have `name()`, a static
/// `target`, and `per_element(prediction, target)`, without which rows cannot be weighted.
template <class F>
concept LossType = std::copy_constructible<F> && std::is_invocable_r_v<Tensor, const F&, const Tensor&, const Tensor&>;

/// Holds any loss by value.
///
///     nn::Loss a = nn::BCELoss(), b = "mean_squared_error", c = [](const Tensor& p, const Tensor& t) { ... };
class XG_API Loss {
 public:
  using Function = std::function<Tensor(const Tensor&, const Tensor&)>;

  template <class F>
  requires(!std::same_as<F, Loss> && LossType<F>) Loss(F loss) {  // NOLINT: a loss is one
    if constexpr (requires { loss.name(); })
      name_ = loss.name();
    else
      name_ = "loss";
    if constexpr (requires { F::target; }) target_ = F::target;
    if constexpr (requires(const Tensor& t) { loss.per_element(t, t); })
      per_element_ = [loss](const Tensor& p, const Tensor& t) { return loss.per_element(p, t); };
    mean_ = std::move(loss);
  }
  /// Keras's names with Keras's meaning ("binary_crossentropy" takes probabilities and cuts them at 1e-7,
  /// "categorical_crossentropy" one-hot rows, ...). Throws ValueError for an unknown one, listing the known ones.
  Loss(const char* name) : Loss(std::string(name)) {}  // NOLINT
  Loss(const std::string& name);                       // NOLINT
  Loss(std::string name, Function mean, Function per_element = {}, Target target = Target::any);

  const std::string& name() const { return name_; }
  Target target() const { return target_; }
  /// The loss of a batch: one number.
  Tensor operator()(const Tensor& prediction, const Tensor& target) const { return mean_(prediction, target); }
  /// sum_i w_i l_i / (number of l_i), as Keras weights rows; `weights` has one number per row. Throws Error for a loss
  /// without per_element.
  Tensor weighted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const;
  static std::vector<std::string> names();

 private:
  std::string name_;
  Target target_ = Target::any;
  Function mean_, per_element_;
};

}  // namespace xg::nn
