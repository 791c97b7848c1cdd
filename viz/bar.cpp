#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/bar.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace xg::viz {
namespace {

struct Cohort {
  std::string name;           // with the number of rows
  std::vector<double> value;  // [features]
  std::vector<double> error;  // [features] or empty
};

struct BarRow {
  std::vector<Span> label;
  std::vector<double> value;  // [cohorts]
  std::vector<double> error;
};

double size_of(double v) { return std::isnan(v) ? -1 : std::abs(v); }

// Draws the bars. `sign` tells whether they may point to the left.
Figure draw(const std::vector<std::vector<Span>>& names, const std::vector<Cohort>& cohorts, bool sign,
            const std::string& axis_label, const std::vector<std::string>& notes, const std::vector<std::string>& about,
            const BarOptions& o) {
  const std::size_t n = names.size();
  std::vector<double> importance(n, 0.0);
  for (const Cohort& c : cohorts) {
    for (std::size_t i = 0; i < n; ++i) importance[i] += size_of(c.value[i]);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return importance[a] > importance[b]; });

  const std::size_t single = n > o.max_display ? o.max_display - 1 : n;
  std::vector<BarRow> rows;
  for (std::size_t k = 0; k < single; ++k) {
    BarRow r{names[order[k]], {}, {}};
    for (const Cohort& c : cohorts) {
      r.value.push_back(c.value[order[k]]);
      r.error.push_back(c.error.empty() ? NAN : c.error[order[k]]);
    }
    rows.push_back(std::move(r));
  }
  if (single < n) {
    BarRow r{{{fmt::format("Sum of {} other features", n - single), Role::muted}}, {}, {}};
    for (const Cohort& c : cohorts) {
      double sum = 0;
      for (std::size_t k = single; k < n; ++k) sum += std::isnan(c.value[order[k]]) ? 0 : c.value[order[k]];
      r.value.push_back(sum);
      r.error.push_back(NAN);
    }
    rows.push_back(std::move(r));
  }

  detail::DataRange range;
  range.add(0);
  double largest = 0;
  std::size_t infinite = 0;
  for (const BarRow& r : rows) {
    for (std::size_t k = 0; k < r.value.size(); ++k) {
      infinite += std::isinf(r.value[k]) ? 1 : 0;
      if (!std::isfinite(r.value[k])) continue;
      const double e = detail::finite_or_zero(r.error[k]);
      for (const double v : {r.value[k], r.value[k] - e, r.value[k] + e}) range.add(v);
      largest = std::max(largest, std::abs(r.value[k]));
    }
  }
  if (range.low == range.high) range.add(1);
  const auto [low, high] = detail::linear_limits(range, {0, 0, 0});
  const int decimals = decimals_for(largest);

  std::vector<std::vector<Span>> labels;
  for (const BarRow& r : rows) labels.push_back(r.label);
  const double groups = static_cast<double>(cohorts.size());
  const double row = cohorts.size() == 1 ? 40 : std::max(40.0, 17 * groups + 10);
  const bool legend = cohorts.size() > 1;
  detail::RowChart chart(
      labels,
      {.width = o.width, .row = row, .top = 12, .bottom = 60, .right = 20, .min_plot_width = 240, .title = o.title},
      o.theme);
  Scene& scene = chart.scene;
  const Box& box = chart.box;
  const double font = chart.font;

  Scale x{low, high, box.left, box.right};
  const auto text = [&](double v) { return sign ? format_signed(v, decimals) : format_value(v, decimals); };
  const auto place = [&](double v, double e) {
    const double tip = detail::finite_or_zero(e);
    if (!std::isfinite(v)) return x(0) + (v < 0 ? -6 : 6);
    return v < 0 ? x(v - tip) - 6 : x(v + tip) + 6;
  };
  // Leaves space for the numbers beside the bars.
  detail::leave_room(x, 0.25 * box.width(), [&] {
    detail::Overhang overhang;
    for (const BarRow& r : rows) {
      for (std::size_t k = 0; k < r.value.size(); ++k) {
        const double w = text_width(text(r.value[k]), font);
        if (r.value[k] < 0)
          overhang.left = std::max(overhang.left, box.left + 2 - (place(r.value[k], r.error[k]) - w));
        else
          overhang.right = std::max(overhang.right, place(r.value[k], r.error[k]) + w - (box.right - 2));
      }
    }
    return overhang;
  });
  const Scale axis = detail::extended(x, box.left, box.right);

