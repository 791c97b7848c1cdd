#include <xgrad/autograd/detail/node.hpp>
#include <xgrad/autograd/detail/op_modes.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace xg::autograd {

void throw_context_value(std::string_view name, bool known) {
  throw ValueError(
      known ? fmt::format("[function] the context's value '{}' does not have the requested type: use "
                          "the type that set() was given.",
                          name)
            : fmt::format("[function] the context has no value '{}': keep it in forward with ctx.set().", name));
}

void Context::save_for_backward(std::vector<Tensor> tensors) {
  saved_ = std::move(tensors);
  versions_.clear();
  for (const Tensor& t : saved_) versions_.push_back(t.defined() ? t.version() : 0);
}

const std::vector<Tensor>& Context::saved() const {
  if (released_)
    raise<AutogradError>(
        "[{}] the graph was already swept and its saved tensors are released: pass {{.retain_graph = true}} to the "
        "first backward.",
        name_);
  for (std::size_t i = 0; i < saved_.size(); ++i)
    if (saved_[i].defined() && saved_[i].version() != versions_[i])
      raise<AutogradError>(
          "[{}] saved tensor {} (shape {}) was changed in place by {} after forward had saved it: use the out-of-place "
          "form, or save a clone.",
          name_, i, saved_[i].shape().str(), saved_[i].impl().storage().last_write.load());
  return saved_;
}

/// Access to the private parts of a context, for nodes and traces.
struct FunctionCall {
  /// `needs` has an entry for each present tensor; entries for absent ones are inserted.
  static Context make(const detail::FunctionInfo& info, std::vector<bool> needs) {
    Context context;
    context.name_ = info.name;
    for (std::size_t i = info.absent.size(); i-- > 0;)
      needs.insert(needs.begin() + static_cast<std::ptrdiff_t>(info.absent[i]), false);
    context.needs_ = std::move(needs);
    return context;
  }
  static bool materializes(const Context& context) { return context.materialize_; }
  static bool differentiable(const Context& context, const Tensor& result) {
    return is_floating(result.dtype()) &&
           std::none_of(context.constants_.begin(), context.constants_.end(),
                        [&](const Tensor& constant) { return constant.is_same(result); });
  }
  static std::size_t saved_count(const Context& context) { return context.saved_.size(); }
  static Tensor& saved(Context& context, std::size_t i) { return context.saved_[i]; }
  static void replace_saved(Context& context, std::size_t i, Tensor tensor) {
    context.versions_[i] = tensor.version();
    context.saved_[i] = std::move(tensor);
  }
  static void forget_constants(Context& context) noexcept { context.constants_.clear(); }
  static void release(Context& context) noexcept {
    context.released_ = true;
    context.saved_.clear();
  }
};

namespace {

std::vector<bool> needs_grad(std::span<const Tensor> inputs) {
  std::vector<bool> needs;
  for (const Tensor& x : inputs) needs.push_back(is_floating(x.dtype()) && node_of(x) != nullptr);
  return needs;
}

std::vector<Tensor> checked_forward(const detail::FunctionInfo& info, Context& context,
                                    const std::vector<Tensor>& inputs) {
  std::vector<Tensor> results = info.forward(context, inputs);
  constexpr std::size_t max_results = std::numeric_limits<std::uint8_t>::max();
  if (results.empty() || results.size() > max_results)
    raise<AutogradError>("[{}] forward returned {} tensors: return at least one, and at most {}.", info.name,
                         results.size(), max_results);
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!results[i].defined())
      raise<AutogradError>("[{}] forward returned an undefined tensor{}.", info.name,
                           results.size() == 1 ? "" : fmt::format(" as result {}", i));
  return results;
}

/// The shape and dtype of a result, for the zeros that stand for its gradient.
struct ResultType {
  Shape shape;
  Dtype dtype;
};

std::vector<ResultType> types_of(std::span<const Tensor> results) {
  std::vector<ResultType> types;
  for (const Tensor& result : results) types.push_back({result.shape(), result.dtype()});
  return types;
}

/// Calls backward with the gradients of the results (undefined is zero); returns one gradient for each present tensor.
std::vector<Tensor> checked_backward(const detail::FunctionInfo& info, Context& context,
                                     std::span<const Tensor> grad_outputs, std::span<const ResultType> results,
                                     std::span<const Shape> input_shapes) {
  std::vector<Tensor> complete(grad_outputs.begin(), grad_outputs.end());
  if (FunctionCall::materializes(context))
    for (std::size_t i = 0; i < complete.size(); ++i)
      if (!complete[i].defined()) complete[i] = zeros(results[i].shape, {.dtype = results[i].dtype});
  const Gradients grads = info.backward(context, complete);
  const std::size_t expected = input_shapes.size() + info.absent.size();
  if (grads.size() != expected)
    raise<AutogradError>("[{}] backward returned {} gradients, forward took {} tensors: return one for each.",
                         info.name, grads.size(), expected);
  std::vector<Tensor> present;
  for (std::size_t i = 0, absent = 0; i < grads.size(); ++i) {
    if (absent < info.absent.size() && info.absent[absent] == present.size()) {
      ++absent;
      continue;
    }
    const Shape& shape = input_shapes[present.size()];
    if (grads[i].defined() && grads[i].shape() != shape)
      raise<ShapeError>("[{}] backward returned a gradient of shape {} for argument {}, which has shape {}.", info.name,
                        grads[i].shape().str(), i, shape.str());
    present.push_back(grads[i]);
  }
  return present;
}

