#include <xgrad/nn/detail/texts.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace xg::nn::data {

std::string number_text(double value) { return fmt::format("{}", value == 0 ? 0.0 : value); }

bool is_number_text(std::string_view text, double value) {
  // Different numbers of up to 15 digits are different doubles. So a text of no more, without zeros that could be left
  // out, is the shortest, as long as fmt writes numbers of its size without an exponent.
  std::string_view rest = text;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const auto digits = [](std::string_view s) {
    std::size_t n = 0;
    while (n < s.size() && io::is_digit(s[n])) ++n;
    return n;
  };
  const std::size_t whole = digits(rest);
  if (whole > 0 && rest.size() <= 16 && (whole == 1 || rest[0] != '0')) {
    if (whole == rest.size()) {
      if (whole <= 15) return value != 0 || text == "0";
    } else if (rest[whole] == '.') {
      const std::string_view fraction = rest.substr(whole + 1);
      if (!fraction.empty() && digits(fraction) == fraction.size()) {
        if (fraction.back() == '0') return false;
        if (rest[0] != '0' || fraction.substr(0, 4) != "0000") return true;
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
      // Pages are much alike: the last one says how long the next will be.
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
  const std::uint64_t places = (std::uint64_t{1} << bits_) - 1;
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(hash) >> 32) & ~places);
}

void Interner::grow() {
  bits_ = std::max(4u, bits_ + 1);
  slots_ = {};  // the old ones need not stay beside the new ones
  slots_.resize(std::size_t{1} << bits_, empty_slot);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::size_t hash = std::hash<std::string_view>()(texts_[i]);
    std::size_t at = hash & mask;
    while (slots_[at] != empty_slot) at = (at + 1) & mask;
    slots_[at] = tag(hash) | static_cast<std::uint32_t>(i);
  }
}

std::int32_t Interner::place(std::string_view text) {
  // Three quarters full at most, so the place of all ones, which marks an empty slot, is never used.
  if (4 * (texts_.size() + 1) > 3 * slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1, hash = std::hash<std::string_view>()(text);
  const std::uint32_t wanted = tag(hash);
  std::size_t at = hash & mask;
  for (; slots_[at] != empty_slot; at = (at + 1) & mask) {
    const std::size_t place = slots_[at] & mask;
    if ((slots_[at] ^ wanted) <= mask && texts_[place] == text) return static_cast<std::int32_t>(place);
  }
  const std::size_t place = texts_.size();
  if (place == static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw ValueError("[Column] a column of text has 2^31 different values: split the table by rows.");
  texts_.push_back(text);
  slots_[at] = wanted | static_cast<std::uint32_t>(place);
  return static_cast<std::int32_t>(place);
}

namespace {

constexpr std::size_t page_rows = 64;

// Seven bits a byte, the last with its highest bit clear.
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
    // Pages are much alike: the last one says how long the next will be.
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
