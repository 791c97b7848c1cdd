#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/at.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/text.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

namespace xg::explain {

using detail::at;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A float64 copy of `t` outside every graph; if `t` is undefined, a tensor filled with `otherwise`.
Tensor own(const Tensor& t, const Shape& shape, const char* what, double otherwise) {
  if (!t.defined()) return full(shape, otherwise, {.dtype = float64});
  if (t.shape() != shape)
    raise<ShapeError>("[Explanation] {} has shape {}, it must be {} to fit the values.", what, t.shape().str(),
                      shape.str());
  return t.detach().to(float64).clone();
}

void check_count(const char* what, std::size_t found, std::int64_t needed, const char* of) {
  if (found == at(needed)) return;
  raise<ValueError>("[Explanation] there are {} {} for {} {}: give one for each, or none.", found, what, needed, of);
}

/// "output" for the only one, "output 0", "output 1", ... for several.
std::string default_output_name(std::int64_t i, std::int64_t count) {
  return count == 1 ? "output" : fmt::format("output {}", i);
}

/// Names and ranks may imply counts that exceed the values, especially in an explanation without rows. Up to this limit
/// they are accepted; a larger count must be matched by values.
constexpr std::int64_t max_count_without_values = std::int64_t{1} << 24;

}  // namespace

std::string_view name(Output output) {
  // In the order of the enumerators.
  constexpr std::array<std::string_view, 4> names{"automatic", "model", "logit", "probability"};
  return names[std::min(static_cast<std::size_t>(output), names.size() - 1)];
}

std::string_view name(OutputActivation activation) {
  // In the order of the enumerators.
  constexpr std::array<std::string_view, 3> names{"unknown", "sigmoid", "softmax"};
  const auto i = static_cast<std::size_t>(activation);
  return names[i < names.size() ? i : 0];
}

Explanation::Explanation(ExplanationParts parts) : parts_(std::move(parts)) {
  const NoGrad guard;
  ExplanationParts& p = parts_;
  if (!p.values.defined() || p.values.dim() != 3)
    raise<ShapeError>("[Explanation] values are {}, they must be [rows, features, outputs].",
                      p.values.defined() ? p.values.shape().str() : "undefined");
  const std::int64_t rows = p.values.size(0), n = p.values.size(1), k = p.values.size(2);
  if (n == 0 || k == 0)
    raise<ShapeError>(
        "[Explanation] values are {}: there must be at least one feature and one output; only rows may be missing.",
        p.values.shape().str());
  const std::int64_t countable = std::max(p.values.numel(), max_count_without_values);
  if (n > countable / k)
    raise<ShapeError>("[Explanation] values are {}: without rows there may be {} features times outputs.",
                      p.values.shape().str(), max_count_without_values);
  if (p.n_background < 0) raise<ValueError>("[Explanation] n_background is {}, it must be 0 or more.", p.n_background);
  p.values = own(p.values, {rows, n, k}, "values", nan);
  p.base_values = own(p.base_values, {rows, k}, "base_values", nan);
  p.outputs = own(p.outputs, {rows, k}, "outputs", nan);
  p.data = own(p.data, {rows, n}, "data", nan);
  p.standard_errors = own(p.standard_errors, {rows, n, k}, "standard_errors", nan);
  if (p.output_space == Output::automatic)
    throw ValueError(
        "[Explanation] output_space is automatic, it must say what the values are: model, logit or probability.");

  if (p.feature_names.empty())
    for (std::int64_t i = 0; i < n; ++i) p.feature_names.push_back(fmt::format("x{}", i));
  check_count("feature_names", p.feature_names.size(), n, "features");
  if (!p.output_ranks.defined()) {
    p.output_ranks = arange(k, {.dtype = Dtype::int64}).unsqueeze(0).expand({rows, k}).clone();
  } else if (p.output_ranks.shape() != Shape{rows, k} || is_floating(p.output_ranks.dtype())) {
    raise<ShapeError>("[Explanation] output_ranks are {} {}, they must be integers [{}, {}].",
                      name(p.output_ranks.dtype()), p.output_ranks.shape().str(), rows, k);
  }
  p.output_ranks = p.output_ranks.detach().to(Dtype::int64).clone();
  const auto* ranks = p.output_ranks.data<std::int64_t>();
  const auto named = static_cast<std::int64_t>(p.output_names.size());
  if (named > 0 && named < k) check_count("output_names", p.output_names.size(), k, "outputs");
  std::int64_t model_outputs = k;
  for (std::int64_t i = 0; i < rows * k; ++i) {
    if (ranks[i] < 0) raise<IndexError>("[Explanation] output_ranks contain {}, they count from 0.", ranks[i]);
    if (ranks[i] >= (named > 0 ? named : countable))
      raise<ValueError>(
          "[Explanation] output_ranks contain {}, there are {} output_names: give one for each output of the model.",
          ranks[i], named);
    model_outputs = std::max(model_outputs, ranks[i] + 1);
    if (ranks[i] != ranks[i % k]) ranked_ = true;
  }
  for (std::int64_t i = 0; i < named && !has_output_names_; ++i)
    has_output_names_ = p.output_names[at(i)] != default_output_name(i, named);
  for (std::int64_t i = 0; i < model_outputs && named == 0; ++i)
    p.output_names.push_back(default_output_name(i, model_outputs));
  if (p.output_space != Output::logit)
    p.output_activation = OutputActivation::unknown;
  else if (p.output_activation == OutputActivation::unknown && p.output_names.size() == 1)
    p.output_activation = OutputActivation::sigmoid;
  if (p.group_members.empty()) p.group_members.resize(at(n));
  check_count("group_members", p.group_members.size(), n, "features");
  display_values_ = p.data;
}

