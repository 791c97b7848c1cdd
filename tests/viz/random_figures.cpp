#include "random_figures.hpp"

#include "figures.hpp"

#include <xgrad/nn/activation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

namespace viz_test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.next() % n); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  bool yes() { return one_in(2); }
  /// A number between 0 and 1.
  double share() { return static_cast<double>(random_.next() >> 11) * 0x1p-53; }
  template <class T> T one_of(std::initializer_list<T> values) { return values.begin()[below(values.size())]; }

  /// A count up to `most`, as often small as large.
  std::size_t count(double most) {
    return static_cast<std::size_t>(std::pow(10.0, share() * std::log10(most + 1)) - 0.5);
  }

  /// Two different numbers, of any size and as close to each other as any.
  std::pair<double, double> range() {
    const auto number = [&] { return (yes() ? 1 : -1) * std::pow(10.0, 600 * share() - 300); };
    double low = 0, high = 1;
    switch (below(6)) {
      case 0:  // of everyday size
        low = 200 * share() - 100, high = low + 100 * share();
        break;
      case 1:  // far apart
        low = number(), high = number();
        break;
      case 2: {  // a few bits apart
        low = high = number();
        for (std::size_t i = 1 + below(6); i > 0; --i) high = std::nextafter(high, infinity);
        break;
      }
      case 3:  // narrow
        low = number(), high = low + std::abs(low) * std::pow(10.0, -15 * share());
        break;
      case 4:  // from zero
        low = 0, high = number();
        break;
      default:
        low = -std::numeric_limits<double>::max(), high = std::numeric_limits<double>::max();
    }
    return std::minmax(low, high);
  }

  /// Numbers of a range, from a spell of equal ones to noise.
  std::vector<double> numbers(std::size_t n) {
    const auto [low, high] = range();
    const std::size_t kind = below(5), broken = one_in(3) ? 2 + below(50) : 0;
    std::vector<double> out(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double t = kind == 0   ? 0.0
                       : kind == 1 ? static_cast<double>(i) / static_cast<double>(n)
                       : kind == 2 ? static_cast<double>(below(3)) / 2
                                   : share();
      out[i] = std::clamp(low * (1 - t) + high * t, low, high);
      if (kind == 4) out[i] = std::trunc(std::clamp(out[i], -1e9, 1e9));
      if (broken != 0 && one_in(broken)) out[i] = one_of({nan, infinity, -infinity});
    }
    return out;
  }
  std::vector<double> sorted_numbers(std::size_t n) {
    std::vector<double> out = numbers(n);
    std::sort(out.begin(), out.end(), [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); });
    return out;
  }

  /// A number for an option that is usually about `usual`.
  double option(double usual) {
    if (!one_in(12)) return usual * (0.2 + 2 * share());
    return one_of({nan, infinity, -infinity, -1.0, 0.0, 1e-300, 1e300, 999.0, 1001.0});
  }
  double alpha() { return one_in(12) ? option(1) : share(); }
  std::string text() {
    return one_of<const char*>({"", "a", "A name that is somewhat longer than others", "<&\"'>", "年齢", "line\nbreak",
                                "\x01\x7f", "\xff\xfe not UTF-8", "e\u0301\u202e", "$x^2$"});
  }
  std::vector<std::string> texts(std::size_t n) {
    std::vector<std::string> out(n);
    for (std::string& s : out) s = text();
    return out;
  }
  Paint paint() { return one_of<Paint>({Paint(), Paint("C1"), Paint("red"), Paint("none"), Paint("#12345678")}); }
  std::string line() { return one_of<const char*>({"-", "--", ":", "-.", "none"}); }
  std::string marker() { return one_of<const char*>({"", "o", "s", "^", "v", "d", "x", "+"}); }

 private:
  xg::Generator random_;
};

Contributions random_contributions(Dice& d, std::size_t most_rows) {
  Contributions c;
  c.rows = 1 + d.count(static_cast<double>(most_rows));
  c.features = 1 + d.count(most_rows == 1 ? 300 : 30);
  c.values = d.numbers(c.rows * c.features);
  c.base = d.numbers(c.rows);
  if (d.yes()) c.outputs = d.numbers(c.rows);
  if (d.yes()) c.names = d.texts(c.features);
  if (d.yes()) c.data = d.numbers(c.rows * c.features);
  if (d.one_in(4)) c.display = d.texts(c.rows * c.features);
  if (d.one_in(4)) {
    c.errors = d.numbers(c.rows * c.features);
    for (double& e : c.errors) e = std::abs(e);
  }
  c.space = d.one_of({Space::model, Space::logit, Space::probability, Space::some_logit});
  c.output = d.text();
  c.unit = d.text();
  c.additive = !d.one_in(4);
  return c;
}

