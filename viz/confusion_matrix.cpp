#include <fmt/format.h>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/confusion_matrix.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace xg::viz {

Figure confusion_matrix(const nn::metrics::ClassificationReport& report, const ConfusionOptions& o) {
  ConfusionCounts c;
  c.classes = report.class_names;
  for (const auto& row : report.confusion) c.counts.emplace_back(row.begin(), row.end());
  return confusion_matrix(c, o);
}

Figure confusion_matrix(const ConfusionCounts& c, const ConfusionOptions& o) {
  detail::check_sheet("confusion_matrix", o.width, o.theme);
  const std::size_t k = c.classes.size();
  if (k == 0 || c.counts.size() != k) {
    throw ValueError(
        fmt::format("[confusion_matrix] {} classes and {} rows of counts: give one row and one column for each class.",
                    k, c.counts.size()));
  }
  for (const auto& row : c.counts) {
    if (row.size() != k) {
      throw ValueError(fmt::format("[confusion_matrix] a row has {} counts for {} classes: the matrix must be square.",
                                   row.size(), k));
    }
    for (const double v : row) {
      if (!(v >= 0) || !std::isfinite(v))
        throw ValueError(fmt::format("[confusion_matrix] a count is {}: counts are finite, zero or more.", v));
    }
  }
  const double font = o.theme.font_px();
  const double line = line_height * font;
  Scene scene;
  scene.width = std::round(o.width * 96);

  double widest_count = 0;
  for (const auto& row : c.counts) {
    for (const double v : row) widest_count = std::max(widest_count, text_width(format_count(v), 1.2 * font, true));
  }
  // Row labels are wrapped at the left; the cells share the remaining width, but are never narrower than their numbers.
  const double max_label_width = std::max(0.3 * scene.width, 80.0);
  std::vector<std::vector<std::string>> names;
  double label_width = 0;
  for (const std::string& name : c.classes) {
    names.push_back(viz::wrap(name, font, max_label_width));
    for (const std::string& l : names.back()) label_width = std::max(label_width, text_width(l, font));
  }
  const double left = 10 + line + 8 + label_width + 8;
  const double min_cell_width = std::max(widest_count + 12, 46.0);
  const double cell_width = std::max(min_cell_width, (scene.width - left - 14) / static_cast<double>(k));
  scene.width = std::max(scene.width, left + cell_width * static_cast<double>(k) + 14);
  std::size_t max_lines = 1;
  for (const auto& n : names) max_lines = std::max(max_lines, n.size());
  const double cell_height =
      std::max({std::min(cell_width * 0.72, 110.0), static_cast<double>(max_lines) * line + 8, 3.0 * font});

  double y = 12;
  if (!o.title.empty()) {
    y += detail::add_title(scene, o.title, 1.15 * font, y + 0.6 * line, 1.15 * line);
    y += 6;
  }
  const Box box{left, y, left + cell_width * static_cast<double>(k), y + cell_height * static_cast<double>(k)};
  for (std::size_t i = 0; i < k; ++i) {
    double total = 0;
    double largest = 0;  // counts are divided by it first, because their sum may overflow
    for (const double v : c.counts[i]) largest = std::max(largest, v);
    for (const double v : c.counts[i]) total += largest > 0 ? v / largest : 0;
    const double top = box.top + cell_height * static_cast<double>(i);
    for (std::size_t j = 0; j < k; ++j) {
      const double share = total > 0 ? c.counts[i][j] / largest / total : 0;
      const double x = box.left + cell_width * static_cast<double>(j);
      scene.add(Rect{{x, top, x + cell_width, top + cell_height},
                     Paint(Role::hidden).fade(0.06 + 0.88 * share),
                     {Role::background, 1.5},
                     0,
                     "cell"});
      const Paint ink = share > 0.72 ? Role::background : Role::ink;
      const Point middle{x + cell_width / 2, top + cell_height / 2};
      const bool show_percent = o.percent && total > 0 && cell_height >= 2.4 * line;
      scene.add(Text{{middle.x, middle.y - (show_percent ? 0.42 * line : 0)},
                     {{format_count(c.counts[i][j]), ink, true}},
                     1.2 * font,
                     Anchor::middle,
                     Align::middle,
                     0,
                     "count"});
      if (show_percent) {
        scene.add(Text{{middle.x, middle.y + 0.62 * line},
                       {{fmt::format("{}%", format_value(100 * share, 1)), ink}},
                       0.95 * font,
                       Anchor::middle,
                       Align::middle,
                       0,
                       "percent"});
      }
    }
    double text_y = top + cell_height / 2 - (static_cast<double>(names[i].size()) - 1) / 2 * line;
    for (const std::string& l : names[i]) {
      scene.add(Text{{box.left - 8, text_y}, {{l}}, font, Anchor::end, Align::middle, 0, "tick-label-y"});
      text_y += line;
    }
  }
  // Column labels are wrapped within their cells, or slanted if a word is too long.
  bool flat = true;
  std::vector<std::vector<std::string>> columns;
  std::size_t rows = 1;
  for (const std::string& name : c.classes) {
    columns.push_back(viz::wrap(name, font, cell_width - 8));
    rows = std::max(rows, columns.back().size());
    flat =
        flat && columns.back().size() <=
                    std::min<std::size_t>(3, 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), ' ')));
  }
  double y_below = box.bottom + 6;
  if (flat) {
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t l = 0; l < columns[j].size(); ++l) {
        scene.add(Text{
            {box.left + cell_width * (static_cast<double>(j) + 0.5), y_below + (static_cast<double>(l) + 0.5) * line},
            {{columns[j][l]}},
            font,
            Anchor::middle,
            Align::middle,
            0,
            "tick-label-x"});
      }
    }
    y_below += static_cast<double>(rows) * line;
  } else {
    double depth = 0;
    for (std::size_t j = 0; j < k; ++j) {
      // Long names are wrapped before they are slanted, so that they reach neither the left edge nor far down.
      const double x = box.left + cell_width * (static_cast<double>(j) + 0.5);
      const auto lines = viz::wrap(c.classes[j], font, std::max((x - 10) * 1.35, 90.0));
      for (std::size_t l = 0; l < lines.size(); ++l) {
        const double shift = static_cast<double>(l) * line * 0.71;
        Text t{{x + 0.3 * font + shift, y_below + 0.4 * font + shift},
               {{lines[l]}},
               font,
               Anchor::end,
               Align::middle,
               -45,
               "tick-label-x"};
        const Box b = bounds(t);
        if (b.right > scene.width - 6) scene.width = b.right + 6;
        depth = std::max(depth, b.bottom - y_below);
        scene.add(std::move(t));
      }
    }
    y_below += depth;
  }
  y_below += 6;
  scene.add(Text{{box.centre().x, y_below + 0.5 * line},
                 {{"Predicted class", Role::muted}},
                 font,
                 Anchor::middle,
                 Align::middle,
                 0,
                 "axis-label"});
  scene.add(Text{{10 + 0.5 * line, box.centre().y},
                 {{"True class", Role::muted}},
                 font,
                 Anchor::middle,
                 Align::middle,
                 -90,
                 "axis-label"});
  scene.height = y_below + line + 10;
  scene.title = o.title.empty() ? "Confusion matrix" : o.title;
  scene.caption = "How many rows of data of each true class (down) were taken for each class (across).";
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      if (k <= 6)
        scene.description +=
            fmt::format("{} taken for {}: {}. ", c.classes[i], c.classes[j], format_count(c.counts[i][j]));
    }
  }
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
