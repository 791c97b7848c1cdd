// Normalization over channels, attention, bilinear forms, gates and bags of embeddings, against their definitions.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor random(const Shape& shape, std::uint64_t seed, Dtype dtype = float64) {
  manual_seed(seed);
  return randn(shape, {.dtype = dtype});
}

bool differentiable(const TensorsFunction& f, const std::vector<Tensor>& inputs) {
  const GradcheckResult first = gradcheck(f, inputs), second = gradgradcheck(f, inputs);
  UNSCOPED_INFO(first.message << " " << second.message);
  return first.passed && second.passed;
}

Tensor leaf(const Shape& shape, std::uint64_t seed) { return random(shape, seed).requires_grad_(); }

}  // namespace

TEST_CASE("group_norm lies between layer_norm and instance_norm", "[ops][normalization]") {
  // Breaks if channels are grouped other than in succession.
  const Tensor x = random({3, 6, 4, 2}, 1), weight = random({6}, 2), bias = random({6}, 3);
  const auto along = [](const Tensor& t) { return t.reshape({6, 1, 1}); };
  expect_close(group_norm(x, 1, weight, bias), layer_norm(x, {6, 4, 2}) * along(weight) + along(bias), 1e-10, 1e-10);
  expect_close(group_norm(x, 6, weight, bias), instance_norm(x, {}, {}, weight, bias), 1e-10, 1e-10);
  const Tensor parts = x.reshape({3, 2, 3, 4, 2});
  const auto [variance, average] = var_mean(parts, {2, 3, 4}, 0, true);
  expect_close(group_norm(x, 2, {}, {}, 0.1), ((parts - average) / sqrt(variance + 0.1)).reshape(x.shape()), 1e-10,
               1e-10);
  CHECK(differentiable([](const std::vector<Tensor>& in) { return group_norm(in[0], 2, in[1], in[2]); },
                       {leaf({2, 4, 3}, 4), leaf({4}, 5), leaf({4}, 6)}));
  CHECK(group_norm(zeros({0, 4}), 2).shape() == Shape{0, 4});
  CHECK_ERROR(group_norm(x, 4), ShapeError, "multiple of the 4 groups");
  CHECK_ERROR(group_norm(x, 0), ValueError, "num_groups is 0");
  CHECK_ERROR(group_norm(x, 2, zeros({5}, {.dtype = float64})), ShapeError, "weight has shape [5]");
  CHECK_ERROR(group_norm(zeros({6}), 2), ShapeError, "[n, channels, ...]");
}

TEST_CASE("instance_norm uses the statistics of each row, or running ones", "[ops][normalization]") {
  // Breaks if running statistics are those of the whole batch, as in batch_norm.
  const Tensor x = random({3, 2, 5}, 1);
  Tensor average = tensor({1.0, -1.0}), variance = tensor({2.0, 3.0});
  average = average.to(float64), variance = variance.to(float64);
  const Tensor before_average = average.clone(), before_variance = variance.clone();
  const Tensor y = instance_norm(x, average, variance, {}, {}, true, 0.25);
  expect_close(mean(y, 2), zeros({3, 2}), 0, 1e-12);
  expect_close(average, before_average * 0.75 + mean(x, {0, 2}) * 0.25, 1e-12, 1e-12);
  expect_close(variance, before_variance * 0.75 + mean(var(x, 2), 0) * 0.25, 1e-12, 1e-12);
  const Tensor a = average.reshape({2, 1}), v = variance.reshape({2, 1});
  expect_close(instance_norm(x, average, variance, {}, {}, false), (x - a) / sqrt(v + 1e-5), 1e-10, 1e-10);
  CHECK(differentiable([](const std::vector<Tensor>& in) { return instance_norm(in[0], {}, {}, in[1], in[2]); },
                       {leaf({2, 2, 4}, 4), leaf({2}, 5), leaf({2}, 6)}));
  CHECK_ERROR(instance_norm(x, {}, {}, {}, {}, false), ValueError, "running_mean and running_var are needed");
  CHECK_ERROR(instance_norm(zeros({2, 3, 1})), ShapeError, "more than one element");
}

