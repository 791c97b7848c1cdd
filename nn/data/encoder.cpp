#include <xgrad/nn/data/encoder.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace xg::nn::data {
namespace {

// A source column and how its cells are encoded.
struct Source {
  std::string name;
  ColumnKind kind = ColumnKind::numeric;  // in the training rows
  double fill = 0;                        // numbers: replaces missing values before scaling
  Affine scaling = {};                    // numbers
  bool indicator = false;                 // numbers: is there a second feature, 1 where missing?
  std::vector<std::string> levels = {};   // text: each has a feature
  bool missing_level = false;             // text: is there another feature for missing values?

  bool text() const { return kind == ColumnKind::text; }
  std::int64_t width() const {
    if (!text()) return indicator ? 2 : 1;
    return static_cast<std::int64_t>(levels.size()) + (missing_level ? 1 : 0);
  }
};

[[noreturn]] void throw_infinite(const char* op, const std::string& column, std::int64_t row) {
  raise<ValueError>("[{}] \"{}\" is infinite in row {}: repair or drop such rows.", op, column, row);
}

[[noreturn]] void throw_too_large(const char* op, const Column& column, std::int64_t row, Dtype dtype) {
  raise<ValueError>("[{}] \"{}\" is {} in row {}, encoded too large for {}: scale it, or set .dtype = float64.", op,
                    column.name(), io::shortened(column.cell(row), 40), row, xg::name(dtype));
}

/// How the cells of a column spell numbers.
io::CsvNumbers numbers_of(const Column& column) {
  if (column.is_number()) return {};  // the format of cell()
  return {column.decimal(), column.thousands()};
}

/// The value of a cell of a column of booleans, which is a spelling of true or false, or the number 0 or 1.
std::optional<bool> boolean_of(const Column& column, std::string_view cell) {
  if (const auto value = io::parse_boolean(cell)) return value;
  const auto number = numbers_of(column).real(cell);
  if (number && (number->value == 0 || number->value == 1)) return number->value == 1;
  return std::nullopt;
}

/// The cell read as a number of the kind `trained`, NaN if missing. Throws DtypeError if it cannot be.
double number_as(ColumnKind trained, const Column& column, std::int64_t row) {
  if (column.is_missing(row)) return std::numeric_limits<double>::quiet_NaN();
  const bool boolean = trained == ColumnKind::boolean;
  if (column.is_number()) {
    const double value = column.number(row);
    if (boolean && value != 0 && value != 1)
      raise<DtypeError>(
          "[Encoder.transform] \"{}\" is {} in row {}, but the training rows held booleans: only 0 and 1 are some.",
          column.name(), column.cell(row), row);
    return value;
  }
  const std::string cell = column.cell(row);
  if (boolean) {
    if (const auto value = boolean_of(column, cell)) return *value ? 1 : 0;
  } else if (const auto value = numbers_of(column).real(cell)) {
    return value->value;
  }
  raise<DtypeError>(
      "[Encoder.transform] \"{}\" holds text, as \"{}\" in row {}, but the training rows held {}: repair that cell, or "
      "read the file with its decimal and thousands separators.",
      column.name(), io::shortened(cell, 40), row, boolean ? "booleans" : "numbers");
}

/// The cell as a level of the kind `trained`: text as it is spelled, numbers by their value.
std::string level_as(ColumnKind trained, const Column& column, std::int64_t row) {
  if (trained == ColumnKind::text) return column.spelling(row);
  const std::string cell = column.cell(row);
  if (trained == ColumnKind::boolean) {
    const auto value = boolean_of(column, cell);
    return value ? std::string(boolean_text(*value)) : cell;
  }
  if (column.kind() == ColumnKind::boolean) return cell;
  const io::CsvNumbers numbers = numbers_of(column);
  const auto integer = numbers.integer(cell);
  const auto number = numbers.real(cell);
  if (trained == ColumnKind::numeric) return number ? number_text(number->value) : cell;
  if (integer) return fmt::format("{}", *integer);
  // A whole number with a decimal point is an integer too.
  return number && number->value == std::trunc(number->value) ? fmt::format("{:.0f}", number->value) : cell;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

// x -> scale x + shift for one feature, from the scaler of that kind.
Affine learn_scaling(const std::vector<double>& values, Scaling scaling) {
  const Tensor column = xg::tensor(values).reshape({-1, 1});
  if (scaling == Scaling::standard) {
    StandardScaler scaler;
    scaler.fit(column);
    const double scale = 1 / scaler.scale().item();
    return {scale, -scaler.mean().item() * scale};
  }
  if (scaling == Scaling::min_max) {
    MinMaxScaler scaler;
    scaler.fit(column);
    return {scaler.scale().item(), scaler.shift().item()};
  }
  return {};
}

Source learn_number(const Column& column, const EncoderOptions& options) {
  Source source{.name = column.name(), .kind = column.kind()};
  std::vector<double> values = column.numbers(), present;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isinf(values[row])) throw_infinite("Encoder.fit", column.name(), static_cast<std::int64_t>(row));
    if (!std::isnan(values[row])) present.push_back(values[row]);
  }
  source.indicator = options.missing_indicator && present.size() < values.size();
  source.fill = median(present);
  if (column.kind() == ColumnKind::boolean) {
    source.fill = source.fill > 0.5 ? 1 : 0;
    return source;
  }
  std::replace_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }, source.fill);
  source.scaling = learn_scaling(values, options.scaling);
  return source;
}

