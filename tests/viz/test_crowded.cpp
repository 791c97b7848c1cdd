// Pictures of very many or very large marks, and of marks of which little can be seen: what is drawn, what a note says
// of the rest, and what it costs.
#include "figures.hpp"

#include "support/catch.hpp"
#include "support/growth.hpp"

#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/simplify.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

using namespace viz_test;

namespace {

std::vector<double> counting(std::size_t n) {
  std::vector<double> v(n);
  std::iota(v.begin(), v.end(), 0.0);
  return v;
}

std::vector<double> random_numbers(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> v(n);
  for (double& x : v) x = static_cast<double>(random()) / 4294967296.0;
  return v;
}

std::string notes(const Figure& figure) {
  std::string out;
  for (const Text& t : figure.scene().all<Text>("note")) out += plain(t) + "; ";
  return out;
}

/// The CPU time of a figure as SVG and as PNG.
double cost(const std::function<Figure()>& draw) {
  return xg_test::thread_seconds([&] {
    const Figure figure = draw();
    CHECK(figure.svg().size() < 4'000'000);
    if (Figure::can_rasterize()) figure.png();
  });
}

// Measured by a line of a million points, whose work is linear, so that it holds for a slow machine and for a build
// with sanitizers too. Far above what each of these figures needs, far below what a quadratic algorithm takes.
void check_quick(const std::function<Figure()>& draw) {
  static const double yardstick = cost([] {
    Figure figure;
    figure.axes().plot(random_numbers(1'000'000, 11));
    return figure;
  });
  CHECK(cost(draw) < 40 * yardstick);
}

}  // namespace

// Breaks if a line with neither line style nor marker is accepted, or drawing one reads what it does not have.
TEST_CASE("a line is a line or markers", "[viz]") {
  Figure figure;
  Axes& axes = figure.axes();
  for (const std::size_t n : {std::size_t{3}, std::size_t{5000}})
    CHECK_ERROR(axes.plot(counting(n), {.linestyle = "none"}), xg::ValueError, "[plot]", "linestyle", "marker");
  // Error bars may stand alone, and then they are what the legend shows.
  axes.errorbar(counting(6000), counting(6000), {.yerr = counting(6000), .marker = "", .label = "spread"});
  axes.legend();
  CHECK(figure.scene().all<Polyline>("error").size() > 1000);
  CHECK(figure.scene().all<Polyline>("legend-handle").size() == 1);
}

// Breaks if cohorts are read before they are checked.
TEST_CASE("cohorts with missing names are refused", "[viz]") {
  Contributions c = contributions(Kind::plain, 2);
  c.names.resize(c.features - 1);
  const std::vector<std::pair<std::string, Contributions>> cohorts = {{"a", c}, {"b", c}};
  CHECK_ERROR(bar(cohorts), xg::ValueError, "[bar]", "names");
}

