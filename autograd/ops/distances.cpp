// Distances between all pairs of rows.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/tensor/kernels/distances.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace xg {
namespace autograd {
namespace {

/// The p-distances of the rows of x [B, n, m] from those of y [B, l, m]: [B, n, l]. The derivative is 0 where a
/// distance is 0, and in differences of 0 (subgradients).
struct Cdist {
  static constexpr const char* name = "cdist";
  static constexpr int inputs = 2;
  static constexpr Promotion promotion = Promotion::floating_only;
  static constexpr unsigned saves = save_input(0) | save_input(1) | save_output();
  static constexpr Rule rule = Rule::quadrature;
  double p = 2;
  bool mixes_rows(std::int64_t) const { return false; }

  Tensor forward(const Tensor& x, const Tensor& y) const { return kernels::pair_distances(x, y, p); }
  /// The derivative of each distance in each difference of two elements, times g: [B, n, l, m].
  Tensor slopes(const Tensor& g, const Tensor& x, const Tensor& y, const Tensor& distances) const {
    const Tensor d = unsqueeze(x, 2) - unsqueeze(y, 1), norm = unsqueeze(distances, 3), wide_g = unsqueeze(g, 3);
    if (p == 0) return zeros_like(d);
    if (p == 1) return wide_g * sign(d);
    if (std::isinf(p)) return wide_g * where(abs(d) < norm, 0.0, sign(d));
    const Tensor none = norm == 0, ratio = d / where(none, 1.0, norm);
    const Tensor scale = where(none, 0.0, wide_g);
    if (p == 2) return scale * ratio;
    // Zeros are replaced before the power, whose second derivative there may be infinite.
    const Tensor absent = ratio == 0;
    return where(absent, 0.0, scale * sign(d) * pow(abs(where(absent, 1.0, ratio)), p - 1));
  }
  std::array<Tensor, 2> backward(const OpContext& c, const Tensor& g) const {
    const Tensor each = slopes(g, c.input(0), c.input(1), c.output());
    return gradients(c, [&] { return sum(each, 2); }, [&] { return -sum(each, 1); });
  }
  std::array<Tensor, 2> backward_fused(const OpContext& c, const Tensor& g) const {
    const Tensor &x = c.input(0), &y = c.input(1), &distances = c.output();
    return gradients(
        c, [&] { return kernels::pair_distances_backward(g, x, y, distances, p); },
        [&] { return kernels::pair_distances_backward(transpose(g, 1, 2), y, x, transpose(distances, 1, 2), p); });
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](double p) { return [=](const Inputs& in) { return cdist(in[0], in[1], p); }; };
    const std::vector<Shape> shapes{{2, 3, 4}, {2, 5, 4}};
    std::vector<Sample> samples = shaped_samples(d, {{"2", shapes, call(2)},
                                                     {"1", shapes, call(1)},
                                                     {"3", shapes, call(3)},
                                                     {"1.5", shapes, call(1.5)},
                                                     {"0.5", shapes, call(0.5)},
                                                     {"0", shapes, call(0)},
                                                     {"long rows", {{1, 2, 19}, {1, 3, 19}}, call(2)},
                                                     {"one batch for all", {{3, 4}, {2, 5, 4}}, call(2)},
                                                     {"no rows", {{0, 4}, {5, 4}}, call(2)},
                                                     {"no columns", {{3, 0}, {5, 0}}, call(2)}});
    // Intervals of other lengths, for no two differences to be equal.
    samples.push_back({"inf",
                       {sample_values(shapes[0], -2, 2, d, 1), sample_values(shapes[1], -1.37, 1.91, d, 2)},
                       call(std::numeric_limits<double>::infinity())});
    return samples;
  }
};

}  // namespace
}  // namespace autograd

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
  if (!(p >= 0)) raise<ValueError>("[cdist] p is {}, it must not be negative.", p);
  if (a.dim() < 2 || b.dim() < 2 || a.size(-1) != b.size(-1))
    raise<ShapeError>("[cdist] a is {}, b is {}: they must be [..., n, m] and [..., l, m] with the same m.",
                      a.shape().str(), b.shape().str());
  const auto leading = [](const Tensor& x) {
    Shape shape = x.shape();
    for (int i = 0; i < 2; ++i) shape.erase(shape.size() - 1);
    return shape;
  };
  const Shape batch = broadcast_shapes("cdist", leading(a), leading(b));
  const auto as_batch = [&](const Tensor& x) {
    Shape wide = batch;
    for (const std::int64_t size : {x.size(-2), x.size(-1)}) wide.push_back(size);
    return reshape(x.expand(wide), {batch.numel(), x.size(-2), x.size(-1)});
  };
  Shape result = batch;
  for (const std::int64_t size : {a.size(-2), b.size(-2)}) result.push_back(size);
  return reshape(apply(autograd::Cdist{p}, as_batch(a), as_batch(b)), result);
}

}  // namespace xg
