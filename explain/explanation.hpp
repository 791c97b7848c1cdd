// Explanation: the contributions of features to outputs for each row. A value type that does not draw.
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

/// The output that is explained, in whose unit contributions are.
enum class Output : std::uint8_t {
  automatic,    ///< the logit if the model ends in a sigmoid or softmax, else the model's result
  model,        ///< the model's result; the explanation calls it a probability if it is one
  logit,        ///< the input of the final sigmoid or softmax; ValueError if there is none
  probability,  ///< the model's result, which must be that of a sigmoid or softmax, else ValueError
};

/// "automatic", "model", "logit" or "probability".
XG_API std::string_view name(Output output);

/// The activation that maps the explained logit to the model's probability.
enum class OutputActivation : std::uint8_t {
  unknown,  ///< not a logit, or several logits whose activation is unknown
  sigmoid,  ///< applied to each logit, which is the log-odds of its output
  softmax,  ///< applied to all logits of a row, which are determined up to a common constant
};

/// "unknown", "sigmoid" or "softmax".
XG_API std::string_view name(OutputActivation activation);

/// An op without a rule, whose gradient was integrated: its contributions are exact up to the residual.
struct FallbackOp {
  std::string op;       ///< name of the op
  std::string scope;    ///< path of the module that called it
  double residual = 0;  ///< largest |sum of contributions - contribution of the result|, in the unit of the output
};

/// The parts of an Explanation, with defaults for those that are left out.
struct ExplanationParts {
  Tensor values = {};           ///< [N, n, K]: contributions of features to outputs
  Tensor base_values = {};      ///< [N, K]: expected output before any feature is known; default NaN
  Tensor outputs = {};          ///< [N, K]: explained outputs of the rows; default NaN
  Tensor data = {};             ///< [N, n]: the rows; default NaN
  Tensor standard_errors = {};  ///< [N, n, K]: standard errors of values over the background; default NaN
  Tensor output_ranks =
      {};  ///< [N, K] int64: which output of the model slot k of row r is; default: slot k is output k
  std::vector<std::string> feature_names = {};  ///< [n]; default x0, x1, ...
  std::vector<std::string> output_names = {};  ///< one for each output of the model; default "output", or output 0, ...
  String method = "unknown";                   ///< the explainer: "DeepShap"
  Output output_space = Output::model;         ///< model, logit or probability
  /// Activation of a logit. Default: the sigmoid for a model with one output (a softmax of one number is 1), else
  /// unknown.
  OutputActivation output_activation = OutputActivation::unknown;
  String unit = {};  ///< unit of values, base values and outputs, for example "dollars"; not for a logit or probability
  bool additive = true;                       ///< do values and base sum to the output by construction?
  std::int64_t n_background = 0;              ///< number of references; 0 for methods without references
  std::vector<FallbackOp> fallback_ops = {};  ///< ops without a rule of their own
  std::vector<std::string> notes = {};        ///< remarks for readers, for example on rows with NaN
  /// [n]: for a feature that is a sum, the names of the model's features in it, else empty. Default: all empty.
  std::vector<std::vector<std::string>> group_members = {};
};

class Explanation;
namespace detail {
/// e.grouped(groups) with standard errors `errors` [N, groups, K] of the sums.
Explanation grouped_with_errors(const Explanation& e, const std::vector<nn::data::FeatureGroup>& groups,
                                const Tensor& errors);
}  // namespace detail

