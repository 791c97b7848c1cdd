// NumPy's rules for x[i, j, ...], applied to each element by itself: what tests compare an index with.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace xg_test {

using Sizes = std::vector<std::int64_t>;

/// One entry of an index, without tensors.
struct Entry {
  char kind = 's';                              // i, s, n, e, a, m as in tests/data/indexing/numpy.txt
  std::int64_t number = 0;                      // i
  std::optional<std::int64_t> start{}, stop{};  // s
  std::int64_t step = 1;                        // s
  Sizes shape{}, values{};                      // a, m
};
using Expression = std::vector<Entry>;

inline std::int64_t product(const Sizes& sizes) {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  return n;
}

/// The coordinates of element `at` of a shape.
inline Sizes coordinates(std::int64_t at, const Sizes& shape) {
  Sizes out(shape.size());
  for (std::size_t i = shape.size(); i-- > 0; at /= shape[i]) out[i] = at % shape[i];
  return out;
}

inline std::int64_t offset(const Sizes& at, const Sizes& shape) {
  std::int64_t out = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) out = out * shape[i] + at[i];
  return out;
}

/// What an expression selects: the shape, and the offset of each element; nothing where NumPy has an IndexError.
struct Selection {
  Sizes shape, offsets;
};

/// Integers that index one dimension, or, of a 0-d mask, a new one (`dim` is -1).
struct Advanced {
  Sizes shape, values;
  std::int64_t dim = -1;
};

/// A dimension of the result that comes from a slice or, with `dim` -1, from a new axis.
struct Kept {
  std::int64_t dim = -1;
  Sizes places{0};
};

inline std::optional<Sizes> broadcast(const Sizes& a, const Sizes& b) {
  Sizes out(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return {};
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

/// range(start, stop, step) of Python's slice.indices(), one step at a time.
inline Sizes places_of(const Entry& e, std::int64_t size) {
  Sizes out;
  const auto place = [&](std::int64_t bound) { return bound < 0 ? bound + size : bound; };
  if (e.step > 0) {
    const std::int64_t first = e.start ? std::max<std::int64_t>(place(*e.start), 0) : 0;
    const std::int64_t last = e.stop ? std::min(place(*e.stop), size) : size;
    for (std::int64_t i = first; i < last; i += e.step) out.push_back(i);
  } else {
    const std::int64_t first = e.start ? std::min(place(*e.start), size - 1) : size - 1;
    const std::int64_t last = e.stop ? std::max<std::int64_t>(place(*e.stop), -1) : -1;
    for (std::int64_t i = first; i > last; i += e.step) out.push_back(i);
  }
  return out;
}

/// NumPy's rules, an element at a time.
inline std::optional<Selection> select_by_rules(const Sizes& shape, Expression expression) {
  const auto consumed = [](const Entry& e) -> std::int64_t {
    if (e.kind == 'm') return static_cast<std::int64_t>(e.shape.size());
    return e.kind == 'n' || e.kind == 'e' ? 0 : 1;
  };
  std::int64_t named = 0, ellipses = 0;
  bool tensors = false;
  for (const Entry& e : expression) {
    named += consumed(e);
    ellipses += e.kind == 'e';
    tensors |= e.kind == 'a' || e.kind == 'm';
  }
  const std::int64_t rest = static_cast<std::int64_t>(shape.size()) - named;
  if (rest < 0 || ellipses > 1) return {};
  if (ellipses == 0) expression.push_back({.kind = 'e'});

  // Dimensions of the result before the run of advanced entries, and after it.
  std::vector<Kept> before, after;
  std::vector<Advanced> advanced;
  bool left = false, apart = false;  // whether the run was left, and entered again
  const auto keep = [&](Kept kept) { (advanced.empty() ? before : after).push_back(std::move(kept)); };
  std::int64_t dim = 0;
  for (const Entry& e : expression) {
    const bool is_advanced = e.kind == 'a' || e.kind == 'm' || (e.kind == 'i' && tensors);
    if (is_advanced && left) apart = true;
    if (!is_advanced && !advanced.empty()) left = true;
    if (e.kind == 'n') {
      keep({});
    } else if (e.kind == 'e') {
      for (std::int64_t i = 0; i < rest; ++i, ++dim) {
        Kept whole{dim, {}};
        for (std::int64_t k = 0; k < shape[static_cast<std::size_t>(dim)]; ++k) whole.places.push_back(k);
        keep(std::move(whole));
      }
    } else if (e.kind == 's') {
      keep({dim, places_of(e, shape[static_cast<std::size_t>(dim)])});
      ++dim;
    } else if (e.kind == 'i') {
      advanced.push_back({{}, {e.number}, dim++});
    } else if (e.kind == 'a') {
      advanced.push_back({e.shape, e.values, dim++});
    } else if (e.shape.empty()) {
      advanced.push_back({{e.values[0]}, Sizes(static_cast<std::size_t>(e.values[0]), 0), -1});
    } else {
      std::vector<Advanced> parts(e.shape.size());
      for (std::size_t k = 0; k < parts.size(); ++k) {
        if (e.shape[k] != shape[static_cast<std::size_t>(dim)]) return {};
        parts[k].dim = dim++;
      }
      for (std::size_t at = 0; at < e.values.size(); ++at) {
        if (e.values[at] == 0) continue;
        const Sizes c = coordinates(static_cast<std::int64_t>(at), e.shape);
        for (std::size_t k = 0; k < parts.size(); ++k) parts[k].values.push_back(c[k]);
      }
      for (Advanced& part : parts) {
        part.shape = {static_cast<std::int64_t>(part.values.size())};
        advanced.push_back(std::move(part));
      }
    }
  }
  Sizes common;
  for (Advanced& a : advanced) {
    const auto both = broadcast(common, a.shape);
    if (!both) return {};
    common = *both;
    if (a.dim < 0) continue;
    const std::int64_t size = shape[static_cast<std::size_t>(a.dim)];
    for (std::int64_t& v : a.values) {
      if (v < -size || v >= size) return {};
      if (v < 0) v += size;
    }
  }
  if (apart) {
    after.insert(after.begin(), before.begin(), before.end());
    before.clear();
  }
  Selection out;
  for (const Kept& k : before) out.shape.push_back(static_cast<std::int64_t>(k.places.size()));
  out.shape.insert(out.shape.end(), common.begin(), common.end());
  for (const Kept& k : after) out.shape.push_back(static_cast<std::int64_t>(k.places.size()));
  for (std::int64_t at = 0; at < product(out.shape); ++at) {
    const Sizes c = coordinates(at, out.shape);
    Sizes place(shape.size());
    const auto take = [&](const std::vector<Kept>& kept, std::size_t first) {
      for (std::size_t i = 0; i < kept.size(); ++i)
        if (kept[i].dim >= 0)
          place[static_cast<std::size_t>(kept[i].dim)] = kept[i].places[static_cast<std::size_t>(c[first + i])];
    };
    take(before, 0);
    take(after, before.size() + common.size());
    for (const Advanced& a : advanced) {
      if (a.dim < 0) continue;
      Sizes own(a.shape.size());
      for (std::size_t i = 0; i < own.size(); ++i)
        own[i] = a.shape[i] == 1 ? 0 : c[before.size() + common.size() - own.size() + i];
      place[static_cast<std::size_t>(a.dim)] = a.values[static_cast<std::size_t>(offset(own, a.shape))];
    }
    out.offsets.push_back(offset(place, shape));
  }
  return out;
}

}  // namespace xg_test
