#include <xgrad/autograd/attribution.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/node.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>

namespace xg::autograd {

void throw_context_value(std::string_view name, bool known) {
  throw ValueError(known ? fmt::format("[function] the context's value '{}' has another type than the one asked for: use "
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
    throw AutogradError(fmt::format(
        "[{}] the graph was already swept and its saved tensors are released: pass {{.retain_graph = true}} to the first "
        "backward.",
        name_));
  for (std::size_t i = 0; i < saved_.size(); ++i)
    if (saved_[i].defined() && saved_[i].version() != versions_[i])
      throw AutogradError(fmt::format(
          "[{}] saved tensor {} (shape {}) was changed in place by {} after forward had saved it: use the out-of-place "
          "form, or save a clone.",
          name_, i, saved_[i].shape().str(), saved_[i].impl().storage().last_write.load()));
  return saved_;
}

/// Reaches into a context on behalf of the node and of traces.
class FunctionCall {
 public:
  static Context make(const detail::FunctionInfo& info, const std::vector<Tensor>& inputs) {
    Context context;
    context.name_ = info.name;
    for (const Tensor& x : inputs) context.needs_.push_back(node_of(x) != nullptr);
    return context;
  }
  static std::vector<Tensor>& saved(Context& context) { return context.saved_; }
  static void release(Context& context) noexcept {
    context.released_ = true;
    context.saved_.clear();
  }
};

namespace {

Gradients checked_backward(const detail::FunctionInfo& info, Context& context, const Tensor& grad,
                           std::span<const Shape> input_shapes) {
  Gradients grads = info.backward(context, grad);
  if (grads.size() != input_shapes.size())
    throw AutogradError(fmt::format("[{}] backward returned {} gradients, forward took {} tensors: return one for each.",
                                    info.name, grads.size(), input_shapes.size()));
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (grads[i].defined() && grads[i].shape() != input_shapes[i])
      throw ShapeError(fmt::format("[{}] backward returned a gradient of shape {} for argument {}, which has shape {}.",
                                   info.name, grads[i].shape().str(), i, input_shapes[i].str()));
  return grads;
}

class FunctionNode final : public Node {
 public:
  FunctionNode(std::shared_ptr<const detail::FunctionInfo> info, Context context, const std::vector<Tensor>& inputs)
      : info_(std::move(info)), context_(std::move(context)), edges_(inputs.size()) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (is_floating(inputs[i].dtype())) edges_[i] = edge_to(inputs[i]);
      shapes_.push_back(inputs[i].shape());
    }
  }
  const char* name() const override { return info_->name.c_str(); }
  std::span<Edge> edges() override { return edges_; }

  /// A saved result must not keep its own node alive: it is kept without its graph, which it gets back for each backward.
  void detach_results(const Tensor& result) {
    std::vector<Tensor>& saved = FunctionCall::saved(context_);
    for (std::size_t i = 0; i < saved.size(); ++i)
      if (saved[i].is_same(result)) {
        saved[i] = Tensor::adopt(xg::detail::new_alias(result.impl()));
        results_.push_back(i);
      }
  }

  void backward(std::span<Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) override {
    if (!grad_outputs[0].defined()) return;
    std::vector<Tensor>& saved = FunctionCall::saved(context_);
    if (!released)
      for (std::size_t i : results_) {
        saved[i] = Tensor::adopt(xg::detail::new_alias(saved[i].impl()));
        set_node(saved[i].impl(), NodeRef(this), 0);
      }
    struct Restore {  // whatever backward does, the cycle is broken again
      std::vector<Tensor>& saved;
      const std::vector<std::size_t>& results;
      ~Restore() {
        for (std::size_t i : results)
          if (i < saved.size()) set_node(saved[i].impl(), NodeRef(), 0);
      }
    };
    Gradients grads = [&] {
      const Restore restore{saved, results_};
      return checked_backward(*info_, context_, grad_outputs[0], shapes_);
    }();
    for (std::size_t i = 0; i < shapes_.size(); ++i)
      if (needed[i]) grad_inputs[i] = grads[i];
  }

  void release_saved() noexcept override {
    released = true;
    FunctionCall::release(context_);
    results_.clear();
  }

 private:
  std::shared_ptr<const detail::FunctionInfo> info_;
  Context context_;
  std::vector<Edge> edges_;
  std::vector<Shape> shapes_;
  std::vector<std::size_t> results_;  // which saved tensors are the result
};

/// A user's op in a trace. It keeps how to call forward again, for the quadrature.
class AppliedFunction final : public AppliedOp {
 public:
  explicit AppliedFunction(std::shared_ptr<const detail::FunctionInfo> info) : info_(std::move(info)) {}
  const char* name() const override { return info_->name.c_str(); }
  Rule rule() const override { return info_->secant != nullptr ? Rule::secant : Rule::quadrature; }
  bool mixes_rows(std::int64_t) const override { return false; }
  std::vector<Tensor> forward(std::span<const Tensor> inputs) const override {
    const std::vector<Tensor> arguments(inputs.begin(), inputs.end());
    Context context = FunctionCall::make(*info_, arguments);
    return {info_->forward(context, arguments)};
  }
  bool reads_input(std::size_t, const bool*) const override { return true; }
  bool reads_output(std::size_t) const override { return false; }
  void vjp(std::span<const Tensor> inputs, std::span<const Tensor>, std::span<const Shape> input_shapes,
           std::span<const Tensor> grad_outputs, std::span<Tensor> grad_inputs, const bool* needed) const override {
    const std::vector<Tensor> arguments(inputs.begin(), inputs.end());
    Context context = FunctionCall::make(*info_, arguments);
    info_->forward(context, arguments);
    const Gradients grads = checked_backward(*info_, context, grad_outputs[0], input_shapes);
    for (std::size_t i = 0; i < grads.size(); ++i)
      if (needed[i]) grad_inputs[i] = grads[i];
  }
  Tensor secant(const Tensor& x, const Tensor& r) const override {
    if (info_->secant == nullptr) return {};
    Context context = FunctionCall::make(*info_, {x});
    info_->forward(context, {x});
    return info_->secant(context, x, r);
  }
  std::vector<Tensor> attribute(const PairContext&) const override { return {}; }

 private:
  std::shared_ptr<const detail::FunctionInfo> info_;
};

}  // namespace

namespace detail {

std::string readable_type_name(const char* mangled) {
  int status = 0;
  char* text = abi::__cxa_demangle(mangled, nullptr, nullptr, &status);
  std::string name = status == 0 && text != nullptr ? text : mangled;
  std::free(text);
  const std::size_t colon = name.rfind("::");
  return colon == std::string::npos ? name : name.substr(colon + 2);
}

Tensor apply_function(FunctionInfo info_value, std::vector<Tensor> inputs) {
  const auto info = std::make_shared<const FunctionInfo>(std::move(info_value));
  for (const Tensor& x : inputs)
    if (!x.defined())
      throw ValueError(fmt::format("[{}] an argument is an undefined tensor: assign a value first.", info->name));
  Context context = FunctionCall::make(*info, inputs);
  Tensor result;
  {
    const NoGrad fixed;
    const NoTrace quiet;
    result = info->forward(context, inputs);
  }
  if (!result.defined()) throw AutogradError(fmt::format("[{}] forward returned an undefined tensor.", info->name));
  for (const Tensor& x : inputs)
    if (x.is_same(result)) {  // an argument handed through would lose its own graph
      result = Tensor::adopt(xg::detail::new_alias(result.impl()));
      break;
    }
  bool wants = false;
  for (const Tensor& x : inputs) wants |= is_floating(x.dtype()) && node_of(x) != nullptr;
  if (grad_enabled() && wants && is_floating(result.dtype())) {
    auto* node = new FunctionNode(info, std::move(context), inputs);
    node->detach_results(result);
    set_node(result.impl(), NodeRef::adopt(node), 0);
  }
  if (Trace* trace = state().trace) {
    std::vector<const Tensor*> pointers;
    for (const Tensor& x : inputs) pointers.push_back(&x);
    trace->record(std::make_shared<AppliedFunction>(info), pointers, std::span<const Tensor>(&result, 1));
  }
  return result;
}

}  // namespace detail
}  // namespace xg::autograd
