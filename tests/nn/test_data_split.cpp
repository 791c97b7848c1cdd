#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/data/split.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <map>

using namespace xg;
using namespace xg::nn::data;

namespace {

Table numbered(std::int64_t rows, std::int64_t levels = 2) {
  std::vector<std::int64_t> id, level;
  for (std::int64_t i = 0; i < rows; ++i) {
    id.push_back(i);
    level.push_back((i * i) % levels);
  }
  return Table({Column::integer("id", id), Column::integer("level", level)});
}

std::vector<double> sorted_ids(const TableSplit& split) {
  std::vector<double> ids = split.train["id"].numbers();
  const std::vector<double> test = split.test["id"].numbers();
  ids.insert(ids.end(), test.begin(), test.end());
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::map<std::string, double> counts(const Column& column) {
  std::map<std::string, double> result;
  for (std::int64_t row = 0; row < column.size(); ++row) ++result[column.cell(row)];
  return result;
}

}  // namespace

// Breaks if sizes are not scikit-learn's, or a row is lost or comes twice.
TEST_CASE("A split takes every row once, ceil(share) of them for the test", "[data][split][property]") {
  for (std::int64_t rows : {2, 3, 10, 99, 891}) {
    for (double share : {0.1, 0.25, 0.3, 0.5}) {
      for (bool shuffle : {false, true}) {
        const TableSplit split = train_test_split(numbered(rows), {.test_size = share, .shuffle = shuffle, .seed = 1});
        CHECK(split.test.rows() == static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rows))));
        CHECK(sorted_ids(split) == numbered(rows)["id"].numbers());
        if (!shuffle) CHECK(split.train["id"].number(0) == 0);
      }
    }
  }
  CHECK(train_test_split(numbered(891), {.test_size = 0.3}).train.rows() == 623);    // the tutorial's Titanic
  CHECK(train_test_split(numbered(1460), {.test_size = 0.3}).train.rows() == 1022);  // and houses
}

// Breaks if a level's share of the test is more than one row away from the exact one, or the size changes.
TEST_CASE("A stratified split keeps the shares of the levels", "[data][split][property]") {
  for (std::int64_t levels : {2, 3, 7}) {
    for (std::int64_t rows : {40, 97, 300}) {
      const Table table = numbered(rows, levels);
      const TableSplit split = train_test_split(table, {.test_size = 0.3, .stratify = "level", .seed = 3});
      CHECK(split.test.rows() == static_cast<std::int64_t>(std::ceil(0.3 * static_cast<double>(rows))));
      CHECK(sorted_ids(split) == table["id"].numbers());
      auto test = counts(split.test["level"]);
      for (const auto& [level, count] : counts(table["level"])) {
        const double exact = count * static_cast<double>(split.test.rows()) / static_cast<double>(rows);
        CHECK(std::abs(test[level] - exact) < 1);
      }
    }
  }
  const Table titanic = read_csv(std::filesystem::path(XGRAD_SOURCE_DIR) / "data" / "titanic.csv");
  const TableSplit split = train_test_split(titanic, {.test_size = 0.3, .stratify = "survived", .seed = 42});
  CHECK(split.test.rows() == 663);
  CHECK(counts(split.test["survived"])["1"] == 214);  // 663 * 711 / 2207 = 213.59
}

// Breaks if the seed does not decide the split, or the default generator is not used without one.
TEST_CASE("The same seed gives the same split", "[data][split]") {
  const Table table = numbered(50);
  const auto ids = [&](SplitOptions options) { return train_test_split(table, options).test["id"].numbers(); };
  CHECK(ids({.seed = 5}) == ids({.seed = 5}));
  CHECK(ids({.seed = 5}) != ids({.seed = 6}));
  CHECK(ids({.stratify = "level", .seed = 5}) == ids({.stratify = "level", .seed = 5}));
  manual_seed(9);
  const std::vector<double> first = ids({}), second = ids({});
  CHECK(first != second);
  manual_seed(9);
  CHECK(ids({}) == first);
}

