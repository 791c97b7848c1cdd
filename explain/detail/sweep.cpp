#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/plan.hpp>
#include <xgrad/explain/detail/sweep.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

namespace xg::explain::detail {
namespace {

/// The target's values [rows, J] in float64.
std::vector<double> target_values(const Recording& recording, const Target& target, std::int64_t rows) {
  const Tensor value = recording.value(target.value).reshape({recording.rows, target.outputs});
  return value.narrow(0, 0, rows).to_vector();
}

/// Mean over references of the target's values [B, J]. Throws ValueError where one is NaN or infinite.
std::vector<double> mean_of_references(const std::vector<double>& values, std::int64_t outputs, const char* method) {
  std::vector<double> mean(at(outputs), 0);
  const double count = outputs == 0 ? 0 : static_cast<double>(values.size()) / static_cast<double>(outputs);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      raise<ValueError>(
          "[{}] the model makes {} of row {} of the background: what is compared with it must be a number, leave such "
          "rows out.",
          method, values[i], i / at(outputs));
    mean[i % at(outputs)] += values[i];
  }
  for (double& m : mean) m /= count;
  return mean;
}

// ---- all blocks of one request

class RequestSweep {
 public:
  RequestSweep(const ModelFunction& model, const Tensor& rows, const Tensor& references, const SweepRequest& request)
      : model_(model),
        request_(request),
        rows_(rows),
        references_(references),
        n_(rows.size(0)),
        features_(rows.size(1)),
        b_(request.paired ? 1 : references.size(0)),
        x64_(rows.to_vector()),
        r64_(references.to_vector()) {}

  ExplanationParts run() {
    model_.check_eval(request_.method);
    model_.check_independence(rows_, references_, request_.method);
    ExplanationParts parts;
    parts.values = explain_all();
    // Where a value on the way was infinite or NaN, contributions may be so as well: those are replaced in a second
    // sweep.
    if (!all_finite(parts.values)) {
      replaces_nonfinite_ = true;
      parts.values = explain_all();
    }
    parts.standard_errors = averages_->standard_errors();
    parts.data = rows_;
    parts.output_space = target_.space;
    parts.output_activation = target_.activation;
    parts.n_background = request_.paired ? 1 : b_;
    parts.output_ranks = empty({n_, k_}, {.dtype = Dtype::int64});
    parts.base_values = empty({n_, k_}, {.dtype = float64});
    parts.outputs = empty({n_, k_}, {.dtype = float64});
    std::copy(slots_.begin(), slots_.end(), parts.output_ranks.mutable_data<std::int64_t>());
    std::copy(bases_.begin(), bases_.end(), parts.base_values.mutable_data<double>());
    std::copy(outputs_.begin(), outputs_.end(), parts.outputs.mutable_data<double>());
    parts.fallback_ops = fallback_ops();
    blank_rows_without_numbers(parts);
    if (!request_.multipliers) check_additivity(parts);
    parts.additive = !request_.multipliers;
    return parts;
  }
  std::int64_t model_outputs() const { return target_.outputs; }
  Tensor group_errors() const { return averages_->group_errors(); }

 private:
  /// Mean contributions [N, n, K].
  Tensor explain_all() {
    averages_.reset();
    losses_.reset();
    plan_.reset();
    slots_.clear();
    outputs_.clear();
    bases_.clear();
    if (!request_.paired) prepare(record_references(0));
    for (std::int64_t start = 0; start < n_; start += block_rows) explain_block(start);
    if (plan_) plan_->finish();
    return averages_->means();
  }

  /// Are the contributions of rows that consist of numbers numbers?
  bool all_finite(const Tensor& values) const {
    const auto* v = values.data<double>();
    for (std::int64_t row = 0; row < n_; ++row, v += features_ * k_)
      if (is_clean(row) && !std::all_of(v, v + features_ * k_, [](double c) { return std::isfinite(c); })) return false;
    return true;
  }

  /// References have another number of rows than a block of rows, so that shapes tell which values have rows.
  Recording record_references(std::int64_t start) const {
    std::int64_t count = request_.paired ? block_rows + 1 : std::max<std::int64_t>(b_, 2);
    if (count == block_rows) ++count;
    return record(model_, padded_rows(references_, start, count), request_.method);
  }

  /// Everything that depends on the model's outputs alone.
  void prepare(Recording references) {
    reference_recording_ = std::move(references);
    target_ = find_target(reference_recording_, request_.output, request_.method);
    const std::int64_t j = target_.outputs;
    check_target(request_.method, request_.target, j);
    if (request_.ranked < 0 || request_.ranked > j)
      raise<ValueError>("[{}] ranked_outputs is {}, the model has {} outputs: ask for 1 to {}, or 0 for all.",
                        request_.method, request_.ranked, j, j);
    k_ = request_.target ? 1 : (request_.ranked > 0 ? request_.ranked : j);
    std::vector<std::vector<std::int64_t>> groups;
    for (const auto& group : request_.groups) groups.push_back(group.features);
    averages_.emplace(n_, k_, features_, groups);
    losses_.emplace(n_, k_, b_);
    if (!request_.paired)
      base_of_output_ = mean_of_references(target_values(reference_recording_, target_, b_), j, request_.method);
  }

