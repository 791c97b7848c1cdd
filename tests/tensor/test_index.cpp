// Gathering and scattering against plain loops, and what a wrong index is told.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <random>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor counting(const Shape& shape) { return arange(shape.numel(), {.dtype = float32}).reshape(shape); }

Tensor integers(const std::vector<std::int64_t>& values, const Shape& shape) { return from_data(values.data(), shape); }

}  // namespace

// Breaks if a slice is copied from the wrong place, in any layout of the tensor or dtype of the index.
TEST_CASE("index_select picks slices") {
  const Tensor source = counting({4, 3, 5});
  for (const auto& [layout, x] : xg_test::layouts(source))
    for (std::int64_t dim = 0; dim < 3; ++dim)
      for (const Dtype dtype : {int64, int32}) {
        const std::vector<std::int64_t> picks{2, 0, 2, 1};
        const Tensor got = index_select(x, dim, integers(picks, {4}).to(dtype));
        std::vector<Tensor> want;
        for (const std::int64_t i : picks) want.push_back(select(x, dim, i));
        expect_close(got, stack(want, dim), 0, 0, layout);
      }
  CHECK(index_select(source, 1, integers({}, {0})).shape() == Shape{4, 0, 5});
  CHECK_ERROR(index_select(source, 1, integers({3}, {1})), IndexError, "[index_select]", "3", "size 3");
  CHECK_ERROR(index_select(source, 1, integers({-1}, {1})), IndexError, "[index_select]", "-1");
  CHECK_ERROR(index_select(source, 1, tensor({0.0})), DtypeError, "[index_select]", "float32");
}

// Breaks if rows of a matrix are not copied whole: the path of every shuffled batch.
TEST_CASE("rows of a matrix in any order") {
  const Tensor x = counting({1000, 7});
  const Tensor order = randperm(1000);
  const Tensor shuffled = x[order];
  const std::vector<std::int64_t> rows = order.to_vector<std::int64_t>();
  bool good = true;
  const std::vector<double> got = shuffled.to_vector();
  for (std::size_t i = 0; i < 1000; ++i)
    for (std::size_t j = 0; j < 7; ++j)
      good &= got[i * 7 + j] == static_cast<double>(rows[i] * 7) + static_cast<double>(j);
  CHECK(good);
  expect_close(embedding(integers({3, 1, 3, 0}, {2, 2}), x), x[integers({3, 1, 3, 0}, {4})].reshape({2, 2, 7}), 0, 0);
  CHECK_ERROR(embedding(integers({1000}, {1}), x), IndexError, "[embedding]", "1000");
}

// Breaks if gather, scatter and scatter_add disagree with their definition.
TEST_CASE("one index for each element") {
  std::mt19937 random(5);
  for (const std::int64_t dim : {0, 1, 2}) {
    Shape shape{3, 4, 5}, index_shape{2, 3, 4};
    index_shape[static_cast<std::size_t>(dim)] = 6;
    const Tensor source = counting(shape);
    std::vector<std::int64_t> picks(static_cast<std::size_t>(index_shape.numel()));
    for (std::int64_t& i : picks)
      i = static_cast<std::int64_t>(random() % static_cast<unsigned>(shape[static_cast<std::size_t>(dim)]));
    const Tensor index = integers(picks, index_shape), values = counting(index_shape) + 100;
    std::vector<double> gathered, added = source.to_vector(), placed = added;
    for (std::size_t k = 0; k < picks.size(); ++k) {
      std::int64_t rest = static_cast<std::int64_t>(k), at = 0, scale = 1;
      for (std::size_t d = 3; d-- > 0;) {
        std::int64_t i = rest % index_shape[d];
        rest /= index_shape[d];
        if (static_cast<std::int64_t>(d) == dim) i = picks[k];
        at += i * scale;
        scale *= shape[d];
      }
      const auto place = static_cast<std::size_t>(at);
      gathered.push_back(static_cast<double>(at));
      added[place] += 100 + static_cast<double>(k);
      placed[place] = 100 + static_cast<double>(k);
    }
    for (const auto& [layout, x] : xg_test::layouts(source)) {
      expect_close(gather(x, dim, index), gathered, 0, 0, layout);
      expect_close(scatter_add(x, dim, index, values), added, 0, 0, layout);
    }
    if (dim == 2) expect_close(scatter(source, dim, index, values), placed, 0, 0);  // rows in order: the last one wins
  }
  const Tensor x = counting({2, 3});
  CHECK_ERROR(gather(x, 1, integers({3}, {1, 1})), IndexError, "[gather]", "3");
  CHECK_ERROR(gather(x, 1, integers({0, 0, 0}, {3, 1})), ShapeError, "[gather]", "[3, 1]", "[2, 3]");
  CHECK_ERROR(scatter(x, 1, integers({0, 1}, {1, 2}), zeros({1, 1})), ShapeError, "[scatter]");
}

