// Numbers at the ends of double in ready-made plots, options that reach what they are meant for, and words that are
// true of what is drawn.
#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/nn/activation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/histogram.hpp>
#include <xgrad/viz/ticks.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace viz_test;

namespace {

constexpr double smallest = 5e-324;

std::string notes(const Figure& figure) {
  std::string out;
  for (const Text& t : figure.scene().all<Text>("note")) out += plain(t) + "; ";
  return out;
}

Contributions rows_of(std::vector<double> values, std::size_t rows) {
  Contributions c;
  c.rows = rows;
  c.features = values.size() / rows;
  c.base.assign(rows, 0);
  c.values = std::move(values);
  return c;
}

}  // namespace

// Breaks if the difference or the half of two doubles is taken for a double.
TEST_CASE("ready-made plots take the ends of double", "[viz]") {
  Contributions c = rows_of({1e308, -1e308}, 2);
  c.data = {1e308, -1e308};
  c.names = {"x"};
  CHECK(scatter(c, "x").scene().all<Circle>("point").size() == 2);
  for (const double v : {smallest, 2 * smallest}) {
    Figure figure;
    figure.axes().hist({v, v});
    CHECK(figure.scene().all<Rect>("bar").size() == 1);
  }
  CHECK(residuals(Data{smallest}, Data{0}).scene().all<Rect>("bar").size() == 1);
  const auto wide = detail::histogram({-1.7e308, 1.7e308}, 1);
  CHECK(wide.count == std::vector<double>{1, 1});
  CHECK(std::isfinite(wide.width));
  Contributions sum = rows_of({1e308, 1e308, 1e308}, 1);
  sum.base = {1e308};
  CHECK_THAT(notes(waterfall(sum)), xg_test::ContainsSubstring("too large to be summed up"));
  const Figure mean = bar(rows_of({1e308, 1e308}, 2));
  CHECK(mean.scene().all<Rect>("bar").size() == 1);
  CHECK(mean.svg().find("infinite") == std::string::npos);
  const Figure half = confusion_matrix(ConfusionCounts{{"a", "b"}, {{1e308, 1e308}, {0, 1}}}, {.percent = true});
  CHECK(half.svg().find("50") != std::string::npos);
}

// Breaks if an axis has one number only, by which nothing can be read, or none.
TEST_CASE("every axis has two ticks", "[viz]") {
  for (int i = 1; i < 200; ++i) {
    for (int j = i + 1; j < 200; j += 7) {
      const Ticks t = linear_ticks(0.013 * i, 0.013 * j, 2);
      INFO(0.013 * i << " to " << 0.013 * j);
      REQUIRE(t.positions.size() == 2);
      CHECK(t.labels[0] != t.labels[1]);
    }
  }
  for (const double middle : {-9.0, -2.1, 0.3, 2.1, 9.0}) {
    for (const double width : {1e-3, 1e-6, 1e-8, 1e-12}) {
      const Ticks t = probability_ticks(middle - width, middle + width, 7);
      INFO(middle << " +- " << width);
      CHECK(t.positions.size() >= 2);
      for (const double z : t.positions) CHECK(std::abs(z - middle) <= 1.001 * width);
    }
  }
}

// Breaks if what is set on one of several axes that have it in common has no effect.
TEST_CASE("shared axes are set on any of them", "[viz]") {
  Figure twins;
  Axes& under = twins.axes();
  under.plot({0, 10}, {0, 1});
  Axes& over = under.twinx();
  over.plot({0, 10}, {5, 6});
  over.set_xlim(2, 3);
  over.set_xlabel("Seconds");
  over.set_title("Both");
  over.grid();
  over.scatter({2.5}, {5.5}, {.c = {7}});
  over.colorbar("Heat");
  CHECK_ERROR(over.twinx(), xg::ValueError, "[twinx]");
  CHECK_ERROR(over.set_aspect_equal(), xg::ValueError, "[set_aspect_equal]");
  const Figure copy = twins;
  for (const Figure* f : {&std::as_const(twins), &copy}) {
    const Scene scene = f->scene();
    CHECK(plain(scene.all<Text>("title").at(0)) == "Both");
    CHECK_FALSE(scene.all<Polyline>("grid").empty());
    CHECK_FALSE(scene.all<Rect>("colorbar").empty());
    CHECK(plain(scene.all<Text>("tick-label-x").at(0)).substr(0, 1) == "2");
    bool named = false;
    for (const Text& t : scene.all<Text>("axis-label")) named = named || plain(t) == "Seconds";
    CHECK(named);
  }
  Figure figure({.columns = 2, .share_x = true, .share_y = true});
  for (std::size_t k = 0; k < 2; ++k) figure.axes(0, k).plot({1, 1000}, {1, 1000});
  figure.axes(0, 1).set_xlim(2, 3);
  figure.axes(0, 1).set_yscale("log");
  const auto count = [&](const char* tag, const char* label) {
    const auto ticks = figure.scene().all<Text>(tag);
    return std::count_if(ticks.begin(), ticks.end(), [&](const Text& t) { return plain(t) == label; });
  };
  CHECK(count("tick-label-x", "1000") + count("tick-label-x", "1,000") == 0);
  CHECK(count("tick-label-y", "10") == 2);
}