class FunctionNode final : public Node {
 public:
  FunctionNode(std::shared_ptr<const detail::FunctionInfo> info, Context context, const std::vector<Tensor>& inputs,
               std::span<const Tensor> results)
      : info_(std::move(info)), context_(std::move(context)), edges_(inputs.size()), results_(types_of(results)) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (is_floating(inputs[i].dtype())) edges_[i] = edge_to(inputs[i]);
      if (edges_[i].node) follow(*edges_[i].node.get());
      shapes_.push_back(inputs[i].shape());
    }
  }
  const char* name() const override { return info_->name.c_str(); }
  std::span<Edge> edges() override { return edges_; }
  std::size_t output_count() const override { return results_.size(); }

  /// A saved result must not keep its own node alive, so it is stored without its graph, which is restored for each
  /// backward. `returned` is the tensor as forward knew it.
  void detach_saved(const Tensor& returned, const Tensor& result, std::uint8_t slot) {
    for (std::size_t i = 0; i < FunctionCall::saved_count(context_); ++i)
      if (FunctionCall::saved(context_, i).is_same(returned)) {
        FunctionCall::replace_saved(context_, i, Tensor::adopt(xg::detail::new_alias(result.impl())));
        saved_results_.push_back({i, slot});
      }
  }

  void backward(std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) override {
    if (std::none_of(grad_outputs.begin(), grad_outputs.end(), [](const Tensor& g) { return g.defined(); })) return;
    struct Restore {  // breaks the cycle again, also if backward throws
      Context& context;
      std::span<const SavedResult> results;
      ~Restore() {
        for (const SavedResult& r : results)
          if (r.index < FunctionCall::saved_count(context))
            set_node(FunctionCall::saved(context, r.index).impl(), NodeRef(), 0);
      }
    };
    const std::vector<Tensor> grads = [&] {
      const PackedAgain packed_again{context_, packed_};
      for (const PackedSaved& p : packed_) {
        Tensor x = p.tensor.unpack();
        if (p.edge.node && state().derives_by_ops()) set_node(x.impl(), p.edge.node, p.edge.slot);
        FunctionCall::replace_saved(context_, p.index, std::move(x));
      }
      const Restore restore{context_, saved_results_};
      for (const SavedResult& r : saved_results_) {
        Tensor& saved = FunctionCall::saved(context_, r.index);
        saved = Tensor::adopt(xg::detail::new_alias(saved.impl()));
        set_node(saved.impl(), NodeRef(this), r.slot);
      }
      return checked_backward(*info_, context_, grad_outputs, results_, shapes_);
    }();
    for (std::size_t i = 0; i < shapes_.size(); ++i)
      if (needed[i]) grad_inputs[i] = grads[i];
  }

  void release_saved() noexcept override {
    released = true;
    FunctionCall::release(context_);
    saved_results_.clear();
    packed_.clear();
  }

  void pack_saved() override {
    for (std::size_t i = 0; i < FunctionCall::saved_count(context_); ++i) {
      Tensor& saved = FunctionCall::saved(context_, i);
      if (!saved.defined()) continue;
      Edge edge = edge_to(saved);
      if (edge.node && edge.node->is_leaf()) continue;
      packed_.push_back({i, PackedTensor(saved), std::move(edge)});
      saved = Tensor();
    }
  }

 private:
  struct PackedSaved {
    std::size_t index;  // index among the saved tensors
    PackedTensor tensor;
    Edge edge;
  };
  struct PackedAgain {  // drops what was unpacked, also if backward throws
    Context& context;
    std::span<const PackedSaved> packed;
    ~PackedAgain() {
      for (const PackedSaved& p : packed)
        if (p.index < FunctionCall::saved_count(context)) FunctionCall::saved(context, p.index) = Tensor();
    }
  };
  struct SavedResult {
    std::size_t index;  // index among the saved tensors
    std::uint8_t slot;
  };
  std::shared_ptr<const detail::FunctionInfo> info_;
  Context context_;
  std::vector<Edge> edges_;
  std::vector<Shape> shapes_;
  std::vector<ResultType> results_;
  std::vector<SavedResult> saved_results_;
  std::vector<PackedSaved> packed_;
};

