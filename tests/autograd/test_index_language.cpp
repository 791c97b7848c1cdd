// x[i, j, ...]: random index expressions against NumPy's rules, applied element by element, and against NumPy.
#include "autograd/index_rules.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace xg;
using namespace xg_test;

namespace {

std::vector<Index> indices_of(const Expression& expression) {
  std::vector<Index> out;
  for (const Entry& e : expression) switch (e.kind) {
      case 'i':
        out.emplace_back(e.number);
        break;
      case 's':
        out.emplace_back(Slice{e.start, e.stop, e.step});
        break;
      case 'n':
        out.emplace_back(newaxis);
        break;
      case 'e':
        out.emplace_back(ellipsis);
        break;
      default: {
        const Tensor values = tensor(e.values).reshape(Shape(e.shape));
        out.emplace_back(e.kind == 'm' ? values != 0 : values);
      }
    }
  return out;
}

std::string text(const Expression& expression) {
  std::ostringstream out;
  for (const Entry& e : expression) {
    out << e.kind << ":";
    if (e.kind == 'i') out << e.number;
    if (e.kind == 's')
      out << (e.start ? std::to_string(*e.start) : "") << "," << (e.stop ? std::to_string(*e.stop) : "") << ","
          << e.step;
    for (const std::int64_t size : e.shape) out << size << ",";
    if (!e.values.empty()) out << "=";
    for (const std::int64_t v : e.values) out << v << ",";
    out << " ";
  }
  return out.str();
}

// ---- random expressions

struct Random {
  std::mt19937_64 engine;
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(n)); }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
};

Entry random_entry(Random& r, const Sizes& shape, std::size_t dim) {
  const std::int64_t size = shape[std::min(dim, shape.size() - 1)];
  const auto number = [&] { return r.one_in(60) ? size : r.between(-size, std::max<std::int64_t>(size - 1, -size)); };
  const auto bound = [&] { return r.one_in(2) ? std::nullopt : std::optional(r.between(-size - 2, size + 2)); };
  Entry e;
  e.kind = "iissssnaaaamm"[r.below(13)];
  if (e.kind == 'i') e.number = number();
  if (e.kind == 's') {
    e.start = bound();
    e.stop = bound();
    e.step = r.one_in(2) ? 1 : r.between(1, 3) * (r.one_in(3) ? 1 : -1);
  }
  if (e.kind == 'a') {
    const std::vector<Sizes> shapes{{}, {1}, {2}, {3}, {2}, {2, 1}, {2, 2}, {0}};
    e.shape = shapes[static_cast<std::size_t>(r.below(8))];
    for (std::int64_t i = 0; i < product(e.shape); ++i) e.values.push_back(number());
  }
  if (e.kind == 'm') {
    for (std::int64_t i = r.below(3); i > 0 && dim < shape.size(); --i, ++dim) e.shape.push_back(shape[dim]);
    if (!e.shape.empty() && r.one_in(40)) ++e.shape[0];
    for (std::int64_t i = 0; i < product(e.shape); ++i) e.values.push_back(r.below(2));
  }
  return e;
}

/// A shape and an expression, which mostly makes sense for it.
std::pair<Sizes, Expression> random_case(Random& r) {
  Sizes shape;
  for (std::int64_t i = r.between(1, 4); i > 0; --i) shape.push_back(r.one_in(30) ? 0 : r.between(1, 4));
  Expression expression;
  std::size_t dim = 0;
  bool ellipsis_left = true;
  for (std::int64_t i = r.between(0, 5); i > 0; --i) {
    if (ellipsis_left && r.one_in(6)) {
      expression.push_back({.kind = 'e'});
      ellipsis_left = r.one_in(20);
    } else if (dim < shape.size() || r.one_in(10)) {
      expression.push_back(random_entry(r, shape, dim));
      const Entry& e = expression.back();
      dim += e.kind == 'm' ? e.shape.size() : (e.kind == 'n' ? 0 : 1);
    }
  }
  return {shape, expression};
}

Tensor counted(const Sizes& shape) { return arange(0, product(shape), 1, {.dtype = float64}).reshape(Shape(shape)); }

std::vector<double> doubles(const Sizes& values) { return {values.begin(), values.end()}; }

/// x[expression] = values, by the selection: the last value wins, or all are added.
std::vector<double> assigned(std::vector<double> x, const Selection& to, const std::vector<double>& values,
                             bool accumulate) {
  for (std::size_t i = 0; i < to.offsets.size(); ++i) {
    double& element = x[static_cast<std::size_t>(to.offsets[i])];
    element = accumulate ? element + values[i] : values[i];
  }
  return x;
}

