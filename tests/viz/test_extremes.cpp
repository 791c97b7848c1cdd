// Pictures of extreme numbers: ranges of a few bits and of all of double, broken values, very many points.
#include "figures.hpp"

#include "support/catch.hpp"
#include "support/growth.hpp"

#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/histogram.hpp>
#include <xgrad/viz/detail/simplify.hpp>
#include <xgrad/viz/ticks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <limits>
#include <set>
#include <span>

using namespace viz_test;

namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

const std::vector<std::pair<double, double>> ranges = {{0, 1},
                                                       {1e16, 1e16 + 4},
                                                       {1e15, 1e15 + 4},
                                                       {1e9, 1e9 + 1e-3},
                                                       {1.6e9, 1.6e9 + 10},
                                                       {0.1, 0.10000000000000002},
                                                       {-0.10000000000000002, -0.1},
                                                       {0.5, 0.5000000000000001},
                                                       {0.3, 0.30000000000000004},
                                                       {1e300, std::nextafter(1e300, largest)},
                                                       {1e-300, 3e-300},
                                                       {0, smallest},
                                                       {-smallest, smallest},
                                                       {1e-320, 5e-320},
                                                       {-1e308, 1e308},
                                                       {-largest, largest},
                                                       {1e-300, 1e300},
                                                       {-1e300, -1e-300},
                                                       {1e12, 1.01e12}};

// What must hold of any picture, and that no axis has two labels alike.
void check_picture(const Figure& figure) {
  const std::string svg = figure.svg();
  CHECK(xml_error(svg) == "");
  CHECK(svg.size() < 12'000'000);
  for (const char* bad : {"nan", "inf\"", "inf ", "(inf", "-inf"}) {
    const bool found = svg.find(bad) != std::string::npos;
    INFO(bad);
    CHECK_FALSE(found);
  }
  for (const char* axis : {"tick-label-x", "tick-label-y"}) {
    const auto labels = figure.scene().all<Text>(axis);
    std::set<std::string> seen;
    for (const Text& t : labels) {
      INFO(plain(t));
      if (figure.scene().all<Polyline>("spine").size() <= 2) CHECK(seen.insert(plain(t)).second);
    }
  }
}

}  // namespace

// Breaks if counting ticks does not end, two ticks have the same label, or a tick lies outside its range.
TEST_CASE("ticks of any range end and differ", "[viz]") {
  for (const auto& [low, high] : ranges) {
    for (const std::size_t most : {2u, 5u, 9u}) {
      for (const bool log : {false, true}) {
        if (log && !(low > 0)) continue;
        const Ticks t = log ? log_ticks(low, high, most) : linear_ticks(low, high, most);
        INFO(low << " to " << high << ", " << most << (log ? ", log" : ""));
        CHECK_FALSE(t.positions.empty());
        CHECK(t.positions.size() <= most);
        CHECK(std::set<std::string>(t.labels.begin(), t.labels.end()).size() == t.labels.size());
        CHECK(std::set<double>(t.positions.begin(), t.positions.end()).size() == t.positions.size());
        for (const double v : t.positions) {
          const double slack = std::min(high - low, largest) * 1e-8;
          CHECK(v >= low - slack);
          CHECK(v <= high + slack);
        }
      }
    }
  }
  CHECK(linear_ticks(0.1, 0.10000000000000002).labels ==
        std::vector<std::string>{"0.10000000000000000", "0.10000000000000002"});
  CHECK(linear_ticks(1e15, 1e15 + 4, 5).labels[1] == "1,000,000,000,000,001");
  CHECK(linear_ticks(-1, INFINITY).positions.empty());
}

// Breaks if an axis made of data has no drawable range, or user limits and colour bars are not drawn.
TEST_CASE("axes draw any range", "[viz]") {
  for (const auto& [low, high] : ranges) {
    INFO(low << " to " << high);
    Figure data;
    data.axes().plot({low, high}, {high, low}, {.marker = "o"});
    check_picture(data);
    Figure limits;
    limits.axes().set_xlim(low, high);
    limits.axes().set_ylim(low, high);
    limits.axes().plot({low, high}, {low, high});
    limits.axes().plot({0, 1}, {-1e300, 1e300});
    limits.axes().fill_between({0, 1}, {0, 0}, {1, 1e300});
    check_picture(limits);
    Figure more;
    more.axes().scatter({1, 2}, {1, 2}, {.c = {low, high}});
    more.axes().colorbar();
    more.axes().set_aspect_equal();
    more.axes().axvline(low);
    check_picture(more);
    Figure log;
    log.axes().set_xscale("log");
    log.axes().set_yscale("log");
    log.axes().plot({low, high}, {low, high});
    check_picture(log);
    Figure counted;
    counted.axes().hist({low, high, low / 2 + high / 2});
    check_picture(counted);
    const Data y{low, high}, p{high, low};
    check_picture(predicted_vs_true(y, p));
    CHECK(xml_error(residuals(y, p).svg()) == "");
    Contributions c;
    c.rows = 1;
    c.features = 2;
    c.base = {low};
    c.values = {high / 2 - low / 2, 0};
    check_picture(waterfall(c));
    check_picture(force(c));
    check_picture(decision(c));
    check_picture(bar(c));
    check_picture(beeswarm(c));
  }
  Figure thin;
  thin.axes().axvline(smallest);
  thin.axes().set_aspect_equal();
  check_picture(thin);
}