std::int64_t Explanation::size() const { return parts_.values.size(0); }

std::int64_t Explanation::features() const { return parts_.values.size(1); }

std::int64_t Explanation::outputs_explained() const { return parts_.values.size(2); }

Tensor Explanation::residual() const {
  if (!parts_.additive) return full(parts_.outputs.shape(), nan, {.dtype = float64});
  const NoGrad guard;
  return parts_.outputs - parts_.base_values - parts_.values.sum(1);
}

std::string Explanation::output_name(std::int64_t row, std::int64_t slot) const {
  check_row("Explanation.output_name", row);
  if (slot < 0 || slot >= outputs_explained())
    raise<IndexError>("[Explanation.output_name] slot is {}, there are {} outputs.", slot, outputs_explained());
  return parts_.output_names[at(parts_.output_ranks.data<std::int64_t>()[row * outputs_explained() + slot])];
}

std::int64_t Explanation::feature_index(StringRef name) const {
  const std::string_view wanted = name;
  const auto& names = parts_.feature_names;
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end())
    raise<IndexError>("[Explanation.feature_index] there is no feature '{}'. The features are: {}.", wanted,
                      detail::listing(names));
  return found - names.begin();
}

void Explanation::check_feature(const char* method, std::int64_t feature) const {
  if (feature < 0 || feature >= features())
    raise<IndexError>("[{}] feature is {}, the explanation has {}.", method, feature, features());
}

void Explanation::check_row(const char* method, std::int64_t row) const {
  if (row < 0 || row >= size())
    raise<IndexError>("[{}] row is {}, the explanation has {} rows: count from 0.", method, row, size());
}

// ---- display

const std::vector<std::string>& Explanation::group_members(std::int64_t feature) const {
  check_feature("Explanation.group_members", feature);
  return parts_.group_members[at(feature)];
}

Tensor Explanation::probabilities() const {
  constexpr const char* method = "Explanation.probabilities";
  if (parts_.output_space != Output::logit)
    raise<ValueError>("[{}] the values explain {}, which is no logit: explain with Output::logit.", method,
                      parts_.output_space == Output::probability ? "a probability" : "what the model returns");
  const NoGrad guard;
  switch (parts_.output_activation) {
    case OutputActivation::sigmoid:
      return sigmoid(parts_.outputs);
    case OutputActivation::softmax:
      if (at(outputs_explained()) != parts_.output_names.size())
        raise<ValueError>(
            "[{}] the softmax takes {} logits and {} of them are explained: explain all outputs, and choose one "
            "afterwards.",
            method, parts_.output_names.size(), outputs_explained());
      return softmax(parts_.outputs, 1);
    case OutputActivation::unknown:
      break;
  }
  raise<ValueError>(
      "[{}] it is not known whether the logits go to a sigmoid or a softmax: set ExplanationParts::output_activation, "
      "or explain again.",
      method);
}

