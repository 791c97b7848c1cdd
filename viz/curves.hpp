// The numbers that pictures of training and evaluation are drawn from.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <string>
#include <utility>
#include <vector>

namespace xg::viz {

/// Curves over epochs by name, in order: "loss", "accuracy", "val_loss", ... Entry i of a curve belongs to epoch i + 1.
using EpochCurves = std::vector<std::pair<std::string, std::vector<double>>>;

/// Counts of rows by true class (row) and predicted class (column).
struct ConfusionCounts {
  std::vector<std::string> classes;         ///< names of the classes
  std::vector<std::vector<double>> counts;  ///< [true][predicted]
};

/// A curve with its summary: (false positive rate, true positive rate, AUC) or (recall, precision, average precision).
struct ScoreCurve {
  std::vector<double> x;  ///< false positive rate, or recall
  std::vector<double> y;  ///< true positive rate, or precision
  double area = 0;        ///< AUC, or average precision
  String name = {};       ///< of the curve, for the legend
  double chance = 0;      ///< precision of guessing, which is the share of positive rows
  String positive = {};   ///< the class that counts as positive, where that is not `name`
};

/// Rows grouped by predicted probability.
struct CalibrationBins {
  std::vector<double> predicted;  ///< mean predicted probability of each group
  std::vector<double> observed;   ///< share of positive rows in each group
  std::vector<double> count;      ///< number of rows in each group; may be empty
  String name = {};               ///< of the curve, for the legend
  String positive = {};           ///< the class that counts as positive, where that is not `name`
};

}  // namespace xg::viz
