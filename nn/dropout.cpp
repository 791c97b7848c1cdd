#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::nn {

Dropout::Dropout(double p, LayerOptions options) : Layer(std::move(options.name)), p_(p) {
  if (!(p >= 0 && p <= 1)) raise<ValueError>("[Dropout] p is {}, it must be in [0, 1].", p);
}

Tensor Dropout::forward(const Tensor& x) { return is_training() ? dropout(x, p_, true) : x; }

}  // namespace xg::nn