std::string Explanation::display(std::int64_t row, std::int64_t feature) const {
  check_row("Explanation.display", row);
  check_feature("Explanation.display", feature);
  if (has_display()) return display_[at(row)][at(feature)];
  return detail::number(parts_.data.data<double>()[row * features() + feature]);
}

std::vector<std::vector<std::string>> Explanation::display() const {
  if (has_display()) return display_;
  std::vector<std::vector<std::string>> texts(at(size()));
  for (std::int64_t row = 0; row < size(); ++row)
    for (std::int64_t i = 0; i < features(); ++i) texts[at(row)].push_back(display(row, i));
  return texts;
}

Explanation Explanation::with_display(std::vector<std::vector<std::string>> texts) const {
  if (texts.size() != at(size()))
    raise<ShapeError>("[Explanation.with_display] there are texts for {} rows, the explanation has {}.", texts.size(),
                      size());
  for (const auto& row : texts)
    if (row.size() != at(features()))
      raise<ShapeError>("[Explanation.with_display] a row has {} texts, there are {} features.", row.size(),
                        features());
  Explanation e = *this;
  e.display_ = std::move(texts);
  return e;
}

Explanation Explanation::with_display(const nn::data::Table& raw) const {
  if (raw.rows() != size())
    raise<ShapeError>(
        "[Explanation.with_display] the table has {} rows, the explanation {}: give the rows that were explained, in "
        "their order.",
        raw.rows(), size());
  Explanation e = *this;
  e.display_ = display();
  e.source_names_ = raw.names();
  e.source_cells_.clear();
  e.source_numbers_.clear();
  for (const nn::data::Column& column : raw.columns()) {
    std::vector<std::string> cells;
    for (std::int64_t row = 0; row < size(); ++row)
      cells.push_back(column.is_missing(row) ? "missing" : column.cell(row));
    e.source_cells_.push_back(std::move(cells));
    e.source_numbers_.push_back(column.is_number() ? column.numbers() : std::vector<double>());
  }
  Tensor shown = parts_.data.clone();
  auto* numbers = shown.mutable_data<double>();
  for (std::int64_t i = 0; i < features(); ++i) {
    const auto found = std::find(e.source_names_.begin(), e.source_names_.end(), parts_.feature_names[at(i)]);
    if (found == e.source_names_.end()) continue;  // a one-hot feature displays 0 or 1
    const auto column = static_cast<std::size_t>(found - e.source_names_.begin());
    for (std::int64_t row = 0; row < size(); ++row) {
      e.display_[at(row)][at(i)] = e.source_cells_[column][at(row)];
      numbers[row * features() + i] = e.source_numbers_[column].empty() ? nan : e.source_numbers_[column][at(row)];
    }
  }
  e.display_values_ = shown;
  return e;
}

// ---- views

Explanation Explanation::rows_between(std::int64_t start, std::int64_t stop) const {
  const NoGrad guard;
  const auto cut = [&](const Tensor& t) { return t.slice(0, start, stop).clone(); };
  Explanation e = *this;
  ExplanationParts& p = e.parts_;
  for (Tensor* t : {&p.values, &p.base_values, &p.outputs, &p.data, &p.standard_errors, &p.output_ranks}) *t = cut(*t);
  e.display_values_ = cut(display_values_);
  const auto cut_list = [&](auto& list) {
    using List = std::decay_t<decltype(list)>;
    if (!list.empty()) list = List(list.begin() + start, list.begin() + stop);
  };
  cut_list(e.display_);
  for (auto& cells : e.source_cells_) cut_list(cells);
  for (auto& numbers : e.source_numbers_) cut_list(numbers);
  if (stop - start == 1) e.ranked_ = false;
  return e;
}

Explanation Explanation::operator[](std::int64_t row) const {
  const std::int64_t at = row < 0 ? row + size() : row;
  if (at < 0 || at >= size()) raise<IndexError>("[Explanation] row is {}, the explanation has {} rows.", row, size());
  return rows_between(at, at + 1);
}

Explanation Explanation::slice(std::int64_t start, std::int64_t stop) const {
  const auto clip = [&](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + size() : i, 0, size()); };
  return rows_between(clip(start), std::max(clip(start), clip(stop)));
}

