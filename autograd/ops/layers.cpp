// Functions for layers: linear and bilinear maps, normalization, dropout.
#include <xgrad/autograd/detail/elementwise.hpp>
#include <xgrad/autograd/detail/rearrangement.hpp>
#include <xgrad/autograd/detail/reduction.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops/layers.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/normalization.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace xg {
namespace autograd {
namespace {

using kernels::Matrix;

/// [rows, last] of a tensor whose leading dimensions are the rows.
Tensor as_matrix(const Tensor& x) {
  return x.dim() == 2 ? x : x.reshape({x.size(-1) == 0 ? x.numel() : x.numel() / x.size(-1), x.size(-1)});
}
/// y = x W^T + b on rows: x [rows, in], W [out, in], b [out].
///   dx = g W, dW = g^T x, db = sum of g over the rows
template <bool with_bias> struct LinearOp {
  static constexpr const char* name = "linear";
  static constexpr int inputs = with_bias ? 3 : 2;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_input(1);
  static constexpr Rule rule = Rule::bilinear;
  static bool needs_saved(std::size_t i, const bool* needed) { return i < 2 && needed[1 - i]; }
  static Tensor forward(const Tensor& x, const Tensor& weight) { return kernels::linear(x, weight, {}); }
  static Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return kernels::linear(x, weight, bias);
  }
  static LinearMap linear_map(std::span<const Tensor> in, std::size_t varying) {
    if (varying != 0) return {};
    return {in[1], with_bias ? in[2] : Tensor()};
  }
  static bool row_factors(std::span<const Tensor>, const std::vector<bool>& carries) {
    return !carries[1] && !(with_bias && carries[2]);
  }
  static Tensor product_part(const Tensor& x, const Tensor& weight)
    requires(with_bias)
  {
    return apply(LinearOp<false>{}, x, weight);
  }
  /// The outer products of rows of g and x, g itself for the bias.
  static Tensor row_vjp(std::size_t i, std::span<const Tensor> in, const Tensor& g, std::int64_t rows) {
    if (i == 0 || g.dim() != 2 || g.size(0) != rows) return {};
    return i == 2 ? g : g.unsqueeze(2) * in[0].unsqueeze(1);
  }
  using Gradients = std::array<Tensor, static_cast<std::size_t>(inputs)>;
  static Gradients backward(const OpContext& c, const Tensor& g) {
    Gradients grads;
    if (c.needs(0)) grads[0] = matmul(g, c.input(1));
    if (c.needs(1)) grads[1] = matmul(transpose(g, 0, 1), c.input(0));
    if constexpr (with_bias)
      if (c.needs(2)) grads[2] = sum(g, 0);
    return grads;
  }
  static Gradients backward_fused(const OpContext& c, const Tensor& g) {
    Gradients grads;
    if (c.needs(0)) grads[0] = kernels::matmul(g, c.input(1));
    if (c.needs(1)) grads[1] = kernels::matmul(Matrix(g).transposed(), Matrix(c.input(0)));
    if constexpr (with_bias)
      if (c.needs(2)) grads[2] = kernels::sum(g, {0}, false);
    return grads;
  }
  static Tensor rounding(const RoundingContext& c) {
    Tensor largest = largest_products(c.of_term(0), abs(c.inputs[1]));
    if (c.errors[1].defined()) largest = maximum(largest, largest_products(abs(c.inputs[0]), c.errors[1]));
    if constexpr (with_bias) largest = maximum(largest, c.of_term(2));
    return largest;
  }
  static std::vector<Sample> samples(Dtype d) {
    std::vector<Tensor> in{sample_values({5, 3}, -2, 2, d, 6), sample_values({4, 3}, -1, 1, d, 7)};
    if (with_bias) in.push_back(sample_values({4}, -1, 1, d, 8));
    std::vector<Tensor> none = in;
    none[0] = sample_values({0, 3}, -2, 2, d, 6);
    const auto call = [](const Inputs& t) { return linear(t[0], t[1], with_bias ? t[2] : Tensor()); };
    return {{"rows", in, call}, {"no rows", none, call}};
  }
};

/// y = (x - mean) / sqrt(var + eps) over the last `tail` dimensions; also gives mean and 1 / sqrt(var + eps).
///   dx = inv (g - mean(g) - y mean(g y))
struct StandardizeRows {
  static constexpr const char* name = "standardize_rows";
  static constexpr int inputs = 1;
  static constexpr int outputs = 3;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_output(0) | save_output(2);
  static constexpr Rule rule = Rule::quadrature;
  std::size_t tail = 1;
  double eps = 1e-5;

