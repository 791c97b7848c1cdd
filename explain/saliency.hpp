// The slope of the model at each row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>

namespace xg::explain {

/// Options of Saliency.
struct SaliencyOptions {
  bool abs = true;                          ///< sizes of slopes, without their signs
  Output output = Output::automatic;        ///< which number of the model is explained
  StringList feature_names = {};            ///< one for each feature; default x0, x1, ...
  StringList output_names = {};             ///< one for each output of the model
  std::optional<std::int64_t> target = {};  ///< explain this output alone
};

/// values[r, i, k] = |d f_k / d x_i| at row r, or with its sign; rows [N, n]. They sum to nothing in particular.
/// Source: Simonyan et al. 2013 (arXiv:1312.6034).
class XG_API Saliency {
 public:
  explicit Saliency(ModelFunction model, SaliencyOptions options = {});  ///< refers to a Module, copies a function
  /// Throws ShapeError or DtypeError for rows that are not floating [N, n], Error for a model in training mode with
  /// dropout or batch norm, IndexError for the target, ValueError for an Output that is not there.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  SaliencyOptions options_;
};

}  // namespace xg::explain
