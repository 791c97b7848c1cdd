#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>

#include <algorithm>
#include <functional>
#include <limits>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor counted(const Shape& shape, Dtype dtype = float64) {
  return arange(0, shape.numel(), 1, {.dtype = dtype}).reshape(shape);
}

/// The matrix f(i, j).
Tensor table(std::int64_t rows, std::int64_t cols, const std::function<double(std::int64_t, std::int64_t)>& f) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols; ++j) values.push_back(f(i, j));
  return from_data(values.data(), {rows, cols});
}

std::int64_t modulo(std::int64_t i, std::int64_t n) { return (i % n + n) % n; }

}  // namespace

TEST_CASE("elements land where their coordinates say", "[ops][joining]") {
  // Breaks if an offset is wrong: each op against the formula of its element (i, j).
  const Tensor x = counted({3, 4});
  const auto at = [](std::int64_t i, std::int64_t j) { return static_cast<double>(4 * i + j); };
  expect_close(flip(x, 0), table(3, 4, [&](auto i, auto j) { return at(2 - i, j); }));
  expect_close(flip(x, {0, 1}), table(3, 4, [&](auto i, auto j) { return at(2 - i, 3 - j); }));
  for (std::int64_t shift = -5; shift <= 5; ++shift) {
    expect_close(roll(x, shift, 1), table(3, 4, [&](auto i, auto j) { return at(i, modulo(j - shift, 4)); }));
    expect_close(roll(x, {shift, 1}, {0, 1}),
                 table(3, 4, [&](auto i, auto j) { return at(modulo(i - shift, 3), modulo(j - 1, 4)); }));
    expect_close(tril(x, shift), table(3, 4, [&](auto i, auto j) { return j - i <= shift ? at(i, j) : 0.0; }));
    expect_close(triu(x, shift), table(3, 4, [&](auto i, auto j) { return j - i >= shift ? at(i, j) : 0.0; }));
  }
  expect_close(tile(x, {2, 3}), table(6, 12, [&](auto i, auto j) { return at(i % 3, j % 4); }));
  expect_close(repeat_interleave(x, 2, 0), table(6, 4, [&](auto i, auto j) { return at(i / 2, j); }));
  expect_close(repeat_interleave(x, tensor<std::int64_t>({2, 0, 1}), 0), {0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11});
  expect_close(pad(x, {1, 2, 1, 0}, PadMode::constant, -1.0),
               table(4, 7, [&](auto i, auto j) { return i >= 1 && j >= 1 && j < 5 ? at(i - 1, j - 1) : -1.0; }));
  expect_close(pad(x, {3, 2}, PadMode::reflect), table(3, 9, [&](auto i, auto j) {
                 const std::int64_t k = std::abs(j - 3);
                 return at(i, k > 3 ? 6 - k : k);
               }));
  expect_close(pad(x, {5, 1}, PadMode::replicate),
               table(3, 10, [&](auto i, auto j) { return at(i, std::clamp<std::int64_t>(j - 5, 0, 3)); }));
  expect_close(pad(x, {4, 3}, PadMode::circular), table(3, 11, [&](auto i, auto j) { return at(i, j % 4); }));
  expect_close(pad(x, {-1, -2}), table(3, 1, [&](auto i, auto) { return at(i, 1); }));
  expect_close(diag(tensor({1, 2}), 1), {0, 1, 0, 0, 0, 2, 0, 0, 0});
  expect_close(diag(x, -1), {4, 9});
  const std::vector<Tensor> grids = meshgrid({arange(3.0), arange(2.0)}, Indexing::xy);
  CHECK(grids[0].shape() == Shape{2, 3});
  expect_close(grids[0], {0, 1, 2, 0, 1, 2});
  expect_close(grids[1], {0, 0, 0, 1, 1, 1});
}

