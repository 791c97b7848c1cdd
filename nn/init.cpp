#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/init.hpp>
#include <xgrad/tensor/kernels/linalg.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace xg::nn::init {
namespace {

struct Fans {
  double in, out;
};

Fans fans(const char* who, const Tensor& t) {
  if (t.dim() < 2)
    raise<ShapeError>("[init::{}] tensor is {}, fans need at least two dimensions: use uniform, normal or zeros.", who,
                      t.shape().str());
  double receptive_field = 1;
  for (std::int64_t d = 2; d < t.dim(); ++d) receptive_field *= static_cast<double>(t.size(d));
  return {static_cast<double>(t.size(1)) * receptive_field, static_cast<double>(t.size(0)) * receptive_field};
}

double fan(const char* who, const Tensor& t, Fan mode) { return mode == Fan::in ? fans(who, t).in : fans(who, t).out; }

// Standard deviation of a standard normal truncated at two: dividing by it gives the requested variance.
constexpr double truncated_normal_std = 0.87962566103423978;

/// The share of a standard normal that lies in [a, b], to full precision in the tails.
double normal_mass(double a, double b) {
  if (b < 0) return normal_mass(-b, -a);
  const double h = std::sqrt(0.5);
  return a > 0 ? 0.5 * (std::erfc(a * h) - std::erfc(b * h)) : 0.5 * (std::erf(b * h) - std::erf(a * h));
}

/// Standard normals in [a, b], a >= 0: a plus an exponential variate of rate a, restricted to the interval, is accepted
/// with probability exp(-(z - a)^2 / 2) (Robert 1995). Efficient where the interval is narrow or a is well above 0.
Tensor normal_tail(const Shape& shape, double a, double b) {
  const TensorOptions float64_options{.dtype = float64};
  const double width = b - a, tail_minus_one = std::expm1(-a * width);  // the exponential's mass above b, minus 1
  const auto proposal = [&] {
    const Tensor u = rand(shape, float64_options);
    return a * width < 1e-8 ? u * width : log1p(u * tail_minus_one) * (-1 / a);
  };
  Tensor above = proposal(), accepted = rand(shape, float64_options) < exp(square(above) * -0.5);
  while (!accepted.all().item<bool>()) {
    const Tensor next = proposal();
    above = where(accepted, above, next);
    accepted = logical_or(accepted, rand(shape, float64_options) < exp(square(next) * -0.5));
  }
  return above + a;
}

/// Standard normals in [a, b], an interval that holds little of their mass.
Tensor rare_normal(const Shape& shape, double a, double b) {
  if (b <= 0) return -normal_tail(shape, -b, -a);
  if (a >= 0) return normal_tail(shape, a, b);
  // The interval is narrow and contains 0: each side is chosen with the probability of its mass.
  const double share = normal_mass(0, b) / normal_mass(a, b);
  const Tensor right = rand(shape, {.dtype = float64}) < share;
  return where(right, normal_tail(shape, 0, b), -normal_tail(shape, 0, -a));
}

/// The smallest and the largest number of the dtype in [low, high].
std::pair<double, double> representable(double low, double high, Dtype dtype) {
  if (dtype != float32) return {low, high};
  constexpr float infinity = std::numeric_limits<float>::infinity();
  float from = static_cast<float>(low), to = static_cast<float>(high);
  if (static_cast<double>(from) < low) from = std::nextafter(from, infinity);
  if (static_cast<double>(to) > high) to = std::nextafter(to, -infinity);
  return {from, to};
}

Tensor symmetric_uniform(const Tensor& t, double bound) { return uniform(t, -bound, bound); }
Tensor truncated_normal(const Tensor& t, double variance) {
  const double std = std::sqrt(variance) / truncated_normal_std;
  return trunc_normal(t, 0, std, -2 * std, 2 * std);
}

}  // namespace

Tensor zeros(const Tensor& t) { return constant(t, 0); }
Tensor ones(const Tensor& t) { return constant(t, 1); }