// Breaks if points between gaps vanish, or a subplot without numbers does not say why it is empty.
TEST_CASE("what is no number is stated", "[viz]") {
  Figure gaps;
  gaps.axes().plot({0, 1, 2, 3, 4}, {1, NAN, 2, NAN, 3});
  CHECK(gaps.scene().all<Circle>("point").size() == 3);
  Figure none;
  none.axes().plot({0, 1}, {NAN, INFINITY});
  REQUIRE(none.scene().all<Text>("note").size() == 1);
  CHECK(plain(none.scene().all<Text>("note")[0]).find("Nothing to draw: 2 points") == 0);
  const Figure curves = history({{"loss", {1, NAN, NAN}}, {"accuracy", {NAN, NAN, NAN}}});
  std::string notes;
  for (const Text& t : curves.scene().all<Text>("note")) notes += plain(t) + "; ";
  CHECK_THAT(notes, xg_test::ContainsSubstring("loss: no finite number from epoch 2 on"));
  CHECK_THAT(notes, xg_test::ContainsSubstring("accuracy: no epoch has a finite number"));
  Contributions c;
  c.rows = 1;
  c.features = 2;
  c.base = {0};
  c.values = {INFINITY, 1};
  for (const Figure& f : {waterfall(c), force(c), bar(c)}) {
    CHECK(texts_outside(f.scene()) == "");
    CHECK(f.svg().find("infinite") != std::string::npos);
  }
}