TEST_CASE("joins promote dtypes and line up dimensions", "[ops][joining]") {
  // Breaks if a join keeps the first dtype, or hstack and column_stack treat vectors alike.
  CHECK(cat({counted({2}, int64), counted({2}, float32)}).dtype() == float32);
  CHECK(stack({counted({2}, int32), counted({2}, float64)}).dtype() == float64);
  const Tensor a = tensor({1, 2}), b = tensor({3, 4});
  CHECK(hstack({a, b}).shape() == Shape{4});
  CHECK(vstack({a, b}).shape() == Shape{2, 2});
  CHECK(dstack({a, b}).shape() == Shape{1, 2, 2});
  expect_close(column_stack({a, b}), {1, 3, 2, 4});
}

TEST_CASE("the n-th difference of a polynomial", "[ops][joining]") {
  // Breaks if orders are miscounted: the third difference of i^3 is 6.
  const Tensor i = arange(0, 8, 1, {.dtype = float64});
  expect_close(diff(i * i * i, 3), full({5}, 6.0, {.dtype = float64}));
  expect_close(diff(i, 1, -1, zeros({1}, {.dtype = float64}), full({1}, 9.0, {.dtype = float64})),
               {0, 1, 1, 1, 1, 1, 1, 1, 2});
  CHECK(diff(i, 20).numel() == 0);
  expect_close(diff(tensor<std::int64_t>({1, 0, 0}) != 0), {1, 0});
}

TEST_CASE("joining errors say what does not fit", "[ops][joining][errors]") {
  // Breaks if bad input is read out of bounds, or the message leaves out op, shapes or remedy.
  const Tensor x = counted({3, 4});
  CHECK_ERROR(cat({}), ValueError, "[cat]", "empty");
  CHECK_ERROR(cat({x, counted({3, 5})}), ShapeError, "[cat]", "tensor 1", "[3, 5]");
  CHECK_ERROR(cat({x, counted({3})}), ShapeError, "[cat]");
  CHECK_ERROR(cat({scalar_tensor(1.0)}), ShapeError, "[cat]", "stack");
  CHECK_ERROR(cat({x, x}, 2), IndexError, "[cat]");
  CHECK_ERROR(stack({x, counted({4, 3})}), ShapeError, "[stack]", "[4, 3]");
  CHECK_ERROR(stack({}), ValueError, "[stack]");
  CHECK_ERROR(repeat(x, {2}), ShapeError, "[repeat]", "tile");
  CHECK_ERROR(repeat(x, {2, -1}), ValueError, "[repeat]", "negative");
  const std::int64_t huge = std::int64_t{1} << 62, most = std::numeric_limits<std::int64_t>::max();
  CHECK_ERROR(repeat(x, {huge, 4}), ShapeError, "[repeat]", "64 bits");
  CHECK_ERROR(repeat_interleave(x, huge, 1), ShapeError, "[repeat_interleave]", "64 bits");
  CHECK_ERROR(pad(x, {most, most}), ShapeError, "[pad]", "large");
  CHECK_ERROR(diag_embed(x, -most - 1), ShapeError, "[diag_embed]", "large");
  expect_close(tril(x, most), x);
  expect_close(triu(x, -most - 1), x);
  CHECK_ERROR(repeat_interleave(x, -1, 0), ValueError, "[repeat_interleave]");
  CHECK_ERROR(repeat_interleave(x, tensor<std::int64_t>({1, 2}), 0), ShapeError, "[repeat_interleave]", "3 elements");
  CHECK_ERROR(repeat_interleave(x, tensor({1.0, 2.0, 3.0}), 0), DtypeError, "[repeat_interleave]", "integers");
  CHECK_ERROR(flip(x, {0, -2}), ValueError, "[flip]", "twice");
  CHECK_ERROR(fliplr(counted({3})), ShapeError, "[fliplr]");
  CHECK_ERROR(roll(x, {1, 2}, 0), ValueError, "[roll]");
  CHECK_ERROR(tril(counted({3})), ShapeError, "[tril]");
  CHECK_ERROR(diag(counted({2, 2, 2})), ShapeError, "[diag]", "diag_embed");
  CHECK_ERROR(diag_embed(x, 0, 1, 1), ShapeError, "[diag_embed]");
  CHECK_ERROR(diff(scalar_tensor(1.0)), ShapeError, "[diff]");
  CHECK_ERROR(diff(x, -1), ValueError, "[diff]");
  CHECK_ERROR(meshgrid({x}), ShapeError, "[meshgrid]");
  CHECK_ERROR(meshgrid({counted({2}), counted({2}, float32)}), DtypeError, "[meshgrid]");
  CHECK_ERROR(pad(x, {1}), ValueError, "[pad]", "(before, after)");
  CHECK_ERROR(pad(x, {1, 1, 1, 1, 1, 1}), ValueError, "[pad]");
  CHECK_ERROR(pad(x, {4, 0}, PadMode::reflect), ShapeError, "[pad]", "3 elements at most");
  CHECK_ERROR(pad(x, {5, 0}, PadMode::circular), ShapeError, "[pad]", "4 elements at most");
  CHECK_ERROR(pad(x, {-3, -2}), ShapeError, "[pad]", "size 4");
  CHECK_ERROR(pad(zeros({2, 0}), {1, 1}, PadMode::replicate), ShapeError, "[pad]", "repeat");
}

