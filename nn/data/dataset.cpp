#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/dataset.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::nn::data {

Tensor Affine::operator()(const Tensor& x) const { return x * scale + shift; }

Affine Affine::inverse() const {
  if (scale == 0) raise<ValueError>("[Affine] scale is 0: x -> {} has no inverse.", shift);
  return {1 / scale, -shift / scale};
}

}  // namespace xg::nn::data
