#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/index.hpp>
#include <xgrad/tensor/kernels/math.hpp>
#include <xgrad/tensor/kernels/philox.hpp>
#include <xgrad/tensor/kernels/reduce.hpp>
#include <xgrad/tensor/kernels/sort.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <unistd.h>

#include <cmath>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

namespace xg {
namespace {

Generator& chosen(Generator* generator) { return generator != nullptr ? *generator : default_generator(); }

Tensor finished(Tensor tensor, const TensorOptions& options) {
  if (options.requires_grad) tensor.requires_grad_();
  return tensor;
}

void check_floating(const char* op, Dtype dtype) {
  if (!is_floating(dtype)) raise<DtypeError>("[{}] dtype is {}, it must be float32 or float64.", op, name(dtype));
}

enum class Distribution { uniform, normal };

/// A new tensor of random numbers times `scale`, plus `shift`.
Tensor draw(const char* op, Distribution distribution, const Shape& shape, Dtype dtype, Generator& generator,
            double scale = 1, double shift = 0) {
  check_floating(op, dtype);
  Tensor out = kernels::empty(shape, dtype);
  dispatch_floating(dtype, [&]<class T>() {
    T* data = static_cast<T*>(out.impl().data);
    const std::uint64_t offset = generator.reserve(kernels::philox_blocks<T>(out.numel()));
    if (distribution == Distribution::uniform)
      kernels::philox_uniform(data, out.numel(), generator.seed(), offset);
    else
      kernels::philox_normal(data, out.numel(), generator.seed(), offset);
  });
  if (scale != 1) kernels::scale_into(out, out, scale);
  if (shift != 0) kernels::shift_into(out, out, shift);
  return out;
}

Tensor drawn(const char* op, Distribution distribution, const Shape& shape, Dtype dtype, const TensorOptions& options) {
  return finished(draw(op, distribution, shape, options.dtype.value_or(dtype), chosen(options.generator)), options);
}

/// Overwrites x; where x is part of a graph, by the op copy_.
void overwrite(Tensor& x, const Tensor& values, const char* op) {
  if (x.requires_grad()) {
    x.copy_(values);
    return;
  }
  kernels::copy_into(x, values);
  detail::bump_version(x.impl().storage(), op);
}

void check_std(const char* op, double std) {
  if (!(std >= 0)) raise<ValueError>("[{}] std is {}, it must not be negative.", op, std);
}

/// 1 where u < p.
Tensor bernoulli_of(const Tensor& p, Generator& generator) {
  const Tensor u = draw("bernoulli", Distribution::uniform, p.shape(), p.dtype(), generator);
  return kernels::cast(kernels::lt(u, p), p.dtype());
}

/// `count` of the indices 0 .. n-1, chosen uniformly.
Tensor choose(std::int64_t n, std::int64_t count, bool replace, Generator& generator) {
  Tensor picks = kernels::empty({replace ? count : n}, Dtype::int64);
  auto* data = static_cast<std::int64_t*>(picks.impl().data);
  const std::uint64_t offset = generator.reserve(kernels::philox_blocks<std::int64_t>(count));
  if (replace) {
    kernels::philox_integers(data, count, static_cast<std::uint64_t>(n), generator.seed(), offset);
    return picks;
  }
  kernels::philox_permutation(data, n, count, generator.seed(), offset);
  return Tensor::adopt(detail::new_view(picks.impl(), data, {count}, {1}));
}

/// log(1 - u) / p, -inf for p = 0: the indices of the largest keys are a sample without replacement (Efraimidis and
/// Spirakis 2006). 1 - u is in (0, 1].
struct SampleKey {
  static constexpr const char* name = "choice";
  template <class V> static V call(V u, V p) {
    const V never = kernels::constant(p, -std::numeric_limits<double>::infinity());
    return kernels::pick(p > kernels::constant(p, 0), kernels::log_of(kernels::constant(u, 1) - u) / p, never);
  }
};

/// `count` indices chosen by weights p, a contiguous float64 vector.
Tensor choose_by_weight(const Tensor& p, std::int64_t count, bool replace, Generator& generator) {
  if (!replace) {
    const Tensor u = draw("choice", Distribution::uniform, p.shape(), Dtype::float64, generator);
    return kernels::topk(kernels::map(SampleKey{}, u, p), count, 0, true).second;
  }
  const Tensor cumulative = kernels::cumsum(p, 0);
  // slightly less than the total, so that its product with u stays below the total after rounding
  const double total = std::nextafter(static_cast<const double*>(cumulative.impl().data)[p.numel() - 1], 0.0);
  const Tensor u = draw("choice", Distribution::uniform, {count}, Dtype::float64, generator);
  return kernels::searchsorted(cumulative, kernels::scale(u, total), true);
}

Tensor checked_weights(const Tensor& p, std::int64_t n, std::int64_t count, bool replace) {
  if (p.dim() != 1 || p.numel() != n)
    raise<ShapeError>("[choice] p has shape {}, it must have one weight for each of the {} values.", p.shape().str(),
                      n);
  const Tensor weights = kernels::cast(p, Dtype::float64);
  const auto* w = static_cast<const double*>(weights.impl().data);
  std::int64_t positive = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(w[i] >= 0) || std::isinf(w[i]))
      raise<ValueError>("[choice] p[{}] is {}, weights must be finite and not negative.", i, w[i]);
    positive += w[i] > 0;
  }
  if (positive == 0) throw ValueError("[choice] the weights in p sum to 0, at least one must be positive.");
  if (!replace && positive < count)
    raise<ValueError>(
        "[choice] {} asked for without replacement, {} values have a positive weight: ask for fewer or set replace.",
        count, positive);
  return weights;
}

}  // namespace

