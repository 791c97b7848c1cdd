#include <xgrad/tensor/kernels/combinations.hpp>
#include <xgrad/tensor/kernels/elements.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace xg::kernels {
namespace {

[[noreturn]] void throw_too_many(const char* op) {
  raise<ValueError>("[{}] the result has more elements than 64 bits can count: ask for fewer.", op);
}

/// n! / (k! (n - k)!), each step of which is a whole number. Throws ValueError where it overflows.
std::int64_t binomial(const char* op, std::int64_t n, std::int64_t k) {
  if (k > n) return 0;
  k = std::min(k, n - k);
  std::int64_t value = 1;
  for (std::int64_t i = 1; i <= k; ++i) {
    std::int64_t factor = n - k + i, divisor = i;
    const std::int64_t common = std::gcd(value, divisor);
    value /= common;
    divisor /= common;
    factor /= divisor;  // what is left of the divisor divides the factor, because the product is divisible
    if (__builtin_mul_overflow(value, factor, &value)) throw_too_many(op);
  }
  return value;
}

}  // namespace

Tensor triangle_indices(const char* op, std::int64_t rows, std::int64_t columns, std::int64_t offset, bool lower) {
  // Beyond the matrix an offset changes nothing, and sums of clamped ones do not overflow.
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
  if (rows > most || columns > most) throw_too_many(op);
  offset = std::clamp(offset, -rows - 1, columns + 1);
  // The columns of a row from `from` to `to`.
  const auto from = [&](std::int64_t row) { return lower ? 0 : std::clamp<std::int64_t>(row + offset, 0, columns); };
  const auto to = [&](std::int64_t row) {
    return lower ? std::clamp<std::int64_t>(row + offset + 1, 0, columns) : columns;
  };
  // Only rows of these are partly in the triangle; their lengths are an arithmetic series between clamped ends.
  const std::int64_t first = lower ? std::clamp<std::int64_t>(-offset, 0, rows) : 0;
  const std::int64_t last = lower ? rows : std::clamp<std::int64_t>(columns - offset, 0, rows);
  const std::int64_t edge = std::clamp<std::int64_t>(lower ? columns - offset : -offset, first, last);
  __extension__ using Wide = __int128;
  const auto series = [&](std::int64_t begin, std::int64_t end) {
    if (begin >= end) return Wide(0);
    return Wide(to(begin) - from(begin) + to(end - 1) - from(end - 1)) * Wide(end - begin) / 2;
  };
  const Wide total = series(first, edge) + series(edge, last);
  if (total > Wide(most)) throw_too_many(op);
  const auto count = static_cast<std::int64_t>(total);
  Tensor out = empty({2, count}, Dtype::int64);
  if (count == 0) return out;  // there may be many rows without a column
  std::int64_t* row_of = elements<std::int64_t>(out);
  std::int64_t* column_of = row_of + count;
  for (std::int64_t row = first; row < last; ++row)
    for (std::int64_t column = from(row); column < to(row); ++column) {
      *row_of++ = row;
      *column_of++ = column;
    }
  return out;
}

Tensor combinations(std::int64_t n, std::int64_t length, bool repeated) {
  constexpr const char* op = "combinations";
  std::int64_t choices = n;
  if (repeated && n > 0 && __builtin_add_overflow(n, length - 1, &choices)) throw_too_many(op);
  const std::int64_t count = n == 0 ? 0 : binomial(op, choices, length);
  std::int64_t size = 0;
  if (__builtin_mul_overflow(count, length, &size) || size > std::numeric_limits<std::int64_t>::max() / 8)
    throw_too_many(op);
  Tensor out = empty({count, length}, Dtype::int64);
  if (count == 0) return out;
  std::vector<std::int64_t> chosen(static_cast<std::size_t>(length));
  if (!repeated) std::iota(chosen.begin(), chosen.end(), 0);
  std::int64_t* to = elements<std::int64_t>(out);
  for (std::int64_t i = 0; i < count; ++i) {
    to = std::copy(chosen.begin(), chosen.end(), to);
    // The last place that can still grow does; those after it restart from there.
    for (std::int64_t place = length; place-- > 0;) {
      const auto at = static_cast<std::size_t>(place);
      const std::int64_t limit = repeated ? n - 1 : n - length + place;
      if (chosen[at] == limit) continue;
      ++chosen[at];
      for (std::size_t next = at + 1; next < chosen.size(); ++next)
        chosen[next] = chosen[next - 1] + (repeated ? 0 : 1);
      break;
    }
  }
  return out;
}

}  // namespace xg::kernels
