// The SVG writer. Its output is the same on every system.
#pragma once

#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

#include <string>
#include <string_view>

namespace xg::viz {

struct SvgOptions {
  /// Write roles as CSS variables (`var(--xg-ink,#1a1a1a)`) instead of colours, so that the surrounding HTML page
  /// chooses between light and dark. Renderers other than browsers need plain colours.
  bool css_variables = false;
  bool background = true;  ///< paint the sheet
};

/// The scene as one SVG document: coordinates with two decimals, ids derived from the content, no dates. Characters
/// that XML does not allow and invalid UTF-8 become U+FFFD. Elements with a coordinate, size, line width or opacity
/// that is not finite are left out. Throws ValueError for a sheet whose size is not from 0 to 1e9 px, and for a theme
/// out of range.
XG_API std::string to_svg(const Scene& scene, const Theme& theme = Theme::light, const SvgOptions& options = {});

/// CSS declarations of the variables that `css_variables` refers to: "--xg-ink:#1a1a1a;...".
XG_API std::string css_variables(const Theme& theme);

/// `text` with &, <, > and quotes escaped, for content or attributes of XML and HTML. Other characters are treated as
/// in to_svg.
XG_API std::string escape_xml(std::string_view text);

}  // namespace xg::viz
