// A model that is one chain of linear maps and elementwise functions.
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/chain.hpp>
#include <xgrad/explain/detail/chain_plan.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace xg::explain::detail {
namespace {

/// Blocks of rows that are recorded before threads sweep them together.
constexpr std::size_t blocks_at_once = 8;
/// Derivatives that are found at once.
constexpr std::int64_t block_derivatives = std::int64_t{1} << 20;
/// Limits of a run on coalitions, the largest number of points and the smallest of coalitions, so that the sums over
/// them are products that are worth their call.
constexpr std::int64_t max_block_points = 2048, min_at_once = 16;

class ChainPairs final : public PairPlan {
 public:
  ChainPairs(const PairWork& work, Chain chain)
      : work_(work),
        sweep_(std::move(chain), work.recorded_references, work.references_of_a_row(), work.target.outputs, work.k,
               work.request.max_bytes) {}

  void take(RowBlock block) override {
    pending_.push_back(std::move(block));
    if (pending_.size() == blocks_at_once) finish();
  }
  /// Sweeps the blocks that have been recorded, tiles of rows by several threads: the model itself has run in the
  /// caller's thread.
  void finish() override {
    const std::int64_t tile = sweep_.tile_rows(block_rows), tiles = block_rows / tile, rows = work_.rows.size(0);
    xg::detail::parallel_for(static_cast<std::int64_t>(pending_.size()) * tiles, [&](std::int64_t i) {
      const RowBlock& block = pending_[at(i / tiles)];
      const std::int64_t first = i % tiles * tile, count = std::min(tile, rows - block.start - first);
      if (count > 0)
        sweep_.run(block.recording, first, tile,
                   std::span(block.slots).subspan(at(first * work_.k), at(tile * work_.k)), block.start + first, count,
                   work_.request.multipliers, work_.averages);
    });
    pending_.clear();
  }

 private:
  const PairWork work_;
  ChainSweep sweep_;
  std::vector<RowBlock> pending_;  // recorded and not yet swept
};

/// Is the value in the graph of its model, and does nothing but ops decide what its gradient is?
bool is_plain(const Tensor& value) { return value.requires_grad() && !autograd::has_hooks(value); }

/// Derivatives by columns, some outputs at a time.
class ChainGradients final : public GradientPlan {
 public:
  ChainGradients(Chain chain, std::optional<std::int64_t> target, std::int64_t k)
      : chain_(std::move(chain)), target_(target), k_(k) {}
  bool is_threaded() const override { return true; }
  Tensor at(const Tensor& points) const override {
    std::int64_t widest = points.size(1);
    for (const Link& link : chain_) widest = std::max(widest, link.out_size);
    const std::int64_t at_once = std::clamp<std::int64_t>(block_derivatives / (widest * points.size(0)), 1, k_);
    const Tensor columns = points.t().contiguous();
    std::vector<Tensor> parts;
    for (std::int64_t slot = 0; slot < k_; slot += at_once) {
      std::vector<std::int64_t> slots(static_cast<std::size_t>(std::min(at_once, k_ - slot)));
      std::iota(slots.begin(), slots.end(), target_.value_or(slot));
      parts.push_back(gradients_of_columns(chain_, columns, slots));
    }
    return (parts.size() == 1 ? parts[0] : cat(parts, 1)).to(float64).permute({2, 0, 1});
  }

 private:
  Chain chain_;
  std::optional<std::int64_t> target_;
  std::int64_t k_;
};

// Note [Coalitions of a chain]
// The first linear map of a chain has z(S) = z(reference) + sum over j in S of W_j (a_j(row) - a_j(reference)), where a
// are the features or a function of each. So a coalition costs one addition of a column to that of the coalition
// without its highest player, and at most M roundings; all later layers run on many coalitions and references at once.
class ChainGame final : public Game {
 public:
  /// `chain` has a linear map; `first` is the first.
  ChainGame(Chain chain, std::size_t first, const Recording& rows, const Recording& references, std::int64_t count,
            std::int64_t b, std::optional<std::int64_t> target)
      : chain_(std::move(chain)),
        first_(first),
        target_(target),
        rows_(columns_of(rows, chain_[first].in, count)),
        references_(columns_of(references, chain_[first].in, b)),
        at_references_(columns_of(references, chain_[first].out, b)) {
    for (const Link& link : rest()) widest_ = std::max(widest_, link.out_size);
    widest_ = std::max(widest_, chain_[first].out_size);
  }

