#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/force.hpp>
#include <xgrad/viz/format.hpp>
#include <xgrad/viz/row_chart.hpp>
#include <xgrad/viz/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xg::viz {
namespace {

double known(double v) {
  return std::isfinite(v) ? v : 0;
}

struct Segment {
  std::size_t feature;
  double from;  // output where it begins, away from f(x)
  double to;    // output where it ends, towards f(x)
  double share;
};

// Names below the arrows, in as many levels as it takes so that no two overlap and no leader crosses a name.
class Labels {
 public:
  Labels(double top, double size, double left, double right) : top_(top), size_(size), left_(left), right_(right) {}

  void add(double leader, std::vector<std::string> lines, const Paint& paint) {
    Label l{leader, std::move(lines), paint, 0, 0, {}, false};
    for (const std::string& text : l.lines) l.width = std::max(l.width, text_width(text, size_));
    l.height = static_cast<double>(l.lines.size()) * line_height * size_;
    labels_.push_back(std::move(l));
  }

  // Places the labels and draws them; leaders begin at `from`. Returns the y below all.
  double draw(Scene& scene, double from) {
    for (std::size_t placed = 0; placed < labels_.size(); ++placed) place_next();
    double bottom = top_;
    for (const Label& l : labels_) scene.line({l.leader, from}, {l.leader, l.box.top + 1}, {l.paint, 1}, "leader");
    for (const Label& l : labels_) {
      // Where there was no free place, the name hides the leader that passes it.
      if (conflicts(l, l.box) > 0)
        scene.add(Rect{{l.box.left, l.box.top + 2, l.box.right, l.box.bottom - 2}, Role::background, {}, 0, "cover"});
      double y = l.box.top + 2 + 0.5 * line_height * size_;
      for (const std::string& text : l.lines) {
        scene.add(
            Text{{l.box.centre().x, y}, {{text, l.paint}}, size_, Anchor::middle, Align::middle, 0, "force-label"});
        y += line_height * size_;
      }
      bottom = std::max(bottom, l.box.bottom);
    }
    return bottom;
  }

 private:
  struct Label {
    double leader;
    std::vector<std::string> lines;
    Paint paint;
    double width, height;
    Box box;
    bool placed;
  };

  // How much a box at this place gets in the way; 0 is none.
  int conflicts(const Label& label, const Box& box) const {
    int count = 0;
    for (const Label& other : labels_) {
      if (&other == &label) continue;
      const bool under_leader = other.leader > box.left && other.leader < box.right;
      if (!other.placed) {
        count += under_leader ? 1 : 0;  // its leader will come down through this box
        continue;
      }
      if (box.overlaps(other.box)) count += 1000;
      if (under_leader && other.box.top >= box.bottom) ++count;
      if (label.leader > other.box.left && label.leader < other.box.right && box.top >= other.box.bottom) ++count;
    }
    return count;
  }

  // Of all labels that are left, all alignments and all levels: the place with the least conflict, highest first.
  void place_next() {
    std::vector<double> levels = {top_};
    for (const Label& l : labels_) {
      if (l.placed) levels.push_back(l.box.bottom);
    }
    std::sort(levels.begin(), levels.end());
    Label* best = nullptr;
    Box best_box;
    int least = 0;
    for (Label& l : labels_) {
      if (l.placed) continue;
      for (const double share : {0.5, 1.0, 0.0}) {
        const double start = std::clamp(l.leader - share * l.width, left_, std::max(left_, right_ - l.width));
        for (const double y : levels) {
          const Box box{start - 6, y, start + l.width + 6, y + l.height + 4};
          const int count = conflicts(l, box);
          if (!best || count < least || (count == least && y < best_box.top - 0.5)) {
            best = &l;
            best_box = box;
            least = count;
          }
        }
      }
    }
    if (!best) return;
    best->box = best_box;
    best->placed = true;
  }

