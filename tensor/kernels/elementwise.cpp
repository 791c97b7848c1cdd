// Layouts and broadcasting of elementwise kernels.
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/kernels/tiles.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace xg::kernels {
namespace {

// Note [Layouts of elementwise kernels]
// Loops take contiguous memory, or one value for all elements. Contiguous tensors and scalars take one call, long rows
// one call each. Short rows are grouped into blocks of one call each: a broadcast operand is first expanded into a
// buffer, once for all blocks if every row is the same. Any other layout is packed into that buffer too. Small matrices
// take one call without a plan, after operands that are not contiguous are packed.
constexpr std::int64_t long_row = 32;
constexpr std::int64_t block_elements = 1024;

const char* bytes_of(const Tensor& x) { return static_cast<const char*>(x.impl().data); }
char* bytes_of(Tensor& x) { return static_cast<char*>(x.impl().data); }

bool same_layout(const Tensor& a, const Tensor& b) {
  return a.impl().data == b.impl().data && a.shape() == b.shape() && a.strides() == b.strides();
}

/// Copies an operand that overlaps `out` other than element by element, because it must be read before it is
/// overwritten.
Tensor without_overlap(const Tensor& x, const Tensor& out) {
  return x.shares_storage(out) && !same_layout(x, out) ? copy(x) : x;
}

/// Whether `small` broadcasts to `shape`.
bool broadcasts_to(const Shape& small, const Shape& shape) {
  if (small.size() > shape.size()) return false;
  const std::int64_t* to = shape.end() - small.size();
#pragma GCC unroll 1
  for (const std::int64_t d : small) {
    if (d != *to && d != 1) return false;
    ++to;
  }
  return true;
}

[[noreturn]] void throw_no_loop(const char* kernel, Dtype dtype) {
  raise<DtypeError>("[{}] dtype {} is not supported: convert with x.to(...) first.", kernel, name(dtype));
}

[[gnu::noinline]] void run_strided(const UnaryKernel& kernel, UnaryLoop loop, Tensor& out, const Tensor& x,
                                   const void* op);

void run(const UnaryKernel& kernel, Tensor& out, const Tensor& x, const void* op) {
  const UnaryLoop loop = kernel.loops[static_cast<std::size_t>(x.dtype())];
  if (loop == nullptr) throw_no_loop(kernel.name, x.dtype());
  if (x.numel() == 0) return;
  if (!x.is_contiguous() || !out.is_contiguous()) return run_strided(kernel, loop, out, x, op);
  if (x.numel() < 2 * tile_elements) return loop(x.impl().data, out.impl().data, x.numel(), op);
  const auto in_item = static_cast<std::int64_t>(item_size(x.dtype()));
  const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
  xg::detail::parallel_ranges(x.numel(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(bytes_of(x) + begin * in_item, bytes_of(out) + begin * out_item, end - begin, op);
  });
}

void run_strided(const UnaryKernel& kernel, UnaryLoop loop, Tensor& out, const Tensor& x, const void* op) {
  const RowPlan<2> plan(out.shape(), {out.strides(), x.strides()});
  const std::int64_t length = plan.row_length();
  if (length >= long_row && plan.strides[0].back() == 1 && plan.strides[1].back() == 1) {
    const auto in_item = static_cast<std::int64_t>(item_size(x.dtype()));
    const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
    const std::int64_t tile = std::max<std::int64_t>(tile_elements / length, 1);
    xg::detail::parallel_ranges(plan.rows(), tile, [&](std::int64_t begin, std::int64_t end) {
      plan.for_rows(begin, end, [&](const std::array<std::int64_t, 2>& at) {
        loop(bytes_of(x) + at[1] * in_item, bytes_of(out) + at[0] * out_item, length, op);
      });
    });
  } else if (!out.is_contiguous()) {
    Tensor result = empty(out.shape(), out.dtype());
    run(kernel, result, x, op);
    copy_into(out, result);
  } else if (x.dtype() == out.dtype()) {
    copy_into(out, x);
    run(kernel, out, out, op);
  } else {
    run(kernel, out, copy(x), op);
  }
}

[[gnu::noinline]] void run_strided(const BinaryKernel& kernel, const BinaryLoops& loops, Tensor& out, const Tensor& a,
                                   const Tensor& b, const void* op);

void run(const BinaryKernel& kernel, Tensor& out, const Tensor& a, const Tensor& b, const void* op) {
  const BinaryLoops& loops = kernel.loops[static_cast<std::size_t>(a.dtype())];
  if (loops.vector_vector == nullptr) throw_no_loop(kernel.name, a.dtype());
  const std::int64_t numel = out.numel();
  if (numel == 0) return;
  const bool a_full = a.numel() == numel && a.is_contiguous(), b_full = b.numel() == numel && b.is_contiguous();
  const BinaryLoop loop = a_full && b_full           ? loops.vector_vector
                          : a_full && b.numel() == 1 ? loops.vector_scalar
                          : a.numel() == 1 && b_full ? loops.scalar_vector
                                                     : nullptr;
  if (loop == nullptr || !out.is_contiguous()) return run_strided(kernel, loops, out, a, b, op);
  if (numel < 2 * tile_elements) return loop(a.impl().data, b.impl().data, out.impl().data, numel, op);
  const auto item = static_cast<std::int64_t>(item_size(a.dtype()));
  const std::int64_t a_step = a_full ? item : 0, b_step = b_full ? item : 0;
  const auto out_step = static_cast<std::int64_t>(item_size(out.dtype()));
  xg::detail::parallel_ranges(numel, tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(bytes_of(a) + begin * a_step, bytes_of(b) + begin * b_step, bytes_of(out) + begin * out_step, end - begin, op);
  });
}

/// Operand k of a plan with short rows, packed into a buffer block by block.
template <class Word> class Packed {
 public:
  Packed(const RowPlan<3>& plan, std::size_t k, const void* data)
      : plan_(plan), k_(k), data_(static_cast<const Word*>(data)), stride_(plan.strides[k].back()) {
    std::int64_t expected = plan.row_length();
    dense_ = stride_ == 1;
    repeats_ = true;
    for (std::size_t d = plan.shape.size() - 1; d-- > 0; expected *= plan.shape[d]) {
      dense_ &= plan.strides[k][d] == expected;
      repeats_ &= plan.strides[k][d] == 0;
    }
  }

  /// The elements of rows begin ... begin + count - 1; count must not increase from one call to the next.
  const Word* rows(std::int64_t begin, std::int64_t count) {
    const std::int64_t n = plan_.row_length();
    if (dense_) return data_ + begin * n;
    if (filled_) return buffer_;
    Word* to = buffer_;
    plan_.for_rows(begin, begin + count, [&](const std::array<std::int64_t, 3>& at) {
      const Word* from = data_ + at[k_];
      if (stride_ == 0) {
        constexpr std::int64_t chunk = 32 / static_cast<std::int64_t>(sizeof(Word));
        const Word value = *from;
        for (std::int64_t i = 0; i < n; i += chunk)  // may write past the row; the next row overwrites it
          for (std::int64_t j = 0; j < chunk; ++j) to[i + j] = value;
      } else {
        for (std::int64_t i = 0; i < n; ++i) to[i] = from[i];
      }
      to += n;
    });
    filled_ = repeats_;
    return buffer_;
  }

 private:
  const RowPlan<3>& plan_;
  std::size_t k_;
  const Word* data_;
  std::int64_t stride_;
  bool dense_, repeats_, filled_ = false;
  alignas(64) Word buffer_[block_elements + long_row];
};

template <class Word> void run_blocks(const RowPlan<3>& plan, BinaryLoop loop, Tensor& out, const Tensor& a,
                                      const Tensor& b, const void* op) {
  const std::int64_t n = plan.row_length(), block = block_elements / n, rows = plan.rows();
  const auto out_row = n * static_cast<std::int64_t>(item_size(out.dtype()));
  const std::int64_t tile = tile_elements / n / block * block;
  xg::detail::parallel_ranges(rows, tile, [&](std::int64_t first, std::int64_t last) {
    Packed<Word> packed_a(plan, 1, bytes_of(a)), packed_b(plan, 2, bytes_of(b));
    for (std::int64_t begin = first; begin < last; begin += block) {
      const std::int64_t count = std::min(block, last - begin);
      const Word *pa = packed_a.rows(begin, count), *pb = packed_b.rows(begin, count);
      loop(pa, pb, bytes_of(out) + begin * out_row, count * n, op);
    }
  });
}

// Expands a small operand to rows x cols elements. Copies are done in chunks; the last of a row may write past it, into
// what the next row overwrites. The variants are not inlined, so that a call does not pay for the setup of the others.
template <class Word> constexpr std::int64_t chunk = 32 / static_cast<std::int64_t>(sizeof(Word));

template <class Word> [[gnu::noinline]] void pack_column(const Word* from, std::int64_t step, std::int64_t rows,
                                                         std::int64_t cols, Word* to) {
  for (std::int64_t r = 0; r < rows; ++r, from += step, to += cols) {
    const Word value = *from;
    for (std::int64_t i = 0; i < cols; i += chunk<Word>)
      for (std::int64_t j = 0; j < chunk<Word>; ++j) to[i + j] = value;
  }
}

template <class Word> [[gnu::noinline]] void pack_matrix(const Word* from, std::int64_t row, std::int64_t column,
                                                         std::int64_t rows, std::int64_t cols, Word* to) {
  for (std::int64_t r = 0; r < rows; ++r, from += row, to += cols)
#pragma GCC unroll 1
    for (std::int64_t i = 0; i < cols; ++i) to[i] = from[i * column];
}

template <class Word>
[[gnu::noinline]] void pack_row(const Word* from, std::int64_t column, std::int64_t rows, std::int64_t cols, Word* to) {
  pack_matrix(from, 0, column, 1, cols, to);
  const Word* first = to;
  for (std::int64_t r = 1; r < rows; ++r) {
    to += cols;
    for (std::int64_t i = 0; i < cols; i += chunk<Word>) {
      Word words[chunk<Word>];
      std::memcpy(words, first + i, sizeof(words));
      std::memcpy(to + i, words, sizeof(words));
    }
  }
}

/// x broadcast to a small matrix: its own memory if it is one value or contiguous, else packed into `buffer`.
template <class Word> const void* pack_small(const Tensor& x, std::int64_t rows, std::int64_t cols, Word* buffer) {
  const xg::detail::TensorImpl& impl = x.impl();
  if (impl.numel() == 1 || (impl.numel() == rows * cols && impl.contiguous())) return impl.data;
  const Shape &shape = impl.shape(), &strides = impl.strides();
  const std::size_t n = shape.size();
  const std::int64_t row = n < 2 || shape[n - 2] == 1 ? 0 : strides[n - 2];
  const std::int64_t column = shape[n - 1] == 1 ? 0 : strides[n - 1];
  const Word* from = static_cast<const Word*>(impl.data);
  if (column == 0)
    pack_column(from, row, rows, cols, buffer);
  else if (row == 0)
    pack_row(from, column, rows, cols, buffer);
  else
    pack_matrix(from, row, column, rows, cols, buffer);
  return buffer;
}

template <class Word>
void run_small(const BinaryLoops& loops, Tensor& out, const Tensor& a, const Tensor& b, const void* op) {
  const Shape& shape = out.shape();
  const std::int64_t rows = shape.size() < 2 ? 1 : shape[0], cols = shape.back();
  alignas(64) Word left_buffer[block_elements + chunk<Word>], right_buffer[block_elements + chunk<Word>];
  const void* left = pack_small(a, rows, cols, left_buffer);
  const void* right = pack_small(b, rows, cols, right_buffer);
  const BinaryLoop loop = b.numel() == 1   ? loops.vector_scalar
                          : a.numel() == 1 ? loops.scalar_vector
                                           : loops.vector_vector;
  loop(left, right, out.impl().data, out.numel(), op);
}

/// Runs the loop if the result, which must not be empty, is a small matrix; else returns false.
bool run_if_small(const BinaryLoops& loops, Tensor& out, const Tensor& a, const Tensor& b, const void* op) {
  const std::size_t dims = out.shape().size();
  if (out.numel() > block_elements || (dims != 1 && dims != 2) || !out.is_contiguous()) return false;
  const std::size_t item = item_size(a.dtype());
  if (item == 4)
    run_small<std::uint32_t>(loops, out, a, b, op);
  else if (item == 8)
    run_small<std::uint64_t>(loops, out, a, b, op);
  else
    run_small<std::uint8_t>(loops, out, a, b, op);
  return true;
}

void run_strided(const BinaryKernel& kernel, const BinaryLoops& loops, Tensor& out, const Tensor& a, const Tensor& b,
                 const void* op) {
  if (run_if_small(loops, out, a, b, op)) return;
  const RowPlan<3> plan(out.shape(),
                        {out.strides(), broadcast_strides(a, out.shape()), broadcast_strides(b, out.shape())});
  const std::int64_t length = plan.row_length();
  const std::int64_t out_stride = plan.strides[0].back(), a_stride = plan.strides[1].back(),
                     b_stride = plan.strides[2].back();
  const auto in_item = static_cast<std::int64_t>(item_size(a.dtype()));
  const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
  const BinaryLoop loop = a_stride == 1 && b_stride == 1   ? loops.vector_vector
                          : a_stride == 1 && b_stride == 0 ? loops.vector_scalar
                          : a_stride == 0 && b_stride == 1 ? loops.scalar_vector
                                                           : nullptr;
  if (loop != nullptr && out_stride == 1 && length >= long_row) {
    const std::int64_t tile = std::max<std::int64_t>(tile_elements / length, 1);
    xg::detail::parallel_ranges(plan.rows(), tile, [&](std::int64_t begin, std::int64_t end) {
      plan.for_rows(begin, end, [&](const std::array<std::int64_t, 3>& at) {
        loop(bytes_of(a) + at[1] * in_item, bytes_of(b) + at[2] * in_item, bytes_of(out) + at[0] * out_item, length,
             op);
      });
    });
  } else if (!out.is_contiguous()) {
    Tensor result = empty(out.shape(), out.dtype());
    run(kernel, result, a, b, op);
    copy_into(out, result);
  } else if (!a.is_contiguous()) {
    run(kernel, out, copy(a), b, op);
  } else if (!b.is_contiguous()) {
    run(kernel, out, a, copy(b), op);
  } else if (in_item == 4) {
    run_blocks<std::uint32_t>(plan, loops.vector_vector, out, a, b, op);
  } else if (in_item == 8) {
    run_blocks<std::uint64_t>(plan, loops.vector_vector, out, a, b, op);
  } else {
    run_blocks<std::uint8_t>(plan, loops.vector_vector, out, a, b, op);
  }
}

/// out = condition ? a : b with bit operations, so that compilers vectorize it.
template <class Word, bool ScalarA, bool ScalarB> void select(const std::uint8_t* __restrict condition,
                                                              const Word* __restrict a, const Word* __restrict b,
                                                              Word* __restrict out, std::int64_t n) {
  const Word fixed_a = *a, fixed_b = *b;
  for (std::int64_t i = 0; i < n; ++i) {
    const Word mask = static_cast<Word>(Word{0} - static_cast<Word>(condition[i]));
    const Word yes = ScalarA ? fixed_a : a[i], no = ScalarB ? fixed_b : b[i];
    out[i] = static_cast<Word>((yes & mask) | (no & ~mask));
  }
}

template <class Word> void select(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& out) {
  const std::int64_t numel = out.numel();
  const bool scalar_a = a.numel() != numel, scalar_b = b.numel() != numel;
  const auto loop = scalar_a ? (scalar_b ? select<Word, true, true> : select<Word, true, false>)
                             : (scalar_b ? select<Word, false, true> : select<Word, false, false>);
  const auto* pc = reinterpret_cast<const std::uint8_t*>(bytes_of(condition));
  const Word *pa = reinterpret_cast<const Word*>(bytes_of(a)), *pb = reinterpret_cast<const Word*>(bytes_of(b));
  Word* po = reinterpret_cast<Word*>(bytes_of(out));
  if (numel < 2 * tile_elements) return loop(pc, pa, pb, po, numel);
  xg::detail::parallel_ranges(numel, tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(pc + begin, scalar_a ? pa : pa + begin, scalar_b ? pb : pb + begin, po + begin, end - begin);
  });
}

}  // namespace

