// The current position in a model: a thread-local path of names, recorded in errors and graph nodes: "DeepNN > h1
// (Linear)". Paths are interned once per process, so that a node keeps a small number instead of a pointer into a
// module.
#pragma once

#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace xg {

/// The number of an interned path; 0 is the empty one.
using ScopeId = std::uint32_t;

namespace detail {
XG_API extern thread_local constinit ScopeId thread_scope __attribute__((tls_model("initial-exec")));
}

/// The calling thread's path.
inline ScopeId current_scope() noexcept { return detail::thread_scope; }
/// "DeepNN > h1 (Linear)"; empty for 0.
XG_API std::string scope_path(ScopeId scope);
/// The number of a label. A module that is entered often keeps it.
XG_API std::uint32_t intern_label(std::string_view label);

/// Guard that extends the calling thread's path.
class XG_API Scope {
 public:
  /// Appends an interned label.
  explicit Scope(std::uint32_t label) noexcept;
  /// Appends a label, which is interned.
  explicit Scope(StringRef label) : Scope(intern_label(label)) {}
  /// Restores the previous path.
  ~Scope() { detail::thread_scope = previous_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  ScopeId previous_;
};

}  // namespace xg