Tensor constant(const Tensor& t, double value) {
  const NoGrad guard;
  return Tensor(t).fill_(value);
}

Tensor eye(const Tensor& t) {
  if (t.dim() != 2) raise<ShapeError>("[init::eye] tensor is {}, it must be a matrix.", t.shape().str());
  const NoGrad guard;
  return Tensor(t).copy_(xg::eye(t.size(0), t.size(1), {.dtype = t.dtype()}));
}

Tensor uniform(const Tensor& t, double low, double high) {
  if (!(low <= high)) raise<ValueError>("[init::uniform] low is {} and high {}, low must not be above.", low, high);
  const NoGrad guard;
  return Tensor(t).uniform_(low, high);
}

Tensor normal(const Tensor& t, double mean, double std) {
  if (!(std >= 0)) raise<ValueError>("[init::normal] std is {}, it must be 0 or more.", std);
  const NoGrad guard;
  return Tensor(t).normal_(mean, std);
}

Tensor trunc_normal(const Tensor& t, double mean, double std, double low, double high) {
  if (!(std > 0) || !std::isfinite(std) || !std::isfinite(mean))
    raise<ValueError>("[init::trunc_normal] mean is {} and std {}: both must be finite, std above 0.", mean, std);
  if (!(low < high)) raise<ValueError>("[init::trunc_normal] low is {}, high is {}: low must be below.", low, high);
  const NoGrad guard;
  const double a = (low - mean) / std, b = (high - mean) / std;
  if (normal_mass(a, b) < 0.1) {
    const auto [smallest, largest] = representable(low, high, t.dtype());
    return Tensor(t).copy_(clamp((rare_normal(t.shape(), a, b) * std + mean).to(t.dtype()), smallest, largest));
  }
  // Values outside are drawn again; few rounds are needed, because the interval holds a fair share of the mass.
  Tensor values = randn(t.shape(), {.dtype = t.dtype()}) * std + mean;
  for (;;) {
    const Tensor outside = logical_or(values<low, values> high);
    if (!outside.any().item<bool>()) break;
    values = where(outside, randn(t.shape(), {.dtype = t.dtype()}) * std + mean, values);
  }
  return Tensor(t).copy_(values);
}

Tensor xavier_uniform(const Tensor& t) { return xavier_uniform(t, 1); }
Tensor xavier_uniform(const Tensor& t, double gain) {
  const auto [in, out] = fans("xavier_uniform", t);
  return symmetric_uniform(t, gain * std::sqrt(6 / (in + out)));
}
Tensor xavier_normal(const Tensor& t) { return xavier_normal(t, 1); }
Tensor xavier_normal(const Tensor& t, double gain) {
  const auto [in, out] = fans("xavier_normal", t);
  return normal(t, 0, gain * std::sqrt(2 / (in + out)));
}

Tensor kaiming_uniform(const Tensor& t) { return kaiming_uniform(t, {}); }
Tensor kaiming_uniform(const Tensor& t, KaimingOptions options) {
  const double gain = calculate_gain(options.nonlinearity, options.a);
  return symmetric_uniform(t, gain * std::sqrt(3 / fan("kaiming_uniform", t, options.mode)));
}
Tensor kaiming_normal(const Tensor& t) { return kaiming_normal(t, {}); }
Tensor kaiming_normal(const Tensor& t, KaimingOptions options) {
  const double gain = calculate_gain(options.nonlinearity, options.a);
  return normal(t, 0, gain / std::sqrt(fan("kaiming_normal", t, options.mode)));
}

double calculate_gain(StringRef name, double a) {
  const std::string_view nonlinearity = name;
  if (nonlinearity == "linear" || nonlinearity == "sigmoid") return 1;
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") return std::sqrt(2 / (1 + a * a));
  if (nonlinearity == "selu") return 0.75;
  raise<ValueError>(
      "[init::calculate_gain] nonlinearity \"{}\" is unknown, known are linear, sigmoid, tanh, relu, leaky_relu, selu.",
      nonlinearity);
}

