// A copy of the parameters and buffers of a model.
#pragma once

#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <vector>

namespace xg::nn {

/// A copy of a model's parameters and buffers, to be put back.
class XG_API Weights {
 public:
  bool empty() const { return tensors_.empty(); }  ///< was nothing saved?
  void save(const Module& model);                  ///< copies them from the model
  /// The same of parameters and buffers that were listed before.
  void save(const std::vector<Tensor>& state);
  /// parameters and buffers of the model, to be given to save()
  static std::vector<Tensor> state_of(const Module& model);
  /// Copies them back. Throws Error where the model has another number of them than were saved.
  void restore(const Module& model) const;

 private:
  std::vector<Tensor> tensors_;
};

}  // namespace xg::nn
