#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/leader_labels.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/similarity.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/detail/thinning.hpp>
#include <xgrad/viz/force.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xg::viz {
namespace {

constexpr std::size_t no_feature = static_cast<std::size_t>(-1);  // stands for the unexplained part of the output

struct Segment {
  std::size_t feature;
  double from;  // output at its beginning, away from f(x)
  double to;    // output at its end, towards f(x)
  double share;
};

std::string name_of(const Contributions& c, std::size_t feature) {
  return feature == no_feature ? detail::unexplained_name : c.name(feature);
}

Figure single(const Contributions& c, const ForceOptions& o) {
  const double total = c.prediction(0);
  bool good = std::isfinite(total);  // otherwise there is no point where the arrows meet
  double total_size = 0;
  for (std::size_t i = 0; i < c.features; ++i) total_size += std::abs(detail::finite_or_zero(c.value(0, i)));
  std::vector<Segment> up, down;
  double high_end = total, low_end = total;
  const auto push = [&](std::size_t feature, double v) {
    const double share = total_size > 0 ? std::abs(v) / total_size : 0;
    if (v > 0) {
      up.push_back({feature, low_end - v, low_end, share});
      low_end -= v;
    } else if (v < 0) {
      down.push_back({feature, high_end - v, high_end, share});
      high_end -= v;
    }
  };
  if (good) {
    for (const std::size_t i : detail::by_importance(c)) push(i, detail::finite_or_zero(c.value(0, i)));
    push(no_feature, c.unexplained(0));
    if (!std::isfinite(low_end) || !std::isfinite(high_end)) {
      good = false;
      up.clear();
      down.clear();
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
  detail::DataRange range;
  range.add(c.base[0]);
  for (const double v : {low_end, high_end, total}) {
    if (good) range.add(v);
  }
  const auto [low, high] = detail::linear_limits(range, {0.06, 0.06, 0.5});
  Scale x{low, high, 16, scene.width - 16};
  // The widths of arrows are contributions to the logit. For a sigmoid the axis shows probabilities; the probability of
  // a softmax depends on its other logits, so that its axis shows the logit.
  x.log_odds = o.link == Link::logit && c.rivals.empty();

  // f(x) and the base value stand above the axis, the base value one line higher if they would collide.
  const double fx = good ? x(total) : scene.width / 2;
  const double bx = x(c.base[0]);
  const bool linked = o.link == Link::logit;
  const int decimals = linked ? 3 : std::max(2, decimals_for(detail::span(low, high)));
  const std::string value = format_value(detail::linked_prediction(c, 0, o.link), decimals);
  const std::string base_value = format_value(detail::linked_base(c, 0, o.link), decimals);
  const std::string what = linked && !c.rivals.empty() ? "probability " : "";
  const Text output{{fx, 0},       {{"f(x) " + what, Role::muted}, {value, Role::ink, true, 1.15}},
                    font,          Anchor::middle,
                    Align::middle, 0,
                    "total-label"};
  const Text base{{bx, 0},       {{fmt::format("base value {}{}", what, base_value), Role::muted}},
                  font,          Anchor::middle,
                  Align::middle, 0,
                  "base-label"};
  const auto place = [&](Text t, double y_px) {
    t.position.y = y_px;
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

  const Ticks t = detail::separate_ticks(x, 10, font, font);
  const double axis = y + line + 5;
  const Stroke spine{Role::muted, 1};
  scene.line({x.from, axis}, {x.to, axis}, spine, "spine");
  for (std::size_t i = 0; i < t.positions.size(); ++i) {
    const double px = x(t.positions[i]);
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
          segments[k].feature == no_feature ? Paint(Role::grid) : paint,
          segments[k].feature == no_feature ? Stroke{Role::muted, 1.2, {4, 3}} : Stroke{Role::background, 1},
          "bar"});
    }
  };
  // The smallest arrows are drawn last, so that the head of each stays visible in the notch of the next.
  arrows(up, Role::positive);
  arrows(down, Role::negative);
  if (good) scene.line({fx, axis}, {fx, bottom + 6}, {Role::ink, 1.2}, "total-line");
  scene.line({bx, axis - 4}, {bx, axis + 5}, {Role::ink, 1.6}, "base-line");

  // Placing names takes time that grows fast with their number, so that only the widest arrows are named.
  constexpr std::size_t max_names = 60;
  std::vector<double> shares;
  for (const std::vector<Segment>* segments : {&up, &down}) {
    for (const Segment& s : *segments) {
      if (s.feature != no_feature && s.share >= o.contribution_threshold) shares.push_back(s.share);
    }
  }
  const std::size_t wanted = shares.size();
  std::sort(shares.begin(), shares.end(), std::greater<>());
  shares.resize(std::min(wanted, max_names));
  std::size_t names = 0;
  detail::LeaderLabels labels(bottom + 10, font, 14, scene.width - 14);
  const auto name = [&](const std::vector<Segment>& segments, const Paint& paint) {
    for (const Segment& s : segments) {
      if (s.feature == no_feature) {
        labels.add((x(s.from) + x(s.to)) / 2, {detail::unexplained_name}, Role::muted);
        continue;
      }
      if (s.share < o.contribution_threshold || s.share < shares.back() || names == max_names) continue;
      ++names;
      const std::string shown = c.shown(0, s.feature);
      const std::string text = shown.empty() ? c.name(s.feature) : fmt::format("{} = {}", c.name(s.feature), shown);
      labels.add((x(s.from) + x(s.to)) / 2, viz::wrap(text, font, 0.4 * scene.width), paint);
    }
  };
  name(up, Role::positive);
  name(down, Role::negative);
  double end = labels.draw(scene, bottom + 1) + 4;
  std::vector<std::string> notes;
  if (!good)
    notes.push_back(std::isfinite(total) ? "No arrows: the contributions are too large to be summed up"
                    : std::isnan(total)  ? "No arrows: the output is no number"
                                         : "No arrows: the output is infinite");
  if (const std::string infinite = detail::infinite_note(c, "an arrow"); !infinite.empty()) notes.push_back(infinite);
  if (names < wanted)
    notes.push_back(fmt::format("{} of {} features named, those that contribute most", names, wanted));
  if (linked) notes.push_back(detail::base_note(c, o.link));
  const auto lines = [&](const std::string& text) { return viz::wrap(text, font, scene.width - 16); };
  std::vector<std::string> lines_below = lines(detail::space_label(c, x.log_odds ? Link::logit : Link::identity));
  for (const std::string& note : notes) {
    const auto more = lines(note);
    lines_below.insert(lines_below.end(), more.begin(), more.end());
  }
  for (const std::string& l : lines_below) {
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
  scene.description = fmt::format("Base value {}{}, output {}{}.", what, base_value, what, value);
  for (const Segment& segment : up)
    scene.description +=
        fmt::format(" {} up {}.", name_of(c, segment.feature), format_value(segment.to - segment.from));
  for (const Segment& segment : down)
    scene.description +=
        fmt::format(" {} down {}.", name_of(c, segment.feature), format_value(segment.from - segment.to));
  for (const std::string& note : notes) scene.description += fmt::format(" {}.", note);
  scene.caption =
      "Arrows are as wide as the contributions: red ones push the output up, blue ones down, and they meet at "
      "the model's output f(x).";
  if (c.unexplained(0) != 0) scene.caption += " The grey one is what the contributions do not explain.";
  scene.about = c.about;
  return Figure::from_scene(std::move(scene), o.theme);
}

Figure stacked(const Contributions& c, const ForceOptions& o) {
  if (o.link == Link::logit && !c.rivals.empty())
    throw ValueError(
        "[force] link = logit has no axis for several rows of a softmax: its probability depends on the other logits, "
        "which differ from row to row. Draw decision with link = logit, force of one row, or link = identity.");
  const std::vector<std::size_t> drawable = detail::rows_with_prediction(c);
  std::vector<std::vector<double>> measures(3);  // output, and the lower and upper end of its bands
  bool gaps = false;
  for (const std::size_t r : drawable) {
    const double gap = c.unexplained(r);
    gaps = gaps || gap != 0;
    double low = c.prediction(r) - std::max(gap, 0.0), high = c.prediction(r) - std::min(gap, 0.0);
    for (std::size_t i = 0; i < c.features; ++i) {
      low -= std::max(detail::finite_or_zero(c.value(r, i)), 0.0);
      high -= std::min(detail::finite_or_zero(c.value(r, i)), 0.0);
    }
    measures[0].push_back(c.prediction(r));
    measures[1].push_back(low);
    measures[2].push_back(high);
  }
  // More than two rows in a px would overlap.
  const auto max_columns = static_cast<std::size_t>(std::max(1.0, 2 * 96 * o.width));
  std::vector<std::size_t> rows = detail::rows_to_draw(drawable, std::min(o.max_rows, max_columns), measures);
  std::string label = "Rows in their order";
  constexpr std::size_t max_similar = 5000;  // ordering them takes quadratic time
  if (o.order == RowOrder::similarity && rows.size() > max_similar) {
    throw ValueError(
        fmt::format("[force] {} rows are too many to be ordered by similarity: give max_rows of at most {}, "
                    "or another order.",
                    rows.size(), max_similar));
  }
  if (o.order == RowOrder::similarity) {
    if (!rows.empty()) rows = detail::order_by_similarity(c, rows);
    label = "Rows, similar explanations side by side";
  } else if (o.order == RowOrder::output) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::size_t a, std::size_t b) { return c.prediction(a) > c.prediction(b); });
    label = "Rows by falling output";
  }
  const std::string remark = detail::rows_note(rows.size(), drawable.size(), c.rows, "their output is no number");
  if (!remark.empty()) label = fmt::format("{} ({})", label, remark);
  Figure figure({.width = o.width, .height = 4.2, .title = o.title, .theme = o.theme});
  Axes& axes = figure.axes();
  std::vector<double> columns, output;  // x and y of the line of outputs
  for (std::size_t k = 0; k < rows.size(); ++k) {
    columns.push_back(static_cast<double>(k));
    output.push_back(c.prediction(rows[k]));
  }
  double base = 0;
  for (const double b : c.base) base += b / static_cast<double>(c.rows);
  // The bands of the most important features are next to the line of outputs, in alternating shades, followed by one
  // band of all other features and one of the unexplained part.
  const auto order = detail::by_importance(c);
  constexpr std::size_t named = 6;
  detail::DataRange range;
  range.add(base);
  for (const double v : output) range.add(v);
  for (const bool up : {true, false}) {
    std::vector<double> inner = output;
    const auto band = [&](auto&& contribution, const FillOptions& look) {
      std::vector<double> outer = inner;
      for (std::size_t k = 0; k < rows.size(); ++k) {
        outer[k] -= contribution(rows[k]);
        range.add(outer[k]);
      }
      axes.fill_between(columns, outer, inner, look);
      inner = outer;
    };
    for (std::size_t b = 0; b <= std::min(named, order.size() - 1); ++b) {
      const auto share = [&](std::size_t r) {
        double sum = 0;
        for (std::size_t j = b; j < (b == named ? order.size() : b + 1); ++j) {
          const double v = detail::finite_or_zero(c.value(r, order[j]));
          if ((v > 0) == up) sum += v;
        }
        return sum;
      };
      band(share, {.color = up ? Role::positive : Role::negative,
                   .alpha = b % 2 == 0 ? 0.95 : 0.62,
                   .label = b == 0 ? (up ? "pushes up" : "pushes down") : ""});
    }
    if (gaps)
      band([&](std::size_t r) { return (c.unexplained(r) > 0) == up ? c.unexplained(r) : 0.0; },
           {.color = Role::edge, .alpha = 0.9, .label = up ? detail::unexplained_name : ""});
  }
  axes.plot(columns, output, {.color = Role::ink, .linewidth = 1.2, .label = "output"});
  axes.axhline(base, {.color = Role::ink, .label = "base value"});
  axes.set_xlim(rows.size() > 1 ? 0 : -0.5, rows.size() > 1 ? static_cast<double>(rows.size() - 1) : 0.5);
  if (o.link == Link::logit) {
    const auto [low, high] = detail::linear_limits(range, {0.05, 0.05, 0.5});
    const Ticks ticks = probability_ticks(low, high, 7);
    axes.set_ylim(low, high);
    axes.set_yticks(ticks.positions, ticks.labels);
  }
  axes.set_xlabel(label);
  axes.set_ylabel(detail::space_label(c, o.link));
  axes.legend({.loc = "outside"});
  const std::string note = detail::base_note(c, o.link);
  figure.set_description(o.title.empty() ? "Forces on many predictions" : o.title,
                         fmt::format("{} rows drawn{}.{}{}", rows.size(), remark.empty() ? "" : " (" + remark + ")",
                                     note.empty() ? "" : " " + note, note.empty() ? "" : "."));
  figure.set_caption(
      "One column for each row of data: bands below the output's line push it up, bands above it push it "
      "down, each as high as its contribution." +
          (note.empty() ? "" : " " + note + "."),
      c.about);
  return figure;
}

}  // namespace

Figure force(const explain::Explanation& e, const ForceOptions& o) {
  return force(contributions(e, o.output, "force", o.link), o);
}

Figure force(const Contributions& c, const ForceOptions& o) {
  c.check("force");
  detail::check_sheet("force", o.width, o.theme);
  detail::check_between("force", "contribution_threshold", o.contribution_threshold, 0, 1);
  detail::need_sums("force", c);
  detail::check_link("force", o.link, c);
  detail::check_not_zero("force", "max_rows", o.max_rows, "row");
  return c.rows == 1 ? single(c, o) : stacked(c, o);
}

}  // namespace xg::viz
