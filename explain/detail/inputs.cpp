#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/options.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace xg::explain::detail {

Tensor checked_matrix(const char* method, const char* what, const Tensor& t) {
  if (!t.defined()) raise<ShapeError>("[{}] {} is undefined, it must be [rows, features].", method, what);
  if (t.dim() != 2)
    raise<ShapeError>(
        "[{}] {} has shape {}, it must be [rows, features]: {}.", method, what, t.shape().str(),
        t.dim() == 1 ? "one row is x.unsqueeze(0)" : "explain a function that reshapes rows [N, n] for the model");
  if (!t.is_floating_point())
    raise<DtypeError>("[{}] {} is {}, it must be float32 or float64: convert with x.to(xg::float32).", method, what,
                      name(t.dtype()));
  if (t.size(0) == 0)
    raise<ShapeError>("[{}] {} is {}: it has no rows, at least one is needed.", method, what, t.shape().str());
  if (t.size(1) == 0)
    raise<ShapeError>("[{}] {} is {}: it has no features, at least one is needed.", method, what, t.shape().str());
  const NoGrad guard;
  return t.detach().contiguous();
}

Tensor checked_background(const char* method, const char* what, const Tensor& t) {
  const Tensor checked = checked_matrix(method, what, t);
  const std::vector<double> values = checked.to_vector();
  const auto bad = std::find_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
  if (bad != values.end()) {
    const auto position = bad - values.begin();
    raise<ValueError>(
        "[{}] {} has {} in row {}, feature {}: references must be numbers, leave such rows out or fill them in.",
        method, what, *bad, position / checked.size(1), position % checked.size(1));
  }
  return checked;
}

void check_match(const char* method, const Tensor& rows, const char* what, const Tensor& background) {
  if (rows.size(1) != background.size(1))
    raise<ShapeError>("[{}] rows are {}, {} is {}: both must have the same number of features.", method,
                      rows.shape().str(), what, background.shape().str());
  if (rows.dtype() != background.dtype())
    raise<DtypeError>("[{}] rows are {}, {} is {}: convert one with x.to(...).", method, name(rows.dtype()), what,
                      name(background.dtype()));
}

void check_feature_names(const char* method, const std::vector<std::string>& names, std::int64_t features) {
  if (names.empty() || static_cast<std::int64_t>(names.size()) == features) return;
  raise<ValueError>("[{}] there are {} feature_names for {} features: give one for each, or none.", method,
                    names.size(), features);
}

void check_output_names(const char* method, const std::vector<std::string>& names, std::int64_t outputs) {
  if (names.empty() || static_cast<std::int64_t>(names.size()) == outputs) return;
  raise<ValueError>("[{}] there are {} output_names, the model has {} outputs: give one for each, or none.", method,
                    names.size(), outputs);
}

std::vector<std::string> feature_names_or_default(const std::vector<std::string>& names, const Tensor& rows) {
  std::vector<std::string> all = names;
  for (std::int64_t i = 0; names.empty() && i < rows.size(1); ++i) all.push_back(fmt::format("x{}", i));
  return all;
}

void check_groups(const char* method, const std::vector<nn::data::FeatureGroup>& groups,
                  const std::vector<std::string>& names) {
  const auto n = static_cast<std::int64_t>(names.size());
  std::vector<bool> used(names.size());
  for (const auto& group : groups) {
    if (group.features.empty()) raise<ValueError>("[{}] group '{}' has no features.", method, group.name);
    for (const std::int64_t i : group.features) {
      if (i < 0 || i >= n)
        raise<IndexError>(
            "[{}] group '{}' has feature {}, the explanation has {} features: were the groups made for other data?",
            method, group.name, i, n);
      if (used[static_cast<std::size_t>(i)])
        raise<ValueError>("[{}] feature '{}' is in two groups: a contribution counts once.", method,
                          names[static_cast<std::size_t>(i)]);
      used[static_cast<std::size_t>(i)] = true;
    }
  }
}

void check_budget(const char* method, std::size_t max_bytes) {
  if (max_bytes == 0)
    raise<ValueError>(
        "[{}] max_bytes is 0, it must be 1 or more (the default is {}): at least one pair of a row and a reference is "
        "always taken.",
        method, default_block_bytes);
}

void check_target(const char* method, const std::optional<std::int64_t>& target, std::int64_t outputs) {
  if (outputs == 0) raise<ShapeError>("[{}] the model has no outputs: there is nothing to explain.", method);
  if (target && (*target < 0 || *target >= outputs))
    raise<IndexError>("[{}] target is {}, the model has {} outputs: count from 0.", method, *target, outputs);
}

Tensor checked_baseline(const char* method, const Tensor& baseline, const Tensor& rows) {
  if (!baseline.defined()) return zeros({1, rows.size(1)}, {.dtype = rows.dtype()});
  const Tensor checked = checked_background(method, "baseline", baseline.dim() == 1 ? baseline.unsqueeze(0) : baseline);
  check_match(method, rows, "baseline", checked);
  if (checked.size(0) != 1 && checked.size(0) != rows.size(0))
    raise<ShapeError>(
        "[{}] baseline is {}, rows are {}: give one row, or one for each. For the mean over many references there is "
        "DeepShap.",
        method, checked.shape().str(), rows.shape().str());
  return checked;
}

Explanation named(ExplanationParts parts, const std::vector<std::string>& feature_names,
                  const std::vector<std::string>& output_names, std::int64_t model_outputs,
                  const std::vector<nn::data::FeatureGroup>& groups, const Tensor& group_errors) {
  check_output_names(parts.method.c_str(), output_names, model_outputs);
  parts.feature_names = feature_names;
  parts.output_names = output_names;
  if (parts.output_names.empty() && model_outputs > 1)
    for (std::int64_t i = 0; i < model_outputs; ++i) parts.output_names.push_back(fmt::format("output {}", i));
  Explanation e(std::move(parts));
  return groups.empty() ? e : grouped_with_errors(e, groups, group_errors);
}

void blank_rows_without_numbers(ExplanationParts& parts) {
  const auto finite = [](double v) { return std::isfinite(v); };
  const std::int64_t rows = parts.values.size(0), n = parts.values.size(1), k = parts.values.size(2);
  const std::vector<double> data = parts.data.to_vector(), outputs = parts.outputs.to_vector();
  std::string bad[2];
  int count[2] = {};
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto features = data.begin() + row * n, predictions = outputs.begin() + row * k;
    const bool good_row = std::all_of(features, features + n, finite);
    if (good_row && std::all_of(predictions, predictions + k, finite)) continue;
    for (Tensor* t : {&parts.values, &parts.standard_errors})
      if (t->defined())
        std::fill_n(t->mutable_data<double>() + row * n * k, n * k, std::numeric_limits<double>::quiet_NaN());
    const int why = good_row ? 1 : 0;
    if (++count[why] <= 10) bad[why] += fmt::format("{}{}", bad[why].empty() ? "" : ", ", row);
  }
  for (const int why : {0, 1})
    if (count[why] > 0)
      parts.notes.push_back(fmt::format("row{} {}{}: {} is NaN or infinite, so contributions are NaN",
                                        count[why] == 1 ? "" : "s", bad[why],
                                        count[why] > 10 ? fmt::format(" and {} more", count[why] - 10) : "",
                                        why == 0 ? "a feature" : "a prediction"));
}

}  // namespace xg::explain::detail
