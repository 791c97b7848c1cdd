// The base of the layers of this library: a module that can be called on a node, and copied.
#pragma once

#include <xgrad/nn/node.hpp>
#include <xgrad/tensor/no_options.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <memory>
#include <tuple>
#include <utility>

namespace xg::nn {

/// Options of layers that only have a name.
struct LayerOptions {
  String name = {};  ///< what errors, summaries and state dicts call the layer
};

/// Base of a layer `Self`, whose `arguments()` returns a tuple of constructor arguments for a copy.
template <class Self> struct XG_API Layer : Module {
  using Module::Module;
  using Module::operator();
  /// Short for nn::call on a temporary: `Dense(6)(node)`.
  Node operator()(const Node& node) && {
    return nn::call(std::make_shared<Self>(std::move(static_cast<Self&>(*this))), node);
  }
  /// A layer of the same class with copies of the parameters and buffers, in the same mode. Throws Error where `Self`
  /// has no arguments().
  std::shared_ptr<Module> clone() const override {
    const Self& self = static_cast<const Self&>(*this);
    if constexpr (requires { self.arguments(); })
      return std::apply([&](auto&&... arguments) { return clone_as(self, std::move(arguments)...); }, self.arguments());
    else
      return Module::clone();
  }
};

}  // namespace xg::nn
