// Type promotion.
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <span>

namespace xg::autograd {

Dtype result_type(std::span<const Tensor* const> tensors) {
  // As in PyTorch, a 0-d tensor counts only if its category (bool, integer, floating-point) is the higher one.
  const auto category = [](Dtype d) { return is_floating(d) ? 2 : (d == Dtype::bool_ ? 0 : 1); };
  bool any_dims = false, any_zero = false;
  Dtype dims = Dtype::bool_, zero = Dtype::bool_;
  for (const Tensor* x : tensors) {
    if (x->dim() > 0)
      dims = any_dims ? promote_types(dims, x->dtype()) : x->dtype(), any_dims = true;
    else
      zero = any_zero ? promote_types(zero, x->dtype()) : x->dtype(), any_zero = true;
  }
  if (!any_dims) return zero;
  if (!any_zero || category(zero) <= category(dims)) return dims;
  return zero;
}

namespace detail {

void convert_inputs(const char* op, Promotion promotion, std::span<const Tensor*> inputs, std::span<Tensor> holders) {
  Dtype dtype = result_type(inputs);
  if (promotion == Promotion::floating && !is_floating(dtype)) dtype = default_dtype();
  if (promotion == Promotion::floating_only && !is_floating(dtype))
    raise<DtypeError>("[{}] dtype is {}, it must be float32 or float64: convert with x.to(xg::float32).", op,
                      name(dtype));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i]->dtype() != dtype) {
      holders[i] = to(*inputs[i], dtype);
      inputs[i] = &holders[i];
    }
}

}  // namespace detail

}  // namespace xg::autograd
