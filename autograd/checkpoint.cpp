#include <xgrad/autograd/checkpoint.hpp>
#include <xgrad/autograd/detail/leaves.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/observer.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/saved_tensor_hooks.hpp>
#include <xgrad/autograd/substitution.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <any>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>

namespace xg {
namespace autograd {
namespace {

// Note [Checkpoints]
// The ops inside a checkpoint record their nodes as ever, but hooks take each tensor that they save and leave its
// number in its place. The first sweep that asks for one runs the function again, with hooks that keep the tensors by
// the same numbers. They are dropped when the last of those that were asked for together has been taken: a sweep with
// retain_graph, or another one, makes them anew.

/// Restores the calling thread's default generator at the end of the scope.
class KeepRandomNumbers {
 public:
  explicit KeepRandomNumbers(const Generator& state) : found_(default_generator()) { default_generator() = state; }
  ~KeepRandomNumbers() { default_generator() = found_; }
  KeepRandomNumbers(const KeepRandomNumbers&) = delete;
  KeepRandomNumbers& operator=(const KeepRandomNumbers&) = delete;

 private:
  const Generator found_;
};

/// One call of a checkpointed function, shared by the numbers that stand for its tensors.
class Frame {
 public:
  Frame(TensorsFunction f, const std::vector<Tensor>& inputs)
      : f_(std::move(f)),
        random_(default_generator()),
        substitution_(Substitution::current()),
        scope_(current_scope()),
        mode_(grad_enabled()) {
    for (const Tensor& x : inputs) inputs_.push_back({PackedTensor(x), x.requires_grad(), x.is_leaf()});
  }

  std::size_t next_number() { return count_++; }
  Tensor take(std::size_t number) {
    if (number >= kept_.size() || !kept_[number].defined()) run_again();
    if (number >= kept_.size() || !kept_[number].defined())
      raise<AutogradError>(
          "[checkpoint] the function saved {} tensors when it was computed again, and at least {} the first time: it "
          "must do the same both times.",
          kept_.size(), number + 1);
    Tensor x = std::move(kept_[number]);
    kept_[number] = Tensor();
    if (std::none_of(kept_.begin(), kept_.end(), [](const Tensor& t) { return t.defined(); })) kept_.clear();
    return x;
  }

 private:
  void run_again() {
    kept_.clear();
    std::vector<Tensor> kept;
    const KeepRandomNumbers random(random_);
    const Substitution substitution(substitution_);
    const Unobserved unobserved;
    const GradMode mode(mode_);
    std::vector<Tensor> inputs;
    for (const Input& input : inputs_) {
      inputs.push_back(input.tensor.unpack().detach());
      if (input.requires_grad) inputs.back().requires_grad_();
      if (!input.is_leaf) inputs.back() = as_result(inputs.back());
    }
    {
      const ScopeOf scope(scope_);
      const SavedTensorHooks hooks(
          [&kept](const Tensor& x) -> std::any {
            kept.push_back(x);
            return kept.size() - 1;
          },
          [](const std::any&) -> Tensor {
            throw AutogradError("[checkpoint] the values were computed for one sweep.");
          });
      static_cast<void>(f_(inputs));
    }
    if (kept.size() != count_)
      raise<AutogradError>(
          "[checkpoint] the function saved {} tensors when it was computed again, and {} the first time: it must do "
          "the "
          "same both times.",
          kept.size(), count_);
    kept_ = std::move(kept);
  }

  /// The module path of the first time, for errors.
  class ScopeOf {
   public:
    explicit ScopeOf(ScopeId scope) : previous_(xg::detail::thread_scope) { xg::detail::thread_scope = scope; }
    ~ScopeOf() { xg::detail::thread_scope = previous_; }
    ScopeOf(const ScopeOf&) = delete;
    ScopeOf& operator=(const ScopeOf&) = delete;

   private:
    ScopeId previous_;
  };
  struct Input {
    PackedTensor tensor;
    bool requires_grad, is_leaf;
  };

  TensorsFunction f_;
  Generator random_;
  std::shared_ptr<const Substitution::Table> substitution_;
  ScopeId scope_;
  bool mode_;
  std::vector<Input> inputs_;
  std::size_t count_ = 0;
  std::vector<Tensor> kept_;
};

}  // namespace

Tensor checkpointed(TensorsFunction f, const std::vector<Tensor>& inputs) {
  for (const Tensor& x : inputs)
    if (!x.defined()) throw ValueError("[checkpoint] an argument is an undefined tensor: assign a value first.");
  if (!grad_enabled()) return f(inputs);
  const auto frame = std::make_shared<Frame>(f, inputs);
  const SavedTensorHooks hooks([frame](const Tensor&) -> std::any { return std::pair(frame, frame->next_number()); },
                               [](const std::any& packed) {
                                 const auto& [owner, number] =
                                     std::any_cast<const std::pair<std::shared_ptr<Frame>, std::size_t>&>(packed);
                                 return owner->take(number);
                               });
  return f(inputs);
}

}  // namespace autograd

Tensor checkpoint(TensorsFunction f, const std::vector<Tensor>& inputs) {
  return autograd::checkpointed(std::move(f), inputs);
}

Tensor checkpoint_sequential(const std::vector<TensorFunction>& functions, const Tensor& x, std::int64_t segments) {
  if (functions.empty()) throw ValueError("[checkpoint_sequential] the list of functions is empty.");
  if (segments < 0)
    raise<ValueError>("[checkpoint_sequential] segments is {}, it must be positive, or 0 for the best number.",
                      segments);
  const std::size_t n = functions.size();
  const std::size_t count = segments == 0 ? static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(n))))
                                          : std::min(n, static_cast<std::size_t>(segments));
  Tensor y = x;
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t first = s * n / count, last = (s + 1) * n / count;
    const auto segment = [part = std::vector<TensorFunction>(functions.begin() + static_cast<std::ptrdiff_t>(first),
                                                             functions.begin() + static_cast<std::ptrdiff_t>(last))](
                             const std::vector<Tensor>& in) {
      Tensor z = in[0];
      for (const TensorFunction& f : part) z = f(z);
      return z;
    };
    y = checkpoint(TensorsFunction(segment), std::vector<Tensor>{y});
  }
  return y;
}

}  // namespace xg
