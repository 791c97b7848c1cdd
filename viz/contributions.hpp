// What the attribution plots draw: plain numbers and names. An explain::Explanation turns into it; your own numbers may
// too.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain {
class Explanation;
}

namespace xg::viz {

/// How plots show the output of an explained model: as it is, or a logit as a probability.
enum class Link { identity, logit };

/// In what the contributions are measured.
enum class Space { model, logit, probability };

/// Contributions of `features` features to one output, for `rows` rows. base[r] + sum of the row is the output of row
/// r.
struct XG_API Contributions {
  std::size_t rows = 0;
  std::size_t features = 0;
  std::vector<double> values;             ///< [rows, features], row after row
  std::vector<double> base;               ///< [rows]
  std::vector<std::string> names = {};    ///< [features]; empty: X1, X2, ...
  std::vector<double> data = {};          ///< [rows, features]; empty: unknown. What colours mean
  std::vector<std::string> display = {};  ///< [rows, features]; empty: the data as text
  std::vector<double> errors = {};        ///< [rows, features] standard errors; empty: none
  Space space = Space::model;
  std::string output = {};  ///< name of the output
  bool additive = true;     ///< do base and contributions sum to the output?

  double value(std::size_t row, std::size_t feature) const { return values[row * features + feature]; }
  /// base + sum of the row; NaN contributions count as nothing.
  double total(std::size_t row) const;
  /// "3.5", "male", or "" where the value is not known.
  std::string shown(std::size_t row, std::size_t feature) const;
  std::string name(std::size_t feature) const;
  /// Throws ValueError where lengths do not fit `rows` and `features`; `op` begins the message.
  void check(const char* op) const;
};

/// One output of an explanation. Throws ValueError, beginning with `op`, where it has several and none is chosen, and
/// IndexError where there is no such output.
XG_API Contributions contributions(const explain::Explanation& e, std::optional<std::size_t> output = {},
                                   const char* op = "contributions");

namespace detail {

/// Features by falling mean absolute contribution; ties in input order, NaN last.
XG_API std::vector<std::size_t> by_importance(const Contributions& c);
/// Mean absolute contribution of each feature over its rows that are not NaN.
XG_API std::vector<double> mean_absolute(const Contributions& c);
/// Throws unless there is exactly one row.
void need_one_row(const char* op, const Contributions& c);
/// Throws unless base and contributions sum to the output.
void need_sums(const char* op, const Contributions& c);
/// Throws where a probability would go through the logistic function a second time.
void check_link(const char* op, Link link, Space space);
/// "log-odds", "probability", or what the model returns, with the output's name.
std::string space_label(const Contributions& c, Link link = Link::identity);
/// "Contribution to survived (log-odds)".
std::string effect_label(const Contributions& c);
double logistic(double z);

}  // namespace detail
}  // namespace xg::viz
