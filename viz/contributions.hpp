// What the attribution plots draw: plain numbers and names, made from an explain::Explanation or from your own numbers.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain {
class Explanation;
}

namespace xg::viz {

/// How plots show the output of an explained model: as it is, or a logit as a probability. Contributions to a logit are
/// drawn in log-odds either way, so that equal ones are equally long; Link::logit labels the axis with probabilities.
/// Named as in SHAP.
enum class Link {
  identity,  ///< as it is
  logit,     ///< a logit as a probability
};

/// The quantity that contributions are measured in.
enum class Space {
  model,          ///< what the model returns, which is not a probability
  logit,          ///< the argument of a sigmoid: the log-odds
  probability,    ///< between 0 and 1
  softmax_logit,  ///< one of the arguments of a softmax, known up to a constant that they share
  some_logit,     ///< the argument of a sigmoid or a softmax; which of them is unknown
};

/// Contributions of n = `features` features to one output, for `rows` rows: outputs[r] = base[r] + sum_i values[r n +
/// i], up to unexplained(r).
struct XG_API Contributions {
  std::size_t rows = 0;                 ///< number of rows
  std::size_t features = 0;             ///< number of contributions of each row
  std::vector<double> values;           ///< [rows, features], row after row
  std::vector<double> base;             ///< [rows]
  std::vector<double> outputs = {};     ///< [rows] the output f(x) of the model; empty: base + sum of the row
  std::vector<std::string> names = {};  ///< [features]; empty: X1, X2, ...
  std::vector<double> data = {};        ///< [rows, features] values of the features, which colours show; empty: unknown
  std::vector<std::string> display = {};  ///< [rows, features]; empty: the data as text
  std::vector<double> errors = {};        ///< [rows, features] standard errors; empty: none
  Space space = Space::model;             ///< the quantity that contributions are measured in
  String output = {};                     ///< name of the output
  bool additive = true;                   ///< do base and contributions sum to the output?
  String unit = {};                       ///< unit of the model's output: "dollars"
  std::size_t references = 0;             ///< number of references that contributions are means over; 0: unknown
  std::vector<std::string> about = {};    ///< how the contributions were computed, one sentence each, for reports
  /// For Space::softmax_logit: the contributions to the other logits of the softmax on the same rows and features,
  /// which Link::logit needs.
  std::vector<Contributions> rivals = {};

  /// The contribution of a feature in a row; indices are not checked.
  double value(std::size_t row, std::size_t feature) const { return values[row * features + feature]; }
  /// base[row] + sum_i value(row, i); NaN where a contribution is NaN.
  double total(std::size_t row) const;
  /// f(x): outputs[row], or total(row) where `outputs` is empty.
  double prediction(std::size_t row) const;
  /// f(x) - base[row] - sum of the finite contributions; 0 where that is within rounding errors or f(x) is not finite.
  double unexplained(std::size_t row) const;
  /// The value of a feature as text: "3.5", "male", or "" where it is unknown.
  std::string shown(std::size_t row, std::size_t feature) const;
  std::string name(std::size_t feature) const;  ///< "age", or "X3" where there are no names
  /// Throws ValueError where lengths do not match `rows` and `features` or one of these is 0; the message begins with
  /// `op`.
  void check(const char* op) const;
};

/// One output of an explanation, with the rivals that Link::logit needs to turn a softmax's logit into a probability.
/// Throws ValueError where the explanation has several outputs and none is chosen, and for Link::logit with one of
/// several outputs that are not logits; IndexError where there is no such output. Messages begin with `op`.
XG_API Contributions contributions(const explain::Explanation& e, std::optional<std::size_t> output = {},
                                   const char* op = "contributions", Link link = Link::identity);

namespace detail {

/// The features by falling mean absolute contribution; ties keep their order, NaN comes last.
XG_API std::vector<std::size_t> by_importance(const Contributions& c);
/// mean_r |value(r, i)| of each feature i over the rows in which it is not NaN.
XG_API std::vector<double> mean_absolute(const Contributions& c);
/// Throws ValueError unless there is exactly one row.
void need_one_row(const char* op, const Contributions& c);
/// Throws ValueError unless base and contributions sum to the output.
void need_sums(const char* op, const Contributions& c);
/// Throws ValueError for Link::logit if contributions are to a probability, which the logistic function would squash a
/// second time, if it is unknown whether the logit is that of a sigmoid or a softmax, and if the other logits of its
/// softmax are missing.
void check_link(const char* op, Link link, const Contributions& c);
/// The label of an axis of outputs: "survived (log-odds)", "Model output (dollars)".
std::string space_label(const Contributions& c, Link link = Link::identity);
/// log(p / (1 - p)) of the output with logit `own`: `own` for a sigmoid, own - log(sum_j exp(rivals[j])) for a softmax.
double log_odds(double own, const std::vector<double>& rivals);
/// The output of row `row`, or its base value, as a probability for Link::logit and unchanged for Link::identity.
double linked_prediction(const Contributions& c, std::size_t row, Link link);
double linked_base(const Contributions& c, std::size_t row, Link link);
/// The rows whose output is finite, so that a line or arrows can lead to it.
std::vector<std::size_t> rows_with_prediction(const Contributions& c);
/// The note on error bars: "Whiskers: ± standard error of the mean over the 100 references".
std::string whisker_note(const Contributions& c);
/// The note that the base value, which Link::logit shows as a probability, is that of the mean logit; "" for
/// Link::identity.
std::string base_note(const Contributions& c, Link link, const std::string& value = {});
/// The note "1 infinite contribution without a bar"; "" where all are finite or NaN. `mark` is "a bar".
std::string infinite_note(const Contributions& c, const char* mark);
/// The note "2 of 5 rows left out: their contributions are NaN".
std::string left_out_note(std::size_t left_out, std::size_t rows, const char* why);
/// The note "2,000 of 5,000 rows shown"; "" where all rows are.
std::string shown_note(std::size_t shown, std::size_t rows);
/// Both notes, where `drawable` of `rows` rows can be drawn and `shown` of these are: "2,000 of 4,998 rows shown; 2 of
/// 5,000 rows left out: their contributions are NaN".
std::string rows_note(std::size_t shown, std::size_t drawable, std::size_t rows, const char* why);
/// The name of the bar that closes the gap between the sum of contributions and the output.
inline constexpr const char* unexplained_name = "unexplained";
/// The label of an axis of contributions: "Contribution to survived (log-odds)". It begins with `effect`.
std::string effect_label(const Contributions& c, const char* effect = "Contribution");
/// 1 / (1 + exp(-z)), without overflow.
double logistic(double z);

}  // namespace detail
}  // namespace xg::viz
