#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/metrics.hpp>
#include <xgrad/tensor/error.hpp>

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

using namespace xg;
using namespace xg::nn::metrics;

namespace {

const double inf = std::numeric_limits<double>::infinity();

const Tensor& truth() {
  static const Tensor y = tensor({0, 1, 1, 0, 1, 0, 1, 1, 0, 0}).reshape({10, 1});
  return y;
}
const Tensor& probability() {
  static const Tensor p = tensor({.1, .4, .35, .8, .8, .5, .9, .35, .35, .2}, {.dtype = float64}).reshape({10, 1});
  return p;
}

void expect_list(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    INFO(i);
    if (std::isinf(want[i]))
      CHECK(got[i] == want[i]);
    else
      CHECK(got[i] == Approx(want[i]).margin(1e-15));
  }
}

}  // namespace

// Breaks if curves have other points, order or ends than scikit-learn's, with ties among the scores.
TEST_CASE("Curves have scikit-learn 1.9's points", "[metrics][report]") {
  const RocCurve roc = roc_curve(truth(), probability());
  expect_list(roc.fpr, {0, 0, .2, .4, .4, .6, 1});
  expect_list(roc.tpr, {0, .2, .4, .4, .6, 1, 1});
  expect_list(roc.thresholds, {inf, .9, .8, .5, .4, .35, .1});
  CHECK(roc.auc == Approx(0.7));
  const RocCurve all = roc_curve(truth(), probability(), {.drop_intermediate = false});
  expect_list(all.fpr, {0, 0, .2, .4, .4, .6, .8, 1});
  expect_list(all.thresholds, {inf, .9, .8, .5, .4, .35, .2, .1});
  const PrecisionRecallCurve pr = precision_recall_curve(truth(), probability());
  expect_list(pr.precision, {.5, 0.5555555555555556, .625, .6, .5, 0.6666666666666666, 1, 1});
  expect_list(pr.recall, {1, 1, 1, .6, .4, .4, .2, 0});
  expect_list(pr.thresholds, {.1, .2, .35, .4, .5, .8, .9});
  CHECK(pr.average_precision == Approx(0.7033333333333334));
  const std::vector<CalibrationBin> bins = calibration_curve(truth(), probability(), 5);
  std::vector<double> predicted, observed, counts;
  for (const CalibrationBin& bin : bins) {
    predicted.push_back(bin.predicted);
    observed.push_back(bin.observed);
    counts.push_back(static_cast<double>(bin.count));
  }
  expect_list(predicted, {0.15, 0.3625, 0.5, 0.8, 0.9});
  expect_list(observed, {0, 0.75, 0, 0.5, 1});
  expect_list(counts, {2, 4, 1, 2, 1});
}

// Breaks if the report says something else than the metrics say, or its parts contradict each other.
TEST_CASE("A report of two classes is what the metrics say", "[metrics][report]") {
  const ClassificationReport report =
      classification_report(truth(), probability(), {.class_names = {"died", "survived"}});
  const std::vector<std::pair<const char*, double>> wanted = {
      {"accuracy", report.accuracy}, {"auc", report.auc}, {"precision", report.precision},
      {"recall", report.recall},     {"f1", report.f1},   {"log_loss", report.log_loss},
      {"brier", report.brier}};
  for (const auto& [name, got] : wanted) {
    INFO(name);
    Metric metric = name;
    metric.update(truth(), probability());
    CHECK(got == Approx(metric.compute()).epsilon(1e-14));
  }
  CHECK(report.binary);
  CHECK(report.support == 10);
  CHECK(report.confusion == std::vector<std::vector<std::int64_t>>{{4, 1}, {3, 2}});
  CHECK(report.per_class[1].precision == Approx(2.0 / 3));
  CHECK(report.per_class[0].precision == Approx(4.0 / 7));
  CHECK(report.per_class[0].recall == Approx(0.8));
  CHECK(report.macro.recall == Approx(0.6));
  CHECK(report.weighted.recall == Approx(report.accuracy));
  CHECK(report.curve_names == std::vector<std::string>{"survived"});
  CHECK(report.roc[0].auc == Approx(report.auc));
  CHECK(report.y_true.dtype() == int64);
  CHECK(report.y_score.shape() == Shape{10});

  const std::string text = report.str();
  for (const char* piece :
       {"died", "survived", "accuracy", "AUC", "macro avg", "weighted avg", "confusion matrix", "0.6667"}) {
    CHECK_THAT(text, xg_test::ContainsSubstring(piece));
  }
  std::ostringstream out;
  out << report;
  CHECK(out.str() == text);
}

// Breaks if several classes are reported by other averages, or curves miss a class.
TEST_CASE("A report of several classes", "[metrics][report]") {
  const Tensor y = tensor<int64_t>({0, 2, 1, 2, 0, 1});
  const Tensor p = tensor({{.7, .2, .1}, {.1, .2, .7}, {.5, .3, .2}, {.1, .7, .2}, {.6, .3, .1}, {.1, .8, .1}});
  const ClassificationReport report = classification_report(y, p);
  CHECK_FALSE(report.binary);
  CHECK(report.class_names == std::vector<std::string>{"0", "1", "2"});
  CHECK(report.confusion == std::vector<std::vector<std::int64_t>>{{2, 0, 0}, {1, 1, 0}, {0, 1, 1}});
  CHECK(report.precision == Approx((2.0 / 3 + 0.5 + 1) / 3));
  CHECK(report.recall == Approx((1 + 0.5 + 0.5) / 3));
  CHECK(report.roc.size() == 3);
  CHECK(report.precision_recall.size() == 3);
  CHECK(report.calibration.size() == 3);
  CHECK(report.auc == Approx((report.roc[0].auc + report.roc[1].auc + report.roc[2].auc) / 3));
  CHECK(classification_report(one_hot(y, 3), p).accuracy == report.accuracy);
}

