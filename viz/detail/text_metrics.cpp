#include <xgrad/viz/detail/dejavu_widths.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <array>

namespace xg::viz {
namespace {

constexpr char32_t replacement = 0xfffd;

// Is the character allowed by XML 1.0 and visible? C1 controls are allowed, but invisible.
bool printable(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
  if (c >= 0xd800 && c <= 0xdfff) return false;
  return c <= 0x10ffff && (c & 0xfffe) != 0xfffe;
}

// Decodes the code point at `i` and advances `i`. Overlong forms, surrogates and truncated sequences give U+FFFD for
// one byte.
char32_t next(std::string_view s, std::size_t& i) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned char lead = byte(i);
  if (lead < 0x80) return s[i++] & 0x7f;
  const int continuation_bytes = lead >= 0xf0 && lead < 0xf5   ? 3
                                 : lead >= 0xe0 && lead < 0xf0 ? 2
                                 : lead >= 0xc2 && lead < 0xe0 ? 1
                                                               : 0;
  if (continuation_bytes == 0 || i + static_cast<std::size_t>(continuation_bytes) >= s.size()) {
    ++i;
    return replacement;
  }
  char32_t c = lead & (0x3fu >> continuation_bytes);
  for (int k = 1; k <= continuation_bytes; ++k) {
    const unsigned char b = byte(i + static_cast<std::size_t>(k));
    if ((b & 0xc0) != 0x80) {
      ++i;
      return replacement;
    }
    c = (c << 6) | (b & 0x3f);
  }
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  if (c < smallest[continuation_bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
    ++i;
    return replacement;
  }
  i += static_cast<std::size_t>(continuation_bytes) + 1;
  return c;
}

struct Interval {
  char32_t first;
  char32_t last;
};

// Characters of East_Asian_Width W and F (Unicode 15), with adjacent blocks merged, and square emoji.
constexpr std::array<Interval, 24> wide_intervals = {{
    {0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653},
    {0x267f, 0x267f}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x2705, 0x2705}, {0x270a, 0x270b},
    {0x2728, 0x2728}, {0x274c, 0x274c}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf},
    {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6},
}};
constexpr std::array<Interval, 12> zero_width_intervals = {{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x064b, 0x065f},
    {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x200b, 0x200f},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
}};

template <std::size_t N> bool contains(const std::array<Interval, N>& intervals, char32_t c) {
  const auto it = std::upper_bound(intervals.begin(), intervals.end(), c,
                                   [](char32_t v, const Interval& i) { return v < i.first; });
  return it != intervals.begin() && c <= (it - 1)->last;
}

bool is_wide(char32_t c) {
  return contains(wide_intervals, c) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

// The width in em. Characters outside the table get the width of a capital M, which rather overestimates.
double em(char32_t c, bool bold) {
  for (const detail::WidthRange& r : detail::dejavu_widths(bold)) {
    if (c < r.first || c > r.last) continue;
    const std::uint16_t w = r.widths[c - r.first];
    if (w > 0) return w / 2048.0;
  }
  if (contains(zero_width_intervals, c)) return 0;
  if (is_wide(c)) return 1;
  return bold ? 0.995 : 0.863;
}

double width_of(std::u32string_view text, double size, bool bold) {
  double sum = 0;
  for (const char32_t c : text) sum += em(c, bold);
  return sum * size;
}

}  // namespace

std::u32string decode(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const char32_t c = next(text, i);
    if (c == U'\n' || c == U'\t' || c == U'\r') {
      out.push_back(U' ');
    } else {
      out.push_back(printable(c) ? c : replacement);
    }
  }
  return out;
}

std::string encode(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto put = [&out](char32_t v) { out.push_back(static_cast<char>(static_cast<unsigned char>(v))); };
  for (const char32_t c : text) {
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | (c >> 6));
      put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | (c >> 12));
      put(0x80 | ((c >> 6) & 0x3f));
      put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3f));
      put(0x80 | ((c >> 6) & 0x3f));
      put(0x80 | (c & 0x3f));
    }
  }
  return out;
}

double text_width(std::string_view text, double size, bool bold) { return width_of(decode(text), size, bold); }

std::vector<LineRange> wrap_ranges(std::u32string_view text, double size, double width, bool bold) {
  std::vector<LineRange> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    double sum = 0;
    std::size_t end = begin;         // one past the last character that fits
    std::size_t last_break = begin;  // one past the last place where the line may end
    while (end < text.size()) {
      sum += em(text[end], bold) * size;
      if (sum > width && end > begin) break;
      ++end;
      if (end == text.size() || text[end] == U' ' || is_wide(text[end - 1])) last_break = end;
    }
    if (end < text.size() && last_break > begin) end = last_break;
    lines.push_back({begin, end});
    begin = end;
    while (begin < text.size() && text[begin] == U' ') ++begin;
  }
  if (lines.empty()) lines.push_back({0, 0});
  return lines;
}

std::vector<std::string> wrap(std::string_view text, double size, double width, bool bold) {
  const std::u32string code_points = decode(text);
  std::vector<std::string> lines;
  for (const LineRange& r : wrap_ranges(code_points, size, width, bold)) {
    lines.push_back(encode(std::u32string_view(code_points).substr(r.first, r.last - r.first)));
  }
  return lines;
}

}  // namespace xg::viz
