// Conversion of SVG text to PNG and PDF by librsvg, if the library was built with it.
#pragma once

#include <string>

namespace xg::viz::detail {

/// Was the library built with librsvg?
bool has_raster();
/// PNG bytes with `scale` px for each px of the SVG. Throws ValueError for more than 32767 px a side or 2^28 px in all,
/// and Error without librsvg or if it fails.
std::string png_from_svg(const std::string& svg, double scale);
/// PDF bytes: one page of the size of the figure, text as text. Throws Error as png_from_svg.
std::string pdf_from_svg(const std::string& svg);

}  // namespace xg::viz::detail
