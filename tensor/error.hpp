// The exceptions of xgrad. Every failed check on user input throws one of these; nothing aborts.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <stdexcept>
#include <string>

namespace xg {

/// Base of everything that xgrad throws. The message reads `[op] what was found, what is needed: the way out.`; thrown
/// inside a module's forward, it ends with the module's path: `In: DeepNN > h1 (Linear).`
struct XG_API Error : std::runtime_error {
  /// An error with this message, to which the path of the module whose forward is running is added.
  explicit Error(const std::string& message);
  ~Error() override;
};

/// Shapes that do not fit the operation or each other.
struct XG_API ShapeError : Error {
  using Error::Error;
  ~ShapeError() override;
};

/// A dtype that the operation does not support.
struct XG_API DtypeError : Error {
  using Error::Error;
  ~DtypeError() override;
};

/// An index, dimension or label out of range.
struct XG_API IndexError : Error {
  using Error::Error;
  ~IndexError() override;
};

/// An invalid argument value: a negative count, an unknown name, an empty list.
struct XG_API ValueError : Error {
  using Error::Error;
  ~ValueError() override;
};

/// A matrix that has no such factorization, inverse or solution: singular, not positive definite, not finite. As in
/// NumPy, it is a kind of ValueError.
struct XG_API LinalgError : ValueError {
  using ValueError::ValueError;
  ~LinalgError() override;
};

/// Misuse of the graph: a second backward, a saved tensor changed in place, a gradient with respect to a constant.
struct XG_API AutogradError : Error {
  using Error::Error;
  ~AutogradError() override;
};

/// Files that cannot be read or written, or whose content violates their format.
struct XG_API IoError : Error {
  using Error::Error;
  ~IoError() override;
};

}  // namespace xg
