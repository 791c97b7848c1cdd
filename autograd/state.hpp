// The thread-local state of autograd.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>

namespace xg {
class SavedTensorHooks;
}

namespace xg::autograd {

class Observer;
class Substitution;

/// What `apply` has to do besides computing and recording: bits of State::modes. None is set in the common case, which
/// is therefore one comparison.
enum OpMode : std::uint8_t {
  mode_substitution = 1,  ///< some tensors stand for others, as parameters do in nn::functional_call
  mode_observed = 2,      ///< a trace, or a level of forward mode, follows the ops
  mode_inference = 4,     ///< results can never become part of a graph
  mode_checked = 8,       ///< AnomalyMode: results are checked for numbers that are not finite
  mode_packed = 16,       ///< SavedTensorHooks: what is saved for backward is packed
};

/// The state of a thread.
struct State {
  bool grad_enabled = true;                       ///< whether it records graphs
  std::uint8_t modes = 0;                         ///< a set of OpMode
  std::uint64_t sequence = 0;                     ///< the number of nodes it has made
  Observer* observer = nullptr;                   ///< the innermost observer, or null
  const Substitution* substitution = nullptr;     ///< the innermost substitution, or null
  const SavedTensorHooks* saved_hooks = nullptr;  ///< the innermost hooks for saved tensors, or null

  /// Whether derivatives have to be made of ops, because they are recorded or observed, and not by one kernel.
  bool derives_by_ops() const noexcept { return grad_enabled || (modes & mode_observed) != 0; }
  bool has(OpMode mode) const noexcept { return (modes & mode) != 0; }  ///< whether the mode is on
  /// Switches a mode on or off.
  void set(OpMode mode, bool on) noexcept { modes = static_cast<std::uint8_t>(on ? modes | mode : modes & ~mode); }
};

/// The calling thread's state. One struct, accessed without a call; its few bytes fit in static TLS.
XG_API extern thread_local constinit State thread_state __attribute__((tls_model("initial-exec")));

/// The state of the calling thread.
inline State& state() noexcept { return thread_state; }

}  // namespace xg::autograd
