// Order, ties, NaN, and where gradients go.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {
using Ints = std::vector<std::int64_t>;
Tensor doubles(std::initializer_list<double> values, const Shape& shape) {
  return from_data(values.begin(), shape, {.dtype = float64});
}
/// Small integers in no order, with many ties.
Tensor tied(const Shape& shape) {
  return floor(sin(arange(shape.numel(), {.dtype = float64}) * 2.3 + 0.3) * 3).reshape(shape);
}
constexpr double missing = std::numeric_limits<double>::quiet_NaN();
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

// Breaks if order statistics choose another element than the stable order has.
TEST_CASE("kthvalue and msort are parts of sort") {
  const Tensor x = tied({4, 5, 3});
  for (std::int64_t dim = 0; dim < 3; ++dim) {
    const auto [sorted, order] = sort(x, dim);
    for (std::int64_t k = 1; k <= x.size(dim); ++k) {
      const auto [values, index] = kthvalue(x, k, dim);
      CHECK(equal(values, select(sorted, dim, k - 1)));
      CHECK(equal(index, select(order, dim, k - 1)));
      CHECK(equal(kthvalue(x, k, dim, true).first, narrow(sorted, dim, k - 1, 1)));
    }
  }
  CHECK(equal(msort(x), sort(x, 0).first));
  CHECK(kthvalue(full({}, 3.0), 1, 0).first.item() == 3);
  const Tensor with_nan = doubles({missing, 2, missing, 1}, {4});
  CHECK(kthvalue(with_nan, 2).first.item() == 2);
  CHECK(kthvalue(with_nan, 3).second.item<std::int64_t>() == 0);
  CHECK(kthvalue(tensor<std::int64_t>({3, 1, 2}), 3).first.item<std::int64_t>() == 3);
  CHECK_ERROR(kthvalue(x, 0), ValueError, "[kthvalue]", "k is 0");
  CHECK_ERROR(kthvalue(x, 6, 1), ValueError, "[kthvalue]", "k is 6", "5");
  CHECK_ERROR(kthvalue(zeros({2, 0}), 1), ValueError, "[kthvalue]");
}

// Breaks if the most frequent value is miscounted, or another index than the last is given.
TEST_CASE("mode") {
  const Tensor x = tied({6, 9});
  const auto [values, index] = mode(x, 1);
  for (std::int64_t i = 0; i < 6; ++i) {
    const std::vector<double> row = select(x, 0, i).to_vector();
    std::map<double, int> counts;
    for (const double v : row) ++counts[v];
    double best = counts.begin()->first;
    for (const auto& [value, count] : counts)
      if (count > counts[best]) best = value;
    CHECK(select(values, 0, i).item() == best);
    const auto last = std::find(row.rbegin(), row.rend(), best);
    CHECK(select(index, 0, i).item<std::int64_t>() == row.rend() - last - 1);
  }
  CHECK(mode(doubles({missing, missing, 4}, {3})).first.item() == 4);
  CHECK(mode(x, 0, true).first.shape() == Shape{1, 9});
  CHECK_ERROR(mode(zeros({3, 0})), ShapeError, "[mode]");
}

// Breaks if a running extremum forgets, or prefers the first of equal elements.
TEST_CASE("cummax and cummin") {
  const Tensor x = doubles({2, 1, 2, 3, 3, 0}, {6});
  const auto [most, at_most] = cummax(x, 0);
  CHECK(most.to_vector() == std::vector<double>{2, 2, 2, 3, 3, 3});
  CHECK(at_most.to_vector<std::int64_t>() == Ints{0, 0, 2, 3, 4, 4});
  const auto [least, at_least] = cummin(x, 0);
  CHECK(least.to_vector() == std::vector<double>{2, 1, 1, 1, 1, 0});
  CHECK(at_least.to_vector<std::int64_t>() == Ints{0, 1, 1, 1, 1, 5});
  const auto [rest, at_nan] = cummax(doubles({1, missing, 5, missing, 0}, {5}), 0);
  expect_close(rest, {1, missing, missing, missing, missing});
  CHECK(at_nan.to_vector<std::int64_t>() == Ints{0, 1, 1, 3, 3});

  const Tensor wide = tied({3, 4, 5});
  for (std::int64_t dim = 0; dim < 3; ++dim)
    for (std::int64_t i = 0; i < wide.size(dim); ++i) {
      const Tensor so_far = narrow(wide, dim, 0, i + 1);
      CHECK(equal(select(cummax(wide, dim).first, dim, i), amax(so_far, dim)));
      CHECK(equal(select(cummin(wide, dim).first, dim, i), amin(so_far, dim)));
    }
  Tensor leaf = x.clone().requires_grad_();
  CHECK(grad(sum(cummax(leaf, 0).first), leaf).to_vector() == std::vector<double>{2, 0, 1, 1, 2, 0});
  CHECK(cummin(zeros({0, 2}), 0).first.shape() == Shape{0, 2});
  CHECK_ERROR(cummax(x, 1), IndexError, "[cummax]");
}

