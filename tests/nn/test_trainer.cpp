#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace xg;
using xg_test::expect_close;

namespace {

struct MeanAbsoluteError {
  double sum = 0;
  std::int64_t count = 0;
  std::string name() const { return "mae"; }
  void reset() { sum = 0, count = 0; }
  void update(const Tensor& y, const Tensor& p) {
    sum += (y - p).abs().sum().item();
    count += y.numel();
  }
  double compute() const { return sum / static_cast<double>(count); }
  bool larger_is_better() const { return false; }
};

struct Line {
  Tensor X = linspace(-1, 1, 21, {.dtype = float64}).reshape({21, 1});
  Tensor y = X * 3.0 - 1.0;
  nn::Sequential model{"Line", nn::Dense(1, 1, {.kernel_init = "zeros", .name = "d"})};
  Line() { model.to(float64); }
};

// In a folder for temporary files, with a name that no other process uses.
std::filesystem::path temporary(const std::string& name) {
  return std::filesystem::temp_directory_path() / (std::to_string(getpid()) + name);
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

// Breaks if batches, their order, the running mean or the held-out rows differ from Keras's: everything is done again
// here by hand, with the derivative written out.
TEST_CASE("fit is gradient descent on batches, and reports what it saw") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 0.1});
  nn::Trainer trainer(f.model, sgd, nn::MSELoss(), {.metrics = {MeanAbsoluteError()}});
  const nn::History h =
      trainer.fit(f.X, f.y, {.batch_size = 4, .epochs = 3, .shuffle = false, .validation_split = 0.3, .verbose = 0});
  CHECK(h.keys() == std::vector<std::string>{"loss", "mae", "val_loss", "val_mae"});
  CHECK(h.steps_per_epoch() == 4);  // floor(21 * 0.7) = 14 rows: 4, 4, 4, 2
  CHECK(h.epochs() == 3);
  double w = 0, b = 0;
  const auto x = f.X.to_vector<double>(), y = f.y.to_vector<double>();
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    double loss = 0, mae = 0;
    for (std::size_t start = 0; start < 14; start += 4) {
      const std::size_t stop = std::min<std::size_t>(start + 4, 14);
      double dw = 0, db = 0;
      for (std::size_t i = start; i < stop; ++i) {
        const double e = w * x[i] + b - y[i], n = static_cast<double>(stop - start);
        loss += e * e / 14, mae += std::fabs(e) / 14;
        dw += 2 * e * x[i] / n, db += 2 * e / n;
      }
      w -= 0.1 * dw, b -= 0.1 * db;
    }
    double val_loss = 0, val_mae = 0;
    for (std::size_t i = 14; i < 21; ++i) {
      const double e = w * x[i] + b - y[i];
      val_loss += e * e / 7, val_mae += std::fabs(e) / 7;
    }
    CHECK(h["loss"][epoch] == Approx(loss).epsilon(1e-12));
    CHECK(h["mae"][epoch] == Approx(mae).epsilon(1e-12));
    CHECK(h["val_loss"][epoch] == Approx(val_loss).epsilon(1e-12));
    CHECK(h["val_mae"][epoch] == Approx(val_mae).epsilon(1e-12));
  }
  CHECK(f.model.at<nn::Dense>(0).weight().item() == Approx(w).epsilon(1e-12));
  CHECK_FALSE(f.model.is_training());
  const nn::Evaluation e = trainer.evaluate(f.X.slice(0, 14, 21), f.y.slice(0, 14, 21), {.batch_size = 2});
  CHECK(e["loss"] == Approx(h["val_loss"].back()));
  CHECK(e["mae"] == Approx(h["val_mae"].back()));
  CHECK_ERROR(e["f1"], ValueError, "key \"f1\" is unknown, known are loss, mae.");
  expect_close(trainer.predict(f.X, {.batch_size = 4}), f.X * w + b, 1e-12);
}

