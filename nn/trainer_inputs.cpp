// Checks of the Trainer's inputs before the first step.
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/nn/detail/trainer_parts.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn {

namespace {

// Throws ValueError if a floating-point tensor holds NaN or infinity, naming the first position.
void check_finite(const char* op, const char* what, const Tensor& x) {
  if (!x.is_floating_point() || x.isfinite().all().item<bool>()) return;
  const Tensor flat = x.reshape({-1});
  const std::int64_t first = flat.isfinite().to(Dtype::uint8).argmin().item<std::int64_t>();
  const std::int64_t per_row = x.numel() / std::max<std::int64_t>(x.size(0), 1);
  const double value = flat[first].item<double>();
  raise<ValueError>("[{}] {} has {} in row {}{}: fill or drop such rows, as nn::data::Encoder does.", op, what,
                    std::isnan(value) ? "NaN" : "an infinite value", first / per_row,
                    per_row > 1 ? fmt::format(", column {}", first % per_row) : "");
}

std::string rows_in_words(std::int64_t count) { return fmt::format("{} row{}", count, count == 1 ? "" : "s"); }

// Records the input shape of every module call.
struct Inputs final : ForwardObserver {
  void after(Module& module, const Tensor& input, const Tensor&) override {
    if (input.defined() && input.dim() > 0) seen.emplace_back(&module, input.shape());
  }
  std::vector<std::pair<Module*, Shape>> seen;
};

}  // namespace

void Trainer::check_input(const char* op, const Tensor& X) const {
  if (!X.defined() || X.dim() == 0 || X.size(0) == 0)
    raise<ValueError>("[{}] X is {}, it must have at least one row.", op, X.defined() ? X.shape().str() : "undefined");
  check_finite(op, "X", X);
  const std::vector<Tensor> parameters = model_->is_built() ? model_->parameters() : std::vector<Tensor>();
  if (X.is_floating_point() && !parameters.empty() && parameters.front().dtype() != X.dtype())
    raise<DtypeError>(
        "[{}] X is {}, the model's parameters are {}: pass X.to({}), or convert the model with model.to({}) before "
        "making the optimizer.",
        op, xg::name(X.dtype()), xg::name(parameters.front().dtype()), xg::name(parameters.front().dtype()),
        xg::name(X.dtype()));
}

// y in the shape and dtype that the loss needs for predictions with rows of shape `row`.
Tensor Trainer::target_for(const char* op, const Tensor& y, const Shape& row, Dtype dtype) const {
  Shape prediction = row;
  prediction.insert(0, y.size(0));
  const bool is_column = row.size() == 1 && row[0] == 1 && y.dim() == 1;
  if (loss_.target() != Target::classes && is_column)
    raise<ShapeError>(
        "[{}] y is {}, the model gives {}: {} would compare every row with every other. Pass y.unsqueeze(1).", op,
        y.shape().str(), prediction.str(), loss_.name());
  if (loss_.target() == Target::same_shape) {
    if (!(detail::row_of(y) == row))
      raise<ShapeError>(
          "[{}] y is {}, the model gives {}: {} needs the same shape. Class numbers go with CrossEntropyLoss.", op,
          y.shape().str(), prediction.str(), loss_.name());
    return y.dtype() == dtype ? y : y.to(dtype);
  }
  if (loss_.target() == Target::any) return y;
  // Classes are one label per row, as [rows] or [rows, 1], or a row of probabilities.
  if (row.size() == 0)
    raise<ShapeError>("[{}] the model gives {}, {} needs one score per class: [rows, classes].", op, prediction.str(),
                      loss_.name());
  if (y.is_floating_point() && y.shape() == prediction && row[0] != 1) return y.dtype() == dtype ? y : y.to(dtype);
  Tensor labels = y.dim() == 2 && y.size(1) == 1 && row.size() == 1 ? y.reshape({y.size(0)}) : y;
  if (labels.is_floating_point()) {
    if (!equal(labels, round(labels)))
      raise<ValueError>("[{}] y has fractions, class numbers must be whole: 0, 1, ....", op);
    labels = labels.to(Dtype::int64);
  }
  Shape wanted{y.size(0)};
  for (std::size_t d = 1; d < row.size(); ++d) wanted.push_back(row[d]);
  if (!(labels.shape() == wanted))
    raise<ShapeError>("[{}] y is {}, the model gives {}: {} needs class numbers {} or probabilities {}.", op,
                      y.shape().str(), prediction.str(), loss_.name(), wanted.str(), prediction.str());
  const Tensor classes = loss_.ignore_index() ? where(labels == *loss_.ignore_index(), 0, labels) : labels;
  const Tensor inside = logical_and(classes >= 0, classes < row[0]);
  if (!inside.all().item<bool>()) {
    const std::int64_t first = inside.reshape({-1}).to(Dtype::uint8).argmin().item<std::int64_t>();
    raise<IndexError>("[{}] y is {} in row {}, the model gives {} classes: [{}] takes class numbers 0 to {}{}.", op,
                      labels.reshape({-1})[first].item<std::int64_t>(), first / (labels.numel() / labels.size(0)),
                      row[0], loss_.name(), row[0] - 1,
                      loss_.ignore_index() ? fmt::format(", or {} where there is none", *loss_.ignore_index()) : "");
  }
  return labels;
}

Trainer::Rows Trainer::prepared(const char* op, const Tensor& X, const Tensor& y, const Tensor& weights,
                                Demand* demand) {
  if (loss_.reduction() == Reduction::none)
    raise<ValueError>(
        "[{}] {} has Reduction::none and gives a number for each element, not one for a batch: make it with "
        "Reduction::mean or Reduction::sum.",
        op, loss_.name());
  check_input(op, X);
  if (!y.defined() || y.dim() == 0)
    raise<ValueError>("[{}] y is {}, it must have one row for each of X.", op,
                      y.defined() ? "a single number" : "undefined");
  if (y.size(0) != X.size(0))
    raise<ShapeError>("[{}] X has {} rows and y has {}, they must have the same number.", op, X.size(0), y.size(0));
  check_finite(op, "y", y);
  Rows rows;
  rows.X = X.detach().contiguous();
  // The prediction for the fewest rows possible, usually one, reveals a target of a wrong shape before training starts.
  model_->eval();
  rows.min_batch = min_batch_to_predict();
  const std::int64_t probe = std::min(rows.min_batch, rows.count());
  Inputs inputs;
  const Tensor first = (*model_)(detail::rows_of(rows.X, 0, probe));
  if (!first.defined() || first.dim() == 0 || first.size(0) != probe)
    raise<ShapeError>("[{}] the model gives {} for {} of X, the first size must be the number of rows.", op,
                      first.defined() ? first.shape().str() : "an undefined tensor",
                      probe == 1 ? "one row" : rows_in_words(probe));
  if (demand != nullptr) {
    model_->train();
    for (const auto& [module, input] : inputs.seen) {
      Shape row = input;
      row.erase(0);
      // A module gets several rows for each row of X where the model merges another dimension into the first.
      const std::int64_t seen_per_row = std::max<std::int64_t>(1, input[0] / probe);
      const std::int64_t needed = (module->min_rows(row) + seen_per_row - 1) / seen_per_row;
      if (needed <= demand->rows) continue;
      demand->rows = needed;
      for (const auto& [path, known] : model_->named_modules())
        if (known == module)
          demand->module = path.empty() ? module->label() : fmt::format("\"{}\" ({})", path, module->type_name());
    }
    model_->eval();
  }
  rows.dtype = first.dtype();
  rows.y = target_for(op, y.detach(), detail::row_of(first), first.dtype()).contiguous();
  if (weights.defined()) {
    if (weights.numel() != X.size(0) || (weights.dim() != 1 && !(weights.dim() == 2 && weights.size(1) == 1)))
      raise<ShapeError>("[{}] sample_weight is {}, it must be [{}]: one number for each row.", op,
                        weights.shape().str(), X.size(0));
    check_finite(op, "sample_weight", weights);
    rows.weights = weights.detach().reshape({X.size(0)}).to(first.dtype()).contiguous();
  }
  rows.counts = loss_.counts(rows.y);
  check_counted(op, rows);
  // Metrics that do not support such targets or predictions throw now.
  update_metrics(detail::rows_of(rows.y, 0, probe), first,
                 rows.counts.defined() ? detail::rows_of(rows.counts, 0, probe) : Tensor());
  for (Metric& metric : metrics_) metric.reset();
  return rows;
}

std::int64_t Trainer::min_batch_to_predict() const {
  std::int64_t rows = 1;
  for (const auto& [path, module] : model_->named_modules())
    rows = std::max(rows, module->min_rows(module->input_shape().value_or(Shape())));
  return rows;
}

void Trainer::check_counted(const char* op, const Rows& rows) const {
  if (rows.counts.defined() && !(rows.counts != 0).any().item<bool>())
    raise<ValueError>(
        "[{}] none of the {} counts in {}: every label of y is the ignored one, {}, or of a class with weight 0.", op,
        rows_in_words(rows.count()), loss_.name(), loss_.ignore_index().value_or(-100));
  if (!rows.weights.defined()) return;
  Tensor weighted = rows.weights != 0;
  if (rows.counts.defined()) weighted = logical_and(weighted, rows.counts != 0);
  if (!weighted.any().item<bool>())
    raise<ValueError>(
        "[{}] the weight of every row that counts is 0, from sample_weight or class_weight: nothing would be measured "
        "or learned.",
        op);
}

void Trainer::check_batches(std::int64_t rows, const FitOptions& options, const Demand& demand) const {
  const std::int64_t batch = options.batch_size;
  if (options.drop_last && batch > rows)
    raise<ValueError>("[fit] drop_last leaves nothing of {} in batches of {}: lower batch_size to {} or less.",
                      rows_in_words(rows), batch, rows);
  const std::int64_t remainder = rows % batch,
                     last = remainder == 0 || options.drop_last ? std::min(batch, rows) : remainder;
  if (last >= demand.rows) return;
  const std::string needs = fmt::format("{} needs at least {} to train", demand.module, rows_in_words(demand.rows));
  if (rows < demand.rows)
    raise<ValueError>("[fit] there is {} to train on, and {}: pass more.", rows_in_words(rows), needs);
  if (batch < demand.rows) raise<ValueError>("[fit] batch_size is {}, and {}: raise it.", batch, needs);
  std::int64_t better = batch + 1;
  while (better < rows && rows % better != 0 && rows % better < demand.rows) ++better;
  raise<ValueError>(
      "[fit] the last batch has {} ({} in batches of {}), and {}: leave it out with .drop_last = true, or use another "
      "batch_size, such as {}.",
      rows_in_words(remainder), rows_in_words(rows), batch, needs, better);
}

// The weight of each row times the factor of its class.
Tensor Trainer::class_weights(const std::map<std::int64_t, double>& factors, const Tensor& y, const Tensor& weights,
                              Dtype dtype) const {
  for (const auto& [label, factor] : factors)
    if (!std::isfinite(factor)) raise<ValueError>("[fit] class_weight of {} is {}, it must be finite.", label, factor);
  Tensor labels = y;
  if (labels.is_floating_point() && labels.dim() == 2 && labels.size(1) > 1) labels = labels.argmax(1);  // one-hot rows
  if (labels.numel() != y.size(0))
    raise<ShapeError>("[fit] class_weight needs one class for each row, y is {}.", y.shape().str());
  std::vector<double> row_factors = labels.to_vector<double>();
  for (double& value : row_factors) {
    const auto found = factors.find(static_cast<std::int64_t>(std::llround(value)));
    value = found == factors.end() ? 1.0 : found->second;
  }
  const Tensor by_class = tensor(row_factors).to(dtype);
  return weights.defined() ? weights * by_class : by_class;
}

}  // namespace xg::nn
