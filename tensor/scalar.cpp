#include <xgrad/tensor/scalar.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <string>

namespace xg::detail {

void throw_out_of_range(const char* op, const Scalar& value, bool is_signed, int bits) {
  const std::string number =
      value.category() == Dtype::float64 ? fmt::format("{}", value.to_double()) : fmt::format("{}", value.to_int64());
  raise<ValueError>("[{}] {} does not fit {}int{}: use a wider or a floating-point dtype, or clamp the value first.",
                    op, number, is_signed ? "" : "u", bits);
}

void throw_beyond_int64(std::uint64_t value) {
  raise<ValueError>("[scalar] {} does not fit int64, the widest integer of a scalar: pass it as a double.", value);
}

}  // namespace xg::detail
