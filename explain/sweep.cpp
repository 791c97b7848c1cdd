#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/additivity.hpp>
#include <xgrad/explain/averages.hpp>
#include <xgrad/explain/chain.hpp>
#include <xgrad/explain/inputs.hpp>
#include <xgrad/explain/pair_sweep.hpp>
#include <xgrad/explain/recording.hpp>
#include <xgrad/explain/rounding.hpp>
#include <xgrad/explain/structure.hpp>
#include <xgrad/explain/sweep.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace xg::explain::detail {
namespace {

using autograd::Rule;
using autograd::TraceEntry;
using autograd::ValueId;
using autograd::with_front;

/// Rows in one run of the model. Every block has this size, padded if need be, because a matrix product may give a row
/// other bits when the number of rows changes.
constexpr std::int64_t block_rows = 16;
/// Blocks that are recorded before threads sweep them together.
constexpr std::size_t blocks_at_once = 8;
/// Pairs in a block below which the work per op is less than what an op costs by itself.
constexpr std::int64_t worthwhile_pairs = 256;

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

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
      throw ValueError(
          fmt::format("[{}] the model makes {} of row {} of the background: what is compared with it must be "
                      "a number, leave such rows out.",
                      method, values[i], i / at(outputs)));
    mean[i % at(outputs)] += values[i];
  }
  for (double& m : mean) m /= count;
  return mean;
}

// ---- all blocks of one request

class Explainer {
 public:
  Explainer(const ModelFunction& model, const Tensor& rows, const Tensor& references, const SweepRequest& request)
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
    // Where a value on the way was infinite or NaN, contributions may be so as well: those are settled in a second sweep.
    if (!all_finite(parts.values)) {
      settles_ = true;
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
    chain_.reset();
    slots_.clear();
    outputs_.clear();
    bases_.clear();
    if (!request_.paired) prepare(record_references(0));
    for (std::int64_t start = 0; start < n_; start += block_rows) explain_block(start);
    sweep_pending();
    return averages_->means();
  }

  /// Are the contributions of rows that consist of numbers numbers?
  bool all_finite(const Tensor& values) const {
    const auto* v = values.data<double>();
    for (std::int64_t row = 0; row < n_; ++row, v += features_ * k_)
      if (is_clean(row) && !std::all_of(v, v + features_ * k_, [](double c) { return std::isfinite(c); })) return false;
    return true;
  }

  Recording record_rows(std::int64_t start) const {
    return record(model_, padded_rows(rows_, start, block_rows), request_.method);
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
      throw ValueError(
          fmt::format("[{}] ranked_outputs is {}, the model has {} outputs: ask for 1 to {}, or 0 for all.",
                      request_.method, request_.ranked, j, j));
    k_ = request_.target ? 1 : (request_.ranked > 0 ? request_.ranked : j);
    std::vector<std::vector<std::int64_t>> groups;
    for (const auto& group : request_.groups) groups.push_back(group.features);
    averages_.emplace(n_, k_, features_, groups);
    losses_.emplace(n_, k_, b_);
    reference_roundings_.clear();
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
      // NaN has no place in an order: such a row keeps the outputs as they come.
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
    Recording x = record_rows(start);
    const Structure s = compare(x, reference_recording_, target_, false, request_.method);
    if (start == 0) remember_ops(x, s);
    if (reference_roundings_.empty() || request_.paired) reference_roundings_ = roundings_of(reference_recording_, s);
    std::vector<std::int64_t> chosen = choose_slots(x, start);
    if (start == 0 && !request_.paired && !settles_)
      if (std::optional<Chain> chain = find_chain(reference_recording_, s, target_))
        chain_.emplace(std::move(*chain), reference_recording_, b_, target_.outputs, k_, request_.max_bytes);
    if (!chain_) return for_each_pair_block(x, s, start, std::min(start + block_rows, n_), chosen, nullptr);
    pending_.push_back({start, std::move(x), std::move(chosen)});
    if (pending_.size() == blocks_at_once) sweep_pending();
  }

