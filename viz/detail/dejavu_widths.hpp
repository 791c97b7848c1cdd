// The advance widths of DejaVu Sans, so that text can be measured without a font library.
#pragma once

#include <cstdint>
#include <span>

namespace xg::viz::detail {

/// Widths of the code points [first, last], in 1/2048 em.
struct WidthRange {
  char32_t first;
  char32_t last;
  const std::uint16_t* widths;
};

std::span<const WidthRange> dejavu_widths(bool bold);

}  // namespace xg::viz::detail