  /// Which outputs each row of the block explains, what they are and what their bases are.
  std::vector<std::int64_t> choose_slots(const Recording& x, std::int64_t start) {
    const std::int64_t j = target_.outputs, there = std::min(block_rows, n_ - start);
    const std::vector<double> values = target_values(x, target_, block_rows);
    const std::vector<double> paired_bases =
        request_.paired ? target_values(reference_recording_, target_, block_rows) : std::vector<double>();
    std::vector<std::int64_t> chosen;
    for (std::int64_t row = 0; row < block_rows; ++row) {
      const double* y = &values[at(row * j)];
      std::vector<std::int64_t> order(at(j));
      std::iota(order.begin(), order.end(), 0);
      if (request_.target) order = {*request_.target};
      const auto key = [&](std::int64_t i) {
        return request_.rank == Rank::max ? -y[i] : (request_.rank == Rank::min ? y[i] : -std::abs(y[i]));
      };
      // A row with NaN cannot be ranked and keeps the order of the outputs.
      if (request_.ranked > 0 && !request_.target && std::none_of(y, y + j, [](double v) { return std::isnan(v); }))
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
      order.resize(at(k_));
      chosen.insert(chosen.end(), order.begin(), order.end());
      if (row >= there) continue;
      for (const std::int64_t i : order) {
        slots_.push_back(i);
        outputs_.push_back(y[i]);
        bases_.push_back(request_.paired ? paired_bases[at(row * j + i)] : base_of_output_[at(i)]);
      }
    }
    return chosen;
  }

  void explain_block(std::int64_t start) {
    if (request_.paired) {
      Recording references = record_references(start);
      if (averages_)
        reference_recording_ = std::move(references);
      else
        prepare(std::move(references));
    }
    RowBlock block = recorded_block(start);
    if (start == 0) remember_ops(block.recording, block.structure);
    if (!block.structure.coupled.empty()) coupled_ = block.structure.coupled;
    block.slots = choose_slots(block.recording, start);
    if (!plan_) plan_ = plan_pairs(work(), block);
    plan_->take(std::move(block));
  }

  RowBlock recorded_block(std::int64_t start) const {
    RowBlock block{start, record(model_, padded_rows(rows_, start, block_rows), request_.method), {}, {}};
    block.structure = compare(block.recording, reference_recording_, target_, false, request_.method);
    return block;
  }
  PairWork work() {
    return {model_,     request_, rows_, references_, reference_recording_, target_, k_, replaces_nonfinite_,
            *averages_, *losses_};
  }

  void remember_ops(const Recording& x, const Structure& s) {
    coarsest_eps_ = s.coarsest_eps;
    op_names_.clear();
    integrated_.clear();
    for (std::size_t e = 0; e < x.trace.entries().size(); ++e) {
      const TraceEntry& entry = x.trace.entries()[e];
      op_names_.push_back(describe(entry));
      const bool is_integrated = s.on_path[e] && entry.op->rule() == Rule::quadrature;
      integrated_.push_back(is_integrated ? FallbackOp{entry.op->name(), scope_path(entry.scope), 0} : FallbackOp{});
    }
  }

  /// The ops that were integrated, each with its largest error; calls in one place as one.
  std::vector<FallbackOp> fallback_ops() const {
    const std::vector<double>& errors = losses_->largest_of(LossKind::integral);
    std::vector<FallbackOp> ops;
    for (std::size_t e = 0; e < integrated_.size(); ++e) {
      if (integrated_[e].op.empty()) continue;
      auto same = std::find_if(ops.begin(), ops.end(), [&](const FallbackOp& op) {
        return op.op == integrated_[e].op && op.scope == integrated_[e].scope;
      });
      if (same == ops.end()) same = ops.insert(ops.end(), integrated_[e]);
      if (e < errors.size()) same->residual = std::max(same->residual, errors[e]);
    }
    return ops;
  }

  void check_additivity(ExplanationParts& parts) {
    std::vector<bool> clean;
    for (std::int64_t row = 0; row < n_; ++row) clean.push_back(is_clean(row));
    const std::optional<Miss> miss =
        find_miss({parts.values, outputs_, bases_, std::move(clean), *averages_, *losses_, op_names_, coarsest_eps_},
                  parts.notes);
    if (!miss || request_.additivity == Additivity::report) return;
    const std::string words = explain_miss(*miss);
    if (words.empty()) {
      parts.notes.push_back(
          note_on_rounding(miss->row, miss->slot, miss->residual, outputs_[at(miss->row * k_ + miss->slot)]));
      return;
    }
    if (request_.additivity == Additivity::error) throw Error(words);
    parts.notes.push_back(words);
  }

  /// Has the row finite features and predictions?
  bool is_clean(std::int64_t row) const {
    const auto finite = [](double v) { return std::isfinite(v); };
    const double *x = x64_.data() + row * features_, *y = &outputs_[at(row * k_)];
    return std::all_of(x, x + features_, finite) && std::all_of(y, y + k_, finite);
  }

