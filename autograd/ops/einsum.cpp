// Einstein summation.
#include <xgrad/autograd/detail/contraction_order.hpp>
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/products.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {

namespace {

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

/// The product of two operands, summed over the labels that are not `needed`, which both have. It is one batched matrix
/// product, or one of elements where there is nothing to sum, or neither rows nor columns.
template <class Needed> Named contract(Named a, Named b, Needed&& needed) {
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

/// An equation and its operands, reduced to products and sums of different labels.
struct Einsum {
  std::vector<Named> operands;
  Labels output;

  bool in_output(char label) const { return output.find(label) != Labels::npos; }
};

/// The terms between commas.
std::vector<std::string> terms_of(const std::string& inputs) {
  std::vector<std::string> terms(1);
  for (const char c : inputs) c == ',' ? void(terms.emplace_back()) : terms.back().push_back(c);
  return terms;
}

/// The labels of the output, given or implied: those of the ellipsis, and the letters that occur once.
Labels output_labels(const std::string& equation, const std::string& text, std::size_t ellipsis_dims,
                     const std::vector<Named>& operands) {
  const std::size_t arrow = text.find("->");
  Labels output;
  if (arrow == std::string::npos) {
    output = expand_ellipsis(equation, "...", ellipsis_dims);
    for (const auto& [first, last] : {std::pair{'A', 'Z'}, std::pair{'a', 'z'}})
      for (char label = first; label <= last; ++label)
        if (std::count(text.begin(), text.end(), label) == 1) output.push_back(label);
  } else {
    output = expand_ellipsis(equation, std::string_view(text).substr(arrow + 2), ellipsis_dims);
  }
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output.find(output[i], i + 1) != Labels::npos)
      refuse_equation(equation, fmt::format("'{}' occurs twice in the output: each label may occur once.", output[i]));
    if (std::none_of(operands.begin(), operands.end(), [&](const Named& x) { return x.has(output[i]); }))
      refuse_equation(equation, fmt::format("'{}' of the output is in no operand.", output[i]));
  }
  return output;
}

/// Removes dimensions of size 1 where another operand has a larger size. Throws ShapeError where sizes do not agree.
void drop_broadcast(const std::string& equation, std::vector<Named>& operands) {
  for (Named& x : operands) {
    for (std::size_t k = x.labels.size(); k-- > 0;) {
      const char label = x.labels[k];
      std::int64_t size = x.tensor.shape()[k];
      for (const Named& other : operands) {
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
}

/// Reads an equation. The tensors become views without repeated labels and without dimensions that broadcast.
Einsum read_equation(const std::string& equation, const std::vector<Tensor>& operands) {
  std::string text;
  for (const char c : equation)
    if (c != ' ') text.push_back(c);
  const std::vector<std::string> terms = terms_of(text.substr(0, text.find("->")));
  if (operands.empty()) throw ValueError("[einsum] no operands: pass one tensor for each term of the equation.");
  if (terms.size() != operands.size())
    refuse_equation(equation, fmt::format("it has {} terms for {} operands: separate them with commas, one each.",
                                          terms.size(), operands.size()));
  Einsum out;
  std::size_t ellipsis_dims = 0;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Tensor& x = operands[i];
    const std::size_t letters = count_letters(terms[i]), ndim = x.shape().size();
    static_cast<void>(expand_ellipsis(equation, terms[i], 0));  // throws for other characters
    const bool open = terms[i].find("...") != std::string::npos;
    if (open ? letters > ndim : letters != ndim)
      refuse_equation(equation, fmt::format("operand {} has shape {}, its term \"{}\" names {} dimensions.", i,
                                            x.shape().str(), terms[i], letters));
    Named operand{x, expand_ellipsis(equation, terms[i], ndim - letters)};
    if (operand.labels.size() != ndim) refuse_equation(equation, "an operand has more than one ellipsis.");
    ellipsis_dims = std::max(ellipsis_dims, ndim - letters);
    take_diagonals(equation, operand);
    out.operands.push_back(std::move(operand));
  }
  out.output = output_labels(equation, text, ellipsis_dims, out.operands);
  drop_broadcast(equation, out.operands);
  return out;
}

/// Whether label is needed after operand i is summed: it is in the output or in another operand.
bool needed_beside(const Einsum& e, std::size_t i, char label) {
  if (e.in_output(label)) return true;
  for (std::size_t k = 0; k < e.operands.size(); ++k)
    if (k != i && e.operands[k].has(label)) return true;
  return false;
}

/// The labels as bits, without those of which operand i alone has to be summed.
Contraction contraction_of(const Einsum& e) {
  Contraction out;
  const auto bit = [](char label) -> std::size_t {
    if (label >= 'a') return static_cast<std::size_t>(label - 'a');
    return static_cast<std::size_t>(label >= 'A' ? 26 + (label - 'A') : 52 + (label - '0'));
  };
  for (std::size_t i = 0; i < e.operands.size(); ++i) {
    LabelSet labels = 0;
    for (const char label : e.operands[i].labels) {
      if (!needed_beside(e, i, label)) continue;
      labels |= LabelSet{1} << bit(label);
      out.sizes[bit(label)] = static_cast<double>(e.operands[i].size(label));
    }
    out.terms.push_back(labels);
  }
  for (const char label : e.output) out.output |= LabelSet{1} << bit(label);
  return out;
}

/// Carries out the products of an order.
Tensor evaluate(Einsum e, const ContractionOrder& order) {
  for (std::size_t i = 0; i < e.operands.size(); ++i)
    e.operands[i].sum_unless([&](char label) { return needed_beside(e, i, label); });
  std::vector<std::size_t> first(e.operands.size());  // of each operand that is left: the first one that is part of it
  std::iota(first.begin(), first.end(), std::size_t{0});
  for (const auto& [i, j] : order.steps) {
    Named a = std::move(e.operands[i]), b = std::move(e.operands[j]);
    e.operands[i] = e.operands[j] = {};
    // A product of earlier operands stays on the left.
    if (first[i] > first[j]) std::swap(a, b);
    Named product =
        contract(std::move(a), std::move(b), [&](char label) { return needed_beside(e, e.operands.size(), label); });
    const std::size_t earliest = std::min(first[i], first[j]);
    for (const std::size_t used : {j, i}) {  // i < j
      e.operands.erase(e.operands.begin() + static_cast<std::ptrdiff_t>(used));
      first.erase(first.begin() + static_cast<std::ptrdiff_t>(used));
    }
    e.operands.push_back(std::move(product));
    first.push_back(earliest);
  }
  e.operands[0].reorder(e.output);
  return e.operands[0].tensor;
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

Tensor einsum(StringRef equation, const std::vector<Tensor>& operands) {
  autograd::Einsum parsed = autograd::read_equation(equation.str(), operands);
  autograd::ContractionOrder order;
  if (operands.size() == 2)
    order.steps = {{0, 1}};
  else if (operands.size() > 2)
    order = autograd::cheapest_order(autograd::contraction_of(parsed));
  return autograd::evaluate(std::move(parsed), order);
}

EinsumPath einsum_path(StringRef equation, const std::vector<Tensor>& operands) {
  const NoGrad no_graph;
  const autograd::Unobserved unobserved;
  const autograd::Contraction contraction = autograd::contraction_of(autograd::read_equation(equation.str(), operands));
  const autograd::ContractionOrder best = autograd::cheapest_order(contraction);
  EinsumPath path;
  for (const auto& [i, j] : best.steps)
    path.steps.emplace_back(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
  path.flops = best.flops;
  path.left_to_right_flops = autograd::left_to_right(contraction).flops;
  return path;
}

}  // namespace xg
