// Products of square, skinny and tiny matrices, plain and with either side transposed, beside cblas_sgemm into a
// buffer.
#include "ratio_reporter.hpp"

#include <xgrad/xgrad.hpp>

#include <cblas.h>
#include <fmt/format.h>

#include <memory>

int main(int argc, char** argv) {
  using xg::Tensor;
  xg_bench::Suite suite("matmul", argc, argv, {.repetitions = 5, .seconds = 0.01});
  const int shapes[][3] = {{2, 2, 2},    {8, 8, 8},    {32, 32, 32},    {128, 128, 128}, {512, 512, 512},  // square
                           {1, 256, 64}, {256, 1, 64}, {512, 10, 1024}, {1024, 1024, 8},                   // skinny
                           {32, 6, 10},  {32, 64, 30}};  // of small nets
  for (const auto& [m, n, k] : shapes)
    for (const char* kind : {"NN", "NT", "TN"}) {
      const bool a_transposed = kind[0] == 'T', b_transposed = kind[1] == 'T';
      const std::string name = fmt::format("{} [{}, {}] x [{}, {}]", kind, m, k, k, n);
      const auto a = [m = m, k = k, a_transposed] { return a_transposed ? xg::randn({k, m}) : xg::randn({m, k}); };
      const auto b = [n = n, k = k, b_transposed] { return b_transposed ? xg::randn({n, k}) : xg::randn({k, n}); };
      suite.add(name, "cblas_sgemm", [=, m = m, n = n, k = k] {
        const auto ta = a_transposed ? CblasTrans : CblasNoTrans, tb = b_transposed ? CblasTrans : CblasNoTrans;
        Tensor c = xg::empty({m, n});
        float* out = c.mutable_data<float>();
        return [=, a = a(), b = b()] {
          cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a.data<float>(), a_transposed ? m : k, b.data<float>(),
                      b_transposed ? k : n, 0, out, n);
          benchmark::ClobberMemory();
        };
      });
      suite.add(name, "xgrad", [=] {
        return [a = a_transposed ? a().t() : a(), b = b_transposed ? b().t() : b()] {
          benchmark::DoNotOptimize(xg::matmul(a, b));
        };
      });
    }
  return suite.run();
}
