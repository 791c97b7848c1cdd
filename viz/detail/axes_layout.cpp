#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/axes_layout.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/simplify.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/detail/thinning.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

namespace xg::viz::detail {
namespace {

constexpr double px_per_point = 96.0 / 72.0;
constexpr double tick_length = 4;
constexpr double tick_gap = 4;     // between a tick and its label
constexpr double label_gap = 7;    // between tick labels and an axis label
constexpr double note_size = 0.9;  // of other text
constexpr double outer_gap = 9;    // between the outermost text and the sheet's edge
constexpr double least_width = 140;
constexpr double least_height = 90;

struct Range {
  DataRange data;
  bool stuck_low = false, stuck_high = false;  // bars end there: no padding
  void add(double v) { data.add(v); }
};

// What the artists need of both axes. `x` and `y` grow; a twin's artists share x.
void extend(const std::vector<Artist>& artists, Range& x, Range& y, bool xlog, bool ylog) {
  const auto shown = [](double v, bool log) { return std::isfinite(v) && !(log && !(v > 0)); };
  double bar_base_low = 0, bar_base_high = 0;
  for (const Artist& artist : artists) {
    std::visit(
        [&](const auto& a) {
          using A = std::decay_t<decltype(a)>;
          if constexpr (std::is_same_v<A, LineArtist> || std::is_same_v<A, PointsArtist> ||
                        std::is_same_v<A, ErrorArtist>) {
            for (std::size_t i = 0; i < a.x.size(); ++i) {
              if (!shown(a.x[i], xlog) || !shown(a.y[i], ylog)) continue;
              x.add(a.x[i]);
              y.add(a.y[i]);
              if constexpr (std::is_same_v<A, ErrorArtist>) {
                for (const double s : {-1.0, 1.0}) {
                  if (!a.xerr.empty()) x.add(a.x[i] + s * a.xerr[i]);
                  if (!a.yerr.empty()) y.add(a.y[i] + s * a.yerr[i]);
                }
              }
            }
          } else if constexpr (std::is_same_v<A, BarsArtist>) {
            Range& along = a.horizontal ? y : x;
            Range& value = a.horizontal ? x : y;
            for (std::size_t i = 0; i < a.at.size(); ++i) {
              along.add(a.at[i] - a.width / 2);
              along.add(a.at[i] + a.width / 2);
              if (!std::isfinite(a.base[i] + a.length[i])) continue;
              value.add(a.base[i]);
              value.add(a.base[i] + a.length[i]);
              if (!a.error.empty()) {
                value.add(a.base[i] + a.length[i] - a.error[i]);
                value.add(a.base[i] + a.length[i] + a.error[i]);
              }
              bar_base_low = std::min(bar_base_low, a.base[i]);
              bar_base_high = std::max(bar_base_high, a.base[i]);
            }
            value.stuck_low = value.stuck_low || (!value.data.empty() && value.data.low >= bar_base_low);
            value.stuck_high = value.stuck_high || (!value.data.empty() && value.data.high <= bar_base_high);
          } else if constexpr (std::is_same_v<A, FillArtist>) {
            for (std::size_t i = 0; i < a.x.size(); ++i) {
              if (!shown(a.x[i], xlog)) continue;
              x.add(a.x[i]);
              y.add(a.low[i]);
              y.add(a.high[i]);
            }
          } else if constexpr (std::is_same_v<A, RuleArtist>) {
            if (shown(a.at, a.horizontal ? ylog : xlog)) (a.horizontal ? y : x).add(a.at);
          }
        },
        artist);
  }
}

/// Limits that no log axis has.
bool impossible_limits(const AxisState& axis) {
  return axis.limits && axis.log && !((*axis.limits)[0] > 0);
}

void note_impossible_limits(std::vector<std::string>& notes, const char* name, const AxisState& axis) {
  if (!impossible_limits(axis)) return;
  notes.push_back(fmt::format("{} limits from {} to {} are not on a log axis; it has those of the data", name,
                              (*axis.limits)[0], (*axis.limits)[1]));
}

// Tells an axis what another one that it shares its limits with was told: limits that reach as far as those of both, a
// log scale, a direction.
void share(const AxisState& from, AxisState& to) {
  if (from.limits && to.limits)
    to.limits = {std::min((*from.limits)[0], (*to.limits)[0]), std::max((*from.limits)[1], (*to.limits)[1])};
  else if (from.limits)
    to.limits = from.limits;
  to.log = to.log || from.log;
  to.inverted = to.inverted || from.inverted;
}

Limits limits(const AxisState& axis, const Range& r) {
  if (axis.limits && !impossible_limits(axis)) return {(*axis.limits)[0], (*axis.limits)[1]};
  if (axis.log) return log_limits(r.data);
  return linear_limits(r.data, {r.stuck_low ? 0 : 0.05, r.stuck_high ? 0 : 0.05, 0});
}

// Labels under an x axis: in one line, wrapped within their slots, slanted, or every k-th only.
struct XLabels {
  std::vector<std::vector<std::string>> lines;  // for each tick; empty where left out
  bool slanted = false;
  double height = 0;
  double overhang_left = 0;  // beyond the ends of the axis
  double overhang_right = 0;
};

struct Panel {
  const Axes::State* state = nullptr;
  const Axes::State* twin = nullptr;
  AxisState xaxis, yaxis;                     // of state, with what panels that share an axis were told about it
  std::vector<Artist> artists, twin_artists;  // of state and twin, without what nobody could see
  std::vector<std::string> notes;
  Scale x, y, y2;
  Ticks tx, ty, ty2;
  XLabels xlabels;
  std::vector<std::vector<std::string>> ylabels;
  std::vector<std::string> title, xlabel, ylabel, y2label, note_lines;
  double left = 0, right = 0, top = 0, bottom = 0;  // margins
  double ylabels_width = 0, y2labels_width = 0, bar_labels_width = 0;
  double twin_width = 0;  // of the right axis with its texts
  bool legend_outside = false;
  bool legend_homeless = false;                // no place inside where it hides nothing
  Point legend_at;                             // of a legend inside: its top left corner
  double legend_height = 0, legend_width = 0;  // of one outside
  std::vector<std::string> legend_title;       // likewise
  Box box;
};

std::vector<std::string> lines_of(const std::string& text, double size, double width, bool bold = false) {
  if (text.empty()) return {};
  return wrap(text, size, std::max(width, 60.0), bold);
}

double widest(const std::vector<std::string>& lines, double size) {
  double w = 0;
  for (const std::string& l : lines) w = std::max(w, text_width(l, size));
  return w;
}

Ticks visible_ticks(const Ticks& all, const Scale& s) {
  Ticks t;
  const double slack = span(s.low, s.high) * 1e-9;
  for (std::size_t i = 0; i < all.at.size(); ++i) {
    if (all.at[i] < s.low - slack || all.at[i] > s.high + slack) continue;
    t.at.push_back(all.at[i]);
    t.labels.push_back(all.labels[i]);
  }
  return t;
}

Ticks x_ticks(const AxisState& axis, const Scale& s, double size) {
  if (axis.ticks) return visible_ticks(*axis.ticks, s);
  return fitting_ticks(s, 9, size, 0.6 * size);
}

Ticks y_ticks(const AxisState& axis, const Scale& s, double size) {
  if (axis.ticks) return visible_ticks(*axis.ticks, s);
  const double room = std::abs(s.to - s.from) / (2.2 * size);
  return s.ticks(static_cast<std::size_t>(std::clamp(room, 2.0, 9.0)));
}

XLabels arrange(const Ticks& t, const Scale& s, double size) {
  XLabels out;
  out.lines.resize(t.at.size());
  if (t.at.empty()) return out;
  const auto overhang = [&](std::size_t i, double before, double after) {
    out.overhang_left = std::max(out.overhang_left, before - (s(t.at[i]) - s.from));
    out.overhang_right = std::max(out.overhang_right, after - (s.to - s(t.at[i])));
  };
  const double line = line_height * size;
  double slot = s.to - s.from;
  for (std::size_t i = 1; i < t.at.size(); ++i) slot = std::min(slot, std::abs(s(t.at[i]) - s(t.at[i - 1])));

  if (labels_fit(t, s, size, 0.6 * size)) {
    for (std::size_t i = 0; i < t.at.size(); ++i) {
      out.lines[i] = {t.labels[i]};
      const double half = text_width(t.labels[i], size) / 2;
      overhang(i, half, half);
    }
    out.height = line;
    return out;
  }
  bool wrapped = slot > 3 * size;
  std::size_t rows = 1;
  for (std::size_t i = 0; i < t.at.size() && wrapped; ++i) {
    out.lines[i] = wrap(t.labels[i], size, slot - 0.8 * size);
    rows = std::max(rows, out.lines[i].size());
    // A word broken in the middle reads worse than a slanted label.
    std::size_t spaces = 0;
    for (const char c : t.labels[i]) spaces += c == ' ' ? 1 : 0;
    wrapped = out.lines[i].size() <= std::min<std::size_t>(4, spaces + 1);
  }
  if (wrapped) {
    for (std::size_t i = 0; i < t.at.size(); ++i) {
      const double half = widest(out.lines[i], size) / 2;
      overhang(i, half, half);
    }
    out.height = static_cast<double>(rows) * line;
    return out;
  }
  out.slanted = true;
  const std::size_t stride =
      slot < 1.5 * size ? static_cast<std::size_t>(std::ceil(1.5 * size / std::max(slot, 0.1))) : 1;
  const double c = std::numbers::sqrt2 / 2;
  for (std::size_t i = 0; i < t.at.size(); ++i) {
    out.lines[i].clear();
    if (i % stride != 0) continue;
    out.lines[i] = {t.labels[i]};
    const double w = text_width(t.labels[i], size);
    overhang(i, (w + size) * c, size);
    out.height = std::max(out.height, (w + size) * c);
  }
  return out;
}

const std::optional<LegendOptions>& legend_of(const Panel& p) {
  if (p.twin && !p.state->legend) return p.twin->legend;
  return p.state->legend;
}

struct LegendEntry {
  const Artist* artist;
  std::vector<std::string> lines;
};

std::vector<LegendEntry> legend_entries(const Panel& p, double size, double width) {
  std::vector<LegendEntry> entries;
  for (const std::vector<Artist>* artists : {&p.artists, &p.twin_artists}) {
    for (const Artist& artist : *artists) {
      std::visit(
          [&](const auto& a) {
            using A = std::decay_t<decltype(a)>;
            if constexpr (!std::is_same_v<A, TextArtist>) {
              if (!a.label.empty()) entries.push_back({&artist, wrap(a.label, size, width)});
            }
          },
          artist);
    }
  }
  return entries;
}

constexpr double handle_width = 26;
constexpr double handle_gap = 7;
constexpr double legend_pad = 7;

double legend_rows(const std::vector<LegendEntry>& entries) {
  double rows = 0;
  for (const LegendEntry& e : entries) rows += static_cast<double>(e.lines.size());
  return rows;
}

// Size of a legend with one entry below the other.
Point legend_size(const std::vector<LegendEntry>& entries, const std::string& title, double size) {
  double w = title.empty() ? 0 : text_width(title, size, true) - handle_width - handle_gap;
  for (const LegendEntry& e : entries) w = std::max(w, widest(e.lines, size));
  const double rows = legend_rows(entries) + (title.empty() ? 0 : 1);
  return {w + handle_width + handle_gap + 2 * legend_pad, rows * line_height * size + 2 * legend_pad - 2};
}

// An outside legend flows from left to right below the axes. Calls place(entry, x, y) with the top left corner of each
// entry relative to the legend, and returns its height.
template <class Place>
double flow(const std::vector<LegendEntry>& entries, double size, double width, Place&& place) {
  double x = 0, y = 0, row = 0;
  for (const LegendEntry& e : entries) {
    const double w = handle_width + handle_gap + widest(e.lines, size) + 18;
    if (x > 0 && x + w - 18 > width) {
      x = 0;
      y += row;
      row = 0;
    }
    place(e, x, y);
    x += w;
    row = std::max(row, static_cast<double>(e.lines.size()) * line_height * size);
  }
  return y + row;
}

// The last points whose colours show numbers.
const PointsArtist* mapped_points(const Panel& p) {
  const PointsArtist* found = nullptr;
  for (const std::vector<Artist>* artists : {&p.artists, &p.twin_artists}) {
    for (const Artist& a : *artists) {
      if (const auto* points = std::get_if<PointsArtist>(&a); points && points->value_low <= points->value_high)
        found = points;
    }
  }
  return found;
}

Ticks colorbar_ticks(const PointsArtist& p, double height, double size) {
  if (is_constant(p.value_low, p.value_high)) return {{p.value_low}, {format_value(p.value_low, 8)}};
  return linear_ticks(p.value_low, p.value_high, static_cast<std::size_t>(std::clamp(height / (1.9 * size), 2.0, 8.0)));
}

std::vector<std::vector<std::string>> y_label_lines(const Ticks& t, const Scale& s, double size, double width) {
  std::vector<std::vector<std::string>> lines(t.at.size());
  double slot = std::abs(s.to - s.from);
  for (std::size_t i = 1; i < t.at.size(); ++i) slot = std::min(slot, std::abs(s(t.at[i]) - s(t.at[i - 1])));
  const std::size_t stride =
      slot < 1.1 * size ? static_cast<std::size_t>(std::ceil(1.1 * size / std::max(slot, 0.05))) : 1;
  for (std::size_t i = 0; i < t.at.size(); i += stride) {
    lines[i] = wrap(t.labels[i], size, width);
    if (static_cast<double>(lines[i].size()) * line_height * size > slot) lines[i] = {t.labels[i]};
  }
  return lines;
}

void measure(Panel& p, double w, double h, double cell_width, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Axes::State& s = *p.state;
  p.x.from = 0;
  p.x.to = w;
  p.y.from = h;
  p.y.to = 0;
  if (p.yaxis.inverted) std::swap(p.y.from, p.y.to);
  p.tx = x_ticks(p.xaxis, p.x, size);
  p.ty = y_ticks(p.yaxis, p.y, size);
  p.xlabels = arrange(p.tx, p.x, size);
  p.ylabels = y_label_lines(p.ty, p.y, size, std::max(0.35 * cell_width, 120.0));
  p.title = lines_of(s.title, 1.15 * size, w, true);
  p.xlabel = lines_of(s.x.label, size, w);
  p.ylabel = lines_of(s.y.label, size, h);
  p.ylabels_width = 0;
  for (const auto& l : p.ylabels) p.ylabels_width = std::max(p.ylabels_width, widest(l, size));

  p.left = outer_gap + p.ylabels_width + tick_gap + tick_length;
  if (!p.ylabel.empty()) p.left += label_gap + static_cast<double>(p.ylabel.size()) * line;
  p.left = std::max(p.left, outer_gap + p.xlabels.overhang_left);
  p.right = outer_gap + 3 + std::max(0.0, p.xlabels.overhang_right);
  if (p.twin) {
    p.y2.from = h;
    p.y2.to = 0;
    if (p.twin->y.inverted) std::swap(p.y2.from, p.y2.to);
    p.ty2 = y_ticks(p.twin->y, p.y2, size);
    p.y2label = lines_of(p.twin->y.label, size, h);
    p.y2labels_width = widest(p.ty2.labels, size);
    p.twin_width = tick_length + tick_gap + p.y2labels_width;
    if (!p.y2label.empty()) p.twin_width += label_gap + static_cast<double>(p.y2label.size()) * line;
    p.right = std::max(p.right, outer_gap + p.twin_width);
  }
  if (const PointsArtist* points = mapped_points(p); points && s.colorbar) {
    p.bar_labels_width = widest(colorbar_ticks(*points, h, size).labels, size);
    p.right += 14 + 12 + 5 + p.bar_labels_width;
    if (!s.colorbar->empty()) p.right += label_gap + static_cast<double>(lines_of(*s.colorbar, size, h).size()) * line;
  }
  p.top = outer_gap + 0.5 * size;
  if (!p.title.empty()) p.top = outer_gap + static_cast<double>(p.title.size()) * 1.15 * line + 6;
  p.bottom = outer_gap + tick_length + tick_gap + p.xlabels.height;
  if (!p.xlabel.empty()) p.bottom += label_gap - 2 + static_cast<double>(p.xlabel.size()) * line;
  p.note_lines.clear();
  for (const std::string& note : p.notes) {
    for (std::string& l : lines_of(note, note_size * size, w)) p.note_lines.push_back(std::move(l));
  }
  if (!p.note_lines.empty()) p.bottom += label_gap + static_cast<double>(p.note_lines.size()) * note_size * line;

  p.legend_outside = false;
  p.legend_height = 0;
  p.legend_width = w;
  if (const auto& legend = legend_of(p)) {
    const auto inside = legend_entries(p, size, 1e9);
    const Point need = legend_size(inside, legend->title, size);
    p.legend_outside = p.legend_homeless || legend->loc == "outside" || need.x > 0.6 * w || need.y > 0.75 * h;
    if (inside.empty()) p.legend_outside = false;
    if (p.legend_outside) {
      const auto entries = legend_entries(p, size, std::max(w - handle_width - handle_gap, 80.0));
      p.legend_title = lines_of(legend->title, size, w, true);
      p.legend_height = static_cast<double>(p.legend_title.size()) * line +
                        flow(entries, size, w, [](const LegendEntry&, double, double) {});
      p.bottom += p.legend_height + label_gap;
    }
  }
}

// Points of a line as px; 0 is the theme's. Numbers in a picture have two decimals, and a line of no width is none.
double line_px(double points, const Theme& theme) {
  return std::max((points > 0 ? points : theme.line_width) * px_per_point, 0.1);
}

// How opaque a paint is whatever the theme.
double opacity_of(const Paint& p) {
  return p.opacity * (p.role == Role::literal ? p.color.alpha : 1);
}

std::array<double, 4> dashes(const std::string& style, double width) {
  if (style == "--") return {4 * width + 1, 2.2 * width + 1};
  if (style == ":") return {width, 1.8 * width};
  if (style == "-.") return {5 * width, 2 * width, width, 2 * width};
  return {};
}

void draw_marker(Scene& scene, const std::string& marker, Point at, double diameter, const Paint& paint,
                 const std::string& tag = "point") {
  const double r = diameter / 2;
  const auto polygon = [&](std::initializer_list<Point> corners) {
    std::vector<Point> points;
    for (const Point& c : corners) points.push_back({at.x + c.x * r, at.y + c.y * r});
    scene.add(Polygon{std::move(points), paint, {}, tag});
  };
  if (marker == "o") {
    scene.add(Circle{at, r, paint, {}, tag});
  } else if (marker == "s") {
    polygon({{-.9, -.9}, {.9, -.9}, {.9, .9}, {-.9, .9}});
  } else if (marker == "^") {
    polygon({{0, -1}, {1, .8}, {-1, .8}});
  } else if (marker == "v") {
    polygon({{0, 1}, {1, -.8}, {-1, -.8}});
  } else if (marker == "d") {
    polygon({{0, -1.1}, {.8, 0}, {0, 1.1}, {-.8, 0}});
  } else if (marker == "x" || marker == "+") {
    const double k = marker == "x" ? 0.75 * r : 0;
    const double m = marker == "x" ? 0.75 * r : r;
    const Stroke stroke{paint, std::max(1.0, diameter / 6), {}, true};
    if (marker == "x") {
      scene.line({at.x - k, at.y - k}, {at.x + k, at.y + k}, stroke, tag);
      scene.line({at.x - k, at.y + k}, {at.x + k, at.y - k}, stroke, tag);
    } else {
      scene.line({at.x - m, at.y}, {at.x + m, at.y}, stroke, tag);
      scene.line({at.x, at.y - m}, {at.x, at.y + m}, stroke, tag);
    }
  }
}

// Where a point of the data is; NaN where it has no place on a log axis.
Point place_of(const Scale& x_scale, const Scale& y_scale, double x, double y) {
  if ((x_scale.log && !(x > 0)) || (y_scale.log && !(y > 0))) return {NAN, NAN};
  return {x_scale(x), y_scale(y)};
}

// Where a rule crosses its axis; NaN where it has no place on a log axis.
double place_of(const RuleArtist& a, const Scale& x, const Scale& y) {
  const Scale& scale = a.horizontal ? y : x;
  return scale.log && !(a.at > 0) ? NAN : scale(a.at);
}

// Where a bar is; NaN where it ends at no place of a log axis. Bars are at least one px thick, so that they are seen.
Box bar_box(const BarsArtist& a, std::size_t i, const Scale& x, const Scale& y) {
  const Scale& along = a.horizontal ? y : x;
  const Scale& value = a.horizontal ? x : y;
  if ((along.log && !(a.at[i] > 0)) || (value.log && !(a.base[i] + a.length[i] > 0))) return {NAN, NAN, NAN, NAN};
  double low = along(a.at[i] - a.width / 2), high = along(a.at[i] + a.width / 2);
  const double base = value(a.base[i]), end = value(a.base[i] + a.length[i]);
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(base) || !std::isfinite(end))
    return {NAN, NAN, NAN, NAN};
  if (low > high) std::swap(low, high);
  if (high - low < 1) {
    const double middle = low / 2 + high / 2;
    low = middle - 0.5;
    high = middle + 0.5;
  }
  return a.horizontal ? Box{std::min(base, end), low, std::max(base, end), high}
                      : Box{low, std::min(base, end), high, std::max(base, end)};
}

// A text of the axes, moved so that it stays on a sheet.
Text placed_text(const TextArtist& a, Point p, const Theme& theme, double sheet_width, double sheet_height) {
  const TextOptions& o = a.options;
  const double size = o.fontsize > 0 ? o.fontsize * px_per_point : theme.font_px();
  Text t{p,
         {{a.text, o.color.or_else(Role::ink), o.bold}},
         size,
         o.ha == "center"  ? Anchor::middle
         : o.ha == "right" ? Anchor::end
                           : Anchor::start,
         o.va == "center"   ? Align::middle
         : o.va == "top"    ? Align::top
         : o.va == "bottom" ? Align::bottom
                            : Align::baseline,
         -o.rotation,
         "text"};
  const Box b = bounds(t);
  if (b.right > sheet_width - 2) t.at.x -= b.right - (sheet_width - 2);
  if (b.left < 2) t.at.x += 2 - b.left;
  if (b.bottom > sheet_height - 2) t.at.y -= b.bottom - (sheet_height - 2);
  if (b.top < 2) t.at.y += 2 - b.top;
  return t;
}

bool meets(const Box& box, Point a, Point b) {
  return clip_line(box, a, b);
}

// Does a box hide any of what is drawn: lines, points, bars, edges of areas, error bars, texts?
class Hidden {
 public:
  Hidden(const Box& box, const Scale& x, const Scale& y, const Box& plot, const Theme& theme, const Scene& sheet)
      : hide_(box), x_(x), y_(y), plot_(plot), theme_(theme), sheet_(sheet) {}

