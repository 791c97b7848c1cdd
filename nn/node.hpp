// The functional interface: models as graphs of nodes, with branches and joins.
//
//     Node x = nn::input({10}, {.name = "input"});
//     Node h = nn::Dense(6, {.activation = "relu", .name = "h1"})(x);
//     nn::Model model(x, nn::Dense(1)(h), "Net");
#pragma once

#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xg::nn {

class Node;

namespace detail {
struct NodeRecord;
using NodeCall = Tensor (*)(Module& module, std::span<const Tensor> inputs);
XG_API Node make_node(std::shared_ptr<Module> module, std::vector<Node> inputs, NodeCall call);
}  // namespace detail

/// A symbolic value: an input, or a layer's result. If it is undefined, all but defined(), is_same() and id() throw
/// ValueError.
class XG_API Node {
 public:
  Node() = default;                                    ///< an undefined node
  bool defined() const { return record_ != nullptr; }  ///< does it refer to a value?
  /// The shape of one row, without the batch dimension.
  const Shape& shape() const;
  Dtype dtype() const;                      ///< the dtype of the value
  const std::string& name() const;          ///< the name of an input, as given in its options
  const std::vector<Node>& inputs() const;  ///< the nodes that its layer is called on
  /// The layer that makes it; null for an input.
  const std::shared_ptr<Module>& module() const;
  detail::NodeCall call() const;                                              ///< for Model: how its layer is called
  bool is_same(const Node& other) const { return record_ == other.record_; }  ///< do both refer to the same value?
  const void* id() const { return record_.get(); }                            ///< the same for all handles of one value

 private:
  friend Node detail::make_node(std::shared_ptr<Module>, std::vector<Node>, detail::NodeCall);
  friend XG_API Node input(const Shape& row, struct InputOptions options);
  friend detail::NodeRecord;
  std::shared_ptr<const detail::NodeRecord> record_;
};

/// Options of input().
struct InputOptions {
  String name = {};                 ///< the input's name in summaries
  std::optional<Dtype> dtype = {};  ///< default_dtype() unless given; int64 for an Embedding
};
/// A model's input; `row` is the shape of one row. Throws ShapeError for negative sizes.
XG_API Node input(const Shape& row, InputOptions options = {});

/// A module that may be used in several places: copies share its parameters.
template <class M> class Shared {
 public:
  /// Takes over the module.
  explicit Shared(M&& module) : module_(std::make_shared<M>(std::move(module))) {}
  M& operator*() const { return *module_; }                           ///< the module
  M* operator->() const { return module_.get(); }                     ///< the module
  const std::shared_ptr<M>& pointer() const { return module_; }       ///< the module, to be shared further
  Tensor operator()(const Tensor& x) const { return (*module_)(x); }  ///< the module's result
  /// nn::call of the module on nodes.
  template <std::same_as<Node>... More> Node operator()(const Node& node, const More&... more) const;

 private:
  std::shared_ptr<M> module_;
};

/// nn::shared(Dense(10, 6)): a layer to be used in several places.
template <class M>
  requires ModuleType<M> && (!std::is_const_v<M>)
Shared<M> shared(M&& module) {
  static_assert(!std::is_lvalue_reference_v<M>, "shared takes the layer over: pass std::move(layer)");
  return Shared<M>(std::move(module));
}

namespace detail {
template <class M, std::size_t... i>
Tensor call_on(Module& module, std::span<const Tensor> x, std::index_sequence<i...>) {
  if constexpr (sizeof...(i) == 1) {
    return module(x[0]);
  } else {
    const Scope scope(module.scope_label());
    return static_cast<M&>(module).forward(x[i]...);
  }
}
template <class M, std::size_t count> Tensor call_counted(Module& module, std::span<const Tensor> x) {
  return call_on<M>(module, x, std::make_index_sequence<count>());
}
}  // namespace detail

/// The module's result for the nodes, one for each argument of its forward. The module is built for their shapes, then
/// run once on zeros in eval mode to learn the shape of its result. Throws ValueError for null or an undefined node,
/// ShapeError where the result's first size is not the number of rows, and what forward throws.
template <ModuleType M, std::same_as<Node>... Nodes> Node call(std::shared_ptr<M> module, const Nodes&... nodes) {
  return detail::make_node(std::move(module), {nodes...}, &detail::call_counted<M, sizeof...(nodes)>);
}
/// The result of a module made by nn::shared.
template <ModuleType M, std::same_as<Node>... Nodes> Node call(const Shared<M>& module, const Nodes&... nodes) {
  return nn::call(module.pointer(), nodes...);
}
/// The result of a temporary module, which the node takes over.
template <class M, std::same_as<Node>... Nodes>
  requires ModuleType<std::remove_reference_t<M>>
Node call(M&& module, const Nodes&... nodes) {
  static_assert(!std::is_lvalue_reference_v<M>,
                "call(module, node) takes the module over: pass std::move(module), or make it with nn::shared");
  return nn::call(std::make_shared<M>(std::move(module)), nodes...);
}

template <class M> template <std::same_as<Node>... More>
Node Shared<M>::operator()(const Node& node, const More&... more) const {
  return nn::call(module_, node, more...);
}

template <ModuleType M> M& Module::add(StringRef name, const Shared<M>& layer) { return add(name, layer.pointer()); }

}  // namespace xg::nn
