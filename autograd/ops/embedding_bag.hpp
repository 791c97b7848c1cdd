// Sums, means and maxima of bags of embeddings.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <optional>

namespace xg {

/// What embedding_bag makes of the rows of a bag.
enum class EmbeddingBagMode {
  sum,   ///< their sum
  mean,  ///< their mean
  max    ///< the largest number of each column
};

/// Options of embedding_bag.
struct EmbeddingBagOptions {
  Tensor offsets = {};                             ///< where the bags begin, for an index of one dimension
  EmbeddingBagMode mode = EmbeddingBagMode::mean;  ///< of the rows of a bag
  Tensor per_sample_weights = {};                  ///< a factor for each index, with the mode sum
  bool include_last_offset = false;                ///< whether the last offset is the end of the last bag
  std::optional<std::int64_t> padding_idx = {};    ///< an index that counts as absent
};

/// Rows of weight [rows, features], picked by an index and reduced bag by bag: each row of an index [bags, n] is a bag;
/// an index [n] has bag i from offsets[i] to offsets[i + 1] or the end. Gives [bags, features], 0 for an empty bag.
/// Throws ShapeError, DtypeError, IndexError and ValueError where arguments do not fit. PyTorch's
/// nn.functional.embedding_bag, without max_norm and scale_grad_by_freq.
XG_API Tensor embedding_bag(const Tensor& index, const Tensor& weight, const EmbeddingBagOptions& options = {});

}  // namespace xg
