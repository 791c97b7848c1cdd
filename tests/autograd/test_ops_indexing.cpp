#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <functional>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor counted(const Shape& shape, Dtype dtype = float64) {
  return arange(0, shape.numel(), 1, {.dtype = dtype}).reshape(shape);
}
Tensor integers(std::initializer_list<std::int64_t> values, const Shape& shape) {
  return tensor<std::int64_t>(values).reshape(shape);
}

}  // namespace

TEST_CASE("an index gives NumPy's shapes and elements", "[ops][indexing]") {
  // Breaks if the dimensions of index tensors land in the wrong place, or a number is counted from the wrong end. x
  // is x[a, b, c] = 20 a + 5 b + c, so each value names the coordinates it came from.
  const Tensor x = counted({3, 4, 5});
  const Tensor rows = tensor<std::int64_t>({2, 0}), cols = tensor<std::int64_t>({-1, 1});
  expect_close(index(x, {1, 2, 3}), {33});
  expect_close(index(x, {-1, ellipsis, -1}), {44, 49, 54, 59});
  CHECK(index(x, {newaxis, 1, Slice{}, newaxis}).shape() == Shape{1, 4, 1, 5});
  CHECK(index(x, {}).is_same(x));
  CHECK(index(x, {Slice{1, {}, 2}, ellipsis}).shares_storage(x));

  const Tensor first = index(x, {rows});
  CHECK(first.shape() == Shape{2, 4, 5});
  expect_close(first.select(0, 0), x.select(0, 2));
  expect_close(index(x, {rows, cols}), cat({x[2][3], x[0][1]}).reshape({2, 5}));
  expect_close(index(x, {rows, cols, Slice{0, 1}}), {55, 5});
  expect_close(index(x, {Slice{}, rows, cols}), {14, 1, 34, 21, 54, 41});         // side by side: in their place
  expect_close(index(x, {rows, Slice{0, 2}, cols}), {44, 49, 1, 6});              // apart: in front
  CHECK(index(x, {Slice{}, rows.unsqueeze(1), cols}).shape() == Shape{3, 2, 2});  // they broadcast
  CHECK(index(x, {rows, newaxis, cols}).shape() == Shape{2, 1, 5});
  CHECK(index(x, {integers({0, 1, 2, 0}, {2, 2})}).shape() == Shape{2, 2, 4, 5});
  CHECK(index(x, {zeros({0}, {.dtype = int64})}).shape() == Shape{0, 4, 5});
  expect_close(index(x.permute({2, 0, 1}), {1, rows, cols}), {56, 6});
  expect_close(index(x, {tensor<std::uint8_t>({2}), 0, 0}), {40});

  const Tensor mask = remainder(x, full({}, 7.0, {.dtype = float64})) == 0.0;
  expect_close(index(x, {mask}), {0, 7, 14, 21, 28, 35, 42, 49, 56});
  const Tensor some = tensor<std::int64_t>({1, 0, 1}) != 0;
  expect_close(index(x, {some}), cat({x[0], x[2]}).reshape({2, 4, 5}));
  expect_close(index(x, {some, 1, Slice{0, 2}}), {5, 6, 45, 46});
  expect_close(index(x, {Slice{}, x[0] > 17.0}), {18, 19, 38, 39, 58, 59});
  CHECK(index(x, {full({}, true)}).shape() == Shape{1, 3, 4, 5});
  CHECK(index(x, {full({}, false)}).shape() == Shape{0, 3, 4, 5});
}

