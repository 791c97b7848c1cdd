#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/chain.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/views.hpp>

#include <algorithm>
#include <utility>

namespace xg::explain::detail {
namespace {

using kernels::view_of;

/// Pairs in a tile from which on the cost of an op is mostly that of its numbers.
constexpr std::int64_t worthwhile_pairs = 128;

/// Outputs at once, and the width of layers, from which on zeros are worth skipping: a row of the weights that is read
/// is then used often enough.
constexpr std::int64_t min_outputs = 4, min_width = 32;

/// The entry as a link; false where a chain cannot have it. Only `entry.inputs[varying]` depends on the features.
bool make_link(const Recording& recording, const TraceEntry& entry, std::size_t varying, Link& link) {
  const Tensor &in = recording.value(entry.inputs[varying]), &out = recording.value(entry.outputs[0]);
  link.in = entry.inputs[varying];
  link.out = entry.outputs[0];
  link.in_size = row_size(in);
  link.out_size = row_size(out);
  if (entry.op->rule() == Rule::secant) {
    if (entry.op->traits().jumps) return false;  // rounding decides, and a chain does not follow it
    link.function = entry.op;
    return link.in_size == link.out_size;
  }
  if (in.dim() != 2 || out.dim() != 2) return false;
  std::vector<Tensor> inputs;
  for (const ValueId id : entry.inputs) inputs.push_back(recording.value(id));
  autograd::LinearMap map = entry.op->linear_map(inputs, varying);
  link.weight = std::move(map.weight);
  link.bias = std::move(map.bias);
  return link.weight.defined();
}

/// The most numbers that a value of the chain has in a row.
std::int64_t widest_of(const Chain& chain) {
  std::int64_t widest = 1;
  for (const Link& link : chain) widest = std::max({widest, link.in_size, link.out_size});
  return widest;
}

/// Is it a chain of wide layers with functions between them, explained for many outputs?
bool skips_zeros(const Chain& chain, std::int64_t k) {
  if (k < min_outputs || chain.empty() || chain.front().function != nullptr) return false;
  bool functions = false;
  for (const Link& link : chain) {
    functions = functions || link.function != nullptr;
    if (link.in_size < min_width) return false;
  }
  return functions;
}

/// The multipliers [in_size, ...] of the inputs of a linear link from those of its outputs, [out_size, ...].
Tensor through_linear(const Link& link, const Tensor& m) {
  const std::int64_t columns = row_size(m);
  Shape shape = m.shape();
  shape[0] = link.in_size;
  const kernels::Matrix right(m.impl().data, m.dtype(), link.out_size, columns, columns, 1);
  return kernels::with_shape(kernels::matmul(kernels::Matrix(link.weight).transposed(), right), shape);
}

}  // namespace

std::optional<Chain> find_chain(const Recording& recording, const Structure& structure, const Target& target) {
  const auto& entries = recording.trace.entries();
  const Dtype dtype = recording.value(recording.input).dtype();
  const auto fits = [&](ValueId id) {
    return structure.has_rows[at(id)] && recording.value(id).dtype() == dtype && recording.value(id).numel() > 0;
  };
  if (!structure.coupled.empty() || !fits(target.value)) return std::nullopt;
  Chain chain;
  ValueId wanted = target.value;
  for (std::size_t e = entries.size(); e-- > 0;) {
    if (!structure.on_path[e]) continue;
    const TraceEntry& entry = entries[e];
    // Every op on the path that is not the maker of what the chain wants next belongs to a branch.
    if (entry.outputs.size() != 1 || entry.outputs[0] != wanted) return std::nullopt;
    std::size_t varying = entry.inputs.size(), count = 0;
    for (std::size_t i = 0; i < entry.inputs.size(); ++i) {
      const ValueId id = entry.inputs[i];
      if (structure.varies[at(id)])
        varying = i, ++count;
      else if (recording.value(id).dtype() != dtype || structure.has_rows[at(id)])
        return std::nullopt;
    }
    if (count != 1 || !fits(entry.inputs[varying])) return std::nullopt;
    wanted = entry.inputs[varying];
    if (entry.op->traits().keeps_elements &&
        recording.value(wanted).numel() == recording.value(entry.outputs[0]).numel())
      continue;
    Link link;
    if (!make_link(recording, entry, varying, link)) return std::nullopt;
    chain.push_back(std::move(link));
  }
  if (wanted != recording.input) return std::nullopt;
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::optional<FoundChain> find_chain(const ModelFunction& model, const Tensor& rows, const Tensor& references,
                                     Output output, const char* method, bool with_graph) {
  const GradMode mode(with_graph);
  const auto input = [&](const Tensor& t, std::int64_t size) {
    return padded_rows(t.detach(), 0, size).requires_grad_(with_graph);
  };
  const std::int64_t count = std::max<std::int64_t>(rows.size(0), 2);
  std::int64_t against = std::max<std::int64_t>(references.size(0), 2);
  if (against == count) ++against;  // shapes tell which values have rows
  FoundChain found{.chain = {},
                   .rows = record(model, input(rows, count), method),
                   .references = record(model, input(references, against), method),
                   .target = {}};
  found.target = find_target(found.references, output, method);
  std::optional<Chain> chain;
  try {
    const Structure structure = compare(found.rows, found.references, found.target, false, method);
    chain = find_chain(found.references, structure, found.target);
  } catch (const Error&) {
    return std::nullopt;  // the general plan finds the same, and says so
  }
  if (!chain) return std::nullopt;
  found.chain = std::move(*chain);
  return found;
}

Tensor columns_of(const Recording& recording, ValueId id, std::int64_t rows) {
  const Tensor value = kernels::contiguous(recording.value(id));
  const std::int64_t size = row_size(value);
  return kernels::copy(view_of(value, {size, rows}, {1, size}));
}

Tensor forward_columns(std::span<const Link> links, Tensor columns) {
  for (const Link& link : links) {
    if (link.function != nullptr) {
      columns = kernels::contiguous(link.function->forward({&columns, 1})[0]);
      continue;
    }
    columns = kernels::matmul(link.weight, columns);
    if (link.bias.defined())
      kernels::add_into(columns, columns, view_of(link.bias, {link.out_size, 1}, {link.bias.strides()[0], 0}));
  }
  return columns;
}

Tensor gradients_of_columns(const Chain& chain, Tensor columns, std::span<const std::int64_t> slots) {
  const auto k = static_cast<std::int64_t>(slots.size()), points = columns.size(1);
  const Dtype dtype = columns.dtype();
  std::vector<Tensor> slopes(chain.size());  // of functions, [size, points]
  const Tensor one = kernels::empty({1, 1}, dtype);
  Tensor(one).fill_(1);
  std::int64_t size = columns.size(0);
  for (std::size_t l = 0; l < chain.size(); ++l) {
    const Link& link = chain[l];
    const Tensor in[] = {columns};
    columns = forward_columns(std::span(&link, 1), std::move(columns));
    size = link.out_size;
    if (link.function == nullptr) continue;
    const Tensor out[] = {columns}, seeds[] = {kernels::copy(view_of(one, {size, points}, {0, 0}))};
    const Shape shapes[] = {in[0].shape()};
    const bool needed[] = {true};
    Tensor slope[1];
    link.function->vjp(in, out, shapes, seeds, slope, needed);
    slopes[l] = slope[0].defined() ? kernels::contiguous(slope[0]) : zeros({size, points}, {.dtype = dtype});
  }
  // Multipliers [size, K, points], or [size, K, 1] as long as they are the same for all points.
  std::int64_t m_points = 1;
  Tensor m = zeros({size, k, 1}, {.dtype = dtype});
  for (std::int64_t slot = 0; slot < k; ++slot) m.select(0, slots[at(slot)]).select(0, slot).fill_(1);
  for (std::size_t l = chain.size(); l-- > 0;) {
    const Link& link = chain[l];
    if (link.function != nullptr) {
      m = kernels::mul(m, view_of(slopes[l], {size, 1, points}, {points, points, 1}));
      m_points = points;
    } else {
      m = through_linear(link, m);
      size = link.in_size;
    }
  }
  return m_points == points ? m : kernels::copy(view_of(m, {size, k, points}, {k, 1, 0}));
}

ChainSweep::ChainSweep(Chain chain, const Recording& references, std::int64_t count, std::int64_t outputs,
                       std::int64_t k, std::size_t max_bytes)
    : chain_(std::move(chain)), count_(count), outputs_(outputs), k_(k) {
  std::int64_t numbers = 1;  // of a pair, at most, at one time
  for (const Link& link : chain_) {
    at_references_.push_back(link.function != nullptr ? columns_of(references, link.in, count) : Tensor());
    numbers = std::max(numbers, link.function != nullptr ? (k + 3) * link.in_size : k * (link.in_size + link.out_size));
  }
  const bool kept = skips_zeros(chain_, k);
  if (kept) numbers = std::max(numbers, (2 * k + 4) * widest_of(chain_));
  const auto item = static_cast<std::int64_t>(item_size(references.value(references.input).dtype()));
  max_pairs_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(max_bytes) / (numbers * item));
  if (!kept) {
    references_ = columns_of(references, references.input, count).to_vector();
    return;
  }
  references_ = references.value(references.input).narrow(0, 0, count).to_vector();
  for (const Link& link : chain_)
    panels_.push_back(link.function != nullptr ? kernels::Panels() : kernels::Panels(link.weight));
}

std::int64_t ChainSweep::tile_rows(std::int64_t block_rows) const {
  std::int64_t rows = 1;
  if (!panels_.empty()) return rows;
  while (2 * rows <= block_rows && 2 * rows * count_ <= std::min(max_pairs_, worthwhile_pairs)) rows *= 2;
  return rows;
}

/// Difference quotients [size, tile, count] of a function between rows first.. of x and references b0..
Tensor ChainSweep::slopes(const Link& link, const Tensor& at_references, const Recording& x, std::int64_t first,
                          std::int64_t tile, std::int64_t b0, std::int64_t count) const {
  const std::int64_t size = link.in_size;
  const Shape shape{size, tile, count};
  const Tensor rows = kernels::contiguous(x.value(link.in));
  // Whole tensors, because a user-defined function may read its arguments element by element.
  Tensor a = kernels::empty(shape, rows.dtype());
  dispatch_floating(rows.dtype(), [&]<class T>() {
    const T* from = rows.data<T>() + first * size;
    T* to = a.mutable_data<T>();
    for (std::int64_t i = 0; i < size; ++i)
      for (std::int64_t t = 0; t < tile; ++t, to += count) std::fill_n(to, count, from[t * size + i]);
  });
  const Tensor b = kernels::contiguous(view_of(at_references, shape, {count_, 0, 1}, b0));
  Tensor slope = link.function->secant(a, b);
  if (!slope.defined()) slope = autograd::generic_secant(*link.function, a, b);
  return kernels::contiguous(slope);
}

void ChainSweep::run(const Recording& x, std::int64_t first, std::int64_t tile, std::span<const std::int64_t> slots,
                     std::int64_t place, std::int64_t valid_rows, bool multipliers, Averages& averages) const {
  const NoGrad guard;  // the mode is that of the thread
  const autograd::Unobserved unobserved;
  const Tensor& input = x.value(x.input);
  const Dtype dtype = input.dtype();
  if (!panels_.empty())
    return dispatch_floating(dtype, [&]<class T>() { run_kept<T>(x, first, slots, place, multipliers, averages); });
  const std::int64_t blocks = (count_ * tile + max_pairs_ - 1) / max_pairs_,
                     block_size = (count_ + blocks - 1) / blocks;
  const std::vector<double> rows =
      view_of(input, {valid_rows, input.shape()[1]}, input.strides(), first * input.strides()[0]).to_vector();
  for (std::int64_t b0 = 0; b0 < count_; b0 += block_size) {
    const std::int64_t block = std::min(block_size, count_ - b0);
    // Multipliers [size, K, tile, block], or [size, K, tile, 1] as long as they are the same for all references.
    std::int64_t size = outputs_, references = 1;
    Tensor m = kernels::empty({size, k_, tile, 1}, dtype);
    kernels::fill(m, 0.0);
    dispatch_floating(dtype, [&]<class T>() {
      T* data = m.mutable_data<T>();
      for (std::int64_t t = 0; t < tile; ++t)
        for (std::int64_t k = 0; k < k_; ++k) data[(slots[at(t * k_ + k)] * k_ + k) * tile + t] = 1;
    });
    for (std::size_t l = chain_.size(); l-- > 0;) {
      const Link& link = chain_[l];
      if (link.function != nullptr) {
        const Tensor slope = slopes(link, at_references_[l], x, first, tile, b0, block);
        const Tensor expanded = view_of(slope, {size, k_, tile, block}, {tile * block, 0, block, 1});
        if (references == block)
          kernels::mul_into(m, m, expanded);
        else
          m = kernels::mul(m, expanded);
        references = block;
      } else {
        m = through_linear(link, m);
        size = link.in_size;
      }
    }
    if (references != block) m = kernels::copy(view_of(m, {size, k_, tile, block}, {k_ * tile, tile, 1, 0}));
    dispatch_floating(dtype, [&]<class T>() {
      const T* data = m.data<T>();
      for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t t = 0; t < valid_rows; ++t)
          averages.add_columns(place + t, k, data + (k * tile + t) * block, k_ * tile * block, &rows[at(t * size)],
                               references_.data() + b0, count_, block, multipliers);
    });
  }
}

