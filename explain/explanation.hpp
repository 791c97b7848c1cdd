// What an explainer found: which feature moved which output of which row by how much. A value type without drawing.
#pragma once

#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/nn/data/table.hpp>
#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace xg::explain {

/// Which number of the model is explained, and so in which unit contributions are.
enum class Output : std::uint8_t {
  automatic,    ///< the logit where the model ends in a sigmoid or softmax, else what the model returns
  model,        ///< what the model returns; the explanation calls it a probability where it is one
  logit,        ///< what goes into the final sigmoid or softmax; an error where there is none
  probability,  ///< what the model returns, which must come from a sigmoid or softmax
};

/// "automatic", "model", "logit" or "probability".
XG_API std::string_view name(Output output);

/// What takes the explained logit to the model's probability.
enum class OutputActivation : std::uint8_t {
  unknown,  ///< not a logit, or one of several of which nobody said where they go
  sigmoid,  ///< each logit by itself: it is the log-odds of its output
  softmax,  ///< all logits of a row together: each is known up to a constant that they share
};

/// "unknown", "sigmoid" or "softmax".
XG_API std::string_view name(OutputActivation activation);

/// An op whose contributions were found by integrating its gradient: exact only up to this residual.
struct FallbackOp {
  std::string op;       ///< its name
  std::string scope;    ///< the module path in which it was called
  double residual = 0;  ///< the largest |sum of contributions - what it had to explain|, in the unit of the output
};

/// Everything an Explanation consists of. What is left out gets the default given here.
struct ExplanationParts {
  Tensor values = {};           ///< [N, n, K]: contribution of feature i of row r to output k
  Tensor base_values = {};      ///< [N, K]: what is explained where no feature is known; default NaN
  Tensor outputs = {};          ///< [N, K]: what the model gave for the rows; default NaN
  Tensor data = {};             ///< [N, n]: the rows; default NaN
  Tensor standard_errors = {};  ///< [N, n, K]: of values, over the background; default NaN
  Tensor output_ranks =
      {};  ///< [N, K] int64: which output of the model slot k of row r is; default: slot k is output k
  std::vector<std::string> feature_names = {};  ///< default x0, x1, ...
  std::vector<std::string> output_names = {};  ///< one for each output of the model; default "output", or output 0, ...
  String method = "unknown";                   ///< the explainer: "DeepShap"
  Output output_space = Output::model;         ///< model, logit or probability
  /// Of a logit. Default: the sigmoid for a model of one output (a softmax of one number is 1), else unknown.
  OutputActivation output_activation = OutputActivation::unknown;
  String unit = {};      ///< of values, base values and outputs, "dollars" for example; not of a logit or probability
  bool additive = true;  ///< do values and base sum to the output by construction?
  std::int64_t n_background = 0;              ///< references; 0 for methods without
  std::vector<FallbackOp> fallback_ops = {};  ///< ops without a rule of their own
  std::vector<std::string> notes = {};        ///< what a reader should know: rows with NaN, for example
  /// [n] names of the model's features whose contributions a feature sums up; none where it is one of the model's
  /// itself. Default: none.
  std::vector<std::vector<std::string>> group_members = {};
};

class Explanation;
namespace detail {
/// `e` by groups whose standard errors [N, groups, K] were computed from their sums for each reference.
Explanation grouped_with_errors(const Explanation& e, const std::vector<nn::data::FeatureGroup>& groups,
                                const Tensor& errors);
}  // namespace detail

/// Contributions of n features to K outputs for N rows, with everything needed to read them.
///
///     Explanation e = explainer(rows);
///     std::cout << e[0];                                  // one row as a table
///     e.grouped(train.feature_groups).save("e.json");     // by source column, for later
///
/// Numbers are float64 whatever the model's dtype. base_values + sum over features of values = outputs, up to
/// residual().
class XG_API Explanation {
 public:
  /// Throws ValueError, ShapeError or IndexError where the parts do not fit each other, and for values without a
  /// feature or an output.
  explicit Explanation(ExplanationParts parts);

