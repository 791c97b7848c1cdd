#include "figures.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>

using namespace viz_test;

// Breaks if a legend lies on a curve, whatever place was asked for.
TEST_CASE("a legend never covers a curve", "[viz]") {
  const auto box_of = [](const Scene& s) {
    Box all{1e9, 1e9, -1e9, -1e9};
    for (const Text& t : s.all<Text>("legend")) {
      const Box b = bounds(t);
      all = {std::min(all.left, b.left), std::min(all.top, b.top), std::max(all.right, b.right),
             std::max(all.bottom, b.bottom)};
    }
    for (const Rect& r : s.all<Rect>("legend-box")) all = r.box;
    return all;
  };
  const auto hidden = [&](const Scene& s) {
    std::vector<Box> boxes;
    for (const Rect& r : s.all<Rect>("legend-box")) boxes.push_back(r.box);
    for (const Text& t : s.all<Text>("legend")) boxes.push_back(bounds(t));
    std::size_t count = 0;
    for (const Polyline& line : s.all<Polyline>("line")) {
      for (std::size_t i = 0; i + 1 < line.points.size(); ++i) {
        for (int k = 0; k <= 400; ++k) {  // fine enough that no box slips through
          const double t = k / 400.0;
          const Point p{line.points[i].x + t * (line.points[i + 1].x - line.points[i].x),
                        line.points[i].y + t * (line.points[i + 1].y - line.points[i].y)};
          for (const Box& b : boxes) count += p.x > b.left && p.x < b.right && p.y > b.top && p.y < b.bottom ? 1 : 0;
        }
      }
    }
    return count;
  };
  std::vector<double> x, zigzag;
  for (int i = 0; i <= 60; ++i) {
    x.push_back(i);
    zigzag.push_back(i % 2);
  }
  for (const char* loc : {"best", "upper left", "upper right", "lower left", "lower right", "outside"}) {
    INFO(loc);
    // Everywhere a curve: the legend stands below.
    Figure full({.width = 5, .height = 4});
    full.axes().plot(x, zigzag, {.label = "zigzag"});
    full.axes().legend({.loc = loc});
    CHECK(hidden(full.scene()) == 0);
    CHECK(full.scene().all<Rect>("legend-box").empty());
    CHECK(full.scene().all<Text>("legend").size() == 1);
    CHECK(texts_outside(full.scene()) == "");
    CHECK(texts_overlapping(full.scene()) == "");
    // One steep segment between two far points crosses corners without having a point there.
    Figure cross({.width = 5, .height = 4});
    cross.axes().plot({0, 1}, {0, 1}, {.label = "rising"});
    cross.axes().plot({0, 1}, {1, 0}, {.label = "falling"});
    cross.axes().twinx().plot({0, 0.5, 1}, {5, 7, 5}, {.label = "of the right axis"});
    cross.axes().legend({.loc = loc});
    CHECK(hidden(cross.scene()) == 0);
    CHECK(cross.scene().all<Text>("legend").size() == 3);
    // The place that was asked for, where it is free.
    Figure free({.width = 5, .height = 4});
    free.axes().plot({0, 1}, {0.5, 0.5}, {.label = "flat"});
    free.axes().set_ylim(0, 1);
    free.axes().legend({.loc = loc});
    const Scene s = free.scene();
    CHECK(hidden(s) == 0);
    const Box b = box_of(s);
    const Point middle = {s.width / 2, s.all<Polyline>("line")[0].points[0].y};
    const std::string place = loc;
    if (place.find("upper") == 0) CHECK(b.bottom < middle.y);
    if (place.find("lower") == 0) CHECK((b.top > middle.y && !s.all<Rect>("legend-box").empty()));
    if (place.find("left") != std::string::npos) CHECK(b.right < middle.x);
    if (place.find("right") != std::string::npos) CHECK(b.left > middle.x);
  }
  // Training curves as they are: two subplots with scores that run into every corner.
  EpochCurves curves{{"loss", {}}, {"f1", {}}, {"auc", {}}, {"val_loss", {}}, {"val_f1", {}}, {"val_auc", {}}};
  for (auto& [key, values] : curves) {
    for (int e = 0; e < 80; ++e)
      values.push_back(key.find("loss") != std::string::npos ? 0.4 + 0.3 * std::exp(-e / 9.0)
                                                             : 0.85 - 0.6 * std::exp(-e / 7.0) + 0.05 * std::sin(e));
  }
  CHECK(hidden(history(curves, {.mark_epoch = 60}).scene()) == 0);
  ScoreCurve poor{
      .x = {0, 0.5, 1}, .y = {0, 0.1, 1}, .area = 0.35};  // below the diagonal, where the legend would stand
  CHECK(hidden(roc({poor}).scene()) == 0);
}
