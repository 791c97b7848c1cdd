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
#include <vector>

namespace xg::viz {
namespace {

template <class Curve>
void check(const char* op, const std::vector<Curve>& curves, const std::vector<double> Curve::*x,
           const std::vector<double> Curve::*y) {
  if (curves.empty()) throw ValueError(fmt::format("[{}] there is no curve: give at least one.", op));
  for (const Curve& c : curves) {
    if ((c.*x).empty() || (c.*x).size() != (c.*y).size()) {
      throw ValueError(fmt::format("[{}] a curve has {} x and {} y: give as many of one as of the other, at least one.",
                                   op, (c.*x).size(), (c.*y).size()));
    }
  }
}

const char* style(std::size_t k) {
  constexpr const char* styles[] = {"-", "--", "-.", ":"};
  return styles[(k / 7) % 4];
}

// One curve needs no name; of several each is a class against the rest.
std::string curve_name(const nn::metrics::ClassificationReport& r, std::size_t k, std::size_t curves) {
  return curves > 1 && k < r.curve_names.size() ? r.curve_names[k] : std::string();
}

// Which class the curves take for positive: of one curve its class, of several each its own.
template <class Curve>
std::string positive_class(const std::vector<Curve>& curves) {
  if (curves.size() == 1) return curves[0].positive.empty() ? curves[0].name : curves[0].positive;
  return "";
}

// "Recall (positive class: survived)".
std::string of_positive(const char* what, const std::string& positive) {
  return positive.empty() ? what : fmt::format("{} (positive class: {})", what, positive);
}

// "Positive class: survived." or that each curve has its own.
template <class Curve>
std::string positive_sentence(const std::vector<Curve>& curves) {
  if (curves.size() > 1) return " Each curve takes its class for positive and all others for negative.";
  const std::string positive = positive_class(curves);
  return positive.empty() ? "" : fmt::format(" Positive class: {}.", positive);
}

// The class that a report's one curve is about.
std::string positive_of(const nn::metrics::ClassificationReport& r, std::size_t curves) {
  return curves == 1 && r.class_names.size() == 2 ? r.class_names[1] : std::string();
}

// "died, AUC = 0.853".
std::string score_label(const std::string& name, const char* what, double value) {
  return fmt::format("{}{}{} = {}", name, name.empty() ? "" : ", ", what,
                     std::isnan(value) ? "undefined" : format_fixed(value, 3));
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
    // The share of the class among all rows is the precision at the lowest threshold.
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
  axes.set_title(o.title.empty() ? "ROC curve" : o.title);
  std::string description;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const ScoreCurve& c = curves[k];
    const std::string label = score_label(c.name, "AUC", c.area);
    if (curves.size() == 1)
      axes.fill_between(c.x, std::vector<double>(c.x.size(), 0.0), c.y, {.color = Paint::series(0), .alpha = 0.1});
    axes.plot(c.x, c.y, {.color = Paint::series(k % 7), .linewidth = 2, .linestyle = style(k), .label = label});
    description += fmt::format("{}. ", label);
  }
  axes.plot({0, 1}, {0, 1}, {.color = Role::muted, .linewidth = 1, .linestyle = "--", .label = "guessing"});
  axes.set_xlim(0, 1);
  axes.set_ylim(0, 1.03);
  axes.set_xlabel("False positive rate");
  axes.set_ylabel(of_positive("True positive rate", positive_class(curves)));
  axes.grid();
  axes.legend({.loc = curves.size() > 6 ? "outside" : "lower right"});
  figure.set_description(o.title.empty() ? "ROC curve" : o.title, description + positive_sentence(curves));
  figure.set_caption("How many positive rows are found for how many false alarms, over all thresholds." +
                     positive_sentence(curves));
  return figure;
}

Figure precision_recall(const std::vector<ScoreCurve>& curves, const CurveOptions& o) {
  check("precision_recall", curves, &ScoreCurve::x, &ScoreCurve::y);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  axes.set_title(o.title.empty() ? "Precision and recall" : o.title);
  std::string description;
  for (std::size_t k = 0; k < curves.size(); ++k) {
    const ScoreCurve& c = curves[k];
    const std::string label = score_label(c.name, "AP", c.area);
    axes.plot(c.x, c.y, {.color = Paint::series(k % 7), .linewidth = 2, .linestyle = style(k), .label = label});
    description += fmt::format("{}. ", label);
  }
  if (curves.size() == 1 && curves[0].chance > 0) {
    axes.plot({0, 1}, {curves[0].chance, curves[0].chance},
              {.color = Role::muted,
               .linewidth = 1,
               .linestyle = "--",
               .label = fmt::format("guessing ({})", format_fixed(curves[0].chance, 2))});
  }
  axes.set_xlim(0, 1);
  axes.set_ylim(0, 1.03);
  axes.set_xlabel("Recall");
  axes.set_ylabel(of_positive("Precision", positive_class(curves)));
  axes.grid();
  axes.legend({.loc = curves.size() > 6 ? "outside" : "best"});
  figure.set_description(o.title.empty() ? "Precision and recall" : o.title, description + positive_sentence(curves));
  figure.set_caption(
      "How many of the rows called positive are so, against how many of the positive rows are found, over all "
      "thresholds." +
      positive_sentence(curves));
  return figure;
}

Figure calibration(const std::vector<CalibrationBins>& curves, const CurveOptions& o) {
  check("calibration", curves, &CalibrationBins::predicted, &CalibrationBins::observed);
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  axes.set_title(o.title.empty() ? "Calibration" : o.title);
  axes.plot({0, 1}, {0, 1}, {.color = Role::muted, .linewidth = 1, .linestyle = "--", .label = "perfect"});
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
      // How many rows stand behind each point: bars from the bottom, the tallest a fifth of the plot.
      double most = 0;
      for (const double n : c.count) most = std::max(most, n);
      std::vector<double> at, height;
      for (std::size_t i = 0; i < c.count.size(); ++i) {
        if (!(c.count[i] > 0)) continue;
        at.push_back(c.predicted[i]);
        height.push_back(0.2 * (c.count[i] / most));
      }
      axes.bar(at, height,
               {.color = Role::grid,
                .width = 0.04,
                .label = fmt::format("rows (most: {})", most < 1 ? format_value(most) : format_count(most))});
    }
    axes.plot(x, y,
              {.color = Paint::series(k % 7), .linewidth = 2, .linestyle = style(k), .marker = "o", .label = name});
  }
  axes.set_xlim(0, 1);
  axes.set_ylim(0, 1.03);
  const std::string positive = positive_class(curves);
  axes.set_xlabel(positive.empty() ? "Mean predicted probability"
                                   : fmt::format("Mean predicted probability of {}", positive));
  axes.set_ylabel(positive.empty() ? "Share of positive rows" : fmt::format("Share of rows that are {}", positive));
  axes.grid();
  axes.legend({.loc = curves.size() > 6 ? "outside" : "upper left"});
  figure.set_description(
      o.title.empty() ? "Calibration" : o.title,
      "Observed share of positive rows against the predicted probability." + positive_sentence(curves));
  figure.set_caption(
      "Rows grouped by their predicted probability: on the dashed line it is the share of rows that are "
      "positive." +
      positive_sentence(curves));
  return figure;
}

}  // namespace xg::viz
