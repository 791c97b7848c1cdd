// What the layers of this library have in common beyond a module: they can be called on a node, and copied.
#pragma once

#include <xgrad/nn/node.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <memory>
#include <tuple>
#include <utility>

namespace xg::nn {

/// Options of layers that have none but a name.
struct LayerOptions {
  String name = {};  ///< what errors, summaries and state dicts call the layer
};

/// Base of a layer `Self`, which says by `arguments()`, a tuple, how to construct another one like it.
template <class Self> struct XG_API Layer : Module {
  using Module::Module;
  using Module::operator();
  /// Short for nn::call on a temporary: `Dense(6)(node)`.
  Node operator()(const Node& node) && {
    return nn::call(std::make_shared<Self>(std::move(static_cast<Self&>(*this))), node);
  }
  /// A layer of the same class with the same parameters, buffers and mode, which shares nothing.
  std::shared_ptr<Module> clone() const override {
    const Self& self = static_cast<const Self&>(*this);
    if constexpr (requires { self.arguments(); })
      return std::apply([&](auto&&... arguments) { return clone_as(self, std::move(arguments)...); }, self.arguments());
    else
      return Module::clone();
  }
};

}  // namespace xg::nn
