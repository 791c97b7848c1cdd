// How the work of a function grows with its input, without a word about how fast the machine is.
#pragma once

#include <time.h>

#include <algorithm>
#include <limits>

namespace xg_test {

/// The CPU time that this thread spends in f(10 n) over that in f(n), the least of some runs each: about 10 where work
/// is linear, about 100 where it is quadratic. `prepare(n)` returns the function to be measured.
template <class Prepare>
double growth(int n, Prepare&& prepare) {
  const auto seconds = [&](int size, int runs) {
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < runs; ++i) {
      auto work = prepare(size);
      timespec begin{}, end{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
      work();
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
      least = std::min(least, static_cast<double>(end.tv_sec - begin.tv_sec) +
                                  1e-9 * static_cast<double>(end.tv_nsec - begin.tv_nsec));
    }
    return least;
  };
  return seconds(10 * n, 3) / seconds(n, 5);
}

/// Between linear and quadratic growth there is room for caches that overflow and for logarithms.
constexpr double far_below_quadratic = 40;

}  // namespace xg_test
