// Writes explanations as JSON, which can be read back, and as CSV for spreadsheets.
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/json.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xg::explain {
namespace {

using io::JsonDocument;
using io::JsonValue;
using io::JsonWriter;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr const char* format_name = "xgrad explanation";
constexpr int format_version = 1;
constexpr const char* prefix = "[explanation] this is not an explanation that xgrad wrote:";

// ---- writing

/// Writes null, "inf" or "-inf" for values that JSON numbers cannot represent.
void write(JsonWriter& json, double value) {
  if (std::isinf(value))
    json.text(value > 0 ? "inf" : "-inf");
  else
    json.number(value);
}

void write(JsonWriter& json, const std::string& text) { json.text(text); }

template <class T> void write(JsonWriter& json, const std::vector<T>& list) {
  json.begin_list();
  for (const T& value : list) write(json, value);
  json.end_list();
}

void write(JsonWriter& json, const Tensor& t) {
  json.begin_object();
  json.key("shape").integers(t.shape());
  json.key("values");
  if (t.dtype() == Dtype::int64)
    json.integers(t.to_vector<std::int64_t>());
  else
    write(json, t.to_vector());
  json.end_object();
}

// ---- reading: all input is checked before use, and memory is proportional to the length of the file

double to_number(const JsonValue& value) {
  if (value.is_null()) return nan;
  if (value.is_text()) {
    if (value.text() == "inf") return std::numeric_limits<double>::infinity();
    if (value.text() == "-inf") return -std::numeric_limits<double>::infinity();
  }
  return value.number();
}

/// The shape and the values of a tensor, checked against each other before anything is allocated.
Tensor to_tensor(const JsonValue& parent, const char* key, std::size_t ndim, bool integers = false) {
  const JsonValue json = parent.at(key);
  const JsonValue sizes = json.at("shape"), values = json.at("values");
  const std::size_t given = values.size();
  if (sizes.size() != ndim) raise<IoError>("[explanation] '{}' must be a tensor of {} dimensions.", key, ndim);
  Shape shape;
  std::size_t count = 1;
  sizes.for_each([&](const JsonValue& size) {
    const std::int64_t d = size.integer();
    if (d < 0 || (d > 0 && count > given / static_cast<std::size_t>(d) + 1))
      raise<IoError>("[explanation] '{}' has a shape that its {} values do not fill.", key, given);
    count *= static_cast<std::size_t>(d);
    shape.push_back(d);
  });
  if (count != given) raise<IoError>("[explanation] '{}' has {} values, its shape needs {}.", key, given, count);
  Tensor t = empty(shape, {.dtype = integers ? Dtype::int64 : Dtype::float64});
  if (integers) {
    auto* out = t.mutable_data<std::int64_t>();
    values.for_each([&](const JsonValue& value) { *out++ = value.integer(); });
  } else {
    auto* out = t.mutable_data<double>();
    values.for_each([&](const JsonValue& value) { *out++ = to_number(value); });
  }
  return t;
}

std::vector<std::vector<std::string>> to_rows_of_texts(const JsonValue& list) {
  std::vector<std::vector<std::string>> rows;
  list.for_each([&](const JsonValue& row) { rows.push_back(row.texts()); });
  return rows;
}

/// The names of `key`. They must be in the file, because default names would be created for a count that is unchecked.
std::vector<std::string> to_names(const JsonValue& parent, const char* key) {
  std::vector<std::string> names = parent.at(key).texts();
  if (names.empty()) raise<IoError>("[explanation] '{}' is empty: a file must name them all.", key);
  return names;
}

Output output_from_name(const std::string& text) {
  for (const Output output : {Output::model, Output::logit, Output::probability})
    if (name(output) == text) return output;
  raise<IoError>("[explanation] output_space is '{}', it must be model, logit or probability.", io::shortened(text));
}

OutputActivation activation_from_name(const std::string& text) {
  for (const OutputActivation a : {OutputActivation::unknown, OutputActivation::sigmoid, OutputActivation::softmax})
    if (name(a) == text) return a;
  raise<IoError>("[explanation] output_activation is '{}', it must be unknown, sigmoid or softmax.",
                 io::shortened(text));
}

/// A cell of a CSV file, quoted if necessary.
std::string cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return io::csv_quoted(text);
}
std::string cell(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

}  // namespace

std::string Explanation::json() const {
  const ExplanationParts& p = parts_;
  JsonWriter json(JsonWriter::BadText::replace);
  json.begin_object();
  json.key("format").text(format_name);
  json.key("version").integer(format_version);
  json.key("method").text(p.method);
  json.key("output_space").text(name(p.output_space));
  json.key("output_activation").text(name(p.output_activation));
  json.key("unit").text(p.unit);
  json.key("additive").boolean(p.additive);
  json.key("n_background").integer(p.n_background);
  write(json.key("feature_names"), p.feature_names);
  write(json.key("output_names"), p.output_names);
  write(json.key("group_members"), p.group_members);
  write(json.key("values"), p.values);
  write(json.key("base_values"), p.base_values);
  write(json.key("outputs"), p.outputs);
  write(json.key("residual"), residual());  // redundant, for other readers
  write(json.key("data"), p.data);
  write(json.key("standard_errors"), p.standard_errors);
  write(json.key("output_ranks"), p.output_ranks);
  write(json.key("display_values"), display_values_);
  write(json.key("display"), display_);
  json.key("sources").begin_list();
  for (std::size_t i = 0; i < source_names_.size(); ++i) {
    json.begin_object();
    json.key("name").text(source_names_[i]);
    write(json.key("cells"), source_cells_[i]);
    write(json.key("numbers"), source_numbers_[i]);
    json.end_object();
  }
  json.end_list();
  json.key("fallback_ops").begin_list();
  for (const FallbackOp& op : p.fallback_ops) {
    json.begin_object();
    json.key("op").text(op.op);
    json.key("scope").text(op.scope);
    write(json.key("residual"), op.residual);
    json.end_object();
  }
  json.end_list();
  write(json.key("notes"), p.notes);
  write(json.key("about"), about());  // redundant, for people
  json.end_object();
  return json.take();
}

Explanation explanation_from_json(StringRef text) {
  try {
    const JsonDocument document(prefix, text);
    const JsonValue json = document.root();
    if (!json.is_object()) json.fail("holds no object.");
    if (const JsonValue format = json.find("format"); !format.exists() || format.text() != format_name)
      throw IoError("[explanation] this JSON is not an explanation that xgrad wrote.");
    if (const std::int64_t version = json.at("version").integer(); version != format_version)
      raise<IoError>("[explanation] the file has version {}, this library reads {}.", version, format_version);
    ExplanationParts p;
    p.values = to_tensor(json, "values", 3);
    p.base_values = to_tensor(json, "base_values", 2);
    p.outputs = to_tensor(json, "outputs", 2);
    p.data = to_tensor(json, "data", 2);
    p.standard_errors = to_tensor(json, "standard_errors", 3);
    p.output_ranks = to_tensor(json, "output_ranks", 2, true);
    p.feature_names = to_names(json, "feature_names");
    p.output_names = to_names(json, "output_names");
    p.method = json.at("method").text();
    p.output_space = output_from_name(json.at("output_space").text());
    // Files of earlier versions have neither the activation, the unit nor the group members.
    if (const JsonValue activation = json.find("output_activation"); activation.exists())
      p.output_activation = activation_from_name(activation.text());
    if (const JsonValue unit = json.find("unit"); unit.exists()) p.unit = unit.text();
    if (const JsonValue members = json.find("group_members"); members.exists())
      p.group_members = to_rows_of_texts(members);
    p.additive = json.at("additive").boolean();
    p.n_background = json.at("n_background").integer();
    json.at("fallback_ops").for_each([&](const JsonValue& op) {
      p.fallback_ops.push_back({op.at("op").text(), op.at("scope").text(), to_number(op.at("residual"))});
    });
    p.notes = json.at("notes").texts();

    Explanation e(std::move(p));
    const auto rows = static_cast<std::size_t>(e.size());
    if (auto texts = to_rows_of_texts(json.at("display")); !texts.empty()) e = e.with_display(std::move(texts));
    e.display_values_ = to_tensor(json, "display_values", 2);
    if (e.display_values_.shape() != e.data().shape())
      throw IoError("[explanation] 'display_values' has another shape than 'data'.");
    json.at("sources").for_each([&](const JsonValue& source) {
      std::vector<std::string> cells = source.at("cells").texts();
      std::vector<double> numbers;
      source.at("numbers").for_each([&](const JsonValue& value) { numbers.push_back(to_number(value)); });
      if (cells.size() != rows || (!numbers.empty() && numbers.size() != rows))
        throw IoError("[explanation] a source column has another number of rows than the values.");
      e.source_names_.push_back(source.at("name").text());
      e.source_cells_.push_back(std::move(cells));
      e.source_numbers_.push_back(std::move(numbers));
    });
    return e;
  } catch (const IoError&) {
    throw;
  } catch (const Error& error) {
    raise<IoError>("[explanation] the parts do not fit each other: {}", error.what());
  }
}

Explanation load_explanation(const std::filesystem::path& path) {
  const std::unique_ptr<io::Source> file = io::open_file("load_explanation", path.string());
  std::string text(file->remaining(), '\0');
  file->read(text.data(), text.size());
  try {
    return explanation_from_json(text);
  } catch (const IoError& error) {
    raise<IoError>("[load_explanation] {}: {}", path.string(), error.what());
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
    raise<ValueError>("[Explanation.save] {} ends in '{}': use .json, which can be read back, or .csv.", path.string(),
                      extension);
  const std::string text = extension == ".json" ? json() : csv();
  write_file_atomically(path.string(), text, "Explanation.save");
}

}  // namespace xg::explain
