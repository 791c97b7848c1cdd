// Values that meet at one element, parts that are replaced, and windows, against loops over single elements.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace xg;
using xg_test::expect_close;
using xg_test::leaf;

namespace {

using Ints = std::vector<std::int64_t>;
using Doubles = std::vector<double>;
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Tensor doubles(const Doubles& values, const Shape& shape) {
  return from_data(values.data(), shape, {.dtype = float64});
}

/// Different numbers in no order.
Tensor mixed(const Shape& shape, double phase = 0.3) {
  return (sin(arange(shape.numel(), {.dtype = float64}) * 2.3 + phase) * 3).reshape(shape);
}

template <class F> void check_derivatives(F f, const std::vector<Tensor>& at) {
  std::vector<Tensor> inputs;
  for (const Tensor& x : at) inputs.push_back(x.clone().requires_grad_());
  const TensorsFunction g = [&](const std::vector<Tensor>& in) { return f(in); };
  const GradcheckResult first = gradcheck(g, inputs), second = gradgradcheck(g, inputs);
  INFO(first.message << second.message);
  CHECK(first.passed);
  CHECK(second.passed);
}

const char* const reductions[] = {"sum", "prod", "mean", "amax", "amin"};

double reduced(const std::string& by, const Doubles& values) {
  double result = values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double v = values[i];
    if (by == "sum" || by == "mean")
      result += v;
    else if (by == "prod")
      result *= v;
    else
      result = by == "amax" ? std::max(result, v) : std::min(result, v);
  }
  return by == "mean" ? result / static_cast<double>(values.size()) : result;
}

/// scatter_reduce of matrices by its definition.
Tensor by_definition(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& source,
                     const std::string& by, bool include_self) {
  const std::int64_t rows = x.size(0), columns = x.size(1);
  const Doubles own = x.to_vector(), sent = source.to_vector();
  const Ints places = index.to_vector<std::int64_t>();
  std::vector<Doubles> values(own.size());
  for (std::int64_t i = 0; i < index.size(0); ++i)
    for (std::int64_t j = 0; j < index.size(1); ++j) {
      const std::int64_t place = places[static_cast<std::size_t>(i * index.size(1) + j)];
      const std::int64_t target = dim == 0 ? place * columns + j : i * columns + place;
      values[static_cast<std::size_t>(target)].push_back(sent[static_cast<std::size_t>(i * source.size(1) + j)]);
    }
  Doubles out;
  for (std::size_t k = 0; k < own.size(); ++k) {
    if (include_self || values[k].empty()) values[k].insert(values[k].begin(), own[k]);
    out.push_back(reduced(by, values[k]));
  }
  return doubles(out, {rows, columns});
}

const Tensor rows_of = reshape(tensor<std::int64_t>({2, 2, 0, 1, 2, 1, 2, 2}), {4, 2});
const Tensor columns_of = reshape(tensor<std::int64_t>({3, 3, 0, 2, 2, 2}), {3, 2});

}  // namespace

// Breaks if a reduction, its start or its count is wrong.
TEST_CASE("scatter_reduce agrees with its definition") {
  const Tensor x = mixed({3, 4}), source = mixed({4, 4}, 1.1);
  for (const char* by : reductions)
    for (const bool self : {true, false}) {
      INFO(by << " " << self);
      expect_close(scatter_reduce(x, 0, rows_of, source, by, self), by_definition(x, 0, rows_of, source, by, self),
                   1e-13);
      expect_close(scatter_reduce(x, -1, columns_of, source, by, self),
                   by_definition(x, 1, columns_of, source, by, self), 1e-13);
    }
  const Tensor nothing = zeros({0, 4}, {.dtype = int64});
  for (const char* by : reductions) expect_close(scatter_reduce(x, 0, nothing, source, by, false), x);
  CHECK(scatter_reduce(full({}, 2.0), 0, full({}, 0), full({}, 5.0), "prod").item() == 10);
}

