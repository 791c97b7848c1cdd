// Choices that explainers share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xg::explain {

/// By what outputs are ordered where only the first ones of each row are explained.
enum class Rank : std::uint8_t {
  max,      ///< the largest first
  min,      ///< the least first
  max_abs,  ///< the largest |output| first
};

/// What happens where base value and contributions do not sum to the prediction. They do to rounding (1e-5 of their
/// sizes in float32, 1e-9 in float64), widened by the residual of ops whose gradient had to be integrated.
enum class Additivity : std::uint8_t {
  error,   ///< an Error that names the op that lost something
  warn,    ///< the same words as a note in the explanation
  report,  ///< Explanation::residual() alone tells
};

/// Memory that a block of pairs of rows and references may take, in each thread that works: about what a processor's
/// cache holds. A block is at least one pair.
inline constexpr std::size_t default_block_bytes = std::size_t{4} << 20;

}  // namespace xg::explain
