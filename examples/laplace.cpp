// A Laplace approximation of a small network: a Gaussian over its parameters, around those that were trained, whose
// precision is the generalized Gauss-Newton matrix J^T J / s^2 plus the prior's. Its predictions, linearized in the
// parameters, know where there were no data. MacKay 1992, "A practical Bayesian framework for backpropagation
// networks"; Immer, Korzepa & Bauer 2020, arXiv:2008.08400.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;
namespace F = nn::functional;

int main() {
  manual_seed(4);
  nn::Sequential net("net", nn::Linear(1, 16), nn::Tanh(), nn::Linear(16, 1));
  net.to(float64);
  const TensorOptions wide{.dtype = float64};
  const double noise = 0.1, prior = 0.5;  // standard deviation of the data, precision of the parameters
  const Tensor x = cat({rand({30, 1}, wide) * 2 - 3, rand({30, 1}, wide) * 2 + 1}, 0);
  const Tensor y = sin(1.5 * x) + noise * randn({60, 1}, wide);

  optim::Adam adam(net.parameters(), {.lr = 1e-2});
  for (int step = 0; step < 2000; ++step) {
    adam.zero_grad();
    Tensor penalty = zeros({}, wide);
    for (const Tensor& p : net.parameters()) penalty = penalty + square(p).sum();
    (square(net(x) - y).sum() / (2 * noise * noise) + 0.5 * prior * penalty).backward();
    adam.step();
  }

  // The Jacobian of the outputs with respect to all parameters as one vector: [rows, parameters].
  const Tensor theta = nn::parameters_to_vector(net.parameters()).detach();
  auto jacobian_at = [&](const Tensor& rows) {
    auto outputs = [&](const Tensor& v) {
      return nn::functional_call(net, nn::vector_to_parameters(v, net), rows).flatten();
    };
    return jacobian(outputs, theta);
  };
  const Tensor J = jacobian_at(x);
  const Tensor precision = matmul(J.t(), J) / (noise * noise) + prior * eye(theta.numel(), wide);
  const Tensor L = linalg::cholesky(precision);

  // The variance of a prediction is j^T (precision)^-1 j = |L^-1 j|^2.
  const Tensor at = tensor({{-2.0}, {0.0}, {2.0}, {6.0}}, wide);
  const Tensor deviations = linalg::vector_norm(linalg::solve_triangular(L, jacobian_at(at).t(), false), 2, {0});
  std::cout << "standard deviation of the prediction at -2 and 2 (data), 0 and 6 (none):\n" << deviations << "\n";

  // The same product with the precision without its matrix: Gauss-Newton products of the squared loss.
  auto outputs_of = [&](const std::vector<Tensor>& p) { return nn::functional_call(net, p, x); };
  auto loss_of = [&](const Tensor& p) { return square(p - y).sum() / (2 * noise * noise); };
  const Tensor v = randn({theta.numel()}, wide);
  const std::vector<Tensor> Gv = ggn_vp(outputs_of, loss_of, net.parameters(), nn::vector_to_parameters(v, net));
  const bool agrees = allclose(nn::parameters_to_vector(Gv) + prior * v, matmul(precision, v), 1e-8, 1e-8);
  std::cout << "matrix-free product agrees: " << std::boolalpha << agrees << "\n";
  const std::vector<double> s = deviations.to_vector();
  return agrees && s[1] > 2 * s[0] && s[1] > 2 * s[2] && s[3] > 2 * s[2] ? 0 : 1;
}
