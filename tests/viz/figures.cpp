#include "figures.hpp"

#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>

namespace viz_test {
namespace {

// A small generator of our own: figures must not depend on the library's random numbers.
struct Numbers {
  std::uint32_t state = 7;
  double operator()() {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 16777216.0;
  }
};

double number_of(Kind kind, Numbers& next, std::size_t i) {
  const double v = 2 * next() - 1;
  if (kind == Kind::zero) return 0;
  if (kind == Kind::huge) return v * 3.7e9;
  if (kind == Kind::broken_numbers && i % 5 == 2) return NAN;
  return v / (1 + 0.4 * static_cast<double>(i));
}

}  // namespace

std::string name_of(Kind kind, std::size_t i) {
  switch (kind) {
    case Kind::cjk:
      return "建物の延べ床面積（平方フィート）" + std::to_string(i);
    case Kind::long_names:
      return "interaction_between_the_" + std::to_string(i) +
             "th categorical column and a name that no table would hold but " + std::string(40, 'w') +
             " one-hot encoders make all day long";
    case Kind::control_characters:
      return std::string("a\x01\x1b<&>\"'\xff\xfe\xc3 = b\n\t") + std::to_string(i);
    default:
      return "feature_" + std::to_string(i);
  }
}

Contributions contributions(Kind kind, std::size_t rows, std::size_t features) {
  if (kind == Kind::one_feature) features = 1;
  Numbers next;
  Contributions c;
  c.rows = rows;
  c.features = features;
  for (std::size_t i = 0; i < features; ++i) c.names.push_back(name_of(kind, i));
  for (std::size_t r = 0; r < rows; ++r) {
    c.base.push_back(kind == Kind::huge ? 1.5e9 : kind == Kind::zero ? 0 : -0.4);
    for (std::size_t i = 0; i < features; ++i) {
      c.values.push_back(number_of(kind, next, i));
      c.data.push_back(kind == Kind::broken_numbers && i % 3 == 1 ? NAN : 10 * next());
      c.errors.push_back(std::abs(c.values.back()) * (i % 3 == 0 ? 0.9 : 0.15));
    }
  }
  c.output = kind == Kind::plain ? "survived" : name_of(kind, 99);
  c.space = kind == Kind::huge ? Space::model : Space::logit;
  return c;
}

std::vector<std::pair<std::string, Figure>> all_figures(Kind kind, const Theme& theme) {
  std::vector<std::pair<std::string, Figure>> out;
  Numbers next;
  const Contributions one = contributions(kind, 1);
  const Contributions many = contributions(kind, 60);
  const Link link = one.space == Space::logit ? Link::logit : Link::identity;
  const std::string title = kind == Kind::plain ? "" : name_of(kind, 0);
  out.emplace_back("waterfall", waterfall(one, {.title = title, .theme = theme}));
  out.emplace_back("bar of one row", bar(one, {.title = title, .theme = theme}));
  out.emplace_back("bar", bar(many, {.theme = theme}));
  out.emplace_back("bar of cohorts", bar({{name_of(kind, 1), many}, {name_of(kind, 2), many}}, {.theme = theme}));
  out.emplace_back("beeswarm", beeswarm(many, {.max_rows = 40, .title = title, .theme = theme}));
  out.emplace_back("decision of one row", decision(one, {.link = link, .title = title, .theme = theme}));
  out.emplace_back("decision", decision(many, {.max_display = 8, .highlight = {3}, .max_rows = 30, .theme = theme}));
  out.emplace_back("force", force(one, {.link = link, .title = title, .theme = theme}));
  out.emplace_back("force of many rows", force(many, {.title = title, .theme = theme}));
  out.emplace_back("scatter", scatter(many, many.name(0), {.color = "auto", .title = title, .theme = theme}));

  EpochCurves curves{{"loss", {}}, {"accuracy", {}}, {name_of(kind, 3), {}}, {"val_loss", {}}, {"val_accuracy", {}}};
  for (auto& [key, values] : curves) {
    for (std::size_t e = 0; e < (kind == Kind::one_feature ? 1u : 30u); ++e)
      values.push_back(std::abs(number_of(kind, next, e % 7)));
  }
  out.emplace_back("history", history(curves, {.mark_epoch = 1, .title = title, .theme = theme}));
  out.emplace_back("history, one subplot per quantity",
                   history(curves, {.overlay = true, .title = title, .theme = theme}));

  ConfusionCounts confusion;
  const std::size_t classes = kind == Kind::one_feature ? 1 : 3;
  for (std::size_t i = 0; i < classes; ++i) {
    confusion.classes.push_back(kind == Kind::plain ? std::to_string(i) : name_of(kind, i));
    confusion.counts.emplace_back(classes, kind == Kind::zero   ? 0
                                           : kind == Kind::huge ? 12345678.0
                                                                : 40.0 * static_cast<double>(i + 1));
  }
  out.emplace_back("confusion matrix", confusion_matrix(confusion, {.title = title, .theme = theme}));
  ScoreCurve score;
  CalibrationBins bins;
  for (std::size_t i = 0; i <= 20; ++i) {
    const double t = static_cast<double>(i) / 20;
    score.x.push_back(t);
    score.y.push_back(kind == Kind::broken_numbers ? NAN : std::sqrt(t));
    bins.predicted.push_back(t);
    bins.observed.push_back(t * t);
    bins.count.push_back(kind == Kind::zero ? 0 : 10);
  }
  score.area = kind == Kind::broken_numbers ? NAN : 0.7;
  score.name = name_of(kind, 4);
  bins.name = score.name;
  out.emplace_back("roc", roc({score, score, score}, {.title = title, .theme = theme}));
  out.emplace_back("precision and recall", precision_recall({score}, {.title = title, .theme = theme}));
  out.emplace_back("calibration", calibration({bins}, {.title = title, .theme = theme}));

  std::vector<double> y, p;
  for (std::size_t i = 0; i < (kind == Kind::one_feature ? 1u : 80u); ++i) {
    y.push_back(number_of(kind, next, i % 7));
    p.push_back(y.back() * 0.9);
  }
  out.emplace_back("predicted against true", predicted_vs_true(Data(y), Data(p), {.title = title, .theme = theme}));
  out.emplace_back("residuals", residuals(Data(y), Data(p), {.title = title, .width = 9, .theme = theme}));

  const std::int64_t n = kind == Kind::one_feature ? 1 : kind == Kind::huge ? 700 : 7;
  const auto weights = [&](std::int64_t count) {
    std::vector<double> w;
    for (std::int64_t i = 0; i < count; ++i) w.push_back(number_of(kind, next, static_cast<std::size_t>(i % 7)));
    return w;
  };
  std::vector<NetworkLayer> layers = {
      {.name = "input", .out = n},
      {.name = name_of(kind, 1), .in = n, .neurons = 4, .out = 4, .activation = "relu", .weights = weights(4 * n)},
      {.name = "drop", .in = 4, .out = 4},
      {.name = "output", .in = 4, .neurons = 2, .out = 2, .activation = name_of(kind, 6), .weights = weights(8)}};
  out.emplace_back("network",
                   network(layers, name_of(kind, 5), {.description = true, .weights = true, .theme = theme}));
  out.emplace_back("network with names",
                   network(layers, "", {.output_names = {name_of(kind, 7), name_of(kind, 8)}, .theme = theme}));
  out.emplace_back("neuron", neuron({.inputs = {name_of(kind, 0), "x2"},
                                     .values = {number_of(kind, next, 0), 2},
                                     .weights = {1, 3},
                                     .bias = 0.5,
                                     .activation = name_of(kind, 1),
                                     .output = 1,
                                     .title = title,
                                     .theme = theme}));
  out.emplace_back("plot_model", plot_model({{"input", "Input", "", "(None, 10)", 0, "", {}},
                                             {name_of(kind, 1), "Dense", "(None, 10)", "(None, 6)", 66, "relu", {0}},
                                             {name_of(kind, 2), "Add", "", "(None, 6)", 0, "", {0, 1}}},
                                            {.title = title, .theme = theme}));
  out.emplace_back("activation",
                   activation_curve(name_of(kind, 0), Data(y), Data(p), Data(p), {.low = -1, .theme = theme}));

  Figure own({.width = 8, .height = 6, .rows = 2, .columns = 2, .title = title, .theme = theme});
  own.axes(0, 0).plot(Data(y), Data(p), {.marker = "o", .label = name_of(kind, 1)});
  own.axes(0, 0).set_ylabel(name_of(kind, 2));
  own.axes(0, 0).set_xlabel(name_of(kind, 3));
  own.axes(0, 0).set_title(name_of(kind, 4));
  own.axes(0, 0).legend();
  own.axes(0, 1).bar({name_of(kind, 0), name_of(kind, 1), name_of(kind, 2)}, {1, -2, 3}, {.error = {.1, .2, .3}});
  own.axes(0, 1).grid();
  own.axes(1, 0).barh({name_of(kind, 0), name_of(kind, 1)}, {1, kind == Kind::huge ? 1e300 : 2});
  own.axes(1, 1).scatter(Data(y), Data(p), {.c = Data(y)});
  own.axes(1, 1).colorbar(name_of(kind, 5));
  own.axes(1, 1).twinx().plot(Data(y), Data(y), {.label = "y"});
  own.axes(1, 1).twinx().set_ylabel(name_of(kind, 6));
  out.emplace_back("axes of one's own", own);
  return out;
}

namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '-' ||
         c == '_' || c == '.';
}

}  // namespace

