#include <xgrad/nn/detail/option_checks.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace xg::nn::detail {

void check_option(const char* layer, const char* option, double value, double low, double high) {
  if (std::isfinite(value) && value >= low && value <= high) return;
  const std::string range = std::isfinite(low) && std::isfinite(high) ? fmt::format("from {} to {}", low, high)
                            : std::isfinite(low)                      ? fmt::format("finite and {} or more", low)
                                                                      : std::string("finite");
  raise<ValueError>("[{}] {} is {}, it must be {}.", layer, option, value, range);
}

}  // namespace xg::nn::detail