// Breaks if integers are reduced in floating point, or their mean is not rounded down as in PyTorch.
TEST_CASE("scatter_reduce of integers and bools") {
  const Tensor x = tensor<std::int64_t>({10, -7, 3}), index = tensor<std::int64_t>({0, 0, 1});
  const Tensor source = tensor<std::int64_t>({3, 4, 2});
  const auto of = [&](const char* by, bool self) {
    return scatter_reduce(x, 0, index, source, by, self).to_vector<std::int64_t>();
  };
  CHECK(of("sum", true) == Ints{17, -5, 3});
  CHECK(of("prod", false) == Ints{12, 2, 3});
  CHECK(of("mean", true) == Ints{5, -3, 3});
  CHECK(of("mean", false) == Ints{3, 2, 3});
  CHECK(of("amax", true) == Ints{10, 2, 3});
  CHECK(of("amin", false) == Ints{3, 2, 3});
  const Tensor large = full({1}, std::int64_t{9007199254740993});  // 2^53 + 1
  CHECK(scatter_reduce(large, 0, tensor<std::int64_t>({0}), tensor<std::int64_t>({0}), "amax").item<std::int64_t>() ==
        9007199254740993);
  const Tensor yes = tensor<std::int64_t>({1, 0, 1}) != 0;
  CHECK(scatter_reduce(yes, 0, index, source > 3, "prod").dtype() == bool_);
  CHECK_ERROR(scatter_reduce(yes, 0, index, yes, "mean"), DtypeError, "[scatter_reduce]");
}

// Breaks if a NaN is lost, or keeps others from their values.
TEST_CASE("scatter_reduce beside NaN") {
  const Tensor x = doubles({1, missing, 3}, {3}), index = tensor<std::int64_t>({0, 0, 2, 2});
  const Tensor source = doubles({missing, 5, 4, 2}, {4});
  for (const char* by : reductions) {
    const Doubles got = scatter_reduce(x, 0, index, source, by).to_vector();
    INFO(by);
    CHECK(std::isnan(got[0]));
    CHECK(std::isnan(got[1]));
    CHECK(!std::isnan(got[2]));
  }
  Tensor own = x.clone().requires_grad_();
  expect_close(grad(sum(scatter_reduce(own, 0, index, source, "amax")), own), {0, 1, 0});
}

// Breaks if a backward is wrong or cannot be differentiated.
TEST_CASE("derivatives of scatter_reduce") {
  const Tensor x = mixed({3, 4}), source = mixed({4, 4}, 1.1);
  for (const char* by : reductions)
    for (const bool self : {true, false}) {
      INFO(by << " " << self);
      check_derivatives([&](const auto& in) { return square(scatter_reduce(in[0], 0, rows_of, in[1], by, self)); },
                        {x, source});
    }
}

// Breaks if equal extrema do not share the gradient, or values that do not take part get some.
TEST_CASE("ties of scatter_reduce") {
  Tensor x = leaf({2, 1, 7}), source = leaf({2, 2, 0, 1, 1, 1});
  const Tensor index = tensor<std::int64_t>({0, 0, 0, 1, 1, 1});
  const auto with = grad({sum(scatter_reduce(x, 0, index, source, "amax"))}, {x, source});
  expect_close(with[0], {1.0 / 3, 0.25, 1});
  expect_close(with[1], {1.0 / 3, 1.0 / 3, 0, 0.25, 0.25, 0.25});
  const auto without = grad({sum(scatter_reduce(x, 0, index, source, "amax", false))}, {x, source});
  expect_close(without[0], {0, 0, 1});
  expect_close(without[1], {0.5, 0.5, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3});
}

// Breaks if a factor of 0 makes a derivative wrong: of the first order as in PyTorch, of the second as of prod().
TEST_CASE("zeros in products of scatter_reduce") {
  const Tensor index = tensor<std::int64_t>({0, 0, 1, 1, 2, 2});
  Tensor x = leaf({0, 3, 2}), source = leaf({2, 5, 0, 4, 0, 0});
  const auto first = grad({sum(scatter_reduce(x, 0, index, source, "prod"))}, {x, source});
  expect_close(first[0], {10, 0, 0});
  expect_close(first[1], {0, 0, 12, 0, 0, 0});
  check_derivatives([&](const auto& in) { return scatter_reduce(in[0], 0, index, in[1], "prod"); },
                    {x.detach(), source.detach()});
  check_derivatives([&](const auto& in) { return scatter_reduce(in[0], 0, index, in[1], "prod", false); },
                    {x.detach(), source.detach()});
}

