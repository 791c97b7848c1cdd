#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/metrics/function.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::nn::metrics {

FunctionMetric::FunctionMetric(StringRef name, Function f, FunctionOptions options)
    : name_(name.str()), f_(std::move(f)), options_(options) {
  if (name_.empty()) throw ValueError("[metrics::function] the name is empty: it becomes the key in the History.");
  if (!f_) raise<ValueError>("[metrics::function] \"{}\" has no function: pass a callable.", name_);
}

void FunctionMetric::reset() {
  y_true_.clear();
  y_pred_.clear();
  sum_ = 0;
  batches_ = 0;
}

void FunctionMetric::update(const Tensor& y_true, const Tensor& y_pred) {
  if (!y_true.defined() || !y_pred.defined())
    raise<ValueError>("[{}] y_true or y_pred is undefined: pass tensors.", name_);
  if (y_true.dim() == 0 || y_pred.dim() == 0 || y_true.size(0) != y_pred.size(0) || y_true.size(0) == 0)
    raise<ShapeError>("[{}] y_true is {}, y_pred is {}: they must have the same number of rows, at least one.", name_,
                      y_true.shape().str(), y_pred.shape().str());
  ++batches_;
  if (options_.per_batch) {
    NoGrad no_grad;
    sum_ += f_(y_true.detach(), y_pred.detach());
    return;
  }
  // Copies, because the trainer may reuse the memory of a batch.
  y_true_.push_back(y_true.detach().clone());
  y_pred_.push_back(y_pred.detach().clone());
}

double FunctionMetric::compute() const {
  if (batches_ == 0) raise<ValueError>("[{}] no row has been seen: call update before compute.", name_);
  if (options_.per_batch) return sum_ / static_cast<double>(batches_);
  NoGrad no_grad;
  return f_(cat(y_true_, 0), cat(y_pred_, 0));
}

}  // namespace xg::nn::metrics
