#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/loader.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>

using namespace xg;
using namespace xg::nn::data;

namespace {

// All rows of x, in the order of the batches; checks that y and weight go along.
std::vector<double> rows(DataLoader& loader) {
  std::vector<double> result;
  for (const Batch& batch : loader) {
    xg_test::expect_close(batch.x.select(1, 0) * 2, batch.y);
    if (batch.weight.defined()) xg_test::expect_close(batch.x.select(1, 0) * 3, batch.weight);
    const std::vector<double> ids = batch.x.select(1, 0).to_vector();
    result.insert(result.end(), ids.begin(), ids.end());
  }
  return result;
}

TensorDataset numbered(std::int64_t count, std::int64_t width) {
  const Tensor id = arange(count).to(float32);
  return TensorDataset(id.reshape({count, 1}).expand({count, width}).contiguous(), id * 2, id * 3);
}

}  // namespace

// Breaks if a row is lost, comes twice, or is separated from its target, for any size (also above one gathered block).
TEST_CASE("A round of batches has every row once", "[data][loader][property]") {
  for (std::int64_t count : {1, 5, 32, 33, 1000}) {
    for (std::int64_t batch_size : {1, 7, 32, 2000}) {
      for (std::int64_t width : {1, 3000}) {
        for (bool shuffle : {false, true}) {
          DataLoader loader(numbered(count, width), {.batch_size = batch_size, .shuffle = shuffle, .seed = 1});
          std::vector<double> seen = rows(loader);
          if (shuffle) std::sort(seen.begin(), seen.end());
          REQUIRE(seen == arange(count).to_vector());
          REQUIRE(loader.size() == (count + batch_size - 1) / batch_size);
        }
      }
    }
  }
}

// Breaks if the last batch is kept or dropped against the option.
TEST_CASE("drop_last leaves out a smaller last batch", "[data][loader]") {
  for (bool shuffle : {false, true}) {
    DataLoader loader(numbered(10, 2), {.batch_size = 4, .shuffle = shuffle, .drop_last = true});
    CHECK(loader.size() == 2);
    CHECK(rows(loader).size() == 8);
    DataLoader none(numbered(3, 2), {.batch_size = 4, .shuffle = shuffle, .drop_last = true});
    CHECK(none.size() == 0);
    CHECK(rows(none).empty());
  }
}

// Breaks if the order is the same in every round, or not decided by the seed.
TEST_CASE("Shuffling draws a new order for each round", "[data][loader]") {
  DataLoader one(numbered(50, 1), {.shuffle = true, .seed = 3}), two(numbered(50, 1), {.shuffle = true, .seed = 3});
  const std::vector<double> first = rows(one), second = rows(one);
  CHECK(first != second);
  CHECK(rows(two) == first);
  CHECK(rows(two) == second);
  Generator generator(3);
  DataLoader given(numbered(50, 1), {.shuffle = true, .generator = &generator});
  CHECK(rows(given) == first);
  manual_seed(8);
  DataLoader by_default(numbered(50, 1), {.shuffle = true});
  const std::vector<double> third = rows(by_default);
  manual_seed(8);
  CHECK(rows(by_default) == third);
}

// Breaks if batches in order copy the data.
TEST_CASE("Batches in order are views", "[data][loader]") {
  const Tensor X = rand({10, 2});
  DataLoader loader(X, Tensor(), {.batch_size = 4});
  for (const Batch& batch : loader) {
    CHECK(batch.x.shares_storage(X));
    CHECK_FALSE(batch.y.defined());
    CHECK_FALSE(batch.weight.defined());
  }
  std::int64_t count = 0;
  for (const Batch& batch : DataLoader(X, X.select(1, 0))) count += batch.y.numel();  // a temporary lives long enough
  CHECK(count == 10);
}

// Breaks if tensors that do not belong together are accepted.
TEST_CASE("Loaders name what is wrong", "[data][loader][bad input]") {
  CHECK_ERROR(DataLoader(ones({4, 2}), ones({3})), ShapeError, "X has 4 rows", "y is [3]");
  CHECK_ERROR(TensorDataset(ones({4, 2}), ones({4}), ones({5})), ShapeError, "weight is [5]");
  CHECK_ERROR(TensorDataset(Tensor()), ValueError, "X is undefined");
  CHECK_ERROR(TensorDataset(scalar_tensor(1)), ShapeError, "no dimension");
  CHECK_ERROR(DataLoader(ones({4, 2}), ones({4}), {.batch_size = 0}), ValueError, "batch_size is 0", "positive");
}