  // ---- sizes
  std::int64_t size() const;                    ///< N, the number of rows
  std::int64_t rows() const { return size(); }  ///< size()
  std::int64_t features() const;                ///< n
  std::int64_t outputs_explained() const;       ///< K

  // ---- numbers
  const Tensor& values() const { return parts_.values; }            ///< [N, n, K]
  const Tensor& base_values() const { return parts_.base_values; }  ///< [N, K]
  const Tensor& outputs() const { return parts_.outputs; }          ///< [N, K]: f(x) in the explained space
  const Tensor& prediction() const { return parts_.outputs; }       ///< the same
  const Tensor& data() const { return parts_.data; }                ///< [N, n]: as the model saw it
  /// [N, n, K]: standard deviation over the references / sqrt(B). NaN for one reference and for methods without.
  const Tensor& standard_errors() const { return parts_.standard_errors; }
  /// outputs - base_values - sum of values, [N, K]. NaN for methods that do not promise a sum.
  Tensor residual() const;
  /// [N, K] int64: the model's output in slot k of each row. Differs from 0..K-1 only where outputs were ranked.
  const Tensor& output_ranks() const { return parts_.output_ranks; }
  /// Do slots mean different outputs in different rows?
  bool ranked() const { return ranked_; }

  // ---- words
  const std::vector<std::string>& feature_names() const { return parts_.feature_names; }  ///< [n]
  /// One name for each output of the model: slot k of row r is output_names()[output_ranks()[r, k]].
  const std::vector<std::string>& output_names() const { return parts_.output_names; }
  /// Of a slot in a row. Throws IndexError where there is none.
  std::string output_name(std::int64_t row, std::int64_t slot) const;
  const std::string& method() const { return parts_.method; }  ///< the explainer: "DeepShap"
  Output output_space() const { return parts_.output_space; }  ///< model, logit or probability
  /// Where an explained logit goes; unknown for what is no logit.
  OutputActivation output_activation() const { return parts_.output_activation; }
  /// Of values, base values and outputs; empty where nobody said it.
  const std::string& unit() const { return parts_.unit; }
  bool additive() const { return parts_.additive; }  ///< do values and base sum to the output by construction?
  std::int64_t n_background() const { return parts_.n_background; }  ///< references; 0 for methods without
  /// ops without a rule of their own, and what that lost
  const std::vector<FallbackOp>& fallback_ops() const { return parts_.fallback_ops; }
  const std::vector<std::string>& notes() const { return parts_.notes; }  ///< what a reader should know
  /// Names of the model's features whose contributions feature i sums up; none where it is one of the model's itself.
  const std::vector<std::string>& group_members(std::int64_t feature) const;
  /// outputs() as probabilities, [N, K]: sigmoid(logit), or the softmax of all logits of the row. Throws ValueError
  /// where outputs are no logits, where it is not known which of the two functions they go to, and for a softmax of
  /// which not all logits are explained.
  Tensor probabilities() const;
  /// What is explained and how, one sentence each: method and space, base value, what standard errors mean, which
  /// features are sums, how well contributions sum up, ops without a rule of their own, notes.
  std::vector<std::string> about() const;
  /// The place of a feature. Throws IndexError, listing the names.
  std::int64_t feature_index(StringRef name) const;

  // ---- what people call the values of the data
  /// Was with_display called (or did the explanation come with display values)?
  bool has_display() const { return !display_.empty(); }
  /// The text of one value: from the source where it is known, else the number that the model saw. Throws IndexError.
  std::string display(std::int64_t row, std::int64_t feature) const;
  /// All of them, [N][n].
  std::vector<std::vector<std::string>> display() const;
  /// [N, n]: numbers in the units of the source where the feature is a column of numbers there, else data(). NaN for
  /// the sum of several features.
  const Tensor& display_values() const { return display_values_; }
  /// Takes values in the units of the file. A feature with the name of a column shows its cell; one of a one-hot group
  /// (`gender_male` of a column `gender`) shows 0 or 1, and `grouped` then shows the column's text, if the group's
  /// features all come from that column. An Encoder gives no one-hot feature the name of a column, so that each feature
  /// shows its own value. Features without a column keep their numbers. Throws ShapeError for another number of rows.
  Explanation with_display(const nn::data::Table& raw) const;
  /// Takes texts [N][n]. Throws ShapeError.
  Explanation with_display(std::vector<std::vector<std::string>> texts) const;

