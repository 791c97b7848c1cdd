// Counter-based random numbers: the n-th number of a stream is a function of (seed, n) alone, so the same seed gives
// the same bits for any number of threads. Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1,
// 2, 3").
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <atomic>

namespace xg {

/// A stream of random numbers. A copy continues at the same position.
class XG_API Generator {
 public:
  /// The stream `seed` from its start.
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }                         ///< the number of the stream
  void manual_seed(std::uint64_t seed) { seed_ = seed, offset_ = 0; }  ///< moves to the start of stream `seed`
  std::uint64_t offset() const { return offset_; }                     ///< the next block that is not reserved
  void set_offset(std::uint64_t offset) { offset_ = offset; }          ///< moves to block `offset` of the stream
  /// Reserves `blocks` blocks of four 32-bit numbers and returns the number of the first. Threads that share a
  /// generator get disjoint blocks.
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
/// manual_seed(s), stream 0 in a main thread that did not. In any other thread it is created at the first draw, with a
/// seed derived from the latest manual_seed() in the process (0 if there was none). Each new thread gets the next
/// derived seed, so no two draw the same numbers. Seeding again does not affect the existing generators of other
/// threads.
XG_API Generator& default_generator();
/// Restarts the calling thread's generator at stream `seed`; threads that have not drawn yet derive their seeds from
/// it.
XG_API void manual_seed(std::uint64_t seed);

/// Uniform in [0, 1), of the given shape; default_dtype() unless the options name another. Throws DtypeError for a
/// dtype that is not floating, ShapeError for negative sizes.
XG_API Tensor rand(const Shape& shape, TensorOptions options = {});
/// Uniform in [0, 1), with the shape of x, and its dtype unless the options name another. Throws DtypeError if that is
/// not floating.
XG_API Tensor rand_like(const Tensor& x, TensorOptions options = {});
/// Standard normal (Box-Muller), of the given shape; default_dtype() unless the options name another. Throws DtypeError
/// for a dtype that is not floating-point, ShapeError for negative sizes.
XG_API Tensor randn(const Shape& shape, TensorOptions options = {});
/// Standard normal, with the shape of x, and its dtype unless the options name another. Throws DtypeError if that is
/// not floating.
XG_API Tensor randn_like(const Tensor& x, TensorOptions options = {});
/// Uniform integers in [low, high), of the given shape; int64 unless the options name another dtype. Throws ValueError
/// unless low < high and the dtype holds all of them, ShapeError for negative sizes, DtypeError for requires_grad with
/// a dtype that is not floating-point.
XG_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options = {});
/// A random permutation of 0 .. n-1: [n]; int64 unless the options name another dtype. Throws ValueError for a negative
/// n.
XG_API Tensor randperm(std::int64_t n, TensorOptions options = {});

/// Options of choice().
struct ChoiceOptions {
  bool replace = true;             ///< whether a value may be drawn more than once
  Tensor p = {};                   ///< weights of the values; uniform if undefined
  Generator* generator = nullptr;  ///< the default generator if null
};
/// `size` elements of the vector `values`, as NumPy's choice: [size]. A weighted draw without replacement takes the
/// largest keys log(u) / p (Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir"). Throws
/// ShapeError unless `values` has one dimension and p the same shape, ValueError for a negative size, no values,
/// weights that are negative, not finite or all 0, and a size that exceeds the number of values without replacement.
XG_API Tensor choice(const Tensor& values, std::int64_t size, ChoiceOptions options = {});
/// 1 with probability p, elementwise, else 0; of the shape and dtype of p. Throws ValueError for p outside [0, 1],
/// DtypeError for a dtype that is not floating-point.
XG_API Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);
/// mean + std z with standard normal z, of the given shape; default_dtype() unless the options name another. Throws
/// ValueError for a negative std, DtypeError for a dtype that is not floating-point.
XG_API Tensor normal(double mean, double std, const Shape& shape, TensorOptions options = {});

}  // namespace xg
