#include <fmt/format.h>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/row_chart.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/plot_model.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace xg::viz {
namespace {

using Lines = std::vector<std::vector<Span>>;

Lines lines_of(const ModelBox& b, const PlotModelOptions& o) {
  Lines lines;
  std::vector<Span> head;
  if (o.show_layer_names && !b.name.empty()) head.push_back({b.name, Role::ink, true});
  if (!b.type.empty() && b.type != b.name)
    head.push_back({fmt::format("{}{}", head.empty() ? "" : "  ", b.type), Role::muted});
  if (head.empty()) head.push_back({b.type, Role::ink, true});
  lines.push_back(std::move(head));
  if (o.show_shapes && (!b.input.empty() || !b.output.empty())) {
    const std::string unknown = "?";
    if (b.input.empty() || b.input == b.output) {
      lines.push_back({{b.output.empty() ? unknown : b.output, Role::ink}});
    } else {
      lines.push_back({{fmt::format("{} → {}", b.input, b.output.empty() ? unknown : b.output), Role::ink}});
    }
  }
  std::string remarks;
  if (o.show_activations && !b.detail.empty()) remarks = b.detail;
  if (o.show_parameters && b.parameters > 0) {
    remarks += fmt::format("{}{} parameter{}", remarks.empty() ? "" : ", ",
                           format_count(static_cast<double>(b.parameters)), b.parameters == 1 ? "" : "s");
  }
  if (!remarks.empty()) lines.push_back({{remarks, Role::muted}});
  return lines;
}

std::string dot_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '{' || c == '}' || c == '|' || c == '<' || c == '>') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string to_dot(const std::vector<ModelBox>& boxes, const std::vector<Lines>& lines) {
  std::string out = "digraph model {\n  rankdir=TB;\n  node [shape=record, fontname=\"DejaVu Sans\", fontsize=10];\n";
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    std::string label;
    for (const auto& l : lines[i]) label += fmt::format("{}{}", label.empty() ? "" : "|", dot_text(plain(Text{{}, l})));
    out += fmt::format("  n{} [label=\"{{{}}}\"];\n", i, label);
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (const std::size_t f : boxes[i].from) out += fmt::format("  n{} -> n{};\n", f, i);
  }
  return out + "}\n";
}

// A box, or the point where an edge passes through a rank.
struct Place {
  std::size_t box;  // index of the box, or no_box
  double width;
  std::size_t rank = 0;
  std::vector<std::size_t> above = {}, below = {};  // neighbours in the adjacent ranks
  double x = 0;
};
constexpr std::size_t no_box = static_cast<std::size_t>(-1);

// A layered drawing of the graph: edges that skip ranks pass through places without a box, and ranks are ordered by the
// mean x of their neighbours.
struct Ranks {
  std::vector<Place> places;
  std::vector<std::vector<std::size_t>> ranks;
};

Ranks arrange(const std::vector<ModelBox>& boxes, const std::vector<double>& widths) {
  Ranks r;
  std::size_t last_rank = 0;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    Place p{i, widths[i]};
    for (const std::size_t f : boxes[i].from) p.rank = std::max(p.rank, r.places[f].rank + 1);
    last_rank = std::max(last_rank, p.rank);
    r.places.push_back(p);
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (const std::size_t f : boxes[i].from) {
      std::size_t upper = f;
      for (std::size_t rank = r.places[f].rank + 1; rank < r.places[i].rank; ++rank) {
        r.places.push_back({no_box, 24, rank, {upper}, {}, 0});
        r.places[upper].below.push_back(r.places.size() - 1);
        upper = r.places.size() - 1;
      }
      r.places[upper].below.push_back(i);
      r.places[i].above.push_back(upper);
    }
  }
  r.ranks.resize(last_rank + 1);
  for (std::size_t p = 0; p < r.places.size(); ++p) r.ranks[r.places[p].rank].push_back(p);
  constexpr double gap = 36;
  const auto assign = [&](std::vector<std::size_t>& rank) {
    double total = -gap;
    for (const std::size_t p : rank) total += r.places[p].width + gap;
    double x = -total / 2;
    for (const std::size_t p : rank) {
      r.places[p].x = x + r.places[p].width / 2;
      x += r.places[p].width + gap;
    }
  };
  for (auto& rank : r.ranks) assign(rank);
  const auto sort_by = [&](std::vector<std::size_t>& rank, bool upward) {
    std::vector<double> key(r.places.size(), 0.0);
    for (const std::size_t p : rank) {
      const auto& neighbours = upward ? r.places[p].below : r.places[p].above;
      double sum = 0;
      for (const std::size_t q : neighbours) sum += r.places[q].x;
      key[p] = neighbours.empty() ? r.places[p].x : sum / static_cast<double>(neighbours.size());
    }
    std::stable_sort(rank.begin(), rank.end(), [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
    assign(rank);
  };
  for (int sweep = 0; sweep < 4; ++sweep) {
    for (std::size_t k = 1; k < r.ranks.size(); ++k) sort_by(r.ranks[k], false);
    for (std::size_t k = r.ranks.size() - 1; k-- > 0;) sort_by(r.ranks[k], true);
  }
  return r;
}

}  // namespace

