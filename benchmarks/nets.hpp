// The five networks that contenders train. peers/common.py has the same.
#pragma once

#include <string>
#include <vector>

namespace xg_bench {

enum class LossKind { bce_with_logits, cross_entropy, mse };

struct Net {
  std::string name;
  std::vector<int> widths;  ///< linear layers with relu between them
  int batch;
  LossKind loss;
};

inline std::vector<Net> nets() {
  return {{"10-6-3-1, batch 32", {10, 6, 3, 1}, 32, LossKind::bce_with_logits},
          {"30-64-32-1, batch 32", {30, 64, 32, 1}, 32, LossKind::bce_with_logits},
          {"784-512-256-10, batch 128", {784, 512, 256, 10}, 128, LossKind::cross_entropy},
          {"1024x3-10, batch 512", {1024, 1024, 1024, 1024, 10}, 512, LossKind::cross_entropy},
          {"20 layers of 64, batch 64", std::vector<int>(21, 64), 64, LossKind::mse}};
}

}  // namespace xg_bench
