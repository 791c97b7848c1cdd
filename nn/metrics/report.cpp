#include <xgrad/nn/detail/metric_inputs.hpp>
#include <xgrad/nn/metrics/classification.hpp>
#include <xgrad/nn/metrics/regression.hpp>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/json.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

namespace xg::nn::metrics {
namespace {

std::string fixed(double value, int digits = 4) {
  return std::isnan(value) ? "undefined" : fmt::format("{:.{}f}", value, digits);
}

// Writes JSON or text, depending on the extension.
template <class Report> void save_report(const Report& report, const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension == ".json") return write_file_atomically(path.string(), report.json(), "Report.save");
  if (extension == ".txt") return write_file_atomically(path.string(), report.str(), "Report.save");
  raise<ValueError>("[Report.save] \"{}\" is no known extension: use .json or .txt.", extension);
}

std::vector<std::string> names_of_classes(const ReportOptions& options, std::int64_t classes) {
  std::vector<std::string> names = options.class_names;
  if (names.empty())
    for (std::int64_t c = 0; c < classes; ++c) names.push_back(fmt::format("{}", c));
  if (static_cast<std::int64_t>(names.size()) != classes)
    raise<ValueError>("[classification_report] there are {} classes, but .class_names has {}: name each class.",
                      classes, names.size());
  return names;
}

template <class Metric> double value_of(Metric metric, const Tensor& y_true, const Tensor& y_pred) {
  metric.update(y_true, y_pred);
  return metric.compute();
}

ClassScores scores_of(const ClassCounts& counts, std::int64_t label, std::string name) {
  const double hit = counts.hit_count(label), truth = counts.true_count(label), taken = counts.predicted_count(label);
  return {std::move(name), ratio(hit, taken), ratio(hit, truth), ratio(2 * hit, truth + taken),
          static_cast<std::int64_t>(truth)};
}

// The mean precision, recall and F1 over the classes, without those that neither occur nor are predicted.
ClassScores averaged(const char* name, const ClassificationReport& report, const ClassCounts& counts, bool weighted) {
  ClassScores mean{.name = name, .support = report.support};
  double total = 0;
  for (std::size_t c = 0; c < report.per_class.size(); ++c) {
    const ClassScores& one = report.per_class[c];
    const auto label = static_cast<std::int64_t>(c);
    if (counts.true_count(label) + counts.predicted_count(label) == 0) continue;
    const double weight = weighted ? static_cast<double>(one.support) : 1.0;
    mean.precision += weight * one.precision;
    mean.recall += weight * one.recall;
    mean.f1 += weight * one.f1;
    total += weight;
  }
  mean.precision /= total;
  mean.recall /= total;
  mean.f1 /= total;
  return mean;
}

void add_curves(ClassificationReport& report, const std::string& name, const Tensor& y_true, const Tensor& y_score,
                std::int64_t bins) {
  report.curve_names.push_back(name);
  report.roc.push_back(roc_curve(y_true, y_score));
  report.precision_recall.push_back(precision_recall_curve(y_true, y_score));
  report.calibration.push_back(calibration_curve(y_true, y_score, bins));
}

void write_numbers(io::JsonWriter& json, std::initializer_list<std::pair<const char*, double>> members) {
  for (const auto& [key, value] : members) json.key(key).number(value);
}

void write(io::JsonWriter& json, const ClassScores& scores) {
  json.begin_object();
  json.key("name").text(scores.name);
  write_numbers(json, {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}});
  json.key("support").integer(scores.support);
  json.end_object();
}

void write(io::JsonWriter& json, const CalibrationBin& bin) {
  json.begin_object();
  write_numbers(json, {{"lower", bin.lower}, {"upper", bin.upper}});
  write_numbers(json, {{"predicted", bin.predicted}, {"observed", bin.observed}});
  json.key("count").integer(bin.count);
  json.end_object();
}

template <class T> void write(io::JsonWriter& json, const std::vector<T>& values) {
  json.begin_list();
  for (const T& value : values) write(json, value);
  json.end_list();
}

}  // namespace

