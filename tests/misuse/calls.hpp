// Every public op as a call with drawn arguments.
#pragma once

#include "misuse/draw.hpp"

#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace xg_test {

struct Call {
  std::string name;
  std::vector<xg::Tensor> (*call)(Draw& draw);
  bool any_layout = true;  ///< false for those whose outcome is a matter of strides
};

/// One of each op and overload of ops.hpp, creation.hpp, random.hpp and of Tensor's writing methods. An op without a
/// call here is still called with its samples (the second test of test_misuse.cpp); a call here adds shapes and dtypes
/// that its public function must check.
std::vector<Call> all_calls();

/// The calls of one family, in calls_<family>.cpp.
std::vector<Call> elementwise_calls();
std::vector<Call> operators_calls();
std::vector<Call> numbers_calls();
std::vector<Call> reductions_calls();
std::vector<Call> statistics_calls();
std::vector<Call> shape_calls();
std::vector<Call> indexing_calls();
std::vector<Call> products_calls();
std::vector<Call> layers_calls();
std::vector<Call> spatial_calls();
std::vector<Call> creation_calls();
std::vector<Call> writing_calls();
std::vector<Call> linalg_calls();

/// The results of a call as a list: tensors, bools, and lists, pairs and tuples of tensors.
template <class... T> std::vector<xg::Tensor> list(const T&... results) {
  std::vector<xg::Tensor> all;
  const auto add = [&]<class R>(const R& result) {
    if constexpr (std::is_same_v<R, xg::Tensor>)
      all.push_back(result);
    else if constexpr (std::is_same_v<R, bool>)
      all.push_back(xg::scalar_tensor(result));
    else if constexpr (std::is_same_v<R, std::vector<xg::Tensor>>)
      all.insert(all.end(), result.begin(), result.end());
    else
      std::apply([&](const auto&... part) { (all.push_back(part), ...); }, result);
  };
  (add(results), ...);
  return all;
}

template <xg::Tensor (*f)(const xg::Tensor&)> std::vector<xg::Tensor> unary(Draw& d) { return {f(d.tensor())}; }
template <xg::Tensor (*f)(const xg::Tensor&, const xg::Tensor&)> std::vector<xg::Tensor> binary(Draw& d) {
  const xg::Tensor a = d.tensor(), b = d.tensor_like(a);
  return {f(a, b)};
}

}  // namespace xg_test
