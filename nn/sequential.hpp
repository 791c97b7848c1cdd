// Layers applied one after another.
#pragma once

#include <xgrad/nn/layer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace xg::nn {

namespace detail {
template <class L> struct IsSharedLayer : std::false_type {};
template <ModuleType M> struct IsSharedLayer<Shared<M>> : std::true_type {};
template <ModuleType M> struct IsSharedLayer<std::shared_ptr<M>> : std::true_type {};
/// Is the pack empty, or a single T, which is to be copied or moved?
template <class T, class... Layers> inline constexpr bool is_only =
    sizeof...(Layers) <= 1 && (std::is_same_v<T, std::remove_cvref_t<Layers>> && ...);
}  // namespace detail

/// An argument of Sequential: a layer that it may take over (a temporary or std::move), or one that is shared.
template <class L>
concept LayerArgument = detail::IsSharedLayer<std::decay_t<L>>::value || ModuleType<std::remove_cvref_t<L>>;

/// Applies layers one after another. A child is named by its `name` option, else by its number: "h1.weight",
/// "0.weight".
///
/// A Dense without a number of inputs infers it from the layers before. A copy shares the layers; clone() does not.
class XG_API Sequential final : public Layer<Sequential> {
 public:
  explicit Sequential(StringRef name = {}) : Layer(name) {}  ///< empty, to be filled by append()
  /// Throws ValueError where two layers have the same name.
  template <class... Layers>
    requires((LayerArgument<Layers> && ...) && !detail::is_only<Sequential, Layers...>)
  explicit Sequential(Layers&&... layers) {
    (append(std::forward<Layers>(layers)), ...);
  }
  /// Layers and a name for the whole. Throws ValueError where two layers have the same name.
  template <class... Layers>
    requires(sizeof...(Layers) > 0 && (LayerArgument<Layers> && ...))
  explicit Sequential(StringRef name, Layers&&... layers) : Layer(name) {
    (append(std::forward<Layers>(layers)), ...);
  }
  Sequential(const Sequential& other) : Layer(other, ShareChildren{}) {}  ///< shares the layers
  Sequential(Sequential&&) noexcept = default;                            ///< takes the layers over
  Sequential& operator=(const Sequential& other);                         ///< shares the layers
  Sequential& operator=(Sequential&&) noexcept = default;                 ///< takes the layers over

  /// Adds a layer at the end. Throws ValueError where its name is taken, and for null.
  template <LayerArgument L> Sequential& append(L&& layer) {
    using T = std::decay_t<L>;
    static_assert(detail::IsSharedLayer<T>::value || !std::is_lvalue_reference_v<L>,
                  "A Sequential takes its layers over: pass std::move(layer) or nn::shared(...)");
    if constexpr (requires { layer.pointer(); })
      append_module(layer.pointer());
    else if constexpr (detail::IsSharedLayer<T>::value)
      append_module(layer);
    else
      append_module(std::make_shared<T>(std::move(layer)));
    return *this;
  }
  std::size_t size() const { return child_list().size(); }  ///< the number of layers
  /// Layer number `index`; negative ones count from the end. Throws IndexError.
  Module& operator[](std::int64_t index) const;
  /// Layer number `index` as an M: model.at<nn::Dense>(0).weight(). Throws ValueError if it is not an M, IndexError for
  /// an index out of range.
  template <ModuleType M> M& at(std::int64_t index) const {
    auto* layer = dynamic_cast<M*>(&(*this)[index]);
    if (layer == nullptr) throw_wrong_type(index);
    return *layer;
  }

  /// The result of the last layer; x itself without layers. Throws what the layers throw.
  Tensor forward(const Tensor& x) override;
  std::string label() const override;
  std::optional<Shape> input_shape() const override;
  void build(const Shape& row) override;
  bool is_built() const override;
  std::shared_ptr<Module> clone() const override;

 private:
  void append_module(std::shared_ptr<Module> layer);
  [[noreturn]] void throw_wrong_type(std::int64_t index) const;

  mutable bool known_built_ = false;  // set once all layers have their parameters, which they never lose
};

}  // namespace xg::nn
