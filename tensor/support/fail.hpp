// Throwing with a message made of parts. For the sources of all layers.
#pragma once

#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace xg {

/// Throws an `E` with what fmt::format makes of the arguments, as in `fail<ShapeError>("[{}] x is {}.", op, shape)`.
template <class E, class... Args> [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw E(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace xg