std::string xml_error(const std::string& s) {
  std::vector<std::string> open;
  std::size_t i = 0;
  bool root = false;
  const auto where = [&](const char* what) {
    return std::string(what) + " at byte " + std::to_string(i) + ": " + s.substr(i, 40);
  };
  if (s.compare(0, 5, "<?xml") == 0) i = s.find("?>") + 2;
  while (i < s.size()) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c < 0x20 && c != '\n' && c != '\t') return where("control character");
    if (c == '&') {
      const std::size_t end = s.find(';', i);
      if (end == std::string::npos || end - i > 8) return where("bare ampersand");
      i = end;
    } else if (c == '<') {
      const bool closing = s[i + 1] == '/';
      std::size_t k = i + (closing ? 2 : 1);
      std::string name;
      while (k < s.size() && is_name_char(s[k])) name += s[k++];
      if (name.empty()) return where("no element name");
      if (closing) {
        if (s[k] != '>' || open.empty() || open.back() != name) return where("end tag without a start");
        open.pop_back();
      } else {
        if (open.empty() && root) return where("second root");
        root = true;
        std::vector<std::string> seen;
        while (true) {
          while (k < s.size() && s[k] == ' ') ++k;
          if (k >= s.size()) return where("unfinished tag");
          if (s[k] == '>' || s[k] == '/') break;
          std::string attribute;
          while (k < s.size() && is_name_char(s[k])) attribute += s[k++];
          if (attribute.empty() || s.compare(k, 2, "=\"") != 0) return where("bad attribute");
          if (std::find(seen.begin(), seen.end(), attribute) != seen.end()) return where("attribute twice");
          seen.push_back(attribute);
          k += 2;
          while (k < s.size() && s[k] != '"') {
            if (s[k] == '<') return where("< in an attribute");
            ++k;
          }
          ++k;
        }
        if (s[k] == '/')
          ++k;
        else
          open.push_back(name);
        if (s[k] != '>') return where("unfinished tag");
      }
      i = k;
    } else if (open.empty() && c > ' ') {
      return where("text outside the root");
    }
    ++i;
  }
  if (!open.empty()) return "unclosed " + open.back();
  return xg::viz::encode(xg::viz::decode(s)).find("\xef\xbf\xbd") != std::string::npos &&
                 s.find("\xef\xbf\xbd") == std::string::npos
             ? "broken UTF-8"
             : "";
}

