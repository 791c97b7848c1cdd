#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/chain.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/kernels/arithmetic.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/kernels/views.hpp>

#include <algorithm>

namespace xg::explain::detail {
namespace {

using kernels::view_of;

/// Pairs in a tile from which on the cost of an op is mostly that of its numbers.
constexpr std::int64_t worthwhile_pairs = 128;

/// Outputs at once, and the width of layers, from which on zeros are worth skipping: a row of the weights that is read
/// is then used often enough.
constexpr std::int64_t least_outputs = 4, least_width = 32;
/// Numbers in the block that a product reads again and again: half of a small second-level cache.
constexpr std::int64_t block_numbers = 1 << 17;

std::int64_t row_size(const Tensor& value) { return value.numel() / value.shape()[0]; }

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
  if (k < least_outputs || chain.empty() || chain.front().function != nullptr) return false;
  bool functions = false;
  for (const Link& link : chain) {
    functions = functions || link.function != nullptr;
    if (link.in_size < least_width) return false;
  }
  return functions;
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
    return std::nullopt;
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
  std::int64_t each = 1;
  Tensor m = zeros({size, k, 1}, {.dtype = dtype});
  for (std::int64_t slot = 0; slot < k; ++slot) m.select(0, slots[at(slot)]).select(0, slot).fill_(1);
  for (std::size_t l = chain.size(); l-- > 0;) {
    const Link& link = chain[l];
    if (link.function != nullptr) {
      m = kernels::mul(m, view_of(slopes[l], {size, 1, points}, {points, points, 1}));
      each = points;
    } else {
      const kernels::Matrix right(m.impl().data, dtype, size, k * each, k * each, 1);
      m = kernels::with_shape(kernels::matmul(kernels::Matrix(link.weight).transposed(), right),
                              {link.in_size, k, each});
      size = link.in_size;
    }
  }
  return each == points ? m : kernels::copy(view_of(m, {size, k, points}, {k, 1, 0}));
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
  most_pairs_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(max_bytes) / (numbers * item));
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
  while (2 * rows <= block_rows && 2 * rows * count_ <= std::min(most_pairs_, worthwhile_pairs)) rows *= 2;
  return rows;
}

