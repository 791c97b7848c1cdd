// Einstein summation.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/products.hpp>
#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

// ---- einsum

using Labels = std::string;  // one character for each dimension; dimensions of an ellipsis are digits, from the right

[[noreturn]] void refuse_equation(const std::string& equation, const std::string& reason) {
  raise<ValueError>("[einsum] equation \"{}\": {}", equation, reason);
}

/// An operand and the names of its dimensions.
struct Named {
  Tensor tensor;
  Labels labels;

  /// The size of a labelled dimension; 1 if there is none.
  std::int64_t size(char label) const {
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (labels[i] == label) return tensor.shape()[i];
    return 1;
  }
  bool has(char label) const { return labels.find(label) != Labels::npos; }
  /// Sums over the dimensions for which `keep` is false.
  template <class Keep> void sum_unless(Keep&& keep) {
    Dims removed;
    Labels kept;
    for (std::size_t i = 0; i < labels.size(); ++i)
      keep(labels[i]) ? kept.push_back(labels[i]) : removed.push_back(static_cast<std::int64_t>(i));
    if (removed.empty()) return;
    tensor = sum(tensor, removed);
    labels = kept;
  }
  void reorder(const Labels& order) {
    if (order == labels) return;
    Dims dims;
    for (const char label : order) dims.push_back(static_cast<std::int64_t>(labels.find(label)));
    tensor = permute(tensor, dims);
    labels = order;
  }
};

/// "ij...": the labels of one operand, the ellipsis as digits.
Labels expand_ellipsis(const std::string& equation, std::string_view term, std::size_t covered) {
  Labels labels;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(term[i]))) {
      labels.push_back(term[i]);
    } else if (term.substr(i, 3) == "...") {
      for (std::size_t k = covered; k-- > 0;) labels.push_back(static_cast<char>('0' + k));
      i += 2;
    } else {
      refuse_equation(equation, fmt::format("'{}' is neither a letter nor part of one ellipsis \"...\".", term[i]));
    }
  }
  return labels;
}

std::size_t count_letters(std::string_view term) {
  return static_cast<std::size_t>(
      std::count_if(term.begin(), term.end(), [](unsigned char c) { return std::isalpha(c) != 0; }));
}

/// Replaces dimensions with a repeated label by their diagonal.
void take_diagonals(const std::string& equation, Named& operand) {
  for (std::size_t i = 0; i < operand.labels.size(); ++i) {
    for (std::size_t j = operand.labels.find(operand.labels[i], i + 1); j != Labels::npos;
         j = operand.labels.find(operand.labels[i], i + 1)) {
      const char label = operand.labels[i];
      const Shape& shape = operand.tensor.shape();
      if (shape[i] != shape[j])
        refuse_equation(equation,
                        fmt::format("'{}' stands for dimensions of sizes {} and {} of one operand of shape {}: "
                                    "they must be equal.",
                                    label, shape[i], shape[j], shape.str()));
      operand.tensor = movedim(diagonal(operand.tensor, 0, static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)),
                               -1, static_cast<std::int64_t>(i));
      operand.labels.erase(j, 1);
    }
  }
}

