#include <xgrad/autograd/detail/forward_level.hpp>
#include <xgrad/autograd/detail/jvp.hpp>
#include <xgrad/autograd/detail/strided.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <string>

namespace xg::autograd::detail {
namespace {

// All levels of all threads, for tensors that end.
xg::detail::ProcessMutex& levels_mutex() {
  static auto* mutex = new xg::detail::ProcessMutex;
  return *mutex;
}
std::vector<ForwardLevel*>& levels() {
  static auto* all = new std::vector<ForwardLevel*>;
  return *all;
}

const bool installed = [] {
  xg::detail::forget_observed = [](const xg::detail::TensorImpl* impl) noexcept {
    std::shared_ptr<const Duals> ended;
    const std::lock_guard lock(levels_mutex());
    for (ForwardLevel* level : levels())
      if (std::shared_ptr<const Duals> duals = level->forget(impl)) {
        duals->next = std::move(ended);
        ended = std::move(duals);
      }
  };
  return true;
}();

/// sum + more, where an undefined one is 0.
void add_to(Tensor& sum, const Tensor& more) {
  if (more.defined()) sum = sum.defined() ? sum + more : more;
}

std::int64_t offset_in(const xg::detail::TensorImpl& base, const xg::detail::TensorImpl& view) {
  const auto bytes = static_cast<const char*>(view.data) - static_cast<const char*>(base.data);
  return bytes / static_cast<std::int64_t>(item_size(view.dtype));
}

Tensor tangent_of(const Duals& duals, std::size_t direction) {
  if (duals.streams.defined()) return duals.streams.select(0, static_cast<std::int64_t>(direction));
  return direction < duals.tangents.size() ? duals.tangents[direction] : Tensor();
}

Tensor laplacian_of(const Duals& duals) {
  return duals.streams.defined() ? duals.streams.select(0, -1) : duals.laplacian;
}

std::vector<Tensor> tangents_of(std::span<const std::shared_ptr<const Duals>> known, std::size_t direction) {
  std::vector<Tensor> tangents(known.size());
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i] != nullptr) tangents[i] = tangent_of(*known[i], direction);
  return tangents;
}

bool any_defined(std::span<const Tensor> tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const Tensor& x) { return x.defined(); });
}

}  // namespace

ForwardLevel::ForwardLevel(Options options) : options_(std::move(options)) {
  const std::lock_guard lock(levels_mutex());
  levels().push_back(this);
}

ForwardLevel::~ForwardLevel() {
  const std::lock_guard lock(levels_mutex());
  std::erase(levels(), this);
}

std::shared_ptr<const Duals> ForwardLevel::forget(const xg::detail::TensorImpl* impl) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = by_record_.find(impl);
  if (found == by_record_.end()) return nullptr;
  Known ended = std::move(found->second);
  by_record_.erase(found);
  return ended;
}

void ForwardLevel::set(const Tensor& x, Duals duals) {
  duals.tangents.resize(options_.directions);
  keep(x, std::make_shared<const Duals>(std::move(duals)));
}

void ForwardLevel::keep(const Tensor& x, Known duals) {
  x.impl().kind |= xg::detail::TensorImpl::is_observed;
  const std::lock_guard lock(mutex_);
  std::swap(by_record_[x.unsafe_impl()], duals);
}

ForwardLevel::Known ForwardLevel::find(const Tensor& x) {
  const xg::detail::TensorImpl& impl = x.impl();
  Known base_duals;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_record_.find(&impl); found != by_record_.end()) return found->second;
    if (impl.autograd != nullptr && !by_node_.empty())
      if (const auto found = by_node_.find(static_cast<const Node*>(impl.autograd)); found != by_node_.end())
        for (const auto& [slot, duals] : found->second)
          if (slot == impl.autograd_slot) return duals;
    if (impl.base() == nullptr) return nullptr;
    const auto found = by_record_.find(impl.base());
    if (found == by_record_.end()) return nullptr;
    base_duals = found->second;
  }
  // A view that was made before its base was written to.
  return std::make_shared<const Duals>(part_of(*base_duals, impl));
}

