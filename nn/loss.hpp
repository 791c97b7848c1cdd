// Losses: functions of (prediction, target) with options, and a type that holds any of them.
#pragma once

#include <xgrad/autograd/ops/losses.hpp>
#include <xgrad/nn/text_literal.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <functional>
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

namespace detail {

template <class Options> Options unreduced(Options options) {
  options.reduction = Reduction::none;
  if constexpr (requires { options.batchmean; }) options.batchmean = false;
  return options;
}

}  // namespace detail

/// A loss function with its options, as an object.
template <detail::TextLiteral function_name, auto function, Target target_kind = Target::same_shape>
struct LossFunction;
/// A loss function with its options, as an object: what MSELoss and the others are derived from.
template <detail::TextLiteral function_name, class Options, Tensor (*function)(const Tensor&, const Tensor&, Options),
          Target target_kind>
struct LossFunction<function_name, function, target_kind> {
  explicit LossFunction(Options options = {}) : options(std::move(options)) {}  ///< the function's own options
  explicit LossFunction(NoOptions) {}                                           ///< for empty braces
  Options options;                                                              ///< of the function
  static constexpr Target target = target_kind;                                 ///< what it compares a prediction with
  std::string name() const { return function_name.text; }                       ///< the function's name
  /// Of a batch: one number, unless the option `reduction` is none.
  Tensor operator()(const Tensor& prediction, const Tensor& target) const {
    return function(prediction, target, options);
  }
  /// The losses of all elements, or rows, whatever the option `reduction` is.
  Tensor per_element(const Tensor& prediction, const Tensor& target) const {
    return function(prediction, target, detail::unreduced(options));
  }
};

/// (prediction - target)^2
struct MSELoss : LossFunction<"mse_loss", mse_loss> {
  using LossFunction::LossFunction;
};

/// |prediction - target|
struct L1Loss : LossFunction<"l1_loss", l1_loss> {
  using LossFunction::LossFunction;
};

/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = prediction - target. Huber 1964, "Robust estimation of
/// a location parameter".
struct HuberLoss : LossFunction<"huber_loss", huber_loss> {
  using LossFunction::LossFunction;
};

/// d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; d = prediction - target. Girshick 2015, arXiv:1504.08083.
struct SmoothL1Loss : LossFunction<"smooth_l1_loss", smooth_l1_loss> {
  using LossFunction::LossFunction;
};

/// -(t log p + (1 - t) log(1 - p)), p a probability
struct BCELoss : LossFunction<"binary_cross_entropy", binary_cross_entropy> {
  using LossFunction::LossFunction;
};

/// The same with p = sigmoid(prediction), without loss of precision
struct BCEWithLogitsLoss : LossFunction<"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits> {
  using LossFunction::LossFunction;
};

/// -log softmax(prediction)[target]; see xg::cross_entropy
struct CrossEntropyLoss : LossFunction<"cross_entropy", cross_entropy, Target::classes> {
  using LossFunction::LossFunction;
};

/// -prediction[target], the prediction being log probabilities
struct NLLLoss : LossFunction<"nll_loss", nll_loss, Target::classes> {
  using LossFunction::LossFunction;
};

/// t (log t - prediction), the prediction being log probabilities
struct KLDivLoss : LossFunction<"kl_div", kl_div> {
  using LossFunction::LossFunction;
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
  using Function = std::function<Tensor(const Tensor&, const Tensor&)>;  ///< of (prediction, target)

  /// Holds a loss object or a function; what it says about itself is read as LossType describes it.
  template <class F>
    requires(!std::same_as<F, Loss> && LossType<F>)
  Loss(F loss) {  // NOLINT: a loss is one
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
  template <TextArgument S> Loss(const S& name) : Loss(by_name(name)) {}  // NOLINT
  /// A loss of your own: `mean` gives one number for a batch, `per_element` the losses of the rows, without which they
  /// cannot be weighted.
  Loss(StringRef name, Function mean, Function per_element = {}, Target target = Target::any);

  const std::string& name() const { return name_; }  ///< of the loss, in messages
  Target target() const { return target_; }          ///< what it compares a prediction with
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
  /// The same with counts(target).
  Tensor weighted(const Tensor& prediction, const Tensor& target, const Tensor& weights) const {
    return weighted(prediction, target, weights, counts(target));
  }
  static std::vector<std::string> names();  ///< all names that the constructor takes

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
