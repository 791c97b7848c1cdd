// Ops of your own. A Function is two static functions; backward is written with ordinary ops, so that higher derivatives
// work:
//
//   struct Swish : xg::autograd::Function<Swish> {
//     static Tensor forward(Context& ctx, const Tensor& x, double beta) { ctx.save_for_backward({x}); ... }
//     static Gradients backward(Context& ctx, const Tensor& grad) { return {...}; }
//   };
//   Tensor y = Swish::apply(x, 1.0);
//
// An explanation passes through it by integrating backward along the path from the reference, with the error reported; an
// optional `static Tensor secant(const Context& ctx, const Tensor& x, const Tensor& r)` (elementwise functions of one
// tensor: (f(x) - f(r)) / (x - r)) makes it exact.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <any>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <typeinfo>
#include <vector>

namespace xg::autograd {

class FunctionCall;

/// One gradient for each Tensor argument of forward, in order; an undefined one is zero.
class Gradients {
 public:
  Gradients(std::initializer_list<Tensor> grads) : grads_(grads) {}
  explicit Gradients(std::vector<Tensor> grads) : grads_(std::move(grads)) {}
  std::size_t size() const { return grads_.size(); }
  const Tensor& operator[](std::size_t i) const { return grads_[i]; }

 private:
  std::vector<Tensor> grads_;
};

/// Throws the ValueError of Context::get.
[[noreturn]] XG_API void throw_context_value(std::string_view name, bool known);

/// What forward leaves for backward.
class XG_API Context {
 public:
  /// Keeps tensors (arguments, results, or others). Changing one in place before backward is an error there.
  void save_for_backward(std::vector<Tensor> tensors);
  /// The kept tensors. Throws AutogradError after they were released or where one was changed in place.
  const std::vector<Tensor>& saved() const;
  /// Keeps any other value.
  template <class T>
  void set(std::string name, T value) {
    values_.emplace_back(std::move(name), std::any(std::move(value)));
  }
  /// A kept value. Throws ValueError for an unknown name or another type.
  template <class T>
  const T& get(std::string_view name) const {
    for (const auto& [key, value] : values_)
      if (key == name) {
        if (const T* found = std::any_cast<T>(&value)) return *found;
        throw_context_value(name, true);
      }
    throw_context_value(name, false);
  }
  /// Does argument i (counting Tensor arguments) ask for a gradient?
  bool needs_input_grad(std::size_t i) const { return i < needs_.size() && needs_[i]; }

 private:
  friend class FunctionCall;
  std::string name_ = "function";
  std::vector<Tensor> saved_;
  std::vector<std::uint32_t> versions_;
  std::vector<std::pair<std::string, std::any>> values_;
  std::vector<bool> needs_;
  bool released_ = false;
};

namespace detail {

/// A user's op without its type.
struct FunctionInfo {
  std::string name;
  std::function<Tensor(Context&, const std::vector<Tensor>&)> forward;
  Gradients (*backward)(Context&, const Tensor&);
  Tensor (*secant)(const Context&, const Tensor&, const Tensor&) = nullptr;
};

/// Runs forward without recording, then records one node for it. Throws AutogradError where forward returns an undefined
/// tensor.
XG_API Tensor apply_function(FunctionInfo info, std::vector<Tensor> inputs);
XG_API std::string readable_type_name(const char* mangled);

}  // namespace detail

/// Base of a user's op; `Derived` has forward and backward.
template <class Derived>
struct Function {
  template <class... Args>
  static Tensor apply(const Args&... args) {
    detail::FunctionInfo info;
    info.name = detail::readable_type_name(typeid(Derived).name());
    info.backward = &Derived::backward;
    if constexpr (requires { &Derived::secant; }) info.secant = &Derived::secant;
    std::vector<Tensor> inputs;
    (collect(inputs, args), ...);
    // Arguments that are no tensors are kept by value; tensors come anew, so that the op can be called at other points.
    std::size_t next = 0;  // braces below: from left to right
    info.forward = [values = std::tuple<decltype(keep(args, next))...>{keep(args, next)...}](
                       Context& ctx, const std::vector<Tensor>& tensors) {
      return std::apply([&](const auto&... kept) { return Derived::forward(ctx, argument(kept, tensors)...); }, values);
    };
    return detail::apply_function(std::move(info), std::move(inputs));
  }

 private:
  struct TensorPlace {
    std::size_t index;
  };
  static void collect(std::vector<Tensor>& inputs, const Tensor& x) { inputs.push_back(x); }
  template <class T>
  static void collect(std::vector<Tensor>&, const T&) {}
  static TensorPlace keep(const Tensor&, std::size_t& next) { return {next++}; }
  template <class T>
  static T keep(const T& value, std::size_t&) {
    return value;
  }
  static const Tensor& argument(TensorPlace place, const std::vector<Tensor>& tensors) { return tensors[place.index]; }
  template <class T>
  static const T& argument(const T& value, const std::vector<Tensor>&) {
    return value;
  }
};

}  // namespace xg::autograd
