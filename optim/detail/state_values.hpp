// Numbers in state dictionaries. Internal to optim/.
#pragma once

#include <xgrad/optim/optimizer.hpp>

#include <cstdint>
#include <string>

namespace xg::optim::detail {

/// A number as a state has it: float64, 0-d.
Tensor number(double value);
/// The count that a state has under `key`. Throws ValueError, beginning with [who], for any other number.
std::int64_t count_in(const StateDict& state, const std::string& who, const std::string& key);

}  // namespace xg::optim::detail
