// Names of classes as a reader knows them.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <string>

namespace xg::detail {

/// "Dense" for the mangled name of xg::nn::Dense: the last name outside of template arguments. Throws std::bad_alloc
/// where memory ends, so that a name is never the mangled one for that reason alone.
XG_API std::string short_class_name(const char* mangled);

}  // namespace xg::detail