/// Difference quotients [size, tile, count] of a function between rows first.. of x and references b0..
Tensor ChainSweep::slopes(const Link& link, const Tensor& at_references, const Recording& x, std::int64_t first,
                          std::int64_t tile, std::int64_t b0, std::int64_t count) const {
  const std::int64_t size = link.in_size;
  const Shape shape{size, tile, count};
  const Tensor rows = kernels::contiguous(x.value(link.in));
  // Whole tensors, because a function of somebody else may read its arguments element by element.
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
                     std::int64_t place, std::int64_t there, bool multipliers, Averages& averages) const {
  const NoGrad guard;  // each thread has a mode of its own
  const autograd::NoTrace trace_guard;
  const Tensor& input = x.value(x.input);
  const Dtype dtype = input.dtype();
  if (!panels_.empty())
    return dispatch_floating(dtype, [&]<class T>() { run_kept<T>(x, first, slots, place, multipliers, averages); });
  const std::int64_t blocks = (count_ * tile + most_pairs_ - 1) / most_pairs_, each = (count_ + blocks - 1) / blocks;
  const std::vector<double> rows =
      view_of(input, {there, input.shape()[1]}, input.strides(), first * input.strides()[0]).to_vector();
  for (std::int64_t b0 = 0; b0 < count_; b0 += each) {
    const std::int64_t here = std::min(each, count_ - b0);
    // Multipliers [size, K, tile, here], or [size, K, tile, 1] as long as they are the same for all references.
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
        const Tensor slope = slopes(link, at_references_[l], x, first, tile, b0, here);
        const Tensor expanded = view_of(slope, {size, k_, tile, here}, {tile * here, 0, here, 1});
        if (references == here)
          kernels::mul_into(m, m, expanded);
        else
          m = kernels::mul(m, expanded);
        references = here;
      } else {
        const std::int64_t columns = k_ * tile * references;
        const kernels::Matrix right(m.impl().data, dtype, size, columns, columns, 1);
        m = kernels::with_shape(kernels::matmul(kernels::Matrix(link.weight).transposed(), right),
                                {link.in_size, k_, tile, references});
        size = link.in_size;
      }
    }
    if (references != here) m = kernels::copy(view_of(m, {size, k_, tile, here}, {k_ * tile, tile, 1, 0}));
    dispatch_floating(dtype, [&]<class T>() {
      const T* data = m.data<T>();
      for (std::int64_t k = 0; k < k_; ++k)
        for (std::int64_t t = 0; t < there; ++t)
          averages.add_columns(place + t, k, data + (k * tile + t) * here, k_ * tile * here, &rows[at(t * size)],
                               references_.data() + b0, count_, here, multipliers);
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
template <class T> void ChainSweep::run_kept(const Recording& x, std::int64_t row, std::span<const std::int64_t> slots,
                                             std::int64_t place, bool multipliers, Averages& averages) const {
  const std::int64_t width = panels_.front().width(), wide = (width + 7) / 8 * 8;
  const std::int64_t widest = widest_of(chain_);
  const std::int64_t most = std::clamp<std::int64_t>(block_numbers / (k_ * widest), 1, most_pairs_),
                     blocks = (count_ + most - 1) / most, each = (count_ + blocks - 1) / blocks;
  const std::vector<double> features = x.value(x.input).select(0, row).to_vector();
  // Multipliers [references, size, K], or [1, size, K] as long as all references share them; and those that are kept.
  std::vector<T> multiplier(at(each * widest * k_)), kept_multiplier(at(each * widest * k_));
  std::vector<T> found(at(each * k_ * width));
  std::vector<std::int32_t> kept(at(each * widest));
  std::vector<std::int64_t> counts(at(each));
  std::vector<double> change(at(each * wide)), found64(at(each * k_ * wide)), group_sums;
  for (std::int64_t b0 = 0; b0 < count_; b0 += each) {
    const std::int64_t here = std::min(each, count_ - b0);
    std::int64_t size = outputs_;
    std::fill_n(multiplier.begin(), size * k_, T(0));
    for (std::int64_t k = 0; k < k_; ++k) multiplier[at(slots[at(k)] * k_ + k)] = 1;
    bool shared = true;
    group_sums.assign(averages.group_sums(here, k_), 0);
    Tensor slope;  // [size, here], of the functions since the last product
    for (std::size_t l = chain_.size(); l-- > 0;) {
      const Link& link = chain_[l];
      if (link.function != nullptr) {
        const Tensor next = slopes(link, at_references_[l], x, row, 1, b0, here);
        slope = slope.defined() ? kernels::mul(slope, next) : next;
        continue;
      }
      const kernels::Panels& panels = panels_[l];
      const std::int64_t pairs = slope.defined() ? here : (shared ? 1 : here);
      for (std::int64_t b = 0; b < pairs; ++b) {
        const T* from = multiplier.data() + (shared ? 0 : b * size * k_);
        const T* s = slope.defined() ? slope.data<T>() + b : nullptr;
        T* to = kept_multiplier.data() + b * size * k_;
        std::int32_t* which = kept.data() + b * widest;
        std::int64_t& count = counts[at(b)];
        count = 0;
        for (std::int64_t i = 0; i < size; ++i) {
          const T factor = s == nullptr ? T(1) : s[i * here];
          which[count] = static_cast<std::int32_t>(i);
          for (std::int64_t k = 0; k < k_; ++k) to[count * k_ + k] = factor * from[i * k_ + k];
          count += factor != T(0);  // else the next one takes its place: there is no telling beforehand
        }
      }
      for (std::int64_t p = 0; p < panels.count(); ++p) {
        const std::int64_t start = p * width, columns = std::min(width, link.in_size - start);
        const auto multiply = [&] {
          for (std::int64_t b = 0; b < pairs; ++b)
            kernels::kept_product(panels.template panel<T>(p), kept.data() + b * widest, counts[at(b)],
                                  kept_multiplier.data() + b * size * k_, k_, found.data() + b * k_ * width);
        };
        if (l > 0) {
          multiply();
          for (std::int64_t b = 0; b < pairs; ++b) {
            const T* from = found.data() + b * k_ * width;
            T* to = multiplier.data() + (b * link.in_size + start) * k_;
            for (std::int64_t i = 0; i < columns; ++i)
              for (std::int64_t k = 0; k < k_; ++k) *to++ = from[k * width + i];
          }
          continue;
        }
        bool changes = multipliers;
        for (std::int64_t b = 0; b < here; ++b) {
          const double* reference = references_.data() + (b0 + b) * link.in_size + start;
          double* to = change.data() + b * wide;
          for (std::int64_t i = 0; i < columns; ++i) to[i] = features[at(start + i)] - reference[i];
          changes = changes || std::any_of(to, to + columns, [](double d) { return d != 0; });
        }
        if (changes) {
          multiply();
          for (std::int64_t i = 0; i < here * k_; ++i)
            for (std::int64_t j = 0; j < width; ++j)
              found64[at(i * wide + j)] = static_cast<double>(found[at(i * width + j)]);
        }  // else nothing is contributed, whatever the multipliers are
        averages.add_panel(place, start, columns, found64.data(), multipliers ? nullptr : change.data(), wide, here,
                           group_sums);
      }
      shared = shared && !slope.defined();
      slope = Tensor();
      size = link.in_size;
    }
    averages.counted(place, here, group_sums);
  }
}

}  // namespace xg::explain::detail
