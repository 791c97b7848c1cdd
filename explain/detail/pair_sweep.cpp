#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/pair_sweep.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

namespace xg::explain::detail {

using autograd::AttributionLoss;
using autograd::PairContext;
using autograd::with_front;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
/// Replaces infinity. Its square is still finite in float32.
constexpr double infinity_substitute = 1e18;

void add_to(Tensor& total, const Tensor& part) {
  if (part.defined()) total = total.defined() ? total + part : part;
}

/// x - r in float64; 0 for equal infinities.
Tensor change_of(const Tensor& x, const Tensor& r) { return where(x == r, 0.0, x.to(float64) - r.to(float64)); }

/// Sums of m d, or of |m d| if `sizes` is true, for each of K outputs and groups of pairs, [K, groups]. A change d of 0
/// contributes 0, whatever its multiplier.
Tensor sum_of_products(const Tensor& m, const Tensor& d, std::int64_t k, std::int64_t groups, bool sizes = false) {
  if (!m.defined() || m.numel() == 0) return zeros({k, groups}, {.dtype = float64});
  const Tensor products = where(d == 0, 0.0, m.to(float64) * d).reshape({k, groups, -1});
  return (sizes ? products.abs() : products).sum(2);
}

double largest_finite(const Tensor& t) {
  double largest = 0;
  for (const double v : t.to_vector())
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  return largest;
}

}  // namespace

void keep_larger(LargestLosses& known, const LargestLosses& found) {
  for (std::size_t kind = 0; kind < loss_kinds; ++kind) {
    known[kind].resize(std::max(known[kind].size(), found[kind].size()));
    for (std::size_t e = 0; e < found[kind].size(); ++e) known[kind][e] = std::max(known[kind][e], found[kind][e]);
  }
}

PairSweep::PairSweep(const RoundedRecording& x, const RoundedRecording& r, const Structure& structure,
                     const Target& target, bool whole, bool replaces_nonfinite)
    : x_(x.recording),
      r_(r.recording),
      x_roundings_(x.roundings),
      r_roundings_(r.roundings),
      s_(structure),
      target_(target),
      whole_(whole),
      replaces_nonfinite_(replaces_nonfinite) {}

Tensor PairSweep::run(const PairBlock& block, Tensor seed, Losses& losses, Audit* audit) {
  block_ = block;
  at_pairs_.assign(x_.trace.value_count(), {});
  std::vector<Tensor> multipliers(x_.trace.value_count());
  multipliers[at(target_.value)] = std::move(seed);
  const auto& entries = x_.trace.entries();
  const auto lose = [&](LossKind kind, std::size_t e, const Tensor& loss) {
    if (!loss.defined()) return;
    const auto k = static_cast<std::size_t>(kind);
    add_to(losses.of_pairs[k], loss);
    losses.largest_of[k].resize(entries.size());
    losses.largest_of[k][e] = std::max(losses.largest_of[k][e], largest_finite(loss));
  };
  for (std::size_t e = entries.size(); e-- > 0;) {
    if (!s_.on_path[e]) continue;
    const TraceEntry& entry = entries[e];
    const PairContext pairs = context(entry, multipliers, audit != nullptr || replaces_nonfinite_);
    for (const ValueId id : entry.outputs) multipliers[at(id)] = Tensor();
    const bool arrived =
        std::any_of(pairs.multipliers.begin(), pairs.multipliers.end(), [](const Tensor& m) { return m.defined(); });
    if (arrived) {
      AttributionLoss loss;
      std::vector<Tensor> shares = autograd::attribute(*entry.op, pairs, &loss);
      Tensor undefined;
      if (replaces_nonfinite_) replace_nonfinite(entry, pairs, shares, loss, undefined);
      lose(LossKind::jump, e, loss.jumps);
      lose(LossKind::integral, e, loss.quadrature);
      lose(LossKind::undefined, e, undefined);
      if (audit != nullptr) {
        Tensor lost = undefined;
        add_to(lost, loss.jumps);
        add_to(lost, loss.quadrature);
        examine(e, pairs, shares, lost, audit->ops[e]);
      }
      for (std::size_t i = 0; i < shares.size(); ++i)
        if (pairs.varies[i]) add_to(multipliers[at(entry.inputs[i])], shares[i]);
    }
    for (const ValueId id : entry.outputs) at_pairs_[at(id)] = {};
  }
  return std::move(multipliers[at(x_.input)]);
}

