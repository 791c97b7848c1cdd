#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/svg.hpp>
#include <xgrad/viz/report.hpp>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace viz_test;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// A folder of this test run, removed at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("xgrad-viz-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() {
    std::error_code ignored;
    fs::permissions(path, fs::perms::owner_all, ignored);
    fs::remove_all(path, ignored);
  }
};

Figure squares() {
  Figure figure({.width = 5, .height = 4, .title = "Squares & <roots>"});
  figure.axes().plot({0, 1, 2, 3}, {0, 1, 4, 9}, {.label = "x²"});
  figure.axes().legend();
  return figure;
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
  return v;
}

}  // namespace

// Breaks if the writer lets markup, broken text or coordinates that are no numbers through.
TEST_CASE("the writer survives every content", "[viz]") {
  Scene scene;
  scene.width = 100;
  scene.height = 50;
  scene.title = "a < b & \"c\"\x01";
  scene.add(Text{{5, 20}, {{"</text><script>\xff", Role::ink}, {" tail", Role::muted}}, 10});
  scene.add(Circle{{NAN, 3}, 2, Role::ink});
  scene.add(Rect{{1, 2, INFINITY, 4}, Role::ink});
  scene.add(Polygon{{{0, 0}, {1, NAN}, {2, 2}}, Role::ink});
  scene.add(Polyline{{{0, 0}, {1, 1}, {NAN, 2}, {3, 3}, {4, 4}}, {Role::ink, 2}});
  scene.add(Rect{{-0.001, -0.0, 3, 4}, Role::ink});
  scene.add(ClipEnd{});
  scene.add(ClipBegin{{0, 0, 10, 10}});
  const std::string svg = to_svg(scene);
  CHECK(xml_error(svg) == "");
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("-0.00") == std::string::npos);
  CHECK(svg.find("<circle") == std::string::npos);
  CHECK(svg.find("M0.00 0.00L1.00 1.00M3.00 3.00L4.00 4.00") != std::string::npos);
  CHECK(svg.find("role=\"img\"") != std::string::npos);
  CHECK(svg.find("<title>a &lt; b &amp; &quot;c&quot;\xef\xbf\xbd</title>") != std::string::npos);
  CHECK(svg.find("xml:space=\"preserve\"") != std::string::npos);
}

// Breaks if two figures of one page share an id, or one figure has other ids from run to run.
TEST_CASE("ids differ between figures and stay between runs", "[viz]") {
  Figure a = squares(), b = squares();
  a.axes().set_xlim(0, 2);
  b.axes().set_xlim(0, 3);
  const auto ids = [](const std::string& svg) {
    std::set<std::string> found;
    for (std::size_t at = svg.find(" id=\""); at != std::string::npos; at = svg.find(" id=\"", at + 1)) {
      CHECK(found.insert(svg.substr(at + 5, svg.find('"', at + 5) - at - 5)).second);
    }
    return found;
  };
  const auto of_a = ids(a.svg()), of_b = ids(b.svg());
  CHECK_FALSE(of_a.empty());
  for (const std::string& id : of_a) CHECK(of_b.count(id) == 0);
  CHECK(a.svg() == a.svg());
}

// Breaks if a figure is not a value: a copy that changes the original, a move that loses it.
TEST_CASE("figures are values", "[viz]") {
  Figure a = squares();
  const std::string before = a.svg();
  Figure b = a;
  b.axes().plot({0, 3}, {9, 0});
  b.axes().twinx().plot({0, 3}, {1, 2});
  CHECK(a.svg() == before);
  CHECK(b.svg() != before);
  Axes& axes = a.axes();
  Figure c = std::move(a);
  axes.set_title("still the same axes");
  CHECK(c.svg() != before);
}

