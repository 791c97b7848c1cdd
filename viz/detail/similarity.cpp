#include <xgrad/viz/detail/range.hpp>
#include <xgrad/viz/detail/similarity.hpp>

#include <algorithm>

namespace xg::viz::detail {

// Complete linkage by nearest-neighbour chains. At each merge the two runs of rows are turned so that their nearest
// ends meet.
std::vector<std::size_t> order_by_similarity(const Contributions& c, const std::vector<std::size_t>& rows) {
  const std::size_t n = rows.size();
  std::vector<float> distance(n * n, 0);
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double sum = 0;
      for (std::size_t i = 0; i < c.features; ++i) {
        const double d = finite_or_zero(c.value(rows[a], i)) - finite_or_zero(c.value(rows[b], i));
        sum += d * d;
      }
      distance[a * n + b] = distance[b * n + a] = static_cast<float>(sum);
    }
  }
  const std::vector<float> row_distance = distance;
  std::vector<std::vector<std::size_t>> runs(n);
  for (std::size_t i = 0; i < n; ++i) runs[i] = {i};
  std::vector<bool> alive(n, true);
  std::vector<std::size_t> chain;
  std::size_t clusters = n;
  while (clusters > 1) {
    if (chain.empty()) {
      chain.push_back(static_cast<std::size_t>(std::find(alive.begin(), alive.end(), true) - alive.begin()));
    }
    const std::size_t a = chain.back();
    std::size_t nearest = n;
    // Ties go to the previous cluster of the chain, so that it terminates.
    if (chain.size() > 1) nearest = chain[chain.size() - 2];
    for (std::size_t b = 0; b < n; ++b) {
      if (b == a || !alive[b]) continue;
      if (nearest == n || distance[a * n + b] < distance[a * n + nearest]) nearest = b;
    }
    if (chain.size() < 2 || nearest != chain[chain.size() - 2]) {
      chain.push_back(nearest);
      continue;
    }
    chain.resize(chain.size() - 2);
    auto& p = runs[std::min(a, nearest)];
    auto& q = runs[std::max(a, nearest)];
    const auto distance_between = [&](std::size_t u, std::size_t v) { return row_distance[u * n + v]; };
    const float ends[4] = {distance_between(p.back(), q.front()), distance_between(p.back(), q.back()),
                           distance_between(p.front(), q.front()), distance_between(p.front(), q.back())};
    const auto best = std::min_element(ends, ends + 4) - ends;
    if (best >= 2) std::reverse(p.begin(), p.end());
    if (best % 2 == 1) std::reverse(q.begin(), q.end());
    p.insert(p.end(), q.begin(), q.end());
    q.clear();
    const std::size_t kept = std::min(a, nearest);
    const std::size_t gone = std::max(a, nearest);
    alive[gone] = false;
    for (std::size_t k = 0; k < n; ++k) {
      distance[kept * n + k] = distance[k * n + kept] = std::max(distance[kept * n + k], distance[gone * n + k]);
    }
    --clusters;
  }
  std::vector<std::size_t> order =
      runs[static_cast<std::size_t>(std::find(alive.begin(), alive.end(), true) - alive.begin())];
  for (std::size_t& i : order) i = rows[i];
  if (c.prediction(order.front()) < c.prediction(order.back())) std::reverse(order.begin(), order.end());
  return order;
}

}  // namespace xg::viz::detail
