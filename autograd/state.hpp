// What each thread knows: is it recording, is it tracing, how many nodes has it made.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>

namespace xg::autograd {

class Trace;

/// What a thread knows.
struct State {
  bool grad_enabled = true;    ///< does it record graphs?
  bool inference = false;      ///< is it in InferenceMode?
  bool anomaly = false;        ///< is it in AnomalyMode?
  std::uint64_t sequence = 0;  ///< how many nodes it has made
  Trace* trace = nullptr;      ///< where it records ops, or null
};

/// The calling thread's state. One struct, reached without a call: the library is loaded at start, so its few bytes of
/// static TLS are always there.
XG_API extern thread_local constinit State thread_state __attribute__((tls_model("initial-exec")));

/// What the calling thread knows.
inline State& state() noexcept { return thread_state; }

}  // namespace xg::autograd