// Breaks if scatter with a reduction or index_reduce are anything but scatter_reduce.
TEST_CASE("scatter with a reduction, and index_reduce") {
  const Tensor x = mixed({3, 4}), source = mixed({4, 4}, 1.1);
  expect_close(scatter(x, 0, rows_of, source, "add"), scatter_add(x, 0, rows_of, source), 1e-14);
  expect_close(scatter(x, 0, rows_of, source, "multiply"), scatter_reduce(x, 0, rows_of, source, "prod"));
  expect_close(scatter(x, 1, columns_of, 2, "multiply"),
               scatter_reduce(x, 1, columns_of, full({3, 2}, 2.0, {.dtype = float64}), "prod"));
  const Tensor index = tensor<std::int64_t>({2, 0, 2, 2}), everywhere = expand(unsqueeze(index, 1), {4, 4});
  for (const char* by : {"prod", "mean", "amax", "amin"})
    for (const bool self : {true, false}) {
      expect_close(index_reduce(x, 0, index, source, by, self), scatter_reduce(x, 0, everywhere, source, by, self));
      expect_close(transpose(index_reduce(transpose(x, 0, 1), 1, index, transpose(source, 0, 1), by, self), 0, 1),
                   scatter_reduce(x, 0, everywhere, source, by, self));
    }
  CHECK(index_reduce(full({}, 2.0), 0, tensor<std::int64_t>({0}), tensor({3.0}).to(float32), "prod").item() == 6);
}

// Breaks if an argument is not checked.
TEST_CASE("errors of scatter_reduce and its relatives") {
  const Tensor x = mixed({3, 4}), source = mixed({4, 4});
  CHECK_ERROR(scatter_reduce(x, 0, rows_of, source, "max"), ValueError, "[scatter_reduce]", "max");
  CHECK_ERROR(scatter(x, 0, rows_of, source, "sum"), ValueError, "[scatter]", "sum");
  CHECK_ERROR(index_reduce(x, 0, tensor<std::int64_t>({0, 1, 2, 2}), source, "sum"), ValueError, "[index_reduce]");
  CHECK_ERROR(scatter_reduce(x, 0, rows_of + 1, source, "prod"), IndexError, "index is 3");
  CHECK_ERROR(scatter_reduce(x, 0, rows_of - 1, source, "amax"), IndexError, "index is -1");
  CHECK_ERROR(scatter_reduce(x, 2, rows_of, source, "sum"), IndexError, "[scatter_reduce]");
  CHECK_ERROR(scatter_reduce(x, 0, rows_of, source.to(float32), "sum"), DtypeError, "[scatter_reduce]");
  CHECK_ERROR(scatter_reduce(x, 0, rows_of.to(float32), source, "sum"), DtypeError, "[scatter_reduce]");
  CHECK_ERROR(scatter_reduce(x, 0, rows_of, mixed({3, 4}), "sum"), ShapeError, "[scatter_reduce]");
  CHECK_ERROR(index_reduce(x, 0, tensor<std::int64_t>({0}), source, "prod"), ShapeError, "[index_reduce]");
}

