// Widths of texts from the embedded widths of DejaVu Sans, without a font library, and conversions from and to UTF-8.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xg::viz {

/// Metrics of DejaVu Sans relative to the font size.
inline constexpr double cap_height = 0.729;
inline constexpr double ascent = 0.80;  ///< of the tallest letters without accents
inline constexpr double descent = 0.236;
inline constexpr double line_height = 1.25;

/// The code points of `text`. Bytes that are not valid UTF-8, control characters and others that XML does not allow
/// become U+FFFD; line breaks and tabs become spaces.
XG_API std::u32string decode(std::string_view text);

/// The code points as UTF-8.
XG_API std::string encode(std::u32string_view text);

/// The width in px of `text` in DejaVu Sans at `size` px. East Asian wide characters count 1 em, combining marks 0.
XG_API double text_width(std::string_view text, double size, bool bold = false);

/// Breaks `text` into lines no wider than `width` px, at spaces, between East Asian characters, and inside words that
/// are longer than a line. Returns at least one line.
XG_API std::vector<std::string> wrap(std::string_view text, double size, double width, bool bold = false);

/// The code points [first, last) of a line.
struct LineRange {
  std::size_t first;
  std::size_t last;
};
/// The lines of `wrap` as ranges of code points.
XG_API std::vector<LineRange> wrap_ranges(std::u32string_view text, double size, double width, bool bold = false);

}  // namespace xg::viz
