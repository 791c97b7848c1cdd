// Printing in NumPy's format (the rules are in numpy/core/arrayprint.py): one format for all elements of a tensor,
// columns aligned, scientific notation where magnitudes differ too much, the middle of large tensors left out.
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace xg {
namespace {

thread_local PrintOptions current_options;

std::string padded_left(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

/// A number in three parts: "-12" "5" "" or "-1" "25" "e+08".
struct Digits {
  std::string whole, fraction, exponent;
};

Digits split(std::string_view text) {
  const std::size_t e = text.find('e'), point = text.find('.');
  const std::string_view number = text.substr(0, e);
  Digits digits;
  digits.whole = number.substr(0, point);
  if (point != std::string_view::npos) digits.fraction = number.substr(point + 1);
  if (e != std::string_view::npos) digits.exponent = text.substr(e);
  return digits;
}

enum class Notation { fixed, scientific };

/// The fewest digits that identify the value.
template <class T> Digits shortest_digits(T value, Notation notation) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  Digits digits = split({buffer, end});
  if (notation == Notation::scientific) return digits;
  // Digits of large numbers beyond those needed are zeros, as in NumPy.
  int exponent = 0;
  const char* number = digits.exponent.c_str() + (digits.exponent[1] == '+' ? 2 : 1);
  std::from_chars(number, digits.exponent.c_str() + digits.exponent.size(), exponent);
  digits.exponent.clear();
  const std::string sign = digits.whole.front() == '-' ? "-" : "";
  std::string all = digits.whole.substr(sign.size()) + digits.fraction;
  if (exponent < 0) return {sign + "0", std::string(static_cast<std::size_t>(-exponent - 1), '0') + all, ""};
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (all.size() < whole) all.resize(whole, '0');
  return {sign + all.substr(0, whole), all.substr(whole), ""};
}

/// The shortest digits, or `precision` correctly rounded decimal places without trailing zeros where that is shorter.
template <class T> Digits digits_of(T value, Notation notation, int precision) {
  Digits digits = shortest_digits(value, notation);
  if (digits.fraction.size() > static_cast<std::size_t>(precision)) {
    char buffer[512];
    const auto format = notation == Notation::fixed ? std::chars_format::fixed : std::chars_format::scientific;
    digits = split({buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format, precision).ptr});
  }
  digits.fraction.erase(digits.fraction.find_last_not_of('0') + 1);
  return digits;
}

/// The format that all elements share.
struct Format {
  virtual ~Format() = default;
  virtual std::string operator()(const void* element) const = 0;
};

struct BoolFormat final : Format {
  std::string operator()(const void* element) const override {
    return *static_cast<const bool*>(element) ? " True" : "False";
  }
};

template <class T> class IntegerFormat final : public Format {
 public:
  explicit IntegerFormat(const std::vector<const void*>& elements) {
    for (const void* element : elements) width_ = std::max(width_, text(element).size());
  }
  std::string operator()(const void* element) const override { return padded_left(text(element), width_); }

 private:
  static std::string text(const void* element) { return fmt::format("{}", +*static_cast<const T*>(element)); }
  std::size_t width_ = 0;
};

template <class T> class RealFormat final : public Format {
 public:
  RealFormat(const std::vector<const void*>& elements, int precision) : precision_(precision) {
    std::vector<T> finite;
    T largest = 0, smallest = std::numeric_limits<T>::infinity();
    bool negative_infinity = false;
    for (const void* element : elements) {
      const T value = *static_cast<const T*>(element);
      negative_infinity |= value == -std::numeric_limits<T>::infinity();
      if (!std::isfinite(value)) continue;
      finite.push_back(value);
      if (value == 0) continue;
      largest = std::max(largest, std::abs(value));
      smallest = std::min(smallest, std::abs(value));
    }
    scientific_ = largest != 0 && (largest >= (std::is_same_v<T, float> ? T(1e6) : T(1e8)) || smallest < T(1e-4) ||
                                   largest / smallest > T(1000));
    std::size_t exponent = 0;
    for (const T value : finite) {
      const Digits digits = digits_of(value, notation(), precision_);
      left_ = std::max(left_, digits.whole.size());
      right_ = std::max(right_, digits.fraction.size());
      exponent = std::max(exponent, digits.exponent.size());
    }
    width_ = left_ + 1 + right_ + exponent;
    if (scientific_) {
      precision_ = static_cast<int>(right_);
      exponent_ = exponent;
    }
    if (finite.size() != elements.size())
      width_ = std::max(width_, negative_infinity ? std::size_t{4} : std::size_t{3});
  }

  std::string operator()(const void* element) const override {
    const T value = *static_cast<const T*>(element);
    if (!std::isfinite(value)) return padded_left(std::isnan(value) ? "nan" : (value < 0 ? "-inf" : "inf"), width_);
    Digits digits = digits_of(value, notation(), precision_);
    digits.fraction.resize(right_, scientific_ ? '0' : ' ');
    if (scientific_ && digits.exponent.size() < exponent_)
      digits.exponent.insert(2, std::string(exponent_ - digits.exponent.size(), '0'));
    return padded_left(digits.whole + "." + digits.fraction + digits.exponent, width_);
  }

 private:
  Notation notation() const { return scientific_ ? Notation::scientific : Notation::fixed; }

  int precision_;
  bool scientific_ = false;
  std::size_t left_ = 0, right_ = 0, exponent_ = 0, width_ = 0;
};

/// The text of a 0-d tensor: the shortest that identifies the value.
std::string scalar_text(const Tensor& x) {
  return dispatch(x.dtype(), [&]<class T>() -> std::string {
    const T value = *static_cast<const T*>(x.impl().data);
    if constexpr (std::is_same_v<T, bool>)
      return value ? "True" : "False";
    else if constexpr (std::is_integral_v<T>)
      return fmt::format("{}", +value);
    else {
      if (!std::isfinite(value)) return std::isnan(value) ? "nan" : (value < 0 ? "-inf" : "inf");
      const T magnitude = std::abs(value);
      const bool scientific =
          magnitude != 0 && (magnitude < T(1e-4) || magnitude >= (std::is_same_v<T, float> ? T(1e6) : T(1e16)));
      const Digits digits = shortest_digits(value, scientific ? Notation::scientific : Notation::fixed);
      if (!scientific) return digits.whole + "." + (digits.fraction.empty() ? "0" : digits.fraction);
      return digits.whole + (digits.fraction.empty() ? "" : ".") + digits.fraction + digits.exponent;
    }
  });
}

class Printer {
 public:
  Printer(const Tensor& x, const PrintOptions& options, const char* separator, std::size_t indent)
      : x_(x), options_(options), separator_(separator), indent_(indent) {
    summarized_ = x.numel() > options.threshold;
    item_ = static_cast<std::int64_t>(item_size(x.dtype()));
    std::vector<const void*> shown;
    collect(0, static_cast<const char*>(x.impl().data), shown);
    format_ = make_format(shown);
  }

  std::string text() const {
    return lines(0, static_cast<const char*>(x_.impl().data), std::string(indent_ + 1, ' '),
                 static_cast<std::size_t>(options_.line_width));
  }

 private:
  std::unique_ptr<Format> make_format(const std::vector<const void*>& shown) const {
    switch (x_.dtype()) {
      case Dtype::bool_:
        return std::make_unique<BoolFormat>();
      case Dtype::uint8:
        return std::make_unique<IntegerFormat<std::uint8_t>>(shown);
      case Dtype::int32:
        return std::make_unique<IntegerFormat<std::int32_t>>(shown);
      case Dtype::int64:
        return std::make_unique<IntegerFormat<std::int64_t>>(shown);
      case Dtype::float32:
        return std::make_unique<RealFormat<float>>(shown, options_.precision);
      case Dtype::float64:
        break;
    }
    return std::make_unique<RealFormat<double>>(shown, options_.precision);
  }

  bool cut(std::size_t axis) const { return summarized_ && 2 * options_.edge_items < x_.shape()[axis]; }

  /// Calls f(element or row, whether it is the last) along an axis, and `skip` where the middle is omitted.
  template <class F, class Skip> void along(std::size_t axis, const char* data, F&& f, Skip&& skip) const {
    const std::int64_t size = x_.shape()[axis], step = x_.strides()[axis] * item_;
    for (std::int64_t i = 0; i < size; ++i) {
      if (cut(axis) && i == options_.edge_items) {
        skip();
        i = size - options_.edge_items;
        if (i == size) break;
      }
      f(data + i * step, i + 1 == size);
    }
  }

  void collect(std::size_t axis, const char* data, std::vector<const void*>& shown) const {
    if (axis == x_.shape().size()) {
      shown.push_back(data);
      return;
    }
    along(axis, data, [&](const char* part, bool) { collect(axis + 1, part, shown); }, [] {});
  }

  /// `width` is the space left on the line for the text and its separators; `hanging` is the indentation of lines after
  /// the first.
  std::string lines(std::size_t axis, const char* data, const std::string& hanging, std::size_t width) const {
    std::string out;
    if (axis + 1 == x_.shape().size()) {
      const std::size_t limit = width - std::max<std::size_t>(trimmed(separator_).size(), 1);
      std::string line = hanging;
      const auto append = [&](const std::string& word, bool last) {
        if (line.size() + word.size() > limit && line.size() > hanging.size()) {
          out += trimmed(line) + "\n";
          line = hanging;
        }
        line += word;
        if (!last) line += separator_;
      };
      along(
          axis, data, [&](const char* part, bool last) { append((*format_)(part), last); },
          [&] { append("...", options_.edge_items == 0); });
      out += line;
    } else {
      const std::string between = trimmed(separator_) + std::string(x_.shape().size() - axis - 1, '\n');
      along(
          axis, data,
          [&](const char* part, bool last) {
            out += hanging + lines(axis + 1, part, hanging + ' ', width - 1) + (last ? "" : between);
          },
          [&] { out += hanging + "..." + (options_.edge_items == 0 ? "" : between); });
    }
    return fmt::format("[{}]", std::string_view(out).substr(hanging.size()));
  }

  static std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }

  const Tensor& x_;
  PrintOptions options_;
  std::string separator_;
  std::size_t indent_;
  std::int64_t item_ = 0;
  bool summarized_ = false;
  std::unique_ptr<Format> format_;
};

