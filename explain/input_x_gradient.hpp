// The slope of the model at each row, times the row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>

namespace xg::explain {

/// Options of InputXGradient.
struct InputXGradientOptions {
  Output output = Output::automatic;        ///< which number of the model is explained
  StringList feature_names = {};            ///< one for each feature; default x0, x1, ...
  StringList output_names = {};             ///< one for each output of the model
  std::optional<std::int64_t> target = {};  ///< explain this output alone
};

/// values[r, i, k] = x_i d f_k / d x_i at row r; rows [N, n]. They sum to f(x) - f(0) where f is linear, else to
/// nothing in particular. Source: Shrikumar et al. 2016 (arXiv:1605.01713).
class XG_API InputXGradient {
 public:
  /// refers to a Module, copies a function
  explicit InputXGradient(ModelFunction model, InputXGradientOptions options = {});
  /// Throws as Saliency does.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  InputXGradientOptions options_;
};

}  // namespace xg::explain
