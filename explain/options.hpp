// Options that explainers share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xg::explain {

/// The order of outputs if only the first ones of each row are explained.
enum class Rank : std::uint8_t {
  max,      ///< largest output first
  min,      ///< smallest output first
  max_abs,  ///< largest |output| first
};

/// What happens if base value and contributions do not sum to the prediction. The tolerance is 1e-5 of their sizes in
/// float32 and 1e-9 in float64, plus the residual of ops whose gradient had to be integrated.
enum class Additivity : std::uint8_t {
  error,   ///< throw an Error that names the op responsible
  warn,    ///< add the message as a note to the explanation
  report,  ///< do nothing; see Explanation::residual()
};

/// Default memory limit of a block of pairs of rows and references, for each thread: about the size of a processor's
/// cache. A block has at least one pair.
inline constexpr std::size_t default_block_bytes = std::size_t{4} << 20;

}  // namespace xg::explain
