#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <numeric>

using namespace viz_test;

namespace {

// tutorial.md's waterfall: a house of the Ames data.
Contributions house() {
  return {.rows = 1,
          .features = 12,
          .values = {14.62, 10660.91, -1640.65, -581.79, 239.09, 188.63, 123.69, -118.23, 28.83, 10.0, 7.0, 3.264},
          .base = {153572.359},
          .names = {"FullBath", "TotalBsmtSF", "GarageArea", "LotFrontage", "YearBuilt", "YearRemodAdd", "MSSubClass",
                    "GrLivArea", "OverallQual", "Fireplaces", "GarageCars", "OverallCond"},
          .display = {"2", "1346", "437", "43", "2005", "2006", "120", "1504", "7", "1", "2", "5"}};
}

std::vector<std::string> texts(const Scene& s, const char* tag) {
  std::vector<std::string> out;
  for (const Text& t : s.all<Text>(tag)) out.push_back(plain(t));
  return out;
}

// Where an arrow begins and ends: its first corner and its tip.
std::pair<double, double> ends(const Polygon& arrow) { return {arrow.points[0].x, arrow.points[2].x}; }

}  // namespace

// Breaks if rows are ordered, grouped, named or formatted in another way than the tutorial's figure.
TEST_CASE("waterfall shows the tutorial's house", "[viz]") {
  const Scene s = waterfall(house(), {.max_display = 10}).scene();
  CHECK(texts(s, "row-label") == std::vector<std::string>{"1346 = TotalBsmtSF", "437 = GarageArea", "43 = LotFrontage",
                                                          "2005 = YearBuilt", "2006 = YearRemodAdd", "120 = MSSubClass",
                                                          "1504 = GrLivArea", "7 = OverallQual", "2 = FullBath",
                                                          "3 other features"});
  CHECK(texts(s, "bar-label") == std::vector<std::string>{"+10660.91", "−1640.65", "−581.79", "+239.09", "+188.63",
                                                          "+123.69", "−118.23", "+28.83", "+14.62", "+20.26"});
  CHECK(texts(s, "base-label") == std::vector<std::string>{"E[f(X)] = 153572.359"});
  CHECK(texts(s, "total-label") == std::vector<std::string>{"f(x) = 162507.723"});
}

// Breaks if an arrow does not start where the one below ends, or the chain misses the base value or the prediction.
TEST_CASE("waterfall's arrows lead from base to prediction", "[viz]") {
  for (const std::size_t max_display : {1u, 2u, 5u, 13u, 100u}) {
    for (const Kind kind : {Kind::plain, Kind::huge, Kind::cjk}) {
      const Contributions c = contributions(kind, 1);
      const Scene s = waterfall(c, {.max_display = max_display}).scene();
      const auto arrows = s.all<Polygon>("bar");
      REQUIRE(arrows.size() == std::min<std::size_t>(max_display, 13));
      for (std::size_t k = 0; k + 1 < arrows.size(); ++k)
        CHECK(ends(arrows[k]).first == Approx(ends(arrows[k + 1]).second));
      // The dashed guides stand at E[f(X)] and f(x).
      CHECK(ends(arrows.back()).first == Approx(s.all<Polyline>("base-line").at(0).points[0].x));
      CHECK(ends(arrows.front()).second == Approx(s.all<Polyline>("total-line").at(0).points[0].x));
      // Lengths are in proportion to contributions: sum of signed lengths = (f - E) px per unit.
      double signed_length = 0, length = 0, size = 0;
      for (const Polygon& a : arrows) {
        signed_length += ends(a).second - ends(a).first;
        length += std::abs(ends(a).second - ends(a).first);
      }
      if (max_display >= 13) {
        for (const double v : c.values) size += std::abs(v);
        CHECK(signed_length / (c.total(0) - c.base[0]) == Approx(length / size));
      }
    }
  }
}

