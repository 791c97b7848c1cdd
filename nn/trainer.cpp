#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/detail/progress.hpp>
#include <xgrad/nn/detail/trainer_parts.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/optim/clip.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <ostream>
#include <set>

namespace xg::nn {

namespace {

constexpr std::int64_t gathered_bytes = 1 << 18;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The end of a batch of `size` of the `count` rows. No batch has fewer than `min_batch` rows: a remainder smaller than
/// that is merged into the last batch.
std::int64_t end_of_batch(std::int64_t start, std::int64_t size, std::int64_t count, std::int64_t min_batch) {
  if (count - start <= size) return count;
  const std::int64_t stop = start + std::max(size, min_batch);
  return count - stop < min_batch ? count : stop;
}

}  // namespace

double Evaluation::operator[](StringRef wanted) const {
  const std::string_view key = wanted;
  std::vector<std::string_view> known;
  for (const auto& [name, value] : values_) {
    if (name == key) return value;
    known.push_back(name);
  }
  raise<ValueError>("[Evaluation] key \"{}\" is unknown, known are {}.", key, fmt::join(known, ", "));
}

std::ostream& operator<<(std::ostream& out, const Evaluation& evaluation) {
  const char* separator = "";
  for (const auto& [key, value] : evaluation) {
    out << separator << fmt::format("{}: {:.4f}", key, value);
    separator = " - ";
  }
  return out;
}

Trainer::Trainer(Module& model, optim::Optimizer& optimizer, Loss loss, TrainerOptions options)
    : model_(&model),
      optimizer_(&optimizer),
      loss_(std::move(loss)),
      metrics_(std::move(options.metrics)),
      clip_norm_(options.clip_norm) {
  if (!(clip_norm_ >= 0)) raise<ValueError>("[Trainer] clip_norm is {}, it must be 0 or more.", clip_norm_);
  if (model.is_built()) {
    std::set<const xg::detail::TensorImpl*> own;
    for (const Tensor& p : model.parameters()) own.insert(p.unsafe_impl());
    const std::vector<Tensor> optimized = optimizer.parameters();
    if (std::none_of(optimized.begin(), optimized.end(),
                     [&](const Tensor& p) { return own.contains(p.unsafe_impl()); }))
      raise<ValueError>(
          "[Trainer] the {} optimizer has none of the model's parameters: make it from model.parameters().",
          optimizer.name());
  }
  std::set<std::string> names{"loss"};
  for (const Metric& metric : metrics_)
    if (!names.insert(metric.name()).second)
      raise<ValueError>("[Trainer] two metrics are called \"{}\": give one of them another name.", metric.name());
}

History Trainer::fit(const Tensor& X, const Tensor& y, FitOptions options) {
  detail::check_batch_size("fit", options.batch_size);
  if (options.epochs < 0) raise<ValueError>("[fit] epochs is {}, it must be 0 or more.", options.epochs);
  if (!(options.validation_split >= 0 && options.validation_split < 1))
    raise<ValueError>("[fit] validation_split is {}, it must be in [0, 1).", options.validation_split);
  if (options.validation_batch_size < 0)
    raise<ValueError>("[fit] validation_batch_size is {}, it must be 0 or more.", options.validation_batch_size);

  parameters_ = optimizer_->parameters();
  if (std::none_of(parameters_.begin(), parameters_.end(), [](const Tensor& p) { return p.requires_grad(); }))
    raise<ValueError>(
        "[fit] every one of the {} parameters of the {} optimizer is frozen: call requires_grad_() on those that are "
        "to be trained.",
        parameters_.size(), optimizer_->name());

  Rows rows, held_out;
  Demand demand;
  {
    const NoGrad guard;
    rows = prepared("fit", X, y, options.sample_weight, &demand);
    if (options.validation_data.X.defined()) {
      held_out = prepared("fit: validation_data", options.validation_data.X, options.validation_data.y,
                          options.validation_data.sample_weight);
    } else if (options.validation_split > 0) {
      // As in Keras, the last rows are held out, before any shuffling.
      const auto kept =
          static_cast<std::int64_t>(std::floor(static_cast<double>(rows.count()) * (1 - options.validation_split)));
      if (kept == 0 || kept == rows.count())
        raise<ValueError>("[fit] validation_split is {} of {} rows, which leaves {} to train on: use another share.",
                          options.validation_split, rows.count(), kept);
      const auto cut = [&](Tensor& from, Tensor& to) {
        if (!from.defined()) return;
        to = detail::rows_of(from, kept, from.size(0)).contiguous();
        from = detail::rows_of(from, 0, kept);
      };
      held_out.min_batch = rows.min_batch;
      cut(rows.X, held_out.X);
      cut(rows.y, held_out.y);
      cut(rows.weights, held_out.weights);
      cut(rows.counts, held_out.counts);
      check_counted("fit: the rows held out", held_out);
    }
    if (!options.class_weight.empty())
      rows.weights = class_weights(options.class_weight, rows.y, rows.weights, rows.dtype);
    check_counted("fit", rows);
    if (options.drop_last && !options.shuffle && rows.count() % options.batch_size != 0) {
      const std::int64_t kept = rows.count() / options.batch_size * options.batch_size;
      const auto part = [&](const Tensor& all) {
        return all.defined() && kept > 0 ? detail::rows_of(all, 0, kept) : all;
      };
      check_counted("fit: without the last batch", {.X = part(rows.X),
                                                    .y = part(rows.y),
                                                    .weights = part(rows.weights),
                                                    .counts = part(rows.counts),
                                                    .dtype = rows.dtype});
    }
  }
  check_batches(rows.count(), options, demand);
  options.batch_size = std::min(options.batch_size, rows.count());
  const std::int64_t validation_batch = options.validation_batch_size > 0
                                            ? options.validation_batch_size
                                            : std::max<std::int64_t>(options.batch_size, 1024);

  History history;
  FitState state(*model_, *optimizer_, history);
  state.epochs = options.epochs;
  state.batches = (options.drop_last ? rows.count() : rows.count() + options.batch_size - 1) / options.batch_size;
  state.directions.emplace_back("loss", false);
  for (const Metric& metric : metrics_) state.directions.emplace_back(metric.name(), metric.larger_is_better());
  history.set_steps_per_epoch(state.batches);
  history.reserve(options.epochs);

  std::vector<Callback> callbacks = std::move(options.callbacks);
  if (std::none_of(callbacks.begin(), callbacks.end(), [](const Callback& c) { return c.adds_values(); })) {
    for (const char* prefix : {"", "val_"}) {
      if (*prefix != '\0' && !held_out.X.defined()) break;
      state.expected.push_back(std::string(prefix) + "loss");
      for (const Metric& metric : metrics_) state.expected.push_back(prefix + metric.name());
    }
  }
  detail::Progress progress(options.verbose);
  // When the loss diverges, the weights of the best epoch are restored; before the first epoch these are the initial
  // ones. Without held-out rows, the loss of an epoch measures the weights before its steps, so those are saved.
  Weights best, before;
  const std::vector<Tensor> weights = Weights::state_of(*model_);
  best.save(weights);
  double best_loss = std::numeric_limits<double>::infinity();
  std::int64_t silent_epochs = 0;

  try {
    for (Callback& callback : callbacks) callback.on_train_begin(state);
    for (state.epoch = 0; state.epoch < options.epochs && !state.stopping(); ++state.epoch) {
      const auto start = std::chrono::steady_clock::now();
      state.logs.clear();
      for (Callback& callback : callbacks) callback.on_epoch_begin(state);
      history.append_learning_rate(optimizer_->lr());
      if (!held_out.X.defined()) before.save(weights);
      model_->train();
      progress.begin(state.epoch, options.epochs, state.batches);
      const double loss = train_epoch(rows, options, state, callbacks, progress, best);
      state.logs.emplace_back("loss", loss);
      silent_epochs += std::isnan(loss) ? 1 : 0;
      for (const Metric& metric : metrics_)
        state.logs.emplace_back(metric.name(), std::isnan(loss) ? not_a_number : metric.compute());
      model_->eval();
      if (held_out.X.defined()) scores(held_out, std::min(validation_batch, held_out.count()), "val_", state.logs);
      for (const auto& [key, value] : state.logs) history.append(key, value);
      history.append_seconds(seconds_since(start));
      const double watched = held_out.X.defined() ? state.value("val_loss") : loss;
      if (watched < best_loss) {
        best_loss = watched;
        if (held_out.X.defined())
          best.save(weights);
        else
          std::swap(best, before);
      }
      progress.end(state.logs, history.seconds().back());
      for (Callback& callback : callbacks) callback.on_epoch_end(state);
    }
    if (silent_epochs > 0)
      state.note(fmt::format("in {} of {} epochs no row of a batch counted", silent_epochs, history.epochs()));
    for (Callback& callback : callbacks) callback.on_train_end(state);
  } catch (...) {
    progress.interrupt();
    model_->eval();
    throw;
  }
  std::string reason = state.stopping() ? state.stop_reason : history.stop_reason();
  for (const std::string& note : state.notes) reason += "; " + note;
  history.set_stop(reason, state.stopping());
  model_->eval();
  return history;
}

double Trainer::train_epoch(const Rows& rows, const FitOptions& options, FitState& state,
                            std::vector<Callback>& callbacks, detail::Progress& progress, const Weights& best) {
  for (Metric& metric : metrics_) metric.reset();
  const std::int64_t count = rows.count();
  Tensor order;
  if (options.shuffle) order = randperm(count);
  // Shuffled rows are gathered for as many batches at once as fit into the cache; batches are views of them.
  const std::int64_t row_bytes = rows.X.numel() / count * static_cast<std::int64_t>(item_size(rows.X.dtype()));
  const std::int64_t batches_at_once = std::max<std::int64_t>(1, gathered_bytes / (options.batch_size * row_bytes + 1));
  Rows gathered;
  std::int64_t first = 0, last = 0;  // range of the rows in `gathered`
  double total = 0, counted = 0;
  for (state.batch = 0; state.batch < state.batches; ++state.batch) {
    const std::int64_t start = state.batch * options.batch_size, stop = std::min(start + options.batch_size, count);
    if (options.shuffle && start == last) {
      first = start;
      last = std::min(first + batches_at_once * options.batch_size, count);
      const Tensor index = detail::rows_of(order, first, last);
      gathered.X = rows.X.index_select(0, index);
      gathered.y = rows.y.index_select(0, index);
      if (rows.weights.defined()) gathered.weights = rows.weights.index_select(0, index);
      if (rows.counts.defined()) gathered.counts = rows.counts.index_select(0, index);
    }
    const Rows& source = options.shuffle ? gathered : rows;
    const auto batch = [&](const Tensor& all) { return detail::rows_of(all, start - first, stop - first); };
    const Tensor target = batch(source.y);
    const Tensor counts = source.counts.defined() ? batch(source.counts) : Tensor();
    const double weight = counts.defined() ? counts.sum().item<double>() : static_cast<double>(stop - start);
    if (counts.defined() && weight == 0) [[unlikely]] {
      state.batch_loss = not_a_number;
    } else {
      optimizer_->zero_grad();
      const Tensor prediction = (*model_)(batch(source.X));
      const Tensor loss = source.weights.defined() ? loss_.weighted(prediction, target, batch(source.weights), counts)
                                                   : loss_(prediction, target);
      state.batch_loss = batch_loss(loss);
      if (!std::isfinite(state.batch_loss)) [[unlikely]]
        throw_diverged(state, prediction, target, best);
      loss.backward();
      if (clip_norm_ > 0) optim::clip_grad_norm(parameters_, clip_norm_);
      optimizer_->step();
      total += loss_.reduction() == Reduction::sum ? state.batch_loss : state.batch_loss * weight;
      counted += weight;
      if (!metrics_.empty()) update_metrics(target, prediction.detach(), counts);
    }
    for (Callback& callback : callbacks) callback.on_batch_end(state);
    progress.batch(state.batch + 1, counted > 0 ? total / counted : 0);
  }
  return counted > 0 ? total / counted : not_a_number;
}

double Trainer::batch_loss(const Tensor& loss) const {
  if (loss.numel() != 1) [[unlikely]]
    raise<ShapeError>("[fit] {} gives {} for a batch, it must give one number: take its mean or sum.", loss_.name(),
                      loss.shape().str());
  return loss.item<double>();
}

void Trainer::update_metrics(const Tensor& target, const Tensor& prediction, const Tensor& counts) {
  Tensor truth = target, shown = prediction;
  if (counts.defined()) {
    const Tensor kept = nonzero(counts).reshape({-1});
    if (kept.size(0) == 0) return;
    if (kept.size(0) < target.size(0)) truth = target.index_select(0, kept), shown = prediction.index_select(0, kept);
  }
  for (Metric& metric : metrics_) metric.update(truth, shown);
}

void Trainer::throw_diverged(const FitState& state, const Tensor& prediction, const Tensor& target,
                             const Weights& best) {
  const NoGrad guard;
  const auto largest = [](const Tensor& x) { return x.abs().max().item<double>(); };
  const auto all_finite = [](const Tensor& x) { return x.isfinite().all().item<bool>(); };
  // Predictions far larger than the targets suggest a learning rate that is too high.
  const auto out_of_bounds = [&](double value) { return value > 1e6 * std::max(1.0, largest(target)); };
  const bool grown = !std::all_of(parameters_.begin(), parameters_.end(), all_finite) || !all_finite(prediction) ||
                     out_of_bounds(largest(prediction));
  const std::string cause =
      grown ? fmt::format(
                  "the weights have grown out of bounds, so the learning rate {:g} is probably too high: lower it, "
                  "clip gradients with TrainerOptions.clip_norm, or scale the inputs",
                  optimizer_->lr())
            : fmt::format(
                  "the predictions are finite (largest {:.3g}), so {} overflows or is not defined there, as a "
                  "logarithm of 0: scale the targets, or use a loss on logits",
                  largest(prediction), loss_.name());
  best.restore(*model_);
  raise<Error>("[fit] the loss is {} in epoch {}, batch {} of {}: {}. The best weights so far are in the model.",
               state.batch_loss, state.epoch + 1, state.batch + 1, state.batches, cause);
}

void Trainer::scores(const Rows& rows, std::int64_t batch_size, const char* prefix, Values& values) {
  const NoGrad guard;
  for (Metric& metric : metrics_) metric.reset();
  const std::int64_t count = rows.count();
  double total = 0, counted = 0;
  for (std::int64_t start = 0, stop = 0; start < count; start = stop) {
    stop = end_of_batch(start, batch_size, count, rows.min_batch);
    const Tensor counts = rows.counts.defined() ? detail::rows_of(rows.counts, start, stop) : Tensor();
    const double weight = counts.defined() ? counts.sum().item<double>() : static_cast<double>(stop - start);
    if (counts.defined() && weight == 0) continue;
    const Tensor target = detail::rows_of(rows.y, start, stop);
    const Tensor prediction = (*model_)(detail::rows_of(rows.X, start, stop));
    const double loss = batch_loss(
        rows.weights.defined() ? loss_.weighted(prediction, target, detail::rows_of(rows.weights, start, stop), counts)
                               : loss_(prediction, target));
    total += loss_.reduction() == Reduction::sum ? loss : loss * weight;
    counted += weight;
    update_metrics(target, prediction, counts);
  }
  values.emplace_back(std::string(prefix) + "loss", total / counted);
  for (const Metric& metric : metrics_) values.emplace_back(prefix + metric.name(), metric.compute());
}

Evaluation Trainer::evaluate(const Tensor& X, const Tensor& y, EvaluateOptions options) {
  detail::check_batch_size("evaluate", options.batch_size);
  const NoGrad guard;
  const Rows rows = prepared("evaluate", X, y, options.sample_weight);
  Values values;
  scores(rows, std::min(options.batch_size, rows.count()), "", values);
  return Evaluation(std::move(values));
}

Tensor Trainer::predict(const Tensor& X, PredictOptions options) {
  detail::check_batch_size("predict", options.batch_size);
  const NoGrad guard;
  check_input("predict", X);
  model_->eval();
  options.batch_size = std::min(options.batch_size, X.size(0));
  std::vector<Tensor> parts;
  parts.reserve(static_cast<std::size_t>((X.size(0) + options.batch_size - 1) / options.batch_size));
  const std::int64_t min_batch = min_batch_to_predict();
  for (std::int64_t start = 0, stop = 0; start < X.size(0); start = stop) {
    stop = end_of_batch(start, options.batch_size, X.size(0), min_batch);
    parts.push_back((*model_)(detail::rows_of(X, start, stop)));
  }
  return parts.size() == 1 ? std::move(parts.front()) : cat(parts, 0);
}

}  // namespace xg::nn
