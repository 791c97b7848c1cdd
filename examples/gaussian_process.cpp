// Regression by a Gaussian process: what nearby houses cost. The lengthscale, the scale and the noise of the kernel
// maximize the marginal likelihood, by gradients that pass through the Cholesky factor (Rasmussen & Williams 2006,
// "Gaussian Processes for Machine Learning", algorithm 2.1).
#include <xgrad/xgrad.hpp>

#include <cmath>
#include <iostream>
#include <numbers>

using namespace xg;
namespace data = nn::data;

// |a_i - b_j|^2 for rows a_i and b_j.
Tensor squared_distances(const Tensor& a, const Tensor& b) {
  return clamp(square(a).sum(1).unsqueeze(1) + square(b).sum(1) - 2 * matmul(a, b.t()), 0);
}

struct GaussianProcess {
  Tensor log_parameters = zeros({3}, {.dtype = float64});  // of the lengthscale, the scale, the noise
  Tensor x, y;

  Tensor kernel(const Tensor& distances) const {
    const Tensor p = exp(log_parameters);
    return square(p[1]) * exp(-0.5 * distances / square(p[0]));
  }
  // The factor of K + noise^2 I, from the distances of the rows.
  Tensor factor(const Tensor& distances) const {
    const Tensor noise = square(exp(log_parameters[2])) + 1e-6;
    return linalg::cholesky(kernel(distances) + noise * eye(x.size(0), -1, {.dtype = float64}));
  }
  // -log p(y) = y^T K^-1 y / 2 + log det(K) / 2 + n log(2 pi) / 2
  Tensor negative_log_likelihood(const Tensor& distances) const {
    const Tensor L = factor(distances);
    const double constant = 0.5 * static_cast<double>(x.size(0)) * std::log(2 * std::numbers::pi);
    return 0.5 * (y * linalg::cholesky_solve(y, L)).sum() + L.diagonal().log().sum() + constant;
  }
  Tensor predict(const Tensor& rows) const {
    const Tensor weights = linalg::cholesky_solve(y, factor(squared_distances(x, x)));
    return matmul(kernel(squared_distances(rows, x)), weights);
  }
};

double rmse(const Tensor& prediction, const Tensor& truth) { return square(prediction - truth).mean().sqrt().item(); }

int main() {
  const data::Table table = data::read_csv("data/ames.csv").head(800);
  auto [train_rows, test_rows] = data::train_test_split(table, {.test_size = 0.5, .seed = 1});
  data::Encoder encoder({.target = "SalePrice", .scale_target = true});
  const data::Dataset train = encoder.fit_transform(train_rows), test = encoder.transform(test_rows);

  GaussianProcess process{.x = train.X.to(float64), .y = train.y.to(float64).reshape({-1, 1})};
  const Tensor distances = squared_distances(process.x, process.x);
  process.log_parameters = tensor({1.5, 0.0, -0.5}, {.dtype = float64, .requires_grad = true});
  optim::Adam adam({process.log_parameters}, {.lr = 0.1});
  const double before = process.negative_log_likelihood(distances).item();
  for (int step = 0; step < 60; ++step) {
    adam.zero_grad();
    process.negative_log_likelihood(distances).backward();
    adam.step();
  }

  const NoGrad guard;
  const double after = process.negative_log_likelihood(distances).item();
  const Tensor found = exp(process.log_parameters);
  std::cout << "negative log likelihood " << before << " -> " << after << "; lengthscale " << found[0].item()
            << ", scale " << found[1].item() << ", noise " << found[2].item() << "\n";

  // The baseline: a linear model by least squares, which takes the dependent columns of encoded categories, too.
  const auto with_ones = [](const Tensor& x) { return cat({x, ones({x.size(0), 1}, {.dtype = float64})}, 1); };
  const Tensor rows = test.X.to(float64), truth = test.y.to(float64).reshape({-1, 1});
  const Tensor coefficients = linalg::lstsq(with_ones(process.x), process.y).solution;
  const double dollars = encoder.target_scale().scale;
  const double linear = dollars * rmse(matmul(with_ones(rows), coefficients), truth);
  const double gaussian = dollars * rmse(process.predict(rows), truth);
  std::cout << "RMSE on unseen houses: " << gaussian << " dollars, of a linear model " << linear << "\n";
  return after < before && gaussian < linear ? 0 : 1;
}