TEST_CASE("index_put writes what index reads", "[ops][indexing]") {
  // Breaks if writing takes another way than reading: for every kind of index, what was put is read back, all other
  // elements stay, and gradients go to the values and to what was not overwritten.
  const Tensor rows = tensor<std::int64_t>({2, 0}), cols = tensor<std::int64_t>({-1, 1});
  const Tensor some = tensor<std::int64_t>({1, 0, 1}) != 0;
  const std::vector<std::vector<Index>> kinds{{1},
                                              {Slice{0, 2}, 2},
                                              {ellipsis, -1},
                                              {rows},
                                              {rows, cols},
                                              {Slice{}, cols},
                                              {some},
                                              {rows, Slice{0, 3}, cols},
                                              {Slice{}, rows, cols},
                                              {some, 1},
                                              {newaxis, 0},
                                              {ellipsis, Slice{1, 5, 2}},
                                              {counted({3, 4, 5}) > 31.0}};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    INFO("index " << k);
    Tensor x = counted({3, 4, 5}).requires_grad_();
    const Tensor part = index(x, kinds[k]).detach();
    const Tensor values = (part * -1.0 - 100.0).requires_grad_();
    const Tensor y = index_put(x, kinds[k], values);
    expect_close(index(y, kinds[k]), values.detach());
    const Tensor touched = (y != x);
    CHECK(touched.to(int64).sum().item<std::int64_t>() == part.numel());

    const std::vector<Tensor> grads = grad({(y * counted({3, 4, 5})).sum()}, {x, values});
    expect_close(grads[1], index(counted({3, 4, 5}), kinds[k]));
    expect_close(grads[0], where(touched, 0.0, counted({3, 4, 5})));

    expect_close(index(index_put(x, kinds[k], values, true), kinds[k]), (values + part).detach());
    expect_close(index(index_put(x, kinds[k], full({}, 7.0)), kinds[k]), part * 0.0 + 7.0);  // values broadcast
  }
}

TEST_CASE("equal indices add where they accumulate, and the last wins where they write", "[ops][indexing]") {
  // Breaks if one of several equal indices is lost, or a value that was overwritten gets a gradient.
  const Tensor twice = tensor<std::int64_t>({1, 1, 0});
  const Tensor source = tensor({1, 2, 4}, {.dtype = float64, .requires_grad = true});
  const Tensor x = zeros({3}, {.dtype = float64});
  expect_close(index_put(x, {twice}, source, true), {4, 3, 0});
  const Tensor y = index_put(x, {twice}, source);
  expect_close(y, {4, 2, 0});
  y.sum().backward();
  expect_close(source.grad(), {0, 1, 1});
  expect_close(scatter_add(x, 0, twice, source), {4, 3, 0});
  expect_close(index_add(x, 0, twice, source, -2), {-8, -6, 0});
}

TEST_CASE("lookups agree with products", "[ops][indexing]") {
  // Breaks if embedding's gradient is not that of one_hot times the table.
  const Tensor classes = integers({2, 0, 2, 1}, {2, 2});
  Tensor weight = counted({3, 2}).requires_grad_();
  const Tensor a = embedding(classes, weight), b = matmul(one_hot(classes, 3).to(float64), weight);
  expect_close(a, b);
  const Tensor w = counted({2, 2, 2}) + 1.0;
  expect_close(grad((a * w).sum(), weight), grad((b * w).sum(), weight));
  CHECK(one_hot(classes).shape() == Shape{2, 2, 3});
  CHECK(one_hot(classes).dtype() == int64);
  CHECK(one_hot(classes, 5).shape() == Shape{2, 2, 5});
}

TEST_CASE("masks and flat indices", "[ops][indexing]") {
  // Breaks if masked_select or take do not broadcast or wrap as PyTorch's.
  const Tensor x = counted({2, 3});
  expect_close(masked_select(x, tensor<std::int64_t>({1, 0, 1}) != 0), {0, 2, 3, 5});
  expect_close(masked_fill(x, x > 3.0, -1), {0, 1, 2, 3, -1, -1});
  expect_close(masked_fill(x, x > 3.0, scalar_tensor(-2.0)), {0, 1, 2, 3, -2, -2});
  expect_close(take(x, integers({-1, 0, 4}, {3, 1})), {5, 0, 4});
  expect_close(take_along_dim(x, integers({2, 0}, {2, 1}), 1), {2, 3});
  expect_close(take_along_dim(x, integers({1}, {1, 1}), 0), {3, 4, 5});
  expect_close(nonzero(x), {0, 1, 0, 2, 1, 0, 1, 1, 1, 2});
  expect_close(index_fill(x, 1, tensor<std::int64_t>({0, 2}), 9), {9, 1, 9, 9, 4, 9});
}

