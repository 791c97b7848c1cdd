// Errors with formatted messages.
#pragma once

#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace xg {

/// Throws an Error whose message is fmt::format(text, arguments...).
template <class Error, class... Arguments>
[[noreturn]] void raise(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw Error(fmt::format(text, std::forward<Arguments>(arguments)...));
}

}  // namespace xg
