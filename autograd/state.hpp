// What each thread knows: is it recording, is it tracing, how many nodes has it made.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>

namespace xg::autograd {

class Trace;

struct State {
  bool grad_enabled = true;
  bool inference = false;
  bool anomaly = false;
  std::uint64_t sequence = 0;
  Trace* trace = nullptr;
};

// One struct, reached without a call: the library is loaded at start, so its few bytes of static TLS are always there.
XG_API extern thread_local constinit State thread_state __attribute__((tls_model("initial-exec")));

inline State& state() noexcept { return thread_state; }

}  // namespace xg::autograd
