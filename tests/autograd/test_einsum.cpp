// Einstein summation against sums over all combinations of labels, and the order of its products against all orders.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

struct Case {
  std::vector<std::string> terms;  // letters only; of an ellipsis, the letters of the dimensions that it stands for
  std::string output;
  std::string equation;
  std::vector<Tensor> operands;
};

/// The sum over all combinations of labels, one at a time. Dimensions of size 1 are read at 0.
Tensor by_enumeration(const Case& c) {
  std::map<char, std::int64_t> size;
  for (std::size_t i = 0; i < c.terms.size(); ++i)
    for (std::size_t k = 0; k < c.terms[i].size(); ++k) {
      std::int64_t& s = size.try_emplace(c.terms[i][k], 1).first->second;
      s = std::max(s, c.operands[i].shape()[k]);
    }
  Shape shape;
  for (const char label : c.output) shape.push_back(size.at(label));
  std::vector<double> out(static_cast<std::size_t>(shape.numel()), 0);
  std::vector<std::vector<double>> values;
  for (const Tensor& x : c.operands) values.push_back(x.detach().to_vector());
  std::map<char, std::int64_t> at;
  for (const auto& [label, s] : size) at[label] = 0;
  while (true) {
    double product = 1;
    for (std::size_t i = 0; i < c.terms.size(); ++i) {
      std::size_t offset = 0;
      for (std::size_t k = 0; k < c.terms[i].size(); ++k) {
        const std::int64_t s = c.operands[i].shape()[k];
        offset = offset * static_cast<std::size_t>(s) + static_cast<std::size_t>(s == 1 ? 0 : at[c.terms[i][k]]);
      }
      product *= values[i][offset];
    }
    std::size_t place = 0;
    for (const char label : c.output)
      place = place * static_cast<std::size_t>(size[label]) + static_cast<std::size_t>(at[label]);
    out[place] += product;
    auto label = at.begin();
    for (; label != at.end() && ++label->second == size[label->first]; ++label) label->second = 0;
    if (label == at.end()) break;
  }
  return tensor(out).reshape(shape);
}

struct Random {
  std::mt19937_64 engine;
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(n)); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
};

/// A random equation of `count` operands: repeated labels, sizes of 1, ellipses, outputs given or implied.
Case random_case(Random& r, std::int64_t count) {
  Case c;
  const std::string letters = "ijkBC", covered = "xyz";  // the latter stand for an ellipsis
  const std::int64_t ellipsis_dims = r.one_in(2) ? 1 + r.below(2) : 0;
  std::map<char, std::int64_t> size;
  for (const char label : letters + covered) size[label] = 1 + r.below(3);
  std::string inputs, all;
  for (std::int64_t i = 0; i < count; ++i) {
    std::string term, text;
    for (std::int64_t k = r.below(4); k > 0; --k) text += letters[static_cast<std::size_t>(r.below(5))];
    term = text;
    if (ellipsis_dims > 0 && !r.one_in(3)) {
      const std::int64_t dims = r.below(ellipsis_dims + 1);
      const std::size_t at = static_cast<std::size_t>(r.below(static_cast<std::int64_t>(text.size()) + 1));
      term.insert(at, covered.substr(covered.size() - static_cast<std::size_t>(dims)));
      text.insert(at, "...");
    }
    Shape shape;
    std::map<char, std::int64_t> own;  // of one operand, equal labels have equal sizes
    for (const char label : term) shape.push_back(own.try_emplace(label, r.one_in(5) ? 1 : size[label]).first->second);
    c.operands.push_back(randn(shape, {.dtype = float64}).requires_grad_());
    c.terms.push_back(term);
    inputs += (i > 0 ? "," : "") + text;
    all += term;
  }
  std::string dims;  // of the ellipsis, in order
  for (const char label : covered)
    if (all.find(label) != std::string::npos) dims += label;
  if (r.one_in(3)) {
    std::set<char> once;
    for (const char label : letters)
      if (std::count(inputs.begin(), inputs.end(), label) == 1) once.insert(label);
    c.output = dims + std::string(once.begin(), once.end());
    c.equation = inputs;
    return c;
  }
  std::string kept;
  for (const char label : letters)
    if (all.find(label) != std::string::npos && r.one_in(2)) kept += label;
  std::shuffle(kept.begin(), kept.end(), r.engine);
  const bool open = !dims.empty() || inputs.find("...") != std::string::npos;
  const std::size_t at = static_cast<std::size_t>(r.below(static_cast<std::int64_t>(kept.size()) + 1));
  c.output = kept;
  c.equation = inputs + " -> " + kept;
  if (open && !r.one_in(4)) {
    c.output.insert(at, dims);
    c.equation.insert(c.equation.size() - kept.size() + at, "...");
  }
  return c;
}

