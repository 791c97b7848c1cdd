// Checks of options.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/viz/color.hpp>
#include <xgrad/viz/theme.hpp>

#include <cstddef>

namespace xg::viz::detail {

/// All functions here throw a ValueError such as "[plot] linewidth is nan: give a number from 0 to 1000 points." `op`
/// is the function that the user called, `option` the name of its option.
void check_between(const char* op, const char* option, double v, double low, double high, const char* unit = "");
void check_count(const char* op, const char* option, std::size_t n, std::size_t low, std::size_t high);

/// The message is "[bar] max_display is 0: show at least one row." for `what` = "row".
void check_not_zero(const char* op, const char* option, std::size_t n, const char* what);

/// Checks a width, diameter or text size, which is from `low` to 1000 points.
void check_points(const char* op, const char* option, double v, double low = 0);
void check_alpha(const char* op, double v);
void check_paint(const char* op, const char* option, const Paint& paint);
/// Checks the width or height of a sheet, which is above 0 and at most 200 inches.
void check_inches(const char* op, const char* option, double v);
void check_theme(const char* op, const Theme& theme);
/// Checks the width and the theme of a ready-made plot.
void check_sheet(const char* op, double width, const Theme& theme);

}  // namespace xg::viz::detail