  bool operator()(const LineArtist& a) const {
    const bool joined = a.dash != "none";
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      if (meets(i > 0 && joined ? at(a.x[i - 1], a.y[i - 1]) : at(a.x[i], a.y[i]), at(a.x[i], a.y[i]))) return true;
    }
    return false;
  }
  bool operator()(const PointsArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      if (meets(at(a.x[i], a.y[i]), at(a.x[i], a.y[i]))) return true;
    }
    return false;
  }
  bool operator()(const BarsArtist& a) const {
    for (std::size_t i = 0; i < a.at.size(); ++i) {
      if (hide_.overlaps(bar_box(a, i, x_, y_))) return true;
      if (a.error.empty() || !std::isfinite(a.error[i])) continue;
      const double end = a.base[i] + a.length[i], from = end - a.error[i], to = end + a.error[i];
      if (a.horizontal ? meets(at(from, a.at[i]), at(to, a.at[i])) : meets(at(a.at[i], from), at(a.at[i], to)))
        return true;
    }
    return false;
  }
  bool operator()(const FillArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const std::size_t before = i > 0 ? i - 1 : 0;
      if (meets(at(a.x[before], a.high[before]), at(a.x[i], a.high[i]))) return true;
      if (meets(at(a.x[before], a.low[before]), at(a.x[i], a.low[i]))) return true;
    }
    return false;
  }
  bool operator()(const ErrorArtist& a) const {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const double dx = a.xerr.empty() ? 0 : a.xerr[i], dy = a.yerr.empty() ? 0 : a.yerr[i];
      if (meets(at(a.x[i] - dx, a.y[i]), at(a.x[i] + dx, a.y[i]))) return true;
      if (meets(at(a.x[i], a.y[i] - dy), at(a.x[i], a.y[i] + dy))) return true;
    }
    return false;
  }
  bool operator()(const RuleArtist& a) const {
    const double v = place_of(a, x_, y_);
    return a.horizontal ? meets({plot_.left, v}, {plot_.right, v}) : meets({v, plot_.top}, {v, plot_.bottom});
  }
  bool operator()(const TextArtist& a) const {
    const Point p = at(a.x, a.y);
    return std::isfinite(p.x) && std::isfinite(p.y) &&
           hide_.overlaps(bounds(placed_text(a, p, theme_, sheet_.width, sheet_.height)));
  }

 private:
  Point at(double x, double y) const { return place_of(x_, y_, x, y); }
  bool meets(Point a, Point b) const {
    if (!std::isfinite(b.x) || !std::isfinite(b.y)) return false;
    return detail::meets(hide_, std::isfinite(a.x) && std::isfinite(a.y) ? a : b, b);
  }

  Box hide_;
  const Scale& x_;
  const Scale& y_;
  const Box& plot_;
  const Theme& theme_;
  const Scene& sheet_;
};