Figure plot_model(const std::vector<ModelBox>& boxes, const PlotModelOptions& o) {
  detail::check_theme("plot_model", o.theme);
  if (boxes.empty()) throw ValueError("[plot_model] the model has no layers: add at least one.");
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (const std::size_t f : boxes[i].from) {
      if (f >= i)
        throw ValueError(
            fmt::format("[plot_model] box {} takes from box {}: boxes come after those that feed them.", i, f));
    }
  }
  const double font = o.theme.font_px();
  const double line = line_height * font;
  std::vector<Lines> lines;
  std::vector<double> widths, heights;
  for (const ModelBox& b : boxes) {
    Lines wrapped;
    double w = 90;
    for (const auto& l : lines_of(b, o)) {
      for (auto& piece : viz::wrap(l, font, 420)) {
        w = std::max(w, width(Text{{}, piece, font}) + 28);
        wrapped.push_back(std::move(piece));
      }
    }
    widths.push_back(w);
    heights.push_back(static_cast<double>(wrapped.size()) * line + 16);
    lines.push_back(std::move(wrapped));
  }
  // Boxes in a single column look best at equal widths.
  const bool chain = std::all_of(boxes.begin(), boxes.end(), [](const ModelBox& b) { return b.from.size() <= 1; });
  const double widest = *std::max_element(widths.begin(), widths.end());
  if (chain && widest < 320) widths.assign(boxes.size(), widest);

  const Ranks r = arrange(boxes, widths);
  double left = 0, right = 0;
  for (const Place& p : r.places) {
    left = std::min(left, p.x - p.width / 2);
    right = std::max(right, p.x + p.width / 2);
  }
  Scene scene;
  scene.width = std::max(right - left + 48, 240.0);
  double y = 16;
  if (!o.title.empty()) {
    y += detail::add_title(scene, o.title, 1.15 * font, y + 0.6 * line, 1.15 * line);
    y += 10;
  }
  constexpr double rank_gap = 34;
  std::vector<double> tops, bottoms;
  for (const auto& rank : r.ranks) {
    double h = 0;
    for (const std::size_t p : rank) h = std::max(h, r.places[p].box == no_box ? 0 : heights[r.places[p].box]);
    tops.push_back(y);
    bottoms.push_back(y + h);
    y += h + rank_gap;
  }
  scene.height = y - rank_gap + 16;
  const double shift = (scene.width - (right + left)) / 2;
  const auto box_of = [&](std::size_t p) {
    const Place& place = r.places[p];
    const double middle = (tops[place.rank] + bottoms[place.rank]) / 2;
    const double h = place.box == no_box ? bottoms[place.rank] - tops[place.rank] : heights[place.box];
    const double w = place.box == no_box ? 0 : place.width;
    return Box{place.x + shift - w / 2, middle - h / 2, place.x + shift + w / 2, middle + h / 2};
  };
  for (std::size_t p = 0; p < r.places.size(); ++p) {
    const Box b = box_of(p);
    if (r.places[p].box == no_box) {
      scene.line({b.left, b.top}, {b.left, b.bottom}, {Role::muted, 1.4}, "edge");
    }
    for (const std::size_t q : r.places[p].below) {
      const Box c = box_of(q);
      const Point from{b.centre().x, b.bottom};
      const Point to{c.centre().x, c.top};
      if (r.places[q].box == no_box) {
        scene.line(from, to, {Role::muted, 1.4}, "edge");
        continue;
      }
      const double length = std::hypot(to.x - from.x, to.y - from.y);
      const Point d{(to.x - from.x) / length, (to.y - from.y) / length};
      const Point neck{to.x - 8 * d.x, to.y - 8 * d.y};
      scene.line(from, neck, {Role::muted, 1.4}, "edge");
      scene.add(Polygon{{to, {neck.x - 4.5 * d.y, neck.y + 4.5 * d.x}, {neck.x + 4.5 * d.y, neck.y - 4.5 * d.x}},
                        Role::muted,
                        {},
                        "arrow"});
    }
  }
  for (std::size_t p = 0; p < boxes.size(); ++p) {
    const Box b = box_of(p);
    const bool input = boxes[p].from.empty();
    scene.add(Rect{b,
                   Role::band,
                   {input                     ? Role::outer
                    : boxes[p].parameters > 0 ? Role::hidden
                                              : Role::edge,
                    1.5},
                   6,
                   "box"});
    double text_y = b.top + 8 + line / 2;
    for (const auto& l : lines[p]) {
      scene.add(Text{{b.centre().x, text_y}, l, font, Anchor::middle, Align::middle, 0, "box-label"});
      text_y += line;
    }
  }
  scene.title = o.title.empty() ? "Layers of the model" : o.title;
  for (const Lines& box : lines) {
    for (const auto& l : box) scene.description += fmt::format("{} ", plain(Text{{}, l}));
    scene.description += ". ";
  }
  Figure figure = Figure::from_scene(std::move(scene), o.theme);
  figure.set_dot(to_dot(boxes, lines));
  return figure;
}

Figure plot_model(nn::Module& model, const PlotModelOptions& options) {
  const auto text = [](const std::optional<Shape>& row) -> std::string {
    if (!row) return {};
    std::string out = "(None";
    for (std::size_t d = 0; d < row->size(); ++d) out += fmt::format(", {}", (*row)[d]);
    return out + ")";
  };
  std::vector<ModelBox> boxes;
  for (const nn::LayerInfo& info : nn::config(model)) {
    ModelBox b{.name = info.name,
               .type = info.type,
               .input = text(info.input_shape),
               .output = text(info.output_shape),
               .parameters = info.num_parameters};
    if (info.activation && *info.activation != "linear") b.detail = *info.activation;
    if (info.shared) b.detail += b.detail.empty() ? "shared" : ", shared";
    b.from = info.inputs;
    if (b.from.empty() && !boxes.empty() && !info.is_input) b.from = {boxes.size() - 1};
    boxes.push_back(std::move(b));
  }
  PlotModelOptions o = options;
  if (o.title.empty()) o.title = model.name();
  return plot_model(boxes, o);
}

}  // namespace xg::viz
