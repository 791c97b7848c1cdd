// A table of vectors, looked up by number.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of Embedding.
struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx = {};  ///< a row that begins as zeros and gets no gradient
  String name = {};                              ///< what errors, summaries and state dicts call the layer
};

/// Rows of weight [num_embeddings, embedding_dim], N(0, 1) at first; x integers of any shape, result [..., dim].
class XG_API Embedding final : public Layer<Embedding> {
 public:
  /// Throws ValueError unless both numbers are positive, IndexError for a padding_idx outside the table.
  Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, EmbeddingOptions options = {});
  /// Throws IndexError for a number outside the table, DtypeError unless x holds integers.
  Tensor forward(const Tensor& x) override;
  const Tensor& weight() const { return weight_; }  ///< [num_embeddings, embedding_dim]
  /// What the constructor took, for clone().
  std::tuple<std::int64_t, std::int64_t, EmbeddingOptions> arguments() const { return {count_, dim_, options_}; }

 private:
  std::int64_t count_, dim_;
  EmbeddingOptions options_;
  Tensor weight_;
};

}  // namespace xg::nn