Duals ForwardLevel::part_of(const Duals& base_duals, const xg::detail::TensorImpl& view) const {
  const auto part = [&](const Tensor& t) {
    if (!t.defined()) return Tensor();
    // Geometry is in the strides of the base, which a tangent may not have.
    const Tensor dense = t.strides() == view.base()->strides() ? t : t.contiguous();
    return as_strided(dense, view.shape(), view.strides(), offset_in(*view.base(), view));
  };
  Duals duals;
  for (std::size_t d = 0; d < options_.directions; ++d) duals.tangents.push_back(part(tangent_of(base_duals, d)));
  duals.laplacian = part(laplacian_of(base_duals));
  return duals;
}

Duals ForwardLevel::of(const Tensor& x) {
  Duals duals;
  duals.tangents.resize(options_.directions);
  if (const Known known = find(x)) {
    for (std::size_t d = 0; d < options_.directions; ++d) duals.tangents[d] = tangent_of(*known, d);
    duals.laplacian = laplacian_of(*known);
  }
  const Tensor zero = zeros(x.shape(), {.dtype = x.dtype()});
  for (Tensor& t : duals.tangents)
    if (!t.defined()) t = zero;
  if (!duals.laplacian.defined()) duals.laplacian = zero;
  return duals;
}

void ForwardLevel::observe(const std::shared_ptr<const AppliedOp>& op, std::span<const Tensor* const> inputs,
                           std::span<const Tensor> results) {
  std::vector<Known> known;
  for (const Tensor* x : inputs) known.push_back(is_floating(x->dtype()) ? find(*x) : nullptr);
  if (std::all_of(known.begin(), known.end(), [](const Known& k) { return k == nullptr; })) return;
  if (!op->traits().has_derivative || op->traits().ends_graph) return;
  std::vector<Tensor> arguments;
  for (const Tensor* x : inputs) arguments.push_back(*x);
  if (options_.rows >= 0) check_rows(*op, arguments, known, results);
  std::vector<Duals> duals = derived(*op, arguments, results, known);
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!results[k].defined() || !is_floating(results[k].dtype())) continue;
    const auto shared = std::make_shared<const Duals>(std::move(duals[k]));
    keep(results[k], shared);
    if (Node* node = node_of(results[k])) {
      by_node_[node].emplace_back(results[k].impl().autograd_slot, shared);
      nodes_.emplace_back(node);
    }
  }
}

Tensor ForwardLevel::streams_of(const Duals& known, const Tensor& x) const {
  if (known.streams.defined()) return known.streams;
  std::vector<Tensor> all;
  const Tensor zero = zeros(x.shape(), {.dtype = x.dtype()});
  for (std::size_t d = 0; d < options_.directions; ++d) all.push_back(tangent_of(known, d));
  all.push_back(known.laplacian);
  for (Tensor& t : all)
    if (!t.defined()) t = zero;
  return stack(all);
}

/// All streams in one op, for the two kinds of op that networks are made of: rows times a constant matrix, and
/// elementwise functions that give their third derivative. Undefined for any other.
Tensor ForwardLevel::pushed_streams(const AppliedOp& op, std::span<const Tensor> inputs,
                                    std::span<const Tensor> outputs, std::span<const Known> known) const {
  constexpr std::size_t max_directions = 64;  // the bits of a set
  if (options_.curved.empty() || options_.directions >= max_directions || known[0] == nullptr) return {};
  for (std::size_t i = 1; i < known.size(); ++i)
    if (known[i] != nullptr) return {};
  const Tensor& x = inputs[0];
  if (inputs.size() == 1 && op.traits().elementwise) {
    std::uint64_t curved = 0;
    for (std::size_t d = 0; d < options_.directions; ++d)
      if (options_.curved[d]) curved |= std::uint64_t{1} << d;
    if (!op.has_third()) return {};
    return op.curved_push(x, outputs[0], streams_of(*known[0], x), curved);
  }
  if (op.jvp_rule() != JvpRule::product || x.dim() != 2 || !op.linear_map(inputs, 0).weight.defined()) return {};
  const Tensor streams = streams_of(*known[0], x);
  const Tensor pushed = op.linear_applied(std::vector<Tensor>{streams.reshape({-1, x.size(1)}), inputs[1]});
  return pushed.reshape({streams.size(0), x.size(0), pushed.size(1)});
}