  const double bar_height = cohorts.size() == 1 ? 26 : std::min(26.0, (row - 8) / groups);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < cohorts.size(); ++k) {
      const double v = rows[i].value[k];
      const double y = chart.middle[i] + (static_cast<double>(k) - (groups - 1) / 2) * bar_height;
      const Paint paint = legend ? Paint::series(k) : Paint(v < 0 ? Role::negative : Role::positive);
      if (std::isfinite(v)) {
        const double half = legend ? bar_height / 2 - 1 : bar_height / 2;
        scene.add(Rect{{std::min(x(0), x(v)), y - half, std::max(x(0), x(v)), y + half}, paint, {}, 0, "bar"});
      }
      const double e = rows[i].error[k];
      if (std::isfinite(e) && e > 0) detail::add_error_bar(scene, x, v, e, y);
      const Paint ink = legend || !std::isfinite(v) ? Paint(Role::muted) : paint;
      detail::add_inside(scene, Text{{place(v, e), y},
                                     {{text(v), ink}},
                                     font,
                                     v < 0 ? Anchor::end : Anchor::start,
                                     Align::middle,
                                     0,
                                     "bar-label"});
    }
  }
  scene.line({x(0), box.top}, {x(0), box.bottom}, {Role::muted, 1}, "zero-line");
  double bottom = chart.x_axis(axis, axis_label);
  if (legend) {
    bottom += 8;
    double legend_x = box.left;
    for (std::size_t k = 0; k < cohorts.size(); ++k) {
      const auto lines = viz::wrap(cohorts[k].name, font, box.width() - 30);
      double w = 0;
      for (const std::string& l : lines) w = std::max(w, text_width(l, font));
      if (legend_x > box.left && legend_x + 24 + w > box.right) {
        legend_x = box.left;
        bottom += line_height * font;
      }
      scene.add(Rect{{legend_x, bottom + 3, legend_x + 14, bottom + 14}, Paint::series(k), {}, 0, "legend-handle"});
      for (std::size_t l = 0; l < lines.size(); ++l) {
        scene.add(Text{{legend_x + 20, bottom + (static_cast<double>(l) + 0.5) * line_height * font},
                       {{lines[l]}},
                       font,
                       Anchor::start,
                       Align::middle,
                       0,
                       "legend"});
      }
      bottom += static_cast<double>(lines.size() - 1) * line_height * font;
      legend_x += 24 + w + 16;
    }
    bottom += line_height * font;
  }
  if (infinite > 0)
    bottom = chart.note(fmt::format("{} infinite value{} without a bar", infinite, infinite == 1 ? "" : "s"), bottom);
  for (const std::string& n : notes) bottom = chart.note(n, bottom);
  scene.height = bottom + 10;
  scene.title = o.title.empty() ? "Importance of features" : o.title;
  scene.caption = sign ? "How far each feature moves the output of this row."
                       : "Mean over the rows of the size of each feature's contribution.";
  scene.description = axis_label + ".";
  for (const BarRow& r : rows) {
    scene.description += fmt::format(" {}:", plain(Text{{}, r.label}));
    for (const double v : r.value) scene.description += fmt::format(" {}", text(v));
    scene.description += ".";
  }
  scene.about = about;
  return Figure::from_scene(std::move(scene), o.theme);
}

std::string mean_label(const Contributions& c) { return detail::effect_label(c, "Mean |contribution|"); }

// The number of rows with a contribution that is not NaN, which means are taken over.
std::size_t rows_of_means(const Contributions& c) {
  std::size_t count = 0;
  for (std::size_t r = 0; r < c.rows; ++r) {
    bool any = false;
    for (std::size_t i = 0; i < c.features; ++i) any = any || !std::isnan(c.value(r, i));
    count += any ? 1 : 0;
  }
  return count;
}

// Names of features with a counter that distinguishes equal names: the second "x" is {"x", 1}.
std::vector<std::pair<std::string, std::size_t>> feature_keys(const Contributions& c) {
  std::vector<std::pair<std::string, std::size_t>> keys;
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < c.features; ++i) keys.emplace_back(c.name(i), seen[c.name(i)]++);
  return keys;
}

void check(const BarOptions& o) {
  detail::check_sheet("bar", o.width, o.theme);
  detail::check_not_zero("bar", "max_display", o.max_display, "row");
}

}  // namespace