TEST_CASE("local_response_norm divides by the energy of neighbouring channels", "[ops][normalization]") {
  // Breaks if the window is off by one channel.
  const Tensor x = random({2, 5, 3}, 1);
  for (const std::int64_t size : {1, 2, 3, 4, 11}) {
    std::vector<Tensor> channels;
    for (std::int64_t c = 0; c < 5; ++c) {
      Tensor energy = zeros({2, 3}, {.dtype = float64});
      for (std::int64_t j = std::max<std::int64_t>(0, c - size / 2); j <= std::min<std::int64_t>(4, c + (size - 1) / 2);
           ++j)
        energy = energy + square(x.select(1, j));
      channels.push_back(x.select(1, c) / pow(1.5 + energy * (0.3 / static_cast<double>(size)), 0.6));
    }
    expect_close(local_response_norm(x, size, 0.3, 0.6, 1.5), stack(channels, 1), 1e-12, 1e-12);
  }
  CHECK(differentiable([](const std::vector<Tensor>& in) { return local_response_norm(in[0], 3, 0.5); },
                       {leaf({1, 4, 2}, 2)}));
  CHECK_ERROR(local_response_norm(zeros({2, 3}), 2), ShapeError, "three dimensions");
  CHECK_ERROR(local_response_norm(x, 0), ValueError, "size is 0");
}

TEST_CASE("attention is softmax of scaled products", "[ops][attention]") {
  // Breaks if scale, mask or the sides of a product are mixed up.
  const Tensor q = random({2, 3, 4, 5}, 1), k = random({2, 3, 6, 5}, 2), v = random({2, 3, 6, 7}, 3);
  const Tensor scores = matmul(q, k.transpose(-2, -1)) / std::sqrt(5.0);
  const auto attend = [&](const Tensor& s) { return matmul(softmax(s, -1), v); };
  expect_close(scaled_dot_product_attention(q, k, v), attend(scores), 1e-12, 1e-12);
  expect_close(scaled_dot_product_attention(q, k, v, {.scale = 0.3}), attend(scores * (0.3 * std::sqrt(5.0))), 1e-12,
               1e-12);
  const Tensor bias = random({4, 6}, 4);
  expect_close(scaled_dot_product_attention(q, k, v, {.attn_mask = bias}), attend(scores + bias), 1e-12, 1e-12);
  // A causal row i is attention to the first i + 1 rows alone.
  const Tensor causal = scaled_dot_product_attention(q, k, v, {.is_causal = true});
  for (std::int64_t i = 0; i < 4; ++i)
    expect_close(causal.narrow(2, i, 1),
                 scaled_dot_product_attention(q.narrow(2, i, 1), k.narrow(2, 0, i + 1), v.narrow(2, 0, i + 1)), 1e-12,
                 1e-12);
  expect_close(scaled_dot_product_attention(q, k, v, {.attn_mask = tril(full({4, 6}, true))}), causal, 0, 0);
  expect_close(scaled_dot_product_attention(q[0][0], k[0][0], v[0][0]), attend(scores)[0][0], 1e-12, 1e-12);
}

TEST_CASE("a row that attends to nothing is 0 and has gradient 0", "[ops][attention]") {
  // Breaks if softmax of -infinity alone gives NaN, in the value or in a gradient.
  const Tensor q = leaf({2, 3}, 1), k = leaf({4, 3}, 2), v = leaf({4, 2}, 3);
  const Tensor open = tensor<std::int64_t>({0, 0, 0, 0, 1, 0, 1, 1}).reshape({2, 4}) != 0;
  const Tensor added = where(open, zeros({2, 4}, {.dtype = float64}), -std::numeric_limits<double>::infinity());
  for (const Tensor& mask : {open, added}) {
    const Tensor y = scaled_dot_product_attention(q, k, v, {.attn_mask = mask});
    expect_close(y.detach()[0], {0, 0}, 0, 0);
    for (const Tensor& g : grad({sum(square(y))}, {q, k, v})) CHECK(isfinite(g).all().item<bool>());
    CHECK(differentiable(
        [&](const std::vector<Tensor>& in) {
          return scaled_dot_product_attention(in[0], in[1], in[2], {.attn_mask = mask});
        },
        {q, k, v}));
  }
}

