// A copy of the parameters and buffers of a model.
#pragma once

#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <vector>

namespace xg::nn {

/// A copy of a model's parameters and buffers that can be restored.
class XG_API Weights {
 public:
  bool empty() const { return tensors_.empty(); }  ///< was nothing saved?
  void save(const Module& model);                  ///< copies them from the model
  /// Copies parameters and buffers that state_of() listed.
  void save(const std::vector<Tensor>& state);
  /// Parameters and buffers of the model, for save(). Throws ValueError where a layer does not know its inputs yet.
  static std::vector<Tensor> state_of(const Module& model);
  /// Copies them back. Throws Error if the model has another number of tensors than were saved.
  void restore(const Module& model) const;

 private:
  std::vector<Tensor> tensors_;
};

}  // namespace xg::nn