// Breaks if two numbers are promoted otherwise than PyTorch does: by their categories, floating-point numbers to the
// default.
TEST_CASE("where between two numbers", "[ops][indexing]") {
  const Tensor c = counted({2, 2}) > 1.0;
  const Tensor fractions = where(c, 1, 0.5), whole = where(c, 3, -3), flags = where(c, true, false);
  CHECK(fractions.dtype() == float32);
  CHECK(whole.dtype() == int64);
  CHECK(flags.dtype() == bool_);
  expect_close(fractions, {0.5, 0.5, 1, 1}, 0, 0);
  expect_close(whole, {-3, -3, 3, 3}, 0, 0);
  expect_close(flags, {0, 0, 1, 1}, 0, 0);
}

TEST_CASE("an index that depends on the features is a named error of attribution", "[ops][indexing]") {
  // Breaks if such an index is silently treated as a constant. A lookup by one_hot or embedding is explained: the
  // change of what was looked up is the contribution of the index.
  const Tensor x = tensor<std::int64_t>({0, 2, 1}), r = tensor<std::int64_t>({1, 0, 1});
  const Tensor table = counted({3, 2}) * counted({3, 2});
  const auto multiplier_of_index = [&](const std::function<Tensor(const Tensor&)>& f, const Tensor& m) {
    autograd::Trace at_x, at_r;
    const NoGrad guard;
    {
      const autograd::TraceMode mode(at_x);
      f(x);
    }
    {
      const autograd::TraceMode mode(at_r);
      f(r);
    }
    const autograd::TraceEntry& entry = at_x.entries().at(0);
    autograd::PairContext pairs;
    pairs.multipliers = {m.unsqueeze(0)};
    std::size_t index = 0;
    for (std::size_t i = 0; i < entry.inputs.size(); ++i) {
      pairs.x.push_back(at_x.value(entry.inputs[i]));
      pairs.r.push_back(at_r.value(at_r.entries().at(0).inputs[i]));
      pairs.varies.push_back(pairs.x.back().is_same(x));
      pairs.has_rows.push_back(false);
      if (pairs.varies.back()) index = i;
    }
    pairs.x_out = {at_x.value(entry.outputs[0])};
    pairs.r_out = {at_r.value(at_r.entries().at(0).outputs[0])};
    return autograd::attribute(*entry.op, pairs, nullptr)[index];
  };
  const Tensor m = counted({3, 2}) + 1.0;
  CHECK_ERROR(multiplier_of_index([&](const Tensor& i) { return index_select(table, 0, i); }, m), AutogradError,
              "[attribution]", "index_select", "embedding");
  const Tensor change = (x - r).to(float64);
  expect_close(multiplier_of_index([&](const Tensor& i) { return embedding(i, table); }, m) * change,
               (m * (embedding(x, table) - embedding(r, table))).sum(1).unsqueeze(0));
  expect_close(multiplier_of_index([&](const Tensor& i) { return one_hot(i, 3); }, counted({3, 3})) * change,
               (counted({3, 3}) * (one_hot(x, 3) - one_hot(r, 3))).sum(1).unsqueeze(0));
}