std::string text_of(const Tensor& x, const char* separator, std::size_t indent) {
  if (x.dim() == 0) return scalar_text(x);
  if (x.numel() == 0) return "[]";
  return Printer(x, current_options, separator, indent).text();
}

}  // namespace

void set_print_options(PrintOptions options) {
  const auto check = [](const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
      raise<ValueError>("[set_print_options] {} is {}, it must lie between {} and {}.", what, value, low, high);
  };
  check("precision", options.precision, 0, 100);
  check("threshold", options.threshold, 0, std::numeric_limits<std::int64_t>::max());
  check("edge_items", options.edge_items, 0, 1'000'000);
  check("line_width", options.line_width, 16, 1'000'000);
  current_options = options;
}

PrintOptions print_options() { return current_options; }

std::string Tensor::str() const {
  if (!defined()) return "undefined";
  const Tensor other = substitute_for_reading();
  return text_of(other.defined() ? other : *this, " ", 0);
}

std::string Tensor::repr() const {
  if (!defined()) return "tensor(undefined)";
  if (const Tensor other = substitute_for_reading(); other.defined()) return other.repr();
  std::string out = fmt::format("tensor({}, shape={}, dtype={}", text_of(*this, ", ", 7), shape().str(), name(dtype()));
  const std::string grad_fn = grad_fn_name();
  if (!grad_fn.empty()) out += is_leaf() ? ", requires_grad=true" : ", grad_fn=" + grad_fn;
  return out + ")";
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << tensor.str(); }

}  // namespace xg
