// Trainer: fit, evaluate and predict.
#pragma once

#include <xgrad/nn/callbacks.hpp>
#include <xgrad/nn/history.hpp>
#include <xgrad/nn/loss.hpp>
#include <xgrad/nn/metrics/metric.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/optim/optimizer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn {

namespace detail {
class Progress;
}

/// Options of Trainer.
struct TrainerOptions {
  std::vector<Metric> metrics = {};  ///< computed in every epoch and evaluation
  double clip_norm = 0;              ///< maximum norm of all gradients, clipped before each step; 0: no clipping
};

/// Held-out rows for validation.
struct ValidationData {
  Tensor X = {};              ///< [rows, ...]
  Tensor y = {};              ///< [rows, ...]
  Tensor sample_weight = {};  ///< [rows]; all 1 if undefined
};

/// Options of Trainer::fit().
struct FitOptions {
  std::int64_t batch_size = 32;                      ///< rows in a batch; the last one may be smaller
  std::int64_t epochs = 1;                           ///< number of passes over all rows
  bool shuffle = true;                               ///< shuffle the rows in every epoch, with the default generator
  bool drop_last = false;                            ///< skip a last batch that is smaller
  double validation_split = 0;                       ///< fraction of the rows, the last ones, that is held out
  ValidationData validation_data = {};               ///< held-out rows, instead of validation_split
  int verbose = 1;                                   ///< 0: silent, 1: progress on stderr, 2: one line per epoch
  std::vector<Callback> callbacks = {};              ///< called in this order
  std::map<std::int64_t, double> class_weight = {};  ///< factor of the loss of rows by their class; 1 for others
  Tensor sample_weight = {};                         ///< factor of the loss of each row, [rows]
  std::int64_t validation_batch_size = 0;            ///< 0: at least batch_size, and large enough to be fast
};

/// Options of Trainer::evaluate().
struct EvaluateOptions {
  std::int64_t batch_size = 1024;  ///< rows in a batch
  Tensor sample_weight = {};       ///< factor of the loss of each row, [rows]
};
/// Options of Trainer::predict().
struct PredictOptions {
  std::int64_t batch_size = 1024;  ///< rows in a batch
};

/// "loss" and the metrics of one evaluation, in order.
class XG_API Evaluation {
 public:
  /// Holds the names and values.
  explicit Evaluation(std::vector<std::pair<std::string, double>> values) : values_(std::move(values)) {}
  /// Throws ValueError for an unknown key, listing the known ones.
  double operator[](StringRef key) const;
  auto begin() const { return values_.begin(); }       ///< the first pair of name and value
  auto end() const { return values_.end(); }           ///< behind the last pair
  std::size_t size() const { return values_.size(); }  ///< the number of values

 private:
  std::vector<std::pair<std::string, double>> values_;
};
/// Writes names and values in one line.
XG_API std::ostream& operator<<(std::ostream& out, const Evaluation& evaluation);

/// Trains a model with an optimizer and a loss, as Keras's compile and fit. It refers to the model and the optimizer,
/// which must outlive it. fit, evaluate and predict leave the model in eval mode.
class XG_API Trainer {
 public:
  /// Throws ValueError for a negative clip_norm, and if the model has parameters but the optimizer none of them.
  Trainer(Module& model, optim::Optimizer& optimizer, Loss loss, TrainerOptions options = {});

  /// Trains on the rows of X [rows, ...] with targets y [rows, ...].
  ///
  /// In the History, "loss" is the mean over the epoch's rows in training mode (dropout on), metrics are exact over the
  /// same predictions, and "val_..." are computed in eval mode on held-out rows. Rows count in the loss as in
  /// Loss::counts; those that do not count (their label is ignored, or their class has weight 0) are left out of
  /// metrics too, and a batch of such rows alone makes no step. With Reduction::sum a step descends the sum over its
  /// batch, and "loss" is the sum over all batches divided by the number of rows.
  ///
  /// Before the first step, throws ValueError for NaN or infinite values in X or y, no rows, rows of which none counts,
  /// unknown names, a loss with Reduction::none, parameters that are all frozen, and a batch with fewer rows than a
  /// module needs for training (Module::min_rows; a last batch of one row for BatchNorm1d), naming the module and
  /// remedies; ShapeError where rows or shapes of X, y and the prediction do not fit; IndexError for labels out of
  /// range; DtypeError where X and the parameters differ in dtype. Throws Error when the loss is not finite, naming the
  /// epoch and the likely cause; the model then has the best weights so far.
  History fit(const Tensor& X, const Tensor& y, FitOptions options = {});
  /// Loss and metrics in eval mode on X [rows, ...] and y [rows, ...]. Throws ValueError for a batch_size below 1, and
  /// as fit for X, y and weights.
  Evaluation evaluate(const Tensor& X, const Tensor& y, EvaluateOptions options = {});
  /// The model's output for X [rows, ...] in eval mode, without a graph: [rows, ...]. Throws ValueError for a
  /// batch_size below 1, no rows and values that are not finite, DtypeError where X and the parameters differ in dtype.
  Tensor predict(const Tensor& X, PredictOptions options = {});

  Module& model() { return *model_; }         ///< the model that is trained
  const Loss& loss() const { return loss_; }  ///< the loss it is trained with

 private:
  struct Rows {
    Tensor X, y, weights;
    Tensor counts;                 // result of Loss::counts; undefined if all rows count the same
    Dtype dtype = Dtype::float32;  // the dtype of predictions
    std::int64_t min_batch = 1;    // minimum batch size in eval mode
    std::int64_t count() const { return X.size(0); }
  };
  struct Demand;
  Rows prepared(const char* op, const Tensor& X, const Tensor& y, const Tensor& weights, Demand* demand = nullptr);
  /// The minimum batch size of the model in eval mode.
  std::int64_t min_batch_to_predict() const;
  void check_counted(const char* op, const Rows& rows) const;
  void check_batches(std::int64_t rows, const FitOptions& options, const Demand& demand) const;
  double batch_loss(const Tensor& loss) const;
  /// Updates the metrics with the rows of a batch that count.
  void update_metrics(const Tensor& target, const Tensor& prediction, const Tensor& counts);
  Tensor target_for(const char* op, const Tensor& y, const Shape& prediction_row, Dtype prediction_dtype) const;
  void check_input(const char* op, const Tensor& X) const;
  Tensor class_weights(const std::map<std::int64_t, double>& factors, const Tensor& y, const Tensor& weights,
                       Dtype dtype) const;
  double train_epoch(const Rows& rows, const FitOptions& options, FitState& state, std::vector<Callback>& callbacks,
                     detail::Progress& progress, const Weights& best);
  using Values = std::vector<std::pair<std::string, double>>;
  /// Appends the loss and the metrics to `values`.
  void scores(const Rows& rows, std::int64_t batch_size, const char* prefix, Values& values);
  [[noreturn]] void throw_diverged(const FitState& state, const Tensor& prediction, const Tensor& target,
                                   const Weights& best);

  Module* model_;
  optim::Optimizer* optimizer_;
  Loss loss_;
  std::vector<Metric> metrics_;
  double clip_norm_;
  std::vector<Tensor> parameters_;
};

}  // namespace xg::nn
