#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/loader.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/metrics.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/optim/optim.hpp>
#include <xgrad/tensor/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>

using namespace xg;
using xg_test::expect_close;

namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

std::vector<Tensor> copies(const nn::Module& model) {
  std::vector<Tensor> all;
  for (const Tensor& p : model.parameters()) all.push_back(p.detach().clone());
  for (const Tensor& b : model.buffers()) all.push_back(b.clone());
  return all;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) expect_close(a[i], b[i], 0, 0);
}

// A user's module that needs three rows to train.
struct Contrast : nn::Module {
  Tensor scale = param("scale", ones({1}));
  Tensor forward(const Tensor& x) override {
    if (is_training() && x.size(0) < 3) throw ValueError("[Contrast] three rows are needed.");
    return x * scale;
  }
  std::int64_t min_rows(const Shape&) const override { return is_training() ? 3 : 1; }
};

struct Normalized {
  nn::Sequential model{"net", nn::Dense(2, 4), nn::BatchNorm1d(4), nn::Dense(4, 1)};
  optim::SGD sgd{model.parameters(), {.lr = 0.1}};
  nn::Trainer trainer{model, sgd, nn::MSELoss()};
};

}  // namespace

// Breaks if a batch that BatchNorm cannot train on is met after weights have changed, or is refused without need.
TEST_CASE("a batch that is too small is refused before the first step") {
  manual_seed(1);
  const Tensor X = randn({7, 2}), y = randn({7, 1});
  const auto refused = [&](std::int64_t rows, nn::FitOptions options, std::initializer_list<std::string> pieces) {
    Normalized n;
    options.verbose = 0;
    const std::vector<Tensor> before = copies(n.model);
    std::string message;
    try {
      n.trainer.fit(X.slice(0, 0, rows), y.slice(0, 0, rows), options);
      FAIL_CHECK("no exception");
    } catch (const ValueError& e) {
      message = e.what();
    }
    for (const std::string& piece : pieces) CHECK_THAT(message, xg_test::ContainsSubstring(piece));
    expect_same(copies(n.model), before);
    CHECK_FALSE(n.model.is_training());
  };
  refused(7, {.batch_size = 3, .epochs = 2},
          {"[fit] the last batch has 1 row (7 rows in batches of 3)", "\"1\" (BatchNorm1d) needs at least 2 rows",
           ".drop_last", "such as 4"});
  refused(7, {.batch_size = 1}, {"[fit] batch_size is 1", "BatchNorm1d"});
  refused(1, {.batch_size = 32}, {"[fit] there is 1 row to train on", "BatchNorm1d"});
  refused(1, {.batch_size = largest}, {"[fit] there is 1 row to train on"});
  // The rows that are held out do not count: 7 rows, of which 4 are trained on.
  refused(7, {.batch_size = 3, .validation_split = 0.4}, {"the last batch has 1 row (4 rows in batches of 3)"});

  const auto trained = [&](nn::FitOptions options) {
    Normalized n;
    options.verbose = 0;
    return n.trainer.fit(X, y, options).steps_per_epoch();
  };
  CHECK(trained({.batch_size = 3, .drop_last = true}) == 2);
  CHECK(trained({.batch_size = 4}) == 2);
  CHECK(trained({.batch_size = 7}) == 1);
  CHECK(trained({.batch_size = largest}) == 1);
  CHECK(trained({.batch_size = 3, .validation_split = 0.2}) == 2);  // 5 rows: 3 and 2

  // Frozen batch norm uses what it has learned; positions of a sequence are values too; one row suffices for both.
  struct Frozen : nn::Module {
    nn::BatchNorm1d& norm = add<nn::BatchNorm1d>("norm", 2);
    nn::Linear& out = add<nn::Linear>("out", 2, 1);
    Tensor forward(const Tensor& x) override { return out(norm(x)); }
    void train(bool on = true) override {
      Module::train(on);
      norm.train(false);
    }
  } eval;
  optim::SGD of_eval(eval.parameters());
  CHECK(nn::Trainer(eval, of_eval, nn::MSELoss()).fit(X, y, {.batch_size = 3, .verbose = 0}).steps_per_epoch() == 3);
  nn::Sequential sequence(nn::BatchNorm1d(2), nn::Flatten(), nn::Dense(6, 1));
  optim::SGD of_sequence(sequence.parameters());
  CHECK(nn::Trainer(sequence, of_sequence, nn::MSELoss())
            .fit(randn({7, 2, 3}), y, {.batch_size = 3, .verbose = 0})
            .steps_per_epoch() == 3);

  // Without running statistics the batch's are used in eval mode too.
  nn::Sequential always(nn::BatchNorm1d(2, {.track_running_stats = false}), nn::Dense(2, 1));
  optim::SGD of_always(always.parameters());
  nn::Trainer trainer(always, of_always, nn::MSELoss());
  CHECK_ERROR(trainer.fit(X, y, {.batch_size = 3, .verbose = 0}), ValueError, "the last batch has 1 row");
  CHECK(trainer.fit(X, y, {.batch_size = 4, .verbose = 0}).steps_per_epoch() == 2);

  // Any module may ask for rows, at any depth.
  nn::Sequential outer("outer", nn::Dense(2, 1), nn::Sequential("inner", Contrast()));
  optim::SGD of_outer(outer.parameters());
  nn::Trainer of_contrast(outer, of_outer, nn::MSELoss());
  CHECK_ERROR(of_contrast.fit(X, y, {.batch_size = 5, .verbose = 0}), ValueError,
              "the last batch has 2 rows (7 rows in batches of 5)", "(Contrast) needs at least 3 rows", "such as 7");
  CHECK(of_contrast.fit(X, y, {.batch_size = 4, .verbose = 0}).steps_per_epoch() == 2);
}

