// Text arguments and options: names, keys, paths.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg {

/// Types that may be passed as text: everything convertible to std::string_view, except nullptr.
template <class S>
concept TextArgument = std::convertible_to<const S&, std::string_view> && !std::same_as<S, std::nullptr_t>;

namespace detail {
[[noreturn]] XG_API void throw_null_text();
}

/// A non-owning reference to text, for arguments such as names.
///
/// Unlike std::string_view and std::string, it does not accept a literal 0, NULL or nullptr, which would compile there
/// and crash: history[0] means a number. A null pointer to characters is a ValueError.
class StringRef {
 public:
  constexpr StringRef() = default;  ///< the empty text
  /// Refers to `text`, which must live as long as this does. Throws ValueError for a null pointer.
  template <TextArgument S>
    requires(!std::same_as<S, StringRef>)
  constexpr StringRef(const S& text) {  // NOLINT: texts are texts
    if constexpr (std::is_pointer_v<S>)
      if (text == nullptr) detail::throw_null_text();
    view_ = text;
  }

  /// The text.
  constexpr operator std::string_view() const { return view_; }  // NOLINT
  constexpr std::string_view view() const { return view_; }      ///< the text
  std::string str() const { return std::string(view_); }         ///< a copy of the text

 private:
  std::string_view view_;
};

/// An owning text for options: a std::string that does not accept a literal 0, NULL or nullptr.
struct String : std::string {
  String() = default;  ///< the empty text
  /// Takes over the text.
  String(std::string text) : std::string(std::move(text)) {}  // NOLINT
  /// A copy of the text. Throws ValueError for a null pointer.
  template <TextArgument S>
    requires(!std::derived_from<S, std::string>)
  String(const S& text) : std::string(StringRef(text).view()) {}  // NOLINT
  /// A std::filesystem::path, for example.
  template <class S>
    requires(!TextArgument<S> && std::is_class_v<S> && std::convertible_to<const S&, std::string>)
  String(const S& text) : std::string(static_cast<std::string>(text)) {}  // NOLINT
};

/// A list of names that does not accept null pointers.
struct StringList : std::vector<std::string> {
  StringList() = default;  ///< no names
  /// Takes over the names.
  StringList(std::vector<std::string> texts) : std::vector<std::string>(std::move(texts)) {}  // NOLINT
  /// `{"age", "fare"}`
  StringList(std::initializer_list<StringRef> texts) {
    reserve(texts.size());
    for (const StringRef& text : texts) push_back(text.str());
  }
};

}  // namespace xg
