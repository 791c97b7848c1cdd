#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/axes_layout.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/file.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/raster.hpp>
#include <xgrad/viz/detail/svg.hpp>
#include <xgrad/viz/figure.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace xg::viz {

struct Figure::State {
  FigureOptions options;
  std::vector<Axes> axes;  // row by row; empty for a finished scene
  std::optional<Scene> finished;
  std::string dot;
  std::string title;  // for screen readers; unused for a finished scene
  std::string description;
  std::string caption;
  std::vector<std::string> about;
};

Figure::Figure(const FigureOptions& options) : state_(std::make_unique<State>()) {
  detail::check_inches("figure", "width", options.width);
  detail::check_inches("figure", "height", options.height);
  detail::check_theme("figure", options.theme);
  constexpr std::size_t max_axes = 400;
  if (options.rows == 0 || options.columns == 0 || options.rows > max_axes ||
      options.columns > max_axes / options.rows) {
    throw ValueError(
        fmt::format("[figure] the grid has {} rows and {} columns: give at least one of each, {} axes at most.",
                    options.rows, options.columns, max_axes));
  }
  state_->options = options;
  state_->axes.resize(options.rows * options.columns);
}

Figure Figure::from_scene(Scene scene, const Theme& theme) {
  Figure figure({.theme = theme});
  figure.state_->axes.clear();
  figure.state_->finished = std::move(scene);
  return figure;
}

Figure::Figure(const Figure& other) : state_(std::make_unique<State>(*other.state_)) {}
Figure::Figure(Figure&&) noexcept = default;
Figure& Figure::operator=(Figure other) noexcept {
  state_ = std::move(other.state_);
  return *this;
}
Figure::~Figure() = default;

Axes& Figure::axes(std::size_t row, std::size_t column) {
  if (state_->finished) {
    throw IndexError(
        "[figure] a ready-made plot has no axes to draw on: start from viz::Figure({...}) and its axes().");
  }
  const FigureOptions& o = state_->options;
  if (row >= o.rows || column >= o.columns) {
    throw IndexError(fmt::format("[figure] axes({}, {}) in a grid of {} x {}: rows and columns count from 0.", row,
                                 column, o.rows, o.columns));
  }
  return state_->axes[row * o.columns + column];
}

Scene Figure::scene() const {
  if (state_->finished) return *state_->finished;
  const FigureOptions& o = state_->options;
  Scene scene;
  scene.width = std::round(o.width * 96);
  scene.height = std::round(o.height * 96);
  scene.title = state_->title.empty() ? static_cast<const std::string&>(o.title) : state_->title;
  scene.description = state_->description;
  scene.caption = state_->caption;
  scene.about = state_->about;
  std::vector<std::vector<const Axes*>> grid(o.rows);
  for (std::size_t i = 0; i < state_->axes.size(); ++i) grid[i / o.columns].push_back(&state_->axes[i]);
  if (scene.title.empty()) scene.title = state_->axes.front().state().title;
  detail::draw_grid(scene, grid, o.share_x, o.share_y, o.title, o.theme);
  return scene;
}

const Theme& Figure::theme() const { return state_->options.theme; }
const std::string& Figure::dot() const { return state_->dot; }
void Figure::set_dot(std::string text) { state_->dot = std::move(text); }
void Figure::set_description(std::string title, std::string description) {
  if (state_->finished) {
    state_->finished->title = std::move(title);
    state_->finished->description = std::move(description);
    return;
  }
  state_->title = std::move(title);
  state_->description = std::move(description);
}

void Figure::set_caption(std::string caption, std::vector<std::string> about) {
  (state_->finished ? state_->finished->caption : state_->caption) = std::move(caption);
  (state_->finished ? state_->finished->about : state_->about) = std::move(about);
}

std::string Figure::svg() const { return to_svg(scene(), theme()); }

std::string Figure::inline_svg() const {
  const bool follows = theme() == Theme::light;
  return to_svg(scene(), theme(), {.css_variables = follows, .background = !follows});
}

std::string Figure::html() const {
  const Scene s = scene();
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{}</title>\n<style>\n"
      ":root{{color-scheme:light dark;{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n"
      "@media print{{:root{{{}}}}}\n"
      "body{{margin:0;padding:1rem;background:var(--xg-background);text-align:center}}\nsvg{{max-width:100%;height:"
      "auto}}\n"
      "</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      escape_xml(s.title.empty() ? "Figure" : s.title), css_variables(Theme::light), css_variables(Theme::dark),
      css_variables(Theme::light), inline_svg());
}

bool Figure::can_rasterize() { return detail::has_raster(); }

std::string Figure::png(double scale) const {
  if (!(scale > 0) || scale > 20) {
    throw ValueError(fmt::format("[figure] the scale of a PNG is {}: give a number above 0 and up to 20.", scale));
  }
  return detail::png_from_svg(svg(), scale);
}

std::string Figure::pdf() const { return detail::pdf_from_svg(svg()); }

void Figure::save(const std::filesystem::path& path) const {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".svg") {
    detail::write_file(path, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg());
  } else if (extension == ".png") {
    detail::write_file(path, png());
  } else if (extension == ".pdf") {
    detail::write_file(path, pdf());
  } else if (extension == ".html" || extension == ".htm") {
    detail::write_file(path, html());
  } else if (extension == ".dot" && !state_->dot.empty()) {
    detail::write_file(path, state_->dot);
  } else if (extension == ".dot") {
    throw ValueError(fmt::format(
        "[figure] {} asks for Graphviz text, and this figure shows no graph: save as .svg, .png, .pdf or .html.",
        path.string()));
  } else {
    throw ValueError(fmt::format("[figure] the extension of {} is {}: use .svg, .png, .pdf, .html{}.", path.string(),
                                 extension.empty() ? "missing" : "\"" + extension + "\"",
                                 state_->dot.empty() ? "" : ", .dot"));
  }
}

}  // namespace xg::viz
