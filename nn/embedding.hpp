// A table of vectors, looked up by index.
#pragma once

#include <xgrad/nn/layer.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <optional>
#include <tuple>

namespace xg::nn {

/// Options of Embedding.
struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx = {};  ///< a row that is initialized with zeros and gets no gradient
  String name = {};                              ///< what errors, summaries and state dicts call the layer
};

/// weight[x]: rows of weight [num_embeddings, embedding_dim], which is initialized from N(0, 1). x are integers [...],
/// the result is [..., embedding_dim].
class XG_API Embedding final : public Layer<Embedding> {
 public:
  /// Throws ValueError unless both numbers are positive, IndexError for a padding_idx outside the table.
  Embedding(std::int64_t num_embeddings, std::int64_t embedding_dim, EmbeddingOptions options = {});
  /// Throws IndexError for an index outside the table, DtypeError unless x holds integers.
  Tensor forward(const Tensor& x) override;
  const Tensor& weight() const { return weight_; }  ///< [num_embeddings, embedding_dim]
  /// The arguments of the constructor, for clone().
  std::tuple<std::int64_t, std::int64_t, EmbeddingOptions> arguments() const { return {count_, dim_, options_}; }

 private:
  std::int64_t count_, dim_;
  EmbeddingOptions options_;
  Tensor weight_;
};

}  // namespace xg::nn
