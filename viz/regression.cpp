#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/thinning.hpp>
#include <xgrad/viz/regression.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

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

bool is_point(double y, double p) { return std::isfinite(y) && std::isfinite(p); }

// The rows that are drawn, the row with the largest error, and counts of rows.
struct Rows {
  std::vector<std::size_t> shown;
  std::optional<std::size_t> worst;
  std::size_t numbers = 0;  // rows whose true and predicted values are finite
  std::size_t total = 0;
};

Rows choose(const Data& y, const Data& p, std::size_t max_count) {
  Rows rows;
  rows.total = y.size();
  std::vector<std::size_t> numbers;
  std::vector<std::vector<double>> measures(3);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!is_point(y[i], p[i])) continue;
    numbers.push_back(i);
    measures[0].push_back(y[i] - p[i]);
    measures[1].push_back(y[i]);
    measures[2].push_back(p[i]);
    if (!rows.worst || std::abs(y[i] - p[i]) > std::abs(y[*rows.worst] - p[*rows.worst])) rows.worst = i;
  }
  rows.numbers = numbers.size();
  rows.shown = detail::rows_to_draw(numbers, max_count, measures);
  return rows;
}

// The label of an axis: "Predicted (dollars; 2,000 of 5,000 rows shown)".
std::string axis_name(const std::string& name, const std::string& unit, const Rows& rows) {
  std::vector<std::string> remarks;
  if (!unit.empty()) remarks.push_back(unit);
  const std::string note = detail::rows_note(rows.shown.size(), rows.numbers, rows.total, "a value is no number");
  if (!note.empty()) remarks.push_back(note);
  return remarks.empty() ? name : fmt::format("{} ({})", name, fmt::join(remarks, "; "));
}

std::string with_unit(const std::string& name, const std::string& unit) {
  return unit.empty() ? name : fmt::format("{} ({})", name, unit);
}

std::string amount(double v) {
  if (std::isinf(v)) return "beyond 1.8×10³⁰⁸";  // the difference of two finite numbers can overflow
  return std::abs(v) >= 1000 ? format_count(v) : format_value(v, decimals_for(v, 0));
}

double dot_size(std::size_t n) { return n > 500 ? 3.5 : n > 150 ? 4.5 : 6; }
double dot_alpha(std::size_t n) { return n > 500 ? 0.45 : 0.65; }

}  // namespace

Figure predicted_vs_true(const Data& y, const Data& p, const RegressionOptions& o) {
  check("predicted_vs_true", y, p, o);
  const Rows rows = choose(y, p, o.max_points);
  std::vector<double> a, b;
  for (const std::size_t i : rows.shown) {
    a.push_back(p[i]);
    b.push_back(y[i]);
  }
  detail::DataRange range;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!is_point(y[i], p[i])) continue;
    range.add(y[i]);
    range.add(p[i]);
  }
  const auto [low, high] = detail::linear_limits(range, {0.04, 0.04, 0.5});
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  axes.set_title(o.title.empty() ? "Predicted and true" : o.title);
  axes.scatter(a, b, {.color = Paint::series(0), .size = dot_size(a.size()), .alpha = dot_alpha(a.size())});
  axes.plot({low, high}, {low, high}, {.color = Role::muted, .linewidth = 1.2, .linestyle = "--", .label = "perfect"});
  if (rows.worst) {
    const std::size_t worst = *rows.worst;
    axes.scatter({p[worst]}, {y[worst]},
                 {.color = Paint::series(3),
                  .size = 7,
                  .marker = "d",
                  .label = fmt::format("largest error {}", amount(y[worst] - p[worst]))});
  }
  axes.set_xlim(low, high);
  axes.set_ylim(low, high);
  axes.set_xlabel(axis_name("Predicted", o.unit, rows));
  axes.set_ylabel(with_unit("True", o.unit));
  axes.grid();
  axes.legend();
  figure.set_description("Predicted against true values", fmt::format("{} rows.", rows.numbers));
  figure.set_caption("One dot for each row; on the dashed line predictions are right, right of it too high.");
  return figure;
}

Figure residuals(const Data& y, const Data& p, const RegressionOptions& o) {
  check("residuals", y, p, o);
  const Rows rows = choose(y, p, o.max_points);
  std::vector<double> predictions, residual, residuals_of_all;
  double mean = 0;
  std::size_t count = 0;
  for (const std::size_t i : rows.shown) {
    predictions.push_back(p[i]);
    residual.push_back(y[i] - p[i]);
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    residuals_of_all.push_back(y[i] - p[i]);
    if (!std::isfinite(residuals_of_all.back())) continue;
    mean += (residuals_of_all.back() / 2 - mean / 2) / static_cast<double>(++count) * 2;
  }
  Figure figure({.width = o.width, .height = o.height, .columns = 2, .title = o.title, .theme = o.theme});
  Axes& left = figure.axes(0, 0);
  left.set_title("Residuals");
  left.scatter(
      predictions, residual,
      {.color = Paint::series(0), .size = dot_size(predictions.size()), .alpha = dot_alpha(predictions.size())});
  left.axhline(0, {.color = Role::muted, .linewidth = 1.2});
  left.set_xlabel(axis_name("Predicted", o.unit, rows));
  left.set_ylabel(with_unit("True − predicted", o.unit));
  left.grid();
  if (count < rows.numbers) {  // the difference of two finite numbers can overflow
    left.state().notes.push_back(
        detail::left_out_note(rows.numbers - count, rows.numbers, "true − predicted is beyond 1.8×10³⁰⁸"));
  }
  Axes& right = figure.axes(0, 1);
  right.set_title("Distribution");
  right.hist(residuals_of_all, {.color = Paint::series(0)});
  right.axvline(0, {.color = Role::muted, .linewidth = 1.2});
  if (count > 0) {
    right.axvline(
        mean,
        {.color = Paint::series(3), .linewidth = 1.5, .linestyle = "-", .label = fmt::format("mean {}", amount(mean))});
  }
  right.set_xlabel(with_unit("True − predicted", o.unit));
  right.set_ylabel("Rows");
  right.legend();
  figure.set_description("Residuals", fmt::format("{} rows.", rows.numbers));
  figure.set_caption("How far the true values lie above the predictions, against the predictions, and how often.");
  return figure;
}

}  // namespace xg::viz
