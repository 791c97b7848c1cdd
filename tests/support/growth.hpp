// How the work of a function grows with its input, without a word about how fast the machine is.
#pragma once

#include <time.h>

#include <algorithm>
#include <limits>

namespace xg_test {

/// Between linear growth, 10, and quadratic growth, 100, there is a margin for logarithms and for caches that overflow.
constexpr double far_below_quadratic = 40;

/// The CPU time that this thread spends in f, in seconds: what else the machine does hardly matters.
template <class F> double thread_seconds(F&& f) {
  timespec begin{}, end{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
  f();
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return static_cast<double>(end.tv_sec - begin.tv_sec) + 1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec);
}

/// The CPU time that this thread spends in f(10 n) over that in f(n). `prepare(n)` returns the function to be measured.
/// What else the machine does can only disturb a measurement, not make quadratic work look linear ten times over: so it
/// is repeated until the result is far below quadratic, and the least result counts.
template <class Prepare> double growth(int n, Prepare&& prepare) {
  const auto seconds = [&](int size, int runs) {
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < runs; ++i) least = std::min(least, thread_seconds(prepare(size)));
    return least;
  };
  double least = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 10 && least >= far_below_quadratic; ++attempt)
    least = std::min(least, seconds(10 * n, 2) / seconds(n, 3));
  return least;
}

}  // namespace xg_test