// Limits may leave data far outside the sheet. No renderer has coordinates for all of them: what is drawn ends here.
constexpr double far_off = 1e5;
constexpr Box surroundings{-far_off, -far_off, far_off, far_off};

double near(double v) {
  return std::clamp(v, -far_off, far_off);
}

// The pieces of a line within a box, with gaps between them.
std::vector<Point> near_pieces(const std::vector<Point>& points, const Box& around) {
  std::vector<Point> out;
  for (std::size_t i = 1; i < points.size(); ++i) {
    Point a = points[i - 1], b = points[i];
    const bool known = std::isfinite(a.x) && std::isfinite(a.y) && std::isfinite(b.x) && std::isfinite(b.y);
    if (!known || !clip_line(around, a, b)) {
      if (!out.empty() && std::isfinite(out.back().x)) out.push_back({NAN, NAN});
      continue;
    }
    if (out.empty() || out.back().x != a.x || out.back().y != a.y) {
      if (!out.empty() && std::isfinite(out.back().x)) out.push_back({NAN, NAN});
      out.push_back(a);
    }
    out.push_back(b);
  }
  return out;
}

// The part of a polygon within the surroundings, side after side: Sutherland and Hodgman 1974.
std::vector<Point> near_part(std::vector<Point> points) {
  const auto inside = [](double v) { return std::abs(v) <= far_off; };
  if (std::all_of(points.begin(), points.end(), [&](const Point& p) { return inside(p.x) && inside(p.y); }))
    return points;
  for (const bool across : {true, false}) {
    for (const double side : {-far_off, far_off}) {
      std::vector<Point> kept;
      const auto depth = [&](const Point& p) {
        return side < 0 ? (across ? p.x : p.y) / 2 - side / 2 : side / 2 - (across ? p.x : p.y) / 2;
      };
      for (std::size_t i = 0; i < points.size(); ++i) {
        const Point &a = points[i], &b = points[(i + 1) % points.size()];
        const double da = depth(a), db = depth(b);
        if (da >= 0) kept.push_back(a);
        if ((da >= 0) == (db >= 0)) continue;
        const double t = da / (da - db);
        kept.push_back({across ? side : a.x + t * (b.x - a.x), across ? a.y + t * (b.y - a.y) : side});
      }
      points = std::move(kept);
    }
  }
  return points;
}

// Renderers take quadratic time for a line or an outline that crosses itself: that of one path has no more points.
constexpr std::size_t most_crossing = 1500;