// Breaks if a format is not written, or an unknown one is not refused with the known ones named.
TEST_CASE("save picks the format by the extension", "[viz]") {
  const Folder folder;
  const Figure figure = squares();
  figure.save(folder.path / "a.svg");
  CHECK(xml_error(read(folder.path / "a.svg")) == "");
  figure.save(folder.path / "a.HTML");
  const std::string html = read(folder.path / "a.HTML");
  CHECK(html.find("<!DOCTYPE html>") == 0);
  CHECK(html.find("Squares &amp; &lt;roots&gt;") != std::string::npos);
  CHECK(html.find("prefers-color-scheme:dark") != std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
  CHECK_ERROR(figure.save(folder.path / "a.jpg"), xg::ValueError, ".jpg", ".svg", ".png", ".pdf", ".html");
  CHECK_ERROR(figure.save(folder.path / "a"), xg::ValueError, "missing", ".svg");
  CHECK_ERROR(figure.save(folder.path / "a.dot"), xg::ValueError, "no graph");
  CHECK_ERROR(figure.save(folder.path / "none" / "a.svg"), xg::IoError, "no folder", "create it");
  const Figure model = plot_model({{"in", "Input", "", "(None, 2)", 0, "", {}},
                                   {"a \"b\" {c}", "Dense", "(None, 2)", "(None, 1)", 3, "relu", {0}}});
  model.save(folder.path / "m.dot");
  const std::string dot = read(folder.path / "m.dot");
  CHECK(dot.find("digraph") == 0);
  CHECK(dot.find("n0 -> n1") != std::string::npos);
  CHECK(dot.find("a \\\"b\\\" \\{c\\}") != std::string::npos);
  CHECK_ERROR(model.save(folder.path / "m.txt"), xg::ValueError, ".dot");
}

// Breaks if a failed save destroys the file that was there, or leaves its temporary behind.
TEST_CASE("an old file survives a failed save", "[viz]") {
  const Folder folder;
  fs::create_directories(folder.path / "taken.svg" / "inside");
  CHECK_ERROR(squares().save(folder.path / "taken.svg"), xg::IoError, "taken.svg");
  CHECK(fs::is_directory(folder.path / "taken.svg"));
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder.path)) files += entry.is_regular_file() ? 1 : 0;
  CHECK(files == 0);
  squares().save(folder.path / "old.svg");
  const std::string before = read(folder.path / "old.svg");
  CHECK_THROWS(squares().save(folder.path / "old.svg" / "x.svg"));
  CHECK(read(folder.path / "old.svg") == before);
}

