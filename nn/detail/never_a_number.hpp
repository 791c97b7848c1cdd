// A remark of callbacks in the History.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace xg::nn::detail {

inline std::string never_a_number(std::string_view monitor) { return fmt::format("{} was never a number", monitor); }

}  // namespace xg::nn::detail
