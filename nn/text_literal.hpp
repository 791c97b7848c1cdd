// A text as a template parameter.
#pragma once

#include <algorithm>
#include <cstddef>

namespace xg::nn::detail {

/// The text of a literal, as in `LossFunction<"mse_loss", mse_loss>`.
template <std::size_t n> struct TextLiteral {
  constexpr TextLiteral(const char (&characters)[n]) { std::copy_n(characters, n, text); }  // NOLINT: a literal is one
  char text[n];
};

}  // namespace xg::nn::detail
