#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/string_ref.hpp>

namespace xg {
namespace {
std::string with_scope(const std::string& message) {
  const ScopeId scope = current_scope();
  return scope == 0 ? message : message + " In: " + scope_path(scope) + ".";
}
}  // namespace

Error::Error(const std::string& message) : std::runtime_error(with_scope(message)) {}

// Destructors live here so that each class has one vtable, in the library, and can be caught by its type everywhere.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
DtypeError::~DtypeError() = default;
IndexError::~IndexError() = default;
ValueError::~ValueError() = default;
LinalgError::~LinalgError() = default;
AutogradError::~AutogradError() = default;
IoError::~IoError() = default;

void detail::throw_null_text() {
  throw ValueError("[StringRef] a null pointer is passed where a text is needed: pass a name or \"\".");
}

}  // namespace xg
