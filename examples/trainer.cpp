// The Trainer: fit with validation, callbacks, class weights and a callback of one's own; history, metrics and reports.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <iostream>

using namespace xg;

// Ends training once the loss on held-out rows has been good enough. Any class with an on_... method is a callback.
struct StopBelow {
  double goal;
  void on_epoch_end(nn::FitState& state) {
    if (state.value("val_loss") < goal) state.stop("val_loss is below " + std::to_string(goal));
  }
};

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/trainer";
  std::filesystem::create_directories(out);
  manual_seed(0);

  // Three rings of points; the outer one is rare.
  Tensor angle = rand({900}) * 6.2832;
  Tensor ring = where(rand({900}) < 0.1, full({900}, 2), randint(0, 2, {900}));
  Tensor radius = ring.to(float32) + 0.5 + randn({900}) * 0.22;
  Tensor X = stack({radius * cos(angle), radius * sin(angle)}, 1);

  nn::Sequential model("Rings", nn::Dense(2, 32, {.activation = "relu", .name = "h1"}),
                       nn::BatchNorm1d(32, {.name = "norm"}), nn::Dense(32, 32, {.activation = "relu", .name = "h2"}),
                       nn::Dense(32, 3, {.name = "logits"}));
  optim::Adam adam(model.parameters(), {.lr = 1e-2});
  optim::ExponentialLR decay(adam, {.gamma = 0.97});
  nn::Trainer trainer(model, adam, nn::CrossEntropyLoss(),
                      {.metrics = {nn::metrics::Accuracy(), "balanced_accuracy"}, .clip_norm = 5});
  // A plain function is called after every epoch.
  auto progress = [](nn::FitState& s) {
    if (s.epoch % 10 == 0) std::cout << "epoch " << s.epoch << " val_accuracy " << s.value("val_accuracy") << "\n";
  };
  nn::FitOptions options{.batch_size = 64, .epochs = 60, .validation_split = 0.25, .verbose = 0};
  options.callbacks = {nn::EarlyStopping({.monitor = "val_loss", .patience = 10, .restore_best = true}),
                       nn::ModelCheckpoint(out / "best.safetensors"),
                       nn::LearningRateSchedule(decay),
                       nn::CSVLogger(out / "history.csv"),
                       StopBelow{0.06},
                       progress};
  options.class_weight = {{2, 4.0}};  // the loss of a row of class 2 counts four times
  nn::History history = trainer.fit(X, ring, options);
  std::cout << history << "\nbest epoch " << history.best_epoch() + 1 << "\n";
  viz::history(history, {.overlay = true}).save(out / "history.svg");

  std::cout << trainer.evaluate(X, ring) << "\n";
  nn::metrics::ClassificationReport report = nn::metrics::classification_report(
      ring, softmax(trainer.predict(X), 1), {.class_names = {"inner", "middle", "outer"}});
  std::cout << report << "\n";
  report.save(out / "metrics.json");
  viz::confusion_matrix(report).save(out / "confusion.svg");
  return report.accuracy > 0.9 ? 0 : 1;
}