// Breaks if sizes at the ends of int64 overflow, or drop_last loses or keeps the wrong rows.
TEST_CASE("batch sizes at their extremes, and drop_last") {
  manual_seed(1);
  const Tensor X = arange(0, 10, 1).to(float32).reshape({10, 1});
  std::vector<double> seen;
  nn::Sequential model(nn::Lambda([&](const Tensor& x) {
                         for (double v : x.to_vector<double>()) seen.push_back(v);
                         return x;
                       }),
                       nn::Dense(1, 1));
  optim::SGD sgd(model.parameters(), {.lr = 0});
  nn::Trainer trainer(model, sgd, nn::MSELoss());
  const auto rows = [&](nn::FitOptions options) {
    seen.clear();
    options.verbose = 0;
    const nn::History h = trainer.fit(X, X, options);
    return std::pair(h.steps_per_epoch(), seen.size() - 1);  // but the one by which the prediction's shape is learned
  };
  using Seen = std::pair<std::int64_t, std::size_t>;
  for (const bool shuffle : {false, true}) {
    CHECK(rows({.batch_size = largest, .shuffle = shuffle}) == Seen{1, 10});
    CHECK(rows({.batch_size = largest / 2, .epochs = 2, .shuffle = shuffle}) == Seen{1, 20});
    CHECK(rows({.batch_size = 10, .shuffle = shuffle, .drop_last = true}) == Seen{1, 10});
    CHECK(rows({.batch_size = 4, .shuffle = shuffle, .drop_last = true}) == Seen{2, 8});
    CHECK(rows({.batch_size = 4, .shuffle = shuffle}) == Seen{3, 10});
  }
  // Shuffled, other rows are left out in other epochs.
  seen.clear();
  trainer.fit(X, X, {.batch_size = 9, .epochs = 20, .drop_last = true, .verbose = 0});
  const std::set<double> all(seen.begin() + 1, seen.end());
  CHECK(all.size() == 10);
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    CHECK_ERROR(trainer.fit(X, X, {.batch_size = size}), ValueError, "[fit] batch_size is");
    CHECK_ERROR(trainer.evaluate(X, X, {.batch_size = size}), ValueError, "[evaluate] batch_size is");
    CHECK_ERROR(trainer.predict(X, {.batch_size = size}), ValueError, "[predict] batch_size is");
    CHECK_ERROR(nn::data::DataLoader(X, X, {.batch_size = size}), ValueError, "[DataLoader] batch_size is");
  }
  CHECK_ERROR(trainer.fit(X, X, {.batch_size = 11, .drop_last = true}), ValueError,
              "[fit] drop_last leaves nothing of 10 rows in batches of 11");
  CHECK(trainer.predict(X, {.batch_size = largest}).size(0) == 10);
  CHECK(trainer.evaluate(X, X, {.batch_size = largest})["loss"] == trainer.evaluate(X, X)["loss"]);
  for (const bool shuffle : {false, true}) {
    nn::data::DataLoader loader(X, X, {.batch_size = largest, .shuffle = shuffle});
    CHECK(loader.size() == 1);
    std::int64_t count = 0;
    for (const nn::data::Batch& batch : loader) count += batch.x.size(0);
    CHECK(count == 10);
    nn::data::DataLoader none(X, X, {.batch_size = largest, .shuffle = shuffle, .drop_last = true});
    CHECK(none.size() == 0);
    for (const nn::data::Batch& batch : none) count += batch.x.size(0);
    CHECK(count == 10);
  }
}