Tensor orthogonal(const Tensor& t) { return orthogonal(t, 1); }
Tensor orthogonal(const Tensor& t, double gain) {
  const NoGrad guard;
  const std::int64_t rows = t.dim() < 2 ? 0 : t.size(0);
  if (t.dim() < 2)
    raise<ShapeError>("[init::orthogonal] tensor is {}, it must have at least two dimensions.", t.shape().str());
  if (t.numel() == 0) return t;
  const std::int64_t columns = t.numel() / rows;
  const Tensor draws = randn({std::max(rows, columns), std::min(rows, columns)}, {.dtype = t.dtype()});
  auto [q, r] = kernels::qr("init::orthogonal", draws);
  // Q is uniformly distributed only if the diagonal of R is positive, which LAPACK does not ensure (Mezzadri 2007).
  q = q * where(r.diagonal() < 0, -gain, gain);
  return Tensor(t).copy_((rows < columns ? q.transpose(0, 1) : q).reshape(t.shape()));
}

Tensor glorot_uniform(const Tensor& t) { return xavier_uniform(t); }
Tensor glorot_normal(const Tensor& t) {
  const auto [in, out] = fans("glorot_normal", t);
  return truncated_normal(t, 2 / (in + out));
}
Tensor he_uniform(const Tensor& t) { return symmetric_uniform(t, std::sqrt(6 / fans("he_uniform", t).in)); }
Tensor he_normal(const Tensor& t) { return truncated_normal(t, 2 / fans("he_normal", t).in); }
Tensor lecun_uniform(const Tensor& t) { return symmetric_uniform(t, std::sqrt(3 / fans("lecun_uniform", t).in)); }
Tensor lecun_normal(const Tensor& t) { return truncated_normal(t, 1 / fans("lecun_normal", t).in); }

}  // namespace xg::nn::init

namespace xg::nn {
namespace {

struct NamedInitializer {
  std::string_view name;
  Tensor (*function)(const Tensor&);
};

// Keras's names with its defaults, then PyTorch's.
constexpr std::array<NamedInitializer, 20> named_initializers{{
    {"zeros", &init::zeros},
    {"ones", &init::ones},
    {"identity", &init::eye},
    {"eye", &init::eye},
    {"random_uniform", [](const Tensor& t) { return init::uniform(t, -0.05, 0.05); }},
    {"random_normal", [](const Tensor& t) { return init::normal(t, 0, 0.05); }},
    {"truncated_normal", [](const Tensor& t) { return init::trunc_normal(t, 0, 0.05, -0.1, 0.1); }},
    {"glorot_uniform", &init::glorot_uniform},
    {"glorot_normal", &init::glorot_normal},
    {"he_uniform", &init::he_uniform},
    {"he_normal", &init::he_normal},
    {"lecun_uniform", &init::lecun_uniform},
    {"lecun_normal", &init::lecun_normal},
    {"uniform", [](const Tensor& t) { return init::uniform(t); }},
    {"normal", [](const Tensor& t) { return init::normal(t); }},
    {"xavier_uniform", &init::xavier_uniform},
    {"xavier_normal", &init::xavier_normal},
    {"kaiming_uniform", &init::kaiming_uniform},
    {"kaiming_normal", &init::kaiming_normal},
    {"orthogonal", &init::orthogonal},
}};

}  // namespace

Initializer::Initializer(ByName named) {
  const std::string_view name = named.name;
  for (const NamedInitializer& known : named_initializers)
    if (known.name == name) {
      function_ = known.function;
      return;
    }
  std::vector<std::string_view> names;
  for (const NamedInitializer& known : named_initializers) names.push_back(known.name);
  raise<ValueError>("[Initializer] \"{}\" is unknown, known are {}; or pass a function that fills a tensor.", name,
                    fmt::join(names, ", "));
}

Initializer::Initializer(Tensor (*function)(const Tensor&)) : function_(function) {
  if (function == nullptr) throw ValueError("[Initializer] the function is null.");
}

}  // namespace xg::nn
