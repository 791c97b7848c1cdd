// PNG and PDF from SVG text, through librsvg where the library was built with it.
#pragma once

#include <string>

namespace xg::viz::detail {

/// Whether this build has librsvg.
bool has_raster();
/// PNG bytes at `scale` px per px of the SVG. Throws Error without librsvg, or where it finds no memory.
std::string png_from_svg(const std::string& svg, double scale);
/// PDF bytes, one page of the figure's size, text as text.
std::string pdf_from_svg(const std::string& svg);

}  // namespace xg::viz::detail
