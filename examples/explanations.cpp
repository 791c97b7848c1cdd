// Three explainers on one row of one model: what each promises, what it costs, and whether its contributions sum up.
#include <xgrad/xgrad.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

using namespace xg;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/explanations";
  std::filesystem::create_directories(out);
  manual_seed(0);

  // A model that has learned x0 x1 + |x2|; x3 does nothing.
  Tensor X = randn({500, 4}, {.dtype = float64});
  Tensor y = (X.slice(1, 0, 1) * X.slice(1, 1, 2) + X.slice(1, 2, 3).abs()).contiguous();
  nn::Sequential model("Net", nn::Dense(4, 32, {.activation = "tanh", .name = "h1"}),
                       nn::Dense(32, 16, {.activation = "relu", .name = "h2"}), nn::Dense(16, 1, {.name = "output"}));
  model.to(float64);
  optim::Adam adam(model.parameters(), {.lr = 1e-2});
  nn::Trainer(model, adam, nn::MSELoss()).fit(X, y, {.batch_size = 64, .epochs = 40, .verbose = 0});

  const std::vector<std::string> names = {"x0", "x1", "x2", "noise"};
  Tensor background = X.slice(0, 0, 50), row = X.slice(0, 100, 101);

  // DeepShap: exact secants of every op, averaged over the references. A forward and a sweep for each pair.
  explain::Explanation deep = explain::DeepShap(model, background, {.feature_names = names})(row);
  // Shapley values by definition: 2^4 coalitions for each reference. The oracle, for few features.
  explain::Explanation exact = explain::ExactShapley(model, background, {.feature_names = names})(row);
  // Integrated gradients: along the line from one baseline, here the mean row. Sums up to the error of the quadrature.
  explain::Explanation path = explain::IntegratedGradients(
      model, {.steps = 100, .baseline = background.mean({0}), .feature_names = names})(row);

  double worst = 0;
  for (const explain::Explanation& e : {deep, exact, path}) {
    std::cout << e << "\n";
    worst = std::max(worst, e.residual().abs().max().item());
  }
  std::cout << "f(x) " << model(row).item() << ", largest residual " << worst << "\n";
  std::cout << "DeepShap against Shapley, per feature " << (deep.values() - exact.values()).flatten() << "\n";

  // Many rows: what matters overall, one CSV line per row and feature, and a file that can be read back.
  explain::Explanation all = explain::DeepShap(model, background, {.feature_names = names})(X);
  std::cout << "mean |contribution| " << all.mean_abs().flatten() << ", first "
            << all.feature_names()[size_t(all.order()[0])] << "\n";
  all.save(out / "all.csv");
  exact.save(out / "exact.json");
  const bool same = allclose(explain::load_explanation(out / "exact.json").values(), exact.values(), 0, 0);
  std::cout << std::boolalpha << "read back the same: " << same << "\n";
  return same && worst < 1e-2 ? 0 : 1;
}
