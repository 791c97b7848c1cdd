// Random numbers from a counter: the n-th number of a stream is a function of (seed, n) alone, so the same seed gives
// the same bits for any number of threads. Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
// 1, 2, 3").
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace xg {

/// A stream of random numbers. Copying one copies its place in the stream.
class XG_API Generator {
 public:
  /// The stream `seed` from its start.
  explicit Generator(std::uint64_t seed = 0) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }                         ///< which stream it is
  void manual_seed(std::uint64_t seed) { seed_ = seed, offset_ = 0; }  ///< goes to the start of stream `seed`
  std::uint64_t offset() const { return offset_; }  ///< the number of the next block that is not reserved yet
  void set_offset(std::uint64_t offset) { offset_ = offset; }  ///< goes to block `offset` of the stream
  /// Reserves `blocks` blocks of four 32-bit numbers and returns the number of the first. Threads that share a
  /// generator get different blocks.
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
/// manual_seed(s), stream 0 in a main thread that did not. In any other thread it is made at the first draw, with a
/// seed derived from that of the latest manual_seed() in the process (0 if there was none): each thread that draws
/// first after it gets the next one, so no two draw the same numbers. Seeding again changes no generator that another
/// thread has.
XG_API Generator& default_generator();
/// Gives the calling thread stream `seed` from its start, and threads that have not drawn yet a seed to derive theirs
/// from.
XG_API void manual_seed(std::uint64_t seed);

/// Uniform in [0, 1), of the given shape; default_dtype() unless the options name another. Throws DtypeError for a
/// dtype that is not floating, ShapeError for negative sizes.
XG_API Tensor rand(const Shape& shape, TensorOptions options = {});
/// Uniform in [0, 1), with the shape of x, and its dtype unless the options name another. Throws DtypeError if that is
/// not floating.
XG_API Tensor rand_like(const Tensor& x, TensorOptions options = {});
/// Standard normal (Box-Muller), of the given shape; default_dtype() unless the options name another. Throws DtypeError
/// for a dtype that is not floating, ShapeError for negative sizes.
XG_API Tensor randn(const Shape& shape, TensorOptions options = {});
/// Standard normal, with the shape of x, and its dtype unless the options name another. Throws DtypeError if that is
/// not floating.
XG_API Tensor randn_like(const Tensor& x, TensorOptions options = {});
/// Uniform integers in [low, high), int64 unless told otherwise. Throws ValueError unless low < high and the dtype
/// holds all of them, ShapeError for negative sizes, DtypeError where a dtype that is not floating is to require
/// gradients.
XG_API Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options = {});
/// A random permutation of 0 .. n-1, int64 unless told otherwise. Throws ValueError for a negative n.
XG_API Tensor randperm(std::int64_t n, TensorOptions options = {});

/// Options of choice().
struct ChoiceOptions {
  bool replace = true;             ///< may a value come twice?
  Tensor p = {};                   ///< weights of the values; uniform if undefined
  Generator* generator = nullptr;  ///< the default generator if null
};
/// `size` of the values (a one-dimensional tensor), as NumPy's choice; weighted ones without replacement by the largest
/// keys log(u) / p (Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir"). Throws ShapeError for
/// values of another number of dimensions and for weights of another shape than the values, ValueError without values,
/// for weights that are negative, not finite or all 0, and when more are asked for than there are without replacement.
XG_API Tensor choice(const Tensor& values, std::int64_t size, ChoiceOptions options = {});
/// 1 with probability p (elementwise), else 0; shape and dtype of p. Throws ValueError for p outside [0, 1], DtypeError
/// for a dtype that is not floating.
XG_API Tensor bernoulli(const Tensor& p, Generator* generator = nullptr);
/// mean + std z with standard normal z, of the given shape; default_dtype() unless the options name another. Throws
/// ValueError for a negative std, DtypeError for a dtype that is not floating.
XG_API Tensor normal(double mean, double std, const Shape& shape, TensorOptions options = {});

}  // namespace xg
