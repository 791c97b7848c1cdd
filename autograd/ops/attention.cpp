// Attention, composed of products and softmax.
#include <xgrad/autograd/ops/arithmetic.hpp>
#include <xgrad/autograd/ops/attention.hpp>
#include <xgrad/autograd/ops/comparison.hpp>
#include <xgrad/autograd/ops/joining.hpp>
#include <xgrad/autograd/ops/layers.hpp>
#include <xgrad/autograd/ops/products.hpp>
#include <xgrad/autograd/ops/reductions.hpp>
#include <xgrad/autograd/ops/shape.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/shape.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace xg {
namespace {

constexpr const char* op_name = "scaled_dot_product_attention";
constexpr double infinity = std::numeric_limits<double>::infinity();

void check_arguments(const Tensor& query, const Tensor& key, const Tensor& value, const AttentionOptions& options) {
  if (query.dim() < 2 || key.dim() < 2 || value.dim() < 2)
    raise<ShapeError>("[{}] query is {}, key is {}, value is {}: each needs two dimensions or more.", op_name,
                      query.shape().str(), key.shape().str(), value.shape().str());
  if (query.dtype() != key.dtype() || query.dtype() != value.dtype() || !query.is_floating_point())
    raise<DtypeError>(
        "[{}] query is {}, key is {}, value is {}: they must be one floating dtype, convert with x.to(...).", op_name,
        name(query.dtype()), name(key.dtype()), name(value.dtype()));
  if (query.size(-1) != key.size(-1) || key.size(-2) != value.size(-2))
    raise<ShapeError>(
        "[{}] query is {}, key is {}, value is {}: query and key need as many features (the last size), key and value "
        "as "
        "many rows (the size before).",
        op_name, query.shape().str(), key.shape().str(), value.shape().str());
  if (options.attn_mask.defined() && options.is_causal)
    raise<ValueError>("[{}] both attn_mask and is_causal are given: give one of them.", op_name);
  if (!(options.dropout_p >= 0 && options.dropout_p <= 1))
    raise<ValueError>("[{}] dropout_p is {}, it must be a probability between 0 and 1.", op_name, options.dropout_p);
  const Tensor& mask = options.attn_mask;
  if (mask.defined() && mask.dtype() != Dtype::bool_ && mask.dtype() != query.dtype())
    raise<DtypeError>("[{}] attn_mask is {}, query is {}: the mask must be bool or of the query's dtype.", op_name,
                      name(mask.dtype()), name(query.dtype()));
}

/// The heads of x repeated, so that there are as many as the query has.
Tensor with_heads(const Tensor& x, const Tensor& query, const char* argument) {
  if (x.dim() < 3 || query.dim() < 3 || x.size(-3) == 0 || query.size(-3) % x.size(-3) != 0)
    raise<ShapeError>("[{}] query is {}, {} is {}: with enable_gqa, query.size(-3) must be a multiple of {}.size(-3).",
                      op_name, query.shape().str(), argument, x.shape().str(), argument);
  return x.size(-3) == query.size(-3) ? x : repeat_interleave(x, query.size(-3) / x.size(-3), x.dim() - 3);
}

/// The weights of rows in which everything may be masked: softmax, or zeros.
Tensor masked_softmax(const Tensor& scores) {
  if (scores.numel() == 0) return softmax(scores, -1);
  const Tensor nothing = eq(amax(scores.detach(), -1, true), full({}, -infinity, {.dtype = scores.dtype()}));
  return where(nothing, 0.0, softmax(where(nothing, 0.0, scores), -1));
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const AttentionOptions& options) {
  check_arguments(query, key, value, options);
  const Tensor k = options.enable_gqa ? with_heads(key, query, "key") : key;
  const Tensor v = options.enable_gqa ? with_heads(value, query, "value") : value;
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(query.size(-1))));
  const Tensor scores = matmul(query * scale, transpose(k, -2, -1));
  Tensor weights;
  if (options.attn_mask.defined() || options.is_causal) {
    const Tensor mask = options.is_causal ? tril(full({query.size(-2), k.size(-2)}, true)) : options.attn_mask;
    const Shape shape = broadcast_shapes(op_name, scores.shape(), mask.shape());
    if (shape != scores.shape())
      raise<ShapeError>("[{}] attn_mask is {}, the scores are {}: the mask must broadcast to these.", op_name,
                        mask.shape().str(), scores.shape().str());
    weights = masked_softmax(mask.dtype() == Dtype::bool_ ? where(mask, scores, -infinity) : scores + mask);
  } else {
    weights = softmax(scores, -1);
  }
  if (options.dropout_p > 0) weights = dropout(weights, options.dropout_p, true, options.generator);
  return matmul(weights, v);
}

}  // namespace xg