  double top_, size_, left_, right_;
  std::vector<Label> labels_;
};

Figure single(const Contributions& c, const ForceOptions& o) {
  const auto link = [&](double v) { return o.link == Link::logit ? detail::logistic(v) : v; };
  const double total = c.total(0);
  double all = 0;
  for (std::size_t i = 0; i < c.features; ++i) all += std::abs(known(c.value(0, i)));
  std::vector<Segment> up, down;
  double high_end = total, low_end = total;
  for (const std::size_t i : detail::by_importance(c)) {
    const double v = known(c.value(0, i));
    const double share = all > 0 ? std::abs(v) / all : 0;
    if (v > 0) {
      up.push_back({i, link(low_end - v), link(low_end), share});
      low_end -= v;
    } else if (v < 0) {
      down.push_back({i, link(high_end - v), link(high_end), share});
      high_end -= v;
    }
  }

  const double font = o.theme.font_px();
  const double line = line_height * font;
  Scene scene;
  scene.width = std::round(o.width * 96);
  double y = 12;
  if (!o.title.empty()) {
    y += detail::add_title(scene, o.title, 1.15 * font, y + 0.5 * line, 1.15 * line);
    y += 4;
  }
  double low = std::min({link(low_end), link(c.base[0]), link(total)});
  double high = std::max({link(high_end), link(c.base[0]), link(total)});
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (!(high > low)) {
    low -= 0.5;
    high += 0.5;
  }
  const double pad = 0.06 * (high - low);
  const Scale x{low - pad, high + pad, 16, scene.width - 16};

  // f(x) and the base value above the axis; where they would collide, the base value steps up.
  const double fx = x(link(total));
  const double bx = x(link(c.base[0]));
  const std::string value = format_value(link(total), std::max(2, decimals_for(high - low)));
  const Text output{
      {fx, 0},      {{"f(x) ", Role::muted}, {value, Role::ink, true, 1.15}}, font, Anchor::middle, Align::middle, 0,
      "total-label"};
  const Text base{{bx, 0},
                  {{fmt::format("base value {}", format_value(link(c.base[0]), std::max(2, decimals_for(high - low)))),
                    Role::muted}},
                  font,
                  Anchor::middle,
                  Align::middle,
                  0,
                  "base-label"};
  const auto place = [&](Text t, double at) {
    t.at.y = at;
    detail::add_inside(scene, std::move(t));
  };
  const double gap = (width(output) + width(base)) / 2 + 14;
  const bool collide = std::abs(fx - bx) < gap || bx < gap || bx > scene.width - gap;
  if (collide) {
    place(base, y + 0.5 * line);
    y += line;
  }
  place(output, y + 0.5 * line);
  if (!collide) place(base, y + 0.5 * line);
  y += line + 2;

  Ticks t;
  for (std::size_t most = 10; most >= 2; --most) {
    t = x.ticks(most);
    bool fits = true;
    for (std::size_t i = 1; i < t.at.size(); ++i) {
      fits = fits && x(t.at[i]) - x(t.at[i - 1]) >=
                         (text_width(t.labels[i - 1], font) + text_width(t.labels[i], font)) / 2 + font;
    }
    if (fits) break;
  }
  const double axis = y + line + 5;
  const Stroke spine{Role::muted, 1};
  scene.line({x.from, axis}, {x.to, axis}, spine, "spine");
  for (std::size_t i = 0; i < t.at.size(); ++i) {
    const double px = x(t.at[i]);
    scene.line({px, axis - 4}, {px, axis}, spine, "tick");
    detail::add_inside(
        scene,
        Text{{px, axis - 5 - 0.5 * line}, {{t.labels[i]}}, font, Anchor::middle, Align::middle, 0, "tick-label-x"});
  }

  const double top = axis + 26;
  const double bottom = top + 30;
  const double middle = (top + bottom) / 2;
  if (!up.empty()) {
    detail::add_inside(
        scene,
        Text{{fx - 9, axis + 13}, {{"higher →", Role::positive}}, font, Anchor::end, Align::middle, 0, "direction"});
  }
  if (!down.empty()) {
    detail::add_inside(
        scene,
        Text{{fx + 9, axis + 13}, {{"← lower", Role::negative}}, font, Anchor::start, Align::middle, 0, "direction"});
  }
  const auto arrows = [&](const std::vector<Segment>& segments, const Paint& paint) {
    for (std::size_t k = 0; k < segments.size(); ++k) {
      const double from = x(segments[k].from);
      const double to = x(segments[k].to);
      const double sign = to >= from ? 1 : -1;
      const double head = std::min(7.0, 0.6 * std::abs(to - from)) * sign;
      const double notch = k + 1 == segments.size() ? 0 : std::min(7.0, 0.6 * std::abs(to - from)) * sign;
      scene.add(Polygon{
          {{from, top}, {to - head, top}, {to, middle}, {to - head, bottom}, {from, bottom}, {from + notch, middle}},
          paint,
          {Role::background, 1},
          "bar"});
    }
  };
  // The smallest are drawn last, so that the head of each stays visible in the notch of the next.
  arrows(up, Role::positive);
  arrows(down, Role::negative);
  scene.line({fx, axis}, {fx, bottom + 6}, {Role::ink, 1.2}, "total-line");
  scene.line({bx, axis - 4}, {bx, axis + 5}, {Role::ink, 1.6}, "base-line");

  Labels labels(bottom + 10, font, 14, scene.width - 14);
  const auto name = [&](const std::vector<Segment>& segments, const Paint& paint) {
    for (const Segment& s : segments) {
      if (s.share < o.contribution_threshold) continue;
      const std::string shown = c.shown(0, s.feature);
      const std::string text = shown.empty() ? c.name(s.feature) : fmt::format("{} = {}", c.name(s.feature), shown);
      labels.add((x(s.from) + x(s.to)) / 2, viz::wrap(text, font, 0.4 * scene.width), paint);
    }
  };
  name(up, Role::positive);
  name(down, Role::negative);
  double end = labels.draw(scene, bottom + 1) + 4;
  for (const std::string& l : viz::wrap(detail::space_label(c, o.link), font, scene.width - 16)) {
    scene.add(Text{{scene.width / 2, end + 6 + 0.5 * line},
                   {{l, Role::muted}},
                   font,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "axis-label"});
    end += line;
  }
  scene.height = end + 14;
  scene.title = o.title.empty() ? "Forces on one prediction" : o.title;
  scene.description =
      fmt::format("Base value {}, output {}.", format_value(link(c.base[0])), format_value(link(total)));
  for (const Segment& s : up)
    scene.description += fmt::format(" {} up {}.", c.name(s.feature), format_value(c.value(0, s.feature)));
  for (const Segment& s : down)
    scene.description += fmt::format(" {} down {}.", c.name(s.feature), format_value(-c.value(0, s.feature)));
  return Figure::from_scene(std::move(scene), o.theme);
}

// Complete linkage by nearest-neighbour chains; at each merge the two runs of rows are turned so that near ends meet.
std::vector<std::size_t> similar_rows(const Contributions& c, const std::vector<std::size_t>& rows) {
  const std::size_t n = rows.size();
  std::vector<float> distance(n * n, 0);
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double sum = 0;
      for (std::size_t i = 0; i < c.features; ++i) {
        const double d = known(c.value(rows[a], i)) - known(c.value(rows[b], i));
        sum += d * d;
      }
      distance[a * n + b] = distance[b * n + a] = static_cast<float>(sum);
    }
  }
  const std::vector<float> between = distance;
  std::vector<std::vector<std::size_t>> runs(n);
  for (std::size_t i = 0; i < n; ++i) runs[i] = {i};
  std::vector<bool> alive(n, true);
  std::vector<std::size_t> chain;
  std::size_t left = n;
  while (left > 1) {
    if (chain.empty()) {
      chain.push_back(static_cast<std::size_t>(std::find(alive.begin(), alive.end(), true) - alive.begin()));
    }
    const std::size_t a = chain.back();
    std::size_t nearest = n;
    // Ties go to the one the chain came from, so that it ends.
    if (chain.size() > 1) nearest = chain[chain.size() - 2];
    for (std::size_t b = 0; b < n; ++b) {
      if (b == a || !alive[b]) continue;
      if (nearest == n || distance[a * n + b] < distance[a * n + nearest]) nearest = b;
    }
    if (chain.size() < 2 || nearest != chain[chain.size() - 2]) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    auto& p = runs[std::min(a, nearest)];
    auto& q = runs[std::max(a, nearest)];
    const auto near = [&](std::size_t u, std::size_t v) { return between[u * n + v]; };
    const float ends[4] = {near(p.back(), q.front()), near(p.back(), q.back()), near(p.front(), q.front()),
                           near(p.front(), q.back())};
    const auto best = std::min_element(ends, ends + 4) - ends;
    if (best >= 2) std::reverse(p.begin(), p.end());
    if (best % 2 == 1) std::reverse(q.begin(), q.end());
    p.insert(p.end(), q.begin(), q.end());
    q.clear();
    const std::size_t kept = std::min(a, nearest);
    const std::size_t gone = std::max(a, nearest);
    alive[gone] = false;
    for (std::size_t k = 0; k < n; ++k) {
      distance[kept * n + k] = distance[k * n + kept] = std::max(distance[kept * n + k], distance[gone * n + k]);
    }
    --left;
  }
  std::vector<std::size_t> order =
      runs[static_cast<std::size_t>(std::find(alive.begin(), alive.end(), true) - alive.begin())];
  for (std::size_t& i : order) i = rows[i];
  if (c.total(order.front()) < c.total(order.back())) std::reverse(order.begin(), order.end());
  return order;
}