// Breaks if ties are not kept in input order, zeros fail, or small values show as zero.
TEST_CASE("waterfall's edge cases", "[viz]") {
  Contributions tie{.rows = 1, .features = 3, .values = {0.5, -0.5, 0.5}, .base = {0}};
  CHECK(texts(waterfall(tie).scene(), "row-label") == std::vector<std::string>{"X1", "X2", "X3"});
  Contributions zero{.rows = 1, .features = 2, .values = {0, -0.0}, .base = {7}};
  CHECK(texts(waterfall(zero).scene(), "bar-label") == std::vector<std::string>{"+0", "+0"});
  Contributions small{.rows = 1, .features = 2, .values = {0.00321, -0.00002}, .base = {0.5}};
  CHECK(texts(waterfall(small).scene(), "bar-label") == std::vector<std::string>{"+0.00321", "−0.00002"});
  Contributions equals{.rows = 1, .features = 1, .values = {1}, .base = {0}, .names = {"a = b"}, .display = {"x = y"}};
  CHECK(texts(waterfall(equals).scene(), "row-label") == std::vector<std::string>{"x = y = a = b"});
  Contributions nan{.rows = 1, .features = 2, .values = {NAN, 1}, .base = {0}};
  CHECK(texts(waterfall(nan).scene(), "bar-label") == std::vector<std::string>{"+1", "NaN"});
}

// Breaks if a plot for one row takes several, takes numbers that do not sum up, or squashes a probability twice.
TEST_CASE("plots of explanations refuse what makes no sense", "[viz]") {
  const Contributions many = contributions(Kind::plain, 5);
  CHECK_ERROR(waterfall(many), xg::ValueError, "[waterfall]", "has 5", "waterfall(e[0])");
  CHECK_ERROR(waterfall(house(), {.max_display = 0}), xg::ValueError, "max_display");
  Contributions bad = house();
  bad.names.pop_back();
  CHECK_ERROR(waterfall(bad), xg::ValueError, "11 names", "12");
  CHECK_ERROR(bar(Contributions{}), xg::ValueError, "[bar]", "0 rows");
  Contributions probability = contributions(Kind::plain, 1);
  probability.space = Space::probability;
  CHECK_ERROR(decision(probability, {.link = Link::logit}), xg::ValueError, "[decision]", "second time",
              "Output::logit");
  CHECK_ERROR(force(probability, {.link = Link::logit}), xg::ValueError, "[force]", "second time");
  CHECK_NOTHROW(decision(probability));
  CHECK_ERROR(decision(many, {.highlight = {5}}), xg::IndexError, "highlight 5");
  CHECK_ERROR(decision(many, {.legend = {"a"}}), xg::ValueError, "legend", "5 rows");
  CHECK_ERROR(scatter(many, "fature_1"), xg::ValueError, "fature_1", "feature_1");
  CHECK_ERROR(scatter(many, "feature_1", {.color = "x"}), xg::ValueError, "\"x\"");
  CHECK_ERROR(bar(std::vector<std::pair<std::string, Contributions>>{}), xg::ValueError, "no cohort");
  CHECK_ERROR(bar({{"a", many}, {"b", house()}}), xg::ValueError, "same features");
  Contributions gradients = contributions(Kind::plain, 1);
  gradients.additive = false;
  for (const auto& draw :
       {std::function<void()>([&] { waterfall(gradients); }), std::function<void()>([&] { decision(gradients); }),
        std::function<void()>([&] { force(gradients); })}) {
    CHECK_ERROR(draw(), xg::ValueError, "do not sum", "bar");
  }
  CHECK_NOTHROW(bar(gradients));
}