// Breaks if a bar does not stand on its number, or counting leaves the range of double.
TEST_CASE("bars of a histogram stand on their numbers", "[viz]") {
  const auto equal = detail::histogram({3, 3, 3});
  CHECK(equal.centers == std::vector<double>{3});
  CHECK(equal.count == std::vector<double>{3});
  const auto whole = detail::histogram({0, 1, 1, 4});
  CHECK(whole.centers == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(whole.count == std::vector<double>{1, 2, 0, 0, 1});
  CHECK(whole.width == 1);
  const auto huge = detail::histogram({-1e308, 1e308, 0}, 3);
  CHECK(huge.count == std::vector<double>{1, 1, 1});
  CHECK(std::abs(huge.centers[1]) < 1e293);
  double sum = 0;
  for (const double n : detail::histogram({0.3, 0.30000000000000004, 0.3}).count) sum += n;
  CHECK(sum == 3);
}

// Breaks if a line of very many points costs as many, or loses its ends or extremes.
TEST_CASE("long lines are drawn by their extremes", "[viz]") {
  for (const std::size_t n : {std::size_t{100'000}, std::size_t{1'000'000}}) {
    std::vector<double> x(n), y(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = static_cast<double>(i);
      y[i] = std::sin(static_cast<double>(i * i % 1009));
    }
    y[n / 3] = 7;
    y[n / 2] = -7;
    Figure figure;
    figure.axes().plot(x, y);
    std::size_t points = 0;
    const auto lines = figure.scene().all<Polyline>("line");
    double top = INFINITY, bottom = 0;
    for (const Polyline& l : lines) {
      points += l.points.size();
      for (const Point& p : l.points) top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
    CHECK(points < 6000);
    const Scene small = [&] {
      Figure f;
      f.axes().plot({x.front(), x[n / 3], x[n / 2], x.back()}, {y.front(), 7, -7, y.back()});
      return f.scene();
    }();
    const auto want = small.all<Polyline>("line")[0].points;
    CHECK(top == Approx(want[1].y));
    CHECK(bottom == Approx(want[2].y));
    CHECK(lines.front().points.front().x == Approx(want[0].x));
    CHECK(lines.back().points.back().x == Approx(want[3].x));
  }
}

// Breaks if drawing a line compares its points with each other, or its SVG holds them all.
TEST_CASE("the cost of a line grows as its points do", "[viz]") {
  for (const bool ordered : {true, false}) {
    INFO((ordered ? "x in order" : "x to and fro"));
    CHECK(xg_test::growth(20'000, [&](int n) {
            std::vector<double> x(static_cast<std::size_t>(n)), y(x.size());
            for (std::size_t i = 0; i < x.size(); ++i) {
              const auto k = static_cast<double>(i);
              x[i] = ordered ? k : std::sin(k);
              y[i] = std::sin(k * k);
            }
            return [x, y] {
              Figure figure;
              figure.axes().plot(x, y);
              CHECK(figure.svg().size() < 3'000'000);
            };
          }) < xg_test::far_below_quadratic);
  }
}

// Breaks if a log axis leaves out limits that it was given, or a residual that no double holds, without a word.
TEST_CASE("what cannot be shown is noted below the axes", "[viz]") {
  const auto notes = [](const Figure& figure) {
    std::string out;
    for (const Text& t : figure.scene().all<Text>("note")) out += plain(t) + " ";
    return out;
  };
  Figure log;
  log.axes().set_yscale("log");
  log.axes().plot({1, 2}, {1, 10});
  log.axes().set_ylim(0, 10);
  CHECK_THAT(notes(log), xg_test::ContainsSubstring("y limits from 0 to 10 are not on a log axis"));
  log.axes().set_ylim(0.5, 10);
  CHECK(notes(log) == "");
  CHECK_THAT(notes(residuals({largest, 1, 2}, {-largest, 1, 2})), xg_test::ContainsSubstring("1 of 3 rows"));
}

// Breaks if an option that cannot be drawn is not refused by name.
TEST_CASE("options out of range are refused", "[viz]") {
  Figure figure;
  Axes& axes = figure.axes();
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY), -1.0}) {
    CHECK_ERROR(axes.plot({1}, {1}, {.linewidth = bad}), xg::ValueError, "[plot]", "linewidth", "1000");
    CHECK_ERROR(axes.plot({1}, {1}, {.alpha = bad}), xg::ValueError, "[plot]", "alpha", "from 0 to 1");
    CHECK_ERROR(axes.scatter({1}, {1}, {.size = bad}), xg::ValueError, "[scatter]", "size");
    CHECK_ERROR(axes.bar({1}, {1}, {.width = bad}), xg::ValueError, "[bar]", "width");
    CHECK_ERROR(axes.text(0, 0, "x", {.fontsize = bad}), xg::ValueError, "[text]", "fontsize");
    CHECK_ERROR(axes.axhline(0, {.linewidth = bad}), xg::ValueError, "[axhline]", "linewidth");
    Theme theme = Theme::light;
    theme.font_size = bad;
    CHECK_ERROR(Figure({.theme = theme}), xg::ValueError, "[figure]", "font_size");
    CHECK_ERROR(waterfall(contributions(Kind::plain, 1), {.width = bad}), xg::ValueError, "[waterfall]", "width");
  }
  CHECK_ERROR(axes.text(0, 0, "x", {.rotation = NAN}), xg::ValueError, "[text]", "rotation");
  CHECK_ERROR(axes.hist({1}, {.bins = 1'000'000'000}), xg::ValueError, "[hist]", "bins");
  CHECK_ERROR(axes.set_xticks({NAN}), xg::ValueError, "[set_xticks]", "finite");
  CHECK_ERROR(Figure({.rows = std::size_t{1} << 33, .columns = std::size_t{1} << 31}), xg::ValueError, "grid");
  CHECK_ERROR(network({{.name = "a", .in = std::int64_t{1} << 62, .out = 4}}, "n"), xg::ValueError, "[network]");
  if (Figure::can_rasterize()) {
    CHECK_ERROR(Figure({.width = 200, .height = 200}).png(20), xg::ValueError, "32767", "scale below");
  }
}

// Breaks if a list of numbers is taken for options, or numbers of another container are no data.
TEST_CASE("lists, arrays and spans are data", "[viz]") {
  Figure figure;
  Axes& axes = figure.axes();
  axes.plot({0, 1}, {0, 1});
  axes.plot({0}, {0});
  axes.scatter({0}, {0});
  axes.bar({0, 1}, {0, 0});
  const double c_array[2] = {1, 2};
  const std::array<float, 2> array{1, 2};
  const std::span<const int> none;
  axes.plot(c_array, array);
  axes.plot(std::vector<int>{1, 2}, std::deque<long>{1, 2});
  axes.plot(std::span<const double>(c_array), {0, 1});
  axes.plot(none, none);
  CHECK(Data(array).values() == std::vector<double>{1, 2});
  CHECK(figure.scene().all<Polyline>("line").size() == 4);
  CHECK_FALSE(std::is_constructible_v<Paint, int>);
  CHECK_FALSE(std::is_constructible_v<Data, const char*>);
}