Tensor UnaryKernel::operator()(const Tensor& x, const void* op) const {
  Tensor out = empty_like(x, to_bool ? Dtype::bool_ : x.dtype());
  run(*this, out, x, op);
  return out;
}

void UnaryKernel::into(Tensor& out, const Tensor& x, const void* op) const {
  run(*this, out, without_overlap(x, out), op);
}

Tensor BinaryKernel::operator()(const Tensor& a, const Tensor& b, const void* op) const {
  const xg::detail::Layout* layout = a.impl().layout.get();
  const BinaryLoops& of_dtype = loops[static_cast<std::size_t>(a.dtype())];
  const Dtype dtype = to_bool ? Dtype::bool_ : a.dtype();
  if (layout == b.impl().layout.get() && layout->contiguous && layout->numel < 2 * tile_elements &&
      of_dtype.vector_vector != nullptr) {
    Tensor out = empty_like(a, dtype);
    if (layout->numel != 0) of_dtype.vector_vector(a.impl().data, b.impl().data, out.impl().data, layout->numel, op);
    return out;
  }
  Tensor out = broadcasts_to(b.shape(), a.shape())   ? empty_like(a, dtype)
               : broadcasts_to(a.shape(), b.shape()) ? empty_like(b, dtype)
                                                     : empty(broadcast_shapes(name, a.shape(), b.shape()), dtype);
  if (out.numel() == 0 || of_dtype.vector_vector == nullptr || !run_if_small(of_dtype, out, a, b, op))
    run(*this, out, a, b, op);
  return out;
}