  Dims dims() const {
    Dims last;
    for (std::size_t i = 0; i < tail; ++i) last.push_back(-static_cast<std::int64_t>(i) - 1);
    return last;
  }
  double columns(const Shape& shape) const {
    std::int64_t count = 1;
    for (std::size_t i = 0; i < tail; ++i) count *= shape[shape.size() - 1 - i];
    return static_cast<double>(count);
  }
  std::array<Tensor, 3> composite(const Tensor& x) const {
    const Tensor average = mean(x, dims(), true), centered = x - average;
    const Tensor inv = rsqrt(mean(square(centered), dims(), true) + eps);
    return {centered * inv, average, inv};
  }
  std::array<Tensor, 3> forward(const Tensor& x) const { return kernels::standardize_rows(x, tail, eps); }
  std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> g) const {
    const Tensor &y = c.output(0), &inv = c.output(2);
    Tensor dx;
    const auto accumulate = [&](const Tensor& part) { dx = dx.defined() ? dx + part : part; };
    if (g[0].defined()) accumulate(inv * (g[0] - mean(g[0], dims(), true) - y * mean(g[0] * y, dims(), true)));
    const Shape& shape = c.input_shape(0);
    if (g[1].defined()) accumulate((g[1] / columns(shape)).expand(shape));
    if (g[2].defined()) accumulate(g[2] * (-square(inv) * y / columns(shape)));  // d inv / dx = -inv^2 y / columns
    return {dx};
  }
  std::array<Tensor, 1> backward_fused(const OpContext& c, std::span<const Tensor> g) const {
    if (g[0].defined() && !g[1].defined() && !g[2].defined())
      return {kernels::standardize_rows_backward(g[0], c.output(0), c.output(2))};
    return backward(c, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& t) { return layer_norm(t[0], {t[0].size(-1)}); };
    const auto over_two = [](const Inputs& t) { return layer_norm(t[0], {3, 4}); };
    return shaped_samples(d,
                          {{"rows", {{5, 4}}, call},
                           {"three dimensions", {{2, 3, 4}}, call},
                           {"over two", {{2, 3, 4}}, over_two},
                           {"no rows", {{0, 4}}, call}},
                          6);
  }
};

/// StandardizeRows over the rows of [rows, columns], as batch norm does for each channel. It also returns the variance,
/// for running statistics, because 1 / sqrt(var + eps) does not determine it accurately.
struct StandardizeColumns {
  static constexpr const char* name = "standardize_columns";
  static constexpr int inputs = 1;
  static constexpr int outputs = 4;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr unsigned saves = save_input(0) | save_output(0) | save_output(2);
  static constexpr Rule rule = Rule::unsupported;
  static constexpr bool batch_statistics = true;
  double eps = 1e-5;
  std::array<Tensor, 4> forward(const Tensor& x) const { return kernels::standardize_columns(x, eps); }
  std::array<Tensor, 1> backward(const OpContext& c, std::span<const Tensor> g) const {
    const Tensor &y = c.output(0), &inv = c.output(2);
    const double rows = static_cast<double>(c.input_shape(0)[0]);
    Tensor dx;
    const auto accumulate = [&](const Tensor& part) { dx = dx.defined() ? dx + part : part; };
    if (g[0].defined()) accumulate(inv * (g[0] - mean(g[0], 0, true) - y * mean(g[0] * y, 0, true)));
    if (g[1].defined()) accumulate((g[1] / rows).expand(c.input_shape(0)));
    if (g[2].defined()) accumulate(g[2] * (-square(inv) * y / rows));
    if (g[3].defined()) accumulate(g[3] * (y / inv) * (2 / rows));
    return {dx};
  }
  std::array<Tensor, 1> backward_fused(const OpContext& c, std::span<const Tensor> g) const {
    if (g[0].defined() && !g[1].defined() && !g[2].defined() && !g[3].defined())
      return {kernels::standardize_columns_backward(g[0], c.output(0), c.output(2))};
    return backward(c, g);
  }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& t) { return batch_norm(t[0], {}, {}, {}, {}, true); };
    const auto statistic = [](std::size_t which) {
      return [=](const Inputs& t) { return apply(StandardizeColumns{}, t[0])[which]; };
    };
    return shaped_samples(d,
                          {{"rows", {{6, 3}}, call},
                           {"three dimensions", {{3, 2, 4}}, call},
                           {"scale", {{6, 3}}, statistic(2)},
                           {"variance", {{6, 3}}, statistic(3)}},
                          6);
  }
};