// Breaks if elements are taken in another order, or gradients go elsewhere.
TEST_CASE("masked_scatter") {
  const Tensor mask = reshape(tensor<std::int64_t>({0, 1, 1, 0, 1, 0}), {2, 3}) != 0;
  const Tensor x = zeros({2, 3}, {.dtype = float64}), source = doubles({1, 2, 3, 4}, {2, 2});
  expect_close(masked_scatter(x, mask, source), {0, 1, 2, 0, 3, 0});
  expect_close(masked_scatter(zeros({3}, {.dtype = float64}), mask, source), {0, 1, 2, 0, 3, 0});
  expect_close(masked_select(masked_scatter(x, mask, source), mask), {1, 2, 3});
  expect_close(masked_scatter(x, full({}, false), zeros({0}, {.dtype = float64})), x);
  check_derivatives([&](const auto& in) { return square(masked_scatter(in[0], mask, in[1])); },
                    {mixed({2, 3}), mixed({2, 2})});
  CHECK_ERROR(masked_scatter(x, mask, doubles({1, 2}, {2})), ShapeError, "[masked_scatter]", "3 true", "2");
  CHECK_ERROR(masked_scatter(x, mask, source.to(float32)), DtypeError, "[masked_scatter]");
  CHECK_ERROR(masked_scatter(x, x, source), DtypeError, "[masked_scatter]", "bool");
}

// Breaks if another part is replaced than the one that is read.
TEST_CASE("select_scatter, slice_scatter and diagonal_scatter") {
  const Tensor x = mixed({3, 4, 5});
  const auto check = [&](const Tensor& written, const Tensor& source, const auto& part) {
    expect_close(part(written), source, 0, 0);
    // All other elements are those of x: with the old part in place, nothing has changed.
    Tensor old = x.clone();
    expect_close(part(old), part(x), 0, 0);
    CHECK(count_nonzero(written != x).item<std::int64_t>() <= source.numel());
  };
  const Tensor row = mixed({3, 5}, 2);
  check(select_scatter(x, row, 1, -2), row, [](const Tensor& t) { return select(t, 1, -2); });
  const Tensor stripes = mixed({3, 2, 5}, 2);
  check(slice_scatter(x, stripes, 1, 0, 4, 2), stripes, [](const Tensor& t) { return slice(t, 1, 0, 4, 2); });
  check(slice_scatter(x, stripes, 1, -2), stripes, [](const Tensor& t) { return slice(t, 1, -2, 4); });
  const Tensor line = mixed({4, 3}, 2);
  check(diagonal_scatter(x, line, 1, 0, 2), line, [](const Tensor& t) { return diagonal(t, 1, 0, 2); });
  expect_close(slice_scatter(x, x), x);
  CHECK(equal(slice_scatter(x, zeros({3, 0, 5}, {.dtype = float64}), 1, 3, 1), x));
  CHECK(select_scatter(tensor<std::int64_t>({1, 2, 3}), full({}, 9), 0, 1).to_vector<std::int64_t>() == Ints{1, 9, 3});

  check_derivatives([](const auto& in) { return square(select_scatter(in[0], in[1], 0, 1)); },
                    {mixed({2, 3}), mixed({3})});
  check_derivatives([](const auto& in) { return square(slice_scatter(in[0], in[1], 1, 0, 3, 2)); },
                    {mixed({2, 3}), mixed({2, 2})});
  check_derivatives([](const auto& in) { return square(diagonal_scatter(in[0], in[1], -1)); },
                    {mixed({3, 3}), mixed({2})});

  CHECK_ERROR(select_scatter(x, row, 1, 4), IndexError, "[select_scatter]", "index 4");
  CHECK_ERROR(select_scatter(x, row, 0, 1), ShapeError, "[select_scatter]", "[3, 5]", "[4, 5]");
  CHECK_ERROR(slice_scatter(x, stripes, 1, 0, 4, 0), ValueError, "[slice_scatter]", "step is 0");
  CHECK_ERROR(slice_scatter(x, stripes), ShapeError, "[slice_scatter]");
  CHECK_ERROR(diagonal_scatter(x, line, 0, 1, 1), ShapeError, "different");
  CHECK_ERROR(select_scatter(full({}, 1.0), full({}, 1.0), 0, 0), IndexError, "[select_scatter]");
}