  /// The error message; empty where rounding explains the residual.
  std::string explain_miss(const Miss& miss) {
    const std::string reason = miss.of_integrals ? integral_reason() : reason_of(miss);
    if (reason.empty()) return {};
    const std::size_t place = at(miss.row * k_ + miss.slot);
    return fmt::format(
        "[{}] contributions do not sum up: row {}, output {}: base value {:.6g} + contributions {:.6g} is {:.3g} away "
        "from the prediction {:.6g}. {}. Additivity::report gives the values all the same.",
        request_.method, miss.row, slots_[place], bases_[place], outputs_[place] - bases_[place] - miss.residual,
        miss.residual, outputs_[place], reason);
  }

  std::string integral_reason() const {
    const std::vector<double>& errors = losses_->largest_of(LossKind::integral);
    const auto op = at(std::max_element(errors.begin(), errors.end()) - errors.begin());
    return fmt::format(
        "{} has no rule of its own and was integrated along its path; the integral misses up to {:.3g}, more than 1e-3 "
        "of the contributions: a kink, a jump or a wrong derivative does that. Give it a secant",
        op_names_[op], errors[op]);
  }

  std::string reason_of(const Miss& miss) {
    const std::int64_t start = miss.row / block_rows * block_rows;
    if (request_.paired) reference_recording_ = record_references(start);
    RowBlock block = recorded_block(start);
    block.slots.assign(slots_.begin() + start * k_, slots_.begin() + std::min(start + block_rows, n_) * k_);
    const Audit audit = audit_row(work(), block, miss.row);
    double rounding = 0, most = 0;
    std::size_t worst_op = audit.ops.size();
    for (std::size_t e = audit.ops.size(); e-- > 0;) {  // as the sweep goes: a NaN comes from the first op to have one
      const Audit::Finding& op = audit.ops[e];
      rounding += op.rounding;
      if (op.excess > most) most = op.excess, worst_op = e;
    }
    if (std::isfinite(miss.unexplained) && std::abs(miss.unexplained) <= rounding) return {};
    if (!coupled_.empty())
      return fmt::format(
          "{} mixes the rows of a batch, and rows seem to influence each other: explain a model whose result for a row "
          "depends on that row alone",
          coupled_);
    if (const std::string op = op_with_other_attributes(block.recording, reference_recording_, block.structure);
        !op.empty())
      return fmt::format(
          "{} was applied with other attributes to the rows than to the references: the model branches on its data, or "
          "reads numbers from them by hand. Replace branches by where(condition, a, b), and compute with ops",
          op);
    if (worst_op < audit.ops.size())
      return fmt::format("{} shares out {:.3g} more or less than arrives at it: its attribution rule is wrong",
                         describe(block.recording.trace.entries()[worst_op]), audit.ops[worst_op].miss);
    return "no op lost it, so part of the result was computed without ops (from data read by hand, or by chance)";
  }

  const ModelFunction& model_;
  const SweepRequest& request_;
  const Tensor &rows_, &references_;
  std::int64_t n_, features_, b_;
  std::int64_t k_ = 0;
  std::vector<double> x64_, r64_;  // rows and references as they are subtracted
  Recording reference_recording_;
  Target target_;
  std::optional<Averages> averages_;
  std::vector<double> base_of_output_;   // by output of the model
  std::vector<std::int64_t> slots_;      // [N, K]
  std::vector<double> outputs_, bases_;  // [N, K]
  std::optional<LossLedger> losses_;
  std::vector<std::string> op_names_;   // by op
  std::vector<FallbackOp> integrated_;  // by op; without a name for ops with rules
  double coarsest_eps_ = 0;
  bool replaces_nonfinite_ = false;  // whether infinite and NaN intermediate values are replaced
  std::string coupled_;
  std::unique_ptr<PairPlan> plan_;
};

}  // namespace

ExplanationParts sweep(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                       const SweepRequest& request, std::int64_t* model_outputs, Tensor* group_errors) {
  const NoGrad guard;
  RequestSweep request_sweep(model, rows, references, request);
  ExplanationParts parts = request_sweep.run();
  parts.method = request.method;
  *model_outputs = request_sweep.model_outputs();
  if (group_errors != nullptr) *group_errors = request_sweep.group_errors();
  return parts;
}

Tensor mean_of_rows(const Tensor& outputs, const char* method) {
  const std::vector<double> mean = mean_of_references(outputs.to_vector(), outputs.size(1), method);
  Tensor result = empty({outputs.size(1)}, {.dtype = float64});
  std::copy(mean.begin(), mean.end(), result.mutable_data<double>());
  return result;
}

Tensor mean_output(const ModelFunction& model, const Tensor& references, const char* method, Output output) {
  const NoGrad guard;
  model.check_eval(method);
  const Recording recording = record(model, references.clone(), method);
  const Target target = find_target(recording, output, method);
  return mean_of_rows(recording.value(target.value).reshape({references.size(0), target.outputs}), method);
}

}  // namespace xg::explain::detail
