// Layers that change only the shape of their input, and layers made of functions.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <functional>
#include <tuple>
#include <utility>

namespace xg::nn {

/// Options of Flatten.
struct FlattenOptions {
  std::int64_t start_dim = 1;  ///< the first dimension that is merged
  std::int64_t end_dim = -1;   ///< the last dimension that is merged
  String name = {};            ///< what errors, summaries and state dicts call the layer
};
/// Merges dimensions start_dim to end_dim: [N, a, b] becomes [N, a b].
class XG_API Flatten final : public Layer<Flatten> {
 public:
  /// By default all dimensions but the first are merged.
  explicit Flatten(FlattenOptions options = {}) : Layer(options.name), options_(std::move(options)) {}
  explicit Flatten(NoOptions) : Flatten() {}  ///< for empty braces
  /// Throws IndexError for a dimension that x does not have, ValueError if start_dim comes after end_dim.
  Tensor forward(const Tensor& x) override;
  std::tuple<FlattenOptions> arguments() const { return {options_}; }  ///< constructor arguments, for clone()

 private:
  FlattenOptions options_;
};

/// Splits dimension `dim` into several: with Unflatten(1, {2, 3}), [N, 6] becomes [N, 2, 3].
class XG_API Unflatten final : public Layer<Unflatten> {
 public:
  /// One of the sizes may be -1 and is inferred.
  Unflatten(std::int64_t dim, const Shape& sizes, LayerOptions options = {});
  /// Throws ShapeError unless the sizes multiply to that of `dim`, IndexError where x does not have that dimension.
  Tensor forward(const Tensor& x) override;
  /// The arguments of the constructor, for clone().
  std::tuple<std::int64_t, Shape, LayerOptions> arguments() const { return {dim_, sizes_, {name()}}; }

 private:
  std::int64_t dim_;
  Shape sizes_;
};

/// x itself.
struct XG_API Identity final : Layer<Identity> {
  explicit Identity(LayerOptions options = {}) : Layer(std::move(options.name)) {}  ///< the name may be left out
  explicit Identity(NoOptions) : Identity() {}                                      ///< for empty braces
  Tensor forward(const Tensor& x) override { return x; }
  bool keeps_shape() const override { return true; }
  std::tuple<LayerOptions> arguments() const { return {{name()}}; }  ///< constructor arguments, for clone()
};

/// A function of yours as a layer.
class XG_API Lambda final : public Layer<Lambda> {
 public:
  /// Throws ValueError for an empty function.
  explicit Lambda(std::function<Tensor(const Tensor&)> function, LayerOptions options = {});
  Tensor forward(const Tensor& x) override { return function_(x); }
  /// The arguments of the constructor, for clone().
  std::tuple<std::function<Tensor(const Tensor&)>, LayerOptions> arguments() const { return {function_, {name()}}; }

 private:
  std::function<Tensor(const Tensor&)> function_;
};

}  // namespace xg::nn
