#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/embedding.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <utility>

namespace xg::nn {

Embedding::Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, EmbeddingOptions options)
    : Layer(options.name), count_(num_embeddings), dim_(embedding_dim), options_(std::move(options)) {
  if (num_embeddings < 1) raise<ValueError>("[Embedding] num_embeddings is {}, it must be 1 or more.", num_embeddings);
  if (embedding_dim < 1) raise<ValueError>("[Embedding] embedding_dim is {}, it must be 1 or more.", embedding_dim);
  Tensor weight = empty({count_, dim_});
  init::normal(weight);
  if (options_.padding_idx) {
    std::int64_t& row = *options_.padding_idx;
    if (row < -count_ || row >= count_)
      raise<IndexError>("[Embedding] padding_idx is {}, the table has {} rows.", row, count_);
    if (row < 0) row += count_;
    weight.select(0, row).fill_(0);
  }
  weight_ = param("weight", weight);
}

Tensor Embedding::forward(const Tensor& x) {
  if (!options_.padding_idx) return embedding(x, weight_);
  // The padding row is looked up in a detached weight, so that it gets no gradient.
  const Tensor padding = eq(x, scalar_tensor(*options_.padding_idx, {.dtype = x.dtype()})).unsqueeze(-1);
  return where(padding, embedding(x, weight_.detach()), embedding(x, weight_));
}

}  // namespace xg::nn
