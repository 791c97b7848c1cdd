// The exceptions of xgrad. Every failed check on user input throws one of these; nothing aborts.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <stdexcept>
#include <string>

namespace xg {

/// Base of everything that xgrad throws. The message reads `[op] what was found, what is needed: the way out.`; thrown
/// inside a module's forward, it ends with the module's path: `In: DeepNN > h1 (Linear).`
class XG_API Error : public std::runtime_error {
 public:
  /// An error with this message, to which the path of the module whose forward is running is added.
  explicit Error(const std::string& message);
  ~Error() override;
};

/// Shapes that do not fit the operation or each other.
class XG_API ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// A dtype that the operation does not take.
class XG_API DtypeError : public Error {
 public:
  using Error::Error;
  ~DtypeError() override;
};

/// An index, dimension or label out of range.
class XG_API IndexError : public Error {
 public:
  using Error::Error;
  ~IndexError() override;
};

/// An argument's value that makes no sense: a negative count, an unknown name, an empty list.
class XG_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// Misuse of the graph: a second backward, a saved tensor changed in place, a gradient asked of a constant.
class XG_API AutogradError : public Error {
 public:
  using Error::Error;
  ~AutogradError() override;
};

/// Files that cannot be read or written, or whose content is not what their format promises.
class XG_API IoError : public Error {
 public:
  using Error::Error;
  ~IoError() override;
};

}  // namespace xg