/// The product of two operands, summed over the labels that both have and `needed` does not.
template <class Needed> Named contract(Named a, Named b, Needed&& needed) {
  a.sum_unless([&](char label) { return b.has(label) || needed(label); });
  b.sum_unless([&](char label) { return a.has(label) || needed(label); });
  Labels batch, inner, only_a, only_b;
  for (const char label : a.labels) (!b.has(label) ? only_a : (needed(label) ? batch : inner)).push_back(label);
  for (const char label : b.labels)
    if (!a.has(label)) only_b.push_back(label);
  const auto sizes = [](const Named& x, const Labels& labels) {
    Shape shape;
    for (const char label : labels) shape.push_back(x.size(label));
    return shape;
  };
  const Shape batch_shape = sizes(a, batch), a_shape = sizes(a, only_a), b_shape = sizes(b, only_b);
  const std::int64_t inner_size = sizes(a, inner).numel();
  a.reorder(batch + only_a + inner);
  b.reorder(batch + inner + only_b);

  const auto joined = [](Shape shape, const Shape& more) {
    for (const std::int64_t size : more) shape.push_back(size);
    return shape;
  };
  const auto as = [](const Tensor& x, const Shape& shape) { return x.shape() == shape ? x : reshape(x, shape); };
  const Labels labels = batch + only_a + only_b;
  if (inner.empty()) {  // an outer product: the dimensions of a precede those of b
    Shape padded_a = joined(batch_shape, a_shape), padded_b = batch_shape;
    for (std::size_t i = 0; i < only_b.size(); ++i) padded_a.push_back(1);
    for (std::size_t i = 0; i < only_a.size(); ++i) padded_b.push_back(1);
    return {as(a.tensor, padded_a) * as(b.tensor, joined(padded_b, b_shape)), labels};
  }
  if (!batch.empty() && only_a.empty() && only_b.empty()) {
    Dims dims;
    for (std::size_t i = 0; i < inner.size(); ++i) dims.push_back(static_cast<std::int64_t>(batch.size() + i));
    return {sum(a.tensor * b.tensor, dims), labels};
  }
  // Where b is one matrix, the dimensions of a stay separate as rows.
  const Shape rows = batch.empty() && !only_a.empty() ? a_shape : Shape{a_shape.numel()};
  const Tensor left = as(a.tensor, joined(joined(batch_shape, rows), {inner_size}));
  const Tensor right = as(b.tensor, joined(batch_shape, {inner_size, b_shape.numel()}));
  return {as(matmul(left, right), joined(joined(batch_shape, a_shape), b_shape)), labels};
}

}  // namespace

}  // namespace autograd

Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& dims_a, const Dims& dims_b) {
  if (dims_a.size() != dims_b.size())
    raise<ValueError>("[tensordot] dims are {} and {}: they must have equally many entries.", dims_a.str(),
                      dims_b.str());
  autograd::check_product_dtypes("tensordot", a, b);
  // Dimensions summed over share a label, all others have different ones.
  autograd::Labels names_a(a.shape().size(), '\0'), names_b(b.shape().size(), '\0');
  for (std::size_t i = 0; i < dims_a.size(); ++i) {
    const auto da = static_cast<std::size_t>(normalize_dim("tensordot", dims_a[i], a.dim()));
    const auto db = static_cast<std::size_t>(normalize_dim("tensordot", dims_b[i], b.dim()));
    if (da >= names_a.size() || db >= names_b.size() || names_a[da] != '\0' || names_b[db] != '\0')
      raise<ValueError>(
          "[tensordot] dims {} and {} name a dimension twice or one that does not exist (shapes {} and {}).",
          dims_a.str(), dims_b.str(), a.shape().str(), b.shape().str());
    if (a.shape()[da] != b.shape()[db] && a.shape()[da] != 1 && b.shape()[db] != 1)
      raise<ShapeError>(
          "[tensordot] shapes are {} and {}: dimension {} of the first has size {}, dimension {} of the second {}; "
          "summed over together, they must be equal or one of them 1.",
          a.shape().str(), b.shape().str(), da, a.shape()[da], db, b.shape()[db]);
    names_a[da] = names_b[db] = static_cast<char>('a' + i);
  }
  std::string output;
  char next = 'A';
  for (autograd::Labels* names : {&names_a, &names_b})
    for (char& label : *names)
      if (label == '\0') output.push_back(label = next++);
  return einsum(names_a + "," + names_b + "->" + output, {a, b});
}