// Breaks if masks select in another order than row-major, or the mask does not broadcast.
TEST_CASE("masks") {
  const Tensor source = counting({3, 4});
  for (const auto& [layout, x] : xg_test::layouts(source)) {
    expect_close(masked_select(x, x > 7.0), std::vector<double>{8, 9, 10, 11}, 0, 0, layout);
    expect_close(masked_select(x, tensor<int>({1, 0, 0, 1}).to(bool_)), std::vector<double>{0, 3, 4, 7, 8, 11}, 0, 0,
                 layout);
    expect_close(nonzero(x > 9.0), std::vector<double>{2, 2, 2, 3}, 0, 0, layout);
    expect_close(x[x < 2.0], std::vector<double>{0, 1}, 0, 0, layout);
  }
  CHECK(nonzero(full({}, 3.0)).shape() == Shape{1, 0});
  CHECK(nonzero(zeros({2, 2})).shape() == Shape{0, 2});
  CHECK_ERROR(masked_select(source, source), DtypeError, "[masked_select]", "bool");
}

// Breaks if the dimensions of index tensors land elsewhere than NumPy puts them.
TEST_CASE("several index tensors follow NumPy's placement") {
  const Tensor x = counting({2, 3, 4, 5});
  const Tensor i = integers({0, 1, 1}, {3}), j = integers({2, 0}, {2, 1}), negative = integers({-1, 0, -2}, {3});
  CHECK(x.index({Slice{}, i, Slice{}, negative}).shape() == Shape{3, 2, 4});  // apart: first
  CHECK(x.index({Slice{}, i, negative, Slice{}}).shape() == Shape{2, 3, 5});  // neighbours: in place
  CHECK(x.index({i, j, Slice{}, Slice{}}).shape() == Shape{2, 3, 4, 5});      // broadcast together
  const auto at = [](std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return static_cast<double>(((a * 3 + b) * 4 + c) * 5 + d);
  };
  const std::vector<double> got = x.index({Slice{}, i, Slice{}, negative}).to_vector();
  const std::int64_t is[] = {0, 1, 1}, ns[] = {4, 0, 3};
  std::vector<double> want;
  for (std::size_t k = 0; k < 3; ++k)
    for (std::int64_t a = 0; a < 2; ++a)
      for (std::int64_t c = 0; c < 4; ++c) want.push_back(at(a, is[k], c, ns[k]));
  CHECK(got == want);
  CHECK_ERROR(x.index({integers({2}, {1})}), IndexError, "2", "size 2");
  CHECK_ERROR(x.index({integers({-3}, {1})}), IndexError, "-3");
  CHECK_ERROR(x.index({integers({0, 1}, {2}), integers({0, 1, 2}, {3})}), ShapeError, "[2]", "[3]");
}

// Breaks if equal indices do not add up, or assignment goes to the wrong elements.
TEST_CASE("assignment through indices") {
  Tensor x = zeros({4, 3});
  x.index_put_({integers({1, 3, 1}, {3})}, tensor({1, 2, 3}));
  expect_close(x, std::vector<double>{0, 0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 3});
  expect_close(index_put(zeros({3}), {integers({1, 1, 2}, {3})}, tensor({1, 2, 4}), true),
               std::vector<double>{0, 3, 4});
  expect_close(index_add(zeros({3, 2}), 0, integers({2, 0, 2}, {3}), ones({3, 2}), 0.5),
               std::vector<double>{0.5, 0.5, 0, 0, 1, 1});
  expect_close(index_copy(zeros({2, 3}), 1, integers({2, 0}, {2}), tensor({{1, 2}, {3, 4}})),
               std::vector<double>{2, 0, 1, 4, 0, 3});
  CHECK_ERROR(index_put(zeros({3}), {integers({1, 2}, {2})}, zeros({3})), ShapeError, "[index_put]", "[3]", "[2]");
  CHECK_ERROR(index_add(zeros({3, 2}), 0, integers({0}, {1}), zeros({2, 2})), ShapeError, "[index_add]", "[2, 2]");
}

// Breaks if parts overlap or leave gaps.
TEST_CASE("cat joins") {
  const Tensor a = counting({2, 3}), b = counting({2, 2}) + 50;
  for (const auto& [layout, x] : xg_test::layouts(a))
    expect_close(cat({x, b}, 1), std::vector<double>{0, 1, 2, 50, 51, 3, 4, 5, 52, 53}, 0, 0, layout);
  expect_close(cat({a, counting({1, 3})}), std::vector<double>{0, 1, 2, 3, 4, 5, 0, 1, 2});
  CHECK(cat({zeros({0}), a}).shape() == Shape{2, 3});
  CHECK(cat({zeros({0, 3}), a}).shape() == Shape{2, 3});
  CHECK_ERROR(cat({a, b}, 0), ShapeError, "[cat]", "[2, 2]", "[2, 3]");
  CHECK_ERROR(cat({}), ValueError, "[cat]", "empty");
}