// May a line be drawn piece after piece? The ends of pieces show where it is translucent or dashed.
bool in_pieces(const LineArtist& a) {
  return a.dash == "-" && opacity_of(a.color) >= 1;
}

// A dashed line is followed by its renderer dash after dash, and need not go on far outside the plot.
Box around(const LineArtist& a, const Box& plot) {
  if (a.dash == "-") return surroundings;
  constexpr double margin = 50;
  return {plot.left - margin, plot.top - margin, plot.right + margin, plot.bottom + margin};
}

bool contains(const Box& box, const Point& p) {
  return p.x >= box.left && p.x <= box.right && p.y >= box.top && p.y <= box.bottom;
}

// Draws the artists of one state.
class Painter {
 public:
  Painter(Scene& scene, const Scale& x, const Scale& y, const Box& box, const Theme& theme)
      : scene_(scene), x_(x), y_(y), box_(box), theme_(theme) {}

  void operator()(const LineArtist& a) {
    const double width = line_px(a.width, theme_);
    const Box drawn = around(a, box_);
    std::vector<Point> points;
    bool far = false;
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      points.push_back(at(a.x[i], a.y[i]));
      far =
          far || (std::isfinite(points.back().x) && std::isfinite(points.back().y) && !contains(drawn, points.back()));
    }
    const auto known = [&](std::size_t i) { return std::isfinite(points[i].x) && std::isfinite(points[i].y); };
    const double diameter = a.markersize * px_per_point;
    if (a.dash != "none" && points.size() > 1) {
      const Stroke stroke{a.color, width, dashes(a.dash, width), a.dash == "-"};
      std::vector<Point> line = far ? near_pieces(points, drawn) : points;
      // Round ends of a solid line meet without a seam.
      constexpr std::size_t piece = 500;
      const bool cut = in_pieces(a) && line.size() > 2 * piece;
      for (std::size_t begin = 0; cut && begin + 1 < line.size(); begin += piece) {
        const auto from = line.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto to = line.begin() + static_cast<std::ptrdiff_t>(std::min(begin + piece + 1, line.size()));
        scene_.add(Polyline{{from, to}, stroke, "line"});
      }
      if (!cut) scene_.add(Polyline{std::move(line), stroke, "line"});
    }
    if (!a.marker.empty() && a.marks) {
      for (const auto& [x, y] : *a.marks) draw_marker(scene_, a.marker, at(x, y), diameter, a.color);
      return;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      // Of a line without markers a point without neighbours shows nothing: a dot does.
      const bool alone = (i == 0 || !known(i - 1)) && (i + 1 == points.size() || !known(i + 1));
      if (!known(i) || (a.marker.empty() && (a.dash == "none" || !alone))) continue;
      draw_marker(scene_, a.marker.empty() ? "o" : a.marker, points[i],
                  a.marker.empty() && points.size() > 1 ? std::max(2 * width, 4.0) : diameter, a.color);
    }
  }

  void operator()(const PointsArtist& a) {
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = at(a.x[i], a.y[i]);
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
      Paint paint = a.color;
      if (!a.value.empty()) {
        const double t = !std::isfinite(a.value[i])               ? NAN
                         : is_constant(a.value_low, a.value_high) ? 0.5
                                                                  : Scale{a.value_low, a.value_high}(a.value[i]);
        paint = a.red_blue ? red_blue(t) : viridis(t);
      }
      draw_marker(scene_, a.marker, p, a.size * px_per_point, paint.fade(a.alpha));
    }
  }

  void operator()(const BarsArtist& a) {
    for (std::size_t i = 0; i < a.at.size(); ++i) {
      const Box bar = bar_box(a, i, x_, y_);
      if (std::isnan(bar.left)) continue;
      scene_.add(Rect{{near(bar.left), near(bar.top), near(bar.right), near(bar.bottom)},
                      a.colors[a.colors.size() > 1 ? i : 0],
                      {},
                      0,
                      "bar"});
      if (!a.error.empty() && std::isfinite(a.error[i])) {
        whisker(a.base[i] + a.length[i], a.error[i], a.horizontal ? bar.centre().y : bar.centre().x, a.horizontal,
                3 * px_per_point, {Role::ink, 1.2});
      }
    }
  }

  void operator()(const FillArtist& a) {
    // One polygon for each run without gaps.
    std::vector<Point> upper, lower;
    const auto close = [&] {
      if (upper.size() == 1) {
        // One point without neighbours has no area: a strip shows where it is.
        for (std::vector<Point>* side : {&upper, &lower}) {
          const Point p = side->front();
          *side = {{p.x - 0.5, p.y}, {p.x + 0.5, p.y}};
        }
      }
      if (!upper.empty()) {
        upper.insert(upper.end(), lower.rbegin(), lower.rend());
        scene_.add(Polygon{near_part(upper), a.color, {}, "fill"});
      }
      upper.clear();
      lower.clear();
    };
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = at(a.x[i], a.high[i]);
      const Point q = at(a.x[i], a.low[i]);
      if (std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(q.y)) {
        upper.push_back(p);
        lower.push_back(q);
      } else {
        close();
      }
    }
    close();
  }

  void operator()(const ErrorArtist& a) {
    const Stroke stroke{a.color, line_px(a.width, theme_)};
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      const Point p = at(a.x[i], a.y[i]);
      if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
      if (!a.yerr.empty() && std::isfinite(a.yerr[i]))
        whisker(a.y[i], a.yerr[i], p.x, false, a.cap * px_per_point, stroke);
      if (!a.xerr.empty() && std::isfinite(a.xerr[i]))
        whisker(a.x[i], a.xerr[i], p.y, true, a.cap * px_per_point, stroke);
    }
  }

  void operator()(const RuleArtist& a) {
    const double v = place_of(a, x_, y_);
    const double slack = 0.01;
    if (!std::isfinite(v)) return;
    if (a.horizontal ? v < box_.top - slack || v > box_.bottom + slack
                     : v < box_.left - slack || v > box_.right + slack)
      return;
    const double width = line_px(a.width, theme_);
    const Point from = a.horizontal ? Point{box_.left, v} : Point{v, box_.top};
    const Point to = a.horizontal ? Point{box_.right, v} : Point{v, box_.bottom};
    if (a.dash != "none") scene_.line(from, to, {a.color, width, dashes(a.dash, width)}, "rule");
  }

  void operator()(const TextArtist& a) {
    const Point p = at(a.x, a.y);
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) return;
    scene_.add(placed_text(a, p, theme_, scene_.width, scene_.height));
  }

 private:
  Point at(double x, double y) const { return place_of(x_, y_, x, y); }
  // An error bar along x or y around `middle`, at `aside` px on the other axis. An end that has no place on a log axis
  // is beyond the plot and has no cap.
  void whisker(double middle, double error, double aside, bool along_x, double cap, const Stroke& stroke) {
    const Scale& scale = along_x ? x_ : y_;
    const auto point = [&](double v, double off) {
      const double px = near(scale(v)), other = near(aside) + off;
      return along_x ? Point{px, other} : Point{other, px};
    };
    scene_.line(point(middle - error, 0), point(middle + error, 0), stroke, "error");
    for (const double end : {middle - error, middle + error}) {
      if (!scale.log || end > 0) scene_.line(point(end, -cap), point(end, cap), stroke, "error");
    }
  }

  Scene& scene_;
  const Scale& x_;
  const Scale& y_;
  const Box& box_;
  const Theme& theme_;
};

// Takes out of the artists of a plot of at most `size` px what nobody could see, and says where points are left out.
class Simplifier {
 public:
  Simplifier(const Scale& x, const Scale& y, Point size, const Theme& theme, std::vector<std::string>& notes)
      : x_(x), y_(y), size_(size), theme_(theme), notes_(notes) {
    x_.from = y_.from = 0;
    x_.to = size.x;
    y_.to = size.y;
  }

  Artist operator()(const Artist& artist) const { return std::visit(*this, artist); }

