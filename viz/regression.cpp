#include <fmt/format.h>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/format.hpp>
#include <xgrad/viz/regression.hpp>

#include <algorithm>
#include <cmath>

namespace xg::viz {
namespace {

void check(const char* op, const Data& y, const Data& p, const RegressionOptions& o) {
  if (y.size() != p.size() || y.empty()) {
    throw ValueError(fmt::format(
        "[{}] there are {} true values and {} predictions: give as many of one as of the other, at least one.", op,
        y.size(), p.size()));
  }
  if (o.max_points == 0) throw ValueError(fmt::format("[{}] max_points is 0: show at least one point.", op));
}

// Rows to draw: all, or evenly spread ones and the one with the largest error.
std::vector<std::size_t> rows_to_draw(const Data& y, const Data& p, std::size_t most, std::size_t& worst) {
  worst = 0;
  double largest = -1;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (std::abs(y[i] - p[i]) > largest) {
      largest = std::abs(y[i] - p[i]);
      worst = i;
    }
  }
  std::vector<std::size_t> rows(std::min(y.size(), most));
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = k * y.size() / rows.size();
  if (std::find(rows.begin(), rows.end(), worst) == rows.end()) rows.back() = worst;
  return rows;
}

std::string axis_name(const char* name, std::size_t shown, std::size_t all) {
  if (shown == all) return name;
  return fmt::format("{} ({} of {} rows shown)", name, format_count(static_cast<double>(shown)),
                     format_count(static_cast<double>(all)));
}

std::string amount(double v) {
  return std::abs(v) >= 1000 ? format_count(v) : format_value(v, decimals_for(v, 0));
}

double dot_size(std::size_t n) {
  return n > 500 ? 3.5 : n > 150 ? 4.5 : 6;
}
double dot_alpha(std::size_t n) {
  return n > 500 ? 0.45 : 0.65;
}

}  // namespace

Figure predicted_vs_true(const nn::metrics::RegressionReport& report, const RegressionOptions& o) {
  return predicted_vs_true(Data(report.y_true), Data(report.y_pred), o);
}

Figure residuals(const nn::metrics::RegressionReport& report, const RegressionOptions& o) {
  return residuals(Data(report.y_true), Data(report.y_pred), o);
}

Figure predicted_vs_true(const Data& y, const Data& p, const RegressionOptions& o) {
  check("predicted_vs_true", y, p, o);
  std::size_t worst = 0;
  const auto rows = rows_to_draw(y, p, o.max_points, worst);
  std::vector<double> a, b;
  double low = INFINITY, high = -INFINITY;
  for (const std::size_t i : rows) {
    a.push_back(p[i]);
    b.push_back(y[i]);
    if (!std::isfinite(y[i]) || !std::isfinite(p[i])) continue;
    low = std::min({low, y[i], p[i]});
    high = std::max({high, y[i], p[i]});
  }
  if (!std::isfinite(low)) low = 0, high = 1;
  if (!(high > low)) {
    low -= 0.5;
    high += 0.5;
  }
  const double pad = 0.04 * (high - low);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  axes.set_title(o.title.empty() ? "Predicted and true" : o.title);
  axes.scatter(a, b, {.color = Paint::series(0), .size = dot_size(a.size()), .alpha = dot_alpha(a.size())});
  axes.plot({low - pad, high + pad}, {low - pad, high + pad},
            {.color = Role::muted, .linewidth = 1.2, .linestyle = "--", .label = "perfect"});
  axes.scatter({p[worst]}, {y[worst]},
               {.color = Paint::series(3),
                .size = 7,
                .marker = "d",
                .label = fmt::format("largest error {}", amount(y[worst] - p[worst]))});
  axes.set_xlim(low - pad, high + pad);
  axes.set_ylim(low - pad, high + pad);
  axes.set_xlabel(axis_name("Predicted", rows.size(), y.size()));
  axes.set_ylabel("True");
  axes.grid();
  axes.legend();
  figure.set_description("Predicted against true values", fmt::format("{} rows.", y.size()));
  return figure;
}

Figure residuals(const Data& y, const Data& p, const RegressionOptions& o) {
  check("residuals", y, p, o);
  std::size_t worst = 0;
  const auto rows = rows_to_draw(y, p, o.max_points, worst);
  std::vector<double> at, residual, all;
  double sum = 0;
  std::size_t count = 0;
  for (const std::size_t i : rows) {
    at.push_back(p[i]);
    residual.push_back(y[i] - p[i]);
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    all.push_back(y[i] - p[i]);
    if (!std::isfinite(all.back())) continue;
    sum += all.back();
    ++count;
  }
  Figure figure({.width = o.width, .height = o.height, .columns = 2, .title = o.title, .theme = o.theme});
  Axes& left = figure.axes(0, 0);
  left.set_title("Residuals");
  left.scatter(at, residual, {.color = Paint::series(0), .size = dot_size(at.size()), .alpha = dot_alpha(at.size())});
  left.axhline(0, {.color = Role::muted, .linewidth = 1.2});
  left.set_xlabel(axis_name("Predicted", rows.size(), y.size()));
  left.set_ylabel("True − predicted");
  left.grid();
  Axes& right = figure.axes(0, 1);
  right.set_title("Distribution");
  right.hist(all, {.color = Paint::series(0)});
  right.axvline(0, {.color = Role::muted, .linewidth = 1.2});
  if (count > 0) {
    const double mean = sum / static_cast<double>(count);
    right.axvline(
        mean,
        {.color = Paint::series(3), .linewidth = 1.5, .linestyle = "-", .label = fmt::format("mean {}", amount(mean))});
  }
  right.set_xlabel("True − predicted");
  right.set_ylabel("Rows");
  right.legend();
  figure.set_description("Residuals", fmt::format("{} rows.", y.size()));
  return figure;
}

}  // namespace xg::viz
