#include <xgrad/tensor/io/json.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <iterator>
#include <limits>

namespace xg::io {

// ---- writing

// A comma is needed unless the output ends in a colon or an opening bracket.
void JsonWriter::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':' && last != ' ') out_ += ',';
}

void JsonWriter::begin_line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(level_ * indent_, ' ');
}

void JsonWriter::begin_object() {
  open('{');
  ++level_;
}

void JsonWriter::end_object() {
  --level_;
  if (out_.back() != '{') begin_line();
  out_ += '}';
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  begin_line();
  quoted(name);
  out_ += indent_ == 0 ? ":" : ": ";
  return *this;
}

void JsonWriter::text(std::string_view value) {
  separate();
  quoted(value);
}

void JsonWriter::number(double value) {
  separate();
  if (!std::isfinite(value)) {
    out_ += "null";
    return;
  }
  const std::size_t start = out_.size();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  // "-0" would be parsed as the integer 0 and lose its sign.
  if (out_.find_first_of(".e", start) == std::string::npos) out_ += ".0";
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::texts(std::span<const std::string> values) {
  begin_list();
  for (const std::string& value : values) text(value);
  end_list();
}

void JsonWriter::numbers(std::span<const double> values) {
  begin_list();
  for (const double value : values) number(value);
  end_list();
}

void JsonWriter::integers(std::span<const std::int64_t> values) {
  begin_list();
  for (const std::int64_t value : values) integer(value);
  end_list();
}

void JsonWriter::quoted(std::string_view value) {
  out_ += '"';
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    if (length == 0) {
      if (bad_text_ == BadText::refuse) throw ValueError("a text is not UTF-8, JSON takes nothing else.");
      out_ += "\uFFFD";
      value.remove_prefix(1);
      continue;
    }
    const char first = value.front();
    if (first == '"' || first == '\\') {
      out_ += '\\';
      out_ += first;
    } else if (first == '\n') {
      out_ += "\\n";
    } else if (first == '\t') {
      out_ += "\\t";
    } else if (first == '\r') {
      out_ += "\\r";
    } else if (length == 1 && static_cast<unsigned char>(first) < 0x20) {
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned>(first));
    } else {
      out_ += value.substr(0, length);
    }
    value.remove_prefix(length);
  }
  out_ += '"';
}

// ---- reading

/// Receives the tokens of nlohmann's SAX parser, which neither recurses nor builds a tree.
class JsonDocument::Parser final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Parser(JsonDocument& document) : document_(document) {}

  bool null() override { return add({.kind = Kind::null, .end = 0}); }
  bool boolean(bool value) override { return add({.kind = Kind::boolean, .boolean = value}); }
  bool number_integer(std::int64_t value) override { return add({.kind = Kind::integer, .integer = value}); }
  bool number_unsigned(std::uint64_t value) override {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return add({.kind = Kind::integer, .integer = static_cast<std::int64_t>(value)});
    return add({.kind = Kind::number, .number = static_cast<double>(value)});
  }
  bool number_float(double value, const std::string&) override { return add({.kind = Kind::number, .number = value}); }
  bool string(std::string& text) override { return add_text(Kind::text, text); }
  bool key(std::string& text) override { return add_text(Kind::key, text); }
  bool start_object(std::size_t) override { return open(Kind::object); }
  bool start_array(std::size_t) override { return open(Kind::list); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // no text contains any
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    constexpr int number_out_of_range = 406;
    raise<IoError>("{} the JSON {} at byte {}.", document_.prefix_,
                   error.id == number_out_of_range ? "has a number beyond the range of float64" : "is not valid",
                   position);
  }

 private:
  bool add(Token token) {
    document_.tokens_.push_back(token);
    return true;
  }
  bool add_text(Kind kind, std::string& text) {
    document_.texts_.push_back(std::move(text));
    return add({.kind = kind, .text = document_.texts_.size() - 1});
  }
  bool open(Kind kind) {
    if (open_.size() == max_levels)
      raise<IoError>("{} the JSON is nested more than {} levels deep.", document_.prefix_, max_levels);
    open_.push_back(document_.tokens_.size());
    return add({.kind = kind, .end = 0});
  }
  bool close() {
    document_.tokens_[open_.back()].end = document_.tokens_.size();
    open_.pop_back();
    return true;
  }

  JsonDocument& document_;
  std::vector<std::size_t> open_;
};

