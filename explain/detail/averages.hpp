// Means of contributions over references.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/at.hpp>
#include <xgrad/tensor/kernels/moments.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace xg::explain::detail {

/// f(0) + ... + f(count - 1), in eight sums that a processor forms at once.
template <class F> double sum_in_lanes(std::int64_t count, F&& f) {
  double sums[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (std::int64_t lane = 0; lane < 8; ++lane) sums[lane] += f(i + lane);
  for (std::int64_t lane = 0; i + lane < count; ++lane) sums[lane] += f(i + lane);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// The mean of some numbers, and the sum of their squared deviations from it.
struct Moments {
  double count, mean, squares;

  Moments(const double* numbers, std::int64_t n)
      : count(static_cast<double>(n)),
        mean(sum_in_lanes(n, [&](std::int64_t i) { return numbers[i]; }) / count),
        squares(sum_in_lanes(n, [&](std::int64_t i) { return (numbers[i] - mean) * (numbers[i] - mean); })) {}
  Moments(double count, double mean, double squares) : count(count), mean(mean), squares(squares) {}

  /// Of these and the numbers of `part` (Chan, Golub, LeVeque 1983).
  static void merge(double& mean, double& squares, double count, const Moments& part) {
    const double d = part.mean - mean, total = count + part.count;
    mean += d * (part.count / total);
    squares += part.squares + d * d * (count * part.count / total);
  }
};

/// The standard error of a mean of `count` numbers, NaN for a single one.
inline double standard_error(double squares, double count) {
  return count < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / (count - 1) / count);
}

/// Mean and deviation of contributions over references, in float64 whatever the sweep was in. [N, K, n] Threads may add
/// to different rows at the same time.
///
/// The deviation of a sum of features is not known from those of the features. For features that form groups it is
/// taken from their sums for each reference.
class Averages {
 public:
  /// `groups` are lists of features, of which none is in two.
  Averages(std::int64_t rows, std::int64_t k, std::int64_t n, const std::vector<std::vector<std::int64_t>>& groups = {})
      : k_(k),
        n_(n),
        groups_(static_cast<std::int64_t>(groups.size())),
        mean_(at(rows * k * n)),
        squares_(at(rows * k * n)),
        size_(at(rows * k)),
        counts_(at(rows * k)),
        group_mean_(at(rows * k * groups_)),
        group_squares_(at(rows * k * groups_)) {
    if (groups.empty()) return;
    group_of_.assign(at(n), -1);
    for (std::size_t g = 0; g < groups.size(); ++g)
      for (const std::int64_t i : groups[g]) group_of_[at(i)] = static_cast<std::int64_t>(g);
  }

  /// How many numbers the sums of all groups for `references` references and `slots` outputs are; 0 without groups.
  std::size_t group_sums(std::int64_t references, std::int64_t slots) const { return at(slots * groups_ * references); }

  /// Takes `count` references of row `row` for output `slot`: multipliers m and references r, both [count, n].
  template <class T> void add(std::int64_t row, std::int64_t slot, const T* m, const double* x, const double* r,
                              std::int64_t r_stride, std::int64_t count, bool multipliers) {
    const std::int64_t place = row * k_ + slot;
    const auto contribution = [&](std::int64_t b, std::int64_t i) {
      const double d = x[i] - r[b * r_stride + i], multiplier = static_cast<double>(m[b * n_ + i]);
      return multipliers ? multiplier : (d == 0 ? 0 : multiplier * d);  // an unchanged feature contributes nothing
    };
    std::vector<double> block_mean(at(n_)), block_squares(at(n_));
    for (std::int64_t b = 0; b < count; ++b)
      for (std::int64_t i = 0; i < n_; ++i) {
        const double c = contribution(b, i);
        block_mean[at(i)] += c;
        size_[at(place)] += std::abs(c);
      }
    for (std::int64_t i = 0; i < n_; ++i) block_mean[at(i)] /= static_cast<double>(count);
    for (std::int64_t b = 0; b < count; ++b)
      for (std::int64_t i = 0; i < n_; ++i) {
        const double d = contribution(b, i) - block_mean[at(i)];
        block_squares[at(i)] += d * d;
      }
    for (std::int64_t i = 0; i < n_; ++i)
      merge(place, i, {static_cast<double>(count), block_mean[at(i)], block_squares[at(i)]});
    if (groups_ > 0) {
      std::vector<double> sums(group_sums(count, 1));
      for (std::int64_t i = 0; i < n_; ++i)
        if (double* sum = sums_of_group(i, sums, count))
          for (std::int64_t b = 0; b < count; ++b) sum[b] += contribution(b, i);
      merge_groups(place, sums, count);
    }
    counts_[at(place)] += count;
  }

  /// As `add`, from columns: the multiplier of feature i for reference b at m[i * m_stride + b], reference at
  /// r[i * r_stride + b].
  template <class T> void add_columns(std::int64_t row, std::int64_t slot, const T* m, std::int64_t m_stride,
                                      const double* x, const double* r, std::int64_t r_stride, std::int64_t count,
                                      bool multipliers) {
    const std::int64_t place = row * k_ + slot;
    std::vector<double> contributions(at(count)), sums(group_sums(count, 1));
    double* c = contributions.data();
    for (std::int64_t i = 0; i < n_; ++i) {
      const T* factor = m + i * m_stride;
      const double *reference = r + i * r_stride, value = x[i];
      if (multipliers)
        for (std::int64_t b = 0; b < count; ++b) c[b] = static_cast<double>(factor[b]);
      else
        for (std::int64_t b = 0; b < count; ++b) {
          const double d = value - reference[b], product = static_cast<double>(factor[b]) * d;
          c[b] = d == 0 ? 0 : product;  // an unchanged feature contributes nothing
        }
      size_[at(place)] += sum_in_lanes(count, [&](std::int64_t b) { return std::abs(c[b]); });
      merge(place, i, {c, count});
      if (double* sum = sums_of_group(i, sums, count))
        for (std::int64_t b = 0; b < count; ++b) sum[b] += c[b];
    }
    if (groups_ > 0) merge_groups(place, sums, count);
    counts_[at(place)] += count;
  }

  /// As `add` for features [first, first + columns) and all outputs, from panels: the multiplier of feature first + i,
  /// output k and reference b at m[(b * K + k) * width + i], its change x - r at change[b * width + i], or null where
  /// the multipliers themselves are wanted. `width` is a multiple of 8. The sums of the groups, [K, groups, count],
  /// grow in `sums`. Once all features have been added, `counted` says how many references these were.
  void add_panel(std::int64_t row, std::int64_t first, std::int64_t columns, const double* m, const double* change,
                 std::int64_t width, std::int64_t count, std::span<double> sums) {
    for (std::int64_t i = 0; i < columns; ++i) {
      double* sum = sums_of_group(first + i, sums, count);
      for (std::int64_t slot = 0; slot < k_ && sum != nullptr; ++slot, sum += groups_ * count)
        for (std::int64_t b = 0; b < count; ++b) {
          const double factor = m[(b * k_ + slot) * width + i], d = change == nullptr ? 1 : change[b * width + i];
          sum[b] += d == 0 ? 0 : factor * d;
        }
    }
    std::vector<double> moments(at(4 * width));
    double *shift = moments.data(), *offsets = shift + width, *squares = offsets + width, *sizes = squares + width;
    for (std::int64_t slot = 0; slot < k_; ++slot) {
      kernels::shifted_moments(m + slot * width, k_ * width, change, width, count, columns, shift, offsets, squares,
                               sizes);
      const std::int64_t place = row * k_ + slot;
      const auto before = static_cast<double>(counts_[at(place)]), added = static_cast<double>(count);
      const double part = added / (before + added), cross = before * part, per_reference = 1 / added;
      double *mean = &mean_[at(place * n_ + first)], *total = &squares_[at(place * n_ + first)], size = 0;
      for (std::int64_t i = 0; i < columns; ++i) {
        const double offset = offsets[i] * per_reference, sum_of_squares = squares[i] - offsets[i] * offset,
                     d = shift[i] + offset - mean[i];
        mean[i] += d * part;
        total[i] += (sum_of_squares < 0 ? 0 : sum_of_squares) + d * d * cross;
      }
      for (std::int64_t i = 0; i < columns; ++i) size += sizes[i];
      size_[at(place)] += size;
    }
  }
  void counted(std::int64_t row, std::int64_t count, std::span<const double> sums) {
    for (std::int64_t slot = 0; slot < k_; ++slot) {
      if (groups_ > 0)
        merge_groups(row * k_ + slot, sums.subspan(at(slot * groups_ * count), group_sums(count, 1)), count);
      counts_[at(row * k_ + slot)] += count;
    }
  }

  Tensor means() const {
    return arranged(n_, [&](std::size_t i, std::size_t) { return mean_[i]; });
  }
  /// Standard deviation over the references / sqrt(B).
  Tensor standard_errors() const { return errors_of(n_, squares_); }
  /// Standard errors of the sums of groups, [N, groups, K].
  Tensor group_errors() const { return errors_of(groups_, group_squares_); }
  /// Mean over the references of the sum of |contributions|.
  double size(std::int64_t row, std::int64_t slot) const {
    const std::int64_t place = row * k_ + slot;
    return counts_[at(place)] == 0 ? 0 : size_[at(place)] / static_cast<double>(counts_[at(place)]);
  }

 private:
  /// Where `sums` of groups, `count` for each, has those of the group of a feature; null if it is in none.
  double* sums_of_group(std::int64_t feature, std::span<double> sums, std::int64_t count) const {
    if (groups_ == 0 || group_of_[at(feature)] < 0) return nullptr;
    return sums.data() + group_of_[at(feature)] * count;
  }

  /// Adds the contributions of feature i to those of `place`, a row and an output.
  void merge(std::int64_t place, std::int64_t i, const Moments& part) {
    const std::size_t p = at(place * n_ + i);
    Moments::merge(mean_[p], squares_[p], static_cast<double>(counts_[at(place)]), part);
  }
  /// Takes sums [groups, count] of `count` references that are not yet in counts_.
  void merge_groups(std::int64_t place, std::span<const double> sums, std::int64_t count) {
    for (std::int64_t g = 0; g < groups_; ++g) {
      const std::size_t p = at(place * groups_ + g);
      Moments::merge(group_mean_[p], group_squares_[p], static_cast<double>(counts_[at(place)]),
                     {&sums[at(g * count)], count});
    }
  }

  Tensor errors_of(std::int64_t n, const std::vector<double>& squares) const {
    return arranged(n, [&](std::size_t i, std::size_t place) {
      return standard_error(squares[i], static_cast<double>(counts_[place]));
    });
  }

  /// [N, n, K] from f at [N, K, n] and [N, K].
  template <class F> Tensor arranged(std::int64_t n, F&& f) const {
    const auto rows = static_cast<std::int64_t>(counts_.size()) / std::max<std::int64_t>(k_, 1);
    Tensor t = empty({rows, n, k_}, {.dtype = float64});
    auto* out = t.mutable_data<double>();
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t slot = 0; slot < k_; ++slot)
        for (std::int64_t i = 0; i < n; ++i)
          out[(row * n + i) * k_ + slot] = f(at((row * k_ + slot) * n + i), at(row * k_ + slot));
    return t;
  }

  std::int64_t k_, n_, groups_;
  std::vector<double> mean_, squares_, size_;
  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> group_of_;              // [n], -1 for a feature in none; empty without groups
  std::vector<double> group_mean_, group_squares_;  // [N, K, groups]
};

}  // namespace xg::explain::detail