ClassificationReport classification_report(const Tensor& y_true, const Tensor& y_prob, ReportOptions options) {
  const ClassificationInputs in = read_probabilities("classification_report", y_true, y_prob, {});
  check_not_empty("classification_report", static_cast<double>(in.rows));
  ClassificationReport report;
  report.support = in.rows;
  report.threshold = options.threshold;
  report.binary = in.columns == 1;
  const std::int64_t classes = report.binary ? 2 : in.columns;
  report.class_names = names_of_classes(options, classes);
  report.y_true = from_data(in.truth.data(), {in.rows});
  const Shape scores = report.binary ? Shape{in.rows} : Shape{in.rows, classes};
  report.y_score = from_data(in.predictions.data(), scores);

  ClassCounts counts("classification_report", options.threshold);
  counts.update(y_true, y_prob);
  for (std::int64_t c = 0; c < classes; ++c)
    report.per_class.push_back(scores_of(counts, c, report.class_names[static_cast<std::size_t>(c)]));
  report.macro = averaged("macro avg", report, counts, false);
  report.weighted = averaged("weighted avg", report, counts, true);
  const ClassScores& headline = report.binary ? report.per_class[1] : report.macro;
  report.accuracy = counts.correct() / counts.total();
  report.precision = headline.precision;
  report.recall = headline.recall;
  report.f1 = headline.f1;

  report.auc = value_of(AUC(), report.y_true, report.y_score);
  report.log_loss = value_of(LogLoss(), y_true, y_prob);
  report.brier = value_of(Brier(), y_true, y_prob);

  const std::vector<std::int64_t> matrix =
      confusion_matrix(y_true, y_prob, {.threshold = options.threshold}).to_vector<std::int64_t>();
  for (auto row = matrix.begin(); row != matrix.end(); row += classes)
    report.confusion.emplace_back(row, row + classes);

  if (report.binary) {
    add_curves(report, report.class_names[1], report.y_true, report.y_score, options.calibration_bins);
    return report;
  }
  std::vector<double> is_class(in.truth.size()), score(in.truth.size());
  for (std::int64_t c = 0; c < classes; ++c) {
    for (std::size_t row = 0; row < is_class.size(); ++row) {
      is_class[row] = in.truth[row] == c ? 1 : 0;
      score[row] = in.predictions[row * static_cast<std::size_t>(classes) + static_cast<std::size_t>(c)];
    }
    add_curves(report, report.class_names[static_cast<std::size_t>(c)], xg::tensor(is_class), xg::tensor(score),
               options.calibration_bins);
  }
  return report;
}

std::string ClassificationReport::str() const {
  std::string text = fmt::format("accuracy {}   AUC {}   precision {}   recall {}   F1 {}\n", fixed(accuracy),
                                 fixed(auc), fixed(precision), fixed(recall), fixed(f1));
  text += fmt::format("log loss {}   Brier score {}   {} rows", fixed(log_loss), fixed(brier), support);
  text += binary ? fmt::format(", class \"{}\" above {}\n\n", class_names[1], threshold) : "\n\n";

  std::size_t width = 12;
  for (const std::string& name : class_names) width = std::max(width, name.size());
  text += fmt::format("{:>{}}  precision     recall   f1-score    support\n\n", "", width);
  const auto line = [&](const ClassScores& s) {
    return fmt::format("{:>{}}  {:>9.4f}  {:>9.4f}  {:>9.4f}  {:>9}\n", s.name, width, s.precision, s.recall, s.f1,
                       s.support);
  };
  for (const ClassScores& s : per_class) text += line(s);
  text += fmt::format("\n{:>{}}  {:>9}  {:>9}  {:>9.4f}  {:>9}\n", "accuracy", width, "", "", accuracy, support);
  text += line(macro) + line(weighted);

  text += "\nconfusion matrix (rows: true class, columns: predicted class)\n";
  std::size_t cell = 5;
  for (const auto& row : confusion)
    for (std::int64_t count : row) cell = std::max(cell, fmt::formatted_size("{}", count));
  for (const std::string& name : class_names) cell = std::max(cell, std::min<std::size_t>(name.size(), 12));
  text += std::string(width, ' ');
  for (const std::string& name : class_names) text += fmt::format("  {:>{}.12}", name, cell);
  text += "\n";
  for (std::size_t c = 0; c < confusion.size(); ++c) {
    text += fmt::format("{:>{}}", class_names[c], width);
    for (std::int64_t count : confusion[c]) text += fmt::format("  {:>{}}", count, cell);
    text += "\n";
  }
  return text;
}

