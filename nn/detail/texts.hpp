// Compact storage of text in columns, and the canonical text of numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn::data {

/// The shortest text that reads back as the same number; "0" for -0.
std::string number_text(double value);
/// Is `text`, which was parsed as `value`, equal to number_text(value)?
bool is_number_text(std::string_view text, double value);
/// "true" or "false"
std::string_view boolean_text(bool value);

/// A list of texts, stored in pages so that it grows without copying the texts it has.
class Texts {
 public:
  std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t i) const {
    const Page& page = pages_[i / page_size];
    const std::size_t entry = i % page_size, begin = entry == 0 ? 0 : page.ends[entry - 1];
    return std::string_view(page.bytes).substr(begin, page.ends[entry] - begin);
  }
  void push_back(std::string_view text);

 private:
  static constexpr std::size_t page_size = 1024;
  struct Page {
    std::string bytes;
    std::vector<std::size_t> ends;
  };
  std::vector<Page> pages_;
  std::size_t size_ = 0;
};

/// Assigns indices to distinct texts in order of appearance.
class Interner {
 public:
  /// The index of `text`, which is added if it is new. Throws ValueError for more than 2^31 texts.
  std::int32_t index(std::string_view text);
  Texts release() && { return std::move(texts_); }

 private:
  void grow();
  std::uint32_t tag(std::size_t hash) const;

  Texts texts_;
  // A hash table with linear probing whose size is a power of two. The lowest `bits_` bits of a slot are an index; the
  // bits above are part of the hash, so that most texts in neighbouring slots need not be compared.
  std::vector<std::uint32_t> slots_;
  unsigned bits_ = 0;
};

/// Texts of some rows. Each page stores the lengths and bytes of 64 rows; a row without a text takes at most one byte.
class RowTexts {
 public:
  /// Rows must be added in ascending order; `text` must not be empty.
  void add(std::size_t row, std::string_view text);
  bool empty() const { return pages_.empty(); }
  /// The text of the row, "" if it has none.
  std::string_view operator[](std::size_t row) const;

 private:
  std::vector<std::string> pages_;
  std::size_t next_ = 0;  // the row after the last one in a page
};

}  // namespace xg::nn::data
