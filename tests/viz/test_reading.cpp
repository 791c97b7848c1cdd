// What people read in pictures of explanations: the model's own output, the gap that contributions leave, NaN as NaN,
// probabilities of the right function, equal contributions equally wide, rows chosen fairly.
#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/thinning.hpp>
#include <xgrad/viz/report.hpp>
#include <xgrad/viz/ticks.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

using namespace viz_test;
namespace explain = xg::explain;

namespace {

std::vector<std::string> texts(const Scene& s, const char* tag) {
  std::vector<std::string> out;
  for (const Text& t : s.all<Text>(tag)) out.push_back(plain(t));
  return out;
}
std::string all_text(const Scene& s) {
  std::string out;
  for (const Text& t : s.all<Text>()) out += plain(t) + "\n";
  return out;
}
std::pair<double, double> ends(const Polygon& arrow) { return {arrow.points[0].x, arrow.points[2].x}; }

// base 1, contributions 2 and -0.5, and a model that gave 4: 1.5 are not explained.
Contributions with_gap() {
  return {.rows = 1, .features = 2, .values = {2, -0.5}, .base = {1}, .outputs = {4}, .names = {"up", "down"}};
}

std::string space_label_of(const explain::Explanation& e, std::size_t output) {
  return texts(waterfall(e[0], {.output = output}).scene(), "axis-label").at(0);
}

// A net of one layer with three logits, and rows and references for it.
struct ThreeClasses {
  xg::Tensor weight = xg::tensor({1.5, -1, 0.25, 0.5, -2, 1}, {.dtype = xg::float64}).reshape({3, 2});
  xg::Tensor x = xg::tensor({1, 0.5, -1, 2}, {.dtype = xg::float64}).reshape({2, 2});
  xg::Tensor background = xg::tensor({0, 0, 1, -1}, {.dtype = xg::float64}).reshape({2, 2});
  xg::Tensor operator()(const xg::Tensor& t) const { return xg::softmax(xg::linear(t, weight), 1); }
  explain::Explanation explained() const { return explain::DeepShap(*this, background)(x); }
};

}  // namespace

