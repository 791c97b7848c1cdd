#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/state.hpp>

namespace xg {

namespace autograd {
thread_local constinit State thread_state;
}  // namespace autograd

bool grad_enabled() noexcept { return autograd::state().grad_enabled; }
bool inference_mode_enabled() noexcept { return autograd::state().inference; }

GradMode::GradMode(bool enabled) noexcept : previous_(autograd::state().grad_enabled) {
  autograd::state().grad_enabled = enabled && !autograd::state().inference;
}
GradMode::~GradMode() { autograd::state().grad_enabled = previous_; }

InferenceMode::InferenceMode() noexcept
    : previous_grad_(autograd::state().grad_enabled), previous_inference_(autograd::state().inference) {
  autograd::state().grad_enabled = false;
  autograd::state().inference = true;
}
InferenceMode::~InferenceMode() {
  autograd::state().grad_enabled = previous_grad_;
  autograd::state().inference = previous_inference_;
}

AnomalyMode::AnomalyMode() noexcept : previous_(autograd::state().anomaly) { autograd::state().anomaly = true; }
AnomalyMode::~AnomalyMode() { autograd::state().anomaly = previous_; }

}  // namespace xg
