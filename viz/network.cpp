#include <fmt/format.h>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/network.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace xg::viz {
namespace {

struct DrawnNode {
  std::size_t index;  // index in its layer
  Point position;
};

struct Group {
  const NetworkLayer* layer = nullptr;
  std::vector<std::size_t> from;
  std::size_t width = 0;   // number of outputs of the layer
  std::size_t column = 0;  // length of the longest path from an input
  bool first = false, last = false;
  std::vector<DrawnNode> nodes;
  bool elided = false;
  Point dots;
  std::vector<std::string> description;
  std::size_t bold_lines = 0;  // lines of the description that hold the name
  Paint paint;
};

std::string upper(const std::string& text) {
  std::string out = text;
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// Name, activation, sum and width of a layer in lines of at most `width` px. The first `bold` lines are the name.
std::vector<std::string> describe(const Group& c, double font, double width, std::size_t& bold) {
  const NetworkLayer& l = *c.layer;
  std::vector<std::string> lines = viz::wrap(upper(l.name), font, width, true);
  bold = lines.size();
  if (c.first) {
    lines.push_back(fmt::format("{} X", c.width));
  } else if (l.neurons > 0) {
    const bool bias = !l.bias.empty() || l.weights.empty();
    for (std::string& piece : viz::wrap(fmt::format("{} (", l.activation.value_or("linear")), font, width))
      lines.push_back(std::move(piece));
    lines.push_back(fmt::format("Σ{}[X·w]{}", l.in, bias ? "+b" : ""));
    lines.push_back(fmt::format(") = {} {}", c.width, c.last ? "Y" : "out"));
  }
  return lines;
}

Text node_name(const std::string& letter, std::size_t index, const std::vector<std::string>& names, const Paint& paint,
               double size) {
  Text t;
  t.size = size;
  if (names.empty())
    t.spans = {{letter, paint}, {fmt::format("{}", index + 1), paint, false, 0.75, 0.22}};
  else
    t.spans = {{names[index], paint}};
  return t;
}

void check(const std::vector<NetworkLayer>& layers, const NetworkOptions& o) {
  detail::check_sheet("network", o.width, o.theme);
  detail::check_inches("network", "height", o.height);
  if (o.max_nodes > 500)
    throw ValueError(fmt::format("[network] max_nodes is {}: show at most 500 of a wide layer.", o.max_nodes));
  if (layers.empty()) throw ValueError("[network] the model has no layers: add at least one.");
  if (o.max_nodes < 3)
    throw ValueError(fmt::format("[network] max_nodes is {}: show at least 3 of a wide layer.", o.max_nodes));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const NetworkLayer& l = layers[i];
    if (l.out <= 0) {
      throw ValueError(
          fmt::format("[network] the width of layer \"{}\" is not known ({}): begin the model with a layer that knows "
                      "its inputs, or call it on data once.",
                      l.name, l.out));
    }
    constexpr std::int64_t widest = std::int64_t{1} << 31;
    if (l.in < 0 || l.in > widest || l.out > widest || l.neurons < 0) {
      throw ValueError(
          fmt::format("[network] layer \"{}\" has {} inputs, {} neurons and {} outputs: give numbers from 0 "
                      "to {}.",
                      l.name, l.in, l.neurons, l.out, widest));
    }
    const auto need = static_cast<std::size_t>(l.out * l.in);
    if (!l.weights.empty() && l.weights.size() != need) {
      throw ValueError(fmt::format("[network] layer \"{}\" has {} weights for {} x {}: give [out, in].", l.name,
                                   l.weights.size(), l.out, l.in));
    }
    for (const std::size_t f : l.from) {
      if (f >= i)
        throw ValueError(
            fmt::format("[network] layer {} takes from layer {}: layers come after those that feed them.", i, f));
    }
  }
}

std::vector<Group> group(const std::vector<NetworkLayer>& layers, const NetworkOptions& o) {
  std::vector<Group> groups(layers.size());
  std::vector<bool> used(layers.size(), false);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Group& g = groups[i];
    g.layer = &layers[i];
    g.width = static_cast<std::size_t>(layers[i].out);
    g.from = layers[i].from;
    if (g.from.empty() && i > 0 && !layers[i].is_input) g.from = {i - 1};
    g.first = g.from.empty();
    for (const std::size_t f : g.from) {
      g.column = std::max(g.column, groups[f].column + 1);
      used[f] = true;
    }
    g.elided = g.width > o.max_nodes;
    const std::size_t shown = g.elided ? o.max_nodes : g.width;
    // A wide layer shows its first nodes, dots, and its last node.
    for (std::size_t k = 0; k < shown; ++k) {
      if (g.elided && k + 2 == shown) continue;
      g.nodes.push_back({g.elided && k + 1 == shown ? g.width - 1 : k, {}});
    }
  }
  std::size_t inputs = 0, outputs = 0, deepest_column = 0;
  for (const Group& g : groups) deepest_column = std::max(deepest_column, g.column);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Group& g = groups[i];
    g.last = !used[i] && !g.first;
    if (g.last) g.column = deepest_column;
    g.paint = g.first || g.last ? Role::outer : layers[i].neurons == 0 ? Role::dropout : Role::hidden;
    if (o.description) g.description = describe(g, o.theme.font_px(), 170, g.bold_lines);
    inputs += g.first ? g.width : 0;
    outputs += g.last ? g.width : 0;
  }
  const auto fits = [](const char* what, const std::vector<std::string>& names, std::size_t width) {
    if (names.empty() || names.size() == width) return;
    throw ValueError(
        fmt::format("[network] {} has {} names for {} nodes: give one for each, or none.", what, names.size(), width));
  };
  fits("input_names", o.input_names, inputs);
  fits("output_names", o.output_names, outputs);
  return groups;
}