Source learn_text(const Column& column, const EncoderOptions& options) {
  Source source{.name = column.name(), .kind = column.kind(), .levels = column.levels()};
  source.missing_level = column.missing_count() > 0;
  if (static_cast<std::int64_t>(source.levels.size()) > options.max_levels)
    raise<ValueError>(
        "[Encoder.fit] \"{}\" has {} levels, more than max_levels = {}: leave it out with .drop = {{\"{}\"}}, or raise "
        ".max_levels.",
        column.name(), source.levels.size(), options.max_levels, column.name());
  return source;
}

Source learn(const Column& column, const EncoderOptions& options) {
  if (column.missing_count() == column.size())
    raise<ValueError>("[Encoder.fit] \"{}\" has no value in any training row: leave it out with .drop = {{\"{}\"}}.",
                      column.name(), column.name());
  return column.is_number() ? learn_number(column, options) : learn_text(column, options);
}

// Makes names of features unique: "name", or "name_2", "name_3", ... if it is taken.
class Names {
 public:
  explicit Names(const std::vector<std::string>& taken) : taken_(taken.begin(), taken.end()) {}

  std::string unique(const std::string& name) {
    if (taken_.insert(name).second) return name;
    std::int64_t& number = next_.try_emplace(name, 2).first->second;
    std::string candidate;
    do candidate = fmt::format("{}_{}", name, number++);
    while (!taken_.insert(candidate).second);
    return candidate;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::int64_t> next_;  // the next suffix to try for a name
};

}  // namespace

struct Encoder::Plan {
  std::vector<Source> sources;
  std::vector<std::string> feature_names;
  std::vector<FeatureGroup> groups;
  Dtype dtype = float32;
  ColumnKind target_kind = ColumnKind::numeric;  // in the training rows
  bool has_classes = false;
  std::vector<std::string> classes;
  std::map<std::string, std::int64_t> class_indices = {};
  Affine target_scale = {};

  /// `columns` are the names of all columns of the table, whether or not they become features.
  void name_features(const std::vector<std::string>& columns);
  void learn_target(const Column& target, const EncoderOptions& options);
  Tensor encode_target(const Column& target) const;
  /// Writes the features of one source into X [rows, width], starting at column `first`.
  template <class T> void encode(const Source& source, const Column& column, std::int64_t first, std::int64_t width,
                                 T* X, std::map<std::pair<std::string, std::string>, std::int64_t>& unknown) const;
};

