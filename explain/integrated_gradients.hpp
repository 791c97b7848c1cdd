// Gradients along the straight line from a baseline to the row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::explain {

/// Where the line is sampled, and how the samples are weighted. Riemann sums place their nodes as captum does.
enum class Quadrature : std::uint8_t {
  gausslegendre,      ///< exact for polynomials of degree 2 steps - 1
  riemann_left,       ///< at 0, 1/n, ..., (n-1)/n
  riemann_right,      ///< at 1/n, ..., 1
  riemann_middle,     ///< at 1/2n, 3/2n, ..., (2n-1)/2n
  riemann_trapezoid,  ///< at 0, 1/(n-1), ..., 1 with weights 1/n, halved at the ends: they sum to (n-1)/n, as captum's
                      ///< do
};

/// "gausslegendre", "riemann_left", ...
XG_API std::string_view name(Quadrature method);
/// The other way round. Throws ValueError for an unknown name, listing the known ones.
XG_API Quadrature quadrature_from_name(StringRef name);

/// Options of IntegratedGradients.
struct IntegratedGradientsOptions {
  std::int64_t steps = 50;                        ///< nodes of the quadrature
  Quadrature method = Quadrature::gausslegendre;  ///< where the nodes lie
  Tensor baseline = {};                     ///< [n] or [1, n] for all rows, or [N, n], one for each; default zeros
  std::optional<std::int64_t> target = {};  ///< explain this output alone
  Output output = Output::automatic;        ///< which number of the model is explained
  StringList feature_names = {};            ///< one for each feature; default x0, x1, ...
  StringList output_names = {};             ///< one for each output of the model
};

/// values[r, i, k] = (x_i - b_i) sum_q w_q d f_k / d x_i at b + t_q (x - b); rows [N, n].
///
/// f(b) + sum of values = f(x) up to the error of the quadrature, which Explanation::residual() tells.
/// Source: Sundararajan et al. 2017 (arXiv:1703.01365).
class XG_API IntegratedGradients {
 public:
  /// Throws ValueError for fewer steps than 1 (2 for the trapezoid), or more than 10^8.
  explicit IntegratedGradients(ModelFunction model, IntegratedGradientsOptions options = {});
  /// Throws as Saliency does; ShapeError for a baseline that does not fit the rows.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  IntegratedGradientsOptions options_;
  std::vector<double> nodes_, weights_;
};

}  // namespace xg::explain
