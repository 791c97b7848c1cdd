#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/split.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

namespace xg::nn::data {
namespace {

using Rows = std::vector<std::int64_t>;

struct Parts {
  Rows train, test;
};

Rows permutation(std::int64_t n, Generator& generator) {
  return randperm(n, {.generator = &generator}).to_vector<std::int64_t>();
}

// The number of rows from each level in a part of `size` rows: its share rounded down, plus one for the levels with the
// largest remainders until the part is full.
Rows by_largest_remainder(const std::vector<Rows>& levels, std::int64_t size, std::int64_t total,
                          Generator& generator) {
  Rows counts;
  std::vector<double> remainders;
  for (const Rows& level : levels) {
    const double share = static_cast<double>(size) * static_cast<double>(level.size()) / static_cast<double>(total);
    counts.push_back(static_cast<std::int64_t>(std::floor(share)));
    remainders.push_back(share - std::floor(share));
  }
  // A stable sort of randomly ordered levels breaks ties at random.
  Rows order = permutation(static_cast<std::int64_t>(levels.size()), generator);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return remainders[static_cast<std::size_t>(a)] > remainders[static_cast<std::size_t>(b)];
  });
  std::int64_t left = size - std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  for (std::int64_t level : order) {
    if (left-- <= 0) break;
    ++counts[static_cast<std::size_t>(level)];
  }
  return counts;
}

Parts stratified(const std::vector<Rows>& levels, std::int64_t test_size, std::int64_t total, Generator& generator) {
  const Rows counts = by_largest_remainder(levels, test_size, total, generator);
  Parts parts;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Rows order = permutation(static_cast<std::int64_t>(levels[i].size()), generator);
    for (std::size_t k = 0; k < order.size(); ++k) {
      Rows& part = static_cast<std::int64_t>(k) < counts[i] ? parts.test : parts.train;
      part.push_back(levels[i][static_cast<std::size_t>(order[k])]);
    }
  }
  const auto shuffled = [&](const Rows& rows) {
    Rows result;
    for (std::int64_t i : permutation(static_cast<std::int64_t>(rows.size()), generator))
      result.push_back(rows[static_cast<std::size_t>(i)]);
    return result;
  };
  return {shuffled(parts.train), shuffled(parts.test)};
}

// ceil(share * rows), as in scikit-learn.
std::int64_t test_rows(double share, std::int64_t rows) {
  if (!(share > 0 && share < 1))
    raise<ValueError>("[train_test_split] test_size is {}: it is the share of the rows for the test, between 0 and 1.",
                      share);
  const auto test = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(rows)));
  if (rows < 2 || test >= rows)
    raise<ValueError>(
        "[train_test_split] {} rows with test_size {} leave nothing to train on: use more rows or a smaller test_size.",
        rows, share);
  return test;
}

Parts split_rows(std::int64_t rows, double test_size, bool shuffle, std::optional<std::uint64_t> seed,
                 const std::map<std::string, Rows>* levels) {
  const std::int64_t test = test_rows(test_size, rows);
  if (!shuffle) {
    if (levels != nullptr)
      throw ValueError("[train_test_split] a stratified split draws rows: it cannot go with shuffle = false.");
    Parts parts{Rows(static_cast<std::size_t>(rows - test)), Rows(static_cast<std::size_t>(test))};
    std::iota(parts.train.begin(), parts.train.end(), std::int64_t{0});
    std::iota(parts.test.begin(), parts.test.end(), rows - test);
    return parts;
  }
  std::optional<Generator> own;
  if (seed) own.emplace(*seed);
  Generator& generator = own ? *own : default_generator();
  if (levels == nullptr) {
    const Rows order = permutation(rows, generator);
    return {Rows(order.begin() + test, order.end()), Rows(order.begin(), order.begin() + test)};
  }
  std::vector<Rows> groups;
  for (const auto& [level, members] : *levels) {
    if (members.size() < 2)
      raise<ValueError>(
          "[train_test_split] \"{}\" occurs once only, so it cannot be in both parts: drop the row, or do not "
          "stratify.",
          level);
    groups.push_back(members);
  }
  const auto classes = static_cast<std::int64_t>(groups.size());
  if (test < classes || rows - test < classes)
    raise<ValueError>(
        "[train_test_split] {} test and {} training rows cannot hold all {} levels to stratify by: change test_size, "
        "or stratify by a column with fewer levels.",
        test, rows - test, classes);
  return stratified(groups, test, rows, generator);
}

}  // namespace

TableSplit train_test_split(const Table& table, SplitOptions options) {
  std::map<std::string, Rows> levels;
  if (!options.stratify.empty()) {
    const Column& column = table.column(options.stratify);
    for (std::int64_t row = 0; row < table.rows(); ++row) {
      if (column.is_missing(row))
        raise<ValueError>(
            "[train_test_split] \"{}\" is missing in row {}: drop such rows with drop_missing({{\"{}\"}}) before.",
            options.stratify, row, options.stratify);
      levels[column.cell(row)].push_back(row);
    }
  }
  const Parts parts = split_rows(table.rows(), options.test_size, options.shuffle, options.seed,
                                 options.stratify.empty() ? nullptr : &levels);
  return {table.rows(parts.train), table.rows(parts.test)};
}

TensorSplit train_test_split(const Tensor& X, const Tensor& y, TensorSplitOptions options) {
  if (!X.defined() || !y.defined()) throw ValueError("[train_test_split] X or y is undefined: pass tensors.");
  if (X.dim() == 0 || y.dim() == 0 || X.size(0) != y.size(0))
    raise<ShapeError>("[train_test_split] X is {}, y is {}: their first dimensions must be equal.", X.shape().str(),
                      y.shape().str());
  std::map<std::string, Rows> levels;
  if (options.stratify) {
    if (y.numel() != y.size(0))
      raise<ShapeError>("[train_test_split] y is {}: to stratify it must be [rows] or [rows, 1].", y.shape().str());
    const auto add = [&](const auto& values) {
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (values[row] != values[row])
          raise<ValueError>("[train_test_split] y is NaN at row {}: drop such rows to stratify.", row);
        // -0.0 and 0.0 are one value.
        levels[fmt::format("{}", values[row] == 0 ? 0 : values[row])].push_back(static_cast<std::int64_t>(row));
      }
    };
    if (y.is_floating_point())
      add(y.detach().to_vector<double>());
    else
      add(y.to_vector<std::int64_t>());  // double cannot represent the largest ones
  }
  const Parts parts =
      split_rows(X.size(0), options.test_size, options.shuffle, options.seed, options.stratify ? &levels : nullptr);
  const auto pick = [](const Tensor& t, const Rows& rows) { return t.index_select(0, xg::tensor(rows)); };
  return {pick(X, parts.train), pick(X, parts.test), pick(y, parts.train), pick(y, parts.test)};
}

}  // namespace xg::nn::data
