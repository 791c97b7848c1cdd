// Functions of matrices: the exponential, powers, products of several.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/linalg.hpp>
#include <xgrad/autograd/detail/products.hpp>
#include <xgrad/autograd/ops/linalg.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The sum of a^k / k!.
///   da = the upper right block of the exponential of [[a^T, g], [0, a^T]]
struct MatrixExp {
  static constexpr const char* name = "matrix_exp";
  static constexpr int inputs = 1;
  static constexpr unsigned saves = save_input(0);
  static constexpr Rule rule = Rule::quadrature;

  static bool mixes_rows(std::int64_t ndim) { return ndim <= 2; }
  static Tensor forward(const Tensor& a) { return kernels::matrix_exp("linalg::matrix_exp", a); }
  static Tensor backward(const OpContext& c, const Tensor& grad) {
    const Tensor at = mT(c.input(0));
    if (grad.numel() == 0) return zeros_like(grad);
    // The result is linear in g, which is brought to the size of a: more would cost accuracy.
    const auto size = [](const Tensor& x) { return amax(sum(abs(x.detach()), -1), -1); };
    const Tensor of_grad = size(grad);
    const Tensor factor = per_matrix(where(of_grad > 0, of_grad / clamp(size(at), 0.5), 1.0));
    const Tensor block = cat({cat({at, grad / factor}, -1), cat({zeros_like(at), at}, -1)}, -2);
    const std::int64_t n = at.size(-1);
    return factor * narrow(narrow(apply(MatrixExp{}, block), -2, 0, n), -1, n, n);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& in) { return apply(MatrixExp{}, in[0]); };
    const auto small = [](const Inputs& in) { return apply(MatrixExp{}, 0.1 * in[0]); };
    return shaped_samples(d, {{"matrix", {{3, 3}}, call},
                              {"small", {{3, 3}}, small},
                              {"batch", {{2, 2, 2}}, call},
                              {"one element", {{1, 1}}, call},
                              {"empty", {{0, 3, 3}}, call},
                              {"of size 0", {{2, 0, 0}}, call}});
  }
};

/// The cheapest order of a product of matrices [sizes_i, sizes_(i+1)]: `split[i][j]` is where the product of matrices i
/// to j is cut in two (Cormen et al., "Introduction to Algorithms", matrix-chain multiplication).
std::vector<std::vector<std::size_t>> cheapest_splits(const std::vector<double>& sizes) {
  const std::size_t n = sizes.size() - 1;
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0));
  std::vector<std::vector<std::size_t>> split(n, std::vector<std::size_t>(n, 0));
  for (std::size_t length = 1; length < n; ++length)
    for (std::size_t i = 0; i + length < n; ++i) {
      const std::size_t j = i + length;
      cost[i][j] = std::numeric_limits<double>::infinity();
      for (std::size_t k = i; k < j; ++k) {
        const double total = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
        if (total < cost[i][j]) {
          cost[i][j] = total;
          split[i][j] = k;
        }
      }
    }
  return split;
}

Tensor product_of(const std::vector<Tensor>& matrices, const std::vector<std::vector<std::size_t>>& split,
                  std::size_t first, std::size_t last) {
  if (first == last) return matrices[first];
  const std::size_t k = split[first][last];
  return matmul(product_of(matrices, split, first, k), product_of(matrices, split, k + 1, last));
}

}  // namespace
}  // namespace autograd

namespace linalg {

using namespace autograd;  // NOLINT: its parts of linear algebra

Tensor matrix_exp(const Tensor& a) {
  check_square("linalg::matrix_exp", "a", a);
  return apply(MatrixExp{}, a);
}

Tensor matrix_power(const Tensor& a, std::int64_t n) {
  constexpr const char* op = "linalg::matrix_power";
  if (n < 0 || a.is_floating_point()) check_square(op, "a", a);
  if (a.dtype() == bool_) raise<DtypeError>("[{}] a is bool: convert with a.to(xg::float32).", op);
  if (a.dim() < 2 || a.size(-1) != a.size(-2))
    raise<ShapeError>("[{}] a has shape {}, its matrices must be square.", op, a.shape().str());
  if (n == 0) return contiguous(expand(identity(a.size(-1), a), a.shape()));
  Tensor power = n < 0 ? inv(a) : a, product;
  // The magnitude of the smallest integer is no integer.
  for (auto left = n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n);;) {
    if (left % 2 == 1) product = product.defined() ? matmul(product, power) : power;
    left /= 2;
    if (left == 0) return product;
    power = matmul(power, power);
  }
}

Tensor multi_dot(const std::vector<Tensor>& tensors) {
  constexpr const char* op = "linalg::multi_dot";
  if (tensors.size() < 2) raise<ValueError>("[{}] there are {} tensors, two are needed at least.", op, tensors.size());
  const std::size_t last = tensors.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const std::int64_t dims = tensors[i].dim();
    if (dims != 2 && !(dims == 1 && (i == 0 || i == last)))
      raise<ShapeError>(
          "[{}] tensor {} has shape {}: all must be matrices; only the first and the last may be vectors.", op, i,
          tensors[i].shape().str());
  }
  std::vector<Tensor> matrices = tensors;
  const bool row = tensors[0].dim() == 1, column = tensors[last].dim() == 1;
  if (row) matrices[0] = unsqueeze(tensors[0], 0);
  if (column) matrices[last] = unsqueeze(tensors[last], 1);
  std::vector<double> sizes{static_cast<double>(matrices[0].size(0))};
  for (std::size_t i = 0; i <= last; ++i) {
    if (i > 0) check_product_dtypes(op, matrices[i - 1], matrices[i]);
    if (i > 0 && matrices[i - 1].size(1) != matrices[i].size(0))
      raise<ShapeError>("[{}] tensors {} and {} have shapes {} and {}, which do not fit a product.", op, i - 1, i,
                        tensors[i - 1].shape().str(), tensors[i].shape().str());
    sizes.push_back(static_cast<double>(matrices[i].size(1)));
  }
  Tensor out = product_of(matrices, cheapest_splits(sizes), 0, last);
  if (row) out = squeeze(out, 0);
  return column ? squeeze(out, -1) : out;
}

Tensor vander(const Tensor& x, std::optional<std::int64_t> n) {
  constexpr const char* op = "linalg::vander";
  if (x.dtype() == bool_) raise<DtypeError>("[{}] x is bool: convert with x.to(xg::int64).", op);
  const Tensor points = atleast_1d(x);
  const std::int64_t columns = n.value_or(points.size(-1));
  if (columns < 1) raise<ValueError>("[{}] n is {}, it must be positive.", op, columns);
  const Tensor first = unsqueeze(ones_like(points.detach()), -1);
  Shape shape = points.shape();
  shape.push_back(columns - 1);
  return cumprod(cat({first, expand(unsqueeze(points, -1), shape)}, -1), -1);
}

}  // namespace linalg
}  // namespace xg
