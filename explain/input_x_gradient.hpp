// The gradient of the model at each row, times the row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>

namespace xg::explain {

/// Options of InputXGradient.
struct InputXGradientOptions {
  Output output = Output::automatic;        ///< the output that is explained
  StringList feature_names = {};            ///< names of the features; default x0, x1, ...
  StringList output_names = {};             ///< names of the model's outputs
  std::optional<std::int64_t> target = {};  ///< index of the only output to explain; if empty, all
};

/// values[r, i, k] = x_i d f_k / d x_i at row r; rows [N, n], values [N, n, K]. They sum to f(x) - f(0) if f is affine;
/// in general they are not additive. Shrikumar et al. 2016, arXiv:1605.01713.
class XG_API InputXGradient {
 public:
  /// Refers to a Module, copies a function.
  explicit InputXGradient(ModelFunction model, InputXGradientOptions options = {});
  /// Explains rows [N, n]. Throws as Saliency.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  InputXGradientOptions options_;
};

}  // namespace xg::explain
