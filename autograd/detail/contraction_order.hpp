// The order in which einsum multiplies its operands.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace xg::autograd {

/// The labels of a term, a bit for each.
using LabelSet = std::uint64_t;

/// A product of terms, summed over the labels that the output does not have. Each label is in the output or in at least
/// two terms.
struct Contraction {
  std::vector<LabelSet> terms;
  LabelSet output = 0;
  std::array<double, 64> sizes{};  ///< of the labels
};

/// Products of two terms, one after the other: both are removed from the list of terms, and the product is appended.
struct ContractionOrder {
  std::vector<std::pair<std::size_t, std::size_t>> steps;  ///< positions in the list, the smaller one first
  double flops = 0;                                        ///< multiplications and additions of all steps
};

/// From left to right.
ContractionOrder left_to_right(const Contraction& contraction);
/// The cheapest order of up to `exact_terms` terms, by dynamic programming over their subsets. Of more terms, the pair
/// whose product takes the least memory in addition to its factors is multiplied first (the "greedy" order of
/// opt_einsum). Orders with intermediate products of more dimensions than a tensor has are avoided.
ContractionOrder cheapest_order(const Contraction& contraction);

inline constexpr std::size_t exact_terms = 6;

}  // namespace xg::autograd
