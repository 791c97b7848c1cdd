// Formats numbers and names in texts about explanations.
#pragma once

#include <string>
#include <vector>

namespace xg::explain::detail {

/// The number with up to `digits` significant digits.
std::string number(double value, int digits = 6);
/// The names, or the first ones and the number of others.
std::string listing(const std::vector<std::string>& names);

}  // namespace xg::explain::detail