namespace {

// Class numbers of which some are ignored, in any order of rows; the same rows without those.
struct Labelled {
  Tensor X, y, kept_X, kept_y;
  explicit Labelled(std::int64_t ignored) {
    manual_seed(3);
    X = randn({9, 2}, {.dtype = float64});
    y = tensor<std::int64_t>({0, 1, 2, ignored, ignored, ignored, 1, ignored, 0});
    const Tensor rows = tensor<std::int64_t>({0, 1, 2, 6, 8});
    kept_X = X.index_select(0, rows);
    kept_y = y.index_select(0, rows);
  }
};

std::shared_ptr<nn::Sequential> classifier() {
  manual_seed(5);
  auto model = std::make_shared<nn::Sequential>("net", nn::Dense(2, 3));
  model->to(float64);
  return model;
}

}  // namespace

// Breaks if ignored rows change the loss, a metric or a step: all must be what they are without those rows.
TEST_CASE("rows without a label count nothing") {
  for (const std::int64_t ignored : {std::int64_t{-100}, std::int64_t{7}}) {
    const Labelled d(ignored);
    const nn::Loss loss = nn::CrossEntropyLoss({.ignore_index = ignored});
    const std::vector<nn::Metric> metrics = {
        "accuracy", "f1", "balanced_accuracy", "top_k_accuracy",
        nn::metrics::function("rows", [](const Tensor& t, const Tensor&) { return static_cast<double>(t.size(0)); })};
    auto a = classifier(), b = classifier();
    optim::Adam first(a->parameters(), {.lr = 0.1}), second(b->parameters(), {.lr = 0.1});
    nn::Trainer with(*a, first, loss, {.metrics = metrics}), without(*b, second, loss, {.metrics = metrics});
    // Whole epochs as one batch see the same rows.
    const nn::FitOptions options{.batch_size = 9, .epochs = 3, .shuffle = false, .verbose = 0};
    const nn::History h = with.fit(d.X, d.y, options), g = without.fit(d.kept_X, d.kept_y, options);
    for (const auto& [key, values] : g)
      for (std::size_t i = 0; i < values.size(); ++i) CHECK(h[key][i] == Approx(values[i]).epsilon(1e-12));
    for (std::size_t i = 0; i < a->parameters().size(); ++i)
      expect_close(a->parameters()[i].detach(), b->parameters()[i].detach(), 1e-12);
    // Evaluation does not depend on the batches, of which some have no label at all.
    const nn::Evaluation whole = without.evaluate(d.kept_X, d.kept_y);
    for (const std::int64_t size : {1, 2, 3, 4, 9})
      for (const auto& [key, value] : with.evaluate(d.X, d.y, {.batch_size = size}))
        CHECK(value == Approx(whole[key]).epsilon(1e-10));
    // Training in batches of three makes no step in the second one.
    std::vector<double> losses;
    const nn::History parts = with.fit(
        d.X, d.y,
        {.batch_size = 3,
         .epochs = 2,
         .shuffle = false,
         .validation_data = {d.X, d.y},
         .verbose = 0,
         .callbacks = {nn::LambdaCallback{.batch_end = [&](nn::FitState& s) { losses.push_back(s.batch_loss); }}}});
    REQUIRE(losses.size() == 6);
    CHECK(std::isnan(losses[1]));
    CHECK(parts["loss"][0] == Approx((3 * losses[0] + 2 * losses[2]) / 5));
    CHECK(std::isfinite(parts["val_accuracy"][1]));
    CHECK(first.state_dict().at("state.0.step").item<double>() == 3 + 2 * 2);
    // Weights of rows, all one, change nothing.
    CHECK(with.evaluate(d.X, d.y, {.sample_weight = ones({9})})["loss"] ==
          Approx(with.evaluate(d.X, d.y)["loss"]).epsilon(1e-12));
    // A class of weight 0 counts as little.
    const nn::Loss zero =
        nn::CrossEntropyLoss({.weight = tensor({1.0, 0.0, 2.0}, {.dtype = float64}), .ignore_index = ignored});
    nn::Trainer of_zero(*a, first, zero, {.metrics = {"accuracy"}});
    const auto scored = of_zero.evaluate(d.X, d.y, {.batch_size = 1});
    CHECK(scored["loss"] == Approx(of_zero.evaluate(d.X, d.y)["loss"]).epsilon(1e-12));
    CHECK(scored["accuracy"] == of_zero.evaluate(d.X, d.y)["accuracy"]);
    of_zero.fit(d.X, d.y, {.batch_size = 1, .verbose = 0});

    const Tensor nothing = full({9}, ignored);
    CHECK_ERROR(with.fit(d.X, nothing, {.verbose = 0}), ValueError, "[fit] none of the 9 rows counts",
                std::to_string(ignored));
    CHECK_ERROR(with.fit(d.X, d.y, {.validation_data = {d.X, nothing}, .verbose = 0}), ValueError,
                "[fit: validation_data] none of the 9 rows counts");
    CHECK_ERROR(with.evaluate(d.X, nothing), ValueError, "[evaluate] none of the 9 rows counts");
    CHECK_ERROR(with.fit(d.X, full({9}, 3), {.verbose = 0}), IndexError, "[fit] y is 3 in row 0",
                "[cross_entropy] takes class numbers 0 to 2, or " + std::to_string(ignored));
  }
  // Keras's loss by name, on labels in a floating-point column.
  const Labelled d(-100);
  nn::Sequential model("net", nn::Dense(2, 3, {.activation = "softmax"}));
  model.to(float64);
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  nn::Trainer keras(model, sgd, "sparse_categorical_crossentropy", {.metrics = {"accuracy"}});
  keras.fit(d.X, d.y.to(float64).unsqueeze(1), {.batch_size = 3, .epochs = 2, .verbose = 0});
  CHECK(keras.evaluate(d.X, d.y, {.batch_size = 2})["loss"] ==
        Approx(keras.evaluate(d.kept_X, d.kept_y)["loss"]).epsilon(1e-12));
}