/// A user-defined op in a trace. It can call forward again, for quadratures.
class AppliedFunction final : public AppliedOp {
 public:
  explicit AppliedFunction(std::shared_ptr<const detail::FunctionInfo> info) : info_(std::move(info)) {}
  const char* name() const override { return info_->name.c_str(); }
  const std::type_info& type() const override { return *info_->type; }
  Rule rule() const override { return info_->secant != nullptr ? Rule::secant : Rule::quadrature; }
  const OpTraits& traits() const override { return info_->traits; }
  bool mixes_rows(std::int64_t) const override { return info_->traits.mixes_rows; }
  std::vector<Tensor> forward(std::span<const Tensor> inputs) const override {
    Context context = FunctionCall::make(*info_, needs_grad(inputs));
    return checked_forward(*info_, context, {inputs.begin(), inputs.end()});
  }
  bool reads_input(std::size_t, const bool*) const override { return true; }
  bool reads_output(std::size_t) const override { return false; }
  void vjp(std::span<const Tensor> inputs, std::span<const Tensor>, std::span<const Shape> input_shapes,
           std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const override {
    // The sweep decides which gradients are needed, whether or not the traced tensors require grad.
    Context context = FunctionCall::make(*info_, std::vector<bool>(needed, needed + inputs.size()));
    const std::vector<Tensor> results = checked_forward(*info_, context, {inputs.begin(), inputs.end()});
    const std::vector<Tensor> grads = checked_backward(*info_, context, grad_outputs, types_of(results), input_shapes);
    for (std::size_t i = 0; i < grads.size(); ++i)
      if (needed[i]) grad_inputs[i] = grads[i];
  }
  Tensor secant(const Tensor& x, const Tensor& r) const override {
    if (info_->secant == nullptr) return {};
    Context context = FunctionCall::make(*info_, {true});
    info_->forward(context, {x});
    return info_->secant(context, x, r);
  }
  std::vector<Tensor> attribute(const PairContext&) const override { return {}; }

 private:
  std::shared_ptr<const detail::FunctionInfo> info_;
};

bool is_among(const Tensor& x, std::span<const Tensor> tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.is_same(x); });
}

bool shares_memory(const Tensor& x, std::span<const Tensor> tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.shares_storage(x); });
}

/// The results, copied where one is a view, or shares memory with an argument or another result: it would change with
/// it, or take over its graph.
std::vector<Tensor> with_own_memory(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> copies;
  for (const Tensor& result : results)
    copies.push_back(result.impl().base() != nullptr || shares_memory(result, inputs) || shares_memory(result, copies)
                         ? kernels::copy(result)
                         : result);
  return copies;
}

}  // namespace

namespace detail {

std::vector<Tensor> apply_function(FunctionInfo info_value, const std::vector<Tensor>& arguments) {
  const auto info = std::make_shared<const FunctionInfo>(std::move(info_value));
  std::vector<Tensor> inputs;
  for (const Tensor& x : arguments) inputs.push_back(substituted(x));
  for (const Tensor& x : inputs)
    if (!x.defined()) raise<ValueError>("[{}] an argument is an undefined tensor: assign a value first.", info->name);
  std::vector<bool> needs = needs_grad(inputs);
  const bool recording = grad_enabled() && std::find(needs.begin(), needs.end(), true) != needs.end();
  std::vector<std::uint32_t> versions;
  for (const Tensor& x : inputs) versions.push_back(x.version());
  Context context = FunctionCall::make(*info, needs);
  std::vector<Tensor> returned;
  {
    const NoGrad guard;
    const Unobserved unobserved;
    returned = checked_forward(*info, context, inputs);
  }
  for (std::size_t i = 0; recording && i < inputs.size(); ++i)
    if (needs[i] && inputs[i].version() != versions[i])
      raise<AutogradError>(
          "[{}] forward changed tensor {} of its arguments (shape {}) in place by {}, and it requires grad: work "
          "on a clone.",
          info->name, i, inputs[i].shape().str(), inputs[i].impl().storage().last_write.load());
  std::vector<Tensor> results = with_own_memory(returned, inputs);
  std::vector<bool> differentiable;
  for (const Tensor& result : returned) differentiable.push_back(FunctionCall::differentiable(context, result));
  FunctionCall::forget_constants(context);
  if (recording && std::find(differentiable.begin(), differentiable.end(), true) != differentiable.end()) {
    auto* node = new FunctionNode(info, std::move(context), inputs, results);
    const NodeRef owner = NodeRef::adopt(node);
    for (std::size_t k = 0; k < results.size(); ++k) {
      if (!differentiable[k]) continue;
      const auto slot = static_cast<std::uint8_t>(k);
      if (!is_among(returned[k], inputs)) node->detach_saved(returned[k], results[k], slot);
      set_node(results[k].impl(), owner, slot);
    }
  }
  if (state().modes != 0) {
    std::vector<const Tensor*> pointers;
    for (const Tensor& x : inputs) pointers.push_back(&x);
    finish_in_modes(info->name.c_str(), pointers, results);
    if (observed()) tell_observers(std::make_shared<AppliedFunction>(info), pointers, results);
  }
  return results;
}

}  // namespace detail
}  // namespace xg::autograd