PairContext PairSweep::context(const TraceEntry& entry, const std::vector<Tensor>& multipliers, bool everything) {
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
  bool all = everything || !product;
  for (std::size_t j = 0; product && j < outputs; ++j) all = all || entry.op->reads_output(j);
  for (std::size_t i = 0; i < inputs; ++i) {
    const ValueId id = entry.inputs[i];
    const bool read = all || entry.op->reads_input(i, needed.get());
    pairs.x.push_back(read ? value(id).x : placeholder(id));
    pairs.r.push_back(read ? value(id).r : pairs.x.back());
  }
  const bool results = everything || (!product && (rule != Rule::secant || entry.op->traits().jumps));
  for (const ValueId id : entry.outputs) {
    pairs.x_out.push_back(results ? value(id).x : Tensor());
    pairs.r_out.push_back(results ? value(id).r : Tensor());
  }
  if (replaces_nonfinite_)
    for (const ValueId id : entry.inputs) pairs.no_number.push_back(value(id).no_number);
  if (entry.op->traits().jumps)
    for (const ValueId id : entry.inputs) {
      const Tensor &x = x_roundings_[at(id)], &r = r_roundings_[at(id)];
      const bool rows = s_.has_rows[at(id)];
      pairs.rounding.push_back(x.defined() && r.defined() ? maximum(of_rows(x, rows), of_references(r, rows))
                                                          : Tensor());
    }
  return pairs;
}

/// The values of the rows at the pairs, [P, ...].
Tensor PairSweep::of_rows(const Tensor& value, bool has_rows) const {
  if (whole_ || !has_rows) return value;
  const Tensor rows = value.narrow(0, block_.n0, block_.rows);
  return block_.paired ? rows : repeated(rows.unsqueeze(1), value.shape());
}
Tensor PairSweep::of_references(const Tensor& value, bool has_rows) const {
  if (whole_ || !has_rows) return value;
  const Tensor references = value.narrow(0, block_.b0, block_.references);
  return block_.paired || block_.rows == 1 ? references : repeated(references.unsqueeze(0), value.shape());
}
Tensor PairSweep::repeated(const Tensor& value, const Shape& shape) const {
  const Shape pair_shape = with_front(block_.rows, with_front(block_.references, shape, 1));
  return value.expand(pair_shape).reshape(with_front(block_.pairs(), shape, 1));
}
/// A tensor of the right shape whose elements must not be read.
Tensor PairSweep::placeholder(ValueId id) const {
  const Tensor& value = x_.value(id);
  if (whole_ || !s_.has_rows[at(id)]) return value;
  const Tensor none =
      value.is_floating_point() ? full({}, nan, {.dtype = value.dtype()}) : zeros({}, {.dtype = value.dtype()});
  return none.expand(with_front(block_.pairs(), value.shape(), 1));
}

// Note [Nonfinite values]
// A model's output may be finite although an intermediate value is not: a logit masked with minus infinity, 1 / (1 +
// exp(800)), the logarithm in the branch that `where` does not take. The product of a multiplier and such a change is
// not a number. A very large number therefore replaces infinity, and a value that is NaN for the row or the reference
// is treated as unchanged: its effect is then that of the condition that selects the branch. Elementwise ops around
// such a value use difference quotients of the replacements, so that contributions still sum to the prediction; what
// cannot be passed on is counted as a loss.
const PairSweep::Value& PairSweep::value(ValueId id) {
  Value& v = at_pairs_[at(id)];
  if (v.x.defined()) return v;
  const bool rows = s_.has_rows[at(id)];
  v.x = of_rows(x_.value(id), rows);
  v.r = of_references(r_.value(id), rows);
  if (!replaces_nonfinite_ || !v.x.is_floating_point()) return v;
  const Tensor no_number = logical_not(logical_and(isfinite(v.x), isfinite(v.r)));
  if (no_number.numel() == 0 || !any(no_number).item<bool>()) return v;
  const Tensor nan_x = isnan(v.x), nan_r = isnan(v.r);
  v.no_number = no_number;
  v.nan = logical_or(nan_x, nan_r);
  const Tensor x = where(nan_x, where(nan_r, 0.0, v.r), v.x), r = where(nan_r, where(nan_x, 0.0, v.x), v.r);
  v.x = clamp(x, -infinity_substitute, infinity_substitute);
  v.r = clamp(r, -infinity_substitute, infinity_substitute);
  return v;
}

