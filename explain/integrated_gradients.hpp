// Integrated gradients along the straight line from a baseline to the row.
#pragma once

#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xg::explain {

/// Nodes and weights of the quadrature along the line. The nodes of Riemann sums are those of captum.
enum class Quadrature : std::uint8_t {
  gausslegendre,      ///< exact for polynomials of degree 2 steps - 1
  riemann_left,       ///< at 0, 1/n, ..., (n-1)/n
  riemann_right,      ///< at 1/n, ..., 1
  riemann_middle,     ///< at 1/2n, 3/2n, ..., (2n-1)/2n
  riemann_trapezoid,  ///< at 0, 1/(n-1), ..., 1 with weights 1/n, halved at both ends; as in
                      ///< captum they sum to (n-1)/n
};

/// "gausslegendre", "riemann_left", ...
XG_API std::string_view name(Quadrature method);
/// The Quadrature of that name. Throws ValueError for an unknown name, listing the known ones.
XG_API Quadrature quadrature_from_name(StringRef name);

/// Options of IntegratedGradients.
struct IntegratedGradientsOptions {
  std::int64_t steps = 50;                        ///< number of nodes
  Quadrature method = Quadrature::gausslegendre;  ///< the quadrature
  Tensor baseline = {};                           ///< [n] or [1, n] for all rows, or [N, n]; default zeros
  std::optional<std::int64_t> target = {};        ///< index of the only output to explain; if empty, all
  Output output = Output::automatic;              ///< the output that is explained
  StringList feature_names = {};                  ///< names of the features; default x0, x1, ...
  StringList output_names = {};                   ///< names of the model's outputs
};

/// values[r, i, k] = (x_i - b_i) sum_q w_q d f_k / d x_i at b + t_q (x - b); rows [N, n], values [N, n, K].
///
/// f(b) + sum of values = f(x) up to the error of the quadrature, which is Explanation::residual(). Sundararajan, Taly
/// & Yan 2017, arXiv:1703.01365.
class XG_API IntegratedGradients {
 public:
  /// Refers to a Module, copies a function. Throws ValueError for fewer than 1 step (2 for the trapezoid) and for more
  /// than 10^8.
  explicit IntegratedGradients(ModelFunction model, IntegratedGradientsOptions options = {});
  /// Explains rows [N, n]. Throws as Saliency; ShapeError, DtypeError or ValueError for a baseline that does not fit
  /// the rows or is not finite.
  Explanation operator()(const Tensor& rows) const;

 private:
  ModelFunction model_;
  IntegratedGradientsOptions options_;
  std::vector<double> nodes_, weights_;
};

}  // namespace xg::explain