/// x mask / (1 - p); backward regenerates the mask from its counter, so nothing is stored.
struct DropoutOp {
  static constexpr const char* name = "dropout";
  static constexpr int inputs = 1;
  static constexpr Promotion promotion = Promotion::none;
  static constexpr Rule rule = Rule::unsupported;
  static constexpr bool random = true;
  double p = 0.5;
  std::uint64_t seed = 0, offset = 0;
  Tensor forward(const Tensor& x) const { return kernels::dropout(x, p, seed, offset); }
  Tensor backward(const OpContext&, const Tensor& g) const { return apply(*this, g); }
  static std::vector<Sample> samples(Dtype d) {
    const auto call = [](const Inputs& t) { return apply(DropoutOp{0.4, 11, 3}, t[0]); };
    return shaped_samples(d, {{"matrix", {{6, 3}}, call}, {"empty", {{0, 3}}, call}}, 6);
  }
};

}  // namespace

}  // namespace autograd

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Shape &xs = x.shape(), &ws = weight.shape();
  if (ws.size() != 2 && !(ws.size() == 1 && !bias.defined()))
    raise<ShapeError>("[linear] weight has shape {}, it must be [out, in].", ws.str());
  if (xs.empty() || xs.back() != ws.back())
    raise<ShapeError>("[linear] input is {}, weight is {}: input.size(-1) must be {}.", xs.str(), ws.str(), ws.back());
  if (bias.defined() && (bias.dim() > 1 || (bias.numel() != ws[0] && bias.numel() != 1)))
    raise<ShapeError>("[linear] bias has shape {}, weight {}: bias must be [{}].", bias.shape().str(), ws.str(), ws[0]);
  if (x.dtype() != weight.dtype() || (bias.defined() && bias.dtype() != x.dtype()) || !x.is_floating_point())
    raise<DtypeError>("[linear] input is {}, weight is {}{}: they must be one floating dtype, convert with x.to(...).",
                      name(x.dtype()), name(weight.dtype()),
                      bias.defined() ? fmt::format(", bias is {}", name(bias.dtype())) : "");
  if (ws.size() == 1) return matmul(x, weight);
  if (bias.defined() && bias.shape() != Shape{ws[0]}) return linear(x, weight) + bias;
  if (xs.size() == 2)
    return bias.defined() ? apply(autograd::LinearOp<true>{}, x, weight, bias)
                          : apply(autograd::LinearOp<false>{}, x, weight);
  Shape out = xs;
  out[out.size() - 1] = ws[0];
  return linear(autograd::as_matrix(x), weight, bias).reshape(out);
}

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  const Shape &a = x1.shape(), &b = x2.shape(), &ws = weight.shape();
  if (ws.size() != 3) raise<ShapeError>("[bilinear] weight has shape {}, it must be [out, in1, in2].", ws.str());
  bool fits = !a.empty() && a.size() == b.size() && a.back() == ws[1] && b.back() == ws[2];
  for (std::size_t i = 0; fits && i + 1 < a.size(); ++i) fits = a[i] == b[i];
  if (!fits)
    raise<ShapeError>(
        "[bilinear] inputs are {} and {}, weight is {}: their last sizes must be {} and {}, the others equal.", a.str(),
        b.str(), ws.str(), ws[1], ws[2]);
  if (bias.defined() && bias.shape() != Shape{ws[0]})
    raise<ShapeError>("[bilinear] bias has shape {}, weight {}: bias must be [{}].", bias.shape().str(), ws.str(),
                      ws[0]);
  for (const Tensor* t : {&x2, &weight, &bias})
    if (!x1.is_floating_point() || (t->defined() && t->dtype() != x1.dtype()))
      raise<DtypeError>("[bilinear] inputs are {} and {}, weight is {}{}: they must be one floating dtype.",
                        name(x1.dtype()), name(x2.dtype()), name(weight.dtype()),
                        bias.defined() ? fmt::format(", bias is {}", name(bias.dtype())) : "");
  // x1 times all weights is [rows, out, in2], whose matrices are then applied to x2.
  const std::int64_t rows = Shape(a.begin(), a.end() - 1).numel();
  const Tensor weights = reshape(permute(weight, {1, 0, 2}), {ws[1], ws[0] * ws[2]});
  const Tensor products = reshape(matmul(reshape(x1, {rows, ws[1]}), weights), {rows, ws[0], ws[2]});
  Tensor y = reshape(matmul(products, reshape(x2, {rows, ws[2], 1})), {rows, ws[0]});
  if (bias.defined()) y = y + bias;
  Shape shape = a;
  shape[shape.size() - 1] = ws[0];
  return reshape(y, shape);
}

