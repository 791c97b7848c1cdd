// Text from files: validation as UTF-8, and shortening for messages.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace xg::io {

/// The length in bytes of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) noexcept;

/// The largest number of bytes of `text`, up to `bytes`, that does not end within a character.
std::size_t cut_length(std::string_view text, std::size_t bytes) noexcept;

/// `text` for a message: longer text is cut between two characters and ends in "...", so that a message stays readable
/// whatever a file contains.
XG_API std::string shortened(std::string_view text, std::size_t bytes = 80);

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; });
}

/// The number of characters of a text in UTF-8, an approximation of its width in columns: continuation bytes are not
/// counted.
inline std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

}  // namespace xg::io
