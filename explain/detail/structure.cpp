#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/structure.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::explain::detail {
namespace {

bool same_tail(const Shape& a, const Shape& b) {
  return !a.empty() && a.size() == b.size() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
}

bool same_values(const Tensor& a, const Tensor& b) {
  if (a.is_same(b)) return true;
  const std::vector<double> u = a.to_vector(), v = b.to_vector();
  return std::equal(u.begin(), u.end(), v.begin(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

/// Is every slice along dimension 0 of both tensors the same, as in zeros_like(x)?
bool same_in_all_rows(const Tensor& a, const Tensor& b) {
  const Tensor first = a.narrow(0, 0, 1);
  return same_values(a, first.expand(a.shape())) && same_values(b, first.expand(b.shape()));
}

[[noreturn]] void throw_other_flow(const char* method, const std::string& what) {
  raise<Error>(
      "[{}] data-dependent control flow: {}. A row and its references must pass through the same ops: replace branches "
      "on values by where(condition, a, b).",
      method, what);
}

void check_same_ops(const Recording& x, const Recording& r, const char* method) {
  const auto &xs = x.trace.entries(), &rs = r.trace.entries();
  for (std::size_t i = 0; i < std::min(xs.size(), rs.size()); ++i)
    if (xs[i].op->type() != rs[i].op->type() || xs[i].inputs != rs[i].inputs || xs[i].outputs != rs[i].outputs ||
        xs[i].scope != rs[i].scope)
      throw_other_flow(method, fmt::format("op {} is {} for the rows and {} for the references", i, describe(xs[i]),
                                           describe(rs[i])));
  if (xs.size() != rs.size()) {
    const TraceEntry& extra = xs.size() > rs.size() ? xs[rs.size()] : rs[xs.size()];
    throw_other_flow(method, fmt::format("the rows take {} ops, the references {}; the first extra one is {}",
                                         xs.size(), rs.size(), describe(extra)));
  }
}

}  // namespace

Structure compare(const Recording& x, const Recording& r, const Target& target, bool whole, const char* method) {
  check_same_ops(x, r, method);
  const auto& entries = x.trace.entries();
  const std::size_t count = x.trace.value_count();
  Structure s;
  s.varies.assign(count, false);
  s.has_rows.assign(count, false);
  s.on_path.assign(entries.size(), false);
  std::vector<bool> odd(count, false);  // neither constant in shape nor one slice for each row
  for (std::size_t v = 0; v < count; ++v) {
    const Shape &a = x.value(static_cast<ValueId>(v)).shape(), &b = r.value(static_cast<ValueId>(v)).shape();
    s.has_rows[v] = !whole && a != b && same_tail(a, b) && a[0] == x.rows && b[0] == r.rows;
    odd[v] = a != b && !s.has_rows[v];
  }

  std::vector<bool> made(count, false), wanted(count, false);
  s.varies[at(x.input)] = true;
  made[at(x.input)] = true;
  for (const TraceEntry& entry : entries) {
    const bool varies = entry.op->rule() != Rule::constant && any_of(entry.inputs, s.varies);
    for (const ValueId id : entry.outputs) {
      s.varies[at(id)] = varies;
      made[at(id)] = true;
    }
  }
  const auto note_dtype = [&](ValueId id) {
    const Tensor& value = x.value(id);
    if (s.varies[at(id)] && value.is_floating_point())
      s.coarsest_eps =
          std::max<double>(s.coarsest_eps, value.dtype() == float32 ? std::numeric_limits<float>::epsilon()
                                                                    : std::numeric_limits<double>::epsilon());
  };
  note_dtype(x.input);
  wanted[at(target.value)] = true;
  for (std::size_t e = entries.size(); e-- > 0;) {
    const TraceEntry& entry = entries[e];
    bool reached = false;
    for (const ValueId id : entry.outputs) reached = reached || (wanted[at(id)] && s.varies[at(id)]);
    if (!reached) continue;
    s.on_path[e] = true;
    if (entry.op->rule() == Rule::unsupported)
      raise<AutogradError>(
          "[{}] {} has no attribution rule: what it returns jumps or is an index, so no share of it can be given to "
          "what it was made from. Explain a model without it between features and output.",
          method, describe(entry));
    for (const ValueId id : entry.outputs) note_dtype(id);
    std::int64_t numbers = 0;
    std::int64_t ndim = -1;
    for (const ValueId id : entry.inputs) {
      if (s.varies[at(id)]) wanted[at(id)] = true;
      if (s.varies[at(id)] && ndim < 0) ndim = x.value(id).dim();
      if (!s.varies[at(id)] && s.has_rows[at(id)] && !same_in_all_rows(x.value(id), r.value(id)))
        raise<Error>(
            "[{}] {} takes a tensor {} that {} and that differs from row to row: numbers that were read by hand, or "
            "random ones, cannot be followed back to the features. Compute it with ops.",
            method, describe(entry), x.value(id).shape().str(),
            made[at(id)] ? "does not come from the features" : "no op made");
      if (!s.varies[at(id)] && !odd[at(id)] && !s.has_rows[at(id)] && !same_values(x.value(id), r.value(id)))
        throw_other_flow(method, fmt::format("a constant that {} takes has other values for the rows than for the "
                                             "references (random numbers, or a choice between parameters)",
                                             describe(entry)));
      if (odd[at(id)] || (s.varies[at(id)] && !s.has_rows[at(id)] && !whole)) s.coupled = describe(entry);
      if (s.has_rows[at(id)]) numbers += row_size(x.value(id));
    }
    for (const ValueId id : entry.outputs) {
      if (odd[at(id)] || (s.varies[at(id)] && !s.has_rows[at(id)] && !whole)) s.coupled = describe(entry);
      if (s.has_rows[at(id)]) numbers += row_size(x.value(id));
    }
    if (!whole && entry.op->mixes_rows(ndim)) s.coupled = describe(entry);
    if (whole && !s.coupled.empty())
      throw_other_flow(method,
                       fmt::format("what {} takes or gives has another shape for the rows than for the references",
                                   describe(entry)));
    s.widest = std::max(s.widest, numbers);
  }
  return s;
}

std::string op_with_other_attributes(const Recording& x, const Recording& r, const Structure& structure) {
  const autograd::Unobserved unobserved;
  const auto& entries = x.trace.entries();
  for (std::size_t e = 0; e < entries.size(); ++e) {
    if (!structure.on_path[e]) continue;
    const TraceEntry& entry = entries[e];
    std::vector<Tensor> inputs;
    for (const ValueId id : entry.inputs) inputs.push_back(x.value(id));
    std::vector<Tensor> results;
    try {
      results = r.trace.entries()[e].op->forward(inputs);
    } catch (const Error&) {
      continue;  // a shape among its attributes, which is that of the references
    }
    for (std::size_t j = 0; j < results.size(); ++j) {
      const Tensor& value = x.value(entry.outputs[j]);
      if (results[j].shape() == value.shape() && !same_values(results[j], value)) return describe(entry);
    }
  }
  return {};
}

}  // namespace xg::explain::detail
