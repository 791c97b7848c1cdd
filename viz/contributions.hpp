// What the attribution plots draw: plain numbers and names. An explain::Explanation turns into it; your own numbers may
// too.
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
/// drawn in its own unit either way, so that equal ones are equally long; Link::logit writes probabilities at the axis.
enum class Link {
  identity,  ///< as it is
  logit,     ///< a logit as a probability
};

/// In what the contributions are measured.
enum class Space {
  model,          ///< what the model returns, no probability
  logit,          ///< what goes to a sigmoid: the log-odds
  probability,    ///< between 0 and 1
  softmax_logit,  ///< one of the numbers that go to a softmax, known up to a constant that they share
  some_logit,     ///< of a sigmoid or of a softmax, and nobody said which
};

/// Contributions of `features` features to one output, for `rows` rows. base[r] + sum of the row is the output of row
/// r, up to what the contributions do not explain.
struct XG_API Contributions {
  std::size_t rows = 0;                   ///< how many rows
  std::size_t features = 0;               ///< how many contributions a row has
  std::vector<double> values;             ///< [rows, features], row after row
  std::vector<double> base;               ///< [rows]
  std::vector<double> outputs = {};       ///< [rows] what the model gave, f(x); empty: base + sum of the row
  std::vector<std::string> names = {};    ///< [features]; empty: X1, X2, ...
  std::vector<double> data = {};          ///< [rows, features]; empty: unknown. What colours mean
  std::vector<std::string> display = {};  ///< [rows, features]; empty: the data as text
  std::vector<double> errors = {};        ///< [rows, features] standard errors; empty: none
  Space space = Space::model;             ///< in what the contributions are measured
  String output = {};                     ///< name of the output
  bool additive = true;                   ///< do base and contributions sum to the output?
  String unit = {};                       ///< of a model's output: "dollars"
  std::size_t references =
      0;  ///< over which contributions are means, and of which errors are standard errors; 0: unknown
  std::vector<std::string> about = {};  ///< how they were made, one sentence each, for reports
  /// Of a softmax_logit: the same rows and features with the other logits of the softmax, for Link::logit.
  std::vector<Contributions> rivals = {};

  /// of a feature in a row, unchecked
  double value(std::size_t row, std::size_t feature) const { return values[row * features + feature]; }
  /// base + sum of the row; NaN where a contribution is NaN.
  double total(std::size_t row) const;
  /// f(x): `outputs`, or the total where they are empty.
  double prediction(std::size_t row) const;
  /// f(x) - base - sum of the contributions that are finite; 0 where that is rounding, or f(x) is no number.
  double unexplained(std::size_t row) const;
  /// "3.5", "male", or "" where the value is not known.
  std::string shown(std::size_t row, std::size_t feature) const;
  std::string name(std::size_t feature) const;  ///< of a feature
  /// Throws ValueError where lengths do not fit `rows` and `features`; `op` begins the message.
  void check(const char* op) const;
};

/// One output of an explanation; for Link::logit with what it takes to turn its logit into a probability. Throws
/// ValueError, beginning with `op`, where it has several and none is chosen, where Link::logit meets one of several
/// outputs that are no logits, and IndexError where there is no such output.
XG_API Contributions contributions(const explain::Explanation& e, std::optional<std::size_t> output = {},
                                   const char* op = "contributions", Link link = Link::identity);

namespace detail {

/// Features by falling mean absolute contribution; ties in input order, NaN last.
XG_API std::vector<std::size_t> by_importance(const Contributions& c);
/// Mean absolute contribution of each feature over its rows that are not NaN.
XG_API std::vector<double> mean_absolute(const Contributions& c);
/// Throws unless there is exactly one row.
void need_one_row(const char* op, const Contributions& c);
/// Throws unless base and contributions sum to the output.
void need_sums(const char* op, const Contributions& c);
/// Throws where a probability would go through the logistic function a second time, where it is not known to which
/// function a logit goes, and where other logits of its softmax are missing.
void check_link(const char* op, Link link, const Contributions& c);
/// "log-odds", "probability", or what the model returns, with the output's name.
std::string space_label(const Contributions& c, Link link = Link::identity);
/// The log-odds of the output whose logit is `own`: that itself, or its lead over the other logits of a softmax.
double log_odds(double own, const std::vector<double>& rivals);
/// What Link::logit makes of the output of row `row`, or of its base value.
double linked_prediction(const Contributions& c, std::size_t row, Link link);
double linked_base(const Contributions& c, std::size_t row, Link link);
/// The rows whose output is a number, so that a line or arrows can lead to it.
std::vector<std::size_t> rows_with_prediction(const Contributions& c);
/// "Whiskers: ± standard error of the mean over the 100 references".
std::string whisker_note(const Contributions& c);
/// What number the base value, `value`, is once Link::logit has made a probability of it; "" for Link::identity.
std::string base_note(const Contributions& c, Link link, const std::string& value = {});
/// "1 infinite contribution without a bar", or "" where there is none.
std::string infinite_note(const Contributions& c, const char* mark);
/// "2 of 5 rows left out: their contributions are NaN".
std::string left_out_note(std::size_t left_out, std::size_t rows, const char* why);
/// "2,000 of 5,000 rows shown", or "" where all are.
std::string shown_note(std::size_t shown, std::size_t rows);
/// Both, where only `drawable` of `rows` rows can be drawn and `shown` of these are: "2,000 of 4,998 rows shown; 2 of
/// 5,000 rows left out: their contributions are NaN".
std::string rows_note(std::size_t shown, std::size_t drawable, std::size_t rows, const char* why);
/// The name of the bar for what contributions do not explain.
inline constexpr const char* unexplained_name = "unexplained";
/// "Contribution to survived (log-odds)".
std::string effect_label(const Contributions& c, const char* effect = "Contribution");
double logistic(double z);

}  // namespace detail
}  // namespace xg::viz
