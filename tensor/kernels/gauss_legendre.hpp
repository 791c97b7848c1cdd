// The Gauss-Legendre rule: nodes and weights for integrals from 0 to 1.
#pragma once

#include <xgrad/tensor/export.hpp>

#include <cstdint>
#include <vector>

namespace xg::kernels {

struct GaussLegendre {
  std::vector<double> nodes;    ///< ascending, between 0 and 1; symmetric around 1/2
  std::vector<double> weights;  ///< positive, of sum 1; exact for polynomials of degree 2 n - 1
};

/// The rule with n nodes, in O(n). Throws ValueError for n < 1 and n > 10^8. The error of nodes is about 1e-16, the
/// relative error of weights about 1e-15 (1e-14 for 10^5 nodes).
XG_API GaussLegendre gauss_legendre(std::int64_t n);

}  // namespace xg::kernels
