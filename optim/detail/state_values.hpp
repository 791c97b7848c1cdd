// Numbers in state dictionaries.
#pragma once

#include <xgrad/optim/optimizer.hpp>

#include <cstdint>
#include <string>

namespace xg::optim::detail {

/// A number as a 0-d float64 tensor, as in state dictionaries.
Tensor number(double value);
/// The nonnegative integer under `key`. Throws ValueError, beginning with [who], for any other number.
std::int64_t count_in(const StateDict& state, const std::string& who, const std::string& key);

}  // namespace xg::optim::detail