// Breaks if rows of X and y are torn apart.
TEST_CASE("Tensors are split together", "[data][split]") {
  const Tensor y = remainder(arange(20), scalar_tensor(2)).reshape({20, 1});
  const Tensor X = cat({arange(20).reshape({20, 1}), y}, 1).to(float32);
  for (bool stratify : {false, true}) {
    const TensorSplit split = train_test_split(X, y, {.test_size = 0.3, .stratify = stratify, .seed = 4});
    CHECK(split.X_test.shape() == Shape{6, 2});
    CHECK(split.y_train.shape() == Shape{14, 1});
    xg_test::expect_close(split.X_train.select(1, 1), split.y_train.select(1, 0));
    xg_test::expect_close(split.X_test.select(1, 1), split.y_test.select(1, 0));
    xg_test::expect_close(cat({split.X_train, split.X_test}, 0).select(1, 0).sort().first, arange(20));
    if (stratify) CHECK(split.y_test.sum().item() == 3);
  }
}

// Breaks if a split that cannot be is made, or the message does not say why.
TEST_CASE("Splits name what is wrong", "[data][split][bad input]") {
  const Table table = numbered(10);
  CHECK_ERROR(train_test_split(table, {.test_size = 0}), ValueError, "[train_test_split]", "test_size is 0",
              "between 0 and 1");
  CHECK_ERROR(train_test_split(table, {.test_size = 3}), ValueError, "test_size is 3");
  CHECK_ERROR(train_test_split(table, {.test_size = 0.99}), ValueError, "10 rows", "nothing to train on");
  CHECK_ERROR(train_test_split(table.head(1)), ValueError, "1 rows");
  CHECK_ERROR(train_test_split(table, {.stratify = "levle"}), IndexError, "no column \"levle\"",
              "Did you mean \"level\"?");
  CHECK_ERROR(train_test_split(table, {.stratify = "id"}), ValueError, "\"0\" occurs once only");
  CHECK_ERROR(train_test_split(table, {.stratify = "level", .shuffle = false}), ValueError, "shuffle = false");
  const Table gaps({Column::text("level", {"a", "b", "a", "b"}, {false, false, true, false})});
  CHECK_ERROR(train_test_split(gaps, {.stratify = "level"}), ValueError, "\"level\" is missing in row 2",
              "drop_missing");
  CHECK_ERROR(train_test_split(numbered(12, 12).with(Column::integer("k", {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5})),
                               {.test_size = 0.2, .stratify = "k"}),
              ValueError, "cannot hold all 6 levels");
  CHECK_ERROR(train_test_split(ones({4, 2}), ones({3})), ShapeError, "X is [4, 2], y is [3]");
  CHECK_ERROR(train_test_split(ones({4, 2}), ones({4, 2}), {.stratify = true}), ShapeError, "y is [4, 2]", "[rows, 1]");
  CHECK_ERROR(train_test_split(Tensor(), ones({3})), ValueError, "undefined");
}

// Breaks if levels are compared as they are printed: -0.0 is 0, and large integers are not the doubles next to them.
TEST_CASE("Levels of a tensor to stratify by are its values", "[data][split]") {
  const auto y_of = [](const Tensor& y) {
    const TensorSplit split = train_test_split(zeros({4, 1}), y, {.test_size = 0.5, .stratify = true, .seed = 1});
    return std::pair(split.y_train.sum().item(), split.y_test.sum().item());
  };
  CHECK(y_of(tensor({-0.0, 0.0, 1.0, 1.0})) == std::pair(1.0, 1.0));
  constexpr std::int64_t large = 9007199254740992;
  const TensorSplit split =
      train_test_split(zeros({4, 1}), tensor(std::vector<std::int64_t>{large, large, large + 1, large + 1}),
                       {.test_size = 0.5, .stratify = true, .seed = 1});
  CHECK(split.y_train.select(0, 0).item<std::int64_t>() != split.y_train.select(0, 1).item<std::int64_t>());
}
