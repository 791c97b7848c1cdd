// User-defined ops. A Function is two static functions; backward is written with ordinary ops, so that higher
// derivatives work:
//
//   struct Swish : xg::autograd::Function<Swish> {
//     static Tensor forward(Context& ctx, const Tensor& x, double beta) { ctx.save_for_backward({x}); ... }
//     static Gradients backward(Context& ctx, const Tensor& grad) { return {...}; }
//   };
//   Tensor y = Swish::apply(x, 1.0);
//
// Arguments. Tensors, lists of them (std::vector, std::span, std::array, `apply({a, b})`), optional tensors
// (std::optional, std::nullopt), and values that hold no tensors, in any order. backward returns one gradient for each
// tensor in the order of the arguments, with lists flattened. An absent tensor counts, and its gradient is ignored. A
// type that could contain tensors, which would then get no gradient, does not compile (holds_no_tensors).
//
// Results. forward returns a tensor, or several as a std::vector, std::array, std::pair or std::tuple, and so does
// apply. backward then takes as many gradients, or one `const std::vector<Tensor>&`; the gradient of an unused result
// is zeros (Context::set_materialize_grads). A result that shares memory with an argument or another result is copied,
// so that a write to one never changes the other.
//
// Explanations integrate backward along the path from the reference and report the error; for an elementwise function
// of one tensor, an optional `static Tensor secant(const Context& ctx, const Tensor& x, const Tensor& r)`, (f(x) -
// f(r)) / (x - r), makes them exact. Other properties are declared as for any op, see OpTraits: with `static constexpr
// bool jumps = true`, for example, a jump over a change that is only rounding passes nothing on (docs/explanations.md).
#pragma once

#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/function_arguments.hpp>
#include <xgrad/tensor/class_name.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <any>
#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace xg::autograd {

struct FunctionCall;

/// One gradient for each tensor among forward's arguments, in order; an undefined one is zero.
class Gradients {
 public:
  Gradients(std::initializer_list<Tensor> grads) : grads_(grads) {}  ///< `return {grad, {}};`
  /// The gradients of a list.
  Gradients(std::vector<Tensor> grads) : grads_(std::move(grads)) {}  // NOLINT: `return list;`
  std::size_t size() const { return grads_.size(); }                  ///< the number of gradients
  /// The gradient of tensor i < size() of the arguments.
  const Tensor& operator[](std::size_t i) const { return grads_[i]; }

 private:
  std::vector<Tensor> grads_;
};

/// Throws the ValueError of Context::get.
[[noreturn]] XG_API void throw_context_value(std::string_view name, bool known);

/// Passes values from forward to backward.
class XG_API Context {
 public:
  /// Saves tensors: arguments, results or others. If one is changed in place, saved() throws.
  void save_for_backward(std::vector<Tensor> tensors);
  /// The saved tensors. Throws AutogradError after they were released, or where one was changed in place.
  const std::vector<Tensor>& saved() const;
  /// Saves any other value.
  template <class T> void set(StringRef name, T value) { values_.emplace_back(name.str(), std::any(std::move(value))); }
  /// A saved value. Throws ValueError for an unknown name or another type.
  template <class T> const T& get(StringRef name) const {
    for (const auto& [key, value] : values_)
      if (key == name.view()) {
        if (const T* found = std::any_cast<T>(&value)) return *found;
        throw_context_value(name, true);
      }
    throw_context_value(name, false);
  }
  /// Whether tensor i of the arguments, in the order of backward's gradients, requires grad.
  bool needs_input_grad(std::size_t i) const { return i < needs_.size() && needs_[i]; }
  /// To be called in forward: these results have no derivative and do not require grad.
  void mark_non_differentiable(std::vector<Tensor> results) { constants_ = std::move(results); }
  /// To be called in forward: with false, backward gets an undefined tensor instead of zeros for an unused result.
  void set_materialize_grads(bool value) { materialize_ = value; }

 private:
  friend struct FunctionCall;
  std::string name_ = "function";
  std::vector<Tensor> saved_;
  std::vector<std::uint32_t> versions_;
  std::vector<std::pair<std::string, std::any>> values_;
  std::vector<bool> needs_;
  std::vector<Tensor> constants_;
  bool materialize_ = true;
  bool released_ = false;
};

namespace detail {

/// A type-erased user-defined op.
struct FunctionInfo {
  std::string name;
  const std::type_info* type = nullptr;
  std::function<std::vector<Tensor>(Context&, const std::vector<Tensor>&)> forward;
  Gradients (*backward)(Context&, std::span<const Tensor>);
  Tensor (*secant)(const Context&, const Tensor&, const Tensor&) = nullptr;
  OpTraits traits = {};
  /// For each absent argument, the number of tensors before it.
  std::vector<std::size_t> absent = {};
};

/// Runs forward without recording, then records one node for it. Throws ValueError for an undefined argument,
/// AutogradError where forward returns no tensor or an undefined one, or changes an argument that requires grad.
XG_API std::vector<Tensor> apply_function(FunctionInfo info, const std::vector<Tensor>& arguments);

// Detection of the signatures of forward and backward.
template <class F, class... A>
concept ForwardTakes = requires(Context& ctx, const A&... arguments) { F::forward(ctx, arguments...); };
template <class F, class... A>
concept ForwardTakesNoContext = requires(const A&... arguments) { F::forward(arguments...); };
template <class F>
concept BackwardTakesList = requires(Context& ctx, const std::vector<Tensor>& grads) {
  { F::backward(ctx, grads) } -> std::convertible_to<Gradients>;
};
template <class F, std::size_t... i> consteval bool backward_takes_each(std::index_sequence<i...>) {
  return sizeof...(i) > 0 && requires(Context& ctx, std::span<const Tensor> grads) {
    { F::backward(ctx, grads[i]...) } -> std::convertible_to<Gradients>;
  };
}

}  // namespace detail