TEST_CASE("heads of the query share those of key and value", "[ops][attention]") {
  // Breaks if heads are repeated in another order.
  const Tensor q = random({2, 4, 3, 5}, 1), k = random({2, 2, 6, 5}, 2), v = random({2, 2, 6, 5}, 3);
  const Tensor y = scaled_dot_product_attention(q, k, v, {.enable_gqa = true});
  for (std::int64_t head = 0; head < 4; ++head)
    expect_close(y.select(1, head),
                 scaled_dot_product_attention(q.select(1, head), k.select(1, head / 2), v.select(1, head / 2)), 1e-12,
                 1e-12);
  manual_seed(5);
  const Tensor dropped = scaled_dot_product_attention(q, q, q, {.dropout_p = 0.5});
  manual_seed(5);
  expect_close(scaled_dot_product_attention(q, q, q, {.dropout_p = 0.5}), dropped, 0, 0);
  expect_close(scaled_dot_product_attention(q, q, q, {.dropout_p = 1}), zeros_like(q), 0, 0);
  CHECK_ERROR(scaled_dot_product_attention(q, k, v), ShapeError, "");
  CHECK_ERROR(scaled_dot_product_attention(q, random({2, 3, 6, 5}, 2), v, {.enable_gqa = true}), ShapeError,
              "multiple");
  CHECK_ERROR(scaled_dot_product_attention(q, k.narrow(3, 0, 4), v), ShapeError, "as many features");
  CHECK_ERROR(scaled_dot_product_attention(q, q, q, {.dropout_p = 2}), ValueError, "dropout_p is 2");
  CHECK_ERROR(scaled_dot_product_attention(q, q.to(float32), q), DtypeError, "one floating dtype");
  CHECK_ERROR(scaled_dot_product_attention(q, q, q, {.attn_mask = full({3, 3}, true), .is_causal = true}), ValueError,
              "both attn_mask and is_causal");
  CHECK_ERROR(scaled_dot_product_attention(q, q, q, {.attn_mask = full({4, 1, 4, 3, 3}, true)}), ShapeError,
              "must broadcast to these");
}

TEST_CASE("bilinear is a sum over both inputs, and glu a gate", "[ops][attention]") {
  // Breaks if the inputs are exchanged.
  const Tensor a = random({2, 3, 4}, 1), b = random({2, 3, 5}, 2), w = random({6, 4, 5}, 3), bias = random({6}, 4);
  expect_close(bilinear(a, b, w, bias), einsum("nri,oij,nrj->nro", {a, w, b}) + bias, 1e-12, 1e-12);
  expect_close(bilinear(a[0][0], b[0][0], w), bilinear(a, b, w)[0][0], 1e-12, 1e-12);
  CHECK(bilinear(zeros({0, 4}), zeros({0, 5}), zeros({6, 4, 5})).shape() == Shape{0, 6});
  CHECK(differentiable([](const std::vector<Tensor>& in) { return bilinear(in[0], in[1], in[2], in[3]); },
                       {leaf({2, 3}, 5), leaf({2, 2}, 6), leaf({2, 3, 2}, 7), leaf({2}, 8)}));
  CHECK_ERROR(bilinear(a, a, w), ShapeError, "last sizes must be 4 and 5");
  CHECK_ERROR(bilinear(a, b.to(float32), w), DtypeError, "one floating dtype");
  const Tensor x = random({3, 4}, 9);
  expect_close(glu(x), x.narrow(1, 0, 2) * sigmoid(x.narrow(1, 2, 2)));
  CHECK_ERROR(glu(x, 0), ShapeError, "even size");
  CHECK_ERROR(glu(full({}, 1.0)), ShapeError, "");
}

