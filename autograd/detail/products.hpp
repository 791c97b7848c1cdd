// Checks of products.
#pragma once

#include <xgrad/tensor/tensor.hpp>

namespace xg::autograd {

/// Throws DtypeError, naming `op`, unless both dtypes are the same, and not bool.
void check_product_dtypes(const char* op, const Tensor& a, const Tensor& b);

}  // namespace xg::autograd