/// The values in another layout: reversed storage, or every other element of a longer dimension.
Tensor in_layout(const Tensor& x, std::int64_t which) {
  const auto all = xg_test::layouts(x);
  return all[static_cast<std::size_t>(which) % std::min<std::size_t>(all.size(), 3)].second;
}

void check_writes(const Tensor& x, const Expression& expression, const Selection& wanted, Random& r) {
  const std::vector<Index> at = indices_of(expression);
  const Shape part(wanted.shape);
  // The values have the part's shape, or broadcast to it.
  Shape own = part;
  for (std::size_t i = 0; i < own.size(); ++i)
    if (r.one_in(3)) own[i] = 1;
  if (r.one_in(3)) own = Shape(own.begin() + r.below(static_cast<std::int64_t>(own.size()) + 1), own.end());
  if (r.one_in(4) && own.size() < max_dims) own.insert(0, 1);
  const bool accumulate = r.one_in(2);
  Tensor values = randn(own, {.dtype = float64}).requires_grad_();
  Shape trimmed = own;
  while (trimmed.size() > part.size()) trimmed.erase(0);
  const std::vector<double> spread = values.detach().reshape(trimmed).expand(part).to_vector();
  const std::vector<double> result = assigned(x.to_vector(), wanted, spread, accumulate);

  Tensor leaf = x.detach().clone().requires_grad_();
  const Tensor y = index_put(leaf, at, values, accumulate);
  expect_close(y, result, 1e-12, 1e-12);
  const Tensor weights = randn(x.shape(), {.dtype = float64});
  const std::vector<Tensor> grads = grad({(y * weights).sum()}, {leaf, values});
  // A value gets the weights of the places where it was the last, summed over its repetitions.
  const std::vector<double> w = weights.to_vector();
  std::vector<double> to_x = w, to_spread(spread.size(), 0);
  std::vector<std::int64_t> last(w.size(), -1);
  for (std::size_t i = 0; i < wanted.offsets.size(); ++i)
    last[static_cast<std::size_t>(wanted.offsets[i])] = static_cast<std::int64_t>(i);
  for (std::size_t i = 0; i < wanted.offsets.size(); ++i) {
    const auto place = static_cast<std::size_t>(wanted.offsets[i]);
    if (accumulate || last[place] == static_cast<std::int64_t>(i)) to_spread[i] = w[place];
    if (!accumulate) to_x[place] = 0;
  }
  expect_close(grads[0], to_x, 1e-12, 1e-12);
  const Tensor repeated = zeros(trimmed, {.dtype = float64, .requires_grad = true});
  (repeated.expand(part) * tensor(to_spread).reshape(part)).sum().backward();
  expect_close(grads[1].reshape(trimmed), repeated.grad(), 1e-12, 1e-12);

  // In place, into any layout; with a graph; and from the tensor's own elements.
  Tensor target = in_layout(x, r.below(3));
  target.index_put_(at, values.detach(), accumulate);
  expect_close(target, result, 1e-12, 1e-12);
  Tensor recorded = leaf * 1;
  recorded.index_put_(at, values, accumulate);
  expect_close(recorded, result, 1e-12, 1e-12);
  expect_close(grad((recorded * weights).sum(), values), grads[1], 1e-12, 1e-12);
  Tensor filled = x.clone();
  filled.index_put_(at, 7, accumulate);
  expect_close(filled, assigned(x.to_vector(), wanted, std::vector<double>(spread.size(), 7), accumulate));
  if (!accumulate) {
    Tensor mirrored = x.clone();
    const Tensor current = index(mirrored, at);
    if (current.dim() == 0 || current.numel() == 0) return;
    const Tensor turned = current.size(0) > 1 ? current.index({Slice{{}, {}, -1}}) : current;
    const std::vector<double> turned_values = turned.to_vector();
    mirrored.index_put_(at, current.shares_storage(mirrored) && current.size(0) > 1 ? flip(current, 0) : turned);
    expect_close(mirrored, assigned(x.to_vector(), wanted, turned_values, false));
  }
}

// ---- the file of NumPy's results

Sizes read_numbers(const std::string& text) {
  Sizes out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');)
    if (part.find_first_not_of(' ') != std::string::npos) out.push_back(std::stoll(part));
  return out;
}

