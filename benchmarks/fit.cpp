// The tutorial's training: 1,000 rows, 30 % of them held out, 100 epochs of batches of 32, accuracy and F1, by
// Trainer::fit against a loop of a few lines with the same batches, dropout and validation, but without metrics; then
// evaluate and predict against what the model does alone.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <memory>

namespace {

using namespace xg;

struct Task {
  Tensor X = rand({1000, 10});
  Tensor y = randint(0, 2, {1000, 1}).to(float32);
  nn::Sequential model{"DeepNN",         nn::Dense(10, 6, {.activation = "relu"}),
                       nn::Dropout(0.2), nn::Dense(6, 3, {.activation = "relu"}),
                       nn::Dropout(0.2), nn::Dense(3, 1, {.activation = "sigmoid"})};
  optim::Adam adam{model.parameters(), {.lr = 1e-3}};
  nn::Trainer trainer{model, adam, nn::BCELoss(), {.metrics = {nn::metrics::Accuracy(), nn::metrics::F1()}}};
};

double bare_loop(Task& task, std::int64_t epochs) {
  const Tensor X = task.X.slice(0, 0, 700), y = task.y.slice(0, 0, 700);
  const Tensor held_out = task.X.slice(0, 700, 1000), held_out_y = task.y.slice(0, 700, 1000);
  double sum = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const Tensor order = randperm(700);
    task.model.train();
    for (std::int64_t start = 0; start < 700; start += 32) {
      const Tensor rows = order.slice(0, start, std::min<std::int64_t>(start + 32, 700));
      task.adam.zero_grad();
      const Tensor loss = binary_cross_entropy(task.model(X.index_select(0, rows)), y.index_select(0, rows));
      loss.backward();
      task.adam.step();
      sum += loss.item();
    }
    task.model.eval();
    NoGrad no_grad;
    sum += binary_cross_entropy(task.model(held_out), held_out_y).item();
  }
  return sum;
}

template <class F> auto on_task(F f) {
  return [f] {
    manual_seed(42);
    return [f, task = std::make_shared<Task>()] { benchmark::DoNotOptimize(f(*task)); };
  };
}

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("fit", argc, argv);
  const std::string tutorial = "fit of the tutorial, 100 epochs";
  suite.add(tutorial, "bare loop", on_task([](Task& task) { return bare_loop(task, 100); }));
  suite.add(tutorial, "xgrad", on_task([](Task& task) {
              return task.trainer.fit(task.X, task.y,
                                      {.batch_size = 32, .epochs = 100, .validation_split = 0.3, .verbose = 0});
            }));
  const std::string evaluate = "evaluate, 1,000 rows";
  suite.add(evaluate, "forward and loss", on_task([](Task& task) {
              task.model.eval();
              NoGrad no_grad;
              return binary_cross_entropy(task.model(task.X), task.y).item();
            }));
  suite.add(evaluate, "xgrad", on_task([](Task& task) { return task.trainer.evaluate(task.X, task.y); }));
  const std::string predict = "predict, 1,000 rows";
  suite.add(predict, "forward", on_task([](Task& task) {
              task.model.eval();
              NoGrad no_grad;
              return task.model(task.X);
            }));
  suite.add(predict, "xgrad", on_task([](Task& task) { return task.trainer.predict(task.X); }));
  return suite.run();
}
