// Colours, and paints, which are a colour or a role that the theme resolves.
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
  bool operator==(const Color&) const = default;  ///< are all fields equal?
};

/// (1 - t) a + t b on each channel; t is clamped to [0, 1].
XG_API Color mix(const Color& a, const Color& b, double t);

/// Relative luminance as defined by WCAG 2, from 0 for black to 1 for white. The contrast of two colours is (L1 + 0.05)
/// / (L2 + 0.05) with L1 >= L2.
XG_API double luminance(const Color& c);

/// The colour map viridis: from dark violet at t = 0 to yellow at t = 1 with even steps in lightness. t is clamped to
/// [0, 1]; NaN gives the grey of missing values.
XG_API Color viridis(double t);

/// The colour map of SHAP: from blue at t = 0 to red at t = 1 with even steps in CIE Lch. t is clamped to [0, 1]; NaN
/// gives the grey of missing values.
XG_API Color red_blue(double t);

/// What a paint stands for. Roles are resolved by the theme, so that one scene serves light, dark and paper.
enum class Role : std::uint8_t {
  automatic,   ///< the plot decides
  none,        ///< not painted
  literal,     ///< `color`, which the theme does not change
  background,  ///< the sheet
  ink,         ///< text and axes
  muted,       ///< secondary text
  edge,        ///< unobtrusive connectors and outlines
  grid,        ///< grid lines
  band,        ///< an unobtrusive filled background
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
  std::uint8_t index = 0;       ///< of a series: its index in the palette
  Color color;                  ///< of a literal paint
  double opacity = 1;           ///< from 0 to 1, multiplied by that of the colour

  Paint() = default;                                        ///< the plot decides
  Paint(Role r) : role(r) {}                                ///< a role, which the theme resolves
  Paint(const Color& c) : role(Role::literal), color(c) {}  ///< a colour, which the theme does not change
  /// "#rrggbb", a CSS name, "C0" to "C7" for the palette, or "none". Throws ValueError on anything else.
  template <TextArgument S> Paint(const S& text) : Paint(parse(text)) {}

  /// The paint that a text names, as the constructor reads it. Throws ValueError on anything else.
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
  /// This paint, or `other` where it is automatic.
  Paint or_else(const Paint& other) const { return role == Role::automatic ? other : *this; }
  /// Is anything painted with it?
  bool visible() const { return role != Role::none && role != Role::automatic && opacity > 0; }
  bool operator==(const Paint&) const = default;  ///< are all fields equal?
};

}  // namespace xg::viz
