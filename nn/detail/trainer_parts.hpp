// Shared by the sources of Trainer.
#pragma once

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/trainer.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <string>

namespace xg::nn {

/// The module that needs the largest batch for training, and that size.
struct Trainer::Demand {
  std::int64_t rows = 1;
  std::string module;
};

namespace detail {

/// Rows [start, stop) of x; x itself if these are all.
inline Tensor rows_of(const Tensor& x, std::int64_t start, std::int64_t stop) {
  return start == 0 && stop == x.size(0) ? x : x.slice(0, start, stop);
}

/// Throws ValueError, naming `op`, for a batch of no rows.
inline void check_batch_size(const char* op, std::int64_t size) {
  if (size < 1) raise<ValueError>("[{}] batch_size is {}, it must be 1 or more.", op, size);
}

}  // namespace detail
}  // namespace xg::nn
