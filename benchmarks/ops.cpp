// What one op costs, its result destroyed, recorded and not recorded, beside a raw loop over the same floats.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <fmt/format.h>

#include <cmath>
#include <memory>

namespace {

using std::size_t;
using xg::Tensor;

/// Square matrices, and a row and a column to broadcast.
struct Operands {
  explicit Operands(std::int64_t side, bool record)
      : x(xg::randn({side, side}, {.requires_grad = record})),
        y(xg::randn({side, side}, {.requires_grad = record})),
        row(xg::randn({side}, {.requires_grad = record})),
        column(xg::randn({side, 1}, {.requires_grad = record})),
        mask(y.detach() > 0) {}
  Tensor x, y, row, column, mask;
};

struct Buffers {
  explicit Buffers(size_t side)
      : side(side), x(side * side), y(x.size()), out(x.size()), row(side), column(side), mask(x.size()) {
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = std::sin(static_cast<float>(i));
      y[i] = std::cos(static_cast<float>(i));
      mask[i] = y[i] > 0;
    }
  }
  size_t side;
  std::vector<float> x, y, out, row, column;
  std::vector<unsigned char> mask;
};

struct Op {
  const char* name;
  Tensor (*op)(const Operands&);
  void (*loop)(Buffers&);
};

template <class F> void elementwise(Buffers& b, F f) {
  const float *x = b.x.data(), *y = b.y.data();
  float* out = b.out.data();
  for (size_t i = 0, n = b.x.size(); i < n; ++i) out[i] = f(x[i], y[i]);
}

const Op ops[] = {
    {"x + y", [](const Operands& o) { return o.x + o.y; },
     [](Buffers& b) { elementwise(b, [](float x, float y) { return x + y; }); }},
    {"x * y", [](const Operands& o) { return o.x * o.y; },
     [](Buffers& b) { elementwise(b, [](float x, float y) { return x * y; }); }},
    {"x / y", [](const Operands& o) { return o.x / o.y; },
     [](Buffers& b) { elementwise(b, [](float x, float y) { return x / y; }); }},
    {"x * 2.5", [](const Operands& o) { return o.x * 2.5; },
     [](Buffers& b) { elementwise(b, [](float x, float) { return x * 2.5f; }); }},
    {"x + row", [](const Operands& o) { return o.x + o.row; },
     [](Buffers& b) {
       for (size_t r = 0; r < b.side; ++r)
         for (size_t c = 0; c < b.side; ++c) b.out[r * b.side + c] = b.x[r * b.side + c] + b.row[c];
     }},
    {"x * column", [](const Operands& o) { return o.x * o.column; },
     [](Buffers& b) {
       for (size_t r = 0; r < b.side; ++r)
         for (size_t c = 0; c < b.side; ++c) b.out[r * b.side + c] = b.x[r * b.side + c] * b.column[r];
     }},
    {"relu(x)", [](const Operands& o) { return xg::relu(o.x); },
     [](Buffers& b) { elementwise(b, [](float x, float) { return x > 0 ? x : 0; }); }},
    {"exp(x)", [](const Operands& o) { return xg::exp(o.x); },
     [](Buffers& b) { elementwise(b, [](float x, float) { return std::exp(x); }); }},
    {"tanh(x)", [](const Operands& o) { return xg::tanh(o.x); },
     [](Buffers& b) { elementwise(b, [](float x, float) { return std::tanh(x); }); }},
    {"sigmoid(x)", [](const Operands& o) { return xg::sigmoid(o.x); },
     [](Buffers& b) { elementwise(b, [](float x, float) { return 1 / (1 + std::exp(-x)); }); }},
    {"sqrt(abs(x))", [](const Operands& o) { return xg::sqrt(xg::abs(o.x)); },
     [](Buffers& b) { elementwise(b, [](float x, float) { return std::sqrt(std::abs(x)); }); }},
    {"x > y", [](const Operands& o) { return o.x > o.y; },
     [](Buffers& b) {
       const float *x = b.x.data(), *y = b.y.data();
       unsigned char* __restrict mask = b.mask.data();
       for (size_t i = 0, n = b.x.size(); i < n; ++i) mask[i] = x[i] > y[i];
     }},
    {"where(mask, x, y)", [](const Operands& o) { return xg::where(o.mask, o.x, o.y); },
     [](Buffers& b) {
       const unsigned char* mask = b.mask.data();
       size_t i = 0;
       elementwise(b, [&](float x, float y) { return mask[i++] != 0 ? x : y; });
     }},
    {"sum(x)", [](const Operands& o) { return xg::sum(o.x); },
     [](Buffers& b) {
       float lanes[16] = {};
       const size_t whole = b.x.size() / 16 * 16;
       for (size_t i = 0; i < whole; i += 16)
         for (size_t k = 0; k < 16; ++k) lanes[k] += b.x[i + k];
       for (size_t i = whole; i < b.x.size(); ++i) lanes[0] += b.x[i];
       for (size_t k = 1; k < 16; ++k) lanes[0] += lanes[k];
       b.out[0] = lanes[0];
     }},
};

}  // namespace

int main(int argc, char** argv) {
  xg_bench::Suite suite("ops", argc, argv, {.repetitions = 5, .seconds = 0.01});
  const std::pair<std::int64_t, const char*> sizes[] = {
      {1, "1 element"}, {4, "16 elements"}, {32, "1,024 elements"}, {1000, "10^6 elements"}};
  for (const auto& [side, size] : sizes)
    for (const Op& op : ops) {
      const std::string name = fmt::format("{}, {}", op.name, size);
      suite.add(name, "raw loop", [&op, side = side] {
        return [&op, buffers = std::make_shared<Buffers>(static_cast<size_t>(side))] {
          op.loop(*buffers);
          benchmark::ClobberMemory();
        };
      });
      for (const bool record : {true, false})
        suite.add(name, record ? "xgrad, recorded" : "xgrad, not recorded", [&op, side = side, record] {
          return [&op, operands = std::make_shared<Operands>(side, record)] {
            benchmark::DoNotOptimize(op.op(*operands));
          };
        });
    }
  return suite.run();
}
