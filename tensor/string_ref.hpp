// A name, a key or another text as an argument.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace xg {

/// What a text may be passed as: anything that converts to std::string_view, but for nullptr.
template <class S>
concept TextArgument = std::convertible_to<const S&, std::string_view> && !std::same_as<S, std::nullptr_t>;

namespace detail {
[[noreturn]] XG_API void throw_null_text();
}

/// A text that somebody else owns, for as long as a call takes: what functions take that ask for a name.
///
/// A literal 0, NULL and nullptr do not compile in its place, as they would (and crash) in that of a std::string_view
/// or a std::string: who writes history[0] means a number. A null pointer to characters is a ValueError.
class StringRef {
 public:
  constexpr StringRef() = default;  ///< the empty text
  template <TextArgument S>
  requires(!std::same_as<S, StringRef>) constexpr StringRef(const S& text) {  // NOLINT: texts are texts
    if constexpr (std::is_pointer_v<S>)
      if (text == nullptr) detail::throw_null_text();
    view_ = text;
  }

  constexpr operator std::string_view() const { return view_; }  // NOLINT
  constexpr std::string_view view() const { return view_; }
  std::string str() const { return std::string(view_); }

 private:
  std::string_view view_;
};

}  // namespace xg
