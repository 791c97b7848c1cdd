// The classification of Function::apply's arguments into tensors and values without tensors.
#pragma once

#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <any>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::autograd {

namespace detail {
template <class T> consteval bool is_plain();
}  // namespace detail

/// Whether no value of type T contains a tensor. Function::apply keeps such arguments as they are and rejects others,
/// because tensors inside them would get no gradient. It is true for numbers, text, enums, functions, trivially
/// copyable structs, and the standard library's classes of these. It is false for types that could contain a tensor:
/// lambdas with captures, std::function, classes with strings and vectors. Specialize it for a class of your own:
///
///     template <> inline constexpr bool xg::autograd::holds_no_tensors<Schedule> = true;
template <class T> inline constexpr bool holds_no_tensors = detail::is_plain<T>();
template <> inline constexpr bool holds_no_tensors<Shape> = true;      ///< sizes
template <> inline constexpr bool holds_no_tensors<Generator> = true;  ///< numbers
template <> inline constexpr bool holds_no_tensors<std::any> = false;  ///< may hold a tensor

namespace detail {

template <class T> consteval bool is_of_std() {
  const std::string_view text = __PRETTY_FUNCTION__;  // "... T = std::vector<int> ..."
  return text.substr(text.find("T = ") + 4).starts_with("std::");
}

/// Whether all template arguments of a class are types without tensors.
template <class T> inline constexpr bool arguments_hold_no_tensors = true;
template <template <class...> class C, class... A> inline constexpr bool arguments_hold_no_tensors<C<A...>> =
    (holds_no_tensors<std::remove_cv_t<A>> && ...);
template <template <class, std::size_t> class C, class A, std::size_t n>
inline constexpr bool arguments_hold_no_tensors<C<A, n>> = holds_no_tensors<std::remove_cv_t<A>>;

template <class T> consteval bool is_plain() {
  if constexpr (std::is_pointer_v<T>) {
    using Pointee = std::remove_cv_t<std::remove_pointer_t<T>>;
    return std::is_function_v<Pointee> || holds_no_tensors<Pointee>;
  } else if constexpr (std::is_void_v<T> || std::is_function_v<T>) {
    return false;  // std::function and std::shared_ptr<void> do not show what they hold
  } else if constexpr (!requires { sizeof(T); }) {
    return false;
  } else if constexpr (std::is_class_v<T> && is_of_std<T>()) {
    return arguments_hold_no_tensors<T>;
  } else {
    // Classes with reference members, such as lambdas that capture by reference, are not copy-assignable.
    return std::is_trivially_copyable_v<T> && std::is_copy_assignable_v<T>;
  }
}

// How apply keeps an argument and passes it to forward. Tensors are passed anew to each call of forward, so that the op
// can be evaluated at other points: only their positions in the list of all tensors are kept.

/// A value that holds no tensors.
template <class T> struct KeptValue {
  static constexpr bool accepted = holds_no_tensors<T>;
  using Given = T;
  T value;
  template <class A> KeptValue(const A& argument, std::vector<Tensor>&, std::vector<std::size_t>&) : value(argument) {}
  const T& give(const std::vector<Tensor>&) const { return value; }
};

struct KeptTensor {
  static constexpr bool accepted = true;
  using Given = Tensor;
  std::size_t place;
  KeptTensor(const Tensor& argument, std::vector<Tensor>& tensors, std::vector<std::size_t>&) : place(tensors.size()) {
    tensors.push_back(argument);
  }
  const Tensor& give(const std::vector<Tensor>& tensors) const { return tensors[place]; }
};

/// A list of any length.
struct KeptList {
  static constexpr bool accepted = true;
  using Given = std::vector<Tensor>;
  std::size_t first, count;
  KeptList(std::span<const Tensor> argument, std::vector<Tensor>& tensors, std::vector<std::size_t>&)
      : first(tensors.size()), count(argument.size()) {
    tensors.insert(tensors.end(), argument.begin(), argument.end());
  }
  std::vector<Tensor> give(const std::vector<Tensor>& tensors) const {
    const auto begin = tensors.begin() + static_cast<std::ptrdiff_t>(first);
    return std::vector<Tensor>(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
};

template <std::size_t n> struct KeptArray {
  static constexpr bool accepted = true;
  using Given = std::array<Tensor, n>;
  std::size_t first;
  KeptArray(const Given& argument, std::vector<Tensor>& tensors, std::vector<std::size_t>&) : first(tensors.size()) {
    tensors.insert(tensors.end(), argument.begin(), argument.end());
  }
  Given give(const std::vector<Tensor>& tensors) const {
    Given values;
    for (std::size_t i = 0; i < n; ++i) values[i] = tensors[first + i];
    return values;
  }
};

/// An optional tensor. If absent, it still has a position among the gradients: `absent` receives the number of tensors
/// before it.
struct KeptOptional {
  static constexpr bool accepted = true;
  using Given = std::optional<Tensor>;
  std::optional<std::size_t> place;
  KeptOptional(const Given& argument, std::vector<Tensor>& tensors, std::vector<std::size_t>& absent) {
    if (argument) {
      place = tensors.size();
      tensors.push_back(*argument);
    } else {
      absent.push_back(tensors.size());
    }
  }
  Given give(const std::vector<Tensor>& tensors) const { return place ? Given(tensors[*place]) : std::nullopt; }
};

template <class T> struct KeptAs {
  using type = std::conditional_t<std::is_convertible_v<const T&, Tensor>, KeptTensor, KeptValue<T>>;
};
template <class Allocator> struct KeptAs<std::vector<Tensor, Allocator>> {
  using type = KeptList;
};
template <std::size_t n> struct KeptAs<std::span<Tensor, n>> {
  using type = KeptList;
};
template <std::size_t n> struct KeptAs<std::span<const Tensor, n>> {
  using type = KeptList;
};
template <std::size_t n> struct KeptAs<std::array<Tensor, n>> {
  using type = KeptArray<n>;
};
template <> struct KeptAs<std::optional<Tensor>> {
  using type = KeptOptional;
};
template <> struct KeptAs<std::nullopt_t> {
  using type = KeptOptional;
};
// Text is copied, because a string_view does not own it.
template <> struct KeptAs<std::string_view> {
  using type = KeptValue<std::string>;
};

/// How an argument of type `const T&` is kept.
template <class T> using Kept = typename KeptAs<std::decay_t<const T&>>::type;

/// The results of forward: one tensor or several.
template <class R> struct ResultsOf {
  static constexpr bool accepted = false;
};
template <> struct ResultsOf<Tensor> {
  static constexpr bool accepted = true;
  static constexpr std::size_t count = 1;
  static std::vector<Tensor> list(Tensor result) { return {std::move(result)}; }
  static Tensor from(std::vector<Tensor> results) { return std::move(results[0]); }
};
template <> struct ResultsOf<std::vector<Tensor>> {
  static constexpr bool accepted = true;
  static constexpr std::size_t count = 0;  // any
  static std::vector<Tensor> list(std::vector<Tensor> results) { return results; }
  static std::vector<Tensor> from(std::vector<Tensor> results) { return results; }
};
/// std::array, std::pair and std::tuple.
template <class R, std::size_t n> struct FixedResults {
  static constexpr bool accepted = true;
  static constexpr std::size_t count = n;
  static std::vector<Tensor> list(const R& results) {
    return std::apply([](const auto&... result) { return std::vector<Tensor>{result...}; }, results);
  }
  static R from(const std::vector<Tensor>& results) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return R{results[i]...}; }(std::make_index_sequence<n>());
  }
};
template <std::size_t n>
  requires(n > 0)
struct ResultsOf<std::array<Tensor, n>> : FixedResults<std::array<Tensor, n>, n> {};
template <> struct ResultsOf<std::pair<Tensor, Tensor>> : FixedResults<std::pair<Tensor, Tensor>, 2> {};
template <std::same_as<Tensor>... T>
  requires(sizeof...(T) > 0)
struct ResultsOf<std::tuple<T...>> : FixedResults<std::tuple<T...>, sizeof...(T)> {};

}  // namespace detail
}  // namespace xg::autograd