  Artist operator()(const LineArtist& a) const {
    const std::vector<Point> points = places(a.x, a.y);
    count_line(points, a);
    LineArtist out = a;
    if (a.dash != "-" && a.dash != "none" && dashes_of(points, a) > most_dashes) {
      out.dash = "-";
      notes_.push_back("A dashed line is drawn solid: its dashes are too many to be told apart");
    }
    const auto crosses = [&](const std::vector<std::size_t>& line) {
      return line.size() > most_crossing && wanders(line, points);
    };
    std::vector<std::size_t> all(points.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    if (a.x.size() <= most_points && (in_pieces(out) || a.dash == "none" || !crosses(all))) return out;
    if (!a.marker.empty()) {
      out.marks.emplace();
      for (const std::size_t i : marks(points, a.marker, a.markersize, opacity_of(a.color), a.x, a.y))
        out.marks->push_back({a.x[i], a.y[i]});
    }
    out.x.clear();
    out.y.clear();
    if (a.dash == "none") {
      if (out.marks) {
        for (const auto& [x, y] : *out.marks) out.x.push_back(x), out.y.push_back(y);
      }
      return out;
    }
    std::vector<std::size_t> kept = simplify_line(points, size_.x, size_.y);
    // Renderers take quadratic time for a line that crosses itself. A solid one is drawn in pieces; others are not
    // alike where their pieces meet, so that they lose what covers little of the plot, and the picture says so.
    const auto alone = [&](std::size_t k) {
      return kept[k] != gap && (k == 0 || kept[k - 1] == gap) && (k + 1 == kept.size() || kept[k + 1] == gap);
    };
    const auto too_long = [&] {
      std::vector<std::size_t> joined;
      for (std::size_t k = 0; k < kept.size(); ++k) {
        if (kept[k] != gap && !alone(k)) joined.push_back(kept[k]);
      }
      // Ends of pieces are shapes of their own, of which a path has to be free as well.
      const bool torn = kept.size() - joined.size() > joined.size() / 20;
      return joined.size() > (torn ? 1 : 4) * most_points || crosses(joined);
    };
    double cell = 1;
    while (!in_pieces(out) && cell < 16 && too_long()) {
      cell *= 2;
      kept = simplify_line(points, size_.x, size_.y, cell);
    }
    if (cell > 1) {
      const auto known = std::count_if(points.begin(), points.end(), [](const Point& p) { return std::isfinite(p.x); });
      const auto left = std::count_if(kept.begin(), kept.end(), [](std::size_t i) { return i != gap; });
      notes_.push_back(fmt::format("{} of {} points of a line drawn", format_count(static_cast<double>(left)),
                                   format_count(static_cast<double>(known))));
    }
    std::vector<Box> dots(kept.size(), {NAN, NAN, NAN, NAN});  // of points between gaps
    std::vector<bool> hidden(kept.size(), false);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (!alone(k)) continue;
      const Point& p = points[kept[k]];
      dots[k] = {p.x - 2, p.y - 2, p.x + 2, p.y + 2};
      hidden[k] = true;
    }
    std::vector<std::size_t> shown = visible_marks(dots, true, opacity_of(a.color), size_.x, size_.y);
    if (shown.size() > most_marks) {
      notes_.push_back(fmt::format("{} of {} single points drawn", format_count(static_cast<double>(most_marks)),
                                   format_count(static_cast<double>(shown.size()))));
      std::vector<std::size_t> chosen = rows_to_draw(shown.size(), most_marks, {});
      for (std::size_t& k : chosen) k = shown[k];
      shown = std::move(chosen);
    }
    for (const std::size_t k : shown) hidden[k] = false;
    for (std::size_t k = 0; k < kept.size(); ++k) {
      if (hidden[k]) continue;
      const std::size_t i = kept[k];
      if (i == gap && (out.x.empty() || std::isnan(out.x.back()))) continue;
      out.x.push_back(i == gap ? NAN : a.x[i]);
      out.y.push_back(i == gap ? NAN : a.y[i]);
    }
    return out;
  }

  Artist operator()(const PointsArtist& a) const {
    const std::vector<Point> points = places(a.x, a.y);
    const double r = a.size * px_per_point / 2;
    for (const Point& p : points) count(on_plot({p.x - r, p.y - r, p.x + r, p.y + r}), std::isfinite(p.x));
    if (a.x.size() <= most_points) return a;
    return subset(a, marks(points, a.marker, a.size, a.alpha * (a.value.empty() ? opacity_of(a.color) : 1), a.x, a.y));
  }

  Artist operator()(const BarsArtist& a) const {
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < a.at.size(); ++i) {
      boxes.push_back(bar_box(a, i, x_, y_));
      Box& b = boxes.back();
      count(on_plot(b), std::isfinite(b.left));
      if (a.error.empty() || !std::isfinite(a.error[i]) || !std::isfinite(b.left)) continue;
      // An error bar may reach out of a hidden bar.
      for (const double end : {a.base[i] + a.length[i] - a.error[i], a.base[i] + a.length[i] + a.error[i]}) {
        const double px = a.horizontal ? x_(end) : y_(end);
        (a.horizontal ? b.left : b.top) = std::min(a.horizontal ? b.left : b.top, px);
        (a.horizontal ? b.right : b.bottom) = std::max(a.horizontal ? b.right : b.bottom, px);
      }
    }
    if (boxes.size() <= most_points) return a;
    double opacity = 1;
    for (const Paint& p : a.colors) opacity = std::min(opacity, opacity_of(p));
    const std::vector<std::size_t> kept = a.error.empty() && opacity > palest
                                              ? visible_marks(boxes, false, opacity, size_.x, size_.y)
                                              : those_on_plot(boxes);
    return subset(a, fair(kept, a.at, a.length, "bars"));
  }

  Artist operator()(const FillArtist& a) const {
    const std::vector<Point> upper = places(a.x, a.high), lower = places(a.x, a.low);
    const auto known = [&](std::size_t i) { return std::isfinite(upper[i].x) && std::isfinite(lower[i].x); };
    const auto reach = [&](Box& b, std::size_t i) {
      b = {std::min(b.left, upper[i].x - 0.5), std::min({b.top, upper[i].y, lower[i].y}),
           std::max(b.right, upper[i].x + 0.5), std::max({b.bottom, upper[i].y, lower[i].y})};
    };
    constexpr Box nowhere{INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (std::size_t i = 0; i < a.x.size(); ++i) {
      Box b = nowhere;
      if (known(i)) reach(b, i);
      if (known(i) && i > 0 && known(i - 1)) reach(b, i - 1);
      count(known(i) && on_plot(b), known(i));
    }
    const std::vector<std::size_t> kept = simplify_area(upper, lower);
    const bool sorted = std::is_sorted(a.x.begin(), a.x.end(), [](double u, double v) { return u < v; }) ||
                        std::is_sorted(a.x.begin(), a.x.end(), [](double u, double v) { return u > v; });
    if (!sorted && (kept.size() > most_marks || (kept.size() > most_crossing && wanders(kept, upper)))) {
      throw ValueError(fmt::format(
          "[fill_between] the area has {} points whose x go to and fro: sort them by x, or give at most {}.",
          a.x.size(), most_crossing));
    }
    if (a.x.size() <= most_points) return a;
    // Runs of points between gaps. Those that are no wider than a px are strips, of which very many may lie on
    // one another.
    std::vector<std::pair<std::size_t, std::size_t>> runs, strips;
    std::vector<Box> boxes;
    for (std::size_t begin = 0; begin < kept.size();) {
      Box b = nowhere;
      std::size_t end = begin;
      for (; end < kept.size() && known(kept[end]); ++end) reach(b, kept[end]);
      if (end > begin && b.width() > 2) runs.emplace_back(begin, end);
      if (end > begin && b.width() <= 2) {
        strips.emplace_back(begin, end);
        boxes.push_back(b);
      }
      begin = std::max(end, begin + 1);
    }
    if (strips.size() > most_points) {
      const double opacity = opacity_of(a.color);
      std::vector<double> place, height;
      for (const Box& b : boxes) place.push_back(b.left), height.push_back(b.top);
      const std::vector<std::size_t> chosen =
          fair(opacity > palest ? visible_marks(boxes, false, opacity, size_.x, size_.y) : those_on_plot(boxes), place,
               height, "strips of an area");
      for (const std::size_t i : chosen) runs.push_back(strips[i]);
    } else {
      runs.insert(runs.end(), strips.begin(), strips.end());
    }
    std::sort(runs.begin(), runs.end());
    FillArtist out{{}, {}, {}, a.color, a.label};
    for (const auto& [begin, end] : runs) {
      for (std::size_t k = begin; k < end; ++k) {
        out.x.push_back(a.x[kept[k]]);
        out.low.push_back(a.low[kept[k]]);
        out.high.push_back(a.high[kept[k]]);
      }
      for (std::vector<double>* values : {&out.x, &out.low, &out.high}) values->push_back(NAN);
    }
    return out;
  }

  Artist operator()(const ErrorArtist& a) const {
    const std::vector<Point> points = places(a.x, a.y);
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point& p = points[i];
      Box b{p.x, p.y, p.x, p.y};
      if (!a.xerr.empty() && std::isfinite(a.xerr[i])) {
        b.left = std::min(x_(a.x[i] - a.xerr[i]), x_(a.x[i] + a.xerr[i]));
        b.right = std::max(x_(a.x[i] - a.xerr[i]), x_(a.x[i] + a.xerr[i]));
      }
      if (!a.yerr.empty() && std::isfinite(a.yerr[i])) {
        b.top = std::min(y_(a.y[i] - a.yerr[i]), y_(a.y[i] + a.yerr[i]));
        b.bottom = std::max(y_(a.y[i] - a.yerr[i]), y_(a.y[i] + a.yerr[i]));
      }
      if (!std::isfinite(p.x)) b = {NAN, NAN, NAN, NAN};
      count(on_plot(b), std::isfinite(p.x));
      boxes.push_back(b);
    }
    constexpr std::size_t most = most_marks / 3;  // each has a bar and two caps
    if (a.x.size() <= most) return a;
    return subset(a, fair(those_on_plot(boxes), a.x, a.y, "error bars", most));
  }

  Artist operator()(const RuleArtist& a) const {
    const double v = place_of(a, x_, y_);
    count(v >= -0.01 && v <= (a.horizontal ? size_.y : size_.x) + 0.01, std::isfinite(v));
    return a;
  }

  // A text outside the plot would be moved to the border of the sheet, where it seems to say something about the
  // border.
  Artist operator()(const TextArtist& a) const {
    const Point p = place_of(x_, y_, a.x, a.y);
    if (on_plot({p.x - 1, p.y - 1, p.x + 1, p.y + 1})) return a;
    ++texts_left_out_;
    TextArtist out = a;
    out.x = out.y = NAN;
    return out;
  }

  // A plot of numbers of which none has a place says so.
  void finish() const {
    if (texts_left_out_ > 0)
      notes_.push_back(
          fmt::format("{} text{} left out: outside the limits", texts_left_out_, texts_left_out_ == 1 ? "" : "s"));
    if (drawn_ > 0) return;
    if (outside_ > 0)
      notes_.push_back(fmt::format("Nothing to draw: {} point{} outside the limits",
                                   format_count(static_cast<double>(outside_)), outside_ == 1 ? " is" : "s are"));
    if (outside_ == 0 && missing_ > 0)
      notes_.push_back(fmt::format("Nothing to draw: {} point{} NaN{} infinite",
                                   format_count(static_cast<double>(missing_)), missing_ == 1 ? " is" : "s are",
                                   x_.log || y_.log ? ", not above 0 or" : " or"));
  }

 private:
  static constexpr double palest = 0.2;  // of paler marks very many must lie on one another to hide one
  static constexpr double most_dashes = 4000;

  void count(bool drawn, bool known) const { ++(drawn ? drawn_ : known ? outside_ : missing_); }

  // The points of a line, and the first of each piece of it that crosses the plot.
  void count_line(const std::vector<Point>& points, const LineArtist& a) const {
    for (std::size_t i = 0; i < points.size(); ++i) {
      Point p = points[i], q = points[i > 0 && std::isfinite(points[i - 1].x) && a.dash != "none" ? i - 1 : i];
      const bool known = std::isfinite(p.x);
      count(known && clip_line({0, 0, size_.x, size_.y}, q, p), known);
    }
  }

  double dashes_of(const std::vector<Point>& points, const LineArtist& a) const {
    double length = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
      Point p = points[i - 1], q = points[i];
      if (std::isfinite(p.x) && std::isfinite(q.x) && clip_line(around(a, {0, 0, size_.x, size_.y}), p, q))
        length += std::hypot(q.x - p.x, q.y - p.y);
    }
    double period = 0;
    for (const double d : dashes(a.dash, line_px(a.width, theme_))) period += d;
    return length / period;
  }

  bool on_plot(const Box& b) const { return b.right >= 0 && b.bottom >= 0 && b.left <= size_.x && b.top <= size_.y; }

  std::vector<std::size_t> those_on_plot(const std::vector<Box>& boxes) const {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (on_plot(boxes[i])) kept.push_back(i);
    }
    return kept;
  }

  std::vector<Point> places(const std::vector<double>& x, const std::vector<double>& y) const {
    std::vector<Point> points(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Point p = place_of(x_, y_, x[i], y[i]);
      points[i] = std::isfinite(p.x) && std::isfinite(p.y) ? Point{near(p.x), near(p.y)} : Point{NAN, NAN};
    }
    return points;
  }

  std::vector<std::size_t> marks(const std::vector<Point>& points, const std::string& marker, double diameter,
                                 double opacity, const std::vector<double>& x, const std::vector<double>& y) const {
    const double r = diameter * px_per_point / 2;
    std::vector<Box> boxes;
    boxes.reserve(points.size());
    for (const Point& p : points) boxes.push_back({p.x - r, p.y - r, p.x + r, p.y + r});
    // The plot may be smaller than its share of the sheet, so that marks lie closer together than here: that hides
    // more. Markers other than these leave parts of their boxes free.
    const bool solid = (marker == "o" || marker == "s") && opacity > palest;
    return fair(solid ? visible_marks(boxes, marker == "o", opacity, size_.x, size_.y) : those_on_plot(boxes), x, y,
                "visible points");
  }

  // Of too many a fair choice, with a note.
  std::vector<std::size_t> fair(const std::vector<std::size_t>& kept, const std::vector<double>& x,
                                const std::vector<double>& y, const char* what, std::size_t most = most_marks) const {
    if (kept.size() <= most) return kept;
    notes_.push_back(fmt::format("{} of {} {} drawn", format_count(static_cast<double>(most)),
                                 format_count(static_cast<double>(kept.size())), what));
    std::vector<std::vector<double>> measures(2);
    for (const std::size_t i : kept) measures[0].push_back(x[i]), measures[1].push_back(y[i]);
    std::vector<std::size_t> chosen = rows_to_draw(kept.size(), most, measures);
    for (std::size_t& i : chosen) i = kept[i];
    return chosen;
  }

  // Does a line go to and fro, so that its pieces cross one another? Pieces between gaps do that as well.
  static bool wanders(const std::vector<std::size_t>& kept, const std::vector<Point>& points) {
    std::size_t turns = 0;
    double before = NAN, last = NAN;
    for (const std::size_t i : kept) {
      if (i == gap || !std::isfinite(points[i].x)) continue;
      turns += (points[i].x - last) * (last - before) < 0 ? 1 : 0;
      if (points[i].x == last) continue;
      before = last;
      last = points[i].x;
    }
    return turns > kept.size() / 20;
  }

  template <class T>
  static void choose(std::vector<T>& values, const std::vector<std::size_t>& kept, std::size_t all) {
    if (values.size() != all) return;  // empty, or one for all
    std::vector<T> chosen;
    chosen.reserve(kept.size());
    for (const std::size_t i : kept) chosen.push_back(values[i]);
    values = std::move(chosen);
  }
  static PointsArtist subset(PointsArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t all = a.x.size();
    for (auto* values : {&a.x, &a.y, &a.value}) choose(*values, kept, all);
    return a;
  }
  static BarsArtist subset(BarsArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t all = a.at.size();
    for (auto* values : {&a.at, &a.length, &a.base, &a.error}) choose(*values, kept, all);
    choose(a.colors, kept, all);
    return a;
  }
  static ErrorArtist subset(ErrorArtist a, const std::vector<std::size_t>& kept) {
    const std::size_t all = a.x.size();
    for (auto* values : {&a.x, &a.y, &a.xerr, &a.yerr}) choose(*values, kept, all);
    return a;
  }

  Scale x_, y_;
  Point size_;
  const Theme& theme_;
  std::vector<std::string>& notes_;
  mutable std::size_t drawn_ = 0, outside_ = 0, missing_ = 0, texts_left_out_ = 0;
};

