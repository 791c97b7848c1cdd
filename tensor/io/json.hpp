// JSON without a tree of heap objects: a writer that appends to a string, and a reader that keeps a flat list of
// tokens. Neither recurses into nested values, and no destructor allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::io {

/// Appends JSON to a string. Commas are inserted automatically; the caller closes what it opens.
///
///     JsonWriter json;
///     json.begin_object();
///     json.key("shape").begin_list();
///     for (const std::int64_t size : shape) json.integer(size);
///     json.end_list();
///     json.end_object();
class JsonWriter {
 public:
  /// How to treat text that is not UTF-8, which JSON cannot represent.
  enum class BadText {
    replace,  ///< each byte that belongs to no character becomes U+FFFD
    refuse,   ///< `text` and `key` throw ValueError
  };
  /// With an `indent`, each member of an object has its own line, indented by that many spaces per level.
  explicit JsonWriter(BadText bad_text, std::size_t indent = 0) : bad_text_(bad_text), indent_(indent) {}

  void begin_object();
  void end_object();
  void begin_list() { open('['); }
  void end_list() { out_ += ']'; }
  JsonWriter& key(std::string_view name);
  void text(std::string_view value);
  void texts(std::span<const std::string> values);
  /// The shortest digits that read back as the same value, with a point or an exponent; null for NaN and infinities.
  void number(double value);
  void numbers(std::span<const double> values);
  void integer(std::int64_t value);
  void integers(std::span<const std::int64_t> values);
  void boolean(bool value);

  const std::string& str() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void separate();
  void open(char bracket) {
    separate();
    out_ += bracket;
  }
  void quoted(std::string_view value);
  void begin_line();

  BadText bad_text_;
  std::size_t indent_, level_ = 0;
  std::string out_;
};

class JsonDocument;

/// A value in a JsonDocument, which must outlive it. Every access checks the type and throws IoError, which names the
/// nearest key above the value and quotes only a few characters of the file.
class JsonValue {
 public:
  /// The member of an object. Throws where this is not an object, or the key is missing or duplicated.
  JsonValue at(std::string_view key) const;
  /// As at(), but returns a value for which `exists` is false where the key is missing.
  JsonValue find(std::string_view key) const;
  bool exists() const { return document_ != nullptr; }

  bool is_object() const;
  bool is_null() const;
  bool is_text() const;

  const std::string& text() const;
  double number() const;
  /// An integer within int64: 3 and 3.0, but neither 3.5 nor 1e300.
  std::int64_t integer() const;
  bool boolean() const;
  /// Calls f(element) for each element of a list.
  template <class F> void for_each(F&& f) const;
  /// The number of a list's elements.
  std::size_t size() const;
  std::vector<std::string> texts() const;

  /// Throws IoError: `prefix 'key' problem`.
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  friend class JsonDocument;
  JsonValue() = default;
  JsonValue(const JsonDocument* document, std::size_t at, std::size_t key) : document_(document), at_(at), key_(key) {}
  [[noreturn]] void wrong_type(const char* wanted) const;

  const JsonDocument* document_ = nullptr;
  std::size_t at_ = 0;
  std::size_t key_ = 0;  // the token of the nearest key above, for messages
};

/// A parsed JSON text as a flat list of tokens: 16 bytes each, texts beside them. The time to parse is linear in the
/// length of the text, whatever it contains.
class JsonDocument {
 public:
  /// The maximum nesting depth; explanations need five levels.
  static constexpr std::size_t max_levels = 100;

  /// Throws IoError for text that is not JSON and for more than `max_levels` levels. `prefix` begins every message:
  /// "[op] this is not a valid file:".
  JsonDocument(std::string prefix, std::string_view text);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  JsonValue root() const { return {this, 0, no_key}; }

 private:
  friend class JsonValue;
  class Parser;
  enum class Kind : std::uint8_t { null, boolean, integer, number, text, key, list, object };
  struct Token {
    Kind kind;
    union {
      bool boolean;
      std::int64_t integer;
      double number;
      std::size_t text;  // index into texts_
      std::size_t end;   // of a list or object: one past its last token
    };
  };
  static constexpr std::size_t no_key = ~std::size_t{0};

  std::size_t after(std::size_t token) const {
    return tokens_[token].kind == Kind::list || tokens_[token].kind == Kind::object ? tokens_[token].end : token + 1;
  }

  std::string prefix_;
  std::vector<Token> tokens_;
  std::vector<std::string> texts_;
};

template <class F> void JsonValue::for_each(F&& f) const {
  if (document_->tokens_[at_].kind != JsonDocument::Kind::list) wrong_type("a list");
  const std::size_t end = document_->tokens_[at_].end;
  for (std::size_t at = at_ + 1; at < end; at = document_->after(at)) f(JsonValue(document_, at, key_));
}

}  // namespace xg::io
