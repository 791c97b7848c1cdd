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

/// Options of classification_report().
struct ReportOptions {
  double threshold = 0.5;              ///< class 1 where the probability is larger
  StringList class_names = {};         ///< "0", "1", ... unless given
  std::int64_t calibration_bins = 10;  ///< bins of the calibration curve
};

/// One class, or a mean over the classes.
struct ClassScores {
  std::string name;          ///< of the class, or of the mean
  double precision = 0;      ///< TP / (TP + FP)
  double recall = 0;         ///< TP / (TP + FN)
  double f1 = 0;             ///< their harmonic mean
  std::int64_t support = 0;  ///< true rows
};

/// Quality of a classifier. With several classes, precision, recall and F1 are the means over the classes (macro) and
/// AUC the mean over each class against the rest.
struct XG_API ClassificationReport {
  double accuracy = 0;       ///< the share of right rows
  double auc = 0;            ///< NaN where only one class occurs
  double precision = 0;      ///< of class 1, or the mean
  double recall = 0;         ///< of class 1, or the mean
  double f1 = 0;             ///< of class 1, or the mean
  double log_loss = 0;       ///< as LogLoss
  double brier = 0;          ///< as Brier
  std::int64_t support = 0;  ///< rows
  double threshold = 0.5;    ///< the one that was used
  bool binary = true;        ///< two classes?

  std::vector<std::string> class_names = {};              ///< in the order of the class numbers
  std::vector<ClassScores> per_class = {};                ///< in the order of the class numbers
  ClassScores macro = {};                                 ///< the mean over the classes
  ClassScores weighted = {};                              ///< the mean weighted by support
  std::vector<std::vector<std::int64_t>> confusion = {};  ///< [true class][predicted class]

  /// Names of the curves: one for class 1 where there are two classes, else one per class against the rest.
  std::vector<std::string> curve_names = {};
  std::vector<RocCurve> roc = {};                             ///< in the order of curve_names
  std::vector<PrecisionRecallCurve> precision_recall = {};    ///< in the order of curve_names
  std::vector<std::vector<CalibrationBin>> calibration = {};  ///< in the order of curve_names

  Tensor y_true = {};   ///< class indices, int64 [rows]
  Tensor y_score = {};  ///< probabilities, [rows] of class 1 or [rows, classes]

  std::string str() const;  ///< a table for people
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

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const ClassificationReport& report);

/// Quality of a regression.
struct XG_API RegressionReport {
  double r2 = 0;                     ///< as R2
  double mae = 0;                    ///< mean |y - p|
  double rmse = 0;                   ///< sqrt(mean (y - p)^2)
  double mape = 0;                   ///< a share, not a percentage
  double median_absolute_error = 0;  ///< median |y - p|
  double max_error = 0;              ///< the largest |y - p|
  double mean_error = 0;             ///< mean of p - y: above 0 where predictions are too high
  std::int64_t support = 0;          ///< rows
  std::int64_t worst_row = 0;        ///< the row of max_error

  Tensor y_true = {};  ///< float64 [rows]
  Tensor y_pred = {};  ///< float64 [rows]

  std::string str() const;   ///< a table for people
  std::string json() const;  ///< all numbers; NaN as null
  /// As ClassificationReport::save.
  void save(const std::filesystem::path& path) const;
};

/// y_true and y_pred are [n] or [n, 1]. Throws ShapeError for other shapes and empty ones, ValueError for NaN and
/// infinite values.
XG_API RegressionReport regression_report(const Tensor& y_true, const Tensor& y_pred);

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const RegressionReport& report);

}  // namespace xg::nn::metrics