// Breaks if rows are lost or doubled in a shuffled epoch, or the same seed gives another run.
TEST_CASE("shuffling visits every row once and follows the seed") {
  Tensor X = arange(0, 10, 1).to(float32).reshape({10, 1});
  std::vector<std::vector<double>> orders;
  for (int run = 0; run < 2; ++run) {
    manual_seed(7);
    std::vector<double> seen;
    nn::Sequential model(nn::Lambda([&](const Tensor& x) {
                           for (double v : x.to_vector<double>()) seen.push_back(v);
                           return x;
                         }),
                         nn::Dense(1, 1));
    optim::SGD sgd(model.parameters(), {.lr = 0});
    nn::Trainer(model, sgd, nn::MSELoss()).fit(X, X, {.batch_size = 3, .epochs = 2, .verbose = 0});
    seen.erase(seen.begin());  // the one row by which the shape of the prediction is learned
    REQUIRE(seen.size() == 20);
    for (int epoch = 0; epoch < 2; ++epoch) {
      std::vector<double> rows(seen.begin() + epoch * 10, seen.begin() + epoch * 10 + 10);
      std::sort(rows.begin(), rows.end());
      CHECK(rows == X.to_vector<double>());
    }
    orders.push_back(seen);
  }
  CHECK(orders[0] == orders[1]);
  CHECK(std::vector<double>(orders[0].begin(), orders[0].begin() + 10) !=
        std::vector<double>(orders[0].begin() + 10, orders[0].end()));
}

// Breaks if weights of rows or classes are normalized, or reach the validation in a way that Keras does not have.
TEST_CASE("weights of rows and classes") {
  Line f;
  const Tensor labels = (f.X > 0).to(float64);
  const auto loss_with = [&](nn::FitOptions options) {
    Line g;
    optim::SGD sgd(g.model.parameters(), {.lr = 0});
    options.batch_size = 5, options.verbose = 0;
    return nn::Trainer(g.model, sgd, nn::MSELoss()).fit(f.X, labels, options)["loss"][0];
  };
  CHECK(loss_with({}) == Approx(10.0 / 21));
  CHECK(loss_with({.class_weight = {{1, 3.0}}}) == Approx(30.0 / 21));
  CHECK(loss_with({.sample_weight = full({21}, 2.0, {.dtype = float64})}) == Approx(20.0 / 21));
  CHECK(loss_with({.class_weight = {{1, 3.0}}, .sample_weight = full({21, 1}, 2.0, {.dtype = float64})}) ==
        Approx(60.0 / 21));
  CHECK_ERROR(loss_with({.sample_weight = ones({20})}), ShapeError, "sample_weight is [20], it must be [21]");
}

// Breaks if class numbers in the forms in which tables hold them are not understood.
TEST_CASE("class numbers may be whole floating-point numbers and columns") {
  nn::Sequential model(nn::Dense(2, 3));
  optim::SGD sgd(model.parameters(), {.lr = 0});
  nn::Trainer trainer(model, sgd, nn::CrossEntropyLoss());
  const Tensor X = randn({6, 2}), y = tensor<std::int64_t>({0, 1, 2, 0, 1, 2});
  const double want = trainer.evaluate(X, y)["loss"];
  CHECK(trainer.evaluate(X, y.reshape({6, 1}))["loss"] == want);
  CHECK(trainer.evaluate(X, y.to(float32).reshape({6, 1}))["loss"] == want);
  CHECK(trainer.evaluate(X, one_hot(y, 3).to(float32))["loss"] == Approx(want));
  CHECK_ERROR(trainer.fit(X, y.to(float32) + 0.5), ValueError, "y has fractions, class numbers must be whole");
  CHECK_ERROR(trainer.fit(X, y + 1), IndexError, "[cross_entropy]", "3");
  CHECK_ERROR(trainer.fit(X, zeros({6, 2})), ShapeError, "y is [6, 2], the model gives [6, 3]", "class numbers [6]");
}