// Breaks if the derivative of a selection is not that of gather.
TEST_CASE("second derivatives of selections") {
  const Tensor x = sin(arange(15, {.dtype = float64}) * 2.3).reshape({3, 5});
  const auto check = [&](const TensorFunction& f) {
    const Tensor at = x.clone().requires_grad_();
    const GradcheckResult first = gradcheck(f, at), second = gradgradcheck(f, at);
    INFO(first.message << second.message);
    CHECK(first.passed);
    CHECK(second.passed);
  };
  check([](const Tensor& t) { return square(kthvalue(t, 2, 0).first); });
  check([](const Tensor& t) { return square(cummax(t, 1).first); });
  check([](const Tensor& t) { return square(cummin(t, 0).first); });
  check([](const Tensor& t) { return square(mode(t, 0).first); });
  check([](const Tensor& t) { return square(msort(t)); });
}

// Breaks if slices are not distinct, not in order, or cannot be put together again.
TEST_CASE("unique along a dimension") {
  const Tensor x = tied({12, 2, 2});
  const auto [values, inverse, counts] = unique(x, 0);
  CHECK(equal(index_select(values, 0, inverse), x));
  CHECK(equal(counts, bincount(inverse)));
  for (std::int64_t i = 1; i < values.size(0); ++i) {
    const auto before = select(values, 0, i - 1).to_vector(), after = select(values, 0, i).to_vector();
    CHECK(std::lexicographical_compare(before.begin(), before.end(), after.begin(), after.end()));
  }
  const auto [columns, places, numbers] = unique(transpose(x, 0, 2), -1);
  CHECK(equal(index_select(columns, 2, places), transpose(x, 0, 2)));
  CHECK(sum(numbers).item<std::int64_t>() == 12);
  CHECK(std::get<0>(unique(doubles({1, missing, 1, missing}, {2, 2}), 0)).size(0) == 2);
  CHECK(std::get<0>(unique(doubles({3, 1, 3}, {3}), 0)).to_vector() == std::vector<double>{1, 3});
  CHECK(std::get<0>(unique(zeros({0, 2}), 0)).shape() == Shape{0, 2});
  CHECK_ERROR(unique(zeros({2, 0}), 0), ShapeError, "[unique]", "[2, 0]");
  CHECK_ERROR(unique(x, 3), IndexError, "[unique]");
}

// Breaks if neighbours are merged across others.
TEST_CASE("unique_consecutive") {
  const auto [values, inverse, counts] = unique_consecutive(tensor<std::int64_t>({1, 1, 2, 2, 2, 1, 3}));
  CHECK(values.to_vector<std::int64_t>() == Ints{1, 2, 1, 3});
  CHECK(inverse.to_vector<std::int64_t>() == Ints{0, 0, 1, 1, 1, 2, 3});
  CHECK(counts.to_vector<std::int64_t>() == Ints{2, 3, 1, 1});
  const Tensor x = tied({9, 2});
  const auto [rows, places, numbers] = unique_consecutive(x, 0);
  CHECK(equal(index_select(rows, 0, places), x));
  CHECK(equal(repeat_interleave(rows, numbers, 0), x));
  CHECK(std::get<1>(unique_consecutive(x)).shape() == Shape{9, 2});
  CHECK_ERROR(unique_consecutive(zeros({2, 0}), 0), ShapeError, "[unique_consecutive]");
}