// Breaks if waterfall, force or decision draw base + sum as f(x), or do not show the gap as a bar of its own.
TEST_CASE("f(x) is what the model gave, and the gap has a bar", "[viz]") {
  const Contributions c = with_gap();
  CHECK(c.prediction(0) == 4);
  CHECK(c.total(0) == 2.5);
  CHECK(c.unexplained(0) == 1.5);
  const Scene w = waterfall(c).scene();
  CHECK(texts(w, "total-label") == std::vector<std::string>{"f(x) = 4"});
  CHECK(texts(w, "row-label") == std::vector<std::string>{"up", "down", "unexplained"});
  CHECK(texts(w, "bar-label") == std::vector<std::string>{"+2", "−0.5", "+1.5"});
  const auto arrows = w.all<Polygon>("bar");
  REQUIRE(arrows.size() == 3);
  const double unit = (ends(arrows[0]).second - ends(arrows[0]).first) / 2;
  CHECK(ends(arrows[2]).first == Approx(w.all<Polyline>("base-line").at(0).points[0].x));
  CHECK(ends(arrows[2]).second - ends(arrows[2]).first == Approx(1.5 * unit));
  CHECK(ends(arrows[1]).first == Approx(ends(arrows[2]).second));
  CHECK(ends(arrows[0]).second == Approx(w.all<Polyline>("total-line").at(0).points[0].x));
  CHECK_FALSE(arrows[2].fill == arrows[0].fill);
  CHECK(arrows[2].stroke.dash[0] > 0);
  CHECK_THAT(w.description,
             xg_test::ContainsSubstring("prediction 4") && xg_test::ContainsSubstring("unexplained: +1.5"));

  const Scene f = force(c).scene();
  const double fx = f.all<Polyline>("total-line").at(0).points[0].x,
               base = f.all<Polyline>("base-line").at(0).points[0].x;
  double left = fx, right = fx;
  for (const Polygon& p : f.all<Polygon>("bar")) {
    left = std::min({left, p.points[0].x, p.points[2].x});
    right = std::max({right, p.points[0].x, p.points[2].x});
  }
  CHECK(f.all<Polygon>("bar").size() == 3);
  CHECK((fx - left) - (right - fx) == Approx(fx - base));
  CHECK(texts(f, "total-label") == std::vector<std::string>{"f(x) 4"});
  const auto names = texts(f, "force-label");
  CHECK(std::count(names.begin(), names.end(), "unexplained") == 1);

  const Scene d = decision(c).scene();
  CHECK(texts(d, "row-label") == std::vector<std::string>{"up", "down", "unexplained"});
  const auto line = d.all<Polyline>("line").at(0).points;
  REQUIRE(line.size() == 4);
  const double step = (line[3].x - line[2].x) / 2;
  CHECK(line[1].x - line[0].x == Approx(1.5 * step));
  CHECK(line[2].x - line[1].x == Approx(-0.5 * step));
  CHECK(line[0].x == Approx(d.all<Polyline>("base-line").at(0).points[0].x));
  CHECK(texts(d, "total-label") == std::vector<std::string>{"f(x) = 4"});

  // Each of several rows has its own gap; the band of the stacked plot ends at the base value again.
  Contributions two{.rows = 2, .features = 1, .values = {1, 1}, .base = {0, 0}, .outputs = {3, 0.5}};
  const auto lines = decision(two).scene().all<Polyline>("line");
  CHECK(lines[0].points[1].x - lines[0].points[0].x == Approx(2 * (lines[0].points[2].x - lines[0].points[1].x)));
  CHECK(lines[1].points[1].x - lines[1].points[0].x == Approx(-0.5 * (lines[1].points[2].x - lines[1].points[1].x)));
  const Scene stacked = force(two, {.order = RowOrder::original}).scene();
  const auto output = stacked.all<Polyline>("line").at(0).points;
  const double zero = stacked.all<Polyline>("rule").at(0).points[0].y;
  double up = 0, down = 0;
  for (const Polygon& p : stacked.all<Polygon>("fill")) {
    // Corners: the inner edge from left to right, then the outer one back.
    const double height = p.points.back().y - p.points.front().y;
    (height > 0 ? up : down) += std::abs(height);
  }
  CHECK(up - down == Approx(zero - output[0].y));
  CHECK_THAT(all_text(stacked), xg_test::ContainsSubstring("unexplained"));
}

// Breaks if rounding gets a bar, or a bar is left out that rounding does not explain.
TEST_CASE("rounding is no gap", "[viz]") {
  Contributions c = with_gap();
  for (const auto& [output, gap] : std::vector<std::pair<double, bool>>{
           {2.5, false}, {2.5 + 1e-6, false}, {2.5 - 1e-6, false}, {2.501, true}, {2.5 - 1e-3, true}, {NAN, false}}) {
    c.outputs = {output};
    CHECK((c.unexplained(0) != 0) == gap);
    CHECK(waterfall(c).scene().all<Text>("row-label").size() == (gap ? 3u : 2u));
  }
  // An output that is large beside what is explained is itself rounded in single precision.
  Contributions far{.rows = 1, .features = 1, .values = {1}, .base = {1e6}, .outputs = {1e6 + 1.1}};
  CHECK(far.unexplained(0) == 0);
  far.outputs = {1e6 + 3};
  CHECK(far.unexplained(0) == Approx(2));
  c = with_gap();
  c.outputs = {4, 5};
  CHECK_ERROR(waterfall(c), xg::ValueError, "2 outputs");
}

