// What options may be: each kind of option is checked in one place.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/viz/color.hpp>
#include <xgrad/viz/theme.hpp>

#include <cstddef>

namespace xg::viz::detail {

/// All throw ValueError: "[plot] linewidth is nan: give a number from 0 to 1000 (points)."
/// `op` is the function that the user called, `option` the name of its option.
void check_between(const char* op, const char* option, double v, double low, double high, const char* unit = "");
void check_count(const char* op, const char* option, std::size_t n, std::size_t low, std::size_t high);

/// "[bar] max_display is 0: show at least one row." `what` is "row".
void check_not_zero(const char* op, const char* option, std::size_t n, const char* what);

/// Widths, diameters and text sizes in points, from `low` on.
void check_points(const char* op, const char* option, double v, double low = 0);
void check_alpha(const char* op, double v);
void check_paint(const char* op, const char* option, const Paint& paint);
/// The width or height of a sheet in inches.
void check_inches(const char* op, const char* option, double v);
void check_theme(const char* op, const Theme& theme);
/// What ready-made plots have in common.
void check_sheet(const char* op, double width, const Theme& theme);

}  // namespace xg::viz::detail