// Does node `a` of input number `which` feed node `b` of `to`? In layers with units all pairs are linked, in others
// nodes are linked one to one. Several inputs whose widths sum up to that of `to` are concatenated.
bool linked(const std::vector<Group>& groups, const Group& to, std::size_t which, std::size_t a, std::size_t b) {
  const Group& from = groups[to.from[which]];
  if (to.layer->neurons > 0) return true;
  std::size_t total_width = 0, offset = 0;
  for (std::size_t k = 0; k < to.from.size(); ++k) {
    if (k < which) offset += groups[to.from[k]].width;
    total_width += groups[to.from[k]].width;
  }
  if (to.from.size() > 1 && total_width == to.width) return b == offset + a;
  return from.width != to.width || a == b;
}

}  // namespace

Figure network(nn::Module& model, const NetworkOptions& o) {
  std::vector<NetworkLayer> layers;
  for (const nn::LayerInfo& info : nn::config(model)) {
    NetworkLayer l{
        .name = info.name, .in = info.in, .neurons = info.neurons, .out = info.out, .activation = info.activation};
    if (info.params.defined()) l.weights = info.params.to_vector<double>();
    if (info.bias.defined()) l.bias = info.bias.to_vector<double>();
    l.from = info.inputs;
    l.is_input = info.is_input;
    layers.push_back(std::move(l));
  }
  return network(layers, model.name(), o);
}

