// Signed numbers as places in a standard container.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xg::explain::detail {

/// A place in a list.
inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace xg::explain::detail
