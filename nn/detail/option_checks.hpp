// Checks of layer options.
#pragma once

#include <limits>

namespace xg::nn::detail {

/// Throws ValueError, `[LayerNorm] eps is -1, it must be ...`, unless `value` is finite and within [low, high].
void check_option(const char* layer, const char* option, double value,
                  double low = -std::numeric_limits<double>::infinity(),
                  double high = std::numeric_limits<double>::infinity());

}  // namespace xg::nn::detail