std::uint64_t Generator::next() {
  const std::array<std::uint32_t, 4> block = philox(seed_, reserve(1));
  return std::uint64_t{block[1]} << 32 | block[0];
}

std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t counter) {
  return kernels::philox_block(seed, counter);
}

namespace {

/// The source of seeds for threads that were not seeded themselves.
struct ProcessSeed {
  detail::ProcessMutex mutex;
  std::uint64_t seed = 0;
  std::uint64_t derived = 0;  // the number of seeds derived from it
};
ProcessSeed& process_seed() {
  static auto* instance = new ProcessSeed;
  return *instance;
}

thread_local constinit std::optional<Generator> thread_generator;

bool in_main_thread() { return ::gettid() == ::getpid(); }

/// The generator of a thread that draws without having been seeded.
Generator first_generator() {
  if (in_main_thread()) return Generator(0);
  ProcessSeed& process = process_seed();
  const std::lock_guard lock(process.mutex);
  // Seeds come from the second half of the seed's stream, which is never drawn otherwise.
  constexpr std::uint64_t second_half = std::uint64_t{1} << 63;
  Generator seeds(process.seed);
  seeds.set_offset(second_half + process.derived++);
  return Generator(seeds.next());
}

}  // namespace

Generator& default_generator() {
  if (!thread_generator) [[unlikely]]
    thread_generator = first_generator();
  return *thread_generator;
}

void manual_seed(std::uint64_t seed) {
  {
    ProcessSeed& process = process_seed();
    const std::lock_guard lock(process.mutex);
    process.seed = seed;
    process.derived = 0;
  }
  thread_generator = Generator(seed);
}

Tensor rand(const Shape& shape, TensorOptions options) {
  return drawn("rand", Distribution::uniform, shape, default_dtype(), options);
}
Tensor rand_like(const Tensor& x, TensorOptions options) {
  return drawn("rand_like", Distribution::uniform, x.shape(), x.dtype(), options);
}
Tensor randn(const Shape& shape, TensorOptions options) {
  return drawn("randn", Distribution::normal, shape, default_dtype(), options);
}
Tensor randn_like(const Tensor& x, TensorOptions options) {
  return drawn("randn_like", Distribution::normal, x.shape(), x.dtype(), options);
}

Tensor normal(double mean, double std, const Shape& shape, TensorOptions options) {
  check_std("normal", std);
  const Dtype dtype = options.dtype.value_or(default_dtype());
  return finished(draw("normal", Distribution::normal, shape, dtype, chosen(options.generator), std, mean), options);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options) {
  if (low >= high) raise<ValueError>("[randint] low is {} and high is {}: low must be less than high.", low, high);
  const Dtype dtype = options.dtype.value_or(Dtype::int64);
  if ((dtype == Dtype::bool_ && (low < 0 || high > 2)) || (dtype == Dtype::uint8 && (low < 0 || high > 256)) ||
      (dtype == Dtype::int32 && (low < -0x80000000LL || high > 0x80000000LL)))
    raise<ValueError>("[randint] numbers from {} to {} do not fit into {}: choose a wider dtype.", low, high - 1,
                      name(dtype));
  Generator& generator = chosen(options.generator);
  Tensor out = kernels::empty(shape, Dtype::int64);
  const auto range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const std::uint64_t offset = generator.reserve(kernels::philox_blocks<std::int64_t>(out.numel()));
  kernels::philox_integers(static_cast<std::int64_t*>(out.impl().data), out.numel(), range, generator.seed(), offset);
  if (low != 0) kernels::add_into(out, out, full({}, low));
  return finished(dtype == Dtype::int64 ? std::move(out) : kernels::cast(out, dtype), options);
}