// Breaks if the reduction of a loss is overlooked: a sum is none of means, and a number for each element no loss.
TEST_CASE("a loss with another reduction is right or refused") {
  manual_seed(2);
  const Tensor X = randn({7, 2}), y = randn({7, 2});
  nn::Sequential model("net", nn::Dense(2, 2));
  optim::SGD sgd(model.parameters(), {.lr = 0});
  const auto loss_of = [&](nn::Loss loss, Tensor weight = {}) {
    nn::Trainer trainer(model, sgd, loss);
    const double fitted = trainer.fit(X, y, {.batch_size = 3, .verbose = 0, .sample_weight = weight})["loss"][0];
    CHECK(trainer.evaluate(X, y, {.batch_size = 2, .sample_weight = weight})["loss"] == Approx(fitted).epsilon(1e-5));
    return fitted;
  };
  const double mean = loss_of(nn::MSELoss());
  CHECK(loss_of(nn::MSELoss({.reduction = Reduction::sum})) == Approx(2 * mean).epsilon(1e-5));
  const Tensor w = tensor({0, 1, 2, 0.5, 0, 0, 3});
  const double weighted = loss_of(nn::MSELoss(), w);
  CHECK(loss_of(nn::MSELoss({.reduction = Reduction::sum}), w) == Approx(2 * weighted).epsilon(1e-5));
  CHECK(loss_of(nn::MSELoss(), ones({7})) == Approx(mean).epsilon(1e-5));
  const Tensor log_p = log_softmax(randn({7, 2}), 1), p = softmax(randn({7, 2}), 1);
  const nn::Loss by_rows = nn::KLDivLoss({.batchmean = true});
  CHECK(by_rows.weighted(log_p, p, ones({7})).item<double>() == Approx(by_rows(log_p, p).item<double>()).epsilon(1e-5));

  const std::vector<Tensor> before = copies(model);
  const auto refuse = [&](nn::Loss loss, const Tensor& target, Tensor weight = {}) {
    optim::SGD moving(model.parameters(), {.lr = 0.1});
    nn::Trainer trainer(model, moving, loss);
    CHECK_ERROR(trainer.fit(X, target, {.verbose = 0, .sample_weight = weight}), ValueError,
                "[fit] " + loss.name() + " has Reduction::none", "Reduction::mean");
    CHECK_ERROR(trainer.evaluate(X, target), ValueError, "[evaluate]", "Reduction::none");
  };
  refuse(nn::MSELoss({.reduction = Reduction::none}), y);
  refuse(nn::MSELoss({.reduction = Reduction::none}), y, w);
  refuse(nn::CrossEntropyLoss({.reduction = Reduction::none}), zeros({7}, {.dtype = int64}));
  refuse(nn::BCEWithLogitsLoss({.reduction = Reduction::none}), (y > 0).to(float32));
  optim::SGD moving(model.parameters(), {.lr = 0.1});
  nn::Trainer each(model, moving, nn::Loss([](const Tensor& a, const Tensor& b) { return square(a - b); }));
  CHECK_ERROR(each.fit(X, y, {.verbose = 0}), ShapeError, "[fit] loss gives [7, 2] for a batch", "one number");
  expect_same(copies(model), before);
}

