#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/nn/per_sample_gradients.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace xg::nn {
namespace {

using autograd::AppliedOp;
using autograd::Trace;
using autograd::TraceEntry;
using autograd::ValueId;

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

std::string place(const TraceEntry& entry) {
  const std::string path = scope_path(entry.scope);
  return path.empty() ? "" : " Called in: " + path + ".";
}

/// What a value depends on. A value of both kinds has rows; one of the parameters alone is the same for all rows.
struct Dependence {
  bool on_rows = false;        ///< row i of it depends on row i of x
  bool on_parameters = false;  ///< it depends on a parameter that requires grad
};

/// A sweep of a trace in which the gradients of values without rows are kept apart by rows: [rows, shape...].
class RowSweep {
 public:
  RowSweep(const Trace& trace, std::int64_t rows, std::vector<Dependence> known)
      : trace_(trace), rows_(rows), depends_(std::move(known)), grads_(trace.value_count()) {
    depends_.resize(trace.value_count());
    for (const TraceEntry& entry : trace_.entries()) classify(entry);
  }

  void run(ValueId output, Tensor gradient) {
    grads_[at(output)] = std::move(gradient);
    for (auto entry = trace_.entries().rbegin(); entry != trace_.entries().rend(); ++entry) visit(*entry);
  }
  /// The gradient of a value; undefined where the output does not depend on it.
  const Tensor& gradient(ValueId id) const { return grads_[at(id)]; }
  bool has_rows(ValueId id) const { return depends_[at(id)].on_rows; }

 private:
  void classify(const TraceEntry& entry) {
    std::vector<Tensor> inputs;
    std::vector<bool> carries;
    Dependence all;
    for (const ValueId id : entry.inputs) {
      inputs.push_back(trace_.value(id));
      carries.push_back(depends_[at(id)].on_rows);
      all.on_rows |= depends_[at(id)].on_rows;
      all.on_parameters |= depends_[at(id)].on_parameters && entry.op->traits().has_derivative;
    }
    if (entry.op->traits().ends_graph) all.on_parameters = false;
    if (all.on_rows && (entry.op->traits().random || entry.op->traits().batch_statistics))
      raise<AutogradError>("[per_sample_gradients] {} {}: call module.eval() first.{}", entry.op->name(),
                           entry.op->traits().random ? "is random" : "standardizes by the batch", place(entry));
    for (const ValueId id : entry.outputs) {
      const Tensor& y = trace_.value(id);
      if (all.on_rows && y.defined() && !entry.op->keeps_rows(inputs, carries, y, rows_))
        raise<AutogradError>(
            "[per_sample_gradients] {} of {} gives {}: it mixes rows, or moves them from dimension 0, where row i of "
            "the "
            "result must depend on row i of the {} rows alone.{}",
            entry.op->name(), inputs[0].shape().str(), y.shape().str(), rows_, place(entry));
      depends_[at(id)] = all;
    }
  }