// Breaks if a decision line does not start at base + hidden features, moves by something else than the contributions,
// or ends elsewhere than at the output.
TEST_CASE("decision lines add up", "[viz]") {
  const Contributions c = contributions(Kind::plain, 4);
  for (const Link link : {Link::identity, Link::logit}) {
    for (const std::size_t shown : {3u, 13u}) {
      const Scene s = decision(c, {.link = link, .max_display = shown}).scene();
      const auto lines = s.all<Polyline>("line");
      REQUIRE(lines.size() == 4);
      const auto order = detail::by_importance(c);
      // px per unit from the first row's two ends: of the logit with either link.
      double start0 = c.base[0];
      for (std::size_t k = shown; k < 13; ++k) start0 += c.value(0, order[k]);
      const double scale = (lines[0].points.back().x - lines[0].points.front().x) / (c.total(0) - start0);
      const double zero = lines[0].points.front().x - scale * start0;
      for (std::size_t r = 0; r < 4; ++r) {
        REQUIRE(lines[r].points.size() == shown + 1);
        double sum = c.base[r];
        for (std::size_t k = shown; k < 13; ++k) sum += c.value(r, order[k]);
        for (std::size_t k = 0; k <= shown; ++k) {
          CHECK(lines[r].points[k].x == Approx(zero + scale * sum).margin(1e-6));
          if (k < shown) sum += c.value(r, order[shown - 1 - k]);
        }
        CHECK(sum == Approx(c.total(r)));
      }
    }
  }
}

// Breaks if the arrows of a force plot do not meet at f(x), or red minus blue is not f - base.
TEST_CASE("force arrows meet at the output", "[viz]") {
  const Contributions c = contributions(Kind::plain, 1);
  for (const Link link : {Link::identity, Link::logit}) {
    const Scene s = force(c, {.link = link}).scene();
    const double fx = s.all<Polyline>("total-line").at(0).points[0].x;
    const double base = s.all<Polyline>("base-line").at(0).points[0].x;
    double red = fx, blue = fx;
    std::size_t positive = 0, negative = 0;
    for (const Polygon& p : s.all<Polygon>("bar")) {
      const double from = p.points[0].x, to = p.points[2].x;
      if (p.fill == Paint(Role::positive)) {
        CHECK(to == Approx(red));
        CHECK(from < to);
        red = from;
        ++positive;
      } else {
        CHECK(to == Approx(blue));
        CHECK(from > to);
        blue = from;
        ++negative;
      }
    }
    CHECK(positive + negative == 13);
    CHECK((fx - red) - (blue - fx) == Approx(fx - base));
  }
  // Only features with their share are named.
  std::size_t named = 0;
  double all = 0;
  for (const double v : c.values) all += std::abs(v);
  for (const double v : c.values) named += std::abs(v) / all >= 0.1 ? 1 : 0;
  CHECK(force(c, {.contribution_threshold = 0.1}).scene().all<Text>("force-label").size() == named);
}

// Breaks if the order of rows is not a permutation, or does not fall where it should.
TEST_CASE("stacked force keeps every row once", "[viz]") {
  const Contributions c = contributions(Kind::plain, 37);
  for (const RowOrder order : {RowOrder::similarity, RowOrder::output, RowOrder::original}) {
    const Scene s = force(c, {.order = order}).scene();
    auto points = s.all<Polyline>("line").at(0).points;
    REQUIRE(points.size() == 37);
    if (order == RowOrder::output) {
      for (std::size_t i = 1; i < points.size(); ++i) CHECK(points[i].y >= points[i - 1].y - 1e-9);
    }
    std::vector<double> heights, totals;
    for (std::size_t i = 0; i < 37; ++i) {
      heights.push_back(points[i].y);
      totals.push_back(-c.total(i));
    }
    if (order != RowOrder::original) {
      std::sort(heights.begin(), heights.end());
      std::sort(totals.begin(), totals.end());
    }
    const double scale = (heights[36] - heights[0]) / (totals[36] - totals[0]);
    for (std::size_t i = 0; i < 37; ++i)
      CHECK(heights[i] - heights[0] == Approx(scale * (totals[i] - totals[0])).margin(1e-6));
  }
}