void Encoder::Plan::name_features(const std::vector<std::string>& columns) {
  // No derived feature may have the name of a column, because readers look up values by that name.
  Names names(columns);
  for (const Source& source : sources) {
    FeatureGroup group{source.name, {}};
    const auto add = [&](std::string name) {
      group.features.push_back(static_cast<std::int64_t>(feature_names.size()));
      feature_names.push_back(std::move(name));
    };
    const auto derive = [&](const std::string& suffix) { add(names.unique(source.name + "_" + suffix)); };
    if (source.text()) {
      for (const std::string& level : source.levels) derive(level);
      if (source.missing_level) derive("missing");
    } else {
      add(source.name);
      if (source.indicator) derive("missing");
    }
    groups.push_back(std::move(group));
  }
}

void Encoder::Plan::learn_target(const Column& target, const EncoderOptions& options) {
  target_kind = target.kind();
  has_classes = options.target_kind == TargetKind::classes ||
                (options.target_kind == TargetKind::automatic &&
                 (target.kind() == ColumnKind::text || target.kind() == ColumnKind::boolean));
  if (has_classes) {
    if (options.scale_target)
      raise<ValueError>(
          "[Encoder.fit] scale_target is set, but the target \"{}\" holds classes ({}): only numbers are scaled.",
          target.name(), data::name(target.kind()));
    classes = target.levels();
    if (classes.size() < 2)
      raise<ValueError>(
          "[Encoder.fit] the target \"{}\" is {} in all training rows: there must be at least two classes.",
          target.name(), classes.empty() ? "missing" : "\"" + classes[0] + "\"");
    for (const std::string& level : classes)
      class_indices.emplace(level, static_cast<std::int64_t>(class_indices.size()));
    return;
  }
  if (!target.is_number())
    raise<DtypeError>("[Encoder.fit] the target \"{}\" holds text: use TargetKind::classes.", target.name());
  if (options.scale_target) {
    const Affine forward = learn_scaling(target.numbers(), Scaling::standard);
    target_scale = forward.inverse();
  }
}

Tensor Encoder::Plan::encode_target(const Column& target) const {
  const std::int64_t rows = target.size();
  std::vector<double> values(static_cast<std::size_t>(rows));
  const Affine forward = target_scale.inverse();
  for (std::int64_t row = 0; row < rows; ++row) {
    if (target.is_missing(row))
      raise<ValueError>(
          "[Encoder] the target \"{}\" is missing in row {} ({} in all): drop such rows with drop_missing({{\"{}\"}}).",
          target.name(), row, target.missing_count(), target.name());
    double& value = values[static_cast<std::size_t>(row)];
    if (has_classes) {
      const auto found = class_indices.find(level_as(target_kind, target, row));
      if (found == class_indices.end())
        raise<ValueError>(
            "[Encoder.transform] the target \"{}\" is \"{}\" in row {}, but the training rows have {} only.",
            target.name(), io::shortened(target.spelling(row), 40), row,
            io::shortened(fmt::format("{}", fmt::join(classes, ", ")), 400));
      value = static_cast<double>(found->second);
    } else {
      const double number = number_as(target_kind, target, row);
      if (std::isinf(number)) throw_infinite("Encoder", target.name(), row);
      value = forward(number);
      if (dtype == float32 ? std::isinf(static_cast<float>(value)) : std::isinf(value))
        throw_too_large("Encoder", target, row, dtype);
    }
  }
  if (classes.size() > 2) return from_data(values.data(), {rows}, {.dtype = Dtype::int64});
  return from_data(values.data(), {rows, 1}, {.dtype = dtype});
}

template <class T>
void Encoder::Plan::encode(const Source& source, const Column& column, std::int64_t first, std::int64_t width, T* X,
                           std::map<std::pair<std::string, std::string>, std::int64_t>& unknown) const {
  for (std::int64_t row = 0; row < column.size(); ++row) {
    T* features = X + row * width + first;
    if (!source.text()) {
      // The text "nan" also means a missing value.
      const double number = number_as(source.kind, column, row);
      const bool missing = std::isnan(number);
      const double value = missing ? source.fill : number;
      if (std::isinf(value)) throw_infinite("Encoder.transform", column.name(), row);
      features[0] = static_cast<T>(source.scaling(value));
      if (std::isinf(features[0])) throw_too_large("Encoder.transform", column, row, dtype);
      if (source.indicator) features[1] = missing ? T(1) : T(0);
      continue;
    }
    const bool missing = column.is_missing(row);
    const std::string level = level_as(source.kind, column, row);
    const auto found = std::lower_bound(source.levels.begin(), source.levels.end(), level);
    if (missing && source.missing_level)
      features[source.levels.size()] = T(1);
    else if (!missing && found != source.levels.end() && *found == level)
      features[found - source.levels.begin()] = T(1);
    else
      ++unknown[{column.name(), level}];
  }
}