Tensor glu(const Tensor& x, std::int64_t dim) {
  const std::size_t d = autograd::existing_dim("glu", x, dim);
  autograd::check_floating("glu", x);
  const auto along = static_cast<std::int64_t>(d);
  const std::int64_t half = x.size(along) / 2;
  if (x.size(along) % 2 != 0)
    raise<ShapeError>("[glu] input is {}: dimension {} must have an even size.", x.shape().str(), d);
  return narrow(x, along, 0, half) * sigmoid(narrow(x, along, half, half));
}

namespace {

/// Throws ShapeError unless the last dimensions of x are those that `normalized_shape` names.
void check_tail(const char* op, const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                const Tensor& bias) {
  const Shape& xs = x.shape();
  bool fits = !normalized_shape.empty() && xs.size() >= normalized_shape.size();
  for (std::size_t i = 0; fits && i < normalized_shape.size(); ++i)
    fits = xs[xs.size() - normalized_shape.size() + i] == normalized_shape[i];
  if (!fits)
    raise<ShapeError>("[{}] input is {}, normalized_shape is {}: the input's last dimensions must be these.", op,
                      xs.str(), normalized_shape.str());
  for (const Tensor* t : {&weight, &bias})
    if (t->defined() && t->shape() != normalized_shape)
      raise<ShapeError>("[{}] {} has shape {}, it must be normalized_shape {}.", op, t == &weight ? "weight" : "bias",
                        t->shape().str(), normalized_shape.str());
  autograd::check_floating(op, x);
}

Tensor scaled_and_shifted(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined()) y = y * weight;
  if (bias.defined()) y = y + bias;
  return y;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_tail("layer_norm", x, normalized_shape, weight, bias);
  return scaled_and_shifted(apply(autograd::StandardizeRows{normalized_shape.size(), eps}, x)[0], weight, bias);
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight, std::optional<double> eps) {
  check_tail("rms_norm", x, normalized_shape, weight, {});
  Dims dims;
  for (std::size_t i = 0; i < normalized_shape.size(); ++i) dims.push_back(-static_cast<std::int64_t>(i) - 1);
  const double floor = eps.value_or(x.dtype() == float32 ? 1.1920928955078125e-07 : 2.220446049250313e-16);
  return scaled_and_shifted(x * rsqrt(mean(square(x), dims, true) + floor), weight, {});
}

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum, double eps) {
  if (x.dim() == 1 && x.numel() == 0) return clone(x);  // as in PyTorch
  if (x.dim() < 2) raise<ShapeError>("[batch_norm] input is {}, it must be [rows, channels, ...].", x.shape().str());
  autograd::check_floating("batch_norm", x);
  const std::int64_t channels = x.size(1);
  const std::pair<const char*, const Tensor*> per_channel[] = {
      {"running_mean", &running_mean}, {"running_var", &running_var}, {"weight", &weight}, {"bias", &bias}};
  for (const auto& [argument, t] : per_channel)
    if (t->defined() && t->shape() != Shape{channels})
      raise<ShapeError>("[batch_norm] {} has shape {}, input has {} channels: it must be [{}].", argument,
                        t->shape().str(), channels, channels);
  if (!training && !(running_mean.defined() && running_var.defined()))
    throw ValueError(
        "[batch_norm] running_mean and running_var are needed in eval mode: pass them, or training = true.");
  Shape aligned{channels};
  for (std::int64_t i = 2; i < x.dim(); ++i) aligned.push_back(1);
  const auto broadcast = [&](const Tensor& t) { return t.defined() && x.dim() > 2 ? t.reshape(aligned) : t; };
  if (!training) {
    const Tensor scale = rsqrt(running_var + eps);
    return scaled_and_shifted((x - broadcast(running_mean)) * broadcast(scale), broadcast(weight), broadcast(bias));
  }
  const std::int64_t count = channels == 0 ? 0 : x.numel() / channels;
  if (count < 2)
    raise<ShapeError>(
        "[batch_norm] input is {}: training needs more than one value per channel, use larger batches or eval mode.",
        x.shape().str());
  // Channels to the columns: [rows and positions, channels].
  const bool flat = x.dim() == 2;
  const Tensor channels_last = flat ? x : movedim(x, 1, -1);
  const auto [y, average, inv, variance] =
      apply(autograd::StandardizeColumns{eps}, flat ? x : channels_last.reshape({count, channels}));
  {
    const NoGrad guard;
    const autograd::Unobserved unobserved;
    if (running_mean.defined()) {
      Tensor target = running_mean;
      target.mul_(1 - momentum).add_(average.reshape({channels}).detach() * momentum);
    }
    if (running_var.defined()) {
      Tensor target = running_var;
      const double unbias = static_cast<double>(count) / static_cast<double>(count - 1);
      target.mul_(1 - momentum).add_(variance.reshape({channels}).detach() * (momentum * unbias));
    }
  }
  return scaled_and_shifted(flat ? y : movedim(y.reshape(channels_last.shape()), -1, 1), broadcast(weight),
                            broadcast(bias));
}

