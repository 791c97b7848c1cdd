// How good a model is, in one value: numbers for people, JSON for programs, curves for pictures.
#pragma once

#include <xgrad/nn/metrics/probability.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace xg::nn::metrics {

struct ReportOptions {
  double threshold = 0.5;                     ///< class 1 where the probability is larger
  StringList class_names = {};  ///< "0", "1", ... unless given
  std::int64_t calibration_bins = 10;
};

/// One class, or a mean over the classes.
struct ClassScores {
  std::string name;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  std::int64_t support = 0;  ///< true rows
};

/// Quality of a classifier. With several classes, precision, recall and F1 are the means over the classes (macro) and
/// AUC the mean over each class against the rest.
struct XG_API ClassificationReport {
  double accuracy = 0;
  double auc = 0;  ///< NaN where only one class occurs
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  double log_loss = 0;
  double brier = 0;
  std::int64_t support = 0;  ///< rows
  double threshold = 0.5;
  bool binary = true;

  std::vector<std::string> class_names = {};
  std::vector<ClassScores> per_class = {};
  ClassScores macro = {};                                 ///< the mean over the classes
  ClassScores weighted = {};                              ///< the mean weighted by support
  std::vector<std::vector<std::int64_t>> confusion = {};  ///< [true class][predicted class]

  /// One curve for class 1 where there are two classes, else one per class against the rest.
  std::vector<std::string> curve_names = {};
  std::vector<RocCurve> roc = {};
  std::vector<PrecisionRecallCurve> precision_recall = {};
  std::vector<std::vector<CalibrationBin>> calibration = {};

  Tensor y_true = {};   ///< class indices, int64 [rows]
  Tensor y_score = {};  ///< probabilities, [rows] of class 1 or [rows, classes]

  std::string str() const;
  /// All numbers and curves; NaN as null.
  std::string json() const;
  /// Writes json() to a .json or str() to a .txt, replacing the file only once all is written. Throws IoError,
  /// ValueError for any other extension.
  void save(const std::filesystem::path& path) const;
};

/// y_prob is [n] or [n, 1] with probabilities of class 1 and y_true holds 0 and 1; or y_prob is [n, classes] with rows
/// that sum to one and y_true holds class indices or one-hot rows. Throws ShapeError for other shapes and empty ones,
/// ValueError for NaN, for values that are no probabilities and for another number of class names, IndexError for
/// labels out of range.
XG_API ClassificationReport classification_report(const Tensor& y_true, const Tensor& y_prob,
                                                  ReportOptions options = {});

XG_API std::ostream& operator<<(std::ostream& out, const ClassificationReport& report);

/// Quality of a regression.
struct XG_API RegressionReport {
  double r2 = 0;
  double mae = 0;
  double rmse = 0;
  double mape = 0;  ///< a share, not a percentage
  double median_absolute_error = 0;
  double max_error = 0;   ///< the largest |y - p|
  double mean_error = 0;  ///< mean of p - y: above 0 where predictions are too high
  std::int64_t support = 0;
  std::int64_t worst_row = 0;  ///< the row of max_error

  Tensor y_true = {};  ///< float64 [rows]
  Tensor y_pred = {};  ///< float64 [rows]

  std::string str() const;
  std::string json() const;
  /// As ClassificationReport::save.
  void save(const std::filesystem::path& path) const;
};

/// y_true and y_pred are [n] or [n, 1]. Throws ShapeError for other shapes and empty ones, ValueError for NaN and
/// infinite values.
XG_API RegressionReport regression_report(const Tensor& y_true, const Tensor& y_pred);

XG_API std::ostream& operator<<(std::ostream& out, const RegressionReport& report);

}  // namespace xg::nn::metrics