void draw_handle(Scene& scene, const Artist& artist, Point left, const Theme& theme) {
  const Point middle{left.x + handle_width / 2, left.y};
  std::visit(
      [&](const auto& a) {
        using A = std::decay_t<decltype(a)>;
        const Point right{left.x + handle_width, left.y};
        if constexpr (std::is_same_v<A, LineArtist>) {
          const double width = line_px(a.width, theme);
          if (a.dash != "none") scene.line(left, right, {a.color, width, dashes(a.dash, width)}, "legend-handle");
          if (!a.marker.empty())
            draw_marker(scene, a.marker, middle, a.markersize * px_per_point, a.color, "legend-handle");
        } else if constexpr (std::is_same_v<A, RuleArtist>) {
          const double width = line_px(a.width, theme);
          if (a.dash != "none") scene.line(left, right, {a.color, width, dashes(a.dash, width)}, "legend-handle");
        } else if constexpr (std::is_same_v<A, ErrorArtist>) {
          scene.line({middle.x, middle.y - 5}, {middle.x, middle.y + 5}, {a.color, line_px(a.width, theme)},
                     "legend-handle");
        } else if constexpr (std::is_same_v<A, PointsArtist>) {
          draw_marker(scene, a.marker, middle, a.size * px_per_point,
                      a.value.empty() ? a.color : Paint(a.red_blue ? red_blue(0.5) : viridis(0.5)), "legend-handle");
        } else if constexpr (std::is_same_v<A, BarsArtist>) {
          scene.add(Rect{{left.x, left.y - 5, right.x, left.y + 5}, a.colors[0], {}, 0, "legend-handle"});
        } else if constexpr (std::is_same_v<A, FillArtist>) {
          scene.add(Rect{{left.x, left.y - 5, right.x, left.y + 5}, a.color, {}, 0, "legend-handle"});
        }
      },
      artist);
}

void draw_entry(Scene& scene, const LegendEntry& e, Point at, double size, const Theme& theme) {
  const double line = line_height * size;
  draw_handle(scene, *e.artist, {at.x, at.y + line / 2}, theme);
  for (std::size_t i = 0; i < e.lines.size(); ++i) {
    scene.add(Text{{at.x + handle_width + handle_gap, at.y + (static_cast<double>(i) + 0.5) * line},
                   {{e.lines[i]}},
                   size,
                   Anchor::start,
                   Align::middle,
                   0,
                   "legend"});
  }
}

// The place of a legend inside the axes where it hides nothing: the one that was asked for before all others. None if
// there is no such place.
std::optional<Point> legend_place(const Panel& p, const LegendOptions& o, const Theme& theme, const Scene& sheet) {
  const Point need = legend_size(legend_entries(p, theme.font_px(), 1e9), o.title, theme.font_px());
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
      if ((o.loc == place.name) != asked) continue;
      const Point at{xs[place.x], ys[place.y]};
      const Box box{at.x - 5, at.y - 5, at.x + need.x + 5, at.y + need.y + 5};
      const auto hides = [&](const std::vector<Artist>& artists, const Scale& y) {
        const Hidden hidden(box, p.x, y, p.box, theme, sheet);
        return std::any_of(artists.begin(), artists.end(),
                           [&](const Artist& artist) { return std::visit(hidden, artist); });
      };
      if (!hides(p.artists, p.y) && !(p.twin && hides(p.twin_artists, p.y2))) return at;
    }
  }
  return std::nullopt;
}

