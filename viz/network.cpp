#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/format.hpp>
#include <xgrad/viz/network.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/text_metrics.hpp>

#include <algorithm>
#include <cmath>

namespace xg::viz {
namespace {

struct Node {
  std::size_t index;  // in its layer
  Point at;
};

struct Column {
  const NetworkLayer* layer = nullptr;
  std::size_t width = 0;   // numbers that the layer passes on
  bool first = false, last = false;
  std::vector<Node> nodes;
  bool elided = false;
  Point dots;
  std::vector<std::string> description;
  Paint paint;
};

std::string upper(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::vector<std::string> describe(const Column& c) {
  const NetworkLayer& l = *c.layer;
  std::vector<std::string> lines = {upper(l.name)};
  if (c.first) {
    lines.push_back(fmt::format("{} X", c.width));
  } else if (l.neurons > 0) {
    const bool bias = !l.bias.empty() || l.weights.empty();
    lines.push_back(fmt::format("{} (", l.activation.value_or("linear")));
    lines.push_back(fmt::format("Σ{}[X·w]{}", l.in, bias ? "+b" : ""));
    lines.push_back(fmt::format(") = {} {}", c.width, c.last ? "Y" : "out"));
  }
  return lines;
}

Text node_name(const std::string& letter, std::size_t index, const std::vector<std::string>& names, const Paint& paint, double size) {
  Text t;
  t.size = size;
  if (names.empty()) t.spans = {{letter, paint}, {fmt::format("{}", index + 1), paint, false, 0.75, 0.22}};
  else t.spans = {{names[index], paint}};
  return t;
}

void check(const std::vector<NetworkLayer>& layers, const NetworkOptions& o) {
  if (layers.empty()) throw ValueError("[network] the model has no layers: add at least one.");
  if (o.max_nodes < 3) throw ValueError(fmt::format("[network] max_nodes is {}: show at least 3 of a wide layer.", o.max_nodes));
  const auto fits = [](const char* what, const std::vector<std::string>& names, std::int64_t width) {
    if (names.empty() || static_cast<std::int64_t>(names.size()) == width) return;
    throw ValueError(fmt::format("[network] {} has {} names for {} nodes: give one for each, or none.", what, names.size(), width));
  };
  for (const NetworkLayer& l : layers) {
    if (l.out <= 0) throw ValueError(fmt::format("[network] layer \"{}\" has {} outputs: a column needs at least one.", l.name, l.out));
    const auto need = static_cast<std::size_t>(l.out * l.in);
    if (!l.weights.empty() && l.weights.size() != need) {
      throw ValueError(fmt::format("[network] layer \"{}\" has {} weights for {} x {}: give [out, in].", l.name, l.weights.size(), l.out, l.in));
    }
  }
  fits("input_names", o.input_names, layers.front().out);
  fits("output_names", o.output_names, layers.back().out);
}

}  // namespace

Figure network(const std::vector<NetworkLayer>& layers, const std::string& name, const NetworkOptions& o) {
  check(layers, o);
  const double font = o.theme.font_px();
  const double line = line_height * font;
  Scene scene;
  scene.width = std::round(o.width * 96);
  scene.height = std::round(o.height * 96);

  std::vector<Column> columns(layers.size());
  double widest_description = 0;
  double description_lines = 0;
  std::size_t most = 1;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Column& c = columns[i];
    c.layer = &layers[i];
    c.width = static_cast<std::size_t>(layers[i].out);
    c.first = i == 0;
    c.last = i + 1 == layers.size() && i > 0;
    c.elided = c.width > o.max_nodes;
    c.paint = c.first || c.last ? Role::outer : layers[i].neurons == 0 ? Role::dropout : Role::hidden;
    const std::size_t shown = c.elided ? o.max_nodes : c.width;
    most = std::max(most, shown);
    // Of a wide layer the first ones and the last one; the place before the last holds the dots.
    for (std::size_t k = 0; k < shown; ++k) {
      if (c.elided && k + 2 == shown) continue;
      c.nodes.push_back({c.elided && k + 1 == shown ? c.width - 1 : k, {}});
    }
    if (o.description) {
      c.description = describe(c);
      description_lines = std::max(description_lines, static_cast<double>(c.description.size()));
      for (const std::string& l : c.description) widest_description = std::max(widest_description, text_width(l, font, &l == &c.description[0]));
    }
  }

  // The names at both sides are measured first; what is left is for the columns.
  double left_names = 0, right_names = 0;
  for (const Node& n : columns.front().nodes) left_names = std::max(left_names, width(node_name("X", n.index, o.input_names, {}, 1.1 * font)));
  if (columns.size() > 1) {
    for (const Node& n : columns.back().nodes) right_names = std::max(right_names, width(node_name("y", n.index, o.output_names, {}, 1.1 * font)));
  }
  const double gaps = static_cast<double>(columns.size()) - 1;
  const double least_gap = std::max(70.0, o.description ? widest_description + 10 : 0);
  double left = std::max(left_names + 60, o.description ? widest_description / 2 + 14 : 0);
  double right = std::max(right_names + 60, o.description ? widest_description / 2 + 14 : 0);
  scene.width = std::max(scene.width, left + right + gaps * least_gap);
  // As in the tutorial the columns fill four fifths of the sheet, where names leave that much.
  left = std::max(left, 0.1 * scene.width);
  right = std::max(right, 0.1 * scene.width);
  const double x_space = gaps > 0 ? (scene.width - left - right) / gaps : 0;

