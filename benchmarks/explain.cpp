// Microseconds per explained row, all outputs of the network at once; peers/ has the same for shap and captum.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <memory>

namespace {

using namespace xg;

struct Net {
  const char* name;
  std::vector<std::int64_t> widths;
  std::int64_t rows;  // explained in one call
};

std::shared_ptr<nn::Sequential> make_model(const std::vector<std::int64_t>& widths) {
  manual_seed(1);
  auto model = std::make_shared<nn::Sequential>("net");
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    if (l > 0) model->append(nn::ReLU());
    model->append(nn::Linear(widths[l], widths[l + 1]));
  }
  model->eval();
  return model;
}

/// `explainer` makes one from (model, background); the time is that of one row.
template <class F> void add(xg_bench::Suite& suite, const std::string& name, const Net& net, F explainer) {
  suite.add(
      name + ", " + net.name, "xgrad",
      [net, explainer] {
        auto model = make_model(net.widths);
        auto explain = explainer(*model, randn({100, net.widths.front()}));
        return
            [model, explain, rows = randn({net.rows, net.widths.front()})] { benchmark::DoNotOptimize(explain(rows)); };
      },
      static_cast<double>(net.rows));
}

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("explain", argc, argv, {.repetitions = 5});
  const Net nets[] = {{"10-6-3-1", {10, 6, 3, 1}, 100},
                      {"30-64-32-1", {30, 64, 32, 1}, 100},
                      {"784-512-256-10", {784, 512, 256, 10}, 10}};
  for (const Net& net : nets)
    add(suite, "DeepShap, 100 references", net,
        [](nn::Module& model, const Tensor& background) { return explain::DeepShap(model, background); });
  for (const Net& net : nets)
    add(suite, "IntegratedGradients, 50 steps", net,
        [](nn::Module& model, const Tensor&) { return explain::IntegratedGradients(model, {.steps = 50}); });
  add(suite, "ExactShapley, 100 references", {"10-6-3-1", {10, 6, 3, 1}, 4},
      [](nn::Module& model, const Tensor& background) { return explain::ExactShapley(model, background); });
  return suite.run();
}