// Breaks if patience is off by one, or the weights left in the model are not those of the best epoch.
TEST_CASE("EarlyStopping stops and restores the best weights") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 0.1});
  nn::Trainer trainer(f.model, sgd, nn::MSELoss());
  // The loss falls for three epochs, then the rate makes it grow.
  double best_weight = 0;
  nn::FitOptions options{.batch_size = 21, .epochs = 50, .shuffle = false, .validation_data = {f.X, f.y}, .verbose = 0};
  options.callbacks = {nn::LearningRateSchedule([](std::int64_t epoch, double) { return epoch < 3 ? 0.1 : 50.0; }),
                       nn::EarlyStopping({.monitor = "val_loss", .patience = 2, .restore_best = true}),
                       [&](nn::FitState& s) {
                         if (s.epoch == 2) best_weight = f.model.parameters()[0].item();
                       }};
  const nn::History h = trainer.fit(f.X, f.y, options);
  CHECK(h.epochs() == 5);
  CHECK(h.best_epoch() == 2);
  CHECK(h.stopped_early());
  CHECK(h.restored_best());
  CHECK(h.monitor() == "val_loss");
  CHECK_THAT(h.stop_reason(), xg_test::ContainsSubstring("val_loss did not improve for 2 epochs"));
  CHECK(f.model.parameters()[0].item() == best_weight);
  CHECK(h.learning_rates() == std::vector<double>{0.1, 0.1, 0.1, 50, 50});
  // A second fit starts with a fresh callback.
  sgd.set_lr(0.1);
  CHECK(trainer.fit(f.X, f.y, options).epochs() == 5);
  const nn::FitOptions without{.verbose = 0, .callbacks = {nn::EarlyStopping({.monitor = "val_loss"})}};
  CHECK_ERROR(trainer.fit(f.X, f.y, without), ValueError,
              "\"val_loss\" is not among the values of an epoch, which are loss", "validation data");
  CHECK_ERROR(nn::EarlyStopping({.mode = "best"}), ValueError, "[EarlyStopping] mode is \"best\"");
  CHECK_ERROR(nn::EarlyStopping({.patience = -1}), ValueError, "patience is -1");
}

// Breaks if a callback is not called, is called in another order, or its wish to stop is not heard.
TEST_CASE("callbacks are called in order") {
  struct Recorder {
    std::string* log;
    void on_train_begin(nn::FitState&) { *log += "T"; }
    void on_epoch_begin(nn::FitState&) { *log += "("; }
    void on_batch_end(nn::FitState&) { *log += "."; }
    void on_epoch_end(nn::FitState& s) {
      *log += ")";
      if (s.epoch == 1) s.stop("enough");
    }
    void on_train_end(nn::FitState&) { *log += "t"; }
  };
  Line f;
  optim::SGD sgd(f.model.parameters());
  std::string log;
  int functions = 0;
  const nn::History h =
      nn::Trainer(f.model, sgd, nn::MSELoss())
          .fit(f.X, f.y,
               {.batch_size = 10,
                .epochs = 9,
                .verbose = 0,
                .callbacks = {Recorder{&log}, nn::LambdaCallback{.batch_end = [&](nn::FitState&) { ++functions; }}}});
  CHECK(log == "T(...)(...)t");
  CHECK(functions == 6);
  CHECK(h.stop_reason() == "enough");
}

// Breaks if schedulers step per batch instead of per epoch, or files are not what the names promise.
TEST_CASE("schedules and loggers") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 0.8});
  optim::StepLR steps(sgd, {.step_size = 2, .gamma = 0.5});
  const auto csv = temporary("xgrad_test_history.csv");
  const nn::History h =
      nn::Trainer(f.model, sgd, "mse")
          .fit(f.X, f.y,
               {.epochs = 5, .verbose = 0, .callbacks = {nn::LearningRateSchedule(steps), nn::CSVLogger(csv)}});
  CHECK(h.learning_rates() == std::vector<double>{0.8, 0.8, 0.4, 0.4, 0.2});
  CHECK(text_of(csv) == h.csv());
  CHECK(h.csv().starts_with("epoch,loss\n1,"));
  std::filesystem::remove(csv);
  optim::ReduceLROnPlateau plateau(sgd, {.factor = 0.5, .patience = 0, .threshold = 0, .threshold_mode = "abs"});
  sgd.set_lr(0);
  sgd.set_lr(1.0);
  nn::Trainer(f.model, sgd, [](const Tensor& p, const Tensor&) {
    return (p * 0.0).sum() + 1.0;
  }).fit(f.X, f.y, {.epochs = 3, .verbose = 0, .callbacks = {nn::LearningRateSchedule(plateau, "loss")}});
  CHECK(sgd.lr() == 0.25);
  CHECK_ERROR(nn::LearningRateSchedule(std::function<double(std::int64_t, double)>()), ValueError,
              "[LearningRateSchedule] the function is empty");
}