  /// Sweeps the blocks that have been recorded, tiles of rows by several threads: the model itself has run in the
  /// caller's thread.
  void sweep_pending() {
    if (!chain_) return;
    const std::int64_t tile = chain_->tile_rows(block_rows), tiles = block_rows / tile;
    xg::detail::parallel_for(static_cast<std::int64_t>(pending_.size()) * tiles, [&](std::int64_t i) {
      const Pending& block = pending_[at(i / tiles)];
      const std::int64_t first = i % tiles * tile, there = std::min(tile, n_ - block.start - first);
      if (there > 0)
        chain_->run(block.x, first, tile, std::span(block.chosen).subspan(at(first * k_), at(tile * k_)),
                    block.start + first, there, request_.multipliers, *averages_);
    });
    pending_.clear();
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

  /// Sweeps rows [first, last) of the recorded block x with all their references.
  void for_each_pair_block(const Recording& x, const Structure& s, std::int64_t first, std::int64_t last,
                           const std::vector<std::int64_t>& chosen, Audit* audit) {
    const std::int64_t start = first / block_rows * block_rows;
    const auto item = static_cast<std::int64_t>(item_size(rows_.dtype()));
    const std::int64_t per_pair = std::max<std::int64_t>(1, s.widest * (2 * k_ + 2) * item);
    const std::int64_t most = std::max<std::int64_t>(1, static_cast<std::int64_t>(request_.max_bytes) / per_pair);
    const std::int64_t references = request_.paired ? 1 : std::min(b_, most);
    std::int64_t rows = 1;  // rows that cannot be taken apart are swept one by one, so that a loss belongs to one
    while (s.coupled.empty() && 2 * rows <= block_rows && 2 * rows * b_ <= std::min(most, worthwhile_pairs)) rows *= 2;
    if (audit != nullptr) rows = 1;
    const std::int64_t from = (first - start) / rows * rows, tiles = (last - start - from + rows - 1) / rows;
    const std::vector<Tensor> roundings = roundings_of(x, s);
    std::vector<LargestLosses> largest(at(tiles));
    const auto tile = [&](std::int64_t i) {
      const NoGrad fixed;  // each thread has a mode of its own
      const std::int64_t n0 = from + i * rows;
      for (std::int64_t b0 = 0; b0 < b_; b0 += references) {
        const PairBlock block{n0, rows, request_.paired ? n0 : b0,
                              request_.paired ? rows : std::min(references, b_ - b0), request_.paired};
        if (s.coupled.empty())
          sweep_pairs({x, roundings}, s, start, block, chosen, largest[at(i)], audit);
        else
          sweep_whole(s, start, block, chosen, largest[at(i)], audit);
      }
    };
    // Only the caller's thread runs the model, and looks for the op that lost something.
    if (s.coupled.empty() && audit == nullptr)
      xg::detail::parallel_for(tiles, tile);
    else
      for (std::int64_t i = 0; i < tiles; ++i) tile(i);
    if (audit == nullptr)
      for (const LargestLosses& found : largest) losses_->add_ops(found);
  }

  /// Takes what a block found into the averages and the losses.
  void take(const Tensor& multipliers, const Losses& losses, std::int64_t start, const PairBlock& block,
            std::int64_t slot, std::int64_t count, LargestLosses& largest) {
    average(multipliers, start, block, slot, count);
    losses_->add(losses, slot, start + block.n0, std::min(block.rows, n_ - start - block.n0),
                 block.paired ? 1 : block.references);
    keep_larger(largest, losses.largest_of);
  }

  /// All outputs at once, from rows and references recorded apart.
  void sweep_pairs(const RoundedRecording& x, const Structure& s, std::int64_t start, const PairBlock& block,
                   const std::vector<std::int64_t>& chosen, LargestLosses& largest,
                   Audit* audit) {
    PairSweep sweep(x, {reference_recording_, reference_roundings_}, s, target_, false, settles_);
    Losses losses;
    const Tensor m = sweep.run(block, seed(x.recording, block, chosen, 0, k_), losses, audit);
    if (audit == nullptr) take(m, losses, start, block, 0, k_, largest);
  }

  /// One output after the other, from the pairs recorded as they are.
  void sweep_whole(const Structure& s, std::int64_t start, const PairBlock& block,
                   const std::vector<std::int64_t>& chosen, LargestLosses& largest,
                   Audit* audit) {
    const std::int64_t pairs = block.pairs();
    const Tensor rows = padded_rows(rows_, start, block_rows).narrow(0, block.n0, block.rows);
    const Tensor references = request_.paired
                                  ? padded_rows(references_, start, block_rows).narrow(0, block.b0, block.references)
                                  : references_.narrow(0, block.b0, block.references);
    const auto spread = [&](const Tensor& t, std::int64_t dim) {
      return block.paired ? t.clone()
                          : t.unsqueeze(dim)
                                .expand({block.rows, block.references, features_})
                                .reshape({pairs, features_})
                                .clone();
    };
    const Recording x = record(model_, spread(rows, 1), request_.method);
    const Recording r = record(model_, spread(references, 0), request_.method);
    const Structure whole = compare(x, r, target_, true, request_.method);
    const std::vector<Tensor> x_roundings = roundings_of(x, whole), r_roundings = roundings_of(r, whole);
    coupled_ = s.coupled;
    for (std::int64_t slot = 0; slot < k_; ++slot) {
      PairSweep sweep({x, x_roundings}, {r, r_roundings}, whole, target_, true, settles_);
      Losses losses;
      const Tensor m = sweep.run(block, seed(x, block, chosen, slot, 1), losses, audit);
      if (audit == nullptr) take(m, losses, start, block, slot, 1, largest);
    }
  }

  /// [K, P, ...] in the dtype of the rows: one at the explained output of each pair, for `count` slots from `first` on.
  Tensor seed(const Recording& x, const PairBlock& block, const std::vector<std::int64_t>& chosen, std::int64_t first,
              std::int64_t count) const {
    const Tensor& value = x.value(target_.value);
    const std::int64_t pairs = block.pairs(), j = target_.outputs, each = block.paired ? 1 : block.references;
    Tensor m = zeros(with_front(count, with_front(pairs, value.shape(), 1)), {.dtype = rows_.dtype()});
    dispatch_floating(m.dtype(), [&]<class T>() {
      T* out = m.mutable_data<T>();
      for (std::int64_t slot = 0; slot < count; ++slot)
        for (std::int64_t p = 0; p < pairs; ++p)
          out[(slot * pairs + p) * j + chosen[at((block.n0 + p / each) * k_ + first + slot)]] = 1;
    });
    return m;
  }

  /// Takes multipliers [count, P, n] of the features into the averages.
  void average(const Tensor& multipliers, std::int64_t start, const PairBlock& block, std::int64_t first,
               std::int64_t count) {
    const std::int64_t pairs = block.pairs(), each = block.paired ? 1 : block.references;
    const Tensor m =
        (multipliers.defined() ? multipliers : zeros({count, pairs, features_}, {.dtype = rows_.dtype()})).contiguous();
    dispatch_floating(m.dtype(), [&]<class T>() {
      const T* data = m.data<T>();
      for (std::int64_t slot = 0; slot < count; ++slot)
        for (std::int64_t i = 0; i < block.rows && start + block.n0 + i < n_; ++i) {
          const std::int64_t row = start + block.n0 + i, reference = block.paired ? row : block.b0;
          averages_->add(row, first + slot, data + (slot * pairs + i * each) * features_, x64_.data() + row * features_,
                         r64_.data() + reference * features_, features_, each, request_.multipliers);
        }
    });
  }

  void check_additivity(ExplanationParts& parts) {
    std::vector<bool> clean;
    for (std::int64_t row = 0; row < n_; ++row) clean.push_back(is_clean(row));
    const std::optional<Miss> miss = find_miss(
        {parts.values, outputs_, bases_, std::move(clean), *averages_, *losses_, op_names_, coarsest_eps_}, parts.notes);
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

  /// What is wrong and why; empty where it is rounding.
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
        "{} has no rule of its own and was integrated along its path; the integral misses up to {:.3g}, more than 1e-3 of "
        "the contributions: a kink, a jump or a wrong derivative does that. Give it a secant",
        op_names_[op], errors[op]);
  }