Tensor einsum(StringRef given, const std::vector<Tensor>& operands) {
  const std::string equation = given.str();
  using autograd::Named;
  using autograd::refuse_equation;
  std::string text;
  for (const char c : equation)
    if (c != ' ') text.push_back(c);
  const std::size_t arrow = text.find("->");
  const std::string inputs = text.substr(0, arrow);
  std::vector<std::string> terms(1);
  for (const char c : inputs) c == ',' ? void(terms.emplace_back()) : terms.back().push_back(c);
  if (operands.empty()) throw ValueError("[einsum] no operands: pass one tensor for each term of the equation.");
  if (terms.size() != operands.size())
    refuse_equation(equation, fmt::format("it has {} terms for {} operands: separate them with commas, one each.",
                                          terms.size(), operands.size()));

  std::vector<Named> pending;
  std::size_t ellipsis_dims = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Tensor& x = operands[i];
    const std::size_t letters = autograd::count_letters(terms[i]), ndim = x.shape().size();
    static_cast<void>(autograd::expand_ellipsis(equation, terms[i], 0));  // throws for other characters
    const bool open = terms[i].find("...") != std::string::npos;
    if (open ? letters > ndim : letters != ndim)
      refuse_equation(equation, fmt::format("operand {} has shape {}, its term \"{}\" names {} dimensions.", i,
                                            x.shape().str(), terms[i], letters));
    Named operand{x, autograd::expand_ellipsis(equation, terms[i], ndim - letters)};
    if (operand.labels.size() != ndim) refuse_equation(equation, "an operand has more than one ellipsis.");
    ellipsis_dims = std::max(ellipsis_dims, ndim - letters);
    autograd::take_diagonals(equation, operand);
    pending.push_back(std::move(operand));
  }

  autograd::Labels output;
  if (arrow == std::string::npos) {
    output = autograd::expand_ellipsis(equation, "...", ellipsis_dims);
    for (const auto& [first, last] : {std::pair{'A', 'Z'}, std::pair{'a', 'z'}})
      for (char label = first; label <= last; ++label)
        if (std::count(inputs.begin(), inputs.end(), label) == 1) output.push_back(label);
  } else {
    output = autograd::expand_ellipsis(equation, std::string_view(text).substr(arrow + 2), ellipsis_dims);
  }
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output.find(output[i], i + 1) != std::string::npos)
      refuse_equation(equation, fmt::format("'{}' occurs twice in the output: each label may occur once.", output[i]));
    if (std::none_of(pending.begin(), pending.end(), [&](const Named& x) { return x.has(output[i]); }))
      refuse_equation(equation, fmt::format("'{}' of the output is in no operand.", output[i]));
  }

  // Sizes must agree; a dimension of size 1 is removed where another operand has a larger size.
  for (std::size_t i = 0; i < pending.size(); ++i) {
    Named& x = pending[i];
    for (std::size_t k = x.labels.size(); k-- > 0;) {
      const char label = x.labels[k];
      std::int64_t size = x.tensor.shape()[k];
      for (const Named& other : pending) {
        if (!other.has(label) || other.size(label) == size || other.size(label) == 1) continue;
        if (size != 1)
          raise<ShapeError>("[einsum] equation \"{}\": '{}' has sizes {} and {}: they must be equal or one of them 1.",
                            equation, label, size, other.size(label));
        size = other.size(label);
      }
      if (size == x.tensor.shape()[k]) continue;
      x.tensor = squeeze(x.tensor, static_cast<std::int64_t>(k));
      x.labels.erase(k, 1);
    }
  }

  Named result = std::move(pending[0]);
  for (std::size_t i = 1; i < pending.size(); ++i) {
    const auto needed = [&](char label) {
      if (output.find(label) != std::string::npos) return true;
      for (std::size_t k = i + 1; k < pending.size(); ++k)
        if (pending[k].has(label)) return true;
      return false;
    };
    result = autograd::contract(std::move(result), std::move(pending[i]), needed);
  }
  result.sum_unless([&](char label) { return output.find(label) != std::string::npos; });
  result.reorder(output);
  return result.tensor;
}

}  // namespace xg
