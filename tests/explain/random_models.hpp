// Random models over every op that a batch of rows can pass through, and what their explanations must fulfil.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xg_test {

/// A model, rows to explain and references to explain them against.
struct RandomModel {
  std::function<xg::Tensor(const xg::Tensor&)> function;
  xg::Tensor rows, references;
  std::vector<std::int64_t> unused;  ///< features that the model does not read
  bool jumps = false;                ///< may rounding decide about its value?
  std::string text;                  ///< its steps, for messages
};

/// Depth, width, reuse, residual links, concatenation, products, masks, casts, writes in place, ties, constants,
/// extreme scales, Functions without a rule, and ops of the list: one that joins it joins these models.
RandomModel random_model(std::uint64_t seed, xg::Dtype dtype);

/// Explains a random model and names what is wrong, one line each:
/// DeepShap is complete to rounding or says in a note why not; a feature that is not read, or never differs from the
/// references, has contribution 0; ExactShapley equals enumeration, or says in a note which coalition has no number;
/// rows alone and together, and one thread and two, give the same bits; nothing is NaN where model, row, references and
/// coalitions are numbers.
std::vector<std::string> check_random_model(std::uint64_t seed, xg::Dtype dtype);

}  // namespace xg_test
