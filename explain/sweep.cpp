#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/averages.hpp>
#include <xgrad/explain/chain.hpp>
#include <xgrad/explain/inputs.hpp>
#include <xgrad/explain/recording.hpp>
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

using autograd::PairContext;
using autograd::Rule;
using autograd::TraceEntry;
using autograd::ValueId;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
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

Shape with_front(std::int64_t front, const Shape& shape, std::size_t skip = 0) {
  Shape out{front};
  for (std::size_t i = skip; i < shape.size(); ++i) out.push_back(shape[i]);
  return out;
}

// ---- the sweep over a block of pairs

/// Rows n0.. and references b0.. of two recordings: all combinations, or one to one.
struct PairBlock {
  std::int64_t n0 = 0, rows = 0, b0 = 0, references = 0;
  bool paired = false;  // reference i with row i alone
  std::int64_t pairs() const { return paired ? rows : rows * references; }
};

/// How far each op is from sharing out all that arrived at it.
struct Audit {
  struct Finding {
    double miss = 0;  // the largest |sum of shares - contribution of the result| over pairs and outputs
    double size = 0;  // the largest sum of what was added and subtracted on the way: rounding is a small part of it
  };
  std::vector<Finding> ops;
};

class Sweep {
 public:
  Sweep(const Recording& x, const Recording& r, const Structure& structure, const Target& target, bool whole)
      : x_(x), r_(r), s_(structure), target_(target), whole_(whole) {}

  /// Multipliers [K, P, n] of the features, from those of the target [K, P, ...]; undefined where nothing arrives.
  /// `residuals`, one for each op, grow by what quadratures lost.
  Tensor run(const PairBlock& block, Tensor seed, std::span<double> residuals, Audit* audit = nullptr) {
    block_ = block;
    x_at_pairs_.assign(x_.trace.value_count(), {});
    r_at_pairs_.assign(x_.trace.value_count(), {});
    std::vector<Tensor> multipliers(x_.trace.value_count());
    multipliers[at(target_.value)] = std::move(seed);
    const auto& entries = x_.trace.entries();
    for (std::size_t e = entries.size(); e-- > 0;) {
      if (!s_.on_path[e]) continue;
      const TraceEntry& entry = entries[e];
      PairContext pairs = context(entry, multipliers, audit != nullptr);
      for (const ValueId id : entry.outputs) multipliers[at(id)] = Tensor();
      const bool arrived =
          std::any_of(pairs.multipliers.begin(), pairs.multipliers.end(), [](const Tensor& m) { return m.defined(); });
      if (arrived) {
        std::vector<Tensor> shares = autograd::attribute(*entry.op, pairs, &residuals[e]);
        if (audit != nullptr) examine(pairs, shares, audit->ops[e]);
        for (std::size_t i = 0; i < shares.size(); ++i) {
          if (!shares[i].defined() || !pairs.varies[i]) continue;
          Tensor& total = multipliers[at(entry.inputs[i])];
          total = total.defined() ? total + shares[i] : std::move(shares[i]);
        }
      }
      for (const ValueId id : entry.outputs) x_at_pairs_[at(id)] = r_at_pairs_[at(id)] = Tensor();
    }
    return std::move(multipliers[at(x_.input)]);
  }