/// Replaces shares that are not finite, and computes what they do not pass on.
void PairSweep::replace_nonfinite(const TraceEntry& entry, const PairContext& pairs, std::vector<Tensor>& shares,
                                  AttributionLoss& loss, Tensor& undefined) {
  bool any_left = false;
  const auto mark = [&](ValueId id) { any_left = any_left || value(id).no_number.defined(); };
  std::for_each(entry.inputs.begin(), entry.inputs.end(), mark);
  std::for_each(entry.outputs.begin(), entry.outputs.end(), mark);
  for (std::size_t i = 0; i < shares.size() && !any_left; ++i)
    any_left = shares[i].defined() && pairs.varies[i] && !isfinite(shares[i]).all().item<bool>();
  if (!any_left) return;
  if (entry.op->rule() == Rule::secant && shares[0].defined() &&
      (value(entry.inputs[0]).no_number.defined() || value(entry.outputs[0]).no_number.defined())) {
    const Tensor &in = value(entry.inputs[0]).no_number, &out = value(entry.outputs[0]).no_number;
    const Tensor left = in.defined() && out.defined() ? logical_or(in, out) : (in.defined() ? in : out);
    const Tensor d = pairs.delta(0);
    const Tensor quotient = where(d == 0, 0.0, (pairs.x_out[0].to(d.dtype()) - pairs.r_out[0].to(d.dtype())) / d);
    shares[0] = where(left, pairs.multipliers[0] * quotient, shares[0]);
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!shares[i].defined() || !pairs.varies[i]) continue;
    const Value& v = value(entry.inputs[i]);
    if (v.nan.defined()) shares[i] = where(v.nan, 0.0, shares[i]);
    shares[i] = where(isfinite(shares[i]), shares[i], 0.0);
  }
  loss = {};  // it was computed from values that have been replaced
  undefined = autograd::missing_contribution(pairs, shares);
}

Tensor PairSweep::rounding_contribution(std::size_t e, const PairContext& pairs) const {
  const TraceEntry& entry = x_.trace.entries()[e];
  const auto in_float64 = [&](const Recording& recording) -> std::vector<Tensor> {
    std::vector<Tensor> inputs;
    for (const ValueId id : entry.inputs) {
      const Tensor& v = recording.value(id);
      inputs.push_back(v.is_floating_point() ? v.to(float64) : v);
    }
    try {
      return recording.trace.entries()[e].op->forward(inputs);
    } catch (const std::exception&) {
      return {};  // a user-defined op, which may have float32 constants
    }
  };
  const autograd::Unobserved unobserved;
  const std::vector<Tensor> x = in_float64(x_), r = in_float64(r_);
  if (x.empty() || r.empty()) return {};
  const std::int64_t groups = whole_ ? 1 : block_.pairs();
  Tensor sum = zeros({pairs.outputs_explained, groups}, {.dtype = float64});
  for (std::size_t j = 0; j < pairs.multipliers.size(); ++j) {
    const ValueId id = entry.outputs[j];
    if (!x_.value(id).is_floating_point()) continue;
    if (x[j].dtype() != float64 || r[j].dtype() != float64) return {};
    const bool rows = s_.has_rows[at(id)];
    sum = sum + sum_of_products(
                    pairs.multipliers[j],
                    of_rows(change_of(x_.value(id), x[j]), rows) - of_references(change_of(r_.value(id), r[j]), rows),
                    pairs.outputs_explained, groups);
  }
  return sum;
}

void PairSweep::examine(std::size_t e, const PairContext& pairs, const std::vector<Tensor>& shares, const Tensor& lost,
                        Audit::Finding& finding) {
  const std::int64_t k = pairs.outputs_explained, groups = whole_ ? 1 : block_.pairs();
  Tensor changes = zeros({k, groups}, {.dtype = float64}),
         sizes = changes;  // sums of |m (x - r)| and of |m| (|x| + |r|)
  const auto count = [&](const Tensor& m, const Tensor& x, const Tensor& r) {
    changes = changes + sum_of_products(m, change_of(x, r), k, groups, true);
    sizes = sizes + sum_of_products(m, x.to(float64).abs() + r.to(float64).abs(), k, groups, true);
  };
  for (std::size_t i = 0; i < shares.size(); ++i)
    if (pairs.varies[i]) count(shares[i], pairs.x[i], pairs.r[i]);
  for (std::size_t j = 0; j < pairs.multipliers.size(); ++j)
    count(pairs.multipliers[j], pairs.x_out[j], pairs.r_out[j]);

  bool single = false;
  for (const ValueId id : x_.trace.entries()[e].outputs) single = single || x_.value(id).dtype() == float32;
  const double eps = single ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const Tensor rounded = single ? rounding_contribution(e, pairs) : Tensor();
  Tensor miss = autograd::missing_contribution(pairs, shares), allowed = changes * (64 * eps);
  if (lost.defined()) miss = miss - lost;
  if (rounded.defined())
    miss = miss - rounded;
  else
    allowed = maximum(allowed, sizes * ((single ? 4 : 16) * eps));
  const std::vector<double> misses = miss.to_vector(), bounds = allowed.to_vector();
  for (std::size_t i = 0; i < misses.size(); ++i) {
    const double bound = std::isfinite(bounds[i]) ? bounds[i] : 0, size = std::abs(misses[i]);
    const double excess = std::isfinite(size) ? size - bound : std::numeric_limits<double>::infinity();
    if (excess > finding.excess) finding.excess = excess, finding.miss = size;
    finding.rounding = std::max(finding.rounding, bound);
  }
  if (rounded.defined()) finding.rounding += largest_finite(rounded);
}

}  // namespace xg::explain::detail