// Breaks if PNG and PDF have another size than the figure, are empty, or differ between two calls; in a build without
// librsvg, when they are not refused by a message with the ways out, or when the refusal costs a file.
TEST_CASE("PNG and PDF come from the same drawing", "[viz]") {
  const Figure figure = waterfall(contributions(Kind::plain, 1));
  CHECK_ERROR(figure.png(0), xg::ValueError, "scale");
  CHECK_ERROR(figure.png(NAN), xg::ValueError, "scale");
  if (!Figure::can_rasterize()) {
    CHECK_ERROR(figure.png(), xg::Error, "librsvg2-dev", "XGRAD_RASTER=ON", ".svg");
    CHECK_ERROR(figure.pdf(), xg::Error, "librsvg2-dev", "XGRAD_RASTER=ON", ".svg");
    const Folder folder;
    std::ofstream(folder.path / "old.png") << "old";
    CHECK_ERROR(figure.save(folder.path / "old.png"), xg::Error, "librsvg2-dev");
    CHECK(read(folder.path / "old.png") == "old");
    CHECK_ERROR(figure.save(folder.path / "new.PDF"), xg::Error, "librsvg2-dev");
    CHECK(!fs::exists(folder.path / "new.PDF"));
    figure.save(folder.path / "new.svg");
    return;
  }
  const Scene scene = figure.scene();
  const std::string png = figure.png();
  REQUIRE(png.size() > 10000);
  CHECK(png.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  CHECK(big_endian(png, 16) == static_cast<std::uint32_t>(std::ceil(2 * scene.width)));
  CHECK(big_endian(png, 20) == static_cast<std::uint32_t>(std::ceil(2 * scene.height)));
  CHECK(figure.png() == png);
  CHECK(big_endian(figure.png(1), 16) == static_cast<std::uint32_t>(std::ceil(scene.width)));
  const std::string pdf = figure.pdf();
  CHECK(pdf.substr(0, 5) == "%PDF-");
  CHECK(figure.pdf() == pdf);
#ifdef XGRAD_PDFTOTEXT  // configuring says where it is left out
  const Folder folder;
  figure.save(folder.path / "w.pdf");
  REQUIRE(std::system(("\"" XGRAD_PDFTOTEXT "\" \"" + (folder.path / "w.pdf").string() + "\"").c_str()) == 0);
  const std::string text = read(folder.path / "w.txt");
  CHECK_THAT(text, xg_test::ContainsSubstring("E[f(X)]"));
  CHECK_THAT(text, xg_test::ContainsSubstring("feature_0"));
  CHECK_THAT(text, xg_test::ContainsSubstring("other features"));
#endif
}

// Breaks if every figure of an odd kind is not drawn by librsvg: unknown attributes, too deep nesting, huge sheets.
TEST_CASE("librsvg draws every figure", "[viz]") {
  if (!Figure::can_rasterize()) return;
  for (const Kind kind : {Kind::plain, Kind::control_characters, Kind::broken_numbers, Kind::huge}) {
    for (const auto& [name, figure] : all_figures(kind, Theme::dark)) {
      INFO(name);
      CHECK(figure.png(0.5).size() > 800);
    }
  }
}

// Breaks if bad input to figures and axes is not refused with a message that helps.
TEST_CASE("axes refuse what they cannot draw", "[viz]") {
  Figure figure;
  Axes& axes = figure.axes();
  CHECK_ERROR(Figure({.width = 0}), xg::ValueError, "[figure]", "inches");
  CHECK_ERROR(Figure({.width = NAN}), xg::ValueError, "[figure]");
  CHECK_ERROR(Figure({.rows = 0}), xg::ValueError, "grid");
  CHECK_ERROR(figure.axes(1, 0), xg::IndexError, "1 x 1", "from 0");
  CHECK_ERROR(waterfall(contributions(Kind::plain, 1)).axes(), xg::IndexError, "ready-made");
  CHECK_ERROR(axes.plot({1, 2}, {1}), xg::ValueError, "[plot]", "x has 2", "y has 1");
  CHECK_ERROR(axes.plot({1}, {1}, {.linestyle = "wavy"}), xg::ValueError, "wavy", "\"--\"");
  CHECK_ERROR(axes.plot({1}, {1}, {.marker = "*"}), xg::ValueError, "marker");
  CHECK_ERROR(axes.scatter({1, 2}, {1, 2}, {.c = {1}}), xg::ValueError, "[scatter]", "c has 1");
  CHECK_ERROR(axes.scatter({1}, {1}, {.cmap = "jet"}), xg::ValueError, "jet", "viridis");
  CHECK_ERROR(axes.bar({1, 2}, {1}), xg::ValueError, "[bar]");
  CHECK_ERROR(axes.bar({"a"}, {1}, {.error = {1, 2}}), xg::ValueError, "error");
  CHECK_ERROR(axes.fill_between({1, 2}, {1, 2}, {1}), xg::ValueError, "y2");
  CHECK_ERROR(axes.errorbar({1}, {1}, {.yerr = {1, 2}}), xg::ValueError, "yerr");
  CHECK_ERROR(axes.set_xlim(2, 1), xg::ValueError, "[set_xlim]", "smaller one first");
  CHECK_ERROR(axes.set_ylim(0, NAN), xg::ValueError, "[set_ylim]");
  CHECK_ERROR(axes.set_yscale("logarithmic"), xg::ValueError, "logarithmic", "\"log\"");
  CHECK_ERROR(axes.set_xticks({1, 2}, {"a"}), xg::ValueError, "[set_xticks]");
  CHECK_ERROR(axes.legend({.loc = "centre"}), xg::ValueError, "centre", "best");
  CHECK_ERROR(axes.text(0, 0, "x", {.ha = "middle"}), xg::ValueError, "ha", "center");
}

// Breaks if scales, bars, fills or markers do not put data where the axis says.
TEST_CASE("axes draw data where the ticks say", "[viz]") {
  Figure figure({.width = 6, .height = 4});
  Axes& axes = figure.axes();
  axes.set_xlim(0, 10);
  axes.set_ylim(0, 100);
  axes.plot({0, 5, 10}, {0, 50, 100});
  axes.bar({5}, {50}, {.width = 2});
  axes.axhline(50);
  const Scene s = figure.scene();
  const auto line = s.all<Polyline>("line").at(0);
  const auto bar = s.all<Rect>("bar").at(0);
  CHECK(line.points[1].x == Approx((line.points[0].x + line.points[2].x) / 2));
  CHECK(bar.box.top == Approx(line.points[1].y));
  CHECK(bar.box.bottom == Approx(line.points[0].y));
  CHECK(bar.box.centre().x == Approx(line.points[1].x));
  CHECK(bar.box.width() == Approx((line.points[2].x - line.points[0].x) / 5));
  CHECK(s.all<Polyline>("rule").at(0).points[0].y == Approx(line.points[1].y));
  for (const Text& t : s.all<Text>("tick-label-x")) {
    if (plain(t) == "10") CHECK(t.position.x == Approx(line.points[2].x));
    if (plain(t) == "0") CHECK(t.position.x == Approx(line.points[0].x));
  }
  // On a log scale decades are equally long, and zero is left out.
  Figure log;
  log.axes().set_yscale("log");
  log.axes().plot({0, 1, 2, 3}, {1, 10, 100, 0});
  const auto points = log.scene().all<Polyline>("line").at(0).points;
  CHECK(points[0].y - points[1].y == Approx(points[1].y - points[2].y));
  CHECK(std::isnan(points[3].y));
  // An empty figure, one point, and nothing but NaN are fine.
  CHECK(xml_error(Figure().svg()) == "");
  Figure lone;
  lone.axes().plot({3}, {NAN});
  lone.axes().hist({});
  lone.axes().hist({2, 2, 2, NAN});
  CHECK(xml_error(lone.svg()) == "");
}

// Breaks if a wide legend or many ticks hide the data or one another.
TEST_CASE("crowded axes stay readable", "[viz]") {
  Figure figure({.width = 4, .height = 3});
  Axes& axes = figure.axes();
  for (int i = 0; i < 12; ++i) axes.plot({0, 1}, {double(i), 1e7 * i}, {.label = "series number " + std::to_string(i)});
  axes.legend();
  std::vector<std::string> names;
  std::vector<double> at;
  for (int i = 0; i < 60; ++i) {
    names.push_back("category " + std::to_string(i));
    at.push_back(i / 60.0);
  }
  axes.set_xticks(at, names);
  const Scene s = figure.scene();
  CHECK(texts_outside(s) == "");
  CHECK(texts_overlapping(s) == "");
  CHECK(s.all<Text>("legend").size() == 12);
}

// Breaks if figures of big data grow without bound, or thin rows without saying so.
TEST_CASE("big data are capped and the picture says so", "[viz]") {
  const Contributions big = contributions(Kind::plain, 1000, 10);
  const std::string svg = beeswarm(big).svg();
  CHECK(svg.size() < 2'000'000);
  CHECK(svg.find("rows shown") == std::string::npos);
  const Contributions huge = contributions(Kind::plain, 5000, 4);
  CHECK(beeswarm(huge).svg().find("2,000 of 5,000 rows shown") != std::string::npos);
  CHECK(beeswarm(huge, {.max_rows = 50}).scene().all<Circle>("dot").size() == 200);
  CHECK(force(huge).svg().find("1,000 of 5,000 rows shown") != std::string::npos);
  CHECK(decision(huge).svg().find("2,000 of 5,000 rows shown") != std::string::npos);
  CHECK(scatter(huge, "feature_1").svg().find("2,000 of 5,000 rows shown") != std::string::npos);
  CHECK(predicted_vs_true(Data(std::vector<double>(9000, 1.0)), Data(std::vector<double>(9000, 2.0)))
            .svg()
            .find("2,000 of 9,000") != std::string::npos);
}

// Breaks if a report loads something, runs something, repeats an id, or is no HTML for odd content.
TEST_CASE("a report is one file that needs nothing", "[viz]") {
  Report report("Who survived? <Titanic> & \x01");
  report.section("Text & <tags>", "line one\n  line <two>", std::string("more\xff"));
  report.section("Figures", waterfall(contributions(Kind::plain, 1)), squares(), bar(contributions(Kind::cjk, 4)));
  report.section("Dark", waterfall(contributions(Kind::plain, 1), {.theme = Theme::dark}));
  report.section("Table",
                 ReportTable{{"name", "value", "mixed"}, {{"a", "−1.5", "x"}, {"b", "22,051", "3"}}, "numbers"});
  report.section("Empty");
  const std::string html = report.html();
  const std::string body = html.substr(html.find("<main>"), html.find("</main>") + 7 - html.find("<main>"));
  CHECK(xml_error(body) == "");
  CHECK(html == report.html());
  for (const char* banned : {"<script", "http:", "https:", "@import", "src=", "<link", "javascript"}) {
    std::string without = html;
    for (std::size_t at; (at = without.find("http://www.w3.org/2000/svg")) != std::string::npos;) without.erase(at, 26);
    INFO(banned);
    CHECK(without.find(banned) == std::string::npos);
  }
  std::set<std::string> ids;
  for (std::size_t at = html.find(" id=\""); at != std::string::npos; at = html.find(" id=\"", at + 1)) {
    CHECK(ids.insert(html.substr(at + 5, html.find('"', at + 5) - at - 5)).second);
  }
  CHECK(html.find("var(--xg-ink,") != std::string::npos);
  CHECK(html.find("--xg-ink:") != std::string::npos);
  CHECK(html.find(Theme::dark.ink.hex()) != std::string::npos);
  CHECK(html.find("line one\n  line &lt;two&gt;") != std::string::npos);
  CHECK(html.find("<td class=\"n\">22,051</td>") != std::string::npos);
  CHECK(html.find("<td>x</td>") != std::string::npos);
  const Folder folder;
  report.save(folder.path / "r.html");
  CHECK(read(folder.path / "r.html") == html);
  CHECK_ERROR(report.save(folder.path / "r.pdf"), xg::ValueError, ".pdf", ".html");
  CHECK_ERROR(report.save(folder.path / "no" / "r.html"), xg::IoError, "no folder");
}