 private:
  PairContext context(const TraceEntry& entry, const std::vector<Tensor>& multipliers, bool everything) {
    PairContext pairs;
    const std::size_t inputs = entry.inputs.size(), outputs = entry.outputs.size();
    pairs.pairs = whole_ ? 0 : block_.pairs();
    for (const ValueId id : entry.outputs) {
      pairs.multipliers.push_back(multipliers[at(id)]);
      if (multipliers[at(id)].defined()) pairs.outputs_explained = multipliers[at(id)].size(0);
    }
    const auto needed = std::make_unique<bool[]>(inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
      needed[i] = s_.varies[at(entry.inputs[i])];
      pairs.varies.push_back(needed[i]);
      pairs.has_rows.push_back(s_.has_rows[at(entry.inputs[i])]);
    }
    // A vector-Jacobian product often needs the shape of a value and not the value.
    const Rule rule = entry.op->rule();
    const bool product = rule == Rule::linear || rule == Rule::bilinear;
    bool all = everything || rule == Rule::custom || rule == Rule::quadrature || rule == Rule::secant;
    for (std::size_t j = 0; product && j < outputs; ++j) all = all || entry.op->reads_output(j);
    for (std::size_t i = 0; i < inputs; ++i) {
      const ValueId id = entry.inputs[i];
      const bool read = all || entry.op->reads_input(i, needed.get());
      pairs.x.push_back(read ? x_value(id) : placeholder(id));
      pairs.r.push_back(read ? r_value(id) : pairs.x.back());
    }
    const bool results = everything || rule == Rule::custom || rule == Rule::quadrature;
    for (const ValueId id : entry.outputs) {
      pairs.x_out.push_back(results ? x_value(id) : Tensor());
      pairs.r_out.push_back(results ? r_value(id) : Tensor());
    }
    return pairs;
  }

  /// [P, ...] of the values of the rows.
  const Tensor& x_value(ValueId id) {
    const Tensor& value = x_.value(id);
    if (whole_ || !s_.has_rows[at(id)]) return value;
    Tensor& gathered = x_at_pairs_[at(id)];
    if (!gathered.defined()) {
      gathered = value.narrow(0, block_.n0, block_.rows);
      if (!block_.paired) gathered = repeated(gathered.unsqueeze(1), value.shape());
    }
    return gathered;
  }
  const Tensor& r_value(ValueId id) {
    const Tensor& value = r_.value(id);
    if (whole_ || !s_.has_rows[at(id)]) return value;
    Tensor& gathered = r_at_pairs_[at(id)];
    if (!gathered.defined()) {
      gathered = value.narrow(0, block_.b0, block_.references);
      if (!block_.paired && block_.rows > 1) gathered = repeated(gathered.unsqueeze(0), value.shape());
    }
    return gathered;
  }
  Tensor repeated(const Tensor& value, const Shape& shape) const {
    Shape both = with_front(block_.rows, with_front(block_.references, shape, 1));
    return value.expand(both).reshape(with_front(block_.pairs(), shape, 1));
  }
  /// A tensor of the right shape whose numbers nobody may read.
  Tensor placeholder(ValueId id) const {
    const Tensor& value = x_.value(id);
    if (whole_ || !s_.has_rows[at(id)]) return value;
    return full({}, nan, {.dtype = value.dtype()}).expand(with_front(block_.pairs(), value.shape(), 1));
  }

  void examine(const PairContext& pairs, const std::vector<Tensor>& shares, Audit::Finding& finding) const {
    const std::int64_t k = pairs.outputs_explained, groups = whole_ ? 1 : block_.pairs();
    Tensor miss = zeros({k, groups}, {.dtype = float64}), size = zeros({k, groups}, {.dtype = float64});
    const auto count = [&](const Tensor& m, const Tensor& x, const Tensor& r, double sign) {
      if (!m.defined() || m.numel() == 0) return;
      const Tensor mm = m.to(float64), xx = x.to(float64), rr = r.to(float64);
      const Tensor part = mm * (xx - rr), bulk = mm.abs() * (xx.abs() + rr.abs());
      miss = miss + sign * where(xx == rr, 0.0, part).reshape({k, groups, -1}).sum(2);
      size = size + where(xx == rr, 0.0, bulk).reshape({k, groups, -1}).sum(2);
    };
    for (std::size_t i = 0; i < shares.size(); ++i)
      if (pairs.varies[i]) count(shares[i], pairs.x[i], pairs.r[i], 1);
    for (std::size_t j = 0; j < pairs.multipliers.size(); ++j)
      count(pairs.multipliers[j], pairs.x_out[j], pairs.r_out[j], -1);
    for (const double v : miss.to_vector()) finding.miss = std::isnan(v) ? v : std::max(finding.miss, std::abs(v));
    for (const double v : size.to_vector()) finding.size = std::max(finding.size, v);
  }