// Breaks if the residual of an explanation is lost on its way into the picture.
TEST_CASE("the residual of integrated gradients is drawn", "[viz]") {
  const xg::Tensor x = xg::tensor({2.0, 3.0}, {.dtype = xg::float64}).reshape({1, 2});
  const explain::Explanation e =
      explain::IntegratedGradients([](const xg::Tensor& t) { return (t * t).sum({1}); },
                                   {.steps = 2, .method = explain::Quadrature::riemann_left})(x);
  const Scene s = waterfall(e).scene();
  CHECK(texts(s, "total-label") == std::vector<std::string>{"f(x) = 13"});
  CHECK(texts(s, "bar-label").back() == format_signed(e.residual().item(), 2));
  CHECK_THAT(e.str(), xg_test::ContainsSubstring("residual"));
}

// Breaks if NaN is drawn as a number, or rows that are not drawn are counted.
TEST_CASE("NaN is shown as NaN", "[viz]") {
  const xg::Tensor background = xg::randn({5, 2}), x = xg::tensor({1.0, 2.0, NAN, 1.0, 3.0, 1.0}).reshape({3, 2});
  const auto e = explain::DeepShap([](const xg::Tensor& t) { return t.sum({1}); }, background)(x);
  for (const auto& [figure, label] : std::vector<std::pair<Figure, std::string>>{
           {waterfall(e[1]), "f(x) = NaN"}, {force(e[1]), "f(x) NaN"}, {decision(e[1]), "f(x) = NaN"}}) {
    const Scene s = figure.scene();
    CHECK(texts(s, "total-label") == std::vector<std::string>{label});
    CHECK(s.all<Polygon>("bar").empty());
    CHECK(s.all<Polyline>("line").empty());
    CHECK(s.all<Polyline>("total-line").empty());
    CHECK_THAT(s.description, xg_test::ContainsSubstring("NaN"));
  }
  CHECK(texts(waterfall(e[1]).scene(), "bar-label") == std::vector<std::string>{"NaN", "NaN"});
  const Scene swarm = beeswarm(e).scene();
  CHECK(swarm.all<Circle>("dot").size() == 4);
  CHECK(texts(swarm, "note") == std::vector<std::string>{"1 of 3 rows left out: their contributions are NaN"});
  CHECK_THAT(swarm.description, xg_test::ContainsSubstring("2 rows drawn"));
  CHECK(texts(bar(e).scene(), "note") == std::vector<std::string>{"1 of 3 rows left out: their contributions are NaN"});
  const Scene lines = decision(e).scene();
  CHECK(lines.all<Polyline>("line").size() == 2);
  CHECK_THAT(all_text(lines), xg_test::ContainsSubstring("1 of 3 rows left out"));
  CHECK_THAT(all_text(force(e).scene()), xg_test::ContainsSubstring("1 of 3 rows left out"));
  CHECK(force(e).scene().all<Polyline>("line").at(0).points.size() == 2);
  CHECK_THAT(all_text(scatter(e, "x1").scene()), xg_test::ContainsSubstring("1 of 3 rows left out"));
  CHECK_THAT(all_text(bar({{"all", e}, {"good", e.slice(0, 1)}}).scene()),
             xg_test::ContainsSubstring("all (2 rows)") && xg_test::ContainsSubstring("all: 1 of 3 rows left out"));
  CHECK_THAT(all_text(predicted_vs_true(Data{1, 2, NAN}, Data{1, 3, 4}).scene()),
             xg_test::ContainsSubstring("1 of 3 rows left out"));
  Contributions none = xg::viz::contributions(e.slice(1, 2));
  none.rows = 2;
  for (auto* list : {&none.values, &none.base, &none.outputs, &none.data})
    list->insert(list->end(), list->begin(), list->end());
  CHECK_THAT(all_text(force(none).scene()), xg_test::ContainsSubstring("2 of 2 rows left out"));
  CHECK_NOTHROW(decision(none));
  // A single contribution that is missing leaves a gap, where the output is known.
  Contributions part{.rows = 1, .features = 2, .values = {NAN, 1}, .base = {0}, .outputs = {3}};
  CHECK(texts(waterfall(part).scene(), "bar-label") == std::vector<std::string>{"+1", "NaN", "+2"});
  part.outputs.clear();
  CHECK(texts(waterfall(part).scene(), "total-label") == std::vector<std::string>{"f(x) = NaN"});
}

