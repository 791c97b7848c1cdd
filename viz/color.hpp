// Colours, and paints: either a colour as it stands or a role that the theme fills in.
#pragma once

#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace xg::viz {

/// An sRGB colour with 8 bits per channel and an opacity in [0, 1].
struct Color {
  std::uint8_t r = 0;  ///< red
  std::uint8_t g = 0;  ///< green
  std::uint8_t b = 0;  ///< blue
  double alpha = 1;    ///< opacity, from 0 to 1

  /// The colour of "#rgb", "#rrggbb", or of a CSS name such as "steelblue". Throws ValueError on anything else.
  XG_API static Color parse(StringRef text);
  /// "#rrggbb", without the opacity.
  XG_API std::string hex() const;
  bool operator==(const Color&) const = default;  ///< equal in all four?
};

/// (1 - t) a + t b on each channel, t in [0, 1].
XG_API Color mix(const Color& a, const Color& b, double t);

/// Relative luminance of WCAG 2: 0 for black, 1 for white. (L1 + 0.05) / (L2 + 0.05) is a contrast.
XG_API double luminance(const Color& c);

/// The map viridis at t in [0, 1]: dark violet to yellow, even in lightness. NaN gives the grey of missing values.
XG_API Color viridis(double t);

/// SHAP's blue (low) to red (high) map at t in [0, 1]: even steps in CIE Lch. NaN gives the grey of missing values.
XG_API Color red_blue(double t);

/// What a paint stands for. Roles are resolved by the theme, so that one scene serves light, dark and paper.
enum class Role : std::uint8_t {
  automatic,   ///< the plot decides
  none,        ///< not painted
  literal,     ///< `color` as it stands
  background,  ///< the sheet
  ink,         ///< text and axes
  muted,       ///< secondary text
  edge,        ///< connectors and outlines that should not speak
  grid,        ///< grid lines
  band,        ///< a quiet filled ground
  positive,    ///< SHAP: pushes the output up
  negative,    ///< SHAP: pushes the output down
  outer,       ///< network: input and output nodes
  hidden,      ///< network: hidden nodes
  dropout,     ///< network: layers without units
  series       ///< colour `index` of the theme's palette
};

/// A colour or a role, with an opacity of its own.
struct Paint {
  Role role = Role::automatic;  ///< what it stands for
  std::uint8_t index = 0;       ///< of a series, the place in the palette
  Color color;                  ///< of a literal
  double opacity = 1;           ///< beside that of the colour, from 0 to 1

  Paint() = default;                                        ///< the plot decides
  Paint(Role r) : role(r) {}                                ///< a role, which the theme fills in
  Paint(const Color& c) : role(Role::literal), color(c) {}  ///< a colour as it stands
  /// "#rrggbb", a CSS name, "C0" to "C7" for the palette, or "none". Throws ValueError on anything else.
  template <TextArgument S> Paint(const S& text) : Paint(parse(text)) {}

  /// What the text means, as the constructor.
  XG_API static Paint parse(StringRef text);
  /// Colour `index` of the palette; indices wrap around.
  static Paint series(std::size_t index) {
    Paint p(Role::series);
    p.index = static_cast<std::uint8_t>(index % 8);
    return p;
  }
  /// The same paint, `factor` times as opaque.
  Paint fade(double factor) const {
    Paint p = *this;
    p.opacity *= factor;
    return p;
  }
  /// This paint, or `other` where the plot is to decide.
  Paint or_else(const Paint& other) const { return role == Role::automatic ? other : *this; }
  /// does it leave a trace?
  bool visible() const { return role != Role::none && role != Role::automatic && opacity > 0; }
  bool operator==(const Paint&) const = default;  ///< equal in everything?
};

}  // namespace xg::viz