  std::uint64_t at_once(std::int64_t references) const override {
    return std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(most_points() / references, 1)));
  }
  std::int64_t most_references() const override { return std::max<std::int64_t>(most_points() / min_at_once, 1); }
  bool is_threaded() const override { return true; }
  bool may_jump() const override { return false; }
  void start(std::int64_t row, const Indices& players, std::span<const std::int64_t> references) override {
    players_ = players.size();
    const std::int64_t g = static_cast<std::int64_t>(references.size()), h = chain_[first_].out_size;
    const Dtype dtype = rows_.dtype();
    base_ = empty({h, g}, {.dtype = dtype});
    steps_ = empty({static_cast<std::int64_t>(players_), h, g}, {.dtype = dtype});
    const Tensor& weight = chain_[first_].weight;
    const std::int64_t down = weight.strides()[0], right = weight.strides()[1];
    dispatch_floating(dtype, [&]<class T>() {
      const T *a = references_.data<T>(), *z = at_references_.data<T>(), *w = weight.data<T>();
      T *base = base_.mutable_data<T>(), *step = steps_.mutable_data<T>();
      for (std::int64_t i = 0; i < h; ++i)
        for (std::int64_t r = 0; r < g; ++r) *base++ = z[i * at_references_.size(1) + references[at(r)]];
      std::vector<T> change(at(g));
      for (const std::int64_t j : players) {
        const T x = rows_.data<T>()[j * rows_.size(1) + row];
        for (std::int64_t r = 0; r < g; ++r) change[at(r)] = x - a[j * references_.size(1) + references[at(r)]];
        for (std::int64_t i = 0; i < h; ++i, step += g) {
          const T factor = w[i * down + j * right];
          for (std::int64_t r = 0; r < g; ++r) step[r] = factor * change[at(r)];
        }
      }
    });
  }
  void worth(std::uint64_t first, std::uint64_t sets, double* out) const override {
    const NoGrad guard;
    const autograd::Unobserved unobserved;
    const std::int64_t h = base_.size(0), g = base_.size(1), count = static_cast<std::int64_t>(sets);
    Tensor z = empty({h, count * g}, {.dtype = base_.dtype()});
    dispatch_floating(z.dtype(), [&]<class T>() {
      const T *base = base_.data<T>(), *steps = steps_.data<T>();
      T* columns = z.mutable_data<T>();
      for (std::int64_t i = 0; i < h; ++i, columns += count * g) {
        std::copy_n(base + i * g, g, columns);
        const auto add = [&](std::size_t j, const T* from, T* to) {
          const T* step = steps + (static_cast<std::int64_t>(j) * h + i) * g;
          for (std::int64_t r = 0; r < g; ++r) to[r] = from[r] + step[r];
        };
        for (std::size_t j = 0; j < players_; ++j)
          if (first >> j & 1) add(j, columns, columns);
        for (std::size_t j = 0; std::int64_t{1} << j < count; ++j)
          for (std::int64_t s = 0, with = std::int64_t{1} << j; s < with; ++s)
            add(j, columns + s * g, columns + (s + with) * g);
      }
    });
    const Tensor results = forward_columns(rest(), std::move(z));
    dispatch_floating(results.dtype(), [&]<class T>() {
      const std::int64_t outputs = target_ ? 1 : results.size(0);
      const T* v = results.data<T>() + target_.value_or(0) * count * g;
      std::copy_n(v, outputs * count * g, out);
    });
  }

 private:
  std::int64_t most_points() const { return std::clamp<std::int64_t>(block_numbers / widest_, 1, max_block_points); }
  std::span<const Link> rest() const { return std::span(chain_).subspan(first_ + 1); }

  Chain chain_;
  std::size_t first_, players_ = 0;
  std::optional<std::int64_t> target_;
  std::int64_t widest_ = 1;
  Tensor rows_, references_, at_references_;  // [n, N], [n, B], [h, B]
  Tensor base_, steps_;                       // of the game: [h, references], [players, h, references]
};

}  // namespace

std::unique_ptr<PairPlan> chain_pairs(const PairWork& work, const RowBlock& first) {
  std::optional<Chain> chain = find_chain(work.recorded_references, first.structure, work.target);
  return chain ? std::make_unique<ChainPairs>(work, std::move(*chain)) : nullptr;
}

std::unique_ptr<GradientPlan> chain_gradients(const ModelFunction& model, const Tensor& rows, const Tensor& baseline,
                                              const GradientRequest& request, std::int64_t k) {
  std::optional<FoundChain> found = find_chain(model, rows, baseline, request.output, request.method, true);
  if (!found) return nullptr;
  const Recording& x = found->rows;
  bool plain = is_plain(x.value(x.input)) && is_plain(x.value(found->target.value));
  for (const Link& link : found->chain) plain = plain && is_plain(x.value(link.in)) && is_plain(x.value(link.out));
  return plain ? std::make_unique<ChainGradients>(std::move(found->chain), request.target, k) : nullptr;
}

std::unique_ptr<Game> chain_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                 const GradientRequest& request) {
  std::optional<FoundChain> found = find_chain(model, rows, background, request.output, request.method);
  if (!found) return nullptr;
  Chain& chain = found->chain;
  const auto linear =
      std::find_if(chain.begin(), chain.end(), [](const Link& link) { return link.function == nullptr; });
  if (linear == chain.end()) return nullptr;
  const auto first = static_cast<std::size_t>(linear - chain.begin());
  return std::make_unique<ChainGame>(std::move(chain), first, found->rows, found->references, rows.size(0),
                                     background.size(0), request.target);
}

}  // namespace xg::explain::detail
