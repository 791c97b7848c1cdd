#include <fmt/format.h>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/score_curves.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace xg::viz {
namespace {

template <class Curve> void check(const char* op, const std::vector<Curve>& curves, const std::vector<double> Curve::*x,
                                  const std::vector<double> Curve::*y) {
  if (curves.empty()) throw ValueError(fmt::format("[{}] there is no curve: give at least one.", op));
  for (const Curve& c : curves) {
    if ((c.*x).empty() || (c.*x).size() != (c.*y).size()) {
      throw ValueError(fmt::format("[{}] a curve has {} x and {} y: give as many of one as of the other, at least one.",
                                   op, (c.*x).size(), (c.*y).size()));
    }
  }
}

// The name of a curve: its class if there are several, each of which is one class against the others.
std::string curve_name(const nn::metrics::ClassificationReport& r, std::size_t k, std::size_t curves) {
  return curves > 1 && k < r.curve_names.size() ? r.curve_names[k] : std::string();
}

// The positive class of a single curve; "" for several, each of which has its own.
template <class Curve> std::string positive_class(const std::vector<Curve>& curves) {
  if (curves.size() == 1) return curves[0].positive.empty() ? curves[0].name : curves[0].positive;
  return "";
}

// The label "Recall (positive class: survived)".
std::string of_positive(const char* what, const std::string& positive) {
  return positive.empty() ? what : fmt::format("{} (positive class: {})", what, positive);
}

// The sentence "Positive class: survived.", or one that says that each curve has its own.
template <class Curve> std::string positive_sentence(const std::vector<Curve>& curves) {
  if (curves.size() > 1) return " Each curve takes its class for positive and all others for negative.";
  const std::string positive = positive_class(curves);
  return positive.empty() ? "" : fmt::format(" Positive class: {}.", positive);
}

// The positive class of a report with two classes.
std::string positive_of(const nn::metrics::ClassificationReport& r, std::size_t curves) {
  return curves == 1 && r.class_names.size() == 2 ? r.class_names[1] : std::string();
}

// The label "died, AUC = 0.853".
std::string score_label(const std::string& name, const char* what, double value) {
  return fmt::format("{}{}{} = {}", name, name.empty() ? "" : ", ", what,
                     std::isnan(value) ? "undefined" : format_fixed(value, 3));
}

// The style of curve `k`: seven colours, then the same ones with other line styles.
PlotOptions curve_look(std::size_t k, const std::string& label) {
  constexpr const char* styles[] = {"-", "--", "-.", ":"};
  return {.color = Paint::series(k % 7), .linewidth = 2, .linestyle = styles[(k / 7) % 4], .label = label};
}

// Adds a dashed line from x = 0 to x = 1 for comparison.
void add_reference(Axes& axes, double from, double to, const std::string& label) {
  axes.plot({0, 1}, {from, to}, {.color = Role::muted, .linewidth = 1, .linestyle = "--", .label = label});
}

struct ScoreTexts {
  std::string title, x_label, y_label, description, caption;
  const char* legend_place;  // used for few curves; with many the legend is outside
};

// Adds what plots of scores share: axes from 0 to 1 with a grid, texts and a legend.
template <class Curve> void finish(Figure& figure, const std::vector<Curve>& curves, const ScoreTexts& texts) {
  Axes& axes = figure.axes();
  axes.set_title(texts.title);
  axes.set_xlim(0, 1);
  axes.set_ylim(0, 1.03);
  axes.set_xlabel(texts.x_label);
  axes.set_ylabel(texts.y_label);
  axes.grid();
  axes.legend({.loc = curves.size() > 6 ? "outside" : texts.legend_place});
  const std::string positive = positive_sentence(curves);
  figure.set_description(texts.title, texts.description + positive);
  figure.set_caption(texts.caption + positive);
}

}  // namespace

Figure roc(const nn::metrics::ClassificationReport& report, const CurveOptions& o) {
  std::vector<ScoreCurve> curves;
  for (std::size_t k = 0; k < report.roc.size(); ++k) {
    const auto& c = report.roc[k];
    curves.push_back(
        {c.fpr, c.tpr, c.auc, curve_name(report, k, report.roc.size()), 0, positive_of(report, report.roc.size())});
  }
  return roc(curves, o);
}

Figure precision_recall(const nn::metrics::ClassificationReport& report, const CurveOptions& o) {
  std::vector<ScoreCurve> curves;
  for (std::size_t k = 0; k < report.precision_recall.size(); ++k) {
    const auto& c = report.precision_recall[k];
    // At the lowest threshold the precision is the share of the class among all rows.
    curves.push_back({c.recall, c.precision, c.average_precision, curve_name(report, k, report.precision_recall.size()),
                      c.precision.empty() ? 0 : c.precision.front(),
                      positive_of(report, report.precision_recall.size())});
  }
  if (curves.size() == 1 && report.binary && report.per_class.size() == 2 && report.support > 0) {
    curves[0].chance = static_cast<double>(report.per_class[1].support) / static_cast<double>(report.support);
  }
  return precision_recall(curves, o);
}