// Breaks if the file of an epoch that was not the best replaces the best one's.
TEST_CASE("ModelCheckpoint keeps the best weights in a file") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 0.1});
  const auto path = temporary("xgrad_test_best.safetensors"), each = temporary("xgrad_test_{epoch}.safetensors");
  double best = 0;
  nn::FitOptions options{.batch_size = 21, .epochs = 4, .shuffle = false, .validation_data = {f.X, f.y}, .verbose = 0};
  options.callbacks = {nn::LearningRateSchedule([](std::int64_t epoch, double) { return epoch < 2 ? 0.1 : 50.0; }),
                       nn::ModelCheckpoint(path), nn::ModelCheckpoint(each, {.save_best_only = false}),
                       [&](nn::FitState& s) {
                         if (s.epoch == 1) best = f.model.parameters()[0].item();
                       }};
  nn::Trainer(f.model, sgd, "mse").fit(f.X, f.y, options);
  f.model.load(path);
  CHECK(f.model.parameters()[0].item() == best);
  f.model.load(temporary("xgrad_test_2.safetensors"));
  CHECK(f.model.parameters()[0].item() == best);
  CHECK(std::filesystem::exists(temporary("xgrad_test_4.safetensors")));
  std::filesystem::remove(path);
  for (int epoch = 1; epoch <= 4; ++epoch)
    std::filesystem::remove(temporary(("xgrad_test_" + std::to_string(epoch) + ".safetensors")));
}

// Breaks if training goes on with NaN, or leaves broken weights behind.
TEST_CASE("a diverged loss stops with its cause and the best weights") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 0.1});
  nn::Trainer trainer(f.model, sgd, nn::MSELoss());
  double best = 0;
  nn::FitOptions options{.epochs = 400, .verbose = 0};
  options.callbacks = {[&](nn::FitState& s) {
    if (s.epoch == 1) best = f.model.parameters()[0].item();
    if (s.epoch == 1) s.optimizer.set_lr(1e6);
  }};
  CHECK_ERROR(trainer.fit(f.X, f.y, options), Error, "[fit] the loss is", "in epoch",
              "learning rate 1e+06 is probably too high", "The best weights so far are in the model.");
  CHECK(f.model.parameters()[0].item() == best);
  CHECK_FALSE(f.model.is_training());
  nn::Trainer logs(f.model, sgd, [](const Tensor& p, const Tensor& t) { return (log(p * 0.0) * t).mean(); });
  CHECK_ERROR(logs.fit(f.X, f.y + 10.0, {.verbose = 0}), Error, "in epoch 1, batch 1 of 1", "not defined there");
}