Encoder::Encoder(EncoderOptions options) : options_(std::move(options)) {
  if (options_.dtype && !is_floating(*options_.dtype))
    raise<DtypeError>("[Encoder] dtype is {}, it must be float32 or float64.", xg::name(*options_.dtype));
  if (options_.scale_target && options_.target.empty())
    throw ValueError("[Encoder] scale_target is set without a target: name the column with .target.");
}

Encoder& Encoder::fit(const Table& table) {
  if (table.rows() == 0) throw ValueError("[Encoder.fit] the table has no rows: there is nothing to learn from.");
  std::vector<std::string> left_out = options_.drop;
  if (!options_.target.empty()) left_out.push_back(options_.target);
  auto plan = std::make_shared<Plan>();
  plan->dtype = options_.dtype.value_or(default_dtype());
  const Table features = table.drop(left_out);
  for (const Column& column : features.columns()) plan->sources.push_back(learn(column, options_));
  if (plan->sources.empty())
    throw ValueError("[Encoder.fit] no column is left for the features: the table needs one beside the target.");
  plan->name_features(table.names());
  if (!options_.target.empty()) {
    const Column& target = table.column(options_.target);
    plan->learn_target(target, options_);
    plan->encode_target(target);  // throws for missing and infinite values now rather than in transform
  }
  plan_ = std::move(plan);
  return *this;
}

const Encoder::Plan& Encoder::plan(const char* method) const {
  if (plan_ == nullptr)
    raise<Error>("[Encoder.{}] the encoder is not fitted: call fit or fit_transform on the training rows first.",
                 method);
  return *plan_;
}

Dataset Encoder::transform(const Table& table) const {
  const Plan& plan = this->plan("transform");
  std::vector<std::string> names;
  for (const Source& source : plan.sources) names.push_back(source.name);
  Dataset data{.feature_names = plan.feature_names, .feature_groups = plan.groups, .raw = table.select(names)};

  const auto width = static_cast<std::int64_t>(plan.feature_names.size());
  data.X = zeros({table.rows(), width}, {.dtype = plan.dtype});
  std::map<std::pair<std::string, std::string>, std::int64_t> unknown;
  dispatch_floating(plan.dtype, [&]<class T>() {
    T* X = data.X.template mutable_data<T>();
    std::int64_t first = 0;
    for (const Source& source : plan.sources) {
      plan.encode(source, table.column(source.name), first, width, X, unknown);
      first += source.width();
    }
  });
  for (const auto& [where, rows] : unknown) data.unknown_levels.push_back({where.first, where.second, rows});
  if (!data.unknown_levels.empty() && options_.unknown == UnknownPolicy::error) {
    const UnknownLevel& level = data.unknown_levels.front();
    raise<ValueError>(
        "[Encoder.transform] \"{}\" is {} in {} rows, which no training row has: drop such rows, or let them become "
        "zeros with UnknownPolicy::zeros.",
        level.column, level.level.empty() ? "missing" : "\"" + level.level + "\"", level.rows);
  }
  if (!options_.target.empty() && table.contains(options_.target))
    data.y = plan.encode_target(table.column(options_.target));
  return data;
}

Dataset Encoder::fit_transform(const Table& table) { return fit(table).transform(table); }

Affine Encoder::target_scale() const { return plan("target_scale").target_scale; }

const std::vector<std::string>& Encoder::classes() const { return plan("classes").classes; }

const std::vector<std::string>& Encoder::feature_names() const { return plan("feature_names").feature_names; }

const std::vector<FeatureGroup>& Encoder::feature_groups() const { return plan("feature_groups").groups; }

}  // namespace xg::nn::data