// Breaks if a softmax's logit is called log-odds, or its probability is that of a sigmoid.
TEST_CASE("a softmax's logit becomes the softmax's probability", "[viz]") {
  const ThreeClasses net;
  const explain::Explanation e = net.explained();
  const xg::Tensor p = net(net.x), z = e.base_values();
  const xg::Tensor at_base = xg::softmax(z, 1);
  for (std::size_t k = 0; k < 3; ++k) {
    const auto at = [&](const xg::Tensor& t, std::int64_t row) { return t[row][static_cast<std::int64_t>(k)].item(); };
    const std::string label = space_label_of(e, k);
    CHECK(label.find("log-odds") == std::string::npos);
    CHECK_THAT(label, xg_test::ContainsSubstring("logit, up to a constant"));
    const Scene one = force(e[0], {.link = Link::logit, .output = k}).scene();
    CHECK(texts(one, "total-label") == std::vector<std::string>{"f(x) probability " + format_value(at(p, 0))});
    CHECK(texts(one, "base-label") ==
          std::vector<std::string>{"base value probability " + format_value(at(at_base, 0))});
    const Scene d = decision(e[0], {.link = Link::logit, .output = k}).scene();
    CHECK(texts(d, "total-label") == std::vector<std::string>{"f(x) = " + format_value(at(p, 0))});
    CHECK_THAT(d.description, xg_test::ContainsSubstring("ends at " + format_value(at(p, 0))));
    // With several rows, the last points are at the log-odds of the probabilities.
    const auto lines = decision(e, {.link = Link::logit, .output = k}).scene().all<Polyline>("line");
    const auto logit = [](double q) { return std::log(q / (1 - q)); };
    const double unit =
        (lines[0].points.back().x - lines[0].points.front().x) / (logit(at(p, 0)) - logit(at(at_base, 0)));
    CHECK(lines[1].points.back().x - lines[0].points.back().x == Approx(unit * (logit(at(p, 1)) - logit(at(p, 0)))));
  }
  CHECK_ERROR(decision(e.output(1), {.link = Link::logit}), xg::ValueError, "[decision]", "all outputs", ".output = 0");
  CHECK_ERROR(force(e.output(1)[0], {.link = Link::logit}), xg::ValueError, "[force]", "all outputs");
  CHECK_ERROR(force(e, {.link = Link::logit, .output = 1}), xg::ValueError, "[force]", "softmax", "decision");
  CHECK_NOTHROW(decision(e.output(1)));
  // Logits of one model that has no final softmax might belong to one.
  const auto raw =
      explain::DeepShap([&](const xg::Tensor& t) { return xg::linear(t, net.weight); }, net.background)(net.x);
  CHECK_ERROR(decision(raw, {.link = Link::logit, .output = 1}), xg::ValueError, "3 numbers", "one softmax");
  // The sigmoid's logits are log-odds, each by itself.
  const auto sigmoid = explain::DeepShap([&](const xg::Tensor& t) { return xg::sigmoid(xg::linear(t, net.weight)); },
                                         net.background)(net.x);
  CHECK_THAT(space_label_of(sigmoid, 1), xg_test::ContainsSubstring("log-odds"));
  const double want = xg::sigmoid(xg::linear(net.x, net.weight))[0][1].item();
  CHECK(texts(force(sigmoid.output(1)[0], {.link = Link::logit}).scene(), "total-label") ==
        std::vector<std::string>{"f(x) " + format_value(want)});
}

