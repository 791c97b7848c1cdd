// Order, ties, NaN, and where gradients go.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>

using namespace xg;

namespace {
using Ints = std::vector<std::int64_t>;
Tensor doubles(std::initializer_list<double> values, const Shape& shape) {
  return from_data(values.begin(), shape, {.dtype = float64});
}
}  // namespace

// Breaks if sorting is not stable or puts NaN elsewhere than last.
TEST_CASE("sort is stable and puts NaN last") {
  const Tensor x = doubles({2, 1, 2, std::nan(""), 1}, {5});
  CHECK(sort(x).second.to_vector<std::int64_t>() == Ints{1, 4, 0, 2, 3});
  CHECK(argsort(x, 0, true).to_vector<std::int64_t>() == Ints{3, 0, 2, 1, 4});
  CHECK_ERROR(sort(x, 1), IndexError, "[sort]", "dim is 1");
}

// Breaks if gradients are scattered along another dimension.
TEST_CASE("gradients go to where values came from") {
  Tensor x = doubles({3, 1, 2, 6, 5, 4}, {2, 3}).requires_grad_();
  const Tensor weights = doubles({1, 10, 100, 1000, 10000, 100000}, {2, 3});
  CHECK(grad(sum(sort(x).first * weights), x).to_vector() == std::vector<double>{100, 1, 10, 100000, 10000, 1000});
  const auto [values, index] = topk(x, 1, 0);
  CHECK(values.detach().to_vector() == std::vector<double>{6, 5, 4});
  CHECK(index.to_vector<std::int64_t>() == Ints{1, 1, 1});
  CHECK(grad(sum(values), x).to_vector() == std::vector<double>{0, 0, 0, 1, 1, 1});
}

// Breaks if k is not checked.
TEST_CASE("topk") {
  const Tensor x = doubles({5, 3, 9, 1}, {4});
  CHECK(topk(x, 2).first.to_vector() == std::vector<double>{9, 5});
  CHECK(topk(x, 2, 0, false).first.to_vector() == std::vector<double>{1, 3});
  CHECK(topk(x, 0).first.numel() == 0);
  CHECK_ERROR(topk(x, 5), ValueError, "[topk]", "k is 5", "4");
  CHECK_ERROR(topk(x, -1), ValueError, "[topk]", "k is -1");
}

// Breaks if the inverse or the counts are wrong.
TEST_CASE("unique") {
  const auto [values, inverse, counts] = unique(tensor<std::int64_t>({3, 1, 3, 2, 1, 3}));
  CHECK(values.to_vector<std::int64_t>() == Ints{1, 2, 3});
  CHECK(inverse.to_vector<std::int64_t>() == Ints{2, 0, 2, 1, 0, 2});
  CHECK(counts.to_vector<std::int64_t>() == Ints{2, 1, 3});
}