Entry read_entry(const std::string& text) {
  Entry e;
  e.kind = text[0];
  const std::string rest = text.size() > 2 ? text.substr(2) : "";
  if (e.kind == 'i') e.number = std::stoll(rest);
  if (e.kind == 's') {
    const std::size_t a = rest.find(','), b = rest.find(',', a + 1);
    if (a > 0) e.start = std::stoll(rest.substr(0, a));
    if (b > a + 1) e.stop = std::stoll(rest.substr(a + 1, b - a - 1));
    if (b + 1 < rest.size()) e.step = std::stoll(rest.substr(b + 1));
  }
  if (e.kind == 'a' || e.kind == 'm') {
    const std::size_t equals = rest.find('=');
    e.shape = read_numbers(rest.substr(0, equals));
    e.values = read_numbers(rest.substr(equals + 1));
  }
  return e;
}

}  // namespace

TEST_CASE("index expressions select what NumPy's rules say", "[ops][indexing]") {
  // Breaks if an entry of an index, or a combination of entries, selects, scatters gradients or writes anything else
  // than the rules say when they are applied to each element by itself.
  manual_seed(3);
  Random r{std::mt19937_64(11)};
  int selected = 0, refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto [shape, expression] = random_case(r);
    INFO("shape " << Shape(shape).str() << ", index " << text(expression));
    const std::optional<Selection> wanted = select_by_rules(shape, expression);
    const Tensor x = counted(shape);
    if (!wanted) {
      ++refused;
      CHECK_THROWS_AS(index(x, indices_of(expression)), Error);
      CHECK_THROWS_AS(index_put(x, indices_of(expression), 0), Error);
      continue;
    }
    if (wanted->shape.size() > max_dims) continue;
    ++selected;
    Tensor leaf = counted(shape).requires_grad_();
    const Tensor part = index(leaf, indices_of(expression));
    REQUIRE(part.shape() == Shape(wanted->shape));
    expect_close(part, doubles(wanted->offsets), 0, 0);
    expect_close(index(in_layout(x, i), indices_of(expression)), part.detach(), 0, 0);
    if (part.requires_grad()) {
      const Tensor weights = randn(part.shape(), {.dtype = float64});
      std::vector<double> gradient(static_cast<std::size_t>(x.numel()), 0);
      const std::vector<double> w = weights.to_vector();
      for (std::size_t k = 0; k < w.size(); ++k) gradient[static_cast<std::size_t>(wanted->offsets[k])] += w[k];
      expect_close(grad((part * weights).sum(), leaf), gradient, 1e-12, 1e-12);
    }
    check_writes(x, expression, *wanted, r);
  }
  CHECK(selected > 2000);
  CHECK(refused > 100);
}

TEST_CASE("index expressions select what NumPy selects", "[ops][indexing]") {
  // Breaks if the rules of the test above, or the index, differ from NumPy itself.
  std::ifstream file(XGRAD_SOURCE_DIR "/tests/data/indexing/numpy.txt");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    INFO(line);
    std::vector<std::string> fields;
    for (std::size_t from = 0, to = 0; to != std::string::npos; from = to + 1)
      fields.push_back(line.substr(from, (to = line.find(';', from)) == std::string::npos ? to : to - from));
    const Sizes shape = read_numbers(fields[0]);
    Expression expression;
    std::istringstream entries(fields[1]);
    for (std::string entry; entries >> entry;) expression.push_back(read_entry(entry));
    const std::optional<Selection> by_rules = select_by_rules(shape, expression);
    if (fields[2] == " error") {
      CHECK(!by_rules);
      CHECK_THROWS_AS(index(counted(shape), indices_of(expression)), Error);
      continue;
    }
    REQUIRE(by_rules);
    CHECK(by_rules->shape == read_numbers(fields[2]));
    CHECK(by_rules->offsets == read_numbers(fields[3]));
    const Tensor part = index(counted(shape), indices_of(expression));
    CHECK(part.shape() == Shape(read_numbers(fields[2])));
    expect_close(part, doubles(read_numbers(fields[3])), 0, 0);
  }
  CHECK(count == 400);
}

