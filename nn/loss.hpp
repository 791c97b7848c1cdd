// Losses: functions of (prediction, target) with options, and a type that holds any of them.
#pragma once

#include <xgrad/autograd/losses.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
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
  explicit MSELoss(NoOptions) : MSELoss() {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "mse_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// |prediction - target|
struct XG_API L1Loss {
  explicit L1Loss(LossOptions options = {}) : options(std::move(options)) {}
  explicit L1Loss(NoOptions) : L1Loss() {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "l1_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = prediction - target
struct XG_API HuberLoss {
  explicit HuberLoss(HuberLossOptions options = {}) : options(std::move(options)) {}
  explicit HuberLoss(NoOptions) : HuberLoss() {}
  HuberLossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "huber_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; d = prediction - target
struct XG_API SmoothL1Loss {
  explicit SmoothL1Loss(SmoothL1LossOptions options = {}) : options(std::move(options)) {}
  explicit SmoothL1Loss(NoOptions) : SmoothL1Loss() {}
  SmoothL1LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "smooth_l1_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -(t log p + (1 - t) log(1 - p)), p a probability
struct XG_API BCELoss {
  explicit BCELoss(LossOptions options = {}) : options(std::move(options)) {}
  explicit BCELoss(NoOptions) : BCELoss() {}
  LossOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "binary_cross_entropy"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// The same with p = sigmoid(prediction), without loss of precision
struct XG_API BCEWithLogitsLoss {
  explicit BCEWithLogitsLoss(BceWithLogitsOptions options = {}) : options(std::move(options)) {}
  explicit BCEWithLogitsLoss(NoOptions) : BCEWithLogitsLoss() {}
  BceWithLogitsOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "binary_cross_entropy_with_logits"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -log softmax(prediction)[target]; see xg::cross_entropy
struct XG_API CrossEntropyLoss {
  explicit CrossEntropyLoss(CrossEntropyOptions options = {}) : options(std::move(options)) {}
  explicit CrossEntropyLoss(NoOptions) : CrossEntropyLoss() {}
  CrossEntropyOptions options;
  static constexpr Target target = Target::classes;
  std::string name() const { return "cross_entropy"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// -prediction[target], the prediction being log probabilities
struct XG_API NLLLoss {
  explicit NLLLoss(NllLossOptions options = {}) : options(std::move(options)) {}
  explicit NLLLoss(NoOptions) : NLLLoss() {}
  NllLossOptions options;
  static constexpr Target target = Target::classes;
  std::string name() const { return "nll_loss"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// t (log t - prediction), the prediction being log probabilities
struct XG_API KLDivLoss {
  explicit KLDivLoss(KlDivOptions options = {}) : options(std::move(options)) {}
  explicit KLDivLoss(NoOptions) : KLDivLoss() {}
  KlDivOptions options;
  static constexpr Target target = Target::same_shape;
  std::string name() const { return "kl_div"; }
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
  Tensor per_element(const Tensor& prediction, const Tensor& target) const;
};

/// What serves as a loss: a function of (prediction, target) that gives a tensor. It may also have `name()`, a static
/// `target`, and `per_element(prediction, target)`, without which rows cannot be weighted; and `options` as the losses
/// above have them, of which reduction, batchmean, ignore_index and weight are read.
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
    if constexpr (requires {
                    { loss.options.reduction } -> std::convertible_to<Reduction>;
                  })
      reduction_ = loss.options.reduction;
    if constexpr (requires {
                    { loss.options.batchmean } -> std::convertible_to<bool>;
                  }) {
      by_rows_ = loss.options.batchmean;
      if (by_rows_) reduction_ = Reduction::mean;
    }
    if constexpr (requires {
                    { loss.options.ignore_index } -> std::convertible_to<std::int64_t>;
                  }) {
      ignore_index_ = loss.options.ignore_index;
      if constexpr (requires {
                      { loss.options.weight } -> std::convertible_to<Tensor>;
                    })
        class_weight_ = loss.options.weight;
    }
    reduced_ = std::move(loss);
  }
  /// Keras's names with Keras's meaning ("binary_crossentropy" takes probabilities and cuts them at 1e-7,
  /// "categorical_crossentropy" one-hot rows, ...). Throws ValueError for an unknown one, listing the known ones.
  template <TextArgument S>
  Loss(const S& name) : Loss(by_name(name)) {}  // NOLINT
  Loss(StringRef name, Function mean, Function per_element = {}, Target target = Target::any);

  const std::string& name() const { return name_; }
  Target target() const { return target_; }
  /// What it makes of a batch's losses: Reduction::mean where it does not say.
  Reduction reduction() const { return reduction_; }
  /// The class number that stands for no class: such rows count nothing.
  std::optional<std::int64_t> ignore_index() const { return ignore_index_; }
  /// The loss of a batch: one number, unless reduction() is none.
  Tensor operator()(const Tensor& prediction, const Tensor& target) const { return reduced_(prediction, target); }
  /// How much each row counts in the mean over a batch, float64 [rows]: 0 where its class number is ignored, else the
  /// weight of its class; for class numbers [rows, d...] the sum over them. Undefined where all rows count the same.
  Tensor counts(const Tensor& target) const;
  /// sum_i w_i l_i / (sum of what the rows count), as Keras weights rows; only the sum with Reduction::sum. `weights`
  /// has one number per row, `counts` is that of the target. Throws Error for a loss without per_element.
  Tensor weighted(const Tensor& prediction, const Tensor& target, const Tensor& weights, const Tensor& counts) const;
  Tensor weighted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
    return weighted(prediction, target, weights, counts(target));
  }
  static std::vector<std::string> names();

 private:
  Loss() = default;
  static Loss by_name(StringRef name);

  std::string name_;
  Target target_ = Target::any;
  Reduction reduction_ = Reduction::mean;
  bool by_rows_ = false;  // is the mean one over rows, not over elements?
  std::optional<std::int64_t> ignore_index_;
  Tensor class_weight_;
  Function reduced_, per_element_;
};

}  // namespace xg::nn