  // ---- other views of the same
  /// One row as an explanation of its own; negative counts from the end. Throws IndexError.
  Explanation operator[](std::int64_t row) const;
  /// Rows start .. stop - 1. Negative bounds count from the end, those beyond it are moved to it.
  Explanation slice(std::int64_t start, std::int64_t stop) const;
  /// One output slot, K = 1. Throws IndexError.
  Explanation output(std::int64_t slot) const;
  /// By name; not for ranked outputs. Throws IndexError, listing the names.
  Explanation output(StringRef output_name) const;
  /// Sums of the contributions of each group; features in no group follow behind. This is not the game in which a group
  /// is one player: there, features of a group would also share with others what they do only together. The standard
  /// error of a sum is not known from those of its terms: NaN with a note, unless the group has one feature. An
  /// explainer that is given the groups (DeepShapOptions::groups) computes it. Throws IndexError for a feature that is
  /// not there, ValueError for one in two groups or a group without features.
  Explanation grouped(const std::vector<nn::data::FeatureGroup>& groups) const;
  /// In other units, y -> scale * y + shift: back from a standardized target. `unit` names them for text and figures.
  /// Throws ValueError for a logit, which no line takes to what the model returns, and for a scale that is 0 or not
  /// finite.
  Explanation rescaled(double scale, double shift, StringRef unit = {}) const;
  /// Sizes of contributions; no longer additive.
  Explanation abs() const;
  /// Mean over the rows of |values|, [n, K]: how much each feature matters overall. Values that are NaN are left out.
  Tensor mean_abs() const;
  /// Features of one slot by mean |value|, largest first, ties in their order.
  std::vector<std::int64_t> order(std::int64_t slot = 0) const;

  // ---- files
  /// Everything, to be read back by explanation_from_json(); numbers exactly, NaN as null.
  std::string json() const;
  std::string csv() const;  ///< one line for each row, output and feature
  /// By the extension, .json (can be read back) or .csv. Throws ValueError for others, IoError where it cannot write;
  /// then what was there stays.
  void save(const std::filesystem::path& path) const;
  std::string str() const;  ///< what operator<< writes

 private:
  friend XG_API Explanation explanation_from_json(StringRef json);
  friend Explanation detail::grouped_with_errors(const Explanation& e,
                                                 const std::vector<nn::data::FeatureGroup>& groups,
                                                 const Tensor& errors);
  /// `errors` [N, groups, K] of the sums, or undefined where they are not known.
  Explanation sums_of(const std::vector<nn::data::FeatureGroup>& groups, const Tensor& errors) const;
  Explanation rows_between(std::int64_t start, std::int64_t stop) const;
  void check_row(const char* method, std::int64_t row) const;
  void check_feature(const char* method, std::int64_t feature) const;

  ExplanationParts parts_;
  bool ranked_ = false;
  std::vector<std::vector<std::string>> display_;       // [N][n], or empty
  Tensor display_values_;                               // [N, n]
  std::vector<std::string> source_names_;               // columns of the table given to with_display
  std::vector<std::vector<std::string>> source_cells_;  // [column][N]
  std::vector<std::vector<double>> source_numbers_;     // [column][N]; empty for text
};

/// Base value, contributions in order of size, prediction, additivity residual, method and output space, for each row
/// and output, and what about() says; the middle of many rows is left out.
XG_API std::ostream& operator<<(std::ostream& out, const Explanation& explanation);

/// Reads what json() wrote. Throws IoError for anything else: every size, rank and count must be covered by values and
/// names of the text, unknown members are skipped, and a known one that stands there twice is refused.
XG_API Explanation explanation_from_json(StringRef json);
/// Reads a .json file that save() wrote. Throws IoError.
XG_API Explanation load_explanation(const std::filesystem::path& path);

}  // namespace xg::explain
