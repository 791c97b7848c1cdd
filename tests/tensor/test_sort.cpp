// Sorting, top k and distinct values.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

using namespace xg;
using xg_test::expect_close;

namespace {
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();
}

// Breaks if equal elements change places or indices do not belong to their values.
TEST_CASE("sort is stable in both directions, along any dimension and layout") {
  std::mt19937 random(3);
  for (const Shape& shape : {Shape{1}, Shape{100}, Shape{4, 9}, Shape{3, 1, 5}, Shape{2, 3, 4}}) {
    std::vector<double> values(static_cast<std::size_t>(shape.numel()));
    for (double& v : values) v = static_cast<double>(random() % 5);
    const Tensor source = from_data(values.data(), shape, {.dtype = float32});
    for (const auto& [layout, x] : xg_test::layouts(source))
      for (std::int64_t dim = 0; dim < x.dim(); ++dim)
        for (const bool descending : {false, true}) {
          INFO(layout << ", shape " << shape << ", dim " << dim << (descending ? ", descending" : ""));
          const auto [sorted, indices] = sort(x, dim, descending);
          expect_close(gather(x, dim, indices), sorted, 0, 0);
          const std::int64_t last = x.dim() - 1, n = x.size(dim);
          const std::vector<double> rows = sorted.transpose(dim, last).to_vector();
          const std::vector<std::int64_t> order = indices.transpose(dim, last).to_vector<std::int64_t>();
          bool good = true;
          for (std::size_t i = 1; i < rows.size(); ++i) {
            if (static_cast<std::int64_t>(i) % n == 0) continue;
            good &= descending ? rows[i - 1] >= rows[i] : rows[i - 1] <= rows[i];
            good &= rows[i - 1] != rows[i] || order[i - 1] < order[i];
          }
          CHECK(good);
        }
  }
}

// Breaks if NaN does not count as the largest number.
TEST_CASE("NaN sorts as the largest") {
  const Tensor x = tensor({2, quiet_nan, 1, quiet_nan, 3});
  CHECK(sort(x).second.to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0, 4, 1, 3});
  CHECK(sort(x, 0, true).second.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 3, 4, 0, 2});
  CHECK(topk(x, 1).second.item<std::int64_t>() == 1);
  CHECK(argsort(x).to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0, 4, 1, 3});
}

// Breaks if the k best are not the first k of the sorted ones.
TEST_CASE("topk takes the head of the order") {
  std::mt19937 random(4);
  std::vector<double> values(60);
  for (double& v : values) v = static_cast<double>(random() % 20);
  const Tensor x = from_data(values.data(), {3, 20}, {.dtype = float64});
  for (const bool largest : {true, false})
    for (const std::int64_t k : {0, 1, 7, 20}) {
      const auto [best, indices] = topk(x, k, 1, largest);
      expect_close(best, sort(x, 1, largest).first.slice(1, 0, k), 0, 0);
      expect_close(gather(x, 1, indices), best, 0, 0);
      for (std::int64_t row = 0; row < 3; ++row) CHECK(std::get<0>(unique(indices.select(0, row))).numel() == k);
    }
  CHECK_ERROR(topk(x, 21, 1), Error, "[topk]", "k is 21", "20");
  CHECK_ERROR(topk(x, -1, 1), Error, "[topk]", "-1");
}

// Breaks if values, their places or their counts disagree.
TEST_CASE("unique gives values, places and counts") {
  const auto [values, inverse, counts] = unique(tensor<std::int64_t>({3, 1, 3, 2, 1, 3}));
  CHECK(values.to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 2, 3});
  CHECK(inverse.to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 0, 2, 1, 0, 2});
  CHECK(counts.to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 1, 3});
  const auto [none, nowhere, never] = unique(zeros({0}));
  CHECK(none.numel() + nowhere.numel() + never.numel() == 0);
  CHECK(std::get<0>(unique(tensor({quiet_nan, 1, quiet_nan}))).numel() == 3);  // as in PyTorch: no NaN equals another
}
