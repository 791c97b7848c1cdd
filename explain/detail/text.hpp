// Numbers and names in texts about explanations. Internal to explain/.
#pragma once

#include <string>
#include <vector>

namespace xg::explain::detail {

/// The number as people read it.
std::string number(double value, int digits = 6);
/// Names that look like the one asked for, or simply the first ones.
std::string listing(const std::vector<std::string>& names);

}  // namespace xg::explain::detail