Figure stacked(const Contributions& c, const ForceOptions& o) {
  const auto link = [&](double v) { return o.link == Link::logit ? detail::logistic(v) : v; };
  std::vector<std::size_t> rows(std::min(c.rows, o.max_rows));
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = k * c.rows / rows.size();
  std::string label = "Rows in their order";
  if (o.order == RowOrder::similarity) {
    rows = similar_rows(c, rows);
    label = "Rows, similar explanations side by side";
  } else if (o.order == RowOrder::output) {
    std::stable_sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return c.total(a) > c.total(b); });
    label = "Rows by falling output";
  }
  if (rows.size() < c.rows) {
    label = fmt::format("{} ({} of {} rows shown)", label, format_count(static_cast<double>(rows.size())),
                        format_count(static_cast<double>(c.rows)));
  }
  Figure figure({.width = o.width, .height = 4.2, .title = o.title, .theme = o.theme});
  Axes& axes = figure.axes();
  std::vector<double> at, output, base;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    at.push_back(static_cast<double>(k));
    output.push_back(link(c.total(rows[k])));
    base.push_back(link(c.base[rows[k]]));
  }
  // Bands of the most important features lie next to the output's line, in two shades by turns; the rest is one band.
  const auto order = detail::by_importance(c);
  constexpr std::size_t named = 6;
  for (const bool up : {true, false}) {
    std::vector<double> inner(rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k) inner[k] = c.total(rows[k]);
    for (std::size_t band = 0; band <= std::min(named, order.size() - 1); ++band) {
      std::vector<double> outer = inner;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        const std::size_t last = band == named ? order.size() : band + 1;
        for (std::size_t j = band; j < last; ++j) {
          const double v = known(c.value(rows[k], order[j]));
          if ((v > 0) == up) outer[k] -= v;
        }
      }
      std::vector<double> from(rows.size()), to(rows.size());
      for (std::size_t k = 0; k < rows.size(); ++k) {
        from[k] = link(inner[k]);
        to[k] = link(outer[k]);
      }
      axes.fill_between(at, to, from,
                        {.color = up ? Role::positive : Role::negative,
                         .alpha = band % 2 == 0 ? 0.95 : 0.62,
                         .label = band == 0 ? (up ? "pushes up" : "pushes down") : ""});
      inner = outer;
    }
  }
  axes.plot(at, output, {.color = Role::ink, .linewidth = 1.2, .label = "output"});
  axes.axhline(std::accumulate(base.begin(), base.end(), 0.0) / static_cast<double>(base.size()),
               {.color = Role::ink, .label = "base value"});
  axes.set_xlim(rows.size() > 1 ? 0 : -0.5, rows.size() > 1 ? static_cast<double>(rows.size() - 1) : 0.5);
  axes.set_xlabel(label);
  axes.set_ylabel(detail::space_label(c, o.link));
  axes.legend({.loc = "outside"});
  figure.set_description(o.title.empty() ? "Forces on many predictions" : o.title, fmt::format("{} rows.", c.rows));
  return figure;
}

}  // namespace

Figure force(const explain::Explanation& e, const ForceOptions& o) {
  return force(contributions(e, o.output, "force"), o);
}

Figure force(const Contributions& c, const ForceOptions& o) {
  c.check("force");
  detail::need_sums("force", c);
  detail::check_link("force", o.link, c.space);
  if (o.max_rows == 0) throw ValueError("[force] max_rows is 0: show at least one row.");
  return c.rows == 1 ? single(c, o) : stacked(c, o);
}

}  // namespace xg::viz
