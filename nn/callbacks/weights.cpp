#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/callbacks/weights.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstddef>
#include <utility>

namespace xg::nn {

std::vector<Tensor> Weights::state_of(const Module& model) {
  std::vector<Tensor> state = model.parameters();
  for (Tensor& buffer : model.buffers()) state.push_back(std::move(buffer));
  return state;
}

void Weights::save(const Module& model) { save(state_of(model)); }

void Weights::save(const std::vector<Tensor>& state) {
  const NoGrad guard;
  if (tensors_.size() != state.size()) {
    tensors_.clear();
    for (const Tensor& tensor : state) tensors_.push_back(tensor.detach().clone());
    return;
  }
  for (std::size_t i = 0; i < state.size(); ++i) tensors_[i].copy_(state[i]);
}

void Weights::restore(const Module& model) const {
  std::vector<Tensor> current = state_of(model);
  if (current.size() != tensors_.size())
    raise<Error>("[Weights.restore] the model has {} tensors, {} were saved: it was changed in between.",
                 current.size(), tensors_.size());
  const NoGrad guard;
  for (std::size_t i = 0; i < current.size(); ++i) current[i].copy_(tensors_[i]);
}

}  // namespace xg::nn