// Breaks if training goes on where nothing can be learned.
TEST_CASE("weights that are all zero and parameters that are all frozen are named") {
  const Tensor X = randn({6, 2}), y = tensor({0, 1, 0, 1, 0, 1}).unsqueeze(1);
  nn::Sequential model("net", nn::Dense(2, 1));
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  nn::Trainer trainer(model, sgd, nn::BCEWithLogitsLoss());
  CHECK_ERROR(trainer.fit(X, y, {.verbose = 0, .sample_weight = zeros({6})}), ValueError,
              "[fit] the weight of every row that counts is 0");
  CHECK_ERROR(trainer.fit(X, y, {.verbose = 0, .class_weight = {{0, 0.0}, {1, 0.0}}}), ValueError,
              "[fit] the weight of every row that counts is 0");
  CHECK_ERROR(trainer.fit(X, y, {.verbose = 0, .class_weight = {{0, NAN}}}), ValueError, "class_weight of 0 is nan");
  CHECK_ERROR(trainer.evaluate(X, y, {.sample_weight = zeros({6})}), ValueError, "[evaluate] the weight of every row");
  trainer.fit(X, y, {.batch_size = 1, .verbose = 0, .sample_weight = tensor({0, 0, 0, 0, 0, 1})});
  model.requires_grad_(false);
  const std::vector<Tensor> before = copies(model);
  CHECK_ERROR(trainer.fit(X, y, {.verbose = 0}), ValueError, "[fit] every one of the 2 parameters", "frozen");
  expect_same(copies(model), before);

  // A part that is frozen stays as it is, with weight decay and momentum too.
  nn::Sequential part("net", nn::Dense(2, 3), nn::Dense(3, 1));
  part[0].requires_grad_(false);
  const Tensor kept = part.parameters()[0].clone(), moved = part.parameters()[2].detach().clone();
  optim::Adam adam(part.parameters(), {.lr = 0.1, .weight_decay = 0.1});
  nn::Trainer(part, adam, nn::BCEWithLogitsLoss()).fit(X, y, {.verbose = 0});
  expect_close(part.parameters()[0].detach(), kept, 0, 0);
  CHECK_FALSE(equal(part.parameters()[2].detach(), moved));
}