// Breaks if a legend below the axes has no title, or a colour bar stands for no colours.
TEST_CASE("legends and colour bars say what they stand for", "[viz]") {
  Figure figure;
  figure.axes().plot({0, 1}, {0, 1}, {.label = "curve"});
  figure.axes().legend({.loc = "outside", .title = "Models"});
  const auto legend = figure.scene().all<Text>("legend");
  REQUIRE(legend.size() == 2);
  CHECK(plain(legend[0]) == "Models");
  CHECK(legend[0].position.y < legend[1].position.y);
  CHECK(texts_outside(figure.scene()) == "");
  CHECK(texts_overlapping(figure.scene()) == "");
  for (const bool broken : {false, true}) {
    Figure bare;
    bare.axes().scatter({0, 1}, {0, 1}, {.c = broken ? Data{NAN, INFINITY} : Data{}});
    bare.axes().colorbar();
    CHECK(bare.scene().all<Rect>("colorbar").empty());
    CHECK_THAT(notes(bare), xg_test::ContainsSubstring("No colour bar"));
  }
  Figure constant;
  constant.axes().scatter({0, 1}, {0, 1}, {.c = {3.00001, 3.00001}});
  constant.axes().colorbar();
  CHECK(plain(constant.scene().all<Text>("tick-label-color").at(0)) == "3.00001");
}

// Breaks if epochs that are none are marked, or a quantity without a number stops the others.
TEST_CASE("histories mark epochs that they have", "[viz]") {
  const EpochCurves curves = {{"loss", {1, 2, 3}}, {"accuracy", {}}};
  CHECK_ERROR(history(curves, {.mark_epoch = -3}), xg::ValueError, "[history]", "mark_epoch is -3");
  CHECK_THAT(notes(history(curves, {.overlay = true})), xg_test::ContainsSubstring("accuracy: no epoch was recorded"));
  const Figure one = history(curves);
  CHECK_THAT(notes(one), xg_test::ContainsSubstring("accuracy: no epoch was recorded"));
  CHECK(one.scene().all<Text>("tick-label-y2").empty());
  const Figure marked = history({{"loss", {1, 2, 3, 4, 5}}, {"accuracy", {1, 2}}}, {.overlay = true, .mark_epoch = 5});
  CHECK(marked.scene().all<Polyline>("rule").size() == 2);
}

// Breaks if a note, a label or a description says what is not so.
TEST_CASE("words are true of the picture", "[viz]") {
  Contributions c = rows_of({1, INFINITY, 3}, 3);
  c.data = {1, 2, 3};
  c.names = {"x"};
  CHECK(scatter(c, "x").svg().find("NaN or infinite") != std::string::npos);
  CHECK(beeswarm(c).svg().find("NaN or infinite") != std::string::npos);
  const Figure relu = activation(xg::nn::Activation("relu"), {.derivative = false});
  CHECK(relu.scene().description.find("derivative") == std::string::npos);
  const Figure few = calibration({{.predicted = {0.2, 0.8}, .observed = {0.1, 0.9}, .count = {0.25, 0.5}}});
  CHECK(few.svg().find("most: 0.5") != std::string::npos);
  const Figure none = calibration({{.predicted = {0.2, 0.8}, .observed = {0.1, 0.9}, .count = {0, 0}}});
  CHECK_THAT(notes(none), xg_test::ContainsSubstring("no point has a count above 0"));
  for (const Text& t : none.scene().all<Text>("legend")) CHECK(plain(t) != "model");
  const Figure lines = decision(contributions(Kind::plain, 9), {.highlight = {0, 1, 2, 3}, .max_rows = 2});
  CHECK_THAT(notes(lines), xg_test::ContainsSubstring("2 of 4 highlighted rows shown"));
}

// Breaks if braces may be numbers as well as options.
TEST_CASE("braces are numbers", "[viz]") {
  Figure figure;
  figure.axes().plot({}, {});
  figure.axes().plot({0, 1});
  CHECK_ERROR(figure.axes().plot({0, 1}, {}), xg::ValueError, "[plot]");
  CHECK(predicted_vs_true({NAN}, {1}).scene().all<Circle>("point").empty());
  CHECK_NOTHROW(residuals({1}, {1}).svg());
}