/// The flops of the cheapest order of products, by trying all.
double cheapest(const std::vector<std::string>& terms, const std::string& output,
                const std::map<char, std::int64_t>& size) {
  if (terms.size() == 1) return 0;
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t j = i + 1; j < terms.size(); ++j) {
      std::vector<std::string> rest;
      std::string others = output, kept;
      for (std::size_t k = 0; k < terms.size(); ++k)
        if (k != i && k != j) rest.push_back(terms[k]), others += terms[k];
      const std::string both = terms[i] + terms[j];
      const std::set<char> labels(both.begin(), both.end());
      double flops = 1;
      for (const char label : labels) {
        flops *= static_cast<double>(size.at(label));
        if (others.find(label) != std::string::npos) kept += label;
      }
      if (kept.size() < labels.size()) flops *= 2;
      rest.push_back(kept);
      best = std::min(best, flops + cheapest(rest, output, size));
    }
  return best;
}

}  // namespace

TEST_CASE("einsum sums over all combinations of labels", "[ops][products]") {
  // Breaks if a label is lost, a diagonal, an ellipsis, a size of 1 or the order of the output is taken for something
  // else, or the order of the products changes the result.
  manual_seed(1);
  Random r{std::mt19937_64(5)};
  for (int i = 0; i < 1500; ++i) {
    const Case c = random_case(r, 1 + r.below(5));
    INFO(c.equation);
    for (const Tensor& x : c.operands) INFO(x.shape().str());
    expect_close(einsum(c.equation, c.operands), by_enumeration(c), 1e-10, 1e-10);
  }
}

TEST_CASE("einsum has derivatives of both orders", "[ops][products]") {
  // Breaks if an intermediate product is cut from the graph, or a reduced dimension of size 1 gets a gradient of the
  // wrong shape.
  manual_seed(2);
  Random r{std::mt19937_64(6)};
  int checked = 0;
  while (checked < 40) {
    const Case c = random_case(r, 1 + r.below(4));
    std::int64_t elements = 0;
    for (const Tensor& x : c.operands) elements += x.numel();
    if (elements > 40) continue;
    ++checked;
    INFO(c.equation);
    const auto f = [&](const std::vector<Tensor>& in) { return einsum(c.equation, in); };
    CHECK(gradcheck(f, c.operands));
    CHECK(gradgradcheck(f, c.operands));
  }
}

TEST_CASE("einsum multiplies in the cheapest order", "[ops][products]") {
  // Breaks if the search misses an order, or counts what the products do not do. All orders of random equations are
  // tried one by one.
  Random r{std::mt19937_64(7)};
  for (int i = 0; i < 200; ++i) {
    const std::string letters = "abcdefg";
    std::map<char, std::int64_t> size;
    for (const char label : letters) size[label] = 2 + r.below(6);
    std::vector<std::string> terms(static_cast<std::size_t>(2 + r.below(4)));
    for (std::string& term : terms)
      for (const char label : letters)
        if (r.one_in(3)) term += label;
    std::string inputs, output;
    for (const std::string& term : terms) inputs += (&term == &terms[0] ? "" : ",") + term;
    for (const char label : letters)
      if (inputs.find(label) != std::string::npos && r.one_in(3)) output += label;
    std::vector<Tensor> operands;
    for (const std::string& term : terms) {
      Shape shape;
      for (const char label : term) shape.push_back(size[label]);
      operands.push_back(ones({}).expand(shape));
    }
    // Labels of one term that the output does not have are summed first.
    std::vector<std::string> reduced = terms;
    for (std::string& term : reduced)
      std::erase_if(term, [&](char label) {
        return output.find(label) == std::string::npos && std::count(inputs.begin(), inputs.end(), label) == 1;
      });
    INFO(inputs << "->" << output);
    const EinsumPath path = einsum_path(inputs + "->" + output, operands);
    CHECK(path.flops == cheapest(reduced, output, size));
    CHECK(path.left_to_right_flops >= path.flops);
    CHECK(path.steps.size() == terms.size() - 1);
  }
}