std::string texts_outside(const Scene& scene) {
  const Box sheet{0, 0, scene.width, scene.height};
  std::string out;
  for (const Text& t : scene.all<Text>()) {
    const Box b = bounds(t);
    if (!b.inside(sheet, 0.5)) {
      out += t.tag + " \"" + plain(t) + "\": " + std::to_string(b.left) + ".." + std::to_string(b.right) + ", " +
             std::to_string(b.top) + ".." + std::to_string(b.bottom) + " of " + std::to_string(scene.width) + " x " +
             std::to_string(scene.height) + "\n";
    }
  }
  return out;
}

std::string texts_overlapping(const Scene& scene) {
  const std::vector<Text> texts = scene.all<Text>();
  std::vector<Box> boxes;
  for (const Text& t : texts) {
    Box b = bounds(t);
    // Boxes leave space for accents and descenders that most letters do not use.
    const double slack_x = 0.5, slack_y = 0.12 * t.size;
    if (std::abs(t.rotate) == 90)
      b = {b.left + slack_y, b.top + slack_x, b.right - slack_y, b.bottom - slack_x};
    else
      b = {b.left + slack_x, b.top + slack_y, b.right - slack_x, b.bottom - slack_y};
    boxes.push_back(b);
  }
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (std::fmod(std::abs(texts[i].rotate), 90) != 0 && std::fmod(std::abs(texts[j].rotate), 90) != 0)
        continue;  // slanted beside slanted
      if (!boxes[i].overlaps(boxes[j])) continue;
      out += texts[i].tag + " \"" + plain(texts[i]) + "\" covers " + texts[j].tag + " \"" + plain(texts[j]) + "\"\n";
    }
  }
  return out;
}

}  // namespace viz_test