// Breaks if a place is off by one, on either side of equal elements.
TEST_CASE("searchsorted and bucketize agree with counting") {
  const Tensor sorted = sort(tied({3, 8})).first, values = tied({3, 11}) + 0.0;
  for (const bool right : {false, true}) {
    Ints want;
    for (std::int64_t i = 0; i < 3; ++i)
      for (std::int64_t j = 0; j < 11; ++j) {
        const Tensor row = select(sorted, 0, i), value = select(select(values, 0, i), 0, j);
        want.push_back(count_nonzero(right ? row <= value : row < value).item<std::int64_t>());
      }
    CHECK(searchsorted(sorted, values, {.right = right}).to_vector<std::int64_t>() == want);
    CHECK(searchsorted(sorted, values, {.side = right ? "right" : "left"}).to_vector<std::int64_t>() == want);
    const Tensor shuffled = flip(sorted, 1);
    CHECK(searchsorted(shuffled, values, {.right = right, .sorter = argsort(shuffled)}).to_vector<std::int64_t>() ==
          want);
  }
  const Tensor edges = doubles({1, 2, 4}, {3});
  const Tensor x = doubles({0, 1, 2, 3, 4, 5, missing}, {7});
  CHECK(bucketize(x, edges).to_vector<std::int64_t>() == Ints{0, 0, 1, 2, 2, 3, 3});
  CHECK(bucketize(x, edges, false, true).to_vector<std::int64_t>() == Ints{0, 1, 2, 2, 3, 3, 3});
  CHECK(bucketize(x, edges, true).dtype() == int32);
  CHECK(bucketize(2.5, edges).item<std::int64_t>() == 2);
  CHECK(searchsorted(tensor<std::int64_t>({1, 2, 3}), 2.5).item<std::int64_t>() == 2);
  CHECK(searchsorted(tensor<std::int64_t>({1, 2, 3}), doubles({1.5}, {1})).item<std::int64_t>() == 1);
  CHECK(searchsorted(zeros({0}), zeros({2})).to_vector<std::int64_t>() == Ints{0, 0});
  CHECK(searchsorted(zeros({2, 0}), zeros({2, 0})).shape() == Shape{2, 0});

  CHECK_ERROR(searchsorted(sorted, zeros({2, 3})), ShapeError, "[searchsorted]", "[3, 8]");
  CHECK_ERROR(searchsorted(full({}, 1.0), x), ShapeError, "[searchsorted]");
  CHECK_ERROR(searchsorted(edges, x, {.side = "middle"}), ValueError, "[searchsorted]", "middle");
  CHECK_ERROR(searchsorted(edges, x, {.right = true, .side = "left"}), ValueError, "[searchsorted]", "left");
  CHECK_ERROR(searchsorted(edges, x, {.sorter = edges}), DtypeError, "[searchsorted]", "sorter");
  CHECK_ERROR(searchsorted(edges, x, {.sorter = tensor<std::int64_t>({0, 1})}), ShapeError, "sorter");
  CHECK_ERROR(searchsorted(edges, x, {.sorter = tensor<std::int64_t>({0, 1, 3})}), IndexError, "3");
  CHECK_ERROR(bucketize(x, sorted), ShapeError, "[bucketize]", "[3, 8]");
}

// Breaks if an element is missed, or a NaN found.
TEST_CASE("isin agrees with comparing all pairs") {
  const Tensor x = tied({4, 5}), tests = doubles({-2, 1, missing, 7}, {2, 2});
  const Tensor want = any(eq(unsqueeze(x, 2), ravel(tests)), 2);
  CHECK(equal(isin(x, tests), want));
  CHECK(equal(isin(x, tests, false, true), logical_not(want)));
  CHECK(equal(isin(x, 1), x == 1));
  CHECK(isin(1, x).item<bool>());
  CHECK(isin(0.5, x, false, true).item<bool>());
  CHECK(!isin(doubles({missing}, {1}), tests).item<bool>());
  CHECK(!any(isin(x, zeros({0}))).item<bool>());
  CHECK(equal(isin(tensor<std::int64_t>({1, 2}), tensor({1.5, 2.0})), tensor<std::int64_t>({0, 1}) != 0));
  CHECK(isin(zeros({0, 3}), x).shape() == Shape{0, 3});
}

