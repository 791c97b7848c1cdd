#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/state.hpp>

namespace xg {

namespace autograd {
thread_local constinit State thread_state;
}  // namespace autograd

bool grad_enabled() noexcept { return autograd::state().grad_enabled; }
bool inference_mode_enabled() noexcept { return autograd::state().has(autograd::mode_inference); }

GradMode::GradMode(bool enabled) noexcept : previous_(autograd::state().grad_enabled) {
  autograd::state().grad_enabled = enabled && !autograd::state().has(autograd::mode_inference);
}
GradMode::~GradMode() { autograd::state().grad_enabled = previous_; }

InferenceMode::InferenceMode() noexcept
    : previous_grad_(autograd::state().grad_enabled),
      previous_inference_(autograd::state().has(autograd::mode_inference)) {
  autograd::state().grad_enabled = false;
  autograd::state().set(autograd::mode_inference, true);
}
InferenceMode::~InferenceMode() {
  autograd::state().grad_enabled = previous_grad_;
  autograd::state().set(autograd::mode_inference, previous_inference_);
}

AnomalyMode::AnomalyMode() noexcept : previous_(autograd::state().has(autograd::mode_checked)) {
  autograd::state().set(autograd::mode_checked, true);
}
AnomalyMode::~AnomalyMode() { autograd::state().set(autograd::mode_checked, previous_); }

}  // namespace xg