Figure bar(const explain::Explanation& e, const BarOptions& o) { return bar(contributions(e, o.output, "bar"), o); }

Figure bar(const Contributions& c, const BarOptions& o) {
  c.check("bar");
  check(o);
  std::vector<std::vector<Span>> names(c.features);
  for (std::size_t i = 0; i < c.features; ++i) {
    const std::string shown = c.rows == 1 ? c.shown(0, i) : "";
    if (!shown.empty()) names[i].push_back({shown + " = ", Role::muted});
    names[i].push_back({c.name(i)});
  }
  if (c.rows == 1) {
    const std::vector<double> errors = o.error_bars ? c.errors : std::vector<double>{};
    std::vector<std::string> notes;
    if (std::any_of(errors.begin(), errors.end(), [](double e) { return std::isfinite(e) && e > 0; }))
      notes.push_back(detail::whisker_note(c));
    return draw(names, {{"", c.values, errors}}, true, detail::effect_label(c), notes, c.about, o);
  }
  std::vector<std::string> notes;
  if (const std::size_t n = rows_of_means(c); n < c.rows)
    notes.push_back(detail::left_out_note(c.rows - n, c.rows, "their contributions are NaN"));
  return draw(names, {{"", detail::mean_absolute(c), {}}}, false, mean_label(c), notes, c.about, o);
}

Figure bar(const std::vector<std::pair<std::string, explain::Explanation>>& cohorts, const BarOptions& o) {
  std::vector<std::pair<std::string, Contributions>> groups;
  for (const auto& [name, e] : cohorts) groups.emplace_back(name, contributions(e, o.output, "bar"));
  return bar(groups, o);
}

Figure bar(const std::vector<std::pair<std::string, Contributions>>& cohorts, const BarOptions& o) {
  check(o);
  if (cohorts.empty())
    throw ValueError("[bar] there is no cohort: give at least one pair of a name and its explanation.");
  for (const auto& [name, c] : cohorts) c.check("bar");
  std::vector<Cohort> groups;
  std::vector<std::string> notes, about;
  Contributions first = cohorts.front().second;
  const auto keys = feature_keys(first);
  std::vector<std::vector<Span>> names(first.features);
  for (std::size_t i = 0; i < first.features; ++i) names[i] = {{first.name(i)}};
  for (const auto& [name, c] : cohorts) {
    // Cohorts may have their features in another order, so they are matched by name.
    const auto own = feature_keys(c);
    std::map<std::pair<std::string, std::size_t>, std::size_t> place;
    for (std::size_t i = 0; i < own.size(); ++i) place[own[i]] = i;
    const auto only = [&](const auto& these, const auto& those) {
      std::string list;
      for (const auto& key : these) {
        if (std::find(those.begin(), those.end(), key) == those.end())
          list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", key.first);
      }
      return list.empty() ? std::string("none") : list;
    };
    const std::vector<double> mean = detail::mean_absolute(c);
    std::vector<double> value;
    for (const auto& key : keys) {
      const auto found = place.find(key);
      if (found == place.end() || own.size() != keys.size())
        throw ValueError(fmt::format(
            "[bar] cohorts are compared feature by feature, and \"{}\" has {} features, \"{}\" has {}; only in "
            "the first: {}; only in the second: {}. Explain all cohorts on the same features.",
            cohorts.front().first, keys.size(), name, own.size(), only(keys, own), only(own, keys)));
      value.push_back(mean[found->second]);
    }
    if (c.space != first.space || c.unit != first.unit)
      throw ValueError(
          fmt::format("[bar] cohort \"{}\" has contributions to another kind of output than \"{}\" ({}, {}): explain "
                      "all cohorts in "
                      "the same space and unit.",
                      name, cohorts.front().first, detail::space_label(c), detail::space_label(first)));
    const std::size_t rows = rows_of_means(c);
    groups.push_back({fmt::format("{} ({} rows)", name, rows), std::move(value), {}});
    if (rows < c.rows)
      notes.push_back(
          fmt::format("{}: {}", name, detail::left_out_note(c.rows - rows, c.rows, "their contributions are NaN")));
    for (const std::string& sentence : c.about) about.push_back(fmt::format("{}: {}", name, sentence));
    if (c.output != first.output) first.output.clear();  // the axis must not name just one of them
  }
  return draw(names, groups, false, mean_label(first), notes, about, o);
}

}  // namespace xg::viz
