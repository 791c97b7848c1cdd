#include <xgrad/viz/color.hpp>
#include <xgrad/viz/detail/artist_geometry.hpp>
#include <xgrad/viz/detail/covering.hpp>
#include <xgrad/viz/detail/legend.hpp>
#include <xgrad/viz/detail/painter.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace xg::viz::detail {
namespace {

constexpr double handle_width = 26;
constexpr double handle_gap = 7;  // between a handle and its text
constexpr double entry_gap = 18;  // between entries side by side
constexpr double padding = 7;     // between the border of a legend inside and its entries
constexpr double clearance = 5;   // between that border and what the axes draw
constexpr double unlimited = 1e9;
constexpr const char* handle_tag = "legend-handle";

struct LegendEntry {
  const Artist* artist;
  std::vector<std::string> lines;
};

// The label of an artist, or "" if it has no entry.
std::string label_of(const Artist& artist) {
  return std::visit(
      [](const auto& a) {
        if constexpr (std::is_same_v<std::decay_t<decltype(a)>, TextArtist>)
          return std::string();
        else
          return a.label;
      },
      artist);
}

// One entry for each artist with a label, its text broken into lines of at most `width` px.
std::vector<LegendEntry> legend_entries(const Subplot& p, double size, double width) {
  std::vector<LegendEntry> entries;
  for (const std::vector<Artist>* artists : {&p.artists, &p.twin_artists}) {
    for (const Artist& artist : *artists) {
      if (const std::string label = label_of(artist); !label.empty())
        entries.push_back({&artist, wrap(label, size, width)});
    }
  }
  return entries;
}

// The entries of a legend inside the axes, each in one line.
std::vector<LegendEntry> entries_inside(const Subplot& p, double size) { return legend_entries(p, size, unlimited); }

// The entries of a legend below a plot of `width` px.
std::vector<LegendEntry> entries_outside(const Subplot& p, double size, double width) {
  return legend_entries(p, size, std::max(width - handle_width - handle_gap, 80.0));
}

// The size of a legend with its entries in one column.
Point legend_size(const std::vector<LegendEntry>& entries, const std::string& title, double size) {
  double width = title.empty() ? 0 : text_width(title, size, true) - handle_width - handle_gap;
  double rows = 0;
  for (const LegendEntry& e : entries) {
    width = std::max(width, widest(e.lines, size));
    rows += static_cast<double>(e.lines.size());
  }
  if (!title.empty()) rows += 1;
  return {width + handle_width + handle_gap + 2 * padding, rows * line_height * size + 2 * padding - 2};
}

// Lays out a legend below the axes, whose entries flow from left to right. Calls place(entry, x, y) with the top left
// corner of each entry relative to the legend, and returns the height of the legend.
template <class Place> double flow(const std::vector<LegendEntry>& entries, double size, double width, Place&& place) {
  double x = 0, y = 0, row_height = 0;
  for (const LegendEntry& e : entries) {
    const double step = handle_width + handle_gap + widest(e.lines, size) + entry_gap;
    if (x > 0 && x + step - entry_gap > width) {
      x = 0;
      y += row_height;
      row_height = 0;
    }
    place(e, x, y);
    x += step;
    row_height = std::max(row_height, static_cast<double>(e.lines.size()) * line_height * size);
  }
  return y + row_height;
}

// Draws the symbol of an artist in a legend, beginning at `left`.
void draw_handle(Scene& scene, const Artist& artist, Point left, const Theme& theme) {
  const Point right{left.x + handle_width, left.y};
  const Point middle{left.x + handle_width / 2, left.y};
  const Box patch{left.x, left.y - 5, right.x, left.y + 5};
  std::visit(
      [&](const auto& a) {
        using A = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<A, LineArtist> || std::is_same_v<A, RuleArtist>) {
          const double width = line_px(a.width, theme);
          if (a.dash != "none") scene.line(left, right, {a.color, width, dash_pattern(a.dash, width)}, handle_tag);
        }
        if constexpr (std::is_same_v<A, LineArtist>) {
          draw_marker(scene, a.marker, middle, a.markersize * px_per_point, a.color, handle_tag);
        } else if constexpr (std::is_same_v<A, ErrorArtist>) {
          scene.line({middle.x, patch.top}, {middle.x, patch.bottom}, {a.color, line_px(a.width, theme)}, handle_tag);
        } else if constexpr (std::is_same_v<A, PointsArtist>) {
          draw_marker(scene, a.marker, middle, a.size * px_per_point,
                      a.value.empty() ? a.color : Paint(a.red_blue ? red_blue(0.5) : viridis(0.5)), handle_tag);
        } else if constexpr (std::is_same_v<A, BarsArtist>) {
          scene.add(Rect{patch, a.colors[0], {}, 0, handle_tag});
        } else if constexpr (std::is_same_v<A, FillArtist>) {
          scene.add(Rect{patch, a.color, {}, 0, handle_tag});
        }
      },
      artist);
}