// Breaks if Link::logit stretches contributions, writes a wrong probability at the axis, or does not say what the
// base value is.
TEST_CASE("equal contributions are equally wide with either link", "[viz]") {
  Contributions c{.rows = 1,
                  .features = 3,
                  .values = {1, 1, -1},
                  .base = {-3},
                  .names = {"p1", "p2", "neg"},
                  .space = Space::logit};
  for (const Link link : {Link::identity, Link::logit}) {
    const Scene s = force(c, {.link = link}).scene();
    std::vector<double> widths;
    for (const Polygon& p : s.all<Polygon>("bar")) widths.push_back(std::abs(ends(p).second - ends(p).first));
    REQUIRE(widths.size() == 3);
    CHECK(widths[1] == Approx(widths[0]));
    CHECK(widths[2] == Approx(widths[0]));
    const auto line = decision(c, {.link = link}).scene().all<Polyline>("line").at(0).points;
    CHECK(line[3].x - line[2].x == Approx(line[2].x - line[1].x));
    CHECK(line[1].x - line[0].x == Approx(line[2].x - line[3].x));
    Contributions two = c;
    two.rows = 2;
    two.values = {1, 1, -1, 2, 1, -1};
    two.base = {-3, -3};
    const Scene stacked = force(two, {.link = link, .order = RowOrder::original}).scene();
    const auto fills = stacked.all<Polygon>("fill");
    // The bands of p1 and p2 at the first row: inner minus outer edge.
    const auto height = [](const Polygon& p) { return std::abs(p.points.front().y - p.points.back().y); };
    CHECK(height(fills[0]) == Approx(height(fills[1])));
  }
  const Scene s = force(c, {.link = Link::logit}).scene();
  CHECK(texts(s, "total-label") == std::vector<std::string>{"f(x) " + format_value(1 / (1 + std::exp(2)))});
  CHECK(texts(s, "base-label") == std::vector<std::string>{"base value " + format_value(1 / (1 + std::exp(3)))});
  CHECK_THAT(all_text(s), xg_test::ContainsSubstring("the probability of the mean logit") &&
                              xg_test::ContainsSubstring("not a mean probability"));
  // A tick stands where its probability is.
  const double fx = s.all<Polyline>("total-line").at(0).points[0].x,
               base = s.all<Polyline>("base-line").at(0).points[0].x;
  std::size_t ticks = 0;
  for (const Text& t : s.all<Text>("tick-label-x")) {
    const double p = std::stod(plain(t));
    CHECK(t.position.x == Approx(base + (fx - base) * (std::log(p / (1 - p)) + 3)).margin(0.6));
    ++ticks;
  }
  CHECK(ticks >= 2);
  c.references = 100;
  CHECK_THAT(all_text(decision(c, {.link = Link::logit}).scene()),
             xg_test::ContainsSubstring("mean logit of the 100 references"));
}

// Breaks if a probability axis has too few ticks, wrong ones, or does not end.
TEST_CASE("probability ticks", "[viz]") {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {-1, 1}, {-3, 0.2}, {-30, 30}, {-700, 700}, {2, 2.2}, {-9, -8.9}, {-0.001, 0.001}, {5, 40}, {-1e5, 1e5}}) {
    for (const std::size_t most : {2u, 5u, 9u}) {
      INFO(low << " to " << high << ", at most " << most);
      const Ticks t = probability_ticks(low, high, most);
      CHECK(t.positions.size() <= most);
      if (high < 300) CHECK(t.positions.size() >= (most == 2 ? 1 : 2));
      CHECK(std::is_sorted(t.positions.begin(), t.positions.end()));
      CHECK(std::set<std::string>(t.labels.begin(), t.labels.end()).size() == t.positions.size());
      for (const double z : t.positions) CHECK((z >= low - 1e-6 && z <= high + 1e-6));
    }
  }
  CHECK(probability_ticks(-2.5, 2.5, 3).labels == std::vector<std::string>{"0.1", "0.5", "0.9"});
  CHECK(probability_ticks(-2.5, 2.5, 3).positions[2] == Approx(std::log(9)));
  CHECK(probability_ticks(40, 41).positions.size() >= 2);  // by their distances from 1
  CHECK(probability_ticks(1, 1).positions.empty());
}