JsonDocument::JsonDocument(std::string prefix, std::string_view text) : prefix_(std::move(prefix)) {
  // The lexer treats a zero byte as the end and would accept the text before it.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    raise<IoError>("{} the JSON is not valid at byte {}.", prefix_, zero + 1);
  Parser parser(*this);
  nlohmann::json::sax_parse(text.begin(), text.end(), &parser);
}

void JsonValue::fail(const std::string& problem) const {
  const std::string name = key_ == JsonDocument::no_key
                               ? "the file"
                               : "'" + shortened(document_->texts_[document_->tokens_[key_].text]) + "'";
  raise<IoError>("{} {} {}", document_->prefix_, name, problem);
}

void JsonValue::wrong_type(const char* wanted) const {
  constexpr const char* names[] = {"null", "true or false", "a whole number", "a number",
                                   "text", "a key",         "a list",         "an object"};
  const JsonDocument::Token& token = document_->tokens_[at_];
  std::string found = names[static_cast<std::size_t>(token.kind)];
  if (token.kind == JsonDocument::Kind::integer) found = fmt::format("{}", token.integer);
  if (token.kind == JsonDocument::Kind::number) found = fmt::format("{}", token.number);
  if (token.kind == JsonDocument::Kind::text) found = "'" + shortened(document_->texts_[token.text], 40) + "'";
  fail(fmt::format("holds {} where {} should be.", found, wanted));
}

bool JsonValue::is_object() const { return document_->tokens_[at_].kind == JsonDocument::Kind::object; }
bool JsonValue::is_null() const { return document_->tokens_[at_].kind == JsonDocument::Kind::null; }
bool JsonValue::is_text() const { return document_->tokens_[at_].kind == JsonDocument::Kind::text; }

JsonValue JsonValue::find(std::string_view key) const {
  if (!is_object()) wrong_type("an object");
  JsonValue found;
  const std::size_t end = document_->tokens_[at_].end;
  for (std::size_t at = at_ + 1; at < end; at = document_->after(at + 1)) {
    if (document_->texts_[document_->tokens_[at].text] != key) continue;
    if (found.exists()) fail(fmt::format("has '{}' twice: it is not clear which of the two is meant.", key));
    found = {document_, at + 1, at};
  }
  return found;
}

JsonValue JsonValue::at(std::string_view key) const {
  const JsonValue found = find(key);
  if (!found.exists()) fail(fmt::format("lacks '{}'.", key));
  return found;
}

const std::string& JsonValue::text() const {
  const JsonDocument::Token& token = document_->tokens_[at_];
  if (token.kind != JsonDocument::Kind::text) wrong_type("text");
  return document_->texts_[token.text];
}

double JsonValue::number() const {
  const JsonDocument::Token& token = document_->tokens_[at_];
  if (token.kind == JsonDocument::Kind::integer) return static_cast<double>(token.integer);
  if (token.kind != JsonDocument::Kind::number) wrong_type("a number");
  return token.number;
}

std::int64_t JsonValue::integer() const {
  const JsonDocument::Token& token = document_->tokens_[at_];
  if (token.kind == JsonDocument::Kind::integer) return token.integer;
  const bool whole = token.kind == JsonDocument::Kind::number && std::nearbyint(token.number) == token.number &&
                     token.number >= -0x1p63 && token.number < 0x1p63;
  if (!whole) wrong_type("a whole number");
  return static_cast<std::int64_t>(token.number);
}

bool JsonValue::boolean() const {
  const JsonDocument::Token& token = document_->tokens_[at_];
  if (token.kind != JsonDocument::Kind::boolean) wrong_type("true or false");
  return token.boolean;
}

std::size_t JsonValue::size() const {
  std::size_t count = 0;
  for_each([&](const JsonValue&) { ++count; });
  return count;
}

std::vector<std::string> JsonValue::texts() const {
  std::vector<std::string> texts;
  for_each([&](const JsonValue& value) { texts.push_back(value.text()); });
  return texts;
}

}  // namespace xg::io