/// The base of user-defined ops; `Derived` has forward and backward.
template <class Derived> struct Function {
  /// Calls forward with the arguments and records it as one op. Throws ValueError for an undefined tensor,
  /// AutogradError where forward returns no tensor or an undefined one, or changes an argument that requires grad, and
  /// whatever forward throws.
  template <class... Args> static auto apply(const Args&... args) {
    constexpr bool accepted = (detail::Kept<Args>::accepted && ...);
    constexpr bool callable = detail::ForwardTakes<Derived, typename detail::Kept<Args>::Given...>;
    static_assert(accepted,
                  "A Function's argument has a type in which tensors may hide, which would get no gradient. Pass each "
                  "tensor, or each list of tensors, as an argument of its own; of a type that holds none, say so with "
                  "template <> inline constexpr bool xg::autograd::holds_no_tensors<Type> = true;");
    static_assert(
        !accepted || callable || !detail::ForwardTakesNoContext<Derived, typename detail::Kept<Args>::Given...>,
        "A Function's forward takes the context first: static Tensor forward(xg::autograd::Context& ctx, ...).");
    static_assert(
        !accepted || callable || detail::ForwardTakesNoContext<Derived, typename detail::Kept<Args>::Given...>,
        "A Function's forward cannot be called with a context and these arguments: it is public and static, and "
        "takes a tensor as const Tensor&, a list as const std::vector<Tensor>& (of a std::array as that), one "
        "that may be absent as const std::optional<Tensor>&.");
    if constexpr (accepted && callable)
      return applied(args...);
    else
      return Tensor();
  }
  /// Overload for a list in braces as the first argument.
  template <class... Args> static auto apply(std::initializer_list<Tensor> list, const Args&... args) {
    return apply(std::vector<Tensor>(list), args...);
  }
  /// Overload for a list in braces as the second argument.
  template <class First, class... Args>
  static auto apply(const First& first, std::initializer_list<Tensor> list, const Args&... args) {
    return apply(first, std::vector<Tensor>(list), args...);
  }
  /// Overload for two lists in braces as the first arguments.
  template <class... Args>
  static auto apply(std::initializer_list<Tensor> first, std::initializer_list<Tensor> second, const Args&... args) {
    return apply(std::vector<Tensor>(first), std::vector<Tensor>(second), args...);
  }

 private:
  template <class... Args> static auto applied(const Args&... args) {
    using Result = std::remove_cvref_t<decltype(Derived::forward(
        std::declval<Context&>(), std::declval<const typename detail::Kept<Args>::Given&>()...))>;
    using Results = detail::ResultsOf<Result>;
    static_assert(
        Results::accepted,
        "A Function's forward returns a Tensor, or several as a std::vector, std::array, std::pair or std::tuple "
        "of tensors.");
    if constexpr (Results::accepted) {
      constexpr bool takes_each = detail::backward_takes_each<Derived>(std::make_index_sequence<Results::count>());
      constexpr bool list = detail::BackwardTakesList<Derived>;
      static_assert(
          takes_each || list,
          "A Function's backward takes the context and a gradient for each result, and returns one for each "
          "tensor argument: static xg::autograd::Gradients backward(xg::autograd::Context& ctx, const Tensor& "
          "grad), where forward returns several const std::vector<Tensor>& grads.");
      if constexpr (takes_each || list) {
        detail::FunctionInfo info;
        info.name = xg::detail::short_class_name(typeid(Derived).name());
        info.type = &typeid(Derived);
        info.backward = &call_backward<Results::count, takes_each>;
        if constexpr (requires { &Derived::secant; }) info.secant = &Derived::secant;
        info.traits = traits_of<Derived>();
        info.traits.elementwise |= info.secant != nullptr;
        std::vector<Tensor> inputs;
        // Braces guarantee the order of evaluation from left to right.
        info.forward = [kept = std::tuple<detail::Kept<Args>...>{detail::Kept<Args>(args, inputs, info.absent)...}](
                           Context& ctx, const std::vector<Tensor>& tensors) {
          return std::apply(
              [&](const auto&... argument) { return Results::list(Derived::forward(ctx, argument.give(tensors)...)); },
              kept);
        };
        return Results::from(detail::apply_function(std::move(info), inputs));
      } else {
        return Result();
      }
    } else {
      return Tensor();
    }
  }

  template <std::size_t count, bool takes_each>
  static Gradients call_backward(Context& ctx, std::span<const Tensor> grads) {
    if constexpr (takes_each) {
      return [&]<std::size_t... i>(std::index_sequence<i...>) -> Gradients {
        return Derived::backward(ctx, grads[i]...);
      }(std::make_index_sequence<count>());
    } else {
      return Derived::backward(ctx, std::vector<Tensor>(grads.begin(), grads.end()));
    }
  }
};

}  // namespace xg::autograd
