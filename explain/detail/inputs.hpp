// Checks of the inputs of explainers.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// `t` as a contiguous tensor outside every graph. Throws ShapeError unless [rows, features] with one row or
/// more, DtypeError unless floating.
Tensor checked_matrix(const char* method, const char* what, const Tensor& t);
/// checked_matrix(t); also throws ValueError where a number is NaN or infinite.
Tensor checked_background(const char* method, const char* what, const Tensor& t);
/// Throws ShapeError or DtypeError if rows and background differ in the number of features or in dtype.
void check_match(const char* method, const Tensor& rows, const char* what, const Tensor& background);
/// Throws ValueError unless there are no names or one for each feature.
void check_feature_names(const char* method, const std::vector<std::string>& names, std::int64_t features);
/// Throws ValueError unless there are no names or one for each output of the model.
void check_output_names(const char* method, const std::vector<std::string>& names, std::int64_t outputs);
/// The names; if there are none, x0, x1, ... for the columns of `rows`.
std::vector<std::string> feature_names_or_default(const std::vector<std::string>& names, const Tensor& rows);
/// Throws ValueError for a group without features or a feature in two groups, IndexError for a feature that does not
/// exist. `names` are the names of all features.
void check_groups(const char* method, const std::vector<nn::data::FeatureGroup>& groups,
                  const std::vector<std::string>& names);
/// Throws ValueError if max_bytes is 0.
void check_budget(const char* method, std::size_t max_bytes);
/// Throws IndexError unless 0 <= target < outputs.
void check_target(const char* method, const std::optional<std::int64_t>& target, std::int64_t outputs);

/// A baseline [n], [1, n] or [N, n] for `rows` [N, n] as [1, n] or [N, n]; zeros if undefined. Throws ShapeError
/// or DtypeError if it does not fit, ValueError if it is not finite.
Tensor checked_baseline(const char* method, const Tensor& baseline, const Tensor& rows);

/// The explanation with these names (or defaults), grouped if there are groups, with standard errors [N, groups, K] of
/// their sums. Throws ValueError for another number of output names.
Explanation named(ExplanationParts parts, const std::vector<std::string>& feature_names,
                  const std::vector<std::string>& output_names, std::int64_t model_outputs,
                  const std::vector<nn::data::FeatureGroup>& groups = {}, const Tensor& group_errors = {});

/// Sets the contributions of rows with a NaN or infinite feature or prediction to NaN, and adds a note that lists them.
void blank_rows_without_numbers(ExplanationParts& parts);

}  // namespace xg::explain::detail
