// Where in the model are we? A thread-local path of names that errors and graph nodes carry: "DeepNN > h1 (Linear)".
// Paths are interned once per process, so that a node keeps a small number instead of a pointer into a module.
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
/// A number for a label, to be kept by whoever enters it often.
XG_API std::uint32_t intern_label(std::string_view label);

/// Extends the path for as long as it lives.
class XG_API Scope {
 public:
  /// Appends an interned label.
  explicit Scope(std::uint32_t label) noexcept;
  /// Appends a label, which is interned.
  explicit Scope(StringRef label) : Scope(intern_label(label)) {}
  /// Takes the label off.
  ~Scope() { detail::thread_scope = previous_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  ScopeId previous_;
};

}  // namespace xg
