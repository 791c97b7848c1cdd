// Every public op as a call with drawn arguments.
#pragma once

#include "misuse/draw.hpp"

#include <string>

namespace xg_test {

struct Call {
  std::string name;
  std::vector<xg::Tensor> (*call)(Draw& draw);
  bool any_layout = true;  ///< false for those whose outcome is a matter of strides
};

/// One of each op and overload of ops.hpp, creation.hpp, random.hpp and of Tensor's writing methods.
const std::vector<Call>& all_calls();

}  // namespace xg_test
