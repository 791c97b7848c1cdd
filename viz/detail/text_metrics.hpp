// How wide a text is, without a font library: the widths of DejaVu Sans are embedded. Also UTF-8 for the writer.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace xg::viz {

/// Parts of the height of a line of DejaVu Sans, as a share of its size.
inline constexpr double cap_height = 0.729;
inline constexpr double ascent = 0.80;  ///< of the tallest common letters with accents left out
inline constexpr double descent = 0.236;
inline constexpr double line_height = 1.25;

/// The code points of `text`. Bytes that are not UTF-8 become U+FFFD, and so do control characters and whatever else
/// XML does not allow; line breaks and tabs become spaces.
XG_API std::u32string decode(std::string_view text);

/// UTF-8 of code points.
XG_API std::string encode(std::u32string_view text);

/// Width in px of `text` set in DejaVu Sans at `size` px. East Asian wide characters count 1 em, combining marks 0.
XG_API double text_width(std::string_view text, double size, bool bold = false);

/// `text` broken into lines no wider than `width` px, at spaces and, in a word longer than a line (or between East
/// Asian characters), inside it. At least one line.
XG_API std::vector<std::string> wrap(std::string_view text, double size, double width, bool bold = false);

/// Where `wrap` ends lines: [first, last) of the code points of each line.
struct LineRange {
  std::size_t first;
  std::size_t last;
};
XG_API std::vector<LineRange> wrap_ranges(std::u32string_view text, double size, double width, bool bold = false);

}  // namespace xg::viz