  const Recording &x_, &r_;
  const Structure& s_;
  const Target& target_;
  bool whole_;
  PairBlock block_;
  std::vector<Tensor> x_at_pairs_, r_at_pairs_;
};

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
    if (!request_.paired) prepare(record_references(0));
    for (std::int64_t start = 0; start < n_; start += block_rows) explain_block(start);
    sweep_pending();

    ExplanationParts parts;
    parts.values = averages_->means();
    parts.standard_errors = averages_->standard_errors();
    parts.data = rows_;
    parts.output_space = target_.space;
    parts.n_background = request_.paired ? 1 : b_;
    parts.output_ranks = empty({n_, k_}, {.dtype = Dtype::int64});
    parts.base_values = empty({n_, k_}, {.dtype = float64});
    parts.outputs = empty({n_, k_}, {.dtype = float64});
    std::copy(slots_.begin(), slots_.end(), parts.output_ranks.mutable_data<std::int64_t>());
    std::copy(bases_.begin(), bases_.end(), parts.base_values.mutable_data<double>());
    std::copy(outputs_.begin(), outputs_.end(), parts.outputs.mutable_data<double>());
    parts.fallback_ops = fallback_;
    for (std::size_t e = 0; e < residuals_.size(); ++e)
      for (FallbackOp& op : parts.fallback_ops)
        if (op.op == fallback_names_[e].op && op.scope == fallback_names_[e].scope)
          op.residual = std::max(op.residual, residuals_[e]);
    blank_rows_without_numbers(parts);
    if (!request_.multipliers) check_additivity(parts);
    parts.additive = !request_.multipliers;
    return parts;
  }
  std::int64_t model_outputs() const { return target_.outputs; }

 private:
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
    averages_.emplace(n_, k_, features_);
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
    remember_fallbacks(x, s);
    std::vector<std::int64_t> chosen = choose_slots(x, start);
    if (start == 0 && !request_.paired)
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

  void remember_fallbacks(const Recording& x, const Structure& s) {
    if (!residuals_.empty() || x.trace.entries().empty()) return;
    residuals_.assign(x.trace.entries().size(), 0);
    fallback_names_.resize(residuals_.size());
    for (std::size_t e = 0; e < residuals_.size(); ++e) {
      const TraceEntry& entry = x.trace.entries()[e];
      if (!s.on_path[e] || entry.op->rule() != Rule::quadrature) continue;
      fallback_names_[e] = {entry.op->name(), scope_path(entry.scope), 0};
      const auto same = [&](const FallbackOp& op) {
        return op.op == fallback_names_[e].op && op.scope == fallback_names_[e].scope;
      };
      if (std::none_of(fallback_.begin(), fallback_.end(), same)) fallback_.push_back(fallback_names_[e]);
    }
  }

  /// Sweeps rows [first, last) of the recorded block x with all their references.
  void for_each_pair_block(const Recording& x, const Structure& s, std::int64_t first, std::int64_t last,
                           const std::vector<std::int64_t>& chosen, Audit* audit) {
    const std::int64_t start = first / block_rows * block_rows;
    const auto item = static_cast<std::int64_t>(item_size(rows_.dtype()));
    const std::int64_t per_pair = std::max<std::int64_t>(1, s.widest * (2 * k_ + 2) * item);
    const std::int64_t most = std::max<std::int64_t>(1, static_cast<std::int64_t>(request_.max_bytes) / per_pair);
    const std::int64_t references = request_.paired ? 1 : std::min(b_, most);
    std::int64_t rows = 1;
    while (2 * rows <= block_rows && 2 * rows * b_ <= std::min(most, worthwhile_pairs)) rows *= 2;
    if (audit != nullptr) rows = 1;
    const std::int64_t from = (first - start) / rows * rows, tiles = (last - start - from + rows - 1) / rows;
    std::vector<std::vector<double>> residuals(at(tiles), residuals_);
    const auto tile = [&](std::int64_t i) {
      const NoGrad fixed;  // each thread has a mode of its own
      const std::int64_t n0 = from + i * rows;
      for (std::int64_t b0 = 0; b0 < b_; b0 += references) {
        const PairBlock block{n0, rows, request_.paired ? n0 : b0,
                              request_.paired ? rows : std::min(references, b_ - b0), request_.paired};
        if (s.coupled.empty())
          sweep_pairs(x, s, start, block, chosen, residuals[at(i)], audit);
        else
          sweep_whole(s, start, block, chosen, residuals[at(i)], audit);
      }
    };
    // Only the caller's thread runs the model, and looks for an op to blame.
    if (s.coupled.empty() && audit == nullptr)
      xg::detail::parallel_for(tiles, tile);
    else
      for (std::int64_t i = 0; i < tiles; ++i) tile(i);
    for (const std::vector<double>& found : residuals)
      for (std::size_t e = 0; e < found.size(); ++e) residuals_[e] = std::max(residuals_[e], found[e]);
  }

  /// All outputs at once, from rows and references recorded apart.
  void sweep_pairs(const Recording& x, const Structure& s, std::int64_t start, const PairBlock& block,
                   const std::vector<std::int64_t>& chosen, std::span<double> residuals, Audit* audit) {
    Sweep sweep(x, reference_recording_, s, target_, false);
    const Tensor m = sweep.run(block, seed(x, block, chosen, 0, k_), residuals, audit);
    if (audit == nullptr) average(m, start, block, 0, k_);
  }

  /// One output after the other, from the pairs recorded as they are.
  void sweep_whole(const Structure& s, std::int64_t start, const PairBlock& block,
                   const std::vector<std::int64_t>& chosen, std::span<double> residuals, Audit* audit) {
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
    coupled_ = s.coupled;
    for (std::int64_t slot = 0; slot < k_; ++slot) {
      Sweep sweep(x, r, whole, target_, true);
      const Tensor m = sweep.run(block, seed(x, block, chosen, slot, 1), residuals, audit);
      if (audit == nullptr) average(m, start, block, slot, 1);
    }
  }

  /// [K, P, ...]: one at the explained output of each pair, for `count` slots from `first` on.
  Tensor seed(const Recording& x, const PairBlock& block, const std::vector<std::int64_t>& chosen, std::int64_t first,
              std::int64_t count) const {
    const Tensor& value = x.value(target_.value);
    const std::int64_t pairs = block.pairs(), j = target_.outputs, each = block.paired ? 1 : block.references;
    Tensor m = zeros(with_front(count, with_front(pairs, value.shape(), 1)), {.dtype = value.dtype()});
    dispatch_floating(value.dtype(), [&]<class T>() {
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

  // Note [Additivity]
  // Every rule shares out all that arrives, so base value + contributions = prediction up to rounding. A miss beyond
  // 1e-5 (float32) or 1e-9 of the sizes involved is looked into: the sweep over that row is repeated, and each op
  // is asked how much it lost, and how large the numbers were that it added and subtracted. Where sizes explain the
  // miss it is rounding (features of size 1e6 with contributions of size 1), else the op that lost most is named.
  void check_additivity(ExplanationParts& parts) {
    if (request_.additivity == Additivity::report) return;
    const bool single = rows_.dtype() == float32;
    const double quadrature = std::accumulate(residuals_.begin(), residuals_.end(), 0.0);
    double worst = 1;
    std::int64_t worst_place = -1;
    double worst_residual = 0;
    for (std::int64_t place = 0; place < n_ * k_; ++place) {
      const std::int64_t row = place / k_, slot = place % k_;
      const double* values = parts.values.data<double>() + row * features_ * k_ + slot;
      if (!is_clean(row)) continue;
      double sum = 0;
      for (std::int64_t i = 0; i < features_; ++i) sum += values[i * k_];
      const double residual = outputs_[at(place)] - bases_[at(place)] - sum;
      const double size =
          std::max({averages_->size(row, slot), std::abs(outputs_[at(place)]), std::abs(bases_[at(place)])});
      const double allowed = (single ? 1e-5 : 1e-9) * size + quadrature;
      const double ratio = std::isfinite(residual) ? (residual == 0 ? 0 : std::abs(residual) / allowed)
                                                   : std::numeric_limits<double>::infinity();
      if (ratio > worst) worst = ratio, worst_place = place, worst_residual = residual;
    }
    if (worst_place < 0) return;
    const std::string words = explain_miss(worst_place, worst_residual, quadrature);
    if (words.empty()) return;
    if (request_.additivity == Additivity::error) throw Error(words);
    parts.notes.push_back(words);
  }

  /// Has the row finite features and predictions?
  bool is_clean(std::int64_t row) const {
    const auto finite = [](double v) { return std::isfinite(v); };
    const double *x = x64_.data() + row * features_, *y = &outputs_[at(row * k_)];
    return std::all_of(x, x + features_, finite) && std::all_of(y, y + k_, finite);
  }

  /// Whose fault it is; empty where it is rounding.
  std::string explain_miss(std::int64_t place, double residual, double quadrature) {
    const std::int64_t row = place / k_, start = row / block_rows * block_rows;
    if (request_.paired) reference_recording_ = record_references(start);
    const Recording x = record_rows(start);
    const Structure s = compare(x, reference_recording_, target_, false, request_.method);
    const std::vector<std::int64_t> chosen(slots_.begin() + start * k_,
                                           slots_.begin() + std::min(start + block_rows, n_) * k_);
    Audit audit;
    audit.ops.resize(x.trace.entries().size());
    for_each_pair_block(x, s, row, row + 1, chosen, &audit);

    const double eps =
        rows_.dtype() == float32 ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
    double rounding = 0, most = 0;
    std::size_t guilty = audit.ops.size();
    for (std::size_t e = audit.ops.size();
         e-- > 0;) {  // as the sweep goes: a NaN is the fault of the first op to have one
      const Audit::Finding& op = audit.ops[e];
      const double allowed = 16 * eps * op.size;
      if (std::isfinite(allowed)) rounding += allowed;
      const double excess = std::isfinite(op.miss) ? op.miss - allowed : std::numeric_limits<double>::infinity();
      if (excess > most) most = excess, guilty = e;
    }
    if (std::isfinite(residual) && std::abs(residual) <= rounding + quadrature) return {};
    std::string blame;
    if (!coupled_.empty())
      blame = fmt::format(
          "{} mixes the rows of a batch, and rows seem to influence each other: explain a model whose result "
          "for a row depends on that row alone",
          coupled_);
    else if (guilty < audit.ops.size())
      blame = fmt::format("{} shares out {:.3g} more or less than arrives at it: its attribution rule is to blame",
                          describe(x.trace.entries()[guilty]), audit.ops[guilty].miss);
    else
      blame = "no op lost it, so part of the result was computed without ops (from data read by hand, or by chance)";
    return fmt::format(
        "[{}] contributions do not sum up: row {}, output {}: base value {:.6g} + contributions {:.6g} is {:.3g} away "
        "from the prediction {:.6g}. {}. Additivity::report gives the values all the same.",
        request_.method, row, slots_[at(place)], bases_[at(place)], outputs_[at(place)] - bases_[at(place)] - residual,
        residual, outputs_[at(place)], blame);
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
  std::vector<double> residuals_;           // by op, of quadratures
  std::vector<FallbackOp> fallback_names_;  // by op; empty names for ops with rules
  std::vector<FallbackOp> fallback_;
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
                       const SweepRequest& request, std::int64_t* model_outputs) {
  const NoGrad fixed;
  Explainer explainer(model, rows, references, request);
  ExplanationParts parts = explainer.run();
  parts.method = request.method;
  *model_outputs = explainer.model_outputs();
  return parts;
}

Tensor mean_output(const ModelFunction& model, const Tensor& references, const char* method, Output output) {
  const NoGrad fixed;
  model.check_eval(method);
  const Recording recording = record(model, references.clone(), method);
  const Target target = find_target(recording, output, method);
  const std::vector<double> mean =
      mean_of_references(target_values(recording, target, references.size(0)), target.outputs, method);
  Tensor result = empty({target.outputs}, {.dtype = float64});
  std::copy(mean.begin(), mean.end(), result.mutable_data<double>());
  return result;
}

}  // namespace xg::explain::detail