Explanation Explanation::output(std::int64_t slot) const {
  const std::int64_t k = outputs_explained(), at = slot < 0 ? slot + k : slot;
  if (at < 0 || at >= k)
    raise<IndexError>("[Explanation.output] slot is {}, the explanation has {} outputs: {}.", slot, k,
                      detail::listing(parts_.output_names));
  const NoGrad guard;
  Explanation e = *this;
  ExplanationParts& p = e.parts_;
  for (Tensor* t : {&p.values, &p.base_values, &p.outputs, &p.standard_errors, &p.output_ranks})
    *t = t->slice(-1, at, at + 1).clone();
  e.ranked_ = false;
  for (std::int64_t row = 1; row < size(); ++row)
    if (p.output_ranks.data<std::int64_t>()[row] != p.output_ranks.data<std::int64_t>()[0]) e.ranked_ = true;
  return e;
}

Explanation Explanation::output(StringRef name) const {
  const std::string_view wanted = name;
  if (ranked_)
    throw ValueError("[Explanation.output] slots mean different outputs in different rows: take a slot by its number.");
  for (std::int64_t slot = 0; size() > 0 && slot < outputs_explained(); ++slot)
    if (output_name(0, slot) == wanted) return output(slot);
  raise<IndexError>("[Explanation.output] there is no output '{}'. The outputs are: {}.", wanted,
                    detail::listing(parts_.output_names));
}

Explanation Explanation::grouped(const std::vector<nn::data::FeatureGroup>& groups) const {
  return sums_of(groups, {});
}

Explanation detail::grouped_with_errors(const Explanation& e, const std::vector<nn::data::FeatureGroup>& groups,
                                        const Tensor& errors) {
  return e.sums_of(groups, errors);
}

Explanation Explanation::sums_of(const std::vector<nn::data::FeatureGroup>& groups, const Tensor& known_errors) const {
  const std::int64_t rows = size(), n = features(), k = outputs_explained();
  detail::check_groups("Explanation.grouped", groups, parts_.feature_names);
  std::vector<nn::data::FeatureGroup> all = groups;
  std::vector<bool> used(at(n));
  for (const auto& group : groups)
    for (const std::int64_t i : group.features) used[at(i)] = true;
  for (std::int64_t i = 0; i < n; ++i)
    if (!used[at(i)]) all.push_back({parts_.feature_names[at(i)], {i}});

  const auto m = static_cast<std::int64_t>(all.size()), given = static_cast<std::int64_t>(groups.size());
  ExplanationParts p = parts_;
  p.values = zeros({rows, m, k}, {.dtype = float64});
  p.standard_errors = full({rows, m, k}, nan, {.dtype = float64});
  p.data = full({rows, m}, nan, {.dtype = float64});
  p.feature_names.clear();
  p.group_members.clear();
  Tensor shown = full({rows, m}, nan, {.dtype = float64});
  std::vector<std::vector<std::string>> texts(at(rows), std::vector<std::string>(at(m)));
  auto *sums = p.values.mutable_data<double>(), *errors = p.standard_errors.mutable_data<double>();
  auto *data = p.data.mutable_data<double>(), *numbers = shown.mutable_data<double>();
  const auto *values = parts_.values.data<double>(), *old_errors = parts_.standard_errors.data<double>();
  bool lost_errors = false;
  for (std::int64_t g = 0; g < m; ++g) {
    const auto& group = all[at(g)];
    const bool single = group.features.size() == 1;
    p.feature_names.push_back(group.name);
    std::vector<std::string> members;
    for (const std::int64_t i : group.features) {
      const auto& below = parts_.group_members[at(i)];
      if (below.empty())
        members.push_back(parts_.feature_names[at(i)]);
      else
        members.insert(members.end(), below.begin(), below.end());
    }
    const auto source = std::find(source_names_.begin(), source_names_.end(), group.name);
    const auto column = static_cast<std::size_t>(source - source_names_.begin());
    p.group_members.push_back(members.size() > 1 ? std::move(members) : std::vector<std::string>());
    for (std::int64_t row = 0; row < rows; ++row) {
      for (const std::int64_t i : group.features)
        for (std::int64_t j = 0; j < k; ++j) {
          const std::int64_t at = (row * n + i) * k + j, sum = (row * m + g) * k + j;
          sums[sum] += values[at];
          if (single)
            errors[sum] = old_errors[at];
          else if (!known_errors.defined())
            lost_errors = lost_errors || std::isfinite(old_errors[at]);
        }
      for (std::int64_t j = 0; j < k && !single && known_errors.defined(); ++j)
        if (!std::isnan(sums[(row * m + g) * k + j]))
          errors[(row * m + g) * k + j] = known_errors.data<double>()[(row * given + g) * k + j];
      std::string& text = texts[at(row)][at(g)];
      if (single) {
        const std::int64_t i = group.features[0];
        data[row * m + g] = parts_.data.data<double>()[row * n + i];
        numbers[row * m + g] = display_values_.data<double>()[row * n + i];
        text = display(row, i);
      } else {
        std::vector<std::string> set;
        for (const std::int64_t i : group.features)
          if (parts_.data.data<double>()[row * n + i] != 0) set.push_back(parts_.feature_names[at(i)]);
        text = set.size() == 1 ? set[0] : fmt::format("{} features", group.features.size());
      }
      if (source != source_names_.end()) {
        text = source_cells_[column][at(row)];
        if (!source_numbers_[column].empty()) numbers[row * m + g] = source_numbers_[column][at(row)];
      }
    }
  }
  if (lost_errors)
    p.notes.push_back(
        "standard errors of sums of several features are NaN: they do not follow from those of the features. Give the "
        "explainer the groups with .groups to have them computed");
  Explanation e(std::move(p));
  e.display_ = std::move(texts);
  e.display_values_ = shown;
  e.source_names_ = source_names_;
  e.source_cells_ = source_cells_;
  e.source_numbers_ = source_numbers_;
  return e;
}

