// Explanations as JSON, which can be read back, and as CSV, for spreadsheets.
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <csv.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

namespace xg::explain {
namespace {

using Json = nlohmann::ordered_json;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr const char* format_name = "xgrad explanation";
constexpr int format_version = 1;

/// JSON has no NaN and no infinity: null, "inf", "-inf".
Json from_number(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}
double to_number(const Json& j) {
  if (j.is_null()) return nan;
  if (j.is_string()) {
    const auto text = j.get<std::string>();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  if (!j.is_number()) throw IoError(fmt::format("[explanation] {} stands where a number should be.", j.dump()));
  return j.get<double>();
}

Json from_tensor(const Tensor& t) {
  Json shape = Json::array(), values = Json::array();
  for (const std::int64_t d : t.shape()) shape.push_back(d);
  if (t.dtype() == Dtype::int64)
    for (const std::int64_t v : t.to_vector<std::int64_t>()) values.push_back(v);
  else
    for (const double v : t.to_vector()) values.push_back(from_number(v));
  return {{"shape", shape}, {"values", values}};
}

/// The shape and the values of a tensor, checked against each other before anything is allocated.
Tensor to_tensor(const Json& parent, const char* key, std::size_t ndim, bool integers = false) {
  const Json& j = parent.at(key);
  const auto dims = j.at("shape").get<std::vector<std::int64_t>>();
  const Json& values = j.at("values");
  if (dims.size() != ndim || !values.is_array())
    throw IoError(fmt::format("[explanation] '{}' must be a tensor of {} dimensions.", key, ndim));
  std::size_t count = 1;
  for (const std::int64_t d : dims) {
    if (d < 0 || (d > 0 && count > values.size() / static_cast<std::size_t>(d) + 1))
      throw IoError(fmt::format("[explanation] '{}' has a shape that its {} values do not fill.", key, values.size()));
    count *= static_cast<std::size_t>(d);
  }
  if (count != values.size())
    throw IoError(fmt::format("[explanation] '{}' has {} values, its shape asks for {}.", key, values.size(), count));
  Tensor t = empty(Shape(dims), {.dtype = integers ? Dtype::int64 : Dtype::float64});
  if (integers) {
    auto* out = t.mutable_data<std::int64_t>();
    for (const Json& v : values) *out++ = v.get<std::int64_t>();
  } else {
    auto* out = t.mutable_data<double>();
    for (const Json& v : values) *out++ = to_number(v);
  }
  return t;
}

Output output_from_name(const std::string& text) {
  for (const Output output : {Output::model, Output::logit, Output::probability})
    if (name(output) == text) return output;
  throw IoError(fmt::format("[explanation] output_space is '{}', it must be model, logit or probability.", text));
}

OutputActivation activation_from_name(const std::string& text) {
  for (const OutputActivation a : {OutputActivation::unknown, OutputActivation::sigmoid, OutputActivation::softmax})
    if (name(a) == text) return a;
  throw IoError(fmt::format("[explanation] output_activation is '{}', it must be unknown, sigmoid or softmax.", text));
}

/// A cell of a CSV file, quoted where it must be.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out(csv_write(nullptr, 0, text.data(), text.size()), '\0');
  csv_write(out.data(), out.size(), text.data(), text.size());
  return out;
}
std::string cell(double value) {
  return std::isnan(value) ? "" : fmt::format("{}", value);
}

}  // namespace

std::string Explanation::json() const {
  const ExplanationParts& p = parts_;
  Json fallback = Json::array();
  for (const FallbackOp& op : p.fallback_ops)
    fallback.push_back({{"op", op.op}, {"scope", op.scope}, {"residual", from_number(op.residual)}});
  Json sources = Json::array();
  for (std::size_t i = 0; i < source_names_.size(); ++i) {
    Json numbers = Json::array();
    for (const double v : source_numbers_[i]) numbers.push_back(from_number(v));
    sources.push_back({{"name", source_names_[i]}, {"cells", source_cells_[i]}, {"numbers", numbers}});
  }
  Json j = {{"format", format_name},
            {"version", format_version},
            {"method", p.method},
            {"output_space", name(p.output_space)},
            {"output_activation", name(p.output_activation)},
            {"unit", p.unit},
            {"additive", p.additive},
            {"n_background", p.n_background},
            {"feature_names", p.feature_names},
            {"output_names", p.output_names},
            {"group_members", p.group_members},
            {"values", from_tensor(p.values)},
            {"base_values", from_tensor(p.base_values)},
            {"outputs", from_tensor(p.outputs)},
            {"residual", from_tensor(residual())},  // for other readers: it follows from the rest
            {"data", from_tensor(p.data)},
            {"standard_errors", from_tensor(p.standard_errors)},
            {"output_ranks", from_tensor(p.output_ranks)},
            {"display_values", from_tensor(display_values_)},
            {"display", display_},
            {"sources", sources},
            {"fallback_ops", fallback},
            {"notes", p.notes},
            {"about", about()}};  // the same for people
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Explanation explanation_from_json(std::string_view json) {
  try {
    const Json j = Json::parse(json);
    if (!j.is_object() || j.value("format", "") != format_name)
      throw IoError("[explanation] this JSON is not an explanation that xgrad wrote.");
    if (j.at("version").get<int>() != format_version)
      throw IoError(fmt::format("[explanation] the file has version {}, this library reads {}.", j.at("version").dump(),
                                format_version));
    ExplanationParts p;
    p.values = to_tensor(j, "values", 3);
    p.base_values = to_tensor(j, "base_values", 2);
    p.outputs = to_tensor(j, "outputs", 2);
    p.data = to_tensor(j, "data", 2);
    p.standard_errors = to_tensor(j, "standard_errors", 3);
    p.output_ranks = to_tensor(j, "output_ranks", 2, true);
    j.at("feature_names").get_to(p.feature_names);
    j.at("output_names").get_to(p.output_names);
    j.at("method").get_to(p.method);
    p.output_space = output_from_name(j.at("output_space").get<std::string>());
    // Files of earlier versions say neither where a logit goes nor what the unit is, and have no names of members.
    p.output_activation = activation_from_name(j.value("output_activation", "unknown"));
    p.unit = j.value("unit", "");
    p.group_members = j.value("group_members", p.group_members);
    j.at("additive").get_to(p.additive);
    j.at("n_background").get_to(p.n_background);
    for (const Json& op : j.at("fallback_ops"))
      p.fallback_ops.push_back(
          {op.at("op").get<std::string>(), op.at("scope").get<std::string>(), to_number(op.at("residual"))});
    j.at("notes").get_to(p.notes);

    Explanation e(std::move(p));
    const auto rows = static_cast<std::size_t>(e.size());
    if (auto texts = j.at("display").get<std::vector<std::vector<std::string>>>(); !texts.empty())
      e = e.with_display(std::move(texts));
    e.display_values_ = to_tensor(j, "display_values", 2);
    if (e.display_values_.shape() != e.data().shape())
      throw IoError("[explanation] 'display_values' has another shape than 'data'.");
    for (const Json& source : j.at("sources")) {
      auto cells = source.at("cells").get<std::vector<std::string>>();
      std::vector<double> numbers;
      for (const Json& v : source.at("numbers")) numbers.push_back(to_number(v));
      if (cells.size() != rows || (!numbers.empty() && numbers.size() != rows))
        throw IoError("[explanation] a source column has another number of rows than the values.");
      e.source_names_.push_back(source.at("name").get<std::string>());
      e.source_cells_.push_back(std::move(cells));
      e.source_numbers_.push_back(std::move(numbers));
    }
    return e;
  } catch (const Json::exception& error) {
    throw IoError(fmt::format("[explanation] this is not an explanation that xgrad wrote: {}.", error.what()));
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    throw IoError(fmt::format("[explanation] the parts do not fit each other: {}", error.what()));
  }
}

Explanation load_explanation(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) throw IoError(fmt::format("[load_explanation] cannot read {}: {}.", path.string(), std::strerror(errno)));
  try {
    return explanation_from_json(text.str());
  } catch (const IoError& error) {
    throw IoError(fmt::format("[load_explanation] {}: {}", path.string(), error.what()));
  }
}

std::string Explanation::csv() const {
  std::string out = "row,output,feature,data,display,value,standard_error,base_value,prediction\n";
  const std::int64_t n = features(), k = outputs_explained();
  for (std::int64_t row = 0; row < size(); ++row)
    for (std::int64_t slot = 0; slot < k; ++slot)
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t at = (row * n + i) * k + slot, of_row = row * k + slot;
        out += fmt::format("{},{},{},{},{},{},{},{},{}\n", row, cell(output_name(row, slot)),
                           cell(feature_names()[static_cast<std::size_t>(i)]), cell(data().data<double>()[row * n + i]),
                           cell(display(row, i)), cell(values().data<double>()[at]),
                           cell(standard_errors().data<double>()[at]), cell(base_values().data<double>()[of_row]),
                           cell(outputs().data<double>()[of_row]));
      }
  return out;
}

void Explanation::save(const std::filesystem::path& path) const {
  const std::string extension = path.extension().string();
  if (extension != ".json" && extension != ".csv")
    throw ValueError(fmt::format("[Explanation.save] {} ends in '{}': use .json, which can be read back, or .csv.",
                                 path.string(), extension));
  const std::string text = extension == ".json" ? json() : csv();
  write_file_atomically(path.string(), text, "Explanation.save");
}

}  // namespace xg::explain