// Breaks if cohorts are compared by the places of their features.
TEST_CASE("cohorts are matched by feature name", "[viz]") {
  Contributions a{.rows = 2, .features = 2, .values = {1, 5, -1, 5}, .base = {0, 0}, .names = {"small", "large"}};
  Contributions b{.rows = 2, .features = 2, .values = {4, 2, -4, 2}, .base = {0, 0}, .names = {"large", "small"}};
  const Scene s = bar({{"a", a}, {"b", b}}).scene();
  CHECK(texts(s, "row-label") == std::vector<std::string>{"large", "small"});
  CHECK(texts(s, "bar-label") == std::vector<std::string>{"5", "4", "1", "2"});
  Contributions c = b;
  c.names = {"large", "other"};
  CHECK_ERROR(bar({{"a", a}, {"c", c}}), xg::ValueError, "[bar]", "only in the first: \"small\"", "\"other\"",
              "same features");
  c.names = {"large", "large"};
  CHECK_ERROR(bar({{"a", a}, {"c", c}}), xg::ValueError, "\"small\"");
  c = b;
  c.space = Space::probability;
  CHECK_ERROR(bar({{"a", a}, {"c", c}}), xg::ValueError, "another kind of output");
  // Two outputs of one model: the axis names neither.
  a.output = "cat";
  b.output = "dog";
  CHECK(texts(bar({{"a", a}, {"b", b}}).scene(), "axis-label").at(0).find("cat") == std::string::npos);
}

// Breaks if whiskers are drawn without a word about what they mean.
TEST_CASE("whiskers are named", "[viz]") {
  Contributions c = with_gap();
  c.outputs.clear();
  CHECK(texts(waterfall(c).scene(), "note").empty());
  c.errors = {0.5, 0.1};
  c.references = 100;
  const std::string words = "Whiskers: ± standard error of the mean over the 100 references";
  CHECK(texts(waterfall(c).scene(), "note") == std::vector<std::string>{words});
  CHECK(texts(bar(c).scene(), "note") == std::vector<std::string>{words});
  CHECK(texts(waterfall(c, {.error_bars = false}).scene(), "note").empty());
  CHECK(texts(bar(c, {.error_bars = false}).scene(), "note").empty());
  c.references = 0;
  CHECK(texts(bar(c).scene(), "note") == std::vector<std::string>{"Whiskers: ± standard error"});
}

// Breaks if a choice of rows depends on what they are sorted by, loses extremes, or changes from call to call.
TEST_CASE("thinning is fair to any order and keeps extremes", "[viz]") {
  const std::size_t n = 4000;
  std::vector<double> rising(n), alternating(n), wave(n);
  for (std::size_t i = 0; i < n; ++i) {
    rising[i] = static_cast<double>(i);
    alternating[i] = i % 2 == 0 ? 1 : -1;
    wave[i] = std::sin(0.01 * static_cast<double>(i));
  }
  wave[1234] = 50;
  wave[777] = -60;
  wave[3] = NAN;
  const auto rows = detail::rows_to_draw(n, 500, {rising, alternating, wave}, {42, 43});
  CHECK(rows.size() == 500);
  CHECK(std::is_sorted(rows.begin(), rows.end()));
  CHECK(std::set<std::size_t>(rows.begin(), rows.end()).size() == 500);
  CHECK(rows == detail::rows_to_draw(n, 500, {rising, alternating, wave}, {42, 43}));
  for (const std::size_t r : {0u, 3999u, 1234u, 777u, 42u, 43u}) CHECK(std::count(rows.begin(), rows.end(), r) == 1);
  // Every residue class, and every tenth of the rows, has about its share: 6 standard deviations of a random choice.
  for (const std::size_t period : {2u, 3u, 8u, 10u}) {
    for (std::size_t k = 0; k < period; ++k) {
      const double share = 500.0 / static_cast<double>(period);
      const auto there = std::count_if(rows.begin(), rows.end(), [&](std::size_t r) { return r % period == k; });
      const auto tenth = std::count_if(rows.begin(), rows.end(), [&](std::size_t r) { return r * period / n == k; });
      CHECK(static_cast<double>(there) == Approx(share).margin(6 * std::sqrt(share)));
      CHECK(static_cast<double>(tenth) == Approx(share).margin(6 * std::sqrt(share)));
    }
  }
  CHECK(detail::rows_to_draw(3, 5, {}) == std::vector<std::size_t>{0, 1, 2});
  CHECK(detail::rows_to_draw(10, 1, {rising}) == std::vector<std::size_t>{0});
}

