// Sorting, top k and distinct values. Gradients flow back to the original elements; contributions do not pass, because
// positions are discontinuous.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/sorting.hpp>
#include <xgrad/tensor/kernels/sort.hpp>

#include <array>
#include <span>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The base of ops that select values along dim with their indices; the gradient goes back to those.
struct Picked {
  static constexpr int inputs = 1;
  static constexpr int outputs = 2;
  static constexpr unsigned saves = save_output(1);
  static constexpr Rule rule = Rule::unsupported;
  std::int64_t dim = 0;
  bool mixes_rows(std::int64_t ndim) const { return ndim > 0 && dim == 0; }
  std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> g) const {
    if (!g[0].defined()) return {Tensor()};
    const Shape& shape = c.input_shape(0);
    if (shape.empty()) return {sum(g[0])};  // g[0] has one element or none
    return {scatter(zeros(shape, {.dtype = g[0].dtype()}), dim, c.output(1), g[0])};
  }
};

/// All elements in order along dim.
struct Sort : Picked {
  static constexpr const char* name = "sort";
  bool descending = false;
  std::array<Tensor, 2> forward(const Tensor& x) const {
    auto [values, index] = kernels::sort(x, dim, descending);
    return {std::move(values), std::move(index)};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](auto... arguments) {
      return [=](const Inputs& in) { return sort(in[0], arguments...).first; };
    };
    return shaped_samples(d, {{"last", {{3, 5}}, call(-1, false)},
                              {"first, descending", {{4, 2}}, call(0, true)},
                              {"one element", {{1, 1}}, call(1, false)},
                              {"0-d", {{}}, call(0, false)},
                              {"empty", {{0, 3}}, call(1, false)}});
  }
};

/// The k largest or smallest elements along dim.
struct Topk : Picked {
  static constexpr const char* name = "topk";
  std::int64_t k = 1;
  bool largest = true;
  std::array<Tensor, 2> forward(const Tensor& x) const {
    auto [values, index] = kernels::topk(x, k, dim, largest);
    return {std::move(values), std::move(index)};
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](auto... arguments) {
      return [=](const Inputs& in) { return topk(in[0], arguments...).first; };
    };
    return shaped_samples(d, {{"last", {{3, 5}}, call(2, -1, true)},
                              {"first, smallest", {{4, 2}}, call(3, 0, false)},
                              {"none", {{2, 3}}, call(0, 1, true)},
                              {"0-d", {{}}, call(1, 0, true)},
                              {"none of 0-d", {{}}, call(0, 0, true)},
                              {"empty", {{0, 3}}, call(2, 1, true)}});
  }
};

/// The distinct values, the index of each element's value, and the counts: no derivative.
struct Unique {
  static constexpr const char* name = "unique";
  static constexpr int inputs = 1;
  static constexpr int outputs = 3;
  static constexpr Rule rule = Rule::unsupported;
  static bool mixes_rows(std::int64_t) { return true; }
  static std::array<Tensor, 3> forward(const Tensor& x) {
    auto [values, inverse, counts] = kernels::unique(x);
    return {std::move(values), std::move(inverse), std::move(counts)};
  }
  static std::vector<Sample> samples(Dtype d) {
    return shaped_samples(d, {{"matrix", {{3, 4}}, [](const Inputs& in) { return std::get<0>(unique(in[0])); }}});
  }
};

}  // namespace

}  // namespace autograd

std::pair<Tensor, Tensor> sort(const Tensor& x, std::int64_t dim, bool descending) {
  auto [values, index] = apply(autograd::Sort{{normalize_dim("sort", dim, x.dim())}, descending}, x);
  return {std::move(values), std::move(index)};
}
Tensor argsort(const Tensor& x, std::int64_t dim, bool descending) { return sort(x, dim, descending).second; }
std::pair<Tensor, Tensor> topk(const Tensor& x, std::int64_t k, std::int64_t dim, bool largest, bool /*sorted*/) {
  auto [values, index] = apply(autograd::Topk{{normalize_dim("topk", dim, x.dim())}, k, largest}, x);
  return {std::move(values), std::move(index)};
}
Tensor msort(const Tensor& x) { return sort(x, 0).first; }
std::tuple<Tensor, Tensor, Tensor> unique(const Tensor& x) {
  auto [values, inverse, counts] = apply(autograd::Unique{}, x);
  return {std::move(values), std::move(inverse), std::move(counts)};
}

}  // namespace xg