// Breaks if a bar is so thin that it is not drawn, or the tallest of a px is left out.
TEST_CASE("thin bars are seen", "[viz]") {
  std::vector<double> seconds = counting(300);
  for (double& s : seconds) s = 1.6e9 + 86'400 * s;
  const std::vector<double> heights = random_numbers(300, 1);
  Figure dates;
  dates.axes().bar(seconds, heights);
  REQUIRE(dates.scene().all<Rect>("bar").size() == 300);
  for (const Rect& r : dates.scene().all<Rect>("bar")) CHECK(r.box.width() >= 0.999);

  std::vector<double> many = random_numbers(100'000, 2);
  many[40'000] = 3;
  Figure crowd;
  crowd.axes().bar(counting(100'000), many);
  const auto bars = crowd.scene().all<Rect>("bar");
  CHECK(bars.size() < detail::max_marks);
  double top = INFINITY, tallest = 0;
  for (const Rect& r : bars) {
    if (r.box.top < top) {
      top = r.box.top;
      tallest = r.box.centre().x;
    }
  }
  const auto ticks = crowd.scene().all<Polyline>("spine");
  const double left = ticks[0].points[0].x, right = ticks[0].points[1].x;
  CHECK((tallest - left) / (right - left) == Approx(0.5 - 0.1 / 1.1).margin(0.005));
}

// Breaks if marks are chosen among those outside the limits or without a place, or the note counts these.
TEST_CASE("marks are chosen among those that can be seen", "[viz]") {
  const std::size_t n = 100'000;
  const std::vector<double> x = counting(n), y = random_numbers(n, 3), error(n, 0.1);
  std::vector<double> broken = y;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % 50 != 0) broken[i] = NAN;
  }
  const auto zoomed = [&](auto&& draw) {
    Figure figure;
    draw(figure.axes());
    figure.axes().set_xlim(5e4, 5.1e4);
    return figure;
  };
  const Figure triangles = zoomed([&](Axes& a) { a.scatter(x, y, {.marker = "^"}); });
  CHECK(triangles.scene().all<Polygon>("point").size() >= 1001);
  const Figure pale = zoomed([&](Axes& a) { a.scatter(x, y, {.alpha = 0.1}); });
  CHECK(pale.scene().all<Circle>("point").size() >= 1001);
  const Figure bars = zoomed([&](Axes& a) { a.bar(x, y, {.error = error}); });
  CHECK(bars.scene().all<Rect>("bar").size() >= 1000);
  const Figure errors = zoomed([&](Axes& a) { a.errorbar(x, y, {.yerr = error}); });
  CHECK(errors.scene().all<Polyline>("error").size() >= 3 * 1001);
  for (const Figure* f : {&triangles, &pale, &bars, &errors}) CHECK(notes(*f) == "");
  Figure gaps;
  gaps.axes().scatter(x, broken, {.marker = "v"});
  CHECK(gaps.scene().all<Polygon>("point").size() == 2000);
  CHECK(notes(gaps) == "");
  Figure all;
  all.axes().scatter(x, y, {.marker = "^"});
  all.axes().set_xlim(0, 49'999.5);
  CHECK_THAT(notes(all), xg_test::ContainsSubstring("15,000 of 50,"));
  CHECK_THAT(notes(all), xg_test::ContainsSubstring("visible points drawn"));
}

// Breaks if a number of zero or less is drawn at the border of a log axis, or a plot of nothing else has no note.
TEST_CASE("a log axis has no place for zero or less", "[viz]") {
  const auto log_figure = [](auto&& draw) {
    Figure figure;
    figure.axes().set_xscale("log");
    figure.axes().set_yscale("log");
    draw(figure.axes());
    return figure;
  };
  const auto rules = log_figure([](Axes& a) {
    a.plot({1, 10}, {1, 10});
    a.axhline(-1);
    a.axvline(0);
  });
  CHECK(rules.scene().all<Polyline>("rule").empty());
  for (const auto& empty : {log_figure([](Axes& a) { a.axhline(-1); }),
                            log_figure([](Axes& a) { a.fill_between({1, 2}, {0, -1}, {1, 2}); }),
                            log_figure([](Axes& a) { a.bar({1, 2}, {0, -1}); })}) {
    CHECK_THAT(notes(empty), xg_test::ContainsSubstring("Nothing to draw"));
    CHECK_THAT(notes(empty), xg_test::ContainsSubstring("not above 0"));
  }
  const auto bars = log_figure([](Axes& a) { a.bar({1, 2, 3}, {-1, 1, 10}); });
  CHECK(bars.scene().all<Rect>("bar").size() == 2);
  // An error bar that reaches zero goes on below the plot: one cap.
  const auto errors = log_figure([](Axes& a) { a.errorbar({1}, {1}, {.yerr = {2}}); });
  CHECK(errors.scene().all<Polyline>("error").size() == 2);
}

// Breaks if limits that show none of the data leave an empty plot without a word, or a text moves to the border.
TEST_CASE("what lies outside the limits is noted", "[viz]") {
  const auto zoomed = [](auto&& draw) {
    Figure figure;
    draw(figure.axes());
    figure.axes().set_xlim(10, 20);
    return figure;
  };
  for (const auto& empty :
       {zoomed([](Axes& a) { a.plot({0, 1}, {0, 1}); }), zoomed([](Axes& a) { a.scatter({0, 1}, {0, 1}); }),
        zoomed([](Axes& a) { a.bar({0, 1}, {1, 1}); }), zoomed([](Axes& a) { a.axvline(3); }),
        zoomed([](Axes& a) { a.fill_between({0, 1}, {0, 0}, {1, 1}); })}) {
    CHECK_THAT(notes(empty), xg_test::ContainsSubstring("outside the limits"));
  }
  CHECK(notes(zoomed([](Axes& a) { a.plot({0, 100}, {0, 1}); })) == "");  // crosses the plot
  CHECK(notes(zoomed([](Axes& a) { a.fill_between({0, 100}, {0, 0}, {1, 1}); })) == "");
  Figure rule;
  rule.axes().axhline(NAN);
  CHECK_THAT(notes(rule), xg_test::ContainsSubstring("Nothing to draw: 1 point is NaN"));
  const Figure text = zoomed([](Axes& a) {
    a.plot({10, 20}, {0, 1});
    a.text(15, 0.5, "here");
    a.text(30, 0.5, "far");
  });
  REQUIRE(text.scene().all<Text>("text").size() == 1);
  CHECK(plain(text.scene().all<Text>("text")[0]) == "here");
  CHECK_THAT(notes(text), xg_test::ContainsSubstring("1 text left out"));
}

// Breaks if a style that is accepted draws nothing.
TEST_CASE("faint and thin looks are written as such", "[viz]") {
  Figure faint;
  faint.axes().scatter({0, 1}, {0, 1}, {.color = "red", .alpha = 0.002});
  CHECK(faint.svg().find("fill-opacity=\"0.0020\"") != std::string::npos);
  Figure rule;
  rule.axes().axhline(1, {.linewidth = 0});
  REQUIRE(rule.scene().all<Polyline>("rule").size() == 1);
  CHECK(rule.scene().all<Polyline>("rule")[0].stroke.width == Approx(2));  // the theme's 1.5 points
  Figure hair;
  hair.axes().plot({0, 1}, {0, 1}, {.linewidth = 0.001});
  CHECK(hair.scene().all<Polyline>("line")[0].stroke.width >= 0.1);
  Theme theme = Theme::light;
  theme.line_width = 0;
  CHECK_ERROR(Figure({.theme = theme}), xg::ValueError, "[figure]", "line_width");
}

// Breaks if hidden marks are searched cell after cell, each single point of an area is drawn, or a renderer gets
// paths that cross themselves very often.
TEST_CASE("crowded figures are quick", "[viz]") {
  const auto axes = [](auto&& draw) {
    return [draw] {
      Figure figure;
      draw(figure.axes());
      return figure;
    };
  };
  const auto a = random_numbers(100'000, 4), b = random_numbers(100'000, 5);
  check_quick(axes([&](Axes& axes) { axes.scatter(a, b, {.size = 1000}); }));
  check_quick(axes([&](Axes& axes) { axes.scatter(a, b, {.size = 100, .alpha = 0.5}); }));
  check_quick(axes([&](Axes& axes) { axes.bar(a, b); }));
  check_quick(axes([&](Axes& axes) { axes.barh(a, b, {.alpha = 0.5}); }));
  std::vector<double> gaps = b;
  for (std::size_t i = 0; i < gaps.size(); i += 3) gaps[i] = NAN;
  check_quick(axes([&](Axes& axes) { axes.fill_between(counting(gaps.size()), gaps, a); }));
  check_quick(axes([&](Axes& axes) { axes.plot(a, gaps, {.linestyle = "--"}); }));
  check_quick(axes([&](Axes& axes) { axes.plot(a, gaps, {.alpha = 0.5}); }));
  const std::vector<double> few(a.begin(), a.begin() + 4000);
  check_quick(axes([&](Axes& axes) { axes.plot(few, few, {.alpha = 0.5}); }));
  Figure crossing;
  crossing.axes().fill_between(few, std::vector<double>(4000, 0.0), few);
  CHECK_ERROR(crossing.svg(), xg::ValueError, "[fill_between]", "to and fro");
  Contributions c;
  c.rows = 1;
  c.features = 784;
  c.base = {0};
  c.values = random_numbers(784, 6);
  check_quick([&] { return force(c, {.contribution_threshold = 0}); });
  CHECK(force(c, {.contribution_threshold = 0}).svg().find("60 of 784 features named") != std::string::npos);
  c.rows = 20'000;
  c.features = 10;
  c.base.assign(c.rows, 0);
  c.values = random_numbers(200'000, 7);
  check_quick([&] { return force(c, {.order = RowOrder::original, .max_rows = 20'000}); });
  Figure dashes;
  dashes.axes().plot(counting(4000), few, {.linestyle = "--"});
  CHECK_THAT(notes(dashes), xg_test::ContainsSubstring("drawn solid"));
}

// Breaks if a mark that shows between others is taken for hidden, or a hidden one is kept.
TEST_CASE("hidden marks are those that others cover", "[viz]") {
  const Box small{50, 50, 60, 60}, large{20, 20, 120, 120}, beside{119, 20, 130, 120};
  using Indices = std::vector<std::size_t>;
  CHECK(detail::visible_marks({small, large}, false, 1, 200, 200) == Indices{1});
  CHECK(detail::visible_marks({large, small}, false, 1, 200, 200) == Indices{0, 1});
  CHECK(detail::visible_marks({beside, large}, false, 1, 200, 200) == Indices{0, 1});
  const Box corner{21, 21, 25, 25};  // of the box, outside the disc
  CHECK(detail::visible_marks({corner, large}, false, 1, 200, 200) == Indices{1});
  CHECK(detail::visible_marks({corner, large}, true, 1, 200, 200) == Indices{0, 1});
  // Half of it shines through one, a 500th through nine.
  for (const auto& [copies, seen] : {std::pair{2, true}, {12, false}}) {
    std::vector<Box> marks(static_cast<std::size_t>(copies), large);
    marks.front() = small;
    const Indices kept = detail::visible_marks(marks, false, 0.5, 200, 200);
    CHECK((kept.front() == 0) == seen);
  }
}