  std::string reason_of(const Miss& miss) {
    const std::int64_t start = miss.row / block_rows * block_rows;
    if (request_.paired) reference_recording_ = record_references(start);
    const Recording x = record_rows(start);
    const Structure s = compare(x, reference_recording_, target_, false, request_.method);
    if (request_.paired) reference_roundings_ = roundings_of(reference_recording_, s);
    const std::vector<std::int64_t> chosen(slots_.begin() + start * k_,
                                           slots_.begin() + std::min(start + block_rows, n_) * k_);
    Audit audit;
    audit.ops.resize(x.trace.entries().size());
    for_each_pair_block(x, s, miss.row, miss.row + 1, chosen, &audit);
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
    if (const std::string op = op_with_other_attributes(x, reference_recording_, s); !op.empty())
      return fmt::format(
          "{} was applied with other attributes to the rows than to the references: the model branches on its data, or "
          "reads numbers from them by hand. Replace branches by where(condition, a, b), and compute with ops",
          op);
    if (worst_op < audit.ops.size())
      return fmt::format("{} shares out {:.3g} more or less than arrives at it: its attribution rule is to blame",
                         describe(x.trace.entries()[worst_op]), audit.ops[worst_op].miss);
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
  std::vector<double> base_of_output_;      // by output of the model
  std::vector<std::int64_t> slots_;         // [N, K]
  std::vector<double> outputs_, bases_;     // [N, K]
  std::optional<LossLedger> losses_;
  std::vector<Tensor> reference_roundings_;  // by value, of the references
  std::vector<std::string> op_names_;        // by op
  std::vector<FallbackOp> integrated_;       // by op; without a name for ops with rules
  double coarsest_eps_ = 0;
  bool settles_ = false;                     // are values that are infinite or NaN replaced?
  std::string coupled_;
  struct Pending {
    std::int64_t start;
    Recording x;
    std::vector<std::int64_t> chosen;
  };
  std::optional<ChainSweep> chain_;  // where the model is a chain
  std::vector<Pending> pending_;     // recorded and not yet swept
};

}  // namespace

ExplanationParts sweep(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                       const SweepRequest& request, std::int64_t* model_outputs, Tensor* group_errors) {
  const NoGrad fixed;
  Explainer explainer(model, rows, references, request);
  ExplanationParts parts = explainer.run();
  parts.method = request.method;
  *model_outputs = explainer.model_outputs();
  if (group_errors != nullptr) *group_errors = explainer.group_errors();
  return parts;
}

Tensor mean_of_rows(const Tensor& outputs, const char* method) {
  const std::vector<double> mean = mean_of_references(outputs.to_vector(), outputs.size(1), method);
  Tensor result = empty({outputs.size(1)}, {.dtype = float64});
  std::copy(mean.begin(), mean.end(), result.mutable_data<double>());
  return result;
}

Tensor mean_output(const ModelFunction& model, const Tensor& references, const char* method, Output output) {
  const NoGrad fixed;
  model.check_eval(method);
  const Recording recording = record(model, references.clone(), method);
  const Target target = find_target(recording, output, method);
  return mean_of_rows(recording.value(target.value).reshape({references.size(0), target.outputs}), method);
}

}  // namespace xg::explain::detail