Figure calibration(const nn::metrics::ClassificationReport& report, const CurveOptions& o) {
  std::vector<CalibrationBins> curves;
  for (std::size_t k = 0; k < report.calibration.size(); ++k) {
    CalibrationBins bins;
    bins.name = curve_name(report, k, report.calibration.size());
    bins.positive = positive_of(report, report.calibration.size());
    for (const auto& b : report.calibration[k]) {
      bins.predicted.push_back(b.predicted);
      bins.observed.push_back(b.observed);
      bins.count.push_back(static_cast<double>(b.count));
    }
    curves.push_back(std::move(bins));
  }
  return calibration(curves, o);
}

Figure roc(const std::vector<ScoreCurve>& curves, const CurveOptions& o) {
  check("roc", curves, &ScoreCurve::x, &ScoreCurve::y);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  std::string description;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const ScoreCurve& c = curves[k];
    const std::string label = score_label(c.name, "AUC", c.area);
    if (curves.size() == 1)
      axes.fill_between(c.x, std::vector<double>(c.x.size(), 0.0), c.y, {.color = Paint::series(0), .alpha = 0.1});
    axes.plot(c.x, c.y, curve_look(k, label));
    description += fmt::format("{}. ", label);
  }
  add_reference(axes, 0, 1, "guessing");
  finish(figure, curves,
         {.title = o.title.empty() ? "ROC curve" : o.title,
          .x_label = "False positive rate",
          .y_label = of_positive("True positive rate", positive_class(curves)),
          .description = description,
          .caption = "How many positive rows are found for how many false alarms, over all thresholds.",
          .legend_place = "lower right"});
  return figure;
}

Figure precision_recall(const std::vector<ScoreCurve>& curves, const CurveOptions& o) {
  check("precision_recall", curves, &ScoreCurve::x, &ScoreCurve::y);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  std::string description;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const ScoreCurve& c = curves[k];
    const std::string label = score_label(c.name, "AP", c.area);
    axes.plot(c.x, c.y, curve_look(k, label));
    description += fmt::format("{}. ", label);
  }
  if (curves.size() == 1 && curves[0].chance > 0) {
    const double chance = curves[0].chance;
    add_reference(axes, chance, chance, fmt::format("guessing ({})", format_fixed(chance, 2)));
  }
  finish(figure, curves,
         {.title = o.title.empty() ? "Precision and recall" : o.title,
          .x_label = "Recall",
          .y_label = of_positive("Precision", positive_class(curves)),
          .description = description,
          .caption = "How many of the rows called positive are so, against how many of the positive rows are found, "
                     "over all thresholds.",
          .legend_place = "best"});
  return figure;
}

Figure calibration(const std::vector<CalibrationBins>& curves, const CurveOptions& o) {
  check("calibration", curves, &CalibrationBins::predicted, &CalibrationBins::observed);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  add_reference(axes, 0, 1, "perfect");
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const CalibrationBins& c = curves[k];
    if (!c.count.empty() && c.count.size() != c.predicted.size()) {
      throw ValueError(fmt::format("[calibration] a curve has {} counts for {} points: give one for each, or none.",
                                   c.count.size(), c.predicted.size()));
    }
    std::vector<double> x, y;
    for (std::size_t i = 0; i < c.predicted.size(); ++i) {
      if (!c.count.empty() && !(c.count[i] > 0)) continue;
      x.push_back(c.predicted[i]);
      y.push_back(c.observed[i]);
    }
    const std::string name = c.name.empty() ? "model" : static_cast<const std::string&>(c.name);
    if (x.empty() && !c.predicted.empty()) {
      axes.state().notes.push_back(fmt::format("{}: no point has a count above 0", name));
      continue;
    }
    if (curves.size() == 1 && !x.empty() && c.count.size() == c.predicted.size()) {
      // Bars show the number of rows of each point; the tallest takes a fifth of the plot.
      double max_rows = 0;
      for (const double n : c.count) max_rows = std::max(max_rows, n);
      std::vector<double> position, height;
      for (std::size_t i = 0; i < c.count.size(); ++i) {
        if (!(c.count[i] > 0)) continue;
        position.push_back(c.predicted[i]);
        height.push_back(0.2 * (c.count[i] / max_rows));
      }
      axes.bar(
          position, height,
          {.color = Role::grid,
           .width = 0.04,
           .label = fmt::format("rows (most: {})", max_rows < 1 ? format_value(max_rows) : format_count(max_rows))});
    }
    PlotOptions look = curve_look(k, name);
    look.marker = "o";
    axes.plot(x, y, look);
  }
  const std::string positive = positive_class(curves);
  finish(figure, curves,
         {.title = o.title.empty() ? "Calibration" : o.title,
          .x_label = positive.empty() ? "Mean predicted probability"
                                      : fmt::format("Mean predicted probability of {}", positive),
          .y_label = positive.empty() ? "Share of positive rows" : fmt::format("Share of rows that are {}", positive),
          .description = "Observed share of positive rows against the predicted probability.",
          .caption = "Rows grouped by their predicted probability: on the dashed line it is the share of rows that are "
                     "positive.",
          .legend_place = "upper left"});
  return figure;
}

}  // namespace xg::viz
