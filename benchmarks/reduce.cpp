// Sums, means, maxima, softmax, logsumexp and layer norm over the inner, middle and outer dimension and over all, not
// recorded, beside loops by hand that read memory in order.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace {

using std::size_t;
using xg::Tensor;

/// x [outer, n, inner], reduced over n: the layout of every reduction over neighbouring dimensions.
struct Buffers {
  size_t outer, n, inner;
  std::vector<float> x, out, top, total;

  Buffers(size_t outer, size_t n, size_t inner)
      : outer(outer), n(n), inner(inner), x(outer * n * inner), out(x.size()), top(inner), total(inner) {
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  }
};

/// out[inner] = f over n of rows x[n, inner]; a single column in 16 lanes.
template <class F>
void fold(const float* __restrict x, size_t n, size_t inner, float start, float* __restrict out, F f) {
  if (inner == 1) {
    float lanes[16];
    std::fill(lanes, lanes + 16, start);
    const size_t whole = n / 16 * 16;
    for (size_t i = 0; i < whole; i += 16)
      for (size_t k = 0; k < 16; ++k) lanes[k] = f(lanes[k], x[i + k]);
    for (size_t i = whole; i < n; ++i) lanes[0] = f(lanes[0], x[i]);
    out[0] = start;
    for (const float lane : lanes) out[0] = f(out[0], lane);
    return;
  }
  std::fill(out, out + inner, start);
  for (size_t i = 0; i < n; ++i)
    for (size_t c = 0; c < inner; ++c) out[c] = f(out[c], x[i * inner + c]);
}

float plus(float a, float b) { return a + b; }
float larger(float a, float b) { return a > b ? a : b; }

void sum(Buffers& b) {
  for (size_t o = 0; o < b.outer; ++o)
    fold(&b.x[o * b.n * b.inner], b.n, b.inner, 0, &b.out[o * b.inner], [](float a, float v) { return plus(a, v); });
}
void mean(Buffers& b) {
  sum(b);
  for (size_t i = 0; i < b.outer * b.inner; ++i) b.out[i] /= static_cast<float>(b.n);
}
void amax(Buffers& b) {
  for (size_t o = 0; o < b.outer; ++o)
    fold(&b.x[o * b.n * b.inner], b.n, b.inner, -std::numeric_limits<float>::infinity(), &b.out[o * b.inner],
         [](float a, float v) { return larger(a, v); });
}
/// top = maximum, out = exp(x - top), total = its sum, of one outer index.
void exponentials(Buffers& b, size_t o, float* out) {
  const float* x = &b.x[o * b.n * b.inner];
  fold(x, b.n, b.inner, -std::numeric_limits<float>::infinity(), b.top.data(),
       [](float a, float v) { return larger(a, v); });
  for (size_t i = 0; i < b.n; ++i)
    for (size_t c = 0; c < b.inner; ++c) out[i * b.inner + c] = std::exp(x[i * b.inner + c] - b.top[c]);
  fold(out, b.n, b.inner, 0, b.total.data(), [](float a, float v) { return plus(a, v); });
}
void softmax(Buffers& b) {
  for (size_t o = 0; o < b.outer; ++o) {
    float* out = &b.out[o * b.n * b.inner];
    exponentials(b, o, out);
    for (size_t c = 0; c < b.inner; ++c) b.total[c] = 1 / b.total[c];
    for (size_t i = 0; i < b.n; ++i)
      for (size_t c = 0; c < b.inner; ++c) out[i * b.inner + c] *= b.total[c];
  }
}
void logsumexp(Buffers& b) {
  std::vector<float> scratch(b.n * b.inner);
  for (size_t o = 0; o < b.outer; ++o) {
    exponentials(b, o, scratch.data());
    for (size_t c = 0; c < b.inner; ++c) b.out[o * b.inner + c] = b.top[c] + std::log(b.total[c]);
  }
}
/// Over the inner dimension alone, without scale and shift.
void layer_norm(Buffers& b) {
  for (size_t o = 0; o < b.outer; ++o) {
    const float* x = &b.x[o * b.n];
    float* out = &b.out[o * b.n];
    float center = 0, squares = 0;
    fold(x, b.n, 1, 0, &center, [](float a, float v) { return plus(a, v); });
    center /= static_cast<float>(b.n);
    fold(x, b.n, 1, 0, &squares, [center](float a, float v) { return a + (v - center) * (v - center); });
    const float scale = 1 / std::sqrt(squares / static_cast<float>(b.n) + 1e-5f);
    for (size_t i = 0; i < b.n; ++i) out[i] = (x[i] - center) * scale;
  }
}

struct Reduction {
  const char* name;
  Tensor (*op)(const Tensor&, const xg::Dims&);
  void (*loop)(Buffers&);
  bool one_dim;  // takes no list of all dims
  bool inner_only;
};

const Reduction reductions[] = {
    {"sum", [](const Tensor& x, const xg::Dims& d) { return xg::sum(x, d); }, sum, false, false},
    {"mean", [](const Tensor& x, const xg::Dims& d) { return xg::mean(x, d); }, mean, false, false},
    {"amax", [](const Tensor& x, const xg::Dims& d) { return xg::amax(x, d); }, amax, false, false},
    {"logsumexp", [](const Tensor& x, const xg::Dims& d) { return xg::logsumexp(x, d); }, logsumexp, false, false},
    {"softmax", [](const Tensor& x, const xg::Dims& d) { return xg::softmax(x, d[0]); }, softmax, true, false},
    {"layer_norm", [](const Tensor& x, const xg::Dims&) { return xg::layer_norm(x, {x.size(-1)}); }, layer_norm, true,
     true},
};

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("reduce", argc, argv, {.repetitions = 5, .seconds = 0.01});
  const std::int64_t shapes[][3] = {{16, 16, 16}, {64, 256, 64}};
  for (const auto& shape : shapes)
    for (const Reduction& r : reductions)
      for (const std::int64_t dim : {2, 1, 0, -1}) {
        if ((r.one_dim && dim < 0) || (r.inner_only && dim != 2)) continue;
        std::int64_t outer = 1, inner = 1;
        for (int d = 0; d < 3; ++d) (d < dim ? outer : inner) *= dim >= 0 && d != dim ? shape[d] : 1;
        const std::int64_t n = shape[0] * shape[1] * shape[2] / (outer * inner);
        const xg::Shape sizes{shape[0], shape[1], shape[2]};
        const char* where[] = {"all", "outer", "middle", "inner"};
        const std::string name = fmt::format("{} over {}, {}", r.name, where[dim + 1], sizes.str());
        suite.add(name, "by hand", [&r, outer, n, inner] {
          return [&r, buffers = std::make_shared<Buffers>(outer, n, inner)] {
            r.loop(*buffers);
            benchmark::ClobberMemory();
          };
        });
        suite.add(name, "xgrad", [&r, sizes, dim] {
          const xg::Dims dims = dim < 0 ? xg::Dims{0, 1, 2} : xg::Dims{dim};
          return [&r, dims, x = xg::randn(sizes)] { benchmark::DoNotOptimize(r.op(x, dims)); };
        });
      }
  return suite.run();
}
