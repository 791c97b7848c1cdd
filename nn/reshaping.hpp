// Layers that only look at their input in another way.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>

namespace xg::nn {

/// Options of Flatten.
struct FlattenOptions {
  std::int64_t start_dim = 1;  ///< the first dimension that is merged
  std::int64_t end_dim = -1;   ///< the last one
  String name = {};            ///< what errors, summaries and state dicts call the layer
};
/// [N, a, b] becomes [N, a b].
class XG_API Flatten final : public Layer<Flatten> {
 public:
  /// the rows stay unless told otherwise
  explicit Flatten(FlattenOptions options = {}) : Layer(options.name), options_(std::move(options)) {}
  explicit Flatten(NoOptions) : Flatten() {}  ///< for empty braces
  Tensor forward(const Tensor& x) override;
  std::tuple<FlattenOptions> arguments() const { return {options_}; }  ///< what the constructor took, for clone()

 private:
  FlattenOptions options_;
};

/// Dimension `dim` becomes several: Unflatten(1, {2, 3}) makes [N, 6] to [N, 2, 3].
class XG_API Unflatten final : public Layer<Unflatten> {
 public:
  /// One of the sizes may be -1 and is inferred.
  Unflatten(std::int64_t dim, const Shape& sizes, LayerOptions options = {});
  Tensor forward(const Tensor& x) override;
  /// What the constructor took, for clone().
  std::tuple<std::int64_t, Shape, LayerOptions> arguments() const { return {dim_, sizes_, {name()}}; }

 private:
  std::int64_t dim_;
  Shape sizes_;
};

/// x
struct XG_API Identity final : Layer<Identity> {
  explicit Identity(LayerOptions options = {}) : Layer(std::move(options.name)) {}  ///< with a name or without
  explicit Identity(NoOptions) : Identity() {}                                      ///< for empty braces
  Tensor forward(const Tensor& x) override { return x; }
  bool keeps_shape() const override { return true; }
  std::tuple<LayerOptions> arguments() const { return {{name()}}; }  ///< what the constructor took, for clone()
};

/// A function of yours as a layer.
class XG_API Lambda final : public Layer<Lambda> {
 public:
  /// Throws ValueError for an empty function.
  explicit Lambda(std::function<Tensor(const Tensor&)> function, LayerOptions options = {});
  Tensor forward(const Tensor& x) override { return function_(x); }
  /// What the constructor took, for clone().
  std::tuple<std::function<Tensor(const Tensor&)>, LayerOptions> arguments() const { return {function_, {name()}}; }

 private:
  std::function<Tensor(const Tensor&)> function_;
};

}  // namespace xg::nn
