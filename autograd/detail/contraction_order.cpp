#include <xgrad/autograd/detail/contraction_order.hpp>
#include <xgrad/tensor/shape.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

namespace xg::autograd {
namespace {

constexpr double beyond_memory = 1e200;

/// The product of the sizes. It stays finite, so that sums and differences of products do.
double extent(const Contraction& c, LabelSet labels) {
  double product = 1;
  for (; labels != 0; labels &= labels - 1)
    product = std::min(product * c.sizes[static_cast<std::size_t>(std::countr_zero(labels))], beyond_memory);
  return product;
}

/// One product of two terms, of which the result keeps the labels in `kept`: a multiplication for each combination of
/// labels, and an addition if there is a sum.
double flops_of(const Contraction& c, LabelSet a, LabelSet b, LabelSet kept) {
  return extent(c, a | b) * (((a | b) & ~kept) != 0 ? 2 : 1);
}

/// The terms that are left after some steps, and those steps.
struct Remaining {
  const Contraction& contraction;
  std::vector<LabelSet> terms = contraction.terms;
  ContractionOrder order{};

  /// The labels of the product of two terms: those in the output or in a third term.
  LabelSet product(std::size_t i, std::size_t j) const {
    LabelSet elsewhere = contraction.output;
    for (std::size_t k = 0; k < terms.size(); ++k)
      if (k != i && k != j) elsewhere |= terms[k];
    return (terms[i] | terms[j]) & elsewhere;
  }
  void multiply(std::size_t i, std::size_t j) {
    if (i > j) std::swap(i, j);
    const LabelSet kept = product(i, j);
    order.flops += flops_of(contraction, terms[i], terms[j], kept);
    order.steps.emplace_back(i, j);
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(j));
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(i));
    terms.push_back(kept);
  }
};

bool too_many(LabelSet labels) { return static_cast<std::size_t>(std::popcount(labels)) > max_dims; }

ContractionOrder greedy(const Contraction& c) {
  Remaining rest{c};
  while (rest.terms.size() > 1) {
    std::pair<std::size_t, std::size_t> best{0, 1};
    auto best_rank = std::tuple(true, std::numeric_limits<double>::infinity(), 0.0);
    for (std::size_t i = 0; i < rest.terms.size(); ++i)
      for (std::size_t j = i + 1; j < rest.terms.size(); ++j) {
        const LabelSet a = rest.terms[i], b = rest.terms[j], kept = rest.product(i, j);
        // Outer products come last: they only become larger by what follows.
        const bool late = (a & b) == 0 || too_many(kept);
        const std::tuple rank(late, extent(c, kept) - extent(c, a) - extent(c, b), flops_of(c, a, b, kept));
        if (rank < best_rank) std::tie(best, best_rank) = std::pair(std::pair(i, j), rank);
      }
    rest.multiply(best.first, best.second);
  }
  return rest.order;
}

/// Dynamic programming: the cheapest order of a subset of the terms is that of two parts, and their product.
class Exact {
 public:
  explicit Exact(const Contraction& c) : c_(c), best_(std::size_t{1} << c.terms.size()) {
    const std::size_t all = best_.size() - 1;
    for (std::size_t subset = 1; subset <= all; ++subset) {
      best_[subset].labels = labels_of(subset) & (c.output | labels_of(all & ~subset));
      if (std::has_single_bit(subset)) continue;
      best_[subset].flops = std::numeric_limits<double>::infinity();
      const std::size_t lowest = subset & ~(subset - 1);
      for (std::size_t part = (subset - 1) & subset; part != 0; part = (part - 1) & subset)
        if ((part & lowest) != 0) consider(subset, part);
    }
  }
  ContractionOrder order() const {
    Remaining rest{c_};
    std::vector<std::size_t> subsets;  // of the terms that are left
    for (std::size_t i = 0; i < c_.terms.size(); ++i) subsets.push_back(std::size_t{1} << i);
    multiply(rest, subsets, best_.size() - 1);
    return rest.order;
  }

 private:
  struct Best {
    LabelSet labels = 0;   // of the product of the subset
    double flops = 0;      // of the cheapest order
    std::size_t part = 0;  // one of its two factors
  };

  LabelSet labels_of(std::size_t subset) const {
    LabelSet labels = 0;
    for (std::size_t i = 0; i < c_.terms.size(); ++i)
      if ((subset >> i & 1) != 0) labels |= c_.terms[i];
    return labels;
  }
  void consider(std::size_t subset, std::size_t part) {
    const Best &a = best_[part], &b = best_[subset & ~part];
    Best& best = best_[subset];
    double flops = a.flops + b.flops + flops_of(c_, a.labels, b.labels, best.labels);
    if (too_many(best.labels)) flops += 1e3 * beyond_memory;  // only where there is no other way
    if (flops < best.flops) best = {best.labels, flops, part};
  }
  /// Appends the steps of a subset.
  void multiply(Remaining& rest, std::vector<std::size_t>& subsets, std::size_t subset) const {
    if (std::has_single_bit(subset)) return;
    const std::size_t part = best_[subset].part, other = subset & ~part;
    multiply(rest, subsets, part);
    multiply(rest, subsets, other);
    const auto place = [&](std::size_t of) {
      return static_cast<std::size_t>(std::find(subsets.begin(), subsets.end(), of) - subsets.begin());
    };
    rest.multiply(place(part), place(other));
    std::erase_if(subsets, [&](std::size_t of) { return of == part || of == other; });
    subsets.push_back(subset);
  }

  const Contraction& c_;
  std::vector<Best> best_;
};

}  // namespace

ContractionOrder left_to_right(const Contraction& contraction) {
  Remaining rest{contraction};
  const std::size_t count = contraction.terms.size();
  for (std::size_t n = count; n > 1; --n) rest.multiply(0, n == count ? 1 : n - 1);  // the product so far is the last
  return rest.order;
}

ContractionOrder cheapest_order(const Contraction& contraction) {
  ContractionOrder plain = left_to_right(contraction);
  if (contraction.terms.size() < 3) return plain;
  ContractionOrder better = contraction.terms.size() <= exact_terms ? Exact(contraction).order() : greedy(contraction);
  return better.flops < plain.flops ? better : plain;
}

}  // namespace xg::autograd
