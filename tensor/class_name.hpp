// Short class names for messages and summaries.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <string>

namespace xg::detail {

/// "Dense" for the mangled name of xg::nn::Dense: the last name outside of template arguments. Throws std::bad_alloc
/// when out of memory, rather than return the mangled name.
XG_API std::string short_class_name(const char* mangled);

}  // namespace xg::detail