// Breaks if a value that was never a number passes for a best one, or nothing tells why nothing was kept.
TEST_CASE("a monitored value that was never a number is said to be so") {
  manual_seed(1);
  const Tensor X = randn({8, 2}), y = (X.slice(1, 0, 1) > 0).to(float32);
  const auto path = std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "never.safetensors");
  nn::Sequential model("net", nn::Dense(2, 1, {.activation = "sigmoid"}));
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  nn::Trainer trainer(model, sgd, nn::BCELoss(), {.metrics = {"auc"}});
  // One validation row: AUC has no value.
  const nn::ValidationData one{X.slice(0, 0, 1), y.slice(0, 0, 1)};
  const auto fitted = [&](std::int64_t epochs, std::vector<nn::Callback> callbacks) {
    return trainer.fit(X, y,
                       {.epochs = epochs, .validation_data = one, .verbose = 0, .callbacks = std::move(callbacks)});
  };
  for (const bool restore : {true, false}) {
    const nn::History h =
        fitted(6, {nn::EarlyStopping({.monitor = "val_auc", .patience = 2, .restore_best = restore})});
    CHECK(h.epochs() == 2);
    CHECK(h.stopped_early());
    CHECK_THAT(h.stop_reason(), xg_test::ContainsSubstring("val_auc was never a number in 2 epochs"));
    CHECK(h.stop_reason().find("best 0") == std::string::npos);
    CHECK((h.stop_reason().find("no weights were restored") != std::string::npos) == restore);
    CHECK_FALSE(h.restored_best());
    CHECK(h.best_epoch() == -1);
  }
  const nn::History all = fitted(2, {nn::EarlyStopping({.monitor = "val_auc", .patience = 9, .restore_best = true}),
                                     nn::ModelCheckpoint(path, {.monitor = "val_auc"})});
  CHECK_FALSE(all.stopped_early());
  CHECK_THAT(all.stop_reason(), xg_test::ContainsSubstring("all epochs were run; EarlyStopping: val_auc was never"));
  CHECK_THAT(all.stop_reason(), xg_test::ContainsSubstring("ModelCheckpoint: val_auc was never a number, so nothing"));
  CHECK_FALSE(std::filesystem::exists(path));
  optim::ReduceLROnPlateau plateau(sgd, {.patience = 0});
  const nn::History kept = fitted(3, {nn::LearningRateSchedule(plateau, "val_auc")});
  CHECK(sgd.lr() == 0.1);
  CHECK_THAT(kept.stop_reason(), xg_test::ContainsSubstring("ReduceLROnPlateau: val_auc was never a number"));
  // A value that is a number at times is followed then, and its best epoch restored.
  std::int64_t epoch = 0;
  nn::Trainer sometimes(model, sgd, nn::BCELoss(),
                        {.metrics = {nn::metrics::function("odd",
                                                           [&](const Tensor&, const Tensor&) {
                                                             const std::int64_t e = epoch++;
                                                             return e % 2 == 0 ? NAN : -static_cast<double>(e);
                                                           },
                                                           {.larger_is_better = false})}});
  const nn::History h = sometimes.fit(
      X, y, {.epochs = 6, .verbose = 0, .callbacks = {nn::EarlyStopping({.monitor = "odd", .patience = 3})}});
  CHECK(h.epochs() == 6);
  CHECK(h.best_epoch() == 5);
  CHECK(h.stop_reason() == "all epochs were run");

  CHECK_ERROR(fitted(2, {nn::EarlyStopping({.monitor = "val_f1"})}), ValueError, "\"val_f1\" is not among",
              "loss, auc, val_loss, val_auc");
  CHECK_ERROR(fitted(2, {nn::LearningRateSchedule(plateau, "accuracy")}), ValueError, "\"accuracy\" is not among");
  CHECK_ERROR(nn::EarlyStopping({.min_delta = NAN}), ValueError, "[EarlyStopping] min_delta is nan");
  CHECK_ERROR(fitted(1, {nn::LearningRateSchedule([](std::int64_t, double) { return -1.0; })}), ValueError,
              "[LearningRateSchedule] the rate for epoch 0 is -1");
  CHECK_ERROR(fitted(1, {nn::LearningRateSchedule([](std::int64_t, double) { return NAN; })}), ValueError,
              "[LearningRateSchedule] the rate for epoch 0 is nan");
}