/// Contributions of n features to K outputs for N rows, with base values, outputs, data and names.
///
///     Explanation e = explainer(rows);
///     std::cout << e[0];                                  // one row as a table
///     e.grouped(train.feature_groups).save("e.json");     // by source column, for later
///
/// Numbers are float64 whatever the model's dtype. base_values + sum over features of values = outputs, up to
/// residual().
class XG_API Explanation {
 public:
  /// Throws ShapeError unless values are [N, n, K] with n and K of 1 or more and the other tensors fit them, ValueError
  /// for names, ranks and other parts that do not fit, IndexError for a negative rank.
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
  const Tensor& prediction() const { return parts_.outputs; }       ///< outputs()
  const Tensor& data() const { return parts_.data; }                ///< [N, n]: the rows that were explained
  /// [N, n, K]: standard deviation over the references / sqrt(B). NaN for a single reference and for methods without
  /// references.
  const Tensor& standard_errors() const { return parts_.standard_errors; }
  /// outputs - base_values - sum of values, [N, K]. NaN for methods that are not additive.
  Tensor residual() const;
  /// [N, K] int64: index of the model's output in slot k of each row. Differs from 0..K-1 only if outputs were ranked.
  const Tensor& output_ranks() const { return parts_.output_ranks; }
  /// Do slots hold different outputs in different rows?
  bool ranked() const { return ranked_; }

  // ---- names and descriptions
  const std::vector<std::string>& feature_names() const {
    return parts_.feature_names;
  }  ///< names of the features, [n]
  /// The names of the model's outputs: slot k of row r is output_names()[output_ranks()[r, k]].
  const std::vector<std::string>& output_names() const { return parts_.output_names; }
  /// Whether outputs have names of their own: false if output_names() are the default ones.
  bool has_output_names() const { return has_output_names_; }
  /// The name of the output in a slot of a row. Throws IndexError for a row or slot that does not exist.
  std::string output_name(std::int64_t row, std::int64_t slot) const;
  const std::string& method() const { return parts_.method; }  ///< the explainer: "DeepShap"
  Output output_space() const { return parts_.output_space; }  ///< model, logit or probability
  /// The activation of an explained logit; unknown for other outputs.
  OutputActivation output_activation() const { return parts_.output_activation; }
  /// The unit of values, base values and outputs; empty if unknown.
  const std::string& unit() const { return parts_.unit; }
  bool additive() const { return parts_.additive; }  ///< do values and base sum to the output by construction?
  std::int64_t n_background() const { return parts_.n_background; }  ///< number of references
  /// Ops without a rule of their own, with the residuals of their contributions.
  const std::vector<FallbackOp>& fallback_ops() const { return parts_.fallback_ops; }
  const std::vector<std::string>& notes() const { return parts_.notes; }  ///< remarks for readers
  /// For a feature that is a sum, the names of the model's features in it, else empty. Throws IndexError.
  const std::vector<std::string>& group_members(std::int64_t feature) const;
  /// outputs() as probabilities, [N, K]: sigmoid(logit), or the softmax of all logits of the row. Throws ValueError if
  /// outputs are not logits, their activation is unknown, or not all logits of a softmax are explained.
  Tensor probabilities() const;
  /// Sentences on what is explained and how: method and output, base value, meaning of standard errors, features that
  /// are sums, additivity, ops without a rule of their own, notes.
  std::vector<std::string> about() const;
  /// The index of a feature. Throws IndexError for an unknown name, listing the known ones.
  std::int64_t feature_index(StringRef name) const;

  // ---- display values of the data
  /// Does it have display values, from with_display() or a file?
  bool has_display() const { return !display_.empty(); }
  /// The text of one value: that of the source if known, else the model's input as text. Throws IndexError.
  std::string display(std::int64_t row, std::int64_t feature) const;
  /// The texts of all values, [N][n].
  std::vector<std::vector<std::string>> display() const;
  /// [N, n]: values in the units of the source for features that are columns of numbers there, else data(). NaN for the
  /// sum of several features.
  const Tensor& display_values() const { return display_values_; }
  /// A copy that displays the values of the source table. A feature with the name of a column displays its cell; a
  /// one-hot feature (`gender_male` of a column `gender`) displays 0 or 1, and grouped() then displays the column's
  /// text if all features of the group come from that column. Features without a column keep their numbers. An Encoder
  /// never names a one-hot feature like a column. Throws ShapeError for another number of rows.
  Explanation with_display(const nn::data::Table& raw) const;
  /// A copy that displays texts [N][n]. Throws ShapeError for another number of texts.
  Explanation with_display(std::vector<std::vector<std::string>> texts) const;