TEST_CASE("counts and lengths out of range are errors of xgrad", "[ops][joining][shape][errors]") {
  // Breaks if a list or a tensor is allocated before its length is checked.
  const Tensor x = counted({3, 4}), row = counted({4}), none = zeros({0});
  for (const std::int64_t huge :
       {std::int64_t{1} << 36, std::int64_t{1} << 44, std::int64_t{1} << 47, std::int64_t{1} << 58,
        std::int64_t{1} << 62, std::numeric_limits<std::int64_t>::max()}) {
    INFO(huge);
    CHECK_ERROR(tensor_split(x, huge), ValueError, "[tensor_split]", std::to_string(huge));
    CHECK_ERROR(tensor_split(none, huge), ValueError, "[tensor_split]", std::to_string(huge));
    CHECK_ERROR(chunk(none, huge), ValueError, "[chunk]", std::to_string(huge));
    CHECK_ERROR(unbind(scalar_tensor(1.0).expand({huge})), ValueError, "[unbind]", std::to_string(huge));
    CHECK_ERROR(split(scalar_tensor(1.0).expand({huge}), 1), ValueError, "[split]", std::to_string(huge));
    if (huge < std::int64_t{1} << 44) continue;  // what may fit into a machine's memory
    CHECK_ERROR(repeat_interleave(row, huge, 0), Error);
    CHECK_ERROR(repeat_interleave(row, tensor<std::int64_t>({huge, 0, 1, 1}), 0), Error);
    CHECK_ERROR(repeat_interleave(row, tensor<std::int64_t>({huge, huge, huge, huge}), 0), Error);
    CHECK_ERROR(repeat(row, {huge}), Error);
    CHECK_ERROR(tile(x, {huge, huge}), Error);
    for (const PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular}) {
      CHECK_ERROR(pad(row, {huge, 0}, mode), Error, "[");
      CHECK_ERROR(pad(row, {0, huge}, mode), Error);
      CHECK_ERROR(pad(row, {huge, huge}, mode), Error);
      CHECK_ERROR(pad(row, {-huge, 1}, mode), Error);
      CHECK_ERROR(pad(row, {-huge, -huge}, mode), Error);
      CHECK_ERROR(pad(x, {huge, 0, huge, 0}, mode), Error);
    }
    CHECK_ERROR(scalar_tensor(1.0).expand({huge}).clone(), Error);
    CHECK_ERROR(one_hot(tensor<std::int64_t>({1}), huge), Error);
    CHECK_ERROR(diag_embed(row, huge), Error);
    CHECK_ERROR(diagflat(row, -huge), Error);
  }
  CHECK(chunk(none, 5).size() == 5);
  CHECK(tensor_split(row, 6).size() == 6);
}