// Breaks if bars are not as long as the mean contributions, or the rest is not summed up.
TEST_CASE("bars are as long as contributions", "[viz]") {
  const Contributions c = contributions(Kind::plain, 20);
  const auto mean = detail::mean_absolute(c);
  const auto order = detail::by_importance(c);
  const auto bars = bar(c, {.max_display = 6}).scene().all<Rect>("bar");
  REQUIRE(bars.size() == 6);
  double rest = 0;
  for (std::size_t k = 5; k < 13; ++k) rest += mean[order[k]];
  const double scale = bars[0].box.width() / mean[order[0]];
  for (std::size_t k = 1; k < 5; ++k) CHECK(bars[k].box.width() == Approx(scale * mean[order[k]]));
  CHECK(bars[5].box.width() == Approx(scale * rest));
  CHECK(texts(bar(c, {.max_display = 6}).scene(), "row-label").back() == "Sum of 8 other features");
  // One row: signed, from the zero line.
  const Contributions one = contributions(Kind::plain, 1);
  const Scene s = bar(one, {.max_display = 13}).scene();
  const double zero = s.all<Polyline>("zero-line").at(0).points[0].x;
  const auto signed_bars = s.all<Rect>("bar");
  const auto by_size = detail::by_importance(one);
  for (std::size_t k = 0; k < 13; ++k) {
    const double v = one.values[by_size[k]];
    CHECK((v < 0 ? signed_bars[k].box.right : signed_bars[k].box.left) == Approx(zero));
    CHECK(signed_bars[k].fill == Paint(v < 0 ? Role::negative : Role::positive));
  }
}

// Breaks if dots of the beeswarm are not at their contributions, or dots with equal x lie on one another.
TEST_CASE("beeswarm puts every dot at its contribution", "[viz]") {
  Contributions c{.rows = 6,
                  .features = 1,
                  .values = {1, 1, 1, -2, 0, 3},
                  .base = std::vector<double>(6, 0.0),
                  .data = {0, 1, 2, 3, 4, NAN}};
  const auto dots = beeswarm(c).scene().all<Circle>("dot");
  REQUIRE(dots.size() == 6);
  // The one without a value is drawn first, grey.
  CHECK(dots[0].fill == Paint(red_blue(NAN)));
  const double unit = (dots[0].centre.x - dots[4].centre.x) / 5;  // from -2 to 3
  CHECK(dots[1].centre.x - dots[5].centre.x == Approx(unit));
  CHECK(dots[1].centre.x == Approx(dots[2].centre.x));
  for (std::size_t i = 1; i < 4; ++i) {
    for (std::size_t j = 1; j < i; ++j) CHECK(std::abs(dots[i].centre.y - dots[j].centre.y) > 2);
  }
  const auto colors = detail::color_positions({0, 1, 2, 3, 4, NAN, 100});
  CHECK(colors[0] == 0);
  CHECK(std::isnan(colors[5]));
  CHECK(colors[6] == 1);
  CHECK(detail::color_positions({5, 5, 5})[1] == 0.5);
}

// Breaks if text values are not categories, or values that are not there are drawn as zeros.
TEST_CASE("scatter takes numbers, texts and gaps", "[viz]") {
  Contributions c{.rows = 6,
                  .features = 1,
                  .values = {1, 2, 3, 4, 5, 6},
                  .base = std::vector<double>(6, 0.0),
                  .names = {"sex"},
                  .display = {"male", "female", "male", "female", "male", ""}};
  const Scene s = scatter(c, "sex").scene();
  CHECK(texts(s, "tick-label-x") == std::vector<std::string>{"female", "male"});
  CHECK(texts(s, "text") == std::vector<std::string>{"1 without a value"});
  c.display = {"1.5", "2", "3", "4", "5", "nan"};
  const Scene numbers = scatter(c, "sex").scene();
  std::size_t circles = 0;
  for (const Circle& p : numbers.all<Circle>("point")) circles += p.radius > 0 ? 1 : 0;
  CHECK(circles == 5);
  Contributions bare{.rows = 2, .features = 1, .values = {1, 2}, .base = {0, 0}};
  CHECK_ERROR(scatter(bare, "X1"), xg::ValueError, "no feature values");
}
