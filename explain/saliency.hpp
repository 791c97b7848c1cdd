// The gradient of the model at each row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>

namespace xg::explain {

/// Options of Saliency.
struct SaliencyOptions {
  bool abs = true;                          ///< absolute values of the gradient
  Output output = Output::automatic;        ///< the output that is explained
  StringList feature_names = {};            ///< names of the features; default x0, x1, ...
  StringList output_names = {};             ///< names of the model's outputs
  std::optional<std::int64_t> target = {};  ///< index of the only output to explain; if empty, all
};

/// values[r, i, k] = |d f_k / d x_i| at row r, or without abs its signed value; rows [N, n], values [N, n, K]. They are
/// not additive. Simonyan, Vedaldi & Zisserman 2013, arXiv:1312.6034.
class XG_API Saliency {
 public:
  explicit Saliency(ModelFunction model, SaliencyOptions options = {});  ///< refers to a Module, copies a function
  /// Explains rows [N, n]. Throws ShapeError or DtypeError for rows that are not floating [N, n], Error for a model in
  /// training mode with dropout or batch norm and for rows that influence each other, IndexError for a target that does
  /// not exist, ValueError for an Output that the model does not have and for names that do not fit.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  SaliencyOptions options_;
};

}  // namespace xg::explain