  void visit(const TraceEntry& entry) {
    std::vector<Tensor> inputs, outputs, grads;
    bool reached = false;
    for (const ValueId id : entry.outputs) {
      outputs.push_back(trace_.value(id));
      grads.push_back(std::exchange(grads_[at(id)], Tensor()));
      reached |= grads.back().defined();
    }
    if (!reached || entry.op->traits().ends_graph || !entry.op->traits().has_derivative) return;
    for (const ValueId id : entry.inputs) inputs.push_back(trace_.value(id));
    const bool with_rows = depends_[at(entry.outputs[0])].on_rows;
    std::vector<bool> shared, apart;  // the inputs without rows, and those with
    for (const ValueId id : entry.inputs) {
      const Dependence& d = depends_[at(id)];
      const bool wanted = d.on_parameters && is_floating(trace_.value(id).dtype());
      shared.push_back(wanted && !d.on_rows);
      apart.push_back(wanted && d.on_rows);
    }
    if (with_rows && std::find(apart.begin(), apart.end(), true) != apart.end())
      add(entry, vjp(*entry.op, inputs, outputs, grads, apart));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!shared[i]) continue;
      Tensor g = with_rows ? entry.op->row_vjp(i, inputs, outputs, grads, rows_) : Tensor();
      add_to(entry.inputs[i], g.defined() ? std::move(g) : row_by_row(entry, i, inputs, outputs, grads, with_rows));
    }
  }

  static std::vector<Tensor> vjp(const AppliedOp& op, const std::vector<Tensor>& inputs,
                                 const std::vector<Tensor>& outputs, const std::vector<Tensor>& grads,
                                 const std::vector<bool>& wanted) {
    std::vector<Shape> shapes;
    const auto needed = std::make_unique<bool[]>(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      shapes.push_back(inputs[i].shape());
      needed[i] = wanted[i];
    }
    std::vector<Tensor> results(inputs.size());
    op.vjp(inputs, outputs, shapes, grads, results, needed.get());
    return results;
  }

  Tensor row_by_row(const TraceEntry& entry, std::size_t i, const std::vector<Tensor>& inputs,
                    const std::vector<Tensor>& outputs, const std::vector<Tensor>& grads, bool with_rows) const {
    std::vector<bool> wanted(inputs.size());
    wanted[i] = true;
    std::vector<Tensor> all;
    for (std::int64_t row = 0; row < rows_; ++row) {
      // A value with blocks of rows has several along dimension 0.
      const auto of_row = [&](const Tensor& value, bool has_rows) {
        if (!has_rows || !value.defined()) return value;
        const std::int64_t block = value.size(0) / rows_;
        return value.narrow(0, row * block, block);
      };
      std::vector<Tensor> in, out, g;
      for (std::size_t k = 0; k < inputs.size(); ++k) in.push_back(of_row(inputs[k], has_rows(entry.inputs[k])));
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        out.push_back(of_row(outputs[k], with_rows));
        g.push_back(!grads[k].defined() ? Tensor() : with_rows ? of_row(grads[k], true) : grads[k].select(0, row));
      }
      const Tensor result = vjp(*entry.op, in, out, g, wanted)[i];
      all.push_back(result.defined() ? result : zeros_like(inputs[i]));
    }
    const Shape shape = autograd::with_front(rows_, inputs[i].shape());
    return all.empty() ? zeros(shape, {.dtype = inputs[i].dtype()}) : stack(all);
  }

  void add(const TraceEntry& entry, const std::vector<Tensor>& results) {
    for (std::size_t i = 0; i < results.size(); ++i)
      if (results[i].defined()) add_to(entry.inputs[i], results[i]);
  }
  void add_to(ValueId id, Tensor g) {
    Tensor& sum = grads_[at(id)];
    sum = sum.defined() ? sum + g : std::move(g);
  }

  const Trace& trace_;
  std::int64_t rows_;
  std::vector<Dependence> depends_;
  std::vector<Tensor> grads_;  // by value
};

/// d loss(prediction[i:i+1], target[i:i+1]) / d prediction[i:i+1] for every row.
Tensor gradients_of_losses(const SampleLoss& loss, const Tensor& prediction, const Tensor& target) {
  const EnableGrad recording;
  std::vector<Tensor> grads;
  for (std::int64_t i = 0; i < prediction.size(0); ++i) {
    const Tensor row = prediction.narrow(0, i, 1).detach().requires_grad_();
    const Tensor value = loss(row, target.narrow(0, i, 1));
    if (!value.defined() || value.numel() != 1)
      raise<ShapeError>("[per_sample_gradients] the loss of one row has shape {}, it must have one element.",
                        value.defined() ? value.shape().str() : "undefined");
    grads.push_back(value.requires_grad() ? grad(value, row) : zeros_like(row.detach()));
  }
  return grads.empty() ? zeros_like(prediction) : cat(grads, 0);
}

}  // namespace

std::vector<Tensor> per_sample_gradients(Module& module, const SampleLoss& loss, const Tensor& x, const Tensor& y) {
  if (x.dim() == 0 || y.dim() == 0 || x.size(0) != y.size(0))
    raise<ShapeError>("[per_sample_gradients] x has shape {}, y {}: they must have the same number of rows.",
                      x.shape().str(), y.shape().str());
  const NoGrad no_grad;
  Trace trace;
  const ValueId input = trace.id_of(x);
  Tensor prediction;
  {
    const autograd::TraceMode mode(trace);
    prediction = module(x);
  }
  if (!prediction.defined() || prediction.dim() == 0 || prediction.size(0) != x.size(0))
    raise<ShapeError>("[per_sample_gradients] the module made {} of an x of shape {}: it must keep one row for each.",
                      prediction.defined() ? prediction.shape().str() : "an undefined tensor", x.shape().str());
  const ValueId output = trace.id_of(prediction);
  std::vector<std::pair<Tensor, ValueId>> parameters;
  for (const Tensor& p : module.parameters())
    if (p.requires_grad()) parameters.emplace_back(p, trace.id_of(p));
  std::vector<Dependence> known(trace.value_count());
  known[at(input)].on_rows = true;
  for (const auto& [p, id] : parameters) known[at(id)].on_parameters = true;
  RowSweep sweep(trace, x.size(0), std::move(known));
  const Tensor gradient = gradients_of_losses(loss, prediction, y);
  sweep.run(output, gradient);
  std::vector<Tensor> results;
  for (const auto& [p, id] : parameters) {
    const Shape shape = autograd::with_front(x.size(0), p.shape());
    const Tensor& g = sweep.gradient(id);
    results.push_back(g.defined() ? g.reshape(shape) : zeros(shape, {.dtype = p.dtype()}));
  }
  return results;
}

}  // namespace xg::nn
