// Conversion between CSV cells and text, numbers and booleans.
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <csv.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace xg::io {

namespace {

constexpr double largest_exact = 0x1p53;  // double represents every integer up to here

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Zero or infinity for a number, in canonical spelling, that from_chars reports as out of range.
double beyond_range(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string_view power = text.substr(std::min(e + 1, text.size()));
  const bool falling = power.starts_with('-');
  if (falling || power.starts_with('+')) power.remove_prefix(1);
  std::int64_t exponent = 0;
  // An exponent that does not fit outweighs the digits of any file.
  if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec == std::errc::result_out_of_range)
    exponent = std::numeric_limits<std::int64_t>::max() / 2;
  const std::string_view digits = text.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(std::min(digits.find_first_of("123456789"), digits.size()));
  const double magnitude =
      (falling ? -exponent : exponent) + point - first > 0 ? std::numeric_limits<double>::infinity() : 0;
  return negative ? -magnitude : magnitude;
}

/// Whether `digits`, without leading zeros, is exactly the value.
bool spells(std::string_view digits, double value) { return fmt::format("{:.0f}", std::fabs(value)) == digits; }

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return {};
}

std::string csv_quoted(std::string_view text) {
  std::string out(2 * text.size() + 2, '\0');
  out.resize(csv_write(out.data(), out.size(), text.data(), text.size()));
  return out;
}

std::string csv_cell(std::string_view text, char separator) {
  if (!text.empty() && text.find_first_of("\"\r\n") == text.npos && text.find(separator) == text.npos &&
      !is_space(text.front()) && !is_space(text.back()))
    return std::string(text);
  return csv_quoted(text);
}

void check_csv_format(const CsvFormat& format) {
  struct Part {
    std::string name;
    char value;
  };
  std::vector<Part> parts = {
      {format.separator_option, format.separator}, {"quote", format.quote}, {"decimal", format.decimal}};
  if (format.thousands) parts.push_back({"thousands", *format.thousands});
  if (format.comment) parts.push_back({"comment", *format.comment});
  const auto shown = [](char c) {
    return c > ' ' && c < 0x7F ? fmt::format("'{}'", c) : fmt::format("byte {}", static_cast<unsigned char>(c));
  };
  for (const Part& part : parts) {
    const char c = part.value;
    const bool may_be_blank = part.name == format.separator_option || part.name == "thousands";
    if (!(is_space(c) ? may_be_blank : c > ' ' && c < 0x7F) || is_digit(c) || is_letter(c) || c == '+' || c == '-')
      raise<ValueError>("[{}] {} is {}: it must be an ASCII character, and no line end, digit, letter or sign.",
                        format.op, part.name, shown(c));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      // The two may be equal, because cells with thousands separators can be quoted: "1,000".
      if (parts[k].name == format.separator_option && parts[i].name == "thousands") continue;
      if (parts[i].value == parts[k].value)
        raise<ValueError>("[{}] {} and {} are both {}: they must differ.", format.op, parts[k].name, parts[i].name,
                          shown(parts[i].value));
    }
  }
}

/// Calls `parse` with the number in canonical spelling: no spaces, no plus, no thousands separators, a decimal point.
template <class Parse> auto CsvNumbers::parse(std::string_view text, Parse parse) const {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (decimal_ == '.' && !thousands_) return parse(text);
  std::string plain;
  bool whole = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (whole && inside && c == thousands_) continue;
    if (c != decimal_ && !is_digit(c) && c != '-') whole = false;
    if (c == decimal_) {
      whole = false;
      plain += '.';
    } else if (c == '.') {
      return decltype(parse(text))();  // a point that is neither decimal nor thousands separator
    } else {
      plain += c;
    }
  }
  return parse(std::string_view(plain));
}

std::optional<std::int64_t> CsvNumbers::integer(std::string_view text) const {
  return parse(text, [](std::string_view plain) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const char* const end = plain.data() + plain.size();
    const auto [stop, error] = std::from_chars(plain.data(), end, value);
    if (plain.empty() || stop != end || error != std::errc()) return {};
    return value;
  });
}

std::optional<CsvNumbers::Real> CsvNumbers::real(std::string_view text) const {
  return parse(text, [](std::string_view plain) -> std::optional<Real> {
    Real real;
    const char* const end = plain.data() + plain.size();
    const auto [stop, error] = std::from_chars(plain.data(), end, real.value);
    if (plain.empty() || stop != end || error == std::errc::invalid_argument) return {};
    if (error == std::errc::result_out_of_range) real.value = beyond_range(plain);
    if (plain.size() > 15 && std::fabs(real.value) > largest_exact - 1) {
      if (plain.starts_with('-')) plain.remove_prefix(1);
      real.large_whole = std::all_of(plain.begin(), plain.end(), is_digit);
      plain.remove_prefix(std::min(plain.find_first_not_of('0'), plain.size()));
      real.exact = !real.large_whole || spells(plain, real.value);
    }
    return real;
  });
}

}  // namespace xg::io