std::string ClassificationReport::json() const {
  io::JsonWriter json(io::JsonWriter::BadText::replace, 2);
  json.begin_object();
  json.key("task").text("classification");
  json.key("support").integer(support);
  json.key("threshold").number(threshold);
  write_numbers(json, {{"accuracy", accuracy}, {"auc", auc}, {"precision", precision}, {"recall", recall}});
  write_numbers(json, {{"f1", f1}, {"log_loss", log_loss}, {"brier", brier}});
  json.key("class_names").texts(class_names);
  write(json.key("per_class"), per_class);
  write(json.key("macro"), macro);
  write(json.key("weighted"), weighted);
  json.key("confusion").begin_list();
  for (const std::vector<std::int64_t>& row : confusion) json.integers(row);
  json.end_list();
  json.key("curves").begin_list();
  for (std::size_t i = 0; i < curve_names.size(); ++i) {
    json.begin_object();
    json.key("name").text(curve_names[i]);
    json.key("roc").begin_object();
    json.key("fpr").numbers(roc[i].fpr);
    json.key("tpr").numbers(roc[i].tpr);
    json.key("thresholds").numbers(roc[i].thresholds);
    json.key("auc").number(roc[i].auc);
    json.end_object();
    json.key("precision_recall").begin_object();
    json.key("precision").numbers(precision_recall[i].precision);
    json.key("recall").numbers(precision_recall[i].recall);
    json.key("thresholds").numbers(precision_recall[i].thresholds);
    json.key("average_precision").number(precision_recall[i].average_precision);
    json.end_object();
    write(json.key("calibration"), calibration[i]);
    json.end_object();
  }
  json.end_list();
  json.end_object();
  return json.take() + "\n";
}

void ClassificationReport::save(const std::filesystem::path& path) const { save_report(*this, path); }

std::ostream& operator<<(std::ostream& out, const ClassificationReport& report) { return out << report.str(); }

RegressionReport regression_report(const Tensor& y_true, const Tensor& y_pred) {
  const RegressionInputs in = read_regression("regression_report", y_true, y_pred, {});
  if (in.outputs != 1)
    raise<ShapeError>("[regression_report] y_true is {}, it must be [rows] or [rows, 1]: report each output by itself.",
                      y_true.shape().str());
  RegressionReport report;
  report.support = in.rows;
  report.y_true = from_data(in.truth.data(), {in.rows});
  report.y_pred = from_data(in.predictions.data(), {in.rows});
  const auto value = [&](auto metric) { return value_of(metric, report.y_true, report.y_pred); };
  report.r2 = value(R2());
  report.mae = value(MAE());
  report.rmse = value(RMSE());
  report.mape = value(MAPE());
  report.median_absolute_error = value(MedianAE());
  report.max_error = value(MaxError());
  for (std::size_t row = 0; row < in.truth.size(); ++row) {
    const double error = in.predictions[row] - in.truth[row];
    report.mean_error += error / static_cast<double>(in.rows);
    const auto worst = static_cast<std::size_t>(report.worst_row);
    if (std::abs(error) > std::abs(in.predictions[worst] - in.truth[worst]))
      report.worst_row = static_cast<std::int64_t>(row);
  }
  return report;
}

std::string RegressionReport::str() const {
  const auto line = [](const char* name, const std::string& value) {
    return fmt::format("{:<24}{:>14}\n", name, value);
  };
  return line("R2", fixed(r2)) + line("mean absolute error", fmt::format("{:.6g}", mae)) +
         line("root mean squared error", fmt::format("{:.6g}", rmse)) +
         line("mean absolute % error", mape < 1e3 ? fmt::format("{:.2f} %", 100 * mape) : "true zeros") +
         line("median absolute error", fmt::format("{:.6g}", median_absolute_error)) +
         line("largest absolute error", fmt::format("{:.6g}", max_error)) +
         line("mean error (pred - true)", fmt::format("{:.6g}", mean_error)) + line("rows", fmt::format("{}", support));
}

std::string RegressionReport::json() const {
  io::JsonWriter json(io::JsonWriter::BadText::replace, 2);
  json.begin_object();
  json.key("task").text("regression");
  json.key("support").integer(support);
  write_numbers(json, {{"r2", r2}, {"mae", mae}, {"rmse", rmse}, {"mape", mape}});
  write_numbers(json, {{"median_absolute_error", median_absolute_error}, {"max_error", max_error}});
  write_numbers(json, {{"mean_error", mean_error}});
  json.key("worst_row").integer(worst_row);
  json.key("y_true").numbers(y_true.to_vector<double>());
  json.key("y_pred").numbers(y_pred.to_vector<double>());
  json.end_object();
  return json.take() + "\n";
}

void RegressionReport::save(const std::filesystem::path& path) const { save_report(*this, path); }

std::ostream& operator<<(std::ostream& out, const RegressionReport& report) { return out << report.str(); }

}  // namespace xg::nn::metrics
