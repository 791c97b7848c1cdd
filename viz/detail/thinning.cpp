#include <xgrad/viz/detail/thinning.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

namespace xg::viz::detail {
namespace {

// The finalizer of splitmix64 (Steele, Lea and Flood 2014), which maps neighbours to unrelated numbers.
std::uint64_t hash(std::uint64_t i) {
  std::uint64_t z = (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

std::vector<std::size_t> rows_to_draw(std::size_t rows, std::size_t max_count,
                                      const std::vector<std::vector<double>>& measures,
                                      const std::vector<std::size_t>& kept) {
  std::vector<std::size_t> shown;
  if (rows <= max_count) {
    shown.resize(rows);
    std::iota(shown.begin(), shown.end(), std::size_t{0});
    return shown;
  }
  std::vector<bool> taken(rows, false);
  const auto take = [&](std::size_t row) {
    if (taken[row] || shown.size() == max_count) return;
    taken[row] = true;
    shown.push_back(row);
  };
  for (const std::size_t row : kept) take(row);
  for (const std::vector<double>& measure : measures) {
    std::size_t smallest = rows, largest = rows;
    for (std::size_t r = 0; r < rows; ++r) {
      if (!std::isfinite(measure[r])) continue;
      if (smallest == rows || measure[r] < measure[smallest]) smallest = r;
      if (largest == rows || measure[r] > measure[largest]) largest = r;
    }
    if (smallest == rows) continue;
    take(smallest);
    take(largest);
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> others;
  for (std::size_t r = 0; r < rows; ++r) {
    if (!taken[r]) others.emplace_back(hash(r), r);
  }
  const auto missing_count = static_cast<std::ptrdiff_t>(max_count - shown.size());
  std::nth_element(others.begin(), others.begin() + missing_count, others.end());
  for (auto it = others.begin(); it != others.begin() + missing_count; ++it) shown.push_back(it->second);
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::vector<std::size_t> rows_to_draw(const std::vector<std::size_t>& rows, std::size_t max_count,
                                      const std::vector<std::vector<double>>& measures) {
  std::vector<std::size_t> shown = rows_to_draw(rows.size(), max_count, measures);
  for (std::size_t& r : shown) r = rows[r];
  return shown;
}

}  // namespace xg::viz::detail