// Breaks if a figure thins rows on its own: halves that vanish, outliers that are lost, limits that shrink.
TEST_CASE("figures of many rows show all kinds of rows", "[viz]") {
  const std::size_t n = 5000;
  Contributions c;
  c.rows = n;
  c.features = 1;
  c.names = {"f"};
  for (std::size_t i = 0; i < n; ++i) {
    c.values.push_back(i == 2501 ? 9.0 : i == 1717 ? -7.0 : i % 2 == 0 ? 1 : -1);
    c.data.push_back(static_cast<double>(i % 2) + 0.001 * static_cast<double>(i % 97));
    c.base.push_back(0);
  }
  const auto halves = [](std::vector<double> at) {
    std::sort(at.begin(), at.end());
    const double low = at.front(), high = at.back();
    std::size_t upper = 0;
    for (const double v : at) upper += (v - low) / (high - low) > 0.4375 ? 1 : 0;  // 0 between -7 and 9
    return static_cast<double>(upper) / static_cast<double>(at.size());
  };
  std::vector<double> swarm, lines, dots, stacked, predicted;
  const Scene beeswarm_scene = beeswarm(c).scene();
  for (const Circle& dot : beeswarm_scene.all<Circle>("dot")) swarm.push_back(dot.centre.x);
  CHECK(swarm.size() == 2000);
  for (const Polyline& line : decision(c).scene().all<Polyline>("line")) lines.push_back(line.points.back().x);
  for (const Circle& p : scatter(c, "f").scene().all<Circle>("point")) dots.push_back(-p.centre.y);
  const auto output = force(c, {.order = RowOrder::original}).scene().all<Polyline>("line").at(0).points;
  for (const Point& p : output) stacked.push_back(-p.y);
  for (const Circle& p : predicted_vs_true(Data(c.values), Data(c.values)).scene().all<Circle>("point"))
    predicted.push_back(p.centre.x);
  for (const auto& [name, at] : std::vector<std::pair<std::string, std::vector<double>>>{
           {"beeswarm", swarm}, {"decision", lines}, {"scatter", dots}, {"force", stacked}, {"predicted", predicted}}) {
    INFO(name);
    CHECK(halves(at) == Approx(0.5).margin(0.06));
    const double low = *std::min_element(at.begin(), at.end()), high = *std::max_element(at.begin(), at.end());
    std::vector<double> inner;
    for (const double v : at) {
      if (v > low + 1e-9 && v < high - 1e-9) inner.push_back(v);
    }
    CHECK(inner.size() + 2 == at.size());  // both outliers are there, once each
    CHECK(*std::max_element(inner.begin(), inner.end()) - low == Approx(8 * (high - low) / 16).epsilon(1e-6));
  }
  // A highlighted row is among them.
  const auto highlighted = decision(c, {.highlight = {4321}}).scene().all<Polyline>("line");
  CHECK(std::count_if(highlighted.begin(), highlighted.end(), [](const Polyline& l) { return l.stroke.dash[0] > 0; }) ==
        1);
}