Duals ForwardLevel::pushed(const AppliedOp& op, const AppliedOp::Slopes& slopes, const Tensor& x, const Tensor& y,
                           const Duals& known) const {
  Duals duals;
  Tensor squares;
  for (std::size_t d = 0; d < options_.directions; ++d) {
    const Tensor t = tangent_of(known, d);
    duals.tangents.push_back(t.defined() ? slopes.slope * t : Tensor());
    if (options_.curved[d] && t.defined()) add_to(squares, square(t));
  }
  if (const Tensor l = laplacian_of(known); l.defined()) duals.laplacian = slopes.slope * l;
  if (!squares.defined()) return duals;
  Tensor curvature = slopes.curvature;
  if (!curvature.defined()) {
    // The slope's own derivative.
    ForwardLevel level({});
    level.set(x, {{ones(x.shape(), {.dtype = x.dtype()})}, {}});
    level.set(y, {{slopes.slope}, {}});
    const Tensor slope = [&] {
      const ObserverScope scope(level);
      return op.slopes(x, y, false).slope;
    }();
    curvature = level.of(slope).tangents[0];
  }
  add_to(duals.laplacian, curvature * squares);
  return duals;
}

std::vector<Duals> ForwardLevel::derived(const AppliedOp& op, std::span<const Tensor> inputs,
                                         std::span<const Tensor> outputs, std::span<const Known> known) const {
  if (Tensor streams = pushed_streams(op, inputs, outputs, known); streams.defined()) {
    Duals all;
    all.streams = std::move(streams);
    return {std::move(all)};
  }
  // One slope serves all directions.
  if (!options_.curved.empty() && inputs.size() == 1)
    if (const AppliedOp::Slopes slopes = op.slopes(inputs[0], outputs[0], true); slopes.slope.defined())
      return {pushed(op, slopes, inputs[0], outputs[0], *known[0])};
  std::vector<Duals> duals(outputs.size());
  std::vector<Tensor> laplacians(outputs.size());
  for (std::size_t d = 0; d < options_.directions; ++d) {
    const std::vector<Tensor> tangents = tangents_of(known, d);
    std::vector<Tensor> pushed(outputs.size());
    if (any_defined(tangents)) {
      pushed = jvp(op, inputs, outputs, tangents);
      if (d < options_.curved.size() && options_.curved[d]) {
        const std::vector<Tensor> curved = second_tangents(op, inputs, outputs, tangents, pushed);
        for (std::size_t k = 0; k < outputs.size(); ++k) add_to(laplacians[k], curved[k]);
      }
    }
    for (std::size_t k = 0; k < outputs.size(); ++k) duals[k].tangents.push_back(pushed[k]);
  }
  if (!options_.curved.empty()) {
    std::vector<Tensor> inner(known.size());
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i] != nullptr) inner[i] = laplacian_of(*known[i]);
    if (any_defined(inner)) {
      const std::vector<Tensor> pushed = jvp(op, inputs, outputs, inner);
      for (std::size_t k = 0; k < outputs.size(); ++k) add_to(laplacians[k], pushed[k]);
    }
    for (std::size_t k = 0; k < outputs.size(); ++k) duals[k].laplacian = laplacians[k];
  }
  return duals;
}

