// How columns keep text in little memory, and which text of a number needs no keeping. For the sources of nn/data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn::data {

/// The shortest text that reads back as the same number; -0 and 0 are one.
std::string number_text(double value);
/// Is `text`, which reads as `value`, the shortest one?
bool is_number_text(std::string_view text, double value);
/// "true" or "false"
std::string_view boolean_text(bool value);

/// Texts in order, one after another in pages: they grow without a copy of all that is there.
class Texts {
 public:
  std::size_t size() const { return size_; }
  std::string_view operator[](std::size_t i) const {
    const Page& page = pages_[i / page_size];
    const std::size_t place = i % page_size, begin = place == 0 ? 0 : page.ends[place - 1];
    return std::string_view(page.bytes).substr(begin, page.ends[place] - begin);
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

/// Numbers different texts in order of appearance.
class Interner {
 public:
  /// The place of `text`, a new one if it was not there.
  std::int32_t place(std::string_view text);
  Texts release() && { return std::move(texts_); }

 private:
  void grow();
  std::uint32_t tag(std::size_t hash) const;

  Texts texts_;
  // A power of two of places by hash, in the lowest `bits_` bits; above them is a part of the hash, so that most texts
  // of neighbours need not be looked at.
  std::vector<std::uint32_t> slots_;
  unsigned bits_ = 0;
};

/// Texts of some rows. Rows of 64 share a page, in which each has its length and its bytes: a row without a text costs
/// one byte at most.
class RowTexts {
 public:
  /// Rows must come in rising order; `text` must not be empty.
  void add(std::size_t row, std::string_view text);
  bool empty() const { return pages_.empty(); }
  /// The text of the row, "" if it has none.
  std::string_view operator[](std::size_t row) const;

 private:
  std::vector<std::string> pages_;
  std::size_t next_ = 0;  // the row after the last one that is in a page
};

}  // namespace xg::nn::data
