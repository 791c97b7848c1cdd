// What all elementwise kernels share: layouts and broadcasting.
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/strided.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace xg::kernels {
namespace {

// Note [Layouts of elementwise kernels]
// Loops see contiguous memory, or one value for all. Contiguous tensors and scalars are one call; long rows one call
// each. Of short rows, whole blocks are one call: what is broadcast is spread over a buffer first, once for all blocks
// where it repeats with every row. Any other layout is made contiguous by a copy, which goes in blocks as well.
constexpr std::int64_t tile_elements = 1 << 16;  // for one thread: tens of microseconds
constexpr std::int64_t long_row = 32;
constexpr std::int64_t block_elements = 1024;

const char* bytes_of(const Tensor& x) {
  return static_cast<const char*>(x.impl().data);
}
char* bytes_of(Tensor& x) {
  return static_cast<char*>(x.impl().data);
}

bool same_layout(const Tensor& a, const Tensor& b) {
  return a.impl().data == b.impl().data && a.shape() == b.shape() && a.strides() == b.strides();
}

/// An operand that overlaps `out` elsewhere than element by element must be read before it is written.
Tensor without_overlap(const Tensor& x, const Tensor& out) {
  return x.shares_storage(out) && !same_layout(x, out) ? copy(x) : x;
}

[[noreturn]] void throw_no_loop(const char* kernel, Dtype dtype) {
  throw DtypeError(fmt::format("[{}] dtype {} is not supported: convert with x.to(...) first.", kernel, name(dtype)));
}

[[gnu::noinline]] void run_strided(const UnaryKernel& kernel, UnaryLoop loop, Tensor& out, const Tensor& x,
                                   const Params& params);

void run(const UnaryKernel& kernel, Tensor& out, const Tensor& x, const Params& params) {
  const UnaryLoop loop = kernel.loops[static_cast<std::size_t>(x.dtype())];
  if (loop == nullptr) throw_no_loop(kernel.name, x.dtype());
  if (x.numel() == 0) return;
  if (!x.is_contiguous() || !out.is_contiguous()) return run_strided(kernel, loop, out, x, params);
  const auto in_item = static_cast<std::int64_t>(item_size(x.dtype()));
  const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
  xg::detail::parallel_ranges(x.numel(), tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(bytes_of(x) + begin * in_item, bytes_of(out) + begin * out_item, end - begin, params);
  });
}

void run_strided(const UnaryKernel& kernel, UnaryLoop loop, Tensor& out, const Tensor& x, const Params& params) {
  const RowPlan<2> plan(out.shape(), {out.strides(), x.strides()});
  const std::int64_t length = plan.row_length();
  if (length >= long_row && plan.strides[0].back() == 1 && plan.strides[1].back() == 1) {
    const auto in_item = static_cast<std::int64_t>(item_size(x.dtype()));
    const auto out_item = static_cast<std::int64_t>(item_size(out.dtype()));
    const std::int64_t tile = std::max<std::int64_t>(tile_elements / length, 1);
    xg::detail::parallel_ranges(plan.rows(), tile, [&](std::int64_t begin, std::int64_t end) {
      plan.for_rows(begin, end, [&](const std::array<std::int64_t, 2>& at) {
        loop(bytes_of(x) + at[1] * in_item, bytes_of(out) + at[0] * out_item, length, params);
      });
    });
  } else if (!out.is_contiguous()) {
    Tensor result = empty(out.shape(), out.dtype());
    run(kernel, result, x, params);
    copy_into(out, result);
  } else if (x.dtype() == out.dtype()) {
    copy_into(out, x);
    run(kernel, out, out, params);
  } else {
    run(kernel, out, copy(x), params);
  }
}

[[gnu::noinline]] void run_strided(const BinaryKernel& kernel, const BinaryLoops& loops, Tensor& out, const Tensor& a,
                                   const Tensor& b, const Params& params);

void run(const BinaryKernel& kernel, Tensor& out, const Tensor& a, const Tensor& b, const Params& params) {
  const BinaryLoops& loops = kernel.loops[static_cast<std::size_t>(a.dtype())];
  if (loops.vector_vector == nullptr) throw_no_loop(kernel.name, a.dtype());
  const std::int64_t numel = out.numel();
  if (numel == 0) return;
  const bool a_full = a.numel() == numel && a.is_contiguous(), b_full = b.numel() == numel && b.is_contiguous();
  const BinaryLoop loop = a_full && b_full           ? loops.vector_vector
                          : a_full && b.numel() == 1 ? loops.vector_scalar
                          : a.numel() == 1 && b_full ? loops.scalar_vector
                                                     : nullptr;
  if (loop == nullptr || !out.is_contiguous()) return run_strided(kernel, loops, out, a, b, params);
  const auto item = static_cast<std::int64_t>(item_size(a.dtype()));
  const std::int64_t a_step = a_full ? item : 0, b_step = b_full ? item : 0;
  const auto out_step = static_cast<std::int64_t>(item_size(out.dtype()));
  xg::detail::parallel_ranges(numel, tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(bytes_of(a) + begin * a_step, bytes_of(b) + begin * b_step, bytes_of(out) + begin * out_step, end - begin,
         params);
  });
}

/// An operand of short rows, spread over a buffer for a block of them. Operand k of the plan.
template <class Word>
class Spread {
 public:
  Spread(const RowPlan<3>& plan, std::size_t k, const void* data)
      : plan_(plan), k_(k), data_(static_cast<const Word*>(data)), stride_(plan.strides[k].back()) {
    std::int64_t expected = plan.row_length();
    dense_ = stride_ == 1;
    repeats_ = true;
    for (std::size_t d = plan.shape.size() - 1; d-- > 0; expected *= plan.shape[d]) {
      dense_ &= plan.strides[k][d] == expected;
      repeats_ &= plan.strides[k][d] == 0;
    }
  }