// Breaks if bad data is trained on instead of named.
TEST_CASE("bad data and options are named") {
  Line f;
  optim::SGD sgd(f.model.parameters());
  nn::Trainer trainer(f.model, sgd, nn::MSELoss());
  const Tensor X = f.X, y = f.y;
  CHECK_ERROR(trainer.fit(Tensor(), y), ValueError, "[fit] X is undefined");
  CHECK_ERROR(trainer.fit(zeros({0, 1}, {.dtype = float64}), y), ValueError,
              "X is [0, 1], it must have at least one row");
  CHECK_ERROR(trainer.fit(X, y.slice(0, 0, 20)), ShapeError, "[fit] X has 21 rows and y has 20");
  CHECK_ERROR(trainer.fit(X, y.squeeze(1)), ShapeError, "y is [21], the model gives [21, 1]",
              "every row with every other", "y.unsqueeze(1)");
  CHECK_ERROR(trainer.fit(X, cat({y, y}, 1)), ShapeError, "y is [21, 2], the model gives [21, 1]");
  CHECK_ERROR(trainer.fit(X.to(float32), y), DtypeError, "X is float32, the model's parameters are float64",
              "X.to(float64)");
  Tensor broken = X.clone();
  broken[3].fill_(NAN);
  CHECK_ERROR(trainer.fit(broken, y), ValueError, "[fit] X has NaN in row 3: fill or drop such rows");
  CHECK_ERROR(trainer.fit(X, broken), ValueError, "y has NaN in row 3");
  broken[3].fill_(INFINITY);
  CHECK_ERROR(trainer.evaluate(broken, y), ValueError, "[evaluate] X has an infinite value in row 3");
  CHECK_ERROR(trainer.predict(broken), ValueError, "[predict] X has an infinite value");
  CHECK_ERROR(trainer.fit(X, y, {.batch_size = 0}), ValueError, "batch_size is 0");
  CHECK_ERROR(trainer.fit(X, y, {.epochs = -1}), ValueError, "epochs is -1");
  CHECK_ERROR(trainer.fit(X, y, {.validation_split = 1}), ValueError, "validation_split is 1, it must be in [0, 1)");
  CHECK_ERROR(trainer.fit(X.slice(0, 0, 1), y.slice(0, 0, 1), {.validation_split = 0.5}), ValueError,
              "leaves 0 to train on");
  CHECK_ERROR(trainer.fit(X, y, {.validation_data = {X, y.slice(0, 0, 3)}}), ShapeError, "[fit: validation_data]");
  CHECK_ERROR(nn::Trainer(f.model, sgd, nn::MSELoss(), {.metrics = {MeanAbsoluteError(), MeanAbsoluteError()}}),
              ValueError, "two metrics are called \"mae\"");
  CHECK_ERROR(nn::Trainer(f.model, sgd, nn::MSELoss(), {.metrics = {"accurracy"}}), ValueError, "accurracy",
              "accuracy");
  nn::Linear other(1, 1);
  CHECK_ERROR(nn::Trainer(other, sgd, "mse"), ValueError, "the SGD optimizer has none of the model's parameters");
  CHECK_ERROR(nn::Trainer(f.model, sgd, "square"), ValueError, "[Loss] \"square\" is unknown");
  CHECK_ERROR(nn::Trainer(f.model, sgd, nn::MSELoss(), {.clip_norm = -1}), ValueError, "clip_norm is -1");
}

// Breaks if a log file gets carriage returns or colours, or a silent run says something.
TEST_CASE("where no terminal is attached an epoch is a plain line") {
  const auto path = temporary("xgrad_test_stderr");
  const auto said = [&](int verbose) {
    std::fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(file, STDERR_FILENO);
    Line f;
    optim::SGD sgd(f.model.parameters());
    nn::Trainer(f.model, sgd, "mse", {.metrics = {MeanAbsoluteError()}})
        .fit(f.X, f.y, {.epochs = 2, .validation_split = 0.2, .verbose = verbose});
    std::fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(file);
    const std::string text = text_of(path);
    std::filesystem::remove(path);
    return text;
  };
  const std::string text = said(1);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.starts_with("Epoch 1/2 - loss: "));
  for (const char* piece : {" - mae: ", " - val_loss: ", " - val_mae: ", "\nEpoch 2/2"})
    CHECK_THAT(text, xg_test::ContainsSubstring(piece));
  CHECK(said(0).empty());
}

// Breaks if gradients are clipped after the step, or not at all.
TEST_CASE("gradients are clipped before each step") {
  Line f;
  optim::SGD sgd(f.model.parameters(), {.lr = 1});
  nn::Trainer(f.model, sgd, nn::MSELoss(), {.clip_norm = 1e-3}).fit(f.X, f.y, {.batch_size = 21, .verbose = 0});
  const double w = f.model.parameters()[0].item(), b = f.model.parameters()[1].item();
  CHECK(std::hypot(w, b) == Approx(1e-3).epsilon(1e-3));
}

// Breaks if the tutorial's network does not learn what is there to learn.
TEST_CASE("a classifier learns a boundary") {
  manual_seed(3);
  const Tensor X = randn({400, 2});
  const Tensor y = (X.slice(1, 0, 1) * X.slice(1, 1, 2) > 0).to(float32);
  nn::Sequential model(nn::Dense(2, 16, {.activation = "relu"}), nn::Dense(16, 1, {.activation = "sigmoid"}));
  optim::Adam adam(model.parameters(), {.lr = 1e-2});
  nn::Trainer trainer(model, adam, nn::BCELoss(), {.metrics = {"accuracy"}});
  trainer.fit(X.slice(0, 0, 300), y.slice(0, 0, 300), {.epochs = 60, .verbose = 0});
  CHECK(trainer.evaluate(X.slice(0, 300, 400), y.slice(0, 300, 400))["accuracy"] > 0.9);
}
