// What explainers check before they start. Internal to explain/.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::explain::detail {

/// `t` as a contiguous tensor of its own outside every graph. Throws ShapeError unless [rows, features] with one row or
/// more, DtypeError unless floating.
Tensor checked_matrix(const char* method, const char* what, const Tensor& t);
/// The same, and ValueError where a number is NaN or infinite.
Tensor checked_background(const char* method, const char* what, const Tensor& t);
/// Throws ShapeError or DtypeError where rows have another width or dtype than the background.
void check_match(const char* method, const Tensor& rows, const char* what, const Tensor& background);
/// Throws ValueError unless there are none or `features`.
void check_feature_names(const char* method, const std::vector<std::string>& names, std::int64_t features);
/// Throws ValueError unless there are none or one for each output of the model.
void check_output_names(const char* method, const std::vector<std::string>& names, std::int64_t outputs);
/// The names, or x0, x1, ... for the columns of `rows` where there are none.
std::vector<std::string> feature_names_or_default(const std::vector<std::string>& names, const Tensor& rows);
/// Throws ValueError for a group without features or a feature in two groups, IndexError for one that is not there.
/// `names` are those of all features.
void check_groups(const char* method, const std::vector<nn::data::FeatureGroup>& groups,
                  const std::vector<std::string>& names);
/// Throws ValueError for a budget of no bytes.
void check_budget(const char* method, std::size_t max_bytes);
/// Throws IndexError unless 0 <= target < outputs.
void check_target(const char* method, const std::optional<std::int64_t>& target, std::int64_t outputs);

/// A baseline [n], [1, n] or [N, n] for `rows` [N, n] as [1, n] or [N, n]; zeros where undefined. Throws ShapeError,
/// DtypeError, ValueError.
Tensor checked_baseline(const char* method, const Tensor& baseline, const Tensor& rows);

/// Gives the parts their names, as far as they were given, and sums them up by the groups, if there are any, with the
/// standard errors [N, groups, K] of these sums.
Explanation named(ExplanationParts parts, const std::vector<std::string>& feature_names,
                  const std::vector<std::string>& output_names, std::int64_t model_outputs,
                  const std::vector<nn::data::FeatureGroup>& groups = {}, const Tensor& group_errors = {});

/// Rows with a NaN or infinite feature or prediction get NaN contributions, and a note that says which and why.
void blank_rows_without_numbers(ExplanationParts& parts);

}  // namespace xg::explain::detail