// Breaks if one class alone (a small test set) throws, prints nan, or writes JSON that cannot be read.
TEST_CASE("A report of one class is defined as far as it can be", "[metrics][report]") {
  const ClassificationReport report = classification_report(tensor({1, 1}), tensor({.9, .2}));
  CHECK(std::isnan(report.auc));
  CHECK_THAT(report.str(), xg_test::ContainsSubstring("AUC undefined"));
  const nlohmann::json json = nlohmann::json::parse(report.json());
  CHECK(json["auc"].is_null());
  CHECK(json["accuracy"] == 0.5);
}

// Breaks if a number of the JSON is not the report's.
TEST_CASE("Reports as JSON and files", "[metrics][report]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("xgrad-test-report-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const ClassificationReport report =
      classification_report(truth(), probability(), {.class_names = {"a", "b \"quoted\" ü"}});
  const nlohmann::json json = nlohmann::json::parse(report.json());
  CHECK(json["f1"].get<double>() == report.f1);
  CHECK(json["class_names"][1] == "b \"quoted\" ü");
  CHECK(json["confusion"][0][0] == 4);
  CHECK(json["curves"][0]["roc"]["tpr"].get<std::vector<double>>() == report.roc[0].tpr);
  CHECK(json["curves"][0]["roc"]["thresholds"][0].is_null());
  report.save(folder / "metrics.json");
  report.save(folder / "metrics.txt");
  std::ifstream file(folder / "metrics.json");
  CHECK(nlohmann::json::parse(file) == json);
  CHECK_ERROR(report.save(folder / "metrics.doc"), ValueError, "\".doc\"", ".json or .txt");
  CHECK_ERROR(report.save(folder / "nowhere" / "metrics.json"), IoError, "nowhere", "there is no folder");

  const RegressionReport regression = regression_report(tensor({1, 2, 4}), tensor({1, 2, 3}));
  regression.save(folder / "regression.json");
  std::ifstream second(folder / "regression.json");
  CHECK(nlohmann::json::parse(second)["mae"].get<double>() == regression.mae);
  CHECK_ERROR(regression.save(folder / "x"), ValueError, ".json or .txt");
  std::filesystem::remove_all(folder);
}

// Breaks if the report of numbers contradicts the metrics or finds another worst row.
TEST_CASE("A report of numbers", "[metrics][report]") {
  const Tensor y = tensor({3, -.5, 2, 7}).reshape({4, 1}), p = tensor({2.5, 0, 2, 8}).reshape({4, 1});
  const RegressionReport report = regression_report(y, p);
  CHECK(report.r2 == Approx(0.9486081370449679));
  CHECK(report.mae == Approx(0.5));
  CHECK(report.rmse == Approx(std::sqrt(0.375)));
  CHECK(report.mape == Approx(0.3273809523809524));
  CHECK(report.median_absolute_error == Approx(0.5));
  CHECK(report.max_error == 1);
  CHECK(report.worst_row == 3);
  CHECK(report.mean_error == Approx(0.25));
  CHECK(report.support == 4);
  CHECK(report.y_pred.shape() == Shape{4});
  for (const char* piece : {"R2", "0.9486", "mean absolute error", "32.74 %"}) {
    CHECK_THAT(report.str(), xg_test::ContainsSubstring(piece));
  }
}

// Breaks if a report is made of inputs that mean nothing.
TEST_CASE("Reports name what is wrong", "[metrics][report][bad input]") {
  CHECK_ERROR(classification_report(tensor({0, 1}), tensor({2, -1})), ValueError, "[classification_report]",
              "y_pred is 2 at row 0", "sigmoid");
  CHECK_ERROR(classification_report(tensor<int64_t>({0, 1}), tensor({{2, 1}, {0, 1}})), ValueError, "softmax");
  CHECK_ERROR(classification_report(tensor({0, 1}), tensor({.2, .4}), {.class_names = {"a"}}), ValueError, "2 classes",
              ".class_names has 1");
  CHECK_ERROR(classification_report(tensor({0, 1}), tensor({.2, .4}), {.calibration_bins = 0}), ValueError,
              "bins is 0");
  CHECK_ERROR(classification_report(tensor({0, 1, 1}), tensor({.2, .4})), ShapeError, "y_true is [3], y_pred is [2]");
  CHECK_ERROR(regression_report(ones({3, 2}), ones({3, 2})), ShapeError, "[regression_report]", "y_true is [3, 2]");
  CHECK_ERROR(regression_report(ones({0}), ones({0})), ShapeError, "at least one row");
  CHECK_ERROR(roc_curve(ones({3}), ones({3, 2})), ShapeError, "[roc_curve]", "[3, 2]", "one class against the rest");
}