TEST_CASE("indexing errors say what does not fit", "[ops][indexing][errors]") {
  // Breaks if an index reads out of bounds, or the message leaves out op, index, range or remedy.
  const Tensor x = counted({3, 4});
  const Tensor i = tensor<std::int64_t>({0, 1});
  CHECK_ERROR(index(x, {3}), IndexError, "[index]", "index 3", "size 3", "-3 to 2");
  CHECK_ERROR(index(x, {0, 0, 0}), IndexError, "[index]", "3 dimensions", "[3, 4]");
  CHECK_ERROR(index(x, {ellipsis, ellipsis}), IndexError, "[index]", "ellipses");
  CHECK_ERROR(index(x, {tensor<std::int64_t>({0, 3})}), IndexError, "[index]", "index 3", "size 3");
  CHECK_ERROR(index(x, {tensor<std::int64_t>({-4})}), IndexError, "[index]", "index -4");
  CHECK_ERROR(index(x, {tensor({0.0})}), DtypeError, "[index]", "to(xg::int64)");
  CHECK_ERROR(index(x, {i, tensor<std::int64_t>({0, 1, 2})}), ShapeError, "[index]", "broadcast");
  CHECK_ERROR(index(x, {i != 0}), IndexError, "[index]", "mask", "[2]");
  CHECK_ERROR(index(x, {Slice{0, 2, 0}}), ValueError, "[index]", "step");
  CHECK_ERROR(x.slice(0, 0, 2, -1), ValueError, "[slice]", "flip");
  CHECK_ERROR(index(x, {Tensor()}), ValueError, "undefined");
  CHECK_ERROR(index_put(x, {i}, counted({3})), ShapeError, "[index_put]", "[3]", "[2, 4]");
  CHECK_ERROR(index_put(x, {0}, counted({3})), ShapeError, "[index_put]");
  CHECK_ERROR(index_select(x, 0, tensor<std::int64_t>({5})), IndexError, "[index_select]", "5");
  CHECK_ERROR(index_select(x, 0, i.unsqueeze(0)), ShapeError, "[index_select]", "vector");
  CHECK_ERROR(index_select(x, 0, tensor({0.0})), DtypeError, "[index_select]");
  CHECK_ERROR(index_add(x, 0, i, x), ShapeError, "[index_add]", "[2, 4]");
  CHECK_ERROR(index_copy(x, 0, i, counted({2, 4}, float32)), DtypeError, "[index_copy]", "float32");
  CHECK_ERROR(gather(x, 0, i), ShapeError, "[gather]", "dimensions");
  CHECK_ERROR(gather(x, 1, integers({9}, {1, 1})), IndexError, "[gather]", "9");
  CHECK_ERROR(scatter(x, 1, integers({0, 1}, {1, 2}), counted({1, 1})), ShapeError, "[scatter]", "source");
  CHECK_ERROR(scatter_add(x, 1, integers({0}, {1, 1}), counted({1, 1}, float32)), DtypeError, "[scatter_add]");
  CHECK_ERROR(masked_fill(x, i, 0), DtypeError, "[masked_fill]", "bool");
  CHECK_ERROR(masked_fill(i, i == 0, 0.5), DtypeError, "[masked_fill]", "int64");
  CHECK_ERROR(masked_fill(x, x > 0.0, counted({4})), ShapeError, "[masked_fill]", "where");
  CHECK_ERROR(masked_select(x, counted({3}) > 0.0), ShapeError, "[masked_select]");
  CHECK_ERROR(take(x, tensor<std::int64_t>({12})), IndexError, "[take]", "12");
  CHECK_ERROR(take_along_dim(x, i, 0), ShapeError, "[take_along_dim]");
  CHECK_ERROR(one_hot(tensor<std::int64_t>({3}), 3), IndexError, "[one_hot]", "class 3", "0 to 2");
  CHECK_ERROR(one_hot(tensor<std::int64_t>({-1})), IndexError, "[one_hot]", "class -1");
  CHECK_ERROR(one_hot(zeros({0}, {.dtype = int64})), ValueError, "[one_hot]", "num_classes");
  CHECK_ERROR(embedding(tensor<std::int64_t>({3}), x), IndexError, "[embedding]", "3");
  CHECK_ERROR(embedding(i, counted({3})), ShapeError, "[embedding]", "[rows, features]");
}