  // ---- parts and transformations
  /// The explanation of one row; a negative index counts from the end. Throws IndexError.
  Explanation operator[](std::int64_t row) const;
  /// Rows [start, stop). Negative bounds count from the end, and bounds out of range are clamped.
  Explanation slice(std::int64_t start, std::int64_t stop) const;
  /// The explanation of one output slot, K = 1. Throws IndexError.
  Explanation output(std::int64_t slot) const;
  /// The explanation of the output with this name; not for ranked outputs. Throws IndexError, listing the names.
  Explanation output(StringRef output_name) const;
  /// The sum of the contributions of each group, followed by the features without a group. This differs from the
  /// Shapley values of a game with groups as players, which share interactions differently. The standard error of a sum
  /// does not follow from those of its terms: it is NaN, with a note, unless the group has one feature. An explainer
  /// that is given the groups (DeepShapOptions::groups) computes it. Throws IndexError for a feature that does not
  /// exist, ValueError for one in two groups or a group without features.
  Explanation grouped(const std::vector<nn::data::FeatureGroup>& groups) const;
  /// The explanation of scale * y + shift, for example to undo the standardization of a target. `unit` is shown in text
  /// and figures. Throws ValueError for a logit, whose relation to the model's result is not linear, and for a scale
  /// that is 0 or not finite.
  Explanation rescaled(double scale, double shift, StringRef unit = {}) const;
  /// |values|; the result is not additive.
  Explanation abs() const;
  /// Mean over the rows of |values|, [n, K]: the overall importance of each feature. NaN values are ignored.
  Tensor mean_abs() const;
  /// Indices of the features by decreasing mean |value| in one slot; ties keep their order. Throws IndexError.
  std::vector<std::int64_t> order(std::int64_t slot = 0) const;

  // ---- files
  /// JSON that explanation_from_json() reads back exactly; NaN is null.
  std::string json() const;
  std::string csv() const;  ///< one line for each row, output and feature
  /// Writes a .json file, which load_explanation() reads, or a .csv file. Throws ValueError for another extension, and
  /// IoError, in which case an existing file is unchanged.
  void save(const std::filesystem::path& path) const;
  std::string str() const;  ///< the text that operator<< writes

 private:
  friend XG_API Explanation explanation_from_json(StringRef json);
  friend Explanation detail::grouped_with_errors(const Explanation& e,
                                                 const std::vector<nn::data::FeatureGroup>& groups,
                                                 const Tensor& errors);
  /// `errors` [N, groups, K] are the standard errors of the sums; undefined if unknown.
  Explanation sums_of(const std::vector<nn::data::FeatureGroup>& groups, const Tensor& errors) const;
  Explanation rows_between(std::int64_t start, std::int64_t stop) const;
  void check_row(const char* method, std::int64_t row) const;
  void check_feature(const char* method, std::int64_t feature) const;

  ExplanationParts parts_;
  bool ranked_ = false;
  bool has_output_names_ = false;
  std::vector<std::vector<std::string>> display_;       // [N][n], or empty
  Tensor display_values_;                               // [N, n]
  std::vector<std::string> source_names_;               // columns of the table given to with_display
  std::vector<std::vector<std::string>> source_cells_;  // [column][N]
  std::vector<std::vector<double>> source_numbers_;     // [column][N]; empty for text
};

/// Writes base value, contributions by decreasing size, prediction and residual for each row and output, then about().
/// Rows in the middle are omitted if there are many.
XG_API std::ostream& operator<<(std::ostream& out, const Explanation& explanation);

/// Reads the JSON of Explanation::json(). Unknown members are skipped. Throws IoError for text that is not such JSON,
/// for sizes, ranks and counts that do not match the values and names in it, and for duplicate members.
XG_API Explanation explanation_from_json(StringRef json);
/// Reads a .json file that save() wrote. Throws IoError.
XG_API Explanation load_explanation(const std::filesystem::path& path);

}  // namespace xg::explain