Tensor randperm(std::int64_t n, TensorOptions options) {
  if (n < 0) raise<ValueError>("[randperm] n is {}, it must not be negative.", n);
  const Tensor out = choose(n, n, false, chosen(options.generator));
  return finished(kernels::cast(out, options.dtype.value_or(Dtype::int64)), options);
}

Tensor choice(const Tensor& values, std::int64_t size, ChoiceOptions options) {
  if (values.dim() != 1)
    raise<ShapeError>("[choice] values have shape {}, they must have one dimension: use sample() for rows.",
                      values.shape().str());
  const std::int64_t n = values.numel();
  if (size < 0) raise<ValueError>("[choice] size is {}, it must not be negative.", size);
  if (n == 0) throw ValueError("[choice] there are no values to choose from.");
  if (!options.replace && size > n)
    raise<ValueError>("[choice] {} asked for without replacement, there are {} values: ask for fewer or set replace.",
                      size, n);
  Generator& generator = chosen(options.generator);
  const Tensor picks = options.p.defined() ? choose_by_weight(checked_weights(options.p, n, size, options.replace),
                                                              size, options.replace, generator)
                                           : choose(n, size, options.replace, generator);
  return kernels::index_select(values, 0, picks, "choice");
}

Tensor bernoulli(const Tensor& p, Generator* generator) {
  check_floating("bernoulli", p.dtype());
  if (p.numel() != 0) {
    Shape dims;
    for (std::int64_t d = 0; d < p.dim(); ++d) dims.push_back(d);
    const double low = kernels::amin(p, dims, false).item(), high = kernels::amax(p, dims, false).item();
    if (!(low >= 0 && high <= 1))
      raise<ValueError>("[bernoulli] p reaches from {} to {}, probabilities must lie in [0, 1].", low, high);
  }
  return bernoulli_of(p, chosen(generator));
}

Tensor& Tensor::uniform_(double low, double high, Generator* generator) {
  if (!(low <= high) || std::isinf(high - low))
    raise<ValueError>("[uniform_] low is {} and high is {}: low must not exceed high, both must be finite.", low, high);
  const Tensor values = draw("uniform_", Distribution::uniform, shape(), dtype(), chosen(generator), high - low, low);
  overwrite(*this, values, "uniform_");
  return *this;
}

Tensor& Tensor::normal_(double mean, double std, Generator* generator) {
  check_std("normal_", std);
  overwrite(*this, draw("normal_", Distribution::normal, shape(), dtype(), chosen(generator), std, mean), "normal_");
  return *this;
}

Tensor& Tensor::bernoulli_(double p, Generator* generator) {
  if (!(p >= 0 && p <= 1)) raise<ValueError>("[bernoulli_] p is {}, it must lie in [0, 1].", p);
  const Tensor u = draw("bernoulli_", Distribution::uniform, shape(), Dtype::float64, chosen(generator));
  overwrite(*this, kernels::lt(u, full({}, p, {.dtype = Dtype::float64})), "bernoulli_");
  return *this;
}

Tensor Tensor::sample(std::int64_t n, SampleOptions options) const {
  if (dim() == 0) throw ShapeError("[sample] the tensor has no dimensions, rows are drawn from the first one.");
  const std::int64_t rows = shape()[0];
  if (n < 0) raise<ValueError>("[sample] n is {}, it must not be negative.", n);
  if (n > 0 && rows == 0) throw ValueError("[sample] the tensor has no rows to draw from.");
  if (!options.replace && n > rows)
    raise<ValueError>("[sample] {} rows asked for, the tensor has {}: ask for fewer or set replace.", n, rows);
  Generator own(options.seed.value_or(0));
  return index_select(0, choose(rows, n, options.replace, options.seed ? own : default_generator()));
}

}  // namespace xg