TEST_CASE("basic indices are views and negative steps copies that still write", "[ops][indexing]") {
  // Breaks if a write through a view is lost, or a negative step writes into its copy.
  Tensor x = counted({2, 3});
  x.index({1, Slice{{}, {}, 2}}).fill_(9);
  expect_close(x, {0, 1, 2, 9, 4, 9});
  const Tensor reversed = x.index({ellipsis, Slice{{}, {}, -1}});
  CHECK(!reversed.shares_storage(x));
  expect_close(reversed, {2, 1, 0, 9, 4, 9});
  x.index_put_({Slice{{}, {}, -1}, Slice{{}, 0, -2}}, tensor({{10.0}, {20.0}}));
  expect_close(x, {0, 1, 20, 9, 4, 10});
  CHECK(x.index({Slice{1, 2, -1}}).numel() == 0);
  CHECK(x.index({0, Slice{-1, -2, -1}}).shares_storage(x));  // one element has no direction
  expect_close(x.index({0, Slice{{}, {}, std::numeric_limits<std::int64_t>::min()}}), {20});
  expect_close(x.index({0, Slice{{}, {}, std::numeric_limits<std::int64_t>::max()}}), {0});
}

TEST_CASE("lists and bools are entries of an index", "[ops][indexing]") {
  // Breaks if a list is taken for several entries, or a bool for a number.
  const Tensor x = counted({3, 4});
  expect_close(x.index({Slice{}, {0, 2}}), {0, 2, 4, 6, 8, 10});
  expect_close(x.index({{2, 0}}), cat({x[2], x[0]}).reshape({2, 4}));
  expect_close(x.index({{-1, 0}, {1, 2}}), {9, 2});
  CHECK(x.index({std::vector<std::int64_t>{}}).shape() == Shape{0, 4});
  expect_close(x.index({std::vector<int>{1}, 2}), {6});
  expect_close(x.index({std::vector<bool>{true, false, true}, 0}), {0, 8});
  CHECK(x.index({true}).shape() == Shape{1, 3, 4});
  CHECK(x.index({false}).shape() == Shape{0, 3, 4});
  CHECK(x.index({true, 1}).shape() == Shape{1, 4});
}

TEST_CASE("numbers beside index tensors count as tensors", "[ops][indexing]") {
  // Breaks if a number that a slice separates from a tensor leaves the indexed dimensions in their place, as PyTorch
  // does.
  const Tensor x = counted({5, 3, 4});
  const Tensor columns = tensor<std::int64_t>({0, 1});
  CHECK(x.index({0, Slice{}, columns}).shape() == Shape{2, 3});
  CHECK(x.index({Slice{}, 0, columns}).shape() == Shape{5, 2});
  CHECK(x.index({Slice{}, columns, ellipsis, columns}).shape() == Shape{2, 5});
  CHECK(x.index({true, Slice{}, columns}).shape() == Shape{2, 5, 4});
}

TEST_CASE("errors of index expressions say what does not fit", "[ops][indexing][errors]") {
  // Breaks if an assignment that fails has changed the tensor, or a message lacks the remedy.
  Tensor x = counted({3, 4});
  const Tensor before = x.clone();
  CHECK_ERROR(x.index({Slice{0, 2, 0}}), ValueError, "[index]", "step", "0");
  CHECK_ERROR(x.index_put_({Slice{0, 2, 0}}, 1), ValueError, "[index_put]", "step");
  CHECK_ERROR(x.index_put_({3}, 1), IndexError, "[index_put]", "index 3", "-3 to 2");
  CHECK_ERROR(x.index_put_({{0, 5}}, 1), IndexError, "[index_put]", "index 5");
  CHECK_ERROR(x.index_put_({{0, 1}}, counted({3, 4})), ShapeError, "[index_put]", "[3, 4]", "[2, 4]");
  CHECK_ERROR(x.index_put_({0}, counted({2, 4})), ShapeError, "[index_put]", "[2, 4]");
  CHECK_ERROR(x.index_put_({std::vector<bool>{true, false}}, 1), IndexError, "[index_put]", "mask", "[2]");
  CHECK_ERROR(x.index_put_({tensor({0.5})}, 1), DtypeError, "[index_put]", "to(xg::int64)");
  CHECK_ERROR(x.index_put_({0, 0, 0}, 1), IndexError, "[index_put]", "3 dimensions");
  CHECK_ERROR(x.index_put_({ellipsis, ellipsis}, 1), IndexError, "[index_put]", "ellipses");
  CHECK_ERROR(x.index_put_({0}, Tensor()), ValueError, "undefined");
  expect_close(x, before, 0, 0);
  Tensor bytes = zeros({2}, {.dtype = uint8});
  CHECK_ERROR(bytes.index_put_({0}, 300), ValueError, "300", "uint8");
  CHECK_ERROR(index_put(bytes, {0}, -1), ValueError, "-1", "uint8");
  Tensor repeated = counted({4}).expand({3, 4});
  CHECK_ERROR(repeated.index_put_({0}, 1), ShapeError, "[index_put_]", "share memory");
}
