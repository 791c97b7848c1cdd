#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/color.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace xg::viz {
namespace {

struct NamedColor {
  std::string_view name;
  std::uint32_t rgb;
};

constexpr std::array<NamedColor, 38> named_colors = {{
    {"black", 0x000000},     {"white", 0xffffff},     {"gray", 0x808080},      {"grey", 0x808080},
    {"silver", 0xc0c0c0},    {"lightgray", 0xd3d3d3}, {"lightgrey", 0xd3d3d3}, {"darkgray", 0xa9a9a9},
    {"darkgrey", 0xa9a9a9},  {"dimgray", 0x696969},   {"red", 0xff0000},       {"darkred", 0x8b0000},
    {"crimson", 0xdc143c},   {"tomato", 0xff6347},    {"salmon", 0xfa8072},    {"orange", 0xffa500},
    {"gold", 0xffd700},      {"yellow", 0xffff00},    {"olive", 0x808000},     {"green", 0x008000},
    {"darkgreen", 0x006400}, {"lime", 0x00ff00},      {"limegreen", 0x32cd32}, {"seagreen", 0x2e8b57},
    {"teal", 0x008080},      {"cyan", 0x00ffff},      {"skyblue", 0x87ceeb},   {"steelblue", 0x4682b4},
    {"royalblue", 0x4169e1}, {"blue", 0x0000ff},      {"navy", 0x000080},      {"indigo", 0x4b0082},
    {"purple", 0x800080},    {"violet", 0xee82ee},    {"magenta", 0xff00ff},   {"pink", 0xffc0cb},
    {"brown", 0xa52a2a},     {"maroon", 0x800000},
}};

Color from_rgb(std::uint32_t rgb) {
  return {static_cast<std::uint8_t>(rgb >> 16), static_cast<std::uint8_t>((rgb >> 8) & 0xff),
          static_cast<std::uint8_t>(rgb & 0xff)};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint8_t to_byte(double v) { return static_cast<std::uint8_t>(std::lround(std::clamp(v, 0.0, 1.0) * 255)); }

}  // namespace

Color Color::parse(StringRef given) {
  const std::string_view text = given;
  if (!text.empty() && text[0] == '#' && (text.size() == 4 || text.size() == 7)) {
    std::uint32_t rgb = 0;
    bool good = true;
    for (const char c : text.substr(1)) {
      const int d = hex_digit(c);
      good = good && d >= 0;
      rgb = rgb * 16 + static_cast<std::uint32_t>(std::max(d, 0));
      if (text.size() == 4) rgb = rgb * 16 + static_cast<std::uint32_t>(std::max(d, 0));
    }
    if (good) return from_rgb(rgb);
  }
  for (const NamedColor& n : named_colors) {
    if (n.name == text) return from_rgb(n.rgb);
  }
  throw ValueError(
      fmt::format("[color] \"{}\" is no colour: write \"#rrggbb\", \"C0\" to \"C7\" for the palette, or a name such as "
                  "\"steelblue\".",
                  text));
}

std::string Color::hex() const { return fmt::format("#{:02x}{:02x}{:02x}", r, g, b); }

Color mix(const Color& a, const Color& b, double t) {
  t = std::clamp(t, 0.0, 1.0);
  const auto channel = [t](std::uint8_t u, std::uint8_t v) { return to_byte(((1 - t) * u + t * v) / 255); };
  return {channel(a.r, b.r), channel(a.g, b.g), channel(a.b, b.b), (1 - t) * a.alpha + t * b.alpha};
}

double luminance(const Color& c) {
  const auto linear = [](std::uint8_t v) {
    const double s = v / 255.0;
    return s <= 0.03928 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

Color viridis(double t) {
  if (std::isnan(t)) return from_rgb(0x777777);
  // viridis at 0, 0.1, ..., 1; linear interpolation is within 4/255 of it.
  constexpr std::array<std::uint32_t, 11> rgb = {0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c,
                                                 0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725};
  const double position = std::clamp(t, 0.0, 1.0) * 10;
  const std::size_t i = std::min<std::size_t>(static_cast<std::size_t>(position), 9);
  return mix(from_rgb(rgb[i]), from_rgb(rgb[i + 1]), position - static_cast<double>(i));
}

Color red_blue(double t) {
  if (std::isnan(t)) return from_rgb(0x777777);
  t = std::clamp(t, 0.0, 1.0);
  // SHAP's map at these positions; linear interpolation is within 3/255 of it.
  constexpr std::array<double, 11> positions = {0, .11, .22, .33, .44, .5, .56, .67, .78, .89, 1};
  constexpr std::array<std::uint32_t, 11> rgb = {0x008bfb, 0x007bf4, 0x3968e7, 0x6f52d4, 0x8f36bb, 0x9a25ae,
                                                 0xad13a6, 0xcd0095, 0xe50080, 0xf7006a, 0xff0051};
  std::size_t i = 0;
  while (i + 2 < positions.size() && t > positions[i + 1]) ++i;
  return mix(from_rgb(rgb[i]), from_rgb(rgb[i + 1]), (t - positions[i]) / (positions[i + 1] - positions[i]));
}

Paint Paint::parse(StringRef given) {
  const std::string_view text = given;
  if (text == "none") return Role::none;
  if (text.size() == 2 && text[0] == 'C' && text[1] >= '0' && text[1] <= '7')
    return series(static_cast<std::size_t>(text[1] - '0'));
  return Color::parse(text);
}

}  // namespace xg::viz
