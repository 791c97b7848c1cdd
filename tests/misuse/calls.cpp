#include "misuse/calls.hpp"

namespace xg_test {

std::vector<Call> all_calls() {
  std::vector<Call> all;
  for (const auto family :
       {elementwise_calls, operators_calls, numbers_calls, reductions_calls, statistics_calls, shape_calls,
        indexing_calls, products_calls, layers_calls, creation_calls, writing_calls, linalg_calls, spatial_calls})
    for (const Call& call : family()) all.push_back(call);
  return all;
}

}  // namespace xg_test
