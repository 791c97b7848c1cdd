// The writer: a scene as SVG text, the same bytes on every system.
#pragma once

#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/theme.hpp>

#include <string>
#include <string_view>

namespace xg::viz {

struct SvgOptions {
  /// Write roles as CSS variables (`var(--xg-ink,#1a1a1a)`) instead of colours, so that an HTML page around the figure
  /// decides between light and dark. Renderers other than browsers want plain colours.
  bool css_variables = false;
  bool background = true;  ///< paint the sheet
};

/// The scene as one SVG document: coordinates with two decimals, ids unique by content, no dates. Characters that XML
/// does not allow and broken UTF-8 become U+FFFD; elements with numbers that are not finite are left out:
/// coordinates, sizes, widths of lines, opacities. Throws ValueError for a sheet whose size is not finite or negative,
/// and for a theme whose text is no larger than nothing.
XG_API std::string to_svg(const Scene& scene, const Theme& theme = Theme::light, const SvgOptions& options = {});

/// CSS declarations of the variables that `css_variables` refers to: "--xg-ink:#1a1a1a;...".
XG_API std::string css_variables(const Theme& theme);

/// `text` with &, <, >, quotes escaped, as content or attribute of XML and HTML; see to_svg about odd characters.
XG_API std::string escape_xml(std::string_view text);

}  // namespace xg::viz
