#include <xgrad/tensor/error.hpp>

namespace xg {

// Destructors live here so that each class has one vtable, in the library, and can be caught by its type everywhere.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
DtypeError::~DtypeError() = default;
IndexError::~IndexError() = default;
ValueError::~ValueError() = default;
AutogradError::~AutogradError() = default;
IoError::~IoError() = default;

}  // namespace xg