TEST_CASE("padding continues a dimension as its mode says", "[ops][joining]") {
  // Breaks if the parts that a padded tensor is joined from do not meet, or a cut is counted from the wrong end.
  const auto source = [](std::int64_t k, std::int64_t size, PadMode mode) {
    if (mode == PadMode::replicate) return std::clamp<std::int64_t>(k, 0, size - 1);
    if (mode == PadMode::circular) return (k + size) % size;
    return k < 0 ? -k : (k >= size ? 2 * (size - 1) - k : k);
  };
  for (const PadMode mode : {PadMode::reflect, PadMode::replicate, PadMode::circular})
    for (const std::int64_t size : {1, 2, 5})
      for (std::int64_t before = -size; before <= size + 2; ++before)
        for (std::int64_t after = -size; after <= size + 2; ++after) {
          const std::int64_t total = size + before + after, reach = mode == PadMode::reflect ? size - 1 : size;
          INFO("mode " << static_cast<int>(mode) << ", size " << size << ", " << before << " and " << after);
          const Tensor x = counted({2, size, 2}).requires_grad_();
          if (total < 0 || (mode != PadMode::replicate && (before > reach || after > reach))) {
            CHECK_ERROR(pad(x, {0, 0, before, after}, mode), ShapeError, "[pad]");
            continue;
          }
          if (mode == PadMode::circular && (before < 0 || after < 0)) continue;  // see below
          std::vector<std::int64_t> index;
          for (std::int64_t k = -before; k < size + after; ++k) index.push_back(source(k, size, mode));
          const Tensor got = pad(x, {0, 0, before, after}, mode), want = index_select(x, 1, tensor(index));
          expect_close(got, want, 0, 0);
          CHECK_FALSE(got.shares_storage(x));
          const Tensor seed = counted(want.shape());
          if (total > 0) expect_close(grad(got, x, seed), grad(want, x, seed), 1e-14, 1e-14);
        }
  expect_close(pad(tensor({1.0, 2.0, 3.0, 4.0}), {-1, 2}, PadMode::circular), {2, 3, 4, 2, 3});
  expect_close(pad(tensor({1.0, 2.0, 3.0, 4.0}), {2, -2}, PadMode::circular), {1, 2, 1, 2});
  CHECK_ERROR(pad(tensor({1.0, 2.0, 3.0, 4.0}), {3, -2}, PadMode::circular), ShapeError, "2 elements at most");
  const Tensor cut = counted({4});
  CHECK_FALSE(pad(cut, {-1, -1}).shares_storage(cut));
}

TEST_CASE("repeating and padding take the memory of their results", "[ops][joining]") {
  // Breaks if an index of eight bytes is made for each byte of the result.
  const std::int64_t n = std::int64_t{1} << 20;
  const Tensor x = ones({n}, {.dtype = uint8});
  const auto peak_of = [](auto&& f) {
    const std::int64_t before = memory::statistics().bytes_in_use;
    memory::reset_peak();
    const Tensor y = f();
    CHECK(y.sum().template item<std::int64_t>() == y.numel());
    return static_cast<double>(memory::statistics().peak_bytes_in_use - before) / static_cast<double>(y.numel());
  };
  CHECK(peak_of([&] { return repeat_interleave(x, 3, 0); }) < 1.5);
  CHECK(peak_of([&] { return repeat_interleave(x, 3); }) < 1.5);
  const Tensor few = ones({2}, {.dtype = uint8}), counts = tensor<std::int64_t>({n, 2 * n});
  CHECK(peak_of([&] { return repeat_interleave(few, counts, 0); }) < 1.5);
  for (const PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular})
    CHECK(peak_of([&] { return pad(x, {n - 1, n - 1}, mode, 1); }) < 2.5);
}

// Breaks if sizes that add up to more than 64 bits count wrap.
TEST_CASE("sizes that overflow when joined or split are named") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Tensor b = expand(ones({1, 1}), {1, most}), q = expand(ones({1, 1}), {1, std::int64_t{1} << 62});
  CHECK_ERROR(cat({b, b, ones({1, 7})}, 1), ShapeError, "[cat]", "64 bits");
  CHECK_ERROR(cat({q, q, q, q, ones({1, 5})}, 1), ShapeError, "[cat]", "64 bits");
  CHECK_ERROR(cat({b, ones({1, 1})}, 1), ShapeError, "[cat]");
  CHECK_ERROR(split(ones({3}), std::vector<std::int64_t>{most, most, 5}), ShapeError, "[split]", "64 bits");
}