// Note [Zeros that pairs have]
// A relu that is shut for the row and for the reference has slope 0: nothing passes, for none of the outputs. In a net
// as it is initialized that is one unit in four, in a trained one often most. Here the multipliers of a pair are [K,
// units]; those of units with slope 0 are dropped, and the product with the weights reads only the rows of the others.
// The K outputs share these rows, which is what makes it as fast as a dense product for each number. Products go panel
// by panel of the weights' columns for all pairs of a block, so that a panel is read from the nearest cache, and the
// last one's results are summed up at once.

/// The multipliers of a block of references on their way from the outputs to the features, and what products with the
/// weights need.
template <class T> class ChainSweep::KeptBlock {
 public:
  KeptBlock(std::int64_t max_references, std::int64_t k, std::int64_t max_size, std::int64_t panel_width)
      : k_(k),
        max_size_(max_size),
        panel_width_(panel_width),
        multipliers_(at(max_references * max_size * k)),
        kept_multipliers_(multipliers_.size()),
        products_(at(max_references * k * panel_width)),
        kept_(at(max_references * max_size)),
        kept_count_(at(max_references)) {}

  /// The multipliers of `size` outputs, K of which are explained: 1 at each of the slots.
  void start(std::int64_t size, std::int64_t references, std::span<const std::int64_t> slots) {
    size_ = size;
    references_ = references;
    shared_ = true;
    std::fill_n(multipliers_.begin(), size * k_, T(0));
    for (std::int64_t k = 0; k < k_; ++k) multipliers_[at(slots[at(k)] * k_ + k)] = 1;
  }

  /// Multiplies by slopes [size, references], which may be undefined, and drops the units where they are 0.
  void multiply_and_drop(const Tensor& slopes) {
    pairs_ = slopes.defined() || !shared_ ? references_ : 1;
    for (std::int64_t b = 0; b < pairs_; ++b) {
      const T* from = multipliers_.data() + (shared_ ? 0 : b * size_ * k_);
      const T* slope = slopes.defined() ? slopes.data<T>() + b : nullptr;
      T* to = kept_multipliers_.data() + b * size_ * k_;
      std::int32_t* kept = kept_.data() + b * max_size_;
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < size_; ++i) {
        const T factor = slope == nullptr ? T(1) : slope[i * references_];
        kept[count] = static_cast<std::int32_t>(i);
        for (std::int64_t k = 0; k < k_; ++k) to[count * k_ + k] = factor * from[i * k_ + k];
        count += factor != T(0);  // else the next unit takes its place: a branch could not be predicted
      }
      kept_count_[at(b)] = count;
    }
    shared_ = shared_ && !slopes.defined();
  }

  /// The products with one panel of the weights, [pairs, K, panel width].
  std::span<const T> multiply(const kernels::Panels& weight, std::int64_t panel) {
    for (std::int64_t b = 0; b < pairs_; ++b)
      kernels::kept_product(weight.panel<T>(panel), kept_.data() + b * max_size_, kept_count_[at(b)],
                            kept_multipliers_.data() + b * size_ * k_, k_, products_.data() + b * k_ * panel_width_);
    return {products_.data(), at(pairs_ * k_ * panel_width_)};
  }

  /// Passes through a linear map with `in_size` inputs: the multipliers become those of its inputs.
  void pass(const kernels::Panels& weight, std::int64_t in_size) {
    for (std::int64_t p = 0; p < weight.count(); ++p) {
      const std::int64_t start = p * panel_width_, columns = std::min(panel_width_, in_size - start);
      const std::span<const T> products = multiply(weight, p);
      for (std::int64_t b = 0; b < pairs_; ++b) {
        const T* from = products.data() + b * k_ * panel_width_;
        T* to = multipliers_.data() + (b * in_size + start) * k_;
        for (std::int64_t i = 0; i < columns; ++i)
          for (std::int64_t k = 0; k < k_; ++k) *to++ = from[k * panel_width_ + i];
      }
    }
    size_ = in_size;
  }

 private:
  std::int64_t k_, max_size_, panel_width_;
  std::int64_t size_ = 0, references_ = 0;
  std::int64_t pairs_ = 1;  // for which products are computed: 1 as long as all references share the multipliers
  bool shared_ = true;
  std::vector<T> multipliers_;       // [references, size, K], or [1, size, K] while shared
  std::vector<T> kept_multipliers_;  // of units whose slope is not 0
  std::vector<T> products_;
  std::vector<std::int32_t> kept_;  // [references, max size]: these units
  std::vector<std::int64_t> kept_count_;
};