void draw_legend(Scene& scene, const Panel& p, const LegendOptions& o, const Theme& theme) {
  const double size = theme.font_px();
  if (p.legend_outside) {
    const double w = p.legend_width;
    const auto entries = legend_entries(p, size, std::max(w - handle_width - handle_gap, 80.0));
    double top = p.box.bottom + p.bottom - outer_gap - p.legend_height;
    for (const std::string& l : p.legend_title) {
      scene.add(Text{{p.box.left, top + line_height * size / 2},
                     {{l, Role::ink, true}},
                     size,
                     Anchor::start,
                     Align::middle,
                     0,
                     "legend"});
      top += line_height * size;
    }
    flow(entries, size, w, [&](const LegendEntry& e, double x, double y) {
      draw_entry(scene, e, {p.box.left + x, top + y}, size, theme);
    });
    return;
  }
  const auto entries = legend_entries(p, size, 1e9);
  if (entries.empty()) return;
  const Point need = legend_size(entries, o.title, size);
  const Point best = p.legend_at;
  scene.add(Rect{{best.x, best.y, best.x + need.x, best.y + need.y},
                 Paint(Role::background).fade(0.85),
                 {Role::grid, 1},
                 3,
                 "legend-box"});
  double y = best.y + legend_pad - 1;
  if (!o.title.empty()) {
    scene.add(Text{{best.x + legend_pad, y + line_height * size / 2},
                   {{o.title, Role::ink, true}},
                   size,
                   Anchor::start,
                   Align::middle,
                   0,
                   "legend"});
    y += line_height * size;
  }
  for (const LegendEntry& e : entries) {
    draw_entry(scene, e, {best.x + legend_pad, y}, size, theme);
    y += static_cast<double>(e.lines.size()) * line_height * size;
  }
}

void draw_colorbar(Scene& scene, const Panel& p, const Theme& theme) {
  const PointsArtist* points = mapped_points(p);
  if (!points || !p.state->colorbar) return;
  const double size = theme.font_px();
  const double left = p.box.right + p.twin_width + 14;
  const Box bar{left, p.box.top, left + 12, p.box.bottom};
  constexpr int steps = 64;
  for (int i = 0; i < steps; ++i) {
    // Each strip reaches to the bottom, so that no seam shows between two of them.
    const double t = 1 - (i + 0.5) / steps;
    scene.add(Rect{{bar.left, bar.top + bar.height() * i / steps, bar.right, bar.bottom},
                   points->red_blue ? red_blue(t) : viridis(t),
                   {},
                   0,
                   "colorbar"});
  }
  const Scale s{points->value_low, points->value_high, bar.bottom, bar.top};
  const Ticks t = colorbar_ticks(*points, bar.height(), size);
  for (std::size_t i = 0; i < t.at.size(); ++i) {
    const double y = is_constant(s.low, s.high) ? bar.centre().y : s(t.at[i]);
    scene.add(Text{{bar.right + 5, y}, {{t.labels[i]}}, size, Anchor::start, Align::middle, 0, "tick-label-color"});
  }
  const auto lines = lines_of(*p.state->colorbar, size, bar.height());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double x =
        bar.right + 5 + p.bar_labels_width + label_gap + (static_cast<double>(i) + 0.5) * line_height * size;
    scene.add(Text{{x, bar.centre().y}, {{lines[i]}}, size, Anchor::middle, Align::middle, -90, "axis-label"});
  }
}

void draw_x_axis(Scene& scene, const Panel& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  scene.line({p.box.left, p.box.bottom}, {p.box.right, p.box.bottom}, spine, "spine");
  const double top = p.box.bottom + tick_length + tick_gap;
  for (std::size_t i = 0; i < p.tx.at.size(); ++i) {
    const double x = p.x(p.tx.at[i]);
    scene.line({x, p.box.bottom}, {x, p.box.bottom + tick_length}, spine, "tick");
    const auto& lines = p.xlabels.lines[i];
    for (std::size_t k = 0; k < lines.size(); ++k) {
      if (p.xlabels.slanted) {
        scene.add(Text{
            {x + 0.3 * size, top + 0.3 * size}, {{lines[k]}}, size, Anchor::end, Align::middle, -45, "tick-label-x"});
      } else {
        scene.add(Text{{x, top + (static_cast<double>(k) + 0.5) * line},
                       {{lines[k]}},
                       size,
                       Anchor::middle,
                       Align::middle,
                       0,
                       "tick-label-x"});
      }
    }
  }
  for (std::size_t k = 0; k < p.xlabel.size(); ++k) {
    const double y = top + p.xlabels.height + label_gap - 2 + (static_cast<double>(k) + 0.5) * line;
    scene.add(Text{{p.box.centre().x, y},
                   {{p.xlabel[k], p.state->x.label_color}},
                   size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "axis-label"});
  }
}

void draw_y_axis(Scene& scene, const Panel& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  scene.line({p.box.left, p.box.top}, {p.box.left, p.box.bottom}, spine, "spine");
  for (std::size_t i = 0; i < p.ty.at.size(); ++i) {
    const double y = p.y(p.ty.at[i]);
    scene.line({p.box.left - tick_length, y}, {p.box.left, y}, spine, "tick");
    const auto& lines = p.ylabels[i];
    const double first = y - (static_cast<double>(lines.size()) - 1) / 2 * line;
    for (std::size_t k = 0; k < lines.size(); ++k) {
      scene.add(Text{{p.box.left - tick_length - tick_gap, first + static_cast<double>(k) * line},
                     {{lines[k]}},
                     size,
                     Anchor::end,
                     Align::middle,
                     0,
                     "tick-label-y"});
    }
  }
  for (std::size_t k = 0; k < p.ylabel.size(); ++k) {
    const double x = p.box.left - tick_length - tick_gap - p.ylabels_width - label_gap -
                     (static_cast<double>(p.ylabel.size() - k) - 0.5) * line;
    scene.add(Text{{x, p.box.centre().y},
                   {{p.ylabel[k], p.state->y.label_color}},
                   size,
                   Anchor::middle,
                   Align::middle,
                   -90,
                   "axis-label"});
  }
}

void draw_twin_axis(Scene& scene, const Panel& p, const Theme& theme) {
  const double size = theme.font_px();
  const double line = line_height * size;
  const Stroke spine{Role::muted, 1};
  const Paint color = p.twin->y.label_color;
  scene.line({p.box.right, p.box.top}, {p.box.right, p.box.bottom}, spine, "spine");
  for (std::size_t i = 0; i < p.ty2.at.size(); ++i) {
    const double y = p.y2(p.ty2.at[i]);
    scene.line({p.box.right, y}, {p.box.right + tick_length, y}, spine, "tick");
    scene.add(Text{{p.box.right + tick_length + tick_gap, y},
                   {{p.ty2.labels[i], color}},
                   size,
                   Anchor::start,
                   Align::middle,
                   0,
                   "tick-label-y2"});
  }
  for (std::size_t k = 0; k < p.y2label.size(); ++k) {
    const double x =
        p.box.right + tick_length + tick_gap + p.y2labels_width + label_gap + (static_cast<double>(k) + 0.5) * line;
    scene.add(
        Text{{x, p.box.centre().y}, {{p.y2label[k], color}}, size, Anchor::middle, Align::middle, -90, "axis-label"});
  }
}

// How much wider than high a plot is in which one unit of x is as long as one of y; of a log axis a decade is one unit.
// Where that would leave less than a strip of the plot the shorter axis shows more.
double equal_units(Panel& p, double width, double height) {
  const auto half = [](const Scale& s) {
    return s.log ? (std::log10(s.high) - std::log10(s.low)) / 2 : s.high / 2 - s.low / 2;
  };
  const auto widen = [](Scale& s, double wanted) {
    DataRange around;
    if (s.log) {
      const double middle = (std::log10(s.high) + std::log10(s.low)) / 2;
      around.add(std::pow(10, std::clamp(middle - wanted, -323.0, 308.0)));
      around.add(std::pow(10, std::clamp(middle + wanted, -323.0, 308.0)));
    } else {
      constexpr double most = std::numeric_limits<double>::max();
      const double middle = s.high / 2 + s.low / 2;
      around.add(std::clamp(middle - wanted, -most, most));
      around.add(std::clamp(middle + wanted, -most, most));
    }
    s.low = around.low;
    s.high = around.high;
  };
  constexpr double strip = 40;
  const double x = half(p.x), y = half(p.y);
  if (!(x / y * height >= strip)) widen(p.x, y * (strip / height));
  if (!(y / x * width >= strip)) widen(p.y, x * (strip / width));
  return std::clamp(half(p.x) / half(p.y), strip / height / 2, 2 * width / strip);
}

// Scales map to the panel's box.
void set_scales(Panel& p) {
  p.x.from = p.box.left;
  p.x.to = p.box.right;
  p.y.from = p.box.bottom;
  p.y.to = p.box.top;
  if (p.yaxis.inverted) std::swap(p.y.from, p.y.to);
  if (!p.twin) return;
  p.y2.from = p.box.bottom;
  p.y2.to = p.box.top;
  if (p.twin->y.inverted) std::swap(p.y2.from, p.y2.to);
}

