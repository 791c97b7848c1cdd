#include <xgrad/viz/theme.hpp>

namespace xg::viz {
namespace {

// Colours that themes use for several roles.
constexpr Color light_ink{232, 232, 232};
constexpr Color light_green{32, 190, 145};
constexpr Color light_vermilion{236, 124, 44};
constexpr Color black{0, 0, 0};
constexpr Color lime_green{50, 205, 50};
constexpr Color blue{0, 0, 255};
constexpr Color red{255, 0, 0};

}  // namespace

const Theme Theme::light{};

const Theme Theme::dark{
    .background = {24, 26, 31},
    .ink = light_ink,
    .muted = {176, 178, 184},
    .edge = {110, 113, 120},
    .grid = {55, 58, 66},
    .band = {34, 37, 44},
    .positive = {255, 51, 119},
    .negative = {51, 161, 255},
    .outer = light_green,
    .hidden = {64, 158, 219},
    .dropout = light_vermilion,
    .palette = {{Color{72, 163, 224},
                 {230, 159, 0},
                 light_green,
                 light_vermilion,
                 {220, 142, 184},
                 {130, 205, 250},
                 {240, 228, 66},
                 light_ink}},
};

const Theme Theme::paper{
    .ink = black,
    .muted = {64, 64, 64},
    .edge = {140, 140, 140},
    .grid = {221, 221, 221},
    .band = {255, 255, 255},
    .font_size = 9,
    .line_width = 1.2,
};

const Theme Theme::tutorial{
    .ink = black,
    .outer = lime_green,
    .hidden = blue,
    .dropout = red,
    .palette = {{Color{70, 130, 180}, {255, 165, 0}, lime_green, red, {148, 103, 189}, blue, {188, 189, 34}, black}},
};

Color Theme::resolve(const Paint& paint) const {
  Color c;
  switch (paint.role) {
    case Role::automatic:
    case Role::none:
      c.alpha = 0;
      break;
    case Role::literal:
      c = paint.color;
      break;
    case Role::background:
      c = background;
      break;
    case Role::ink:
      c = ink;
      break;
    case Role::muted:
      c = muted;
      break;
    case Role::edge:
      c = edge;
      break;
    case Role::grid:
      c = grid;
      break;
    case Role::band:
      c = band;
      break;
    case Role::positive:
      c = positive;
      break;
    case Role::negative:
      c = negative;
      break;
    case Role::outer:
      c = outer;
      break;
    case Role::hidden:
      c = hidden;
      break;
    case Role::dropout:
      c = dropout;
      break;
    case Role::series:
      c = palette[paint.index % palette.size()];
      break;
  }
  c.alpha *= paint.opacity;
  return c;
}

}  // namespace xg::viz
