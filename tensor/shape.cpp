#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

namespace xg {

std::string Shape::str() const { return fmt::format("[{}]", fmt::join(begin(), end(), ", ")); }

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.str(); }

void throw_too_many_dims(std::size_t count) {
  raise<ShapeError>("[shape] {} dimensions, a tensor has at most {}: flatten some of them first.", count, max_dims);
}

}  // namespace xg