// Adds a line of text whose left end and vertical middle are at `left`.
void add_text(Scene& scene, const std::string& text, bool bold, Point left, double size) {
  scene.add(Text{left, {{text, Role::ink, bold}}, size, Anchor::start, Align::middle, 0, "legend"});
}

void draw_entry(Scene& scene, const LegendEntry& e, Point corner, double size, const Theme& theme) {
  const double line = line_height * size;
  draw_handle(scene, *e.artist, {corner.x, corner.y + line / 2}, theme);
  for (std::size_t i = 0; i < e.lines.size(); ++i) {
    const Point left{corner.x + handle_width + handle_gap, corner.y + (static_cast<double>(i) + 0.5) * line};
    add_text(scene, e.lines[i], false, left, size);
  }
}

void draw_legend_outside(Scene& scene, const Subplot& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  double top = p.box.bottom + p.margins.bottom - outer_gap - p.legend_height;
  for (const std::string& text : p.legend_title_lines) {
    add_text(scene, text, true, {p.box.left, top + line / 2}, size);
    top += line;
  }
  flow(entries_outside(p, size, p.legend_width), size, p.legend_width,
       [&](const LegendEntry& e, double x, double y) { draw_entry(scene, e, {p.box.left + x, top + y}, size, theme); });
}

void draw_legend_inside(Scene& scene, const Subplot& p, const LegendOptions& options, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const auto entries = entries_inside(p, size);
  if (entries.empty()) return;
  const Point need = legend_size(entries, options.title, size);
  const Point corner = p.legend_corner;
  scene.add(Rect{{corner.x, corner.y, corner.x + need.x, corner.y + need.y},
                 Paint(Role::background).fade(0.85),
                 {Role::grid, 1},
                 3,
                 "legend-box"});
  double y = corner.y + padding - 1;
  if (!options.title.empty()) {
    add_text(scene, options.title, true, {corner.x + padding, y + line / 2}, size);
    y += line;
  }
  for (const LegendEntry& e : entries) {
    draw_entry(scene, e, {corner.x + padding, y}, size, theme);
    y += static_cast<double>(e.lines.size()) * line_height * size;
  }
}

}  // namespace

const std::optional<LegendOptions>& legend_of(const Subplot& p) {
  if (p.twin && !p.state->legend) return p.twin->legend;
  return p.state->legend;
}

bool has_legend_entries(const Subplot& p) {
  const auto labelled = [](const Artist& artist) { return !label_of(artist).empty(); };
  return std::any_of(p.artists.begin(), p.artists.end(), labelled) ||
         std::any_of(p.twin_artists.begin(), p.twin_artists.end(), labelled);
}

void measure_legend(Subplot& p, double width, double height, const Theme& theme) {
  const double size = theme.font_px();
  p.legend_outside = false;
  p.legend_height = 0;
  p.legend_width = width;
  const auto& legend = legend_of(p);
  if (!legend || !has_legend_entries(p)) return;
  const Point need = legend_size(entries_inside(p, size), legend->title, size);
  p.legend_outside =
      p.legend_has_no_place || legend->loc == "outside" || need.x > 0.6 * width || need.y > 0.75 * height;
  if (!p.legend_outside) return;
  p.legend_title_lines = lines_of(legend->title, size, width, true);
  p.legend_height = static_cast<double>(p.legend_title_lines.size()) * (line_height * size) +
                    flow(entries_outside(p, size, width), size, width, [](const LegendEntry&, double, double) {});
}

std::optional<Point> legend_place(const Subplot& p, const LegendOptions& options, const Theme& theme,
                                  const Scene& sheet) {
  const double size = theme.font_px();
  const Point need = legend_size(entries_inside(p, size), options.title, size);
  const double gap = 8;
  const double xs[] = {p.box.left + gap, p.box.centre().x - need.x / 2, p.box.right - gap - need.x};
  const double ys[] = {p.box.top + gap, p.box.centre().y - need.y / 2, p.box.bottom - gap - need.y};
  struct Place {
    const char* name;
    int x, y;
  };
  constexpr Place places[] = {{"upper right", 2, 0},
                              {"upper left", 0, 0},
                              {"lower left", 0, 2},
                              {"lower right", 2, 2},
                              {"", 2, 1},
                              {"", 0, 1},
                              {"", 1, 2},
                              {"", 1, 0},
                              {"", 1, 1}};
  for (const bool asked : {true, false}) {
    for (const Place& place : places) {
      if ((options.loc == place.name) != asked) continue;
      const Point corner{xs[place.x], ys[place.y]};
      const Box box{corner.x - clearance, corner.y - clearance, corner.x + need.x + clearance,
                    corner.y + need.y + clearance};
      if (!covers(box, p.artists, p.x, p.y, p.box, theme, sheet) &&
          !(p.twin && covers(box, p.twin_artists, p.x, p.y2, p.box, theme, sheet)))
        return corner;
    }
  }
  return std::nullopt;
}

void draw_legend(Scene& scene, const Subplot& p, const LegendOptions& options, const Theme& theme) {
  if (p.legend_outside)
    draw_legend_outside(scene, p, theme);
  else
    draw_legend_inside(scene, p, options, theme);
}

}  // namespace xg::viz::detail