void ForwardLevel::check_rows(const AppliedOp& op, std::span<const Tensor> inputs, std::span<const Known> known,
                              std::span<const Tensor> results) const {
  std::vector<bool> carries;
  for (const Known& k : known) carries.push_back(k != nullptr);
  for (const Tensor& result : results) {
    if (!result.defined() || !is_floating(result.dtype())) continue;
    if (op.keeps_rows(inputs, carries, result, options_.rows)) continue;
    const std::string path = scope_path(current_scope());
    std::string shapes;
    for (const Tensor& x : inputs) shapes += (shapes.empty() ? "" : " and ") + x.shape().str();
    raise<AutogradError>(
        "[{}] {} of {} gives {}: it mixes rows, or moves them from dimension 0, where row i of the result must depend "
        "on row i of the {} rows alone. Use jacobian or hessian of the whole function.{}",
        options_.op, op.name(), shapes, result.shape().str(), options_.rows,
        path.empty() ? "" : " Called in: " + path + ".");
  }
}

void ForwardLevel::before_write(const Tensor& tensor, const Tensor& before, const char*) {
  if (Known known = is_floating(tensor.dtype()) ? find(tensor) : nullptr) keep(before, std::move(known));
}

void ForwardLevel::after_write(const Tensor& tensor, const Tensor& result) {
  const ObservedOnlyBy outside(outer());
  const Known written = is_floating(result.dtype()) && is_floating(tensor.dtype()) ? find(result) : nullptr;
  xg::detail::TensorImpl& impl = tensor.impl();
  xg::detail::TensorImpl* base_impl = impl.base() != nullptr ? impl.base() : &impl;
  base_impl->refs.acquire();
  const Tensor base = Tensor::adopt(base_impl);
  const Known base_known = is_floating(base.dtype()) ? find(base) : nullptr;
  if (written == nullptr && base_known == nullptr) return;
  const auto value_of = [](const Known& known, std::size_t d, bool laplacian) {
    if (known == nullptr) return Tensor();
    return laplacian ? laplacian_of(*known) : tangent_of(*known, d);
  };
  const auto merged = [&](std::size_t d, bool laplacian) {
    Tensor part = value_of(written, d, laplacian), whole = value_of(base_known, d, laplacian);
    if (part.defined()) part = to(part, tensor.dtype());
    if (impl.base() == nullptr || (!part.defined() && !whole.defined())) return part;
    if (!part.defined()) part = zeros(tensor.shape(), {.dtype = tensor.dtype()});
    if (!whole.defined()) whole = zeros(base.shape(), {.dtype = base.dtype()});
    return as_strided_scatter(whole.contiguous(), part, impl.shape(), impl.strides(), offset_in(*base_impl, impl));
  };
  Duals duals;
  for (std::size_t d = 0; d < options_.directions; ++d) duals.tangents.push_back(merged(d, false));
  duals.laplacian = merged(0, true);
  {
    // Views that are known have the derivatives of what was overwritten: they are found from the base from now on.
    std::vector<Known> ended;
    const std::lock_guard lock(mutex_);
    std::erase_if(by_record_, [&](auto& entry) {
      const bool view = entry.first != base_impl && &entry.first->storage() == &base_impl->storage() &&
                        entry.first->base() == base_impl;
      if (view) ended.push_back(std::move(entry.second));
      return view;
    });
  }
  keep(base, std::make_shared<const Duals>(std::move(duals)));
}

std::vector<Tensor> second_tangents(const AppliedOp& op, std::span<const Tensor> inputs,
                                    std::span<const Tensor> outputs, std::span<const Tensor> tangents,
                                    std::span<const Tensor> out) {
  if (op.rule() == Rule::linear) return std::vector<Tensor>(outputs.size());
  ForwardLevel level({});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (tangents[i].defined()) level.set(inputs[i], {{tangents[i]}, {}});
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (out[k].defined()) level.set(outputs[k], {{out[k]}, {}});
  std::vector<Tensor> pushed;
  {
    const ObserverScope scope(level);
    pushed = jvp(op, inputs, outputs, tangents);
  }
  std::vector<Tensor> second(outputs.size());
  for (std::size_t k = 0; k < outputs.size(); ++k)
    if (pushed[k].defined()) second[k] = level.of(pushed[k]).tangents[0];
  return second;
}

}  // namespace xg::autograd::detail