  /// The elements of rows begin ... begin + count - 1; count never grows from one call to the next.
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
        for (std::int64_t i = 0; i < n; i += chunk)  // into what the next row overwrites
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

template <class Word>
void run_blocks(const RowPlan<3>& plan, BinaryLoop loop, Tensor& out, const Tensor& a, const Tensor& b,
                const Params& params) {
  const std::int64_t n = plan.row_length(), block = block_elements / n, rows = plan.rows();
  const auto out_row = n * static_cast<std::int64_t>(item_size(out.dtype()));
  const std::int64_t tile = tile_elements / n / block * block;
  xg::detail::parallel_ranges(rows, tile, [&](std::int64_t first, std::int64_t last) {
    Spread<Word> spread_a(plan, 1, bytes_of(a)), spread_b(plan, 2, bytes_of(b));
    for (std::int64_t begin = first; begin < last; begin += block) {
      const std::int64_t count = std::min(block, last - begin);
      const Word *pa = spread_a.rows(begin, count), *pb = spread_b.rows(begin, count);
      loop(pa, pb, bytes_of(out) + begin * out_row, count * n, params);
    }
  });
}

void run_strided(const BinaryKernel& kernel, const BinaryLoops& loops, Tensor& out, const Tensor& a, const Tensor& b,
                 const Params& params) {
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
             params);
      });
    });
  } else if (!out.is_contiguous()) {
    Tensor result = empty(out.shape(), out.dtype());
    run(kernel, result, a, b, params);
    copy_into(out, result);
  } else if (!a.is_contiguous()) {
    run(kernel, out, copy(a), b, params);
  } else if (!b.is_contiguous()) {
    run(kernel, out, a, copy(b), params);
  } else if (in_item == 4) {
    run_blocks<std::uint32_t>(plan, loops.vector_vector, out, a, b, params);
  } else if (in_item == 8) {
    run_blocks<std::uint64_t>(plan, loops.vector_vector, out, a, b, params);
  } else {
    run_blocks<std::uint8_t>(plan, loops.vector_vector, out, a, b, params);
  }
}

/// out = condition ? a : b by bits, so that compilers make vector code of it.
template <class Word, bool ScalarA, bool ScalarB>
void select(const std::uint8_t* __restrict condition, const Word* __restrict a, const Word* __restrict b,
            Word* __restrict out, std::int64_t n) {
  const Word fixed_a = *a, fixed_b = *b;
  for (std::int64_t i = 0; i < n; ++i) {
    const Word mask = static_cast<Word>(Word{0} - static_cast<Word>(condition[i]));
    const Word yes = ScalarA ? fixed_a : a[i], no = ScalarB ? fixed_b : b[i];
    out[i] = static_cast<Word>((yes & mask) | (no & ~mask));
  }
}

template <class Word>
void select(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& out) {
  const std::int64_t numel = out.numel();
  const bool scalar_a = a.numel() != numel, scalar_b = b.numel() != numel;
  const auto loop = scalar_a ? (scalar_b ? select<Word, true, true> : select<Word, true, false>)
                             : (scalar_b ? select<Word, false, true> : select<Word, false, false>);
  const auto* pc = reinterpret_cast<const std::uint8_t*>(bytes_of(condition));
  const Word *pa = reinterpret_cast<const Word*>(bytes_of(a)), *pb = reinterpret_cast<const Word*>(bytes_of(b));
  Word* po = reinterpret_cast<Word*>(bytes_of(out));
  xg::detail::parallel_ranges(numel, tile_elements, [&](std::int64_t begin, std::int64_t end) {
    loop(pc + begin, scalar_a ? pa : pa + begin, scalar_b ? pb : pb + begin, po + begin, end - begin);
  });
}

}  // namespace

Tensor UnaryKernel::operator()(const Tensor& x, const Params& params) const {
  Tensor out = empty(x.shape(), to_bool ? Dtype::bool_ : x.dtype());
  run(*this, out, x, params);
  return out;
}

void UnaryKernel::into(Tensor& out, const Tensor& x, const Params& params) const {
  run(*this, out, without_overlap(x, out), params);
}

Tensor BinaryKernel::operator()(const Tensor& a, const Tensor& b, const Params& params) const {
  Tensor out = empty(a.shape() == b.shape() ? a.shape() : broadcast_shapes(name, a.shape(), b.shape()),
                     to_bool ? Dtype::bool_ : a.dtype());
  run(*this, out, a, b, params);
  return out;
}

void BinaryKernel::into(Tensor& out, const Tensor& a, const Tensor& b, const Params& params) const {
  run(*this, out, without_overlap(a, out), without_overlap(b, out), params);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  Shape shape = condition.shape();
  for (const Tensor* x : {&a, &b})
    if (x->shape() != shape) shape = broadcast_shapes("where", shape, x->shape());
  Tensor out = empty(shape, a.dtype());
  if (out.numel() == 0) return out;
  const auto spread = [&](const Tensor& x, bool scalars) {
    const bool fits = x.is_contiguous() && (x.numel() == out.numel() || (scalars && x.numel() == 1));
    return fits ? x : copy(x, shape);
  };
  const Tensor c = spread(condition, false), yes = spread(a, true), no = spread(b, true);
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
