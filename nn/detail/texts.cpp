#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

namespace xg::nn::data {

std::string number_text(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

bool is_number_text(std::string_view text, double value) {
  // Distinct decimal numbers of up to 15 digits are distinct doubles. A text of at most 15 digits without superfluous
  // zeros is therefore the shortest, where fmt writes numbers of that size without an exponent.
  std::string_view unsigned_text = text;
  if (unsigned_text.starts_with('-')) unsigned_text.remove_prefix(1);
  const auto digits = [](std::string_view s) {
    std::size_t n = 0;
    while (n < s.size() && io::is_digit(s[n])) ++n;
    return n;
  };
  const std::size_t whole = digits(unsigned_text);
  if (whole > 0 && unsigned_text.size() <= 16 && (whole == 1 || unsigned_text[0] != '0')) {
    if (whole == unsigned_text.size()) {
      if (whole <= 15) return value != 0 || text == "0";
    } else if (unsigned_text[whole] == '.') {
      const std::string_view fraction = unsigned_text.substr(whole + 1);
      if (!fraction.empty() && digits(fraction) == fraction.size()) {
        if (fraction.back() == '0') return false;
        if (unsigned_text[0] != '0' || fraction.substr(0, 4) != "0000") return true;
      }
    }
  }
  return number_text(value) == text;
}

std::string_view boolean_text(bool value) { return value ? "true" : "false"; }

void Texts::push_back(std::string_view text) {
  if (size_ == pages_.size() * page_size) {
    Page page;
    if (!pages_.empty()) {
      // Pages are of similar size, so the last one predicts the next.
      pages_.back().bytes.shrink_to_fit();
      page.bytes.reserve(pages_.back().bytes.size());
      page.ends.reserve(page_size);
    }
    pages_.push_back(std::move(page));
  }
  Page& page = pages_.back();
  page.bytes += text;
  page.ends.push_back(page.bytes.size());
  ++size_;
}

namespace {

constexpr std::uint32_t empty_slot = std::numeric_limits<std::uint32_t>::max();

}  // namespace

std::uint32_t Interner::tag(std::size_t hash) const {
  const std::uint64_t index_mask = (std::uint64_t{1} << bits_) - 1;
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(hash) >> 32) & ~index_mask);
}

void Interner::grow() {
  bits_ = std::max(4u, bits_ + 1);
  slots_ = {};  // frees the old slots before the new ones are allocated
  slots_.resize(std::size_t{1} << bits_, empty_slot);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::size_t hash = std::hash<std::string_view>()(texts_[i]);
    std::size_t slot = hash & mask;
    while (slots_[slot] != empty_slot) slot = (slot + 1) & mask;
    slots_[slot] = tag(hash) | static_cast<std::uint32_t>(i);
  }
}

std::int32_t Interner::index(std::string_view text) {
  // The table is at most three quarters full, so that the index of all ones, which marks an empty slot, is never used.
  if (4 * (texts_.size() + 1) > 3 * slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1, hash = std::hash<std::string_view>()(text);
  const std::uint32_t wanted = tag(hash);
  std::size_t slot = hash & mask;
  for (; slots_[slot] != empty_slot; slot = (slot + 1) & mask) {
    const std::size_t index = slots_[slot] & mask;
    if ((slots_[slot] ^ wanted) <= mask && texts_[index] == text) return static_cast<std::int32_t>(index);
  }
  const std::size_t index = texts_.size();
  if (index == static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw ValueError("[Column] a column of text has 2^31 different values: split the table by rows.");
  texts_.push_back(text);
  slots_[slot] = wanted | static_cast<std::uint32_t>(index);
  return static_cast<std::int32_t>(index);
}

namespace {

constexpr std::size_t page_rows = 64;

// Writes seven bits per byte; the highest bit is clear in the last byte.
void push_length(std::string& page, std::size_t length) {
  for (; length >= 0x80; length >>= 7) page += static_cast<char>(0x80 | (length & 0x7F));
  page += static_cast<char>(length);
}

std::size_t read_length(std::string_view& page) {
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(page[0]);
    page.remove_prefix(1);
    length |= static_cast<std::size_t>(byte & 0x7Fu) << shift;
    if (byte < 0x80) return length;
  }
}

}  // namespace

void RowTexts::add(std::size_t row, std::string_view text) {
  const std::size_t page = row / page_rows;
  if (page >= pages_.size()) {
    // Pages are of similar size, so the last one predicts the next.
    const std::size_t likely = pages_.empty() ? 0 : pages_.back().size();
    if (!pages_.empty()) pages_.back().shrink_to_fit();
    pages_.resize(page + 1);
    pages_.back().reserve(likely);
    next_ = page * page_rows;
  }
  pages_[page].append(row - next_, '\0');
  push_length(pages_[page], text.size());
  pages_[page] += text;
  next_ = row + 1;
}

std::string_view RowTexts::operator[](std::size_t row) const {
  if (row / page_rows >= pages_.size()) return {};
  std::string_view page = pages_[row / page_rows];
  for (std::size_t before = row % page_rows;; --before) {
    if (page.empty()) return {};
    const std::size_t length = read_length(page);
    if (before == 0) return page.substr(0, length);
    page.remove_prefix(length);
  }
}

}  // namespace xg::nn::data