Explanation Explanation::rescaled(double scale, double shift, StringRef unit) const {
  if (parts_.output_space == Output::logit)
    throw ValueError(
        "[Explanation.rescaled] the values explain a logit, which no line takes to the model's result: rescale "
        "explanations of what the model returns, Output::model.");
  if (scale == 0 || !std::isfinite(scale) || !std::isfinite(shift))
    raise<ValueError>("[Explanation.rescaled] scale is {}, shift {}: scale must not be 0, both must be finite.", scale,
                      shift);
  const NoGrad guard;
  Explanation e = *this;
  ExplanationParts& p = e.parts_;
  p.output_space = Output::model;
  p.unit = unit.str();
  p.values = p.values * scale;
  p.base_values = p.base_values * scale + shift;
  p.outputs = p.outputs * scale + shift;
  p.standard_errors = p.standard_errors * std::abs(scale);
  for (FallbackOp& op : p.fallback_ops) op.residual *= std::abs(scale);
  return e;
}

Explanation Explanation::abs() const {
  const NoGrad guard;
  Explanation e = *this;
  e.parts_.values = parts_.values.abs();
  e.parts_.additive = false;
  return e;
}

Tensor Explanation::mean_abs() const {
  const std::int64_t rows = size(), n = features(), k = outputs_explained();
  Tensor mean = full({n, k}, nan, {.dtype = float64});
  auto* out = mean.mutable_data<double>();
  const auto* values = parts_.values.data<double>();
  for (std::int64_t i = 0; i < n * k; ++i) {
    double sum = 0;
    std::int64_t count = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const double v = values[row * n * k + i];
      if (std::isnan(v)) continue;
      sum += std::abs(v);
      ++count;
    }
    if (count > 0) out[i] = sum / static_cast<double>(count);
  }
  return mean;
}

std::vector<std::int64_t> Explanation::order(std::int64_t slot) const {
  const std::int64_t k = outputs_explained();
  if (slot < 0 || slot >= k) raise<IndexError>("[Explanation.order] slot is {}, there are {} outputs.", slot, k);
  const Tensor importance = mean_abs();
  const auto* sizes = importance.data<double>();
  const auto key = [&](std::int64_t i) { return std::isnan(sizes[i * k + slot]) ? -1 : sizes[i * k + slot]; };
  std::vector<std::int64_t> order(at(features()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return key(a) > key(b); });
  return order;
}

// ---- text

}  // namespace xg::explain