// Breaks if an index is missing or out of order.
TEST_CASE("lists of indices agree with loops") {
  for (const std::int64_t rows : {0, 1, 4, 6})
    for (const std::int64_t columns : {0, 3, 5})
      for (std::int64_t offset = -7; offset <= 7; ++offset) {
        Ints lower[2], upper[2];
        for (std::int64_t i = 0; i < rows; ++i)
          for (std::int64_t j = 0; j < columns; ++j) {
            if (j - i <= offset) lower[0].push_back(i), lower[1].push_back(j);
            if (j - i >= offset) upper[0].push_back(i), upper[1].push_back(j);
          }
        const Tensor low = tril_indices(rows, columns, offset), high = triu_indices(rows, columns, offset);
        for (std::int64_t k = 0; k < 2; ++k) {
          CHECK(select(low, 0, k).to_vector<std::int64_t>() == lower[k]);
          CHECK(select(high, 0, k).to_vector<std::int64_t>() == upper[k]);
        }
      }
  constexpr std::int64_t huge = std::int64_t{1} << 60;
  CHECK(tril_indices(huge, huge, 1 - huge).to_vector<std::int64_t>() == Ints{huge - 1, 0});
  CHECK(triu_indices(huge, 0).shape() == Shape{2, 0});
  CHECK(tril_indices(2, 2, 0, int32).dtype() == int32);
  CHECK_ERROR(tril_indices(-1, 2), ValueError, "[tril_indices]", "-1");
  CHECK_ERROR(triu_indices(huge, huge), ValueError, "[triu_indices]");
  CHECK_ERROR(triu_indices(2, 2, 0, float32), DtypeError, "[triu_indices]");

  CHECK(combinations(tensor<std::int64_t>({1, 2, 3})).to_vector<std::int64_t>() == Ints{1, 2, 1, 3, 2, 3});
  CHECK(combinations(tensor<std::int64_t>({1, 2}), 2, true).to_vector<std::int64_t>() == Ints{1, 1, 1, 2, 2, 2});
  CHECK(combinations(arange(7), 3).size(0) == 35);
  CHECK(combinations(arange(7), 3, true).size(0) == 84);
  CHECK(combinations(arange(2), 3).shape() == Shape{0, 3});
  CHECK(combinations(arange(3), 0).shape() == Shape{0});
  CHECK_ERROR(combinations(arange(3), -1), ValueError, "[combinations]");
  CHECK_ERROR(combinations(zeros({2, 2})), ShapeError, "[combinations]");
  CHECK_ERROR(combinations(arange(1000), 500), ValueError, "[combinations]", "64 bits");
  CHECK(cartesian_prod({tensor<std::int64_t>({1, 2}), tensor<std::int64_t>({3, 4})}).to_vector<std::int64_t>() ==
        Ints{1, 3, 1, 4, 2, 3, 2, 4});
  CHECK_ERROR(cartesian_prod({zeros({2, 2})}), ShapeError, "[cartesian_prod]");

  const Tensor mask = tied({3, 4}) > 0;
  const std::vector<Tensor> at = where(mask);
  CHECK(equal(stack(at, 1), argwhere(mask)));
  CHECK(where(full({}, true)).at(0).numel() == 1);
}

// Breaks if a block lies elsewhere, or a turn goes the other way.
TEST_CASE("block_diag and rot90") {
  const Tensor a = doubles({1, 2}, {1, 2}), b = doubles({3, 4}, {2, 1}), c = doubles({5, 6}, {2});
  const Tensor blocks = block_diag({a, b, c});
  CHECK(blocks.shape() == Shape{4, 5});
  CHECK(blocks.to_vector() == std::vector<double>{1, 2, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 5, 6});
  CHECK(block_diag({full({}, 2.0), full({}, 3.0)}).to_vector() == std::vector<double>{2, 0, 0, 3});
  CHECK(block_diag({zeros({0}), ones({1, 2})}).shape() == Shape{2, 2});
  CHECK_ERROR(block_diag({zeros({1, 1, 1})}), ShapeError, "[block_diag]");
  CHECK_ERROR(block_diag({}), ValueError, "[block_diag]");

  const Tensor x = doubles({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(rot90(x).to_vector() == std::vector<double>{3, 6, 2, 5, 1, 4});
  CHECK(rot90(x).shape() == Shape{3, 2});
  for (std::int64_t k = -5; k < 6; ++k) {
    CHECK(equal(rot90(rot90(x, k), -k), x));
    CHECK(equal(rot90(x, k + 1), rot90(rot90(x, k))));
    CHECK(equal(rot90(x, k, {1, 0}), rot90(x, -k)));
  }
  CHECK_ERROR(rot90(x, 1, {0, -2}), ValueError, "[rot90]", "twice");
  CHECK_ERROR(rot90(x, 1, {0}), ValueError, "[rot90]");
  CHECK_ERROR(rot90(zeros({2})), IndexError, "[rot90]");
}