/// One thing on some axes.
void draw_on(Axes& axes, Dice& d, std::string& described) {
  const std::size_t kind = d.below(12), n = d.count(kind == 1 || kind == 5 ? 2e4 : 1e5);
  described += fmt::format("{} of {} points; ", kind, n);
  const std::vector<double> x = d.one_in(3) ? d.numbers(n) : d.sorted_numbers(n);
  switch (kind) {
    case 0:
      return axes.plot(x, d.numbers(n),
                       {.color = d.paint(),
                        .linewidth = d.option(2),
                        .linestyle = d.line(),
                        .marker = d.marker(),
                        .markersize = d.option(6),
                        .alpha = d.alpha(),
                        .label = d.text()});
    case 1:
      return axes.scatter(x, d.numbers(n),
                          {.c = d.yes() ? Data(d.numbers(n)) : Data{},
                           .cmap = d.yes() ? "viridis" : "red_blue",
                           .size = d.option(5),
                           .marker = d.one_of<const char*>({"o", "s", "^", "v", "d", "x", "+"}),
                           .alpha = d.alpha(),
                           .label = d.text()});
    case 2:
      return axes.bar(x, d.numbers(n),
                      {.width = d.option(0.8),
                       .base = d.one_in(3) ? Data(d.numbers(n)) : Data{},
                       .error = d.one_in(3) ? Data(d.numbers(n)) : Data{},
                       .alpha = d.alpha()});
    case 3:
      return axes.barh(d.texts(n % 100), d.numbers(n % 100), {.width = d.option(0.8), .label = d.text()});
    case 4:
      return axes.hist(x, {.bins = d.one_of<std::size_t>({0, 1, 7, 10'000, 1'000'000}), .alpha = d.alpha()});
    case 5:
      return axes.fill_between(x, d.numbers(n), d.numbers(n), {.alpha = d.alpha(), .label = d.text()});
    case 6:
      return axes.errorbar(x, d.numbers(n),
                           {.yerr = d.yes() ? Data(d.numbers(n)) : Data{},
                            .xerr = d.one_in(3) ? Data(d.numbers(n)) : Data{},
                            .capsize = d.option(3),
                            .linestyle = d.line(),
                            .linewidth = d.option(1)});
    case 7:
      return axes.axhline(d.numbers(1)[0], {.linewidth = d.option(1), .linestyle = d.line()});
    case 8:
      return axes.text(d.numbers(1)[0], d.numbers(1)[0], d.text(),
                       {.fontsize = d.option(12), .rotation = d.option(90), .bold = d.yes()});
    case 9: {
      const auto [low, high] = d.range();
      return d.yes() ? axes.set_xlim(low, high) : axes.set_ylim(low, high);
    }
    case 10: {
      const std::vector<double> at = d.numbers(n % 50);
      return d.yes() ? axes.set_xticks(at, d.yes() ? d.texts(at.size()) : std::vector<std::string>{})
                     : axes.set_yticks(at);
    }
    default:
      if (d.yes()) axes.set_xscale("log");
      if (d.yes()) axes.set_yscale("log");
      if (d.yes()) axes.set_aspect_equal();
      if (d.yes()) axes.legend({.loc = d.one_of<const char*>({"best", "upper left", "outside"}), .title = d.text()});
      if (d.one_in(3)) axes.invert_yaxis();
  }
}

Figure random_axes(Dice& d, std::string& described) {
  Figure figure({.width = d.option(6),
                 .height = d.option(5),
                 .rows = 1 + d.below(2),
                 .columns = 1 + d.below(2),
                 .share_x = d.one_in(4),
                 .share_y = d.one_in(4),
                 .title = d.text()});
  Axes& axes = figure.axes();
  for (std::size_t i = 1 + d.below(4); i > 0; --i) draw_on(d.one_in(6) ? axes.twinx() : axes, d, described);
  axes.set_xlabel(d.text());
  if (d.one_in(4)) axes.colorbar(d.text());
  return figure;
}

std::vector<ScoreCurve> random_curves(Dice& d) {
  std::vector<ScoreCurve> curves(d.below(12));
  for (ScoreCurve& c : curves) {
    const std::size_t n = d.count(1e5);
    c = {d.sorted_numbers(n), d.sorted_numbers(n), d.numbers(1)[0], d.text(), d.share(), d.text()};
  }
  return curves;
}

Figure random_network(Dice& d) {
  std::vector<NetworkLayer> layers(1 + d.below(6));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    NetworkLayer& l = layers[i];
    l.name = d.text();
    l.in = i == 0 ? 0 : layers[i - 1].out;
    l.out = static_cast<std::int64_t>(1 + d.count(3000));
    l.neurons = d.one_in(4) ? 0 : l.out;
    l.is_input = i == 0;
    if (d.yes()) l.activation = d.text();
    if (d.one_in(3) && l.in * l.out < 100'000) l.weights = d.numbers(static_cast<std::size_t>(l.in * l.out));
    if (d.one_in(3)) l.bias = d.numbers(static_cast<std::size_t>(l.out));
    if (i > 1 && d.one_in(4)) {
      l.from = {d.below(i), i - 1};
      l.in = layers[l.from[0]].out + layers[i - 1].out;
      l.weights.clear();
    }
  }
  return network(layers, d.text(),
                 {.description = d.yes(),
                  .weights = d.yes(),
                  .width = d.option(10),
                  .height = d.option(8),
                  .max_nodes = d.below(40),
                  .title = d.text()});
}

Figure random_plot_model(Dice& d) {
  std::vector<ModelBox> boxes(d.below(40));
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    boxes[i] = {d.text(), d.text(), d.text(), d.text(), static_cast<std::int64_t>(d.count(1e15)), d.text(), {}};
    for (std::size_t k = d.below(3); i > 0 && k > 0; --k) boxes[i].from.push_back(d.one_in(3) ? d.below(i) : i - 1);
  }
  return plot_model(
      boxes, {.show_shapes = d.yes(), .show_layer_names = d.yes(), .show_parameters = d.yes(), .title = d.text()});
}

Figure random_neuron(Dice& d) {
  const std::size_t n = d.below(30);
  NeuronOptions o;
  o.inputs = d.texts(n);
  if (d.yes()) o.values = d.numbers(n);
  if (d.yes()) o.weights = d.numbers(n);
  if (d.yes()) o.bias = d.numbers(1)[0];
  if (d.yes()) o.output = d.numbers(1)[0];
  o.activation = d.text();
  o.width = d.option(7);
  return neuron(o);
}

Figure random_confusion(Dice& d) {
  const std::size_t n = 1 + d.below(30);
  ConfusionCounts c{d.texts(n), {}};
  for (std::size_t i = 0; i < n; ++i) c.counts.push_back(d.numbers(n));
  return confusion_matrix(c, {.percent = d.yes(), .title = d.text(), .width = d.option(5)});
}

EpochCurves random_history(Dice& d) {
  EpochCurves curves;
  const std::size_t n = d.count(1e5);
  for (const char* name : {"loss", "val_loss", "accuracy", "val_accuracy", "\xff", "mae"})
    if (d.yes()) curves.push_back({name, d.numbers(d.one_in(5) ? d.count(100) : n)});
  return curves;
}

struct Picture {
  const char* name;
  std::function<Figure(Dice&, std::string&)> draw;
};

const std::vector<Picture>& pictures() {
  static const std::vector<Picture> list = {
      {"axes", random_axes},
      {"more axes", random_axes},
      {"waterfall",
       [](Dice& d, std::string&) {
         return waterfall(random_contributions(d, 1),
                          {.max_display = d.below(30), .title = d.text(), .width = d.option(8)});
       }},
      {"force",
       [](Dice& d, std::string&) {
         return force(random_contributions(d, 1), {.link = d.yes() ? Link::logit : Link::identity,
                                                   .contribution_threshold = d.yes() ? 0 : d.option(0.05),
                                                   .width = d.option(10)});
       }},
      {"force of rows",
       [](Dice& d, std::string&) {
         return force(random_contributions(d, 3000),
                      {.order = d.one_of({RowOrder::similarity, RowOrder::output, RowOrder::original}),
                       .max_rows = d.below(2000)});
       }},
      {"decision",
       [](Dice& d, std::string&) {
         return decision(random_contributions(d, 3000), {.link = d.yes() ? Link::logit : Link::identity,
                                                         .max_display = d.below(30),
                                                         .highlight = {d.below(3)},
                                                         .max_rows = d.below(3000),
                                                         .width = d.option(8)});
       }},
      {"bar",
       [](Dice& d, std::string&) {
         return bar(random_contributions(d, 1000),
                    {.max_display = d.below(30), .title = d.text(), .width = d.option(8)});
       }},
      {"cohorts",
       [](Dice& d, std::string&) {
         std::vector<std::pair<std::string, Contributions>> cohorts;
         for (std::size_t i = d.below(4); i > 0; --i) cohorts.emplace_back(d.text(), random_contributions(d, 20));
         if (!cohorts.empty() && d.one_in(4)) cohorts.back().second.names = d.texts(d.below(30));
         return bar(cohorts);
       }},
      {"beeswarm",
       [](Dice& d, std::string&) {
         return beeswarm(random_contributions(d, 3000),
                         {.max_display = d.below(30), .max_rows = d.below(3000), .width = d.option(8)});
       }},
      {"scatter",
       [](Dice& d, std::string&) {
         const Contributions c = random_contributions(d, 3000);
         return scatter(
             c, c.name(d.below(c.features)),
             {.color = d.yes() ? "auto" : "", .histogram = d.yes(), .max_rows = d.below(3000), .width = d.option(6)});
       }},
      {"confusion matrix", [](Dice& d, std::string&) { return random_confusion(d); }},
      {"roc", [](Dice& d, std::string&) { return roc(random_curves(d), {.width = d.option(5)}); }},
      {"precision and recall",
       [](Dice& d, std::string&) { return precision_recall(random_curves(d), {.height = d.option(5)}); }},
      {"calibration",
       [](Dice& d, std::string&) {
         std::vector<CalibrationBins> curves(d.below(5));
         for (CalibrationBins& c : curves) {
           const std::size_t n = d.count(100);
           c = {d.numbers(n), d.numbers(n), d.numbers(n), d.text(), d.text()};
         }
         return calibration(curves);
       }},
      {"predicted and true",
       [](Dice& d, std::string&) {
         const std::size_t n = d.count(1e5);
         return predicted_vs_true(d.numbers(n), d.numbers(n),
                                  {.max_points = d.below(5000), .width = d.option(5), .unit = d.text()});
       }},
      {"residuals",
       [](Dice& d, std::string&) {
         const std::size_t n = d.count(1e5);
         return residuals(d.numbers(n), d.numbers(n), {.max_points = d.below(5000), .width = d.option(9)});
       }},
      {"history",
       [](Dice& d, std::string&) {
         return history(random_history(d), {.overlay = d.yes(),
                                            .log_loss = d.yes(),
                                            .mark_epoch = static_cast<std::int64_t>(d.below(10)) - 1,
                                            .width = d.option(12)});
       }},
      {"network", [](Dice& d, std::string&) { return random_network(d); }},
      {"plot_model", [](Dice& d, std::string&) { return random_plot_model(d); }},
      {"neuron", [](Dice& d, std::string&) { return random_neuron(d); }},
      {"activation",
       [](Dice& d, std::string&) {
         const auto [low, high] = d.range();
         return activation(xg::nn::Activation(d.one_of<const char*>({"relu", "tanh", "gelu", "softplus"})),
                           {.low = low, .high = high, .derivative = d.yes()});
       }},
  };
  return list;
}

std::string fault_of(const Figure& figure) {
  const std::string svg = figure.svg();
  if (const std::string error = xml_error(svg); !error.empty()) return "no XML: " + error;
  if (svg.size() > 20'000'000) return fmt::format("{} bytes of SVG", svg.size());
  if (svg.find("<path") == std::string::npos && svg.find("<text") == std::string::npos &&
      svg.find("<polyline") == std::string::npos)
    return "an empty picture";
  // Numbers stand in attributes; texts may say what they like.
  for (const char* attribute :
       {" x=\"", " y=\"", " d=\"", " width=\"", " height=\"", " points=\"", " r=\"", " cx=\"", " cy=\"",
        " font-size=\"", " stroke-width=\"", " opacity=\"", " transform=\"", " viewBox=\""}) {
    const std::size_t length = std::string_view(attribute).size();
    for (std::size_t at = svg.find(attribute); at != std::string::npos; at = svg.find(attribute, at + 1)) {
      const std::string_view value =
          std::string_view(svg).substr(at + length, svg.find('"', at + length) - at - length);
      if (value.find("nan") != value.npos || value.find("inf") != value.npos)
        return fmt::format("an attribute{}{}\"", attribute, value.substr(0, 80));
    }
  }
  return {};
}

}  // namespace

std::string check_random_figure(std::uint64_t seed, std::string& described) {
  Dice d(seed);
  const Picture& picture = pictures()[seed % pictures().size()];
  described = fmt::format("{} from seed {}: ", picture.name, seed);
  try {
    return fault_of(picture.draw(d, described));
  } catch (const xg::Error& error) {
    described += "refused";
    return std::string(error.what()).starts_with('[') ? "" : fmt::format("an error that names no op: {}", error.what());
  } catch (const std::exception& error) {
    return fmt::format("an exception that is no xg::Error: {}", error.what());
  }
}

}  // namespace viz_test