// Breaks if a curve does not say which class is positive.
TEST_CASE("score curves name the positive class", "[viz]") {
  const xg::Tensor y = xg::tensor({0.0, 0.0, 1.0, 1.0, 1.0, 0.0}), p = xg::tensor({0.1, 0.6, 0.8, 0.4, 0.9, 0.2});
  const auto q = xg::nn::metrics::classification_report(y, p, {.class_names = {"died", "survived"}});
  for (const Figure& figure : {roc(q), precision_recall(q), calibration(q)}) {
    CHECK_THAT(all_text(figure.scene()), xg_test::ContainsSubstring("survived"));
    CHECK(all_text(figure.scene()).find("died") == std::string::npos);
    CHECK_THAT(figure.scene().caption, xg_test::ContainsSubstring("Positive class: survived"));
  }
  CHECK_THAT(all_text(roc(xg::nn::metrics::classification_report(y, p)).scene()),
             xg_test::ContainsSubstring("positive class: 1"));
  CHECK(roc({ScoreCurve{{0, 1}, {0, 1}, 0.5}}).svg().find("positive class") == std::string::npos);
  Report report("q");
  report.section("q", q);
  CHECK_THAT(report.html(), xg_test::ContainsSubstring("The positive class is survived"));
}

// Breaks if a report leaves out how its explanations were made, or says it twice.
TEST_CASE("a report says how explanations were made", "[viz]") {
  const xg::Tensor x = xg::randn({3, 2}), background = xg::randn({7, 2});
  explain::ExplanationParts parts;
  parts.values = xg::tensor({1.0, -2.0, 0.5, 1.0}).reshape({2, 2, 1});
  parts.base_values = xg::full({2, 1}, 0.25);
  parts.outputs = xg::tensor({-0.75, 1.75}).reshape({2, 1});
  parts.standard_errors = xg::full({2, 2, 1}, 0.1);
  parts.data = xg::zeros({2, 2});
  parts.feature_names = {"sex_<f>", "age"};
  parts.output_names = {"price"};
  parts.method = "DeepShap";
  parts.n_background = 7;
  parts.unit = "dollars";
  parts.fallback_ops = {{"swish", "Net > block", 1e-3}};
  parts.notes = {"row 1: a thing & another"};
  const explain::Explanation e(parts);
  const auto count = [](const std::string& html, const std::string& piece) {
    std::size_t n = 0;
    for (std::size_t at = html.find(piece); at != std::string::npos; at = html.find(piece, at + 1)) ++n;
    return n;
  };
  Report figures("figures alone");
  figures.section("One", waterfall(e[0]), force(e[0]), decision(e[0]), bar(e[0]));
  figures.section("Many", bar(e), beeswarm(e), scatter(e, "age"), force(e), decision(e), bar({{"a", e}}));
  Report with("with the explanation");
  with.section("One", e[0], waterfall(e[0]));
  for (const std::string& html : {figures.html(), with.html()}) {
    const std::size_t sections = count(html, "<section");
    const std::string body = html.substr(html.find("<main>"), html.find("</main>") + 7 - html.find("<main>"));
    CHECK(xml_error(body) == "");
    for (const char* piece : {"<li>DeepShap of what the model returns, in dollars", "<li>output: price</li>",
                              "<li>base value: the mean of that over 7 references",
                              "<li>standard error (+-): of the mean over the 7 references",
                              "<li>swish in Net &gt; block", "<li>note: row 1: a thing &amp; another"}) {
      INFO(piece);
      CHECK(count(html, piece) == sections);
    }
    CHECK(count(html, "<figcaption>") == count(html, "<figure"));
  }
  CHECK_THAT(figures.html(), xg_test::ContainsSubstring("price (dollars)"));
  CHECK_THAT(figures.html(), xg_test::ContainsSubstring("a: DeepShap of"));
  CHECK_THAT(all_text(predicted_vs_true(Data{1, 2}, Data{1, 3}, {.unit = "dollars"}).scene()),
             xg_test::ContainsSubstring("Predicted (dollars)") && xg_test::ContainsSubstring("True (dollars)"));
  CHECK_THAT(all_text(residuals(Data{1, 2}, Data{1, 3}, {.width = 9, .unit = "dollars"}).scene()),
             xg_test::ContainsSubstring("True − predicted (dollars)"));
}