// Breaks if windows begin elsewhere, are copies, or elements in several of them get one gradient.
TEST_CASE("unfold") {
  Tensor x = arange(10, {.dtype = float64});
  const Tensor windows = unfold(x, 0, 3, 2);
  expect_close(windows, {0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8});
  CHECK(windows.shares_storage(x));
  CHECK(unfold(mixed({2, 5, 3}), 1, 2, 2).shape() == Shape{2, 2, 3, 2});
  CHECK(unfold(mixed({3}), 0, 0, 1).shape() == Shape{4, 0});
  CHECK(unfold(full({}, 2.0), 0, 1, 1).shape() == Shape{1});
  CHECK(unfold(mixed({3}), 0, 3, std::numeric_limits<std::int64_t>::max()).shape() == Shape{1, 3});
  expect_close(sum(unfold(mixed({2, 6}), 1, 3, 1), 2),
               narrow(mixed({2, 6}), 1, 0, 4) + narrow(mixed({2, 6}), 1, 1, 4) + narrow(mixed({2, 6}), 1, 2, 4));
  Tensor leaf_of = arange(10, {.dtype = float64}).requires_grad_();
  expect_close(grad(sum(unfold(leaf_of, 0, 3, 2)), leaf_of), {1, 1, 2, 1, 2, 1, 2, 1, 1, 0});
  check_derivatives([](const auto& in) { return square(unfold(in[0], 0, 2, 1)); }, {mixed({4, 2})});
  CHECK_ERROR(unfold(x, 0, 11, 1), ShapeError, "[unfold]", "11");
  CHECK_ERROR(unfold(x, 0, 3, 0), ValueError, "[unfold]", "step 0");
  CHECK_ERROR(unfold(x, 0, -1, 1), ValueError, "[unfold]", "size is -1");
  CHECK_ERROR(unfold(x, 1, 1, 1), IndexError, "[unfold]");
}

// Breaks if a write through windows changes elements of others, or their graph loses gradients after a write.
TEST_CASE("windows and writes") {
  Tensor x = arange(6, {.dtype = float64});
  Tensor windows = unfold(x, 0, 3, 1);
  CHECK_ERROR(windows.mul_(2), ShapeError, "[mul_]", "unfold");
  Tensor apart = unfold(x, 0, 2, 2);
  apart.mul_(2);
  expect_close(x, {0, 2, 4, 6, 8, 10});

  Tensor start = leaf({1, 2, 3, 4});
  Tensor base = start * 1;
  const Tensor view = unfold(base, 0, 2, 1);
  base.mul_(3);
  expect_close(view, {3, 6, 6, 9, 9, 12});
  expect_close(grad(sum(view), start), {3, 6, 6, 3});
}

// Breaks if a fraction is cut off without a word.
TEST_CASE("fractions do not fit into integers") {
  const Tensor x = tensor<std::int64_t>({1, 2, 3}), index = tensor<std::int64_t>({0, 2}), mask = x > 1;
  CHECK_ERROR(index_fill(x, 0, index, 1.5), ValueError, "[index_fill]", "1.5", "int64");
  CHECK_ERROR(scatter(x, 0, index, 1.5), ValueError, "[scatter]", "1.5");
  CHECK_ERROR(scatter(x, 0, index, 0.5, "add"), ValueError, "[scatter]", "0.5");
  CHECK_ERROR(pad(x, {1, 1}, PadMode::constant, 0.5), ValueError, "[pad]", "0.5");
  CHECK_ERROR(index_add(x, 0, index, tensor<std::int64_t>({1, 1}), 1.5), DtypeError, "[index_add]", "1.5");
  CHECK_ERROR(scatter_add(x, 0, index, tensor({1.5, 2.5})), DtypeError, "[scatter_add]");
  CHECK_ERROR(masked_fill(x, mask, 1.5), DtypeError, "[masked_fill]");
  CHECK_ERROR(masked_fill(x, mask, full({}, 1.5)), DtypeError, "[masked_fill]");
  CHECK(index_fill(x, 0, index, 4.0).to_vector<std::int64_t>() == Ints{4, 2, 4});
  CHECK(scatter(x, 0, index, 4.0).to_vector<std::int64_t>() == Ints{4, 2, 4});
  CHECK(pad(x, {1, 0}, PadMode::constant, 7).to_vector<std::int64_t>() == Ints{7, 1, 2, 3});
  CHECK(index_add(x, 0, index, tensor<std::int64_t>({1, 1}), 2).to_vector<std::int64_t>() == Ints{3, 2, 5});
}