// Breaks if what fit cannot do shows only after it has changed weights.
TEST_CASE("keys, metrics and validation batches are looked at before the first step") {
  manual_seed(4);
  const Tensor X = randn({7, 2}), y = randn({7, 1});
  nn::Sequential model(nn::Dense(2, 1));
  optim::SGD sgd(model.parameters(), {.lr = 0.1});
  const std::vector<Tensor> before = copies(model);
  nn::Trainer plain(model, sgd, nn::MSELoss());
  CHECK_ERROR(plain.fit(X, y, {.verbose = 0, .callbacks = {nn::EarlyStopping({.monitor = "val_acc"})}}), ValueError,
              "[EarlyStopping] \"val_acc\"", "loss", "validation data");
  optim::ReduceLROnPlateau plateau(sgd);
  CHECK_ERROR(plain.fit(X, y, {.verbose = 0, .callbacks = {nn::LearningRateSchedule(plateau)}}), ValueError,
              "\"val_loss\"");
  CHECK_ERROR(plain.fit(X, y, {.verbose = 0, .callbacks = {nn::ModelCheckpoint("none.safetensors")}}), ValueError,
              "[ModelCheckpoint] \"val_loss\"");
  CHECK_ERROR(nn::Trainer(model, sgd, nn::MSELoss(), {.metrics = {"accuracy"}}).fit(X, y, {.verbose = 0}), Error,
              "accuracy");
  expect_same(copies(model), before);
  // A user-defined callback may add a value that another callback watches.
  const auto adds = [](nn::FitState& s) { s.logs.emplace_back("mine", 1.0); };
  CHECK(plain
            .fit(X, y,
                 {.epochs = 3,
                  .verbose = 0,
                  .callbacks = {adds, nn::EarlyStopping({.monitor = "mine", .patience = 1, .mode = "min"})}})
            .epochs() == 2);

  // A model that needs two rows in eval mode too gets them: what would be left joins the batch before.
  nn::Sequential pairs(nn::BatchNorm1d(2, {.track_running_stats = false}), nn::Dense(2, 1));
  optim::SGD of_pairs(pairs.parameters());
  nn::Trainer trainer(pairs, of_pairs, nn::MSELoss());
  CHECK_NOTHROW(
      trainer.fit(X, y, {.batch_size = 7, .validation_data = {X, y}, .verbose = 0, .validation_batch_size = 3}));
  CHECK(trainer.predict(randn({1025, 2})).size(0) == 1025);
  CHECK_NOTHROW(trainer.evaluate(X, y, {.batch_size = 3}));
}

// Breaks if drop_last leaves rows of which none counts, without a message.
TEST_CASE("rows that drop_last leaves must count") {
  const Tensor X = randn({7, 2});
  Tensor labels = full({7}, -100, {.dtype = int64});
  labels[6].fill_(1);
  nn::Sequential model(nn::Dense(2, 3));
  optim::SGD sgd(model.parameters());
  nn::Trainer trainer(model, sgd, nn::CrossEntropyLoss(), {.metrics = {"accuracy"}});
  CHECK_ERROR(trainer.fit(X, labels, {.batch_size = 3, .shuffle = false, .drop_last = true, .verbose = 0}), ValueError,
              "without the last batch", "6 rows");
  manual_seed(0);
  const nn::History h = trainer.fit(X, labels, {.batch_size = 6, .epochs = 20, .drop_last = true, .verbose = 0});
  CHECK(((h.stop_reason().find("no row of a batch counted") != std::string::npos) ==
         std::any_of(h["loss"].begin(), h["loss"].end(), [](double v) { return std::isnan(v); })));
}
