#include "figures.hpp"
#include "random_figures.hpp"

#include "support/catch.hpp"

namespace viz_test {

// Numbers that an error bar crosses, one per line, or "".
std::string numbers_on_error_bars(const Scene& scene) {
  std::string out;
  for (const Text& t : scene.all<Text>("bar-label")) {
    for (const Polyline& line : scene.all<Polyline>("error")) {
      if (bounds(t).overlaps(bounds(Element(line)))) out += plain(t) + "\n";
    }
  }
  return out;
}

// Breaks if a plot cuts a label, lets two texts run into each other, writes bad XML, or is not the same twice.
TEST_CASE("every figure keeps its text inside the sheet and apart", "[viz]") {
  for (const auto& [kind, kind_name] : kinds) {
    for (const Theme& theme : {Theme::light, Theme::dark, Theme::paper}) {
      const auto figures = all_figures(kind, theme);
      const auto again = all_figures(kind, theme);
      for (std::size_t i = 0; i < figures.size(); ++i) {
        INFO(kind_name << ", " << figures[i].first << ", text of " << theme.font_size << " points");
        const Scene scene = figures[i].second.scene();
        CHECK(texts_outside(scene) == "");
        CHECK(texts_overlapping(scene) == "");
        CHECK(numbers_on_error_bars(scene) == "");
        CHECK(scene.width > 100);
        CHECK(scene.height > 50);
        CHECK(scene.width < 4000);
        CHECK(scene.height < 9000);
        CHECK_FALSE(scene.title.empty());
        const std::string svg = figures[i].second.svg();
        CHECK(xml_error(svg) == "");
        CHECK(xml_error(figures[i].second.inline_svg()) == "");
        CHECK(svg == again[i].second.svg());
        CHECK(svg.find("nan\"") == std::string::npos);
        CHECK(svg.find("inf\"") == std::string::npos);
      }
    }
  }
}

// Breaks if a range, size, option or value makes a loop, an abort, an empty picture or invalid SVG. Some seeds here,
// more by scripts/random_figures.sh.
TEST_CASE("random figures are drawn or refused", "[viz]") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    std::string described;
    const std::string fault = check_random_figure(seed, described);
    INFO(described);
    CHECK(fault == "");
  }
}

}  // namespace viz_test
