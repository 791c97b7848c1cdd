// Hooks for the tensors that ops save for backward: to keep them elsewhere, in fewer bits, or not at all.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <any>
#include <functional>
#include <memory>

namespace xg {

/// Guard under which every tensor that an op saves for backward is packed, and unpacked when a sweep needs it:
///
///     const xg::SavedTensorHooks on_disk(
///         [](const Tensor& x) -> std::any { return write(x); }, [](const std::any& file) { return read(file); });
///
/// `pack` gets the elements without their graph, and must not change them; `unpack` is called in every sweep that needs
/// the tensor, also after the guard has ended, and returns one of the same shape and dtype: the graph is put back by
/// xgrad. Leaves that require grad are not packed: they live on anyway, and a change of one is found by its version.
/// Guards nest, and the innermost packs. The hooks run without recording. Named after
/// torch.autograd.graph.saved_tensors_hooks.
class XG_API SavedTensorHooks {
 public:
  using Pack = std::function<std::any(const Tensor&)>;    ///< what is kept in place of a tensor
  using Unpack = std::function<Tensor(const std::any&)>;  ///< the tensor again

  SavedTensorHooks(Pack pack, Unpack unpack);  ///< Throws ValueError where one of them is empty.
  ~SavedTensorHooks();                         ///< the hooks around this guard are in force again
  SavedTensorHooks(const SavedTensorHooks&) = delete;
  SavedTensorHooks& operator=(const SavedTensorHooks&) = delete;

 private:
  struct Hooks;
  friend class PackedTensor;
  std::shared_ptr<const Hooks> hooks_;
  const SavedTensorHooks* previous_;
};

/// A tensor as the hooks in force packed it, or the tensor itself where there are none.
class XG_API PackedTensor {
 public:
  PackedTensor() = default;                ///< packs nothing
  explicit PackedTensor(const Tensor& x);  ///< throws what the hook throws
  /// The tensor, without a graph if it was packed. Throws AutogradError where unpack returns another shape or dtype.
  Tensor unpack() const;

 private:
  std::shared_ptr<const SavedTensorHooks::Hooks> hooks_;
  std::any packed_;
  Tensor plain_;
  Shape shape_;
  Dtype dtype_ = Dtype::float32;
};

}  // namespace xg