template <class T> void ChainSweep::run_kept(const Recording& x, std::int64_t row, std::span<const std::int64_t> slots,
                                             std::int64_t place, bool multipliers, Averages& averages) const {
  const std::int64_t width = panels_.front().width(), padded_width = (width + 7) / 8 * 8, max_size = widest_of(chain_);
  const std::int64_t max_block = std::clamp<std::int64_t>(block_numbers / (k_ * max_size), 1, max_pairs_),
                     blocks = (count_ + max_block - 1) / max_block, block_size = (count_ + blocks - 1) / blocks;
  const std::vector<double> features = x.value(x.input).select(0, row).to_vector();
  KeptBlock<T> block(block_size, k_, max_size, width);
  std::vector<double> change(at(block_size * padded_width)), products64(at(block_size * k_ * padded_width)), group_sums;
  for (std::int64_t b0 = 0; b0 < count_; b0 += block_size) {
    const std::int64_t references = std::min(block_size, count_ - b0);
    block.start(outputs_, references, slots);
    group_sums.assign(averages.group_sums(references, k_), 0);
    Tensor slope;  // [size, references], of the functions since the last product
    for (std::size_t l = chain_.size(); l-- > 0;) {
      const Link& link = chain_[l];
      if (link.function != nullptr) {
        const Tensor next = slopes(link, at_references_[l], x, row, 1, b0, references);
        slope = slope.defined() ? kernels::mul(slope, next) : next;
        continue;
      }
      block.multiply_and_drop(slope);
      slope = Tensor();
      if (l > 0) {
        block.pass(panels_[l], link.in_size);
        continue;
      }
      for (std::int64_t p = 0; p < panels_[l].count(); ++p) {
        const std::int64_t start = p * width, columns = std::min(width, link.in_size - start);
        bool changes = multipliers;
        for (std::int64_t b = 0; b < references; ++b) {
          const double* reference = references_.data() + (b0 + b) * link.in_size + start;
          double* to = change.data() + b * padded_width;
          for (std::int64_t i = 0; i < columns; ++i) to[i] = features[at(start + i)] - reference[i];
          changes = changes || std::any_of(to, to + columns, [](double d) { return d != 0; });
        }
        if (changes) {
          const std::span<const T> products = block.multiply(panels_[l], p);
          for (std::size_t i = 0; i < products.size() / at(width); ++i)
            std::copy_n(&products[i * at(width)], width, &products64[i * at(padded_width)]);
        }  // else nothing is contributed, whatever the multipliers are
        averages.add_panel(place, start, columns, products64.data(), multipliers ? nullptr : change.data(),
                           padded_width, references, group_sums);
      }
    }
    averages.counted(place, references, group_sums);
  }
}

}  // namespace xg::explain::detail
