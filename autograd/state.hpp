// The thread-local state of autograd.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>

namespace xg::autograd {

class Trace;

/// The state of a thread.
struct State {
  bool grad_enabled = true;    ///< whether it records graphs
  bool inference = false;      ///< whether it is in InferenceMode
  bool anomaly = false;        ///< whether it is in AnomalyMode
  std::uint64_t sequence = 0;  ///< the number of nodes it has made
  Trace* trace = nullptr;      ///< the trace that it records into, or null
};

/// The calling thread's state. One struct, accessed without a call; its few bytes fit in static TLS.
XG_API extern thread_local constinit State thread_state __attribute__((tls_model("initial-exec")));

/// The state of the calling thread.
inline State& state() noexcept { return thread_state; }

}  // namespace xg::autograd
