#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/svg.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

namespace xg::viz {
namespace {

constexpr const char* font_family = "'DejaVu Sans',Verdana,sans-serif";

bool finite(double v) { return std::isfinite(v) && std::abs(v) < 1e9; }
bool finite(const Point& p) { return finite(p.x) && finite(p.y); }
bool finite(const Box& b) { return finite(b.left) && finite(b.top) && finite(b.right) && finite(b.bottom); }
bool finite(const Paint& p) { return finite(p.opacity) && finite(p.color.alpha); }
bool finite(const Stroke& s) {
  return finite(s.width) && finite(s.paint) &&
         std::all_of(s.dash.begin(), s.dash.end(), [](double v) { return finite(v); });
}
bool finite(const Span& s) { return finite(s.scale) && finite(s.shift) && finite(s.paint); }

// The name of the CSS variable of a role; empty for colours that do not depend on the theme.
std::string variable(const Paint& paint) {
  switch (paint.role) {
    case Role::background:
      return "--xg-background";
    case Role::ink:
      return "--xg-ink";
    case Role::muted:
      return "--xg-muted";
    case Role::edge:
      return "--xg-edge";
    case Role::grid:
      return "--xg-grid";
    case Role::band:
      return "--xg-band";
    case Role::positive:
      return "--xg-positive";
    case Role::negative:
      return "--xg-negative";
    case Role::outer:
      return "--xg-outer";
    case Role::hidden:
      return "--xg-hidden";
    case Role::dropout:
      return "--xg-dropout";
    case Role::series:
      return fmt::format("--xg-c{}", paint.index % 8);
    case Role::automatic:
    case Role::none:
    case Role::literal:
      break;
  }
  return {};
}

class Writer {
 public:
  Writer(const Scene& scene, const Theme& theme, const SvgOptions& options, std::string prefix)
      : scene_(scene), theme_(theme), options_(options), prefix_(std::move(prefix)) {}

  std::string write() {
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.2f}\" height=\"{1:.2f}\" viewBox=\"0 0 {0:.2f} "
        "{1:.2f}\" "
        "role=\"img\" font-family=\"{2}\" font-size=\"{3:.2f}\">\n",
        scene_.width, scene_.height, font_family, theme_.font_px());
    if (!scene_.title.empty()) put("<title>{}</title>\n", escape_xml(scene_.title));
    if (!scene_.description.empty()) put("<desc>{}</desc>\n", escape_xml(scene_.description));
    if (options_.background) {
      put("<rect width=\"{:.2f}\" height=\"{:.2f}\"", scene_.width, scene_.height);
      paint("fill", Role::background);
      out_ += "/>\n";
    }
    for (const Element& e : scene_.elements) {
      std::visit([this](const auto& element) { write(element); }, e);
    }
    for (; open_clips_ > 0; --open_clips_) out_ += "</g>\n";
    out_ += "</svg>\n";
    return std::move(out_);
  }

 private:
  template <class... Args> void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  // Writes "-0.00" as "0.00".
  void number(double v) {
    if (std::abs(v) < 0.005) v = 0;
    put("{:.2f}", v);
  }

  void attribute(const char* name, double v) {
    put(" {}=\"", name);
    number(v);
    out_ += '"';
  }

  void paint(const char* name, const Paint& p) {
    if (!p.visible()) {
      put(" {}=\"none\"", name);
      return;
    }
    const Color c = theme_.resolve(p);
    const std::string css = options_.css_variables ? variable(p) : std::string();
    if (css.empty()) {
      put(" {}=\"{}\"", name, c.hex());
    } else {
      put(" {}=\"var({},{})\"", name, css, c.hex());
    }
    // Two decimals would round a faint colour to 0.
    if (c.alpha < 1) put(" {}-opacity=\"{:.{}f}\"", name, c.alpha, c.alpha < 0.1 ? 4 : 2);
  }

  void stroke(const Stroke& s) {
    if (!s.paint.visible()) return;
    paint("stroke", s.paint);
    if (s.width != 1) attribute("stroke-width", s.width);
    if (s.dash[0] > 0) {
      out_ += " stroke-dasharray=\"";
      for (std::size_t i = 0; i < s.dash.size() && s.dash[i] > 0; ++i) put("{}{:.2f}", i > 0 ? " " : "", s.dash[i]);
      out_ += '"';
    }
    if (s.round) out_ += " stroke-linecap=\"round\" stroke-linejoin=\"round\"";
  }

  void path(const std::vector<Point>& points, bool close) {
    out_ += "<path d=\"";
    bool pen_up = true;
    for (const Point& p : points) {
      if (!finite(p)) {
        pen_up = true;  // a gap in the data is a gap in the line
        continue;
      }
      out_ += pen_up ? 'M' : 'L';
      number(p.x);
      out_ += ' ';
      number(p.y);
      pen_up = false;
    }
    out_ += close ? "Z\"" : "\"";
  }

  void write(const Polyline& e) {
    if (e.points.empty() || !e.stroke.paint.visible() || !finite(e.stroke)) return;
    path(e.points, false);
    out_ += " fill=\"none\"";
    stroke(e.stroke);
    out_ += "/>\n";
  }

  void write(const Polygon& e) {
    for (const Point& p : e.points) {
      if (!finite(p)) return;
    }
    if (e.points.empty() || !finite(e.fill) || !finite(e.stroke)) return;
    path(e.points, true);
    paint("fill", e.fill);
    stroke(e.stroke);
    out_ += "/>\n";
  }