Figure network(const std::vector<NetworkLayer>& layers, StringRef text, const NetworkOptions& o) {
  const std::string name = text.str();
  check(layers, o);
  const double font = o.theme.font_px();
  const double line = line_height * font;
  Scene scene;
  scene.width = std::round(o.width * 96);
  scene.height = std::round(o.height * 96);

  std::vector<Group> groups = group(layers, o);
  std::size_t last_column = 0;
  for (const Group& g : groups) last_column = std::max(last_column, g.column);
  std::vector<std::vector<Group*>> columns(last_column + 1);
  for (Group& g : groups) columns[g.column].push_back(&g);

  double widest_description = 0, description_lines = 0, rows = 1;
  double left_names = 0, right_names = 0;
  const auto slots = [](const Group& g) { return static_cast<double>(g.nodes.size() + (g.elided ? 1 : 0)); };
  for (const auto& column : columns) {
    double lines = 0, height = static_cast<double>(column.size()) - 1;
    for (const Group* g : column) {
      lines += static_cast<double>(g->description.size());
      height += slots(*g);
      for (const std::string& l : g->description)
        widest_description = std::max(widest_description, text_width(l, font, true));
    }
    description_lines =
        std::max(description_lines, lines + (lines > 0 ? 0.4 * static_cast<double>(column.size() - 1) : 0));
    rows = std::max(rows, height);
  }
  std::size_t input = 0, output = 0;
  for (Group& g : groups) {
    for (const DrawnNode& n : g.nodes) {
      if (g.first)
        left_names = std::max(left_names, width(node_name("X", input + n.index, o.input_names, {}, 1.1 * font)));
      if (g.last)
        right_names = std::max(right_names, width(node_name("y", output + n.index, o.output_names, {}, 1.1 * font)));
    }
    input += g.first ? g.width : 0;
    output += g.last ? g.width : 0;
  }

  // The columns share the width that the names at both sides leave.
  const double gaps = static_cast<double>(last_column);
  const double min_gap = std::max(70.0, o.description ? widest_description + 10 : 0);
  double left = std::max(left_names + 60, o.description ? widest_description / 2 + 14 : 0);
  double right = std::max(right_names + 60, o.description ? widest_description / 2 + 14 : 0);
  scene.width = std::max(scene.width, left + right + gaps * min_gap);
  // As in the tutorial the columns fill at most four fifths of the sheet.
  left = std::max(left, 0.1 * scene.width);
  right = std::max(right, 0.1 * scene.width);
  const double x_space = gaps > 0 ? std::max((scene.width - left - right) / gaps, min_gap) : 0;
  scene.width = std::max(scene.width, left + right + gaps * x_space);

  double top = 12;
  const std::string title = o.title.empty() ? name : o.title;
  if (!title.empty()) {
    top += detail::add_title(scene, title, 1.3 * font, top + 0.65 * line, 1.3 * line);
  }
  const double description_top = top + 8;
  top = description_top + description_lines * line + (o.description ? 10 : 14);
  const double legend = o.weights ? line + 10 : 0;
  // The sheet of a tall network grows, so that circles keep a radius of at least 5 px.
  scene.height = std::max(scene.height, top + rows * 22 + legend + 16);
  const double y_space = std::min((scene.height - top - legend - 16) / rows, 130.0);
  const double radius = std::clamp(std::min(y_space / 4, gaps > 0 ? x_space / 6 : y_space), 5.0, 24.0);
  const double middle = top + (scene.height - top - legend - 16) / 2;

  for (std::size_t i = 0; i < columns.size(); ++i) {
    double height = static_cast<double>(columns[i].size()) - 1;
    for (const Group* g : columns[i]) height += slots(*g);
    const double x = gaps > 0 ? left + static_cast<double>(i) * x_space : scene.width / 2;
    double start = middle - (height - 1) / 2 * y_space;
    for (Group* g : columns[i]) {
      for (std::size_t k = 0; k < g->nodes.size(); ++k) {
        const double place = static_cast<double>(g->elided && k + 1 == g->nodes.size() ? k + 1 : k);
        g->nodes[k].position = {x, start + place * y_space};
      }
      g->dots = {x, start + (slots(*g) - 2) * y_space};
      start += (slots(*g) + 1) * y_space;
    }
  }

  double largest = 0;
  for (const NetworkLayer& l : layers) {
    for (const double w : l.weights) {
      if (std::isfinite(w)) largest = std::max(largest, std::abs(w));
    }
  }
  bool weighted = false;
  for (const Group& to : groups) {
    const NetworkLayer& l = *to.layer;
    for (std::size_t which = 0; which < to.from.size(); ++which) {
      const Group& from = groups[to.from[which]];
      const bool known = o.weights && to.from.size() == 1 && l.weights.size() == to.width * from.width && largest > 0;
      weighted = weighted || known;
      for (const DrawnNode& a : from.nodes) {
        for (const DrawnNode& b : to.nodes) {
          if (!linked(groups, to, which, a.index, b.index)) continue;
          Stroke stroke{to.paint.fade(0.45), from.nodes.size() * to.nodes.size() > 100 ? 0.8 : 1.1};
          if (known) {
            const double w = l.weights[b.index * from.width + a.index];
            const double share = std::isfinite(w) ? std::abs(w) / largest : 0;
            stroke = {Paint(w < 0 ? Role::negative : Role::positive).fade(0.25 + 0.6 * share), 0.4 + 3.6 * share};
          }
          scene.line({a.position.x + radius, a.position.y}, {b.position.x - radius, b.position.y}, stroke, "link");
        }
      }
    }
  }

  input = output = 0;
  for (const Group& g : groups) {
    for (const DrawnNode& n : g.nodes) {
      scene.add(Circle{n.position, radius, g.paint, {Role::ink, 1}, g.first || g.last ? "outer-node" : "node"});
    }
    if (g.elided) {
      for (const double d : {-0.22, 0.0, 0.22})
        scene.add(Circle{{g.dots.x, g.dots.y + d * y_space}, 2, Role::muted, {}, "dots"});
    }
    for (const DrawnNode& n : g.nodes) {
      Text t;
      if (g.first) {
        t = node_name("X", input + n.index, o.input_names, g.paint, 1.1 * font);
        t.position = {n.position.x - radius - 10, n.position.y};
        t.anchor = Anchor::end;
        t.align = Align::middle;
      } else if (g.last) {
        t = node_name("y", output + n.index, o.output_names, g.paint, 1.1 * font);
        t.position = {n.position.x + radius + 10, n.position.y};
        t.align = Align::middle;
      } else if (g.layer->neurons > 0 && y_space > 2 * radius + 1.3 * line && x_space > 60) {
        t = node_name("H", n.index, {}, g.paint, 0.9 * font);
        t.position = {n.position.x, n.position.y - radius - 3};
        t.anchor = Anchor::middle;
        t.align = Align::bottom;
      } else {
        continue;
      }
      t.tag = "node-label";
      scene.add(std::move(t));
    }
    input += g.first ? g.width : 0;
    output += g.last ? g.width : 0;
  }
  for (const auto& column : columns) {
    double y = description_top + line / 2;
    for (const Group* g : column) {
      for (std::size_t k = 0; k < g->description.size(); ++k) {
        scene.add(Text{{g->nodes.front().position.x, y},
                       {{g->description[k], g->paint, k < g->bold_lines}},
                       font,
                       Anchor::middle,
                       Align::middle,
                       0,
                       "description"});
        y += line;
      }
      y += 0.4 * line;
    }
  }
  if (weighted) {
    const double y = scene.height - 10 - line / 2;
    const std::string texts[] = {"positive weight", "negative weight",
                                 fmt::format("thickest: |w| = {}", format_value(largest))};
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
    scene.description +=
        fmt::format("{}: {}{}. ", l.name, l.out, l.activation ? fmt::format(" {}", *l.activation) : "");
  }
  return Figure::from_scene(std::move(scene), o.theme);
}

}  // namespace xg::viz