Tensor dropout(const Tensor& x, double p, bool training, Generator* generator) {
  if (!(p >= 0 && p <= 1)) raise<ValueError>("[dropout] p is {}, it must be a probability between 0 and 1.", p);
  autograd::check_floating("dropout", x);
  if (!training || p == 0) return x;
  Generator& stream = generator != nullptr ? *generator : default_generator();
  const std::uint64_t offset = stream.reserve(static_cast<std::uint64_t>((x.numel() + 3) / 4));
  return apply(autograd::DropoutOp{p, stream.seed(), offset}, x);
}

Tensor normalize(const Tensor& x, double p, std::int64_t dim, double eps) {
  return x / clamp(vector_norm(x, p, dim, true), eps);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim, double eps) {
  const Shape shape = broadcast_shapes("cosine_similarity", a.shape(), b.shape());
  const Tensor x = expand(a, shape), y = expand(b, shape);
  const Tensor nx = clamp(vector_norm(x, 2, dim, true), eps), ny = clamp(vector_norm(y, 2, dim, true), eps);
  return sum((x / nx) * (y / ny), dim);
}

Tensor pairwise_distance(const Tensor& a, const Tensor& b, double p, double eps, bool keepdim) {
  return vector_norm(a - b + eps, p, -1, keepdim);
}

}  // namespace xg