void draw_panel(Scene& scene, const Panel& p, const Theme& theme) {
  const double size = theme.font_px();
  if (p.state->grid) {
    for (const double v : p.tx.at) scene.line({p.x(v), p.box.top}, {p.x(v), p.box.bottom}, {Role::grid, 1}, "grid");
    for (const double v : p.ty.at) scene.line({p.box.left, p.y(v)}, {p.box.right, p.y(v)}, {Role::grid, 1}, "grid");
  }
  const auto paint = [&](const std::vector<Artist>& artists, const Scale& y, bool limited) {
    if (limited) scene.add(ClipBegin{{p.box.left - 1, p.box.top - 1, p.box.right + 1, p.box.bottom + 1}});
    Painter painter(scene, p.x, y, p.box, theme);
    // Areas first, then lines, then points: the order of the alternatives of Artist, text last and unclipped.
    for (std::size_t kind = 0; kind + 1 < std::variant_size_v<Artist>; ++kind) {
      for (const Artist& a : artists) {
        if (a.index() == kind) std::visit(painter, a);
      }
    }
    if (limited) scene.add(ClipEnd{});
    for (const Artist& a : artists) {
      if (std::holds_alternative<TextArtist>(a)) std::visit(painter, a);
    }
  };
  paint(p.artists, p.y, p.xaxis.limits || p.yaxis.limits);
  draw_x_axis(scene, p, theme);
  draw_y_axis(scene, p, theme);
  if (p.twin) {
    paint(p.twin_artists, p.y2, p.xaxis.limits || p.twin->y.limits);
    draw_twin_axis(scene, p, theme);
  }
  for (std::size_t k = 0; k < p.title.size(); ++k) {
    const double y = p.box.top - 6 - (static_cast<double>(p.title.size() - k) - 0.5) * 1.15 * line_height * size;
    scene.add(Text{{p.box.centre().x, y},
                   {{p.title[k], Role::ink, true}},
                   1.15 * size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "title"});
  }
  double note_y = p.box.bottom + tick_length + tick_gap + p.xlabels.height + label_gap;
  if (!p.xlabel.empty()) note_y += label_gap - 2 + static_cast<double>(p.xlabel.size()) * line_height * size;
  for (const std::string& l : p.note_lines) {
    note_y += note_size * line_height * size;
    scene.add(Text{{p.box.right, note_y - 0.5 * note_size * line_height * size},
                   {{l, Role::muted}},
                   note_size * size,
                   Anchor::end,
                   Align::middle,
                   0,
                   "note"});
  }
  draw_colorbar(scene, p, theme);
  if (const auto& legend = legend_of(p)) draw_legend(scene, p, *legend, theme);
}

}  // namespace

void draw_grid(Scene& scene, const std::vector<std::vector<const Axes*>>& grid, bool share_x, bool share_y,
               const std::string& title, const Theme& theme) {
  const std::size_t rows = grid.size();
  const std::size_t columns = grid.front().size();
  const double size = theme.font_px();
  std::vector<Panel> panels(rows * columns);
  Range shared_x, shared_y;
  std::vector<Range> xs(panels.size()), ys(panels.size()), y2s(panels.size());
  AxisState told_x, told_y;
  for (const auto& row : grid) {
    for (const Axes* axes : row) {
      share(axes->state().x, told_x);
      share(axes->state().y, told_y);
    }
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    Panel& p = panels[i];
    p.state = &grid[i / columns][i % columns]->state();
    if (p.state->twin) p.twin = &p.state->twin->state();
    p.xaxis = p.state->x;
    p.yaxis = p.state->y;
    if (share_x) share(told_x, p.xaxis);
    if (share_y) share(told_y, p.yaxis);
    Range& rx = share_x ? shared_x : xs[i];
    Range& ry = share_y ? shared_y : ys[i];
    extend(p.state->artists, rx, ry, p.xaxis.log, p.yaxis.log);
    if (p.twin) extend(p.twin->artists, rx, y2s[i], p.xaxis.log, p.twin->y.log);
  }
  for (std::size_t i = 0; i < panels.size(); ++i) {
    Panel& p = panels[i];
    const Limits x = limits(p.xaxis, share_x ? shared_x : xs[i]);
    const Limits y = limits(p.yaxis, share_y ? shared_y : ys[i]);
    p.x = {x.low, x.high, 0, 1, p.xaxis.log};
    p.y = {y.low, y.high, 0, 1, p.yaxis.log};
    if (p.twin) {
      const Limits y2 = limits(p.twin->y, y2s[i]);
      p.y2 = {y2.low, y2.high, 0, 1, p.twin->y.log};
    }
    // No plot becomes larger than its share of the sheet.
    const Point most{std::max(least_width, scene.width / static_cast<double>(columns)),
                     std::max(least_height, scene.height / static_cast<double>(rows))};
    p.notes = p.state->notes;
    note_impossible_limits(p.notes, "x", p.xaxis);
    note_impossible_limits(p.notes, "y", p.yaxis);
    if (p.twin) note_impossible_limits(p.notes, "right y", p.twin->y);
    const Simplifier own(p.x, p.y, most, theme, p.notes);
    for (const Artist& a : p.state->artists) p.artists.push_back(own(a));
    own.finish();
    if (p.twin) {
      p.notes.insert(p.notes.end(), p.twin->notes.begin(), p.twin->notes.end());
      const Simplifier other(p.x, p.y2, most, theme, p.notes);
      for (const Artist& a : p.twin->artists) p.twin_artists.push_back(other(a));
      other.finish();
    }
    if (p.state->colorbar && !mapped_points(p)) p.notes.push_back("No colour bar: no scatter has a finite number in c");
  }

  const std::vector<std::string> title_lines = lines_of(title, 1.3 * size, scene.width - 2 * outer_gap, true);
  const double title_line = 1.3 * line_height * size;
  const double title_height = title.empty() ? 0 : outer_gap + static_cast<double>(title_lines.size()) * title_line;
  const double wish_width = scene.width, wish_height = scene.height;
  const auto lay_out = [&] {
    scene.width = wish_width;
    scene.height = wish_height;
    double w = std::max(least_width, scene.width / static_cast<double>(columns) - 80);
    double h = std::max(least_height, (scene.height - title_height) / static_cast<double>(rows) - 70);
    std::vector<double> left(columns), right(columns), top(rows), bottom(rows);
    // Ticks depend on the size of the plot, margins on ticks, the size on margins: a few rounds settle it.
    bool moved = true;
    for (int round = 0; round < 8 && moved; ++round) {
      left.assign(columns, 0);
      right.assign(columns, 0);
      top.assign(rows, 0);
      bottom.assign(rows, 0);
      for (std::size_t i = 0; i < panels.size(); ++i) {
        measure(panels[i], w, h, scene.width / static_cast<double>(columns), theme);
        left[i % columns] = std::max(left[i % columns], panels[i].left);
        right[i % columns] = std::max(right[i % columns], panels[i].right);
        top[i / columns] = std::max(top[i / columns], panels[i].top);
        bottom[i / columns] = std::max(bottom[i / columns], panels[i].bottom);
      }
      double margin_x = 0, margin_y = title_height;
      for (std::size_t c = 0; c < columns; ++c) margin_x += left[c] + right[c];
      for (std::size_t r = 0; r < rows; ++r) margin_y += top[r] + bottom[r];
      const double width = std::max(least_width, (scene.width - margin_x) / static_cast<double>(columns));
      const double height = std::max(least_height, (scene.height - margin_y) / static_cast<double>(rows));
      moved = std::abs(width - w) > 0.01 || std::abs(height - h) > 0.01;
      w = width;
      h = height;
    }
    double y = title_height;
    for (std::size_t r = 0; r < rows; ++r) {
      double x = 0;
      y += top[r];
      for (std::size_t c = 0; c < columns; ++c) {
        x += left[c];
        Panel& p = panels[r * columns + c];
        p.box = {x, y, x + w, y + h};
        if (p.state->equal) {
          const double ratio = equal_units(p, w, h);
          const double fit = std::min(w, h * ratio);
          const double tall = fit / ratio;
          p.box = {x + (w - fit) / 2, y + (h - tall) / 2, x + (w + fit) / 2, y + (h + tall) / 2};
        }
        x += w + right[c];
      }
      y += h + bottom[r];
      scene.width = std::max(scene.width, x);
    }
    scene.height = std::max(scene.height, y);
    for (Panel& p : panels) {
      if (p.state->equal) {
        // The box shrank: ticks and labels anew, margins stay (they can only be too wide now).
        const Box box = p.box;
        const double l = p.left, rt = p.right, t = p.top, b = p.bottom;
        measure(p, box.width(), box.height(), scene.width / static_cast<double>(columns), theme);
        p.left = l;
        p.right = rt;
        p.top = t;
        p.bottom = std::max(b, p.bottom);
        p.box = box;
      }
      set_scales(p);
    }
  };
  // A legend without a free place inside moves below the axes. That takes room from all panels of its row, so that
  // others may lose theirs; each round moves one or ends.
  for (bool settled = false; !settled;) {
    lay_out();
    settled = true;
    for (Panel& p : panels) {
      const auto& legend = legend_of(p);
      if (!legend || p.legend_outside) continue;
      if (const auto place = legend_place(p, *legend, theme, scene)) {
        p.legend_at = *place;
      } else if (!legend_entries(p, size, 1e9).empty()) {
        p.legend_homeless = true;
        settled = false;
      }
    }
  }
  for (const Panel& p : panels) draw_panel(scene, p, theme);
  for (std::size_t i = 0; i < title_lines.size(); ++i) {
    scene.add(Text{{scene.width / 2, outer_gap + (static_cast<double>(i) + 0.5) * title_line},
                   {{title_lines[i], Role::ink, true}},
                   1.3 * size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "title"});
  }
}

}  // namespace xg::viz::detail
