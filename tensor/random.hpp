// Random numbers from a counter: the n-th number of a stream is a function of (seed, n) alone, so the same seed gives
// the same bits for any number of threads. Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
// 1, 2, 3").
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <atomic>

namespace xg {

/// A stream of random numbers. Copying one copies its place in the stream.
class XG_API Generator {
 public:
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }
  void manual_seed(std::uint64_t seed) { seed_ = seed, offset_ = 0; }
  std::uint64_t offset() const { return offset_; }
  void set_offset(std::uint64_t offset) { offset_ = offset; }
  /// Reserves `blocks` blocks of four 32-bit numbers and returns the number of the first. Threads that share a generator
  /// get different blocks.
  std::uint64_t reserve(std::uint64_t blocks) {
    return std::atomic_ref(offset_).fetch_add(blocks, std::memory_order_relaxed);
  }
  /// One uniform 64-bit number.
  std::uint64_t next();

 private:
  std::uint64_t seed_;
  std::uint64_t offset_ = 0;
};

/// Block `counter` of the stream `seed`: four uniform 32-bit numbers.
XG_API std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t counter);

/// The generator that random functions use unless given one. Each thread has its own: stream s after it called
/// manual_seed(s), stream 0 in a main thread that did not. In any other thread it is made at the first draw, with a seed
/// derived from that of the latest manual_seed() in the process (0 if there was none): each thread that draws first after
/// it gets the next one, so no two draw the same numbers. Seeding again changes no generator that another thread has.
XG_API Generator& default_generator();
/// Gives the calling thread stream `seed` from its start, and threads that have not drawn yet a seed to derive theirs from.
XG_API void manual_seed(std::uint64_t seed);

/// Uniform in [0, 1).
XG_API Tensor rand(const Shape& shape, TensorOptions options = {});
XG_API Tensor rand_like(const Tensor& x, TensorOptions options = {});
/// Standard normal (Box-Muller).
XG_API Tensor randn(const Shape& shape, TensorOptions options = {});
XG_API Tensor randn_like(const Tensor& x, TensorOptions options = {});
/// Uniform integers in [low, high), int64 unless told otherwise. Throws ValueError unless low < high.
XG_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options = {});
/// A random permutation of 0 .. n-1, int64.
XG_API Tensor randperm(std::int64_t n, TensorOptions options = {});

struct ChoiceOptions {
  bool replace = true;
  Tensor p = {};  ///< weights of the values; uniform if undefined
  Generator* generator = nullptr;
};
/// `size` of the values (a one-dimensional tensor), as NumPy's choice. Throws ValueError without values, with negative
/// or zero-sum weights, or when more are asked for than there are without replacement.
XG_API Tensor choice(const Tensor& values, std::int64_t size, ChoiceOptions options = {});
/// 1 with probability p (elementwise), else 0; the dtype of p. Throws ValueError for p outside [0, 1].
XG_API Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);
XG_API Tensor normal(double mean, double std, const Shape& shape, TensorOptions options = {});

}  // namespace xg