TEST_CASE("the order of a chain is worth a thousandfold", "[ops][products]") {
  // Breaks if einsum contracts from left to right: the chain of matrices ends in a column, and each product with it is
  // one of a matrix and a vector.
  manual_seed(4);
  std::vector<Tensor> chain;
  for (int i = 0; i < 5; ++i) chain.push_back(randn({2048, 2048}).slice(0, 0, 2048));
  chain.push_back(randn({2048, 1}));
  const EinsumPath path = einsum_path("ab,bc,cd,de,ef,fg->ag", chain);
  CHECK(path.left_to_right_flops > 1000 * path.flops);
  CHECK(path.flops == 5 * 2.0 * 2048 * 2048);
  CHECK(path.steps == std::vector<std::pair<std::int64_t, std::int64_t>>{{4, 5}, {3, 4}, {2, 3}, {1, 2}, {0, 1}});
  Tensor wanted = chain[5];
  for (std::size_t i = 5; i-- > 0;) wanted = matmul(chain[i], wanted);
  expect_close(einsum("ab,bc,cd,de,ef,fg->ag", chain), wanted, 0, 0);

  // More operands than are searched.
  std::vector<Tensor> many;
  std::string equation;
  Tensor product = eye(3, {.dtype = float64});
  for (char label = 'a'; label < 'l'; ++label) {
    many.push_back(randn({3, 3}, {.dtype = float64}));
    equation += std::string(label == 'a' ? "" : ",") + label + static_cast<char>(label + 1);
    product = matmul(product, many.back());
  }
  expect_close(einsum(equation + "->al", many), product, 1e-12, 1e-12);
  many.push_back(randn({3}, {.dtype = float64}));
  const EinsumPath long_path = einsum_path(equation + ",l->a", many);
  CHECK(long_path.steps.size() == 11);
  CHECK(long_path.flops < long_path.left_to_right_flops);
  expect_close(einsum(equation + ",l->a", many), matmul(product, many.back()), 1e-12, 1e-12);
}

TEST_CASE("orders of few and of empty operands", "[ops][products]") {
  // Breaks if one operand is a product, a size of 0 or numbers beyond 64 bits upset the search, or an order makes an
  // intermediate product of more dimensions than a tensor has where another order does not.
  const Tensor x = ones({2, 3});
  CHECK(einsum_path("ij->i", {x}).steps.empty());
  CHECK(einsum_path("ij->i", {x}).flops == 0);
  CHECK(einsum_path("ij,kj->ik", {x, x}).flops == 2 * 2 * 3 * 2);
  CHECK(einsum_path("ij,ij->ij", {x, x}).flops == 6);
  expect_close(einsum("ij,jk,kl->il", {ones({2, 0}), ones({0, 3}), ones({3, 2})}), zeros({2, 2}));
  const Tensor huge = ones({}).expand({1 << 30, 1 << 20});
  CHECK(einsum_path("ab,cd,ef,gh->", {huge, huge, huge, huge}).steps.size() == 3);
  CHECK(einsum_path("ab,bc,cd,de->ae", {huge, huge.t(), huge, huge.t()}).flops > 1e20);
  const Tensor wide = ones({1, 1, 1, 1, 2}), column = ones({2, 2});
  expect_close(
      einsum("abcdx,efghy,xz,yz,abcd,efgh->z", {wide, wide, column, column, ones({1, 1, 1, 1}), ones({1, 1, 1, 1})}),
      {4, 4});
}

TEST_CASE("einsum_path throws as einsum does", "[ops][products][errors]") {
  // Breaks if a path is given for an equation that einsum refuses.
  const Tensor x = ones({2, 3});
  CHECK_ERROR(einsum_path("ij,jk", {x}), ValueError, "[einsum]", "2 terms for 1 operands");
  CHECK_ERROR(einsum_path("ij,jk->ik", {x, x}), ShapeError, "[einsum]", "'j'", "3 and 2");
  CHECK_ERROR(einsum_path("ij->k", {x}), ValueError, "[einsum]", "'k'");
  CHECK_ERROR(einsum_path("i1->i", {x}), ValueError, "[einsum]", "'1'");
  CHECK_ERROR(einsum_path("ii->i", {x}), ValueError, "[einsum]", "sizes 2 and 3");
  CHECK_ERROR(einsum_path("ij->ij", {Tensor()}), ValueError, "undefined");
  CHECK_ERROR(einsum_path("", {}), ValueError, "[einsum]", "no operands");
  CHECK_ERROR(einsum("ij,jk,kl->il", {x, x.t().to(float64), x}), DtypeError, "float64");
}