void BinaryKernel::into(Tensor& out, const Tensor& a, const Tensor& b, const void* op) const {
  run(*this, out, without_overlap(a, out), without_overlap(b, out), op);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  Tensor out;
  if (condition.shape() == a.shape() && a.shape() == b.shape()) {
    out = empty_like(a, a.dtype());
  } else {
    const Shape some = broadcast_shapes("where", condition.shape(), a.shape());
    out = empty(broadcast_shapes("where", some, b.shape()), a.dtype());
  }
  if (out.numel() == 0) return out;
  Tensor copies[3];
  const auto broadcast = [&](const Tensor& x, std::size_t i, bool scalars) -> const Tensor& {
    const bool fits = x.is_contiguous() && (x.numel() == out.numel() || (scalars && x.numel() == 1));
    return fits ? x : copies[i] = copy(x, out.shape());
  };
  const Tensor &c = broadcast(condition, 0, false), &yes = broadcast(a, 1, true), &no = broadcast(b, 2, true);
  switch (item_size(a.dtype())) {
    case 8:
      select<std::uint64_t>(c, yes, no, out);
      break;
    case 4:
      select<std::uint32_t>(c, yes, no, out);
      break;
    default:
      select<std::uint8_t>(c, yes, no, out);
  }
  return out;
}

}  // namespace xg::kernels
