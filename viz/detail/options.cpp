#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/options.hpp>

namespace xg::viz::detail {

void check_between(const char* op, const char* option, double v, double low, double high, const char* unit) {
  if (v >= low && v <= high) return;
  throw ValueError(
      fmt::format("[{}] {} is {}: give a number from {} to {}{}{}.", op, option, v, low, high, *unit ? " " : "", unit));
}

void check_count(const char* op, const char* option, std::size_t n, std::size_t low, std::size_t high) {
  if (n >= low && n <= high) return;
  throw ValueError(fmt::format("[{}] {} is {}: give {} to {}.", op, option, n, low, high));
}

void check_not_zero(const char* op, const char* option, std::size_t n, const char* what) {
  if (n > 0) return;
  throw ValueError(fmt::format("[{}] {} is 0: show at least one {}.", op, option, what));
}

void check_points(const char* op, const char* option, double v, double low) {
  check_between(op, option, v, low, 1000, "points");
}

void check_alpha(const char* op, double v) { check_between(op, "alpha", v, 0, 1); }

void check_paint(const char* op, const char* option, const Paint& paint) {
  if (paint.opacity >= 0 && paint.opacity <= 1 && paint.color.alpha >= 0 && paint.color.alpha <= 1) return;
  throw ValueError(fmt::format("[{}] {} has an opacity of {} and an alpha of {}: give numbers from 0 to 1.", op, option,
                               paint.opacity, paint.color.alpha));
}

void check_inches(const char* op, const char* option, double v) {
  if (v > 0 && v <= 200) return;
  throw ValueError(fmt::format("[{}] {} is {} inches: give a number above 0 and up to 200.", op, option, v));
}

void check_theme(const char* op, const Theme& theme) {
  check_between(op, "the theme's font_size", theme.font_size, 1, 100, "points");
  check_between(op, "the theme's line_width", theme.line_width, 0.01, 1000, "points");
  for (const Color* c : {&theme.background, &theme.ink, &theme.muted, &theme.edge, &theme.grid, &theme.band,
                         &theme.positive, &theme.negative, &theme.outer, &theme.hidden, &theme.dropout})
    check_paint(op, "a colour of the theme", *c);
  for (const Color& c : theme.palette) check_paint(op, "a colour of the theme's palette", c);
}

void check_sheet(const char* op, double width, const Theme& theme) {
  check_inches(op, "width", width);
  check_theme(op, theme);
}

}  // namespace xg::viz::detail
