// Themes: the colours of roles, and the sizes of text and lines. A theme is a value whose fields can be changed.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/viz/color.hpp>

#include <array>

namespace xg::viz {

/// The style of a figure. `Theme mine = Theme::light; mine.palette[0] = Color::parse("#aa3377");` makes a custom one.
struct Theme {
  Color background{255, 255, 255};  ///< Role::background: the sheet
  Color ink{26, 26, 26};            ///< Role::ink: text and axes
  Color muted{89, 89, 89};          ///< Role::muted: secondary text
  Color edge{170, 170, 170};        ///< Role::edge: connectors and outlines
  Color grid{226, 226, 226};        ///< Role::grid: grid lines
  Color band{244, 244, 244};        ///< Role::band: unobtrusive backgrounds
  Color positive{255, 0, 81};       ///< SHAP's red
  Color negative{0, 139, 251};      ///< SHAP's blue
  Color outer{0, 158, 115};         ///< Role::outer: input and output nodes of a network
  Color hidden{0, 114, 178};        ///< Role::hidden: its hidden nodes
  Color dropout{213, 94, 0};        ///< Role::dropout: its layers without units
  /// The palette of Okabe and Ito (2008), whose colours can be told apart with any kind of colour vision.
  std::array<Color, 8> palette{{{0, 114, 178},
                                {230, 159, 0},
                                {0, 158, 115},
                                {213, 94, 0},
                                {204, 121, 167},
                                {86, 180, 233},
                                {240, 228, 66},
                                {0, 0, 0}}};
  double font_size = 10;    ///< points of 96/72 px, from 1 to 100
  double line_width = 1.5;  ///< points, from 0.01 to 1000

  bool operator==(const Theme&) const = default;  ///< are all fields equal?

  XG_API static const Theme light;     ///< white sheet; in a report it follows the reader's light or dark mode
  XG_API static const Theme dark;      ///< dark sheet
  XG_API static const Theme paper;     ///< for print: smaller text, thinner lines, no grey grounds
  XG_API static const Theme tutorial;  ///< the tutorial's lime green, blue and red

  /// The colour of a paint in this theme, with both opacities multiplied; fully transparent for none and automatic.
  XG_API Color resolve(const Paint& paint) const;
  /// font_size in px.
  double font_px() const { return font_size * 96.0 / 72.0; }
};

}  // namespace xg::viz
