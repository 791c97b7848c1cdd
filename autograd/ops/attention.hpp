// Attention.
#pragma once

#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <optional>

namespace xg {

/// Options of scaled_dot_product_attention.
struct AttentionOptions {
  Tensor attn_mask = {};             ///< broadcast to the scores: bool, true where attended to, or added to them
  double dropout_p = 0;              ///< the probability with which a weight is dropped
  bool is_causal = false;            ///< whether row i attends to the columns up to i alone
  std::optional<double> scale = {};  ///< by default 1 / sqrt(features)
  bool enable_gqa = false;           ///< whether several heads of the query share one of key and value, [.., heads, ..]
  Generator* generator = nullptr;    ///< of dropout; by default the default one
};

/// softmax(scale query key^T + mask) value: query [.., rows, features], key [.., columns, features], value [..,
/// columns, out] give [.., rows, out]; the leading dimensions broadcast. A row that attends to nothing is 0. Throws
/// ShapeError where sizes do not fit, DtypeError unless all have one floating-point dtype, ValueError where both a mask
/// and is_causal are given or dropout_p is no probability. PyTorch's nn.functional.scaled_dot_product_attention.
/// Vaswani et al. 2017, arXiv:1706.03762.
XG_API Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                           const AttentionOptions& options = {});

}  // namespace xg
