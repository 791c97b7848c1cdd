#include <xgrad/tensor/dtype.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <atomic>
#include <ostream>

namespace xg {
namespace {
constexpr std::array<std::string_view, 6> names = {"bool", "uint8", "int32", "int64", "float32", "float64"};
std::atomic<Dtype> default_dtype_value{Dtype::float32};
}  // namespace

std::string_view name(Dtype dtype) { return names[static_cast<std::size_t>(dtype)]; }

Dtype dtype_from_name(StringRef name) {
  const std::string_view text = name;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<Dtype>(i);
  raise<DtypeError>("[dtype_from_name] '{}' is not a dtype: use bool, uint8, int32, int64, float32 or float64.", text);
}

std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << name(dtype); }

Dtype default_dtype() { return default_dtype_value.load(std::memory_order_relaxed); }

void set_default_dtype(Dtype dtype) {
  if (!is_floating(dtype))
    raise<DtypeError>("[set_default_dtype] dtype is {}, it must be floating: use float32 or float64.", name(dtype));
  default_dtype_value.store(dtype, std::memory_order_relaxed);
}

void throw_not_floating(Dtype dtype) {
  raise<DtypeError>("[dispatch_floating] dtype is {}, it must be float32 or float64: convert with x.to(xg::float32).",
                    name(dtype));
}

}  // namespace xg