TEST_CASE("embedding_bag reduces the rows of each bag", "[ops][attention]") {
  // Breaks if a bag begins or ends at the wrong index, or an absent index counts.
  const Tensor table = leaf({5, 3}, 1), weights = leaf({6}, 2);
  const std::vector<std::int64_t> chosen{1, 4, 4, 0, 2, 1}, bounds{0, 2, 2, 5, 6};
  const Tensor index = from_data(chosen.data(), {6});
  const Tensor offsets = from_data(bounds.data(), {4}), with_end = from_data(bounds.data(), {5});
  for (const EmbeddingBagMode mode : {EmbeddingBagMode::sum, EmbeddingBagMode::mean, EmbeddingBagMode::max})
    for (const std::int64_t padding : {-1, 4}) {
      EmbeddingBagOptions options{.offsets = offsets, .mode = mode};
      if (padding >= 0) options.padding_idx = padding - 5;  // counted from the end
      const Tensor y = embedding_bag(index, table, options);
      CHECK(y.shape() == Shape{4, 3});
      for (std::size_t b = 0; b < 4; ++b) {
        std::vector<Tensor> rows;
        for (auto i = bounds[b]; i < bounds[b + 1]; ++i)
          if (const std::int64_t row = chosen[static_cast<std::size_t>(i)]; row != padding)
            rows.push_back(table.detach()[row]);
        Tensor want = zeros({3}, {.dtype = float64});
        if (!rows.empty()) {
          const Tensor all = stack(rows);
          want = mode == EmbeddingBagMode::sum    ? sum(all, 0)
                 : mode == EmbeddingBagMode::mean ? mean(all, 0)
                                                  : amax(all, 0);
        }
        expect_close(y.detach()[static_cast<std::int64_t>(b)], want, 1e-12, 1e-12);
      }
      const auto f = [&](const std::vector<Tensor>& in) { return square(embedding_bag(index, in[0], options)); };
      CHECK(differentiable(f, {table}));
      options.offsets = with_end;
      options.include_last_offset = true;
      expect_close(embedding_bag(index, table, options).detach(), y.detach(), 0, 0);
      // Bags of one length in both forms.
      const Tensor matrix = index.reshape({2, 3});
      options.include_last_offset = false;
      options.offsets = tensor<std::int64_t>({0, 3});
      const Tensor flat = embedding_bag(index, table, options);
      options.offsets = {};
      expect_close(embedding_bag(matrix, table, options).detach(), flat.detach(), 1e-12, 1e-12);
      CHECK(differentiable([&](const std::vector<Tensor>& in) { return square(embedding_bag(matrix, in[0], options)); },
                           {table}));
    }
  CHECK(differentiable(
      [&](const std::vector<Tensor>& in) {
        return embedding_bag(index, in[0],
                             {.offsets = offsets, .mode = EmbeddingBagMode::sum, .per_sample_weights = in[1]});
      },
      {table, weights}));
}

TEST_CASE("arguments of embedding_bag that do not fit are named", "[ops][attention]") {
  // Breaks if an offset is used unchecked.
  const Tensor table = zeros({5, 3}), index = tensor<std::int64_t>({1, 4, 0});
  const auto with = [&](const Tensor& offsets) { return embedding_bag(index, table, {.offsets = offsets}); };
  CHECK_ERROR(embedding_bag(index, table), ValueError, "offsets belong");
  CHECK_ERROR(with(tensor<std::int64_t>({1, 2})), ValueError, "begin with 0");
  CHECK_ERROR(with(tensor<std::int64_t>({0, 4})), ValueError, "offset 1 is 4");
  CHECK_ERROR(with(tensor<std::int64_t>({0, 2, 1})), ValueError, "do not decrease");
  CHECK_ERROR(with(tensor({0.0})), DtypeError, "");
  CHECK_ERROR(embedding_bag(tensor<std::int64_t>({5}), table, {.offsets = tensor<std::int64_t>({0})}), IndexError, "5");
  CHECK_ERROR(embedding_bag(index.reshape({1, 3}), table, {.padding_idx = 5}), IndexError, "padding_idx is 5");
  CHECK_ERROR(embedding_bag(index.reshape({1, 3}), table, {.per_sample_weights = ones({1, 3})}), ValueError,
              "mode sum");
  CHECK_ERROR(embedding_bag(index.reshape({1, 3}), table.to(int64)), DtypeError, "floating");
  CHECK(embedding_bag(zeros({2, 0}, {.dtype = int64}), table, {.mode = EmbeddingBagMode::max}).shape() == Shape{2, 3});
}