  double top = 12;
  const std::string title = o.title.empty() ? name : o.title;
  if (!title.empty()) {
    for (const std::string& l : viz::wrap(title, 1.3 * font, scene.width - 24, true)) {
      scene.add(Text{{scene.width / 2, top + 0.65 * line}, {{l, Role::ink, true}}, 1.3 * font, Anchor::middle, Align::middle, 0, "title"});
      top += 1.3 * line;
    }
  }
  const double description_top = top + 8;
  top = description_top + description_lines * line + (o.description ? 10 : 14);
  const double legend = o.weights ? line + 10 : 0;
  const double rows = static_cast<double>(most);
  // Circles never smaller than 5 px: a tall network grows downward.
  scene.height = std::max(scene.height, top + rows * 22 + legend + 16);
  const double y_space = std::min((scene.height - top - legend - 16) / rows, 130.0);
  const double radius = std::clamp(std::min(y_space / 4, gaps > 0 ? x_space / 6 : y_space), 5.0, 24.0);
  const double middle = top + (scene.height - top - legend - 16) / 2;

  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column& c = columns[i];
    const double shown = static_cast<double>(c.nodes.size() + (c.elided ? 1 : 0));
    const double x = gaps > 0 ? left + static_cast<double>(i) * x_space : scene.width / 2;
    const double start = middle - (shown - 1) / 2 * y_space;
    for (std::size_t k = 0; k < c.nodes.size(); ++k) {
      const double place = static_cast<double>(c.elided && k + 1 == c.nodes.size() ? k + 1 : k);
      c.nodes[k].at = {x, start + place * y_space};
    }
    c.dots = {x, start + (shown - 2) * y_space};
  }

  double largest = 0;
  for (const NetworkLayer& l : layers) {
    for (const double w : l.weights) {
      if (std::isfinite(w)) largest = std::max(largest, std::abs(w));
    }
  }
  bool weighted = false;
  for (std::size_t i = 1; i < columns.size(); ++i) {
    const Column& from = columns[i - 1];
    const Column& to = columns[i];
    const NetworkLayer& l = *to.layer;
    const bool all_pairs = l.neurons > 0;
    const bool known = o.weights && l.weights.size() == to.width * from.width && largest > 0;
    weighted = weighted || known;
    for (const Node& a : from.nodes) {
      for (const Node& b : to.nodes) {
        if (!all_pairs && a.index != b.index) continue;
        Stroke stroke{to.paint.fade(0.45), from.nodes.size() * to.nodes.size() > 100 ? 0.8 : 1.1};
        if (known) {
          const double w = l.weights[b.index * from.width + a.index];
          const double share = std::isfinite(w) ? std::abs(w) / largest : 0;
          stroke = {Paint(w < 0 ? Role::negative : Role::positive).fade(0.25 + 0.6 * share), 0.4 + 3.6 * share};
        }
        scene.line({a.at.x + radius, a.at.y}, {b.at.x - radius, b.at.y}, stroke, "link");
      }
    }
  }

  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& c = columns[i];
    for (const Node& n : c.nodes) {
      scene.add(Circle{n.at, radius, c.paint, {Role::ink, 1}, c.first || c.last ? "outer-node" : "node"});
    }
    if (c.elided) {
      for (const double d : {-0.22, 0.0, 0.22}) scene.add(Circle{{c.dots.x, c.dots.y + d * y_space}, 2, Role::muted, {}, "dots"});
    }
    for (const Node& n : c.nodes) {
      if (c.first) {
        Text t = node_name("X", n.index, o.input_names, c.paint, 1.1 * font);
        t.at = {n.at.x - radius - 10, n.at.y};
        t.anchor = Anchor::end;
        t.align = Align::middle;
        t.tag = "node-label";
        scene.add(std::move(t));
      } else if (c.last) {
        Text t = node_name("y", n.index, o.output_names, c.paint, 1.1 * font);
        t.at = {n.at.x + radius + 10, n.at.y};
        t.align = Align::middle;
        t.tag = "node-label";
        scene.add(std::move(t));
      } else if (c.layer->neurons > 0 && y_space > 2 * radius + 0.9 * line && x_space > 60) {
        Text t = node_name("H", n.index, {}, c.paint, 0.9 * font);
        t.at = {n.at.x, n.at.y - radius - 3};
        t.anchor = Anchor::middle;
        t.align = Align::bottom;
        t.tag = "node-label";
        scene.add(std::move(t));
      }
    }
    double y = description_top + line / 2;
    for (std::size_t k = 0; k < c.description.size(); ++k) {
      const double x = c.nodes.front().at.x;
      scene.add(Text{{x, y}, {{c.description[k], c.paint, k == 0}}, font, Anchor::middle, Align::middle, 0, "description"});
      y += line;
    }
  }
  if (weighted) {
    const double y = scene.height - 10 - line / 2;
    const std::string texts[] = {"positive weight", "negative weight", fmt::format("thickest: |w| = {}", format_value(largest))};
    double w = 0;
    for (const std::string& t : texts) w += text_width(t, font) + 24;
    double x = scene.width / 2 - (w + 2 * 34) / 2;
    for (int k = 0; k < 3; ++k) {
      if (k < 2) {
        scene.line({x, y}, {x + 26, y}, {k == 0 ? Role::positive : Role::negative, 3}, "legend-handle");
        x += 34;
      }
      scene.add(Text{{x, y}, {{texts[k], Role::muted}}, font, Anchor::start, Align::middle, 0, "legend"});
      x += text_width(texts[k], font) + 24;
    }
  }
  scene.title = title.empty() ? "Neural network" : title;
  for (const NetworkLayer& l : layers) {
    scene.description += fmt::format("{}: {}{}. ", l.name, l.out, l.activation ? fmt::format(" {}", *l.activation) : "");
  }
  return Figure(std::move(scene), o.theme);
}

}  // namespace xg::viz
