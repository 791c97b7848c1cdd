// Reports on the quality of a model: scores and curves, as text for people or JSON for programs.
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
  double threshold = 0.5;              ///< class 1 where its probability exceeds this
  StringList class_names = {};         ///< names of the classes; default "0", "1", ...
  std::int64_t calibration_bins = 10;  ///< number of bins of the calibration curve
};

/// The scores of one class, or their mean over the classes.
struct ClassScores {
  std::string name;          ///< name of the class, or of the mean
  double precision = 0;      ///< TP / (TP + FP)
  double recall = 0;         ///< TP / (TP + FN)
  double f1 = 0;             ///< harmonic mean of precision and recall
  std::int64_t support = 0;  ///< number of rows whose true class it is
};

/// Quality of a classifier. For several classes, precision, recall and F1 are the means over the classes (macro), and
/// AUC is the mean over the classes, each against all others.
struct XG_API ClassificationReport {
  double accuracy = 0;       ///< fraction of rows that are predicted correctly
  double auc = 0;            ///< as AUC; NaN if only one class occurs
  double precision = 0;      ///< value for class 1, or the mean
  double recall = 0;         ///< value for class 1, or the mean
  double f1 = 0;             ///< value for class 1, or the mean
  double log_loss = 0;       ///< as LogLoss
  double brier = 0;          ///< as Brier
  std::int64_t support = 0;  ///< number of rows
  double threshold = 0.5;    ///< the threshold of the options
  bool binary = true;        ///< are there two classes?

  std::vector<std::string> class_names = {};              ///< names of the classes, by index
  std::vector<ClassScores> per_class = {};                ///< scores of the classes, by index
  ClassScores macro = {};                                 ///< mean over the classes
  ClassScores weighted = {};                              ///< mean over the classes, weighted by support
  std::vector<std::vector<std::int64_t>> confusion = {};  ///< [true class][predicted class]

  /// Names of the curves: one for class 1 if there are two classes, else one for each class against all others.
  std::vector<std::string> curve_names = {};
  std::vector<RocCurve> roc = {};                             ///< in the order of curve_names
  std::vector<PrecisionRecallCurve> precision_recall = {};    ///< in the order of curve_names
  std::vector<std::vector<CalibrationBin>> calibration = {};  ///< in the order of curve_names

  Tensor y_true = {};   ///< class indices, int64 [rows]
  Tensor y_score = {};  ///< probabilities, [rows] of class 1 or [rows, classes]

  std::string str() const;  ///< a table for people
  /// All numbers and curves; NaN as null.
  std::string json() const;
  /// Writes json() to a .json or str() to a .txt file, which is replaced only after everything has been written. Throws
  /// IoError, and ValueError for any other extension.
  void save(const std::filesystem::path& path) const;
};

/// The quality of predicted probabilities. y_prob is [n] or [n, 1] with probabilities of class 1 and y_true [n] holds 0
/// and 1; or y_prob is [n, classes] with rows that sum to one and y_true holds class indices [n] or one-hot rows.
/// Throws ShapeError for other shapes and no rows, ValueError for NaN, values that are not probabilities and another
/// number of class names, IndexError for labels out of range.
XG_API ClassificationReport classification_report(const Tensor& y_true, const Tensor& y_prob,
                                                  ReportOptions options = {});

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const ClassificationReport& report);

/// Quality of a regression.
struct XG_API RegressionReport {
  double r2 = 0;                     ///< as R2
  double mae = 0;                    ///< mean |y - p|
  double rmse = 0;                   ///< sqrt(mean (y - p)^2)
  double mape = 0;                   ///< as MAPE; a fraction, not a percentage
  double median_absolute_error = 0;  ///< median |y - p|
  double max_error = 0;              ///< the largest |y - p|
  double mean_error = 0;             ///< mean of p - y; positive if predictions are too high on average
  std::int64_t support = 0;          ///< number of rows
  std::int64_t worst_row = 0;        ///< the row with the largest error

  Tensor y_true = {};  ///< float64 [rows]
  Tensor y_pred = {};  ///< float64 [rows]

  std::string str() const;   ///< a table for people
  std::string json() const;  ///< all numbers; NaN as null
  /// Writes the report as ClassificationReport::save does. Throws IoError, and ValueError for an unknown extension.
  void save(const std::filesystem::path& path) const;
};

/// The quality of predictions y_pred of y_true, both [n] or [n, 1]. Throws ShapeError for other shapes and no rows,
/// ValueError for NaN and infinite values.
XG_API RegressionReport regression_report(const Tensor& y_true, const Tensor& y_pred);

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const RegressionReport& report);

}  // namespace xg::nn::metrics