  void write(const Rect& e) {
    if (!finite(e.box) || !finite(e.radius) || !finite(e.fill) || !finite(e.stroke)) return;
    out_ += "<rect";
    attribute("x", std::min(e.box.left, e.box.right));
    attribute("y", std::min(e.box.top, e.box.bottom));
    attribute("width", std::abs(e.box.width()));
    attribute("height", std::abs(e.box.height()));
    if (e.radius > 0) attribute("rx", e.radius);
    paint("fill", e.fill);
    stroke(e.stroke);
    out_ += "/>\n";
  }

  void write(const Circle& e) {
    if (!finite(e.centre) || !finite(e.radius) || !finite(e.fill) || !finite(e.stroke)) return;
    out_ += "<circle";
    attribute("cx", e.centre.x);
    attribute("cy", e.centre.y);
    attribute("r", e.radius);
    paint("fill", e.fill);
    stroke(e.stroke);
    out_ += "/>\n";
  }

  void look(const Span& s, double size) {
    paint("fill", s.paint);
    if (s.bold) out_ += " font-weight=\"bold\"";
    if (std::abs(size * s.scale - theme_.font_px()) > 0.005) attribute("font-size", size * s.scale);
  }

  void write(const Text& e) {
    if (!finite(e.position) || !finite(e.size) || !finite(e.rotate) || e.spans.empty()) return;
    if (!std::all_of(e.spans.begin(), e.spans.end(), [](const Span& s) { return finite(s); })) return;
    out_ += "<text";
    attribute("x", e.position.x);
    attribute("y", baseline(e));
    if (e.anchor != Anchor::start) put(" text-anchor=\"{}\"", e.anchor == Anchor::middle ? "middle" : "end");
    if (e.rotate != 0) {
      put(" transform=\"rotate({:.2f} ", e.rotate);
      number(e.position.x);
      out_ += ' ';
      number(e.position.y);
      out_ += ")\"";
    }
    if (e.spans.size() == 1 && e.spans[0].shift == 0) {
      look(e.spans[0], e.size);
      put(">{}</text>\n", escape_xml(e.spans[0].text));
      return;
    }
    out_ += " xml:space=\"preserve\">";  // keeps spaces at the ends of spans
    double current_shift = 0;
    for (const Span& s : e.spans) {
      out_ += "<tspan";
      if (s.shift != current_shift) attribute("dy", (s.shift - current_shift) * e.size);
      current_shift = s.shift;
      look(s, e.size);
      put(">{}</tspan>", escape_xml(s.text));
    }
    out_ += "</text>\n";
  }

  void write(const ClipBegin& e) {
    if (!finite(e.box)) {
      out_ += "<g>\n";
      ++open_clips_;
      return;
    }
    const std::string id = fmt::format("{}-clip{}", prefix_, ++clips_);
    put("<clipPath id=\"{}\"><rect", id);
    attribute("x", e.box.left);
    attribute("y", e.box.top);
    attribute("width", e.box.width());
    attribute("height", e.box.height());
    put("/></clipPath>\n<g clip-path=\"url(#{})\">\n", id);
    ++open_clips_;
  }

  void write(const ClipEnd&) {
    if (open_clips_ == 0) return;
    --open_clips_;
    out_ += "</g>\n";
  }

  const Scene& scene_;
  const Theme& theme_;
  const SvgOptions& options_;
  std::string prefix_;
  std::string out_;
  int clips_ = 0;
  int open_clips_ = 0;
};

bool has_clips(const Scene& scene) {
  for (const Element& e : scene.elements) {
    if (std::holds_alternative<ClipBegin>(e)) return true;
  }
  return false;
}

// FNV-1a hash: ids are reproducible and differ between the figures of a page.
std::string fingerprint(const std::string& text) {
  std::uint32_t h = 2166136261u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return fmt::format("xg{:08x}", h);
}

}  // namespace

std::string escape_xml(std::string_view text) {
  const std::string clean = encode(decode(text));
  std::string out;
  out.reserve(clean.size());
  for (const char c : clean) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string to_svg(const Scene& scene, const Theme& theme, const SvgOptions& options) {
  detail::check_theme("figure", theme);
  if (!finite(scene.width) || !finite(scene.height) || scene.width < 0 || scene.height < 0) {
    throw ValueError(fmt::format("[figure] the scene is {} x {} px: give it a width and a height of 0 to 1e9.",
                                 scene.width, scene.height));
  }
  std::string text = Writer(scene, theme, options, "xg").write();
  if (!has_clips(scene)) return text;
  return Writer(scene, theme, options, fingerprint(text)).write();
}

std::string css_variables(const Theme& theme) {
  std::string out;
  for (const Role r : {Role::background, Role::ink, Role::muted, Role::edge, Role::grid, Role::band, Role::positive,
                       Role::negative, Role::outer, Role::hidden, Role::dropout}) {
    out += fmt::format("{}:{};", variable(r), theme.resolve(r).hex());
  }
  for (std::size_t i = 0; i < theme.palette.size(); ++i) {
    out += fmt::format("{}:{};", variable(Paint::series(i)), theme.palette[i].hex());
  }
  return out;
}

}  // namespace xg::viz
