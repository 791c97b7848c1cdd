// Any model, op by op.
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/general_plan.hpp>
#include <xgrad/explain/detail/rounding.hpp>
#include <xgrad/tensor/threads.hpp>

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

namespace xg::explain::detail {
namespace {

using autograd::with_front;

/// Pairs in a block below which the work per op is less than what an op costs by itself.
constexpr std::int64_t worthwhile_pairs = 256;
/// Points in one run of the model, the same whatever is explained.
constexpr std::int64_t block_points = 1024;

/// The sweep over pairs of a row and a reference, recorded apart. An op whose result for a row is not a function of
/// that row alone has no such form: a model with one is run again on the pairs themselves, and swept one output after
/// the other.
class GeneralPairs final : public PairPlan {
 public:
  explicit GeneralPairs(const PairWork& work)
      : work_(work),
        n_(work.rows.size(0)),
        features_(work.rows.size(1)),
        b_(work.references_of_a_row()),
        x64_(work.rows.to_vector()),
        r64_(work.references.to_vector()) {}

  void take(RowBlock block) override {
    if (reference_roundings_.empty() || work_.request.paired)
      reference_roundings_ = roundings_of(work_.recorded_references, block.structure);
    sweep_rows(block, block.start, std::min(block.start + block_rows, n_), nullptr);
  }
  Audit audit(const RowBlock& block, std::int64_t row) {
    reference_roundings_ = roundings_of(work_.recorded_references, block.structure);
    Audit audit;
    audit.ops.resize(block.recording.trace.entries().size());
    sweep_rows(block, row, row + 1, &audit);
    return audit;
  }

 private:
  /// Sweeps rows [first, last) of a block with all their references.
  void sweep_rows(const RowBlock& rows_block, std::int64_t first, std::int64_t last, Audit* audit) {
    const Recording& x = rows_block.recording;
    const Structure& s = rows_block.structure;
    const std::vector<std::int64_t>& chosen = rows_block.slots;
    const std::int64_t start = rows_block.start;
    const auto item = static_cast<std::int64_t>(item_size(work_.rows.dtype()));
    const std::int64_t per_pair = std::max<std::int64_t>(1, s.widest * (2 * work_.k + 2) * item);
    const std::int64_t most = std::max<std::int64_t>(1, static_cast<std::int64_t>(work_.request.max_bytes) / per_pair);
    const std::int64_t references = work_.request.paired ? 1 : std::min(b_, most);
    std::int64_t rows = 1;  // rows that cannot be taken apart are swept one by one, so that a loss belongs to one
    while (s.coupled.empty() && 2 * rows <= block_rows && 2 * rows * b_ <= std::min(most, worthwhile_pairs)) rows *= 2;
    if (audit != nullptr) rows = 1;
    const std::int64_t from = (first - start) / rows * rows, tiles = (last - start - from + rows - 1) / rows;
    const std::vector<Tensor> roundings = roundings_of(x, s);
    std::vector<LargestLosses> largest(at(tiles));
    const auto tile = [&](std::int64_t i) {
      const NoGrad guard;  // the mode is that of the thread
      const std::int64_t n0 = from + i * rows;
      for (std::int64_t b0 = 0; b0 < b_; b0 += references) {
        const PairBlock block{n0, rows, work_.request.paired ? n0 : b0,
                              work_.request.paired ? rows : std::min(references, b_ - b0), work_.request.paired};
        if (s.coupled.empty())
          sweep_pairs({x, roundings}, s, start, block, chosen, largest[at(i)], audit);
        else
          sweep_whole(start, block, chosen, largest[at(i)], audit);
      }
    };
    // Only the caller's thread runs the model, and looks for the op that lost something.
    if (s.coupled.empty() && audit == nullptr)
      xg::detail::parallel_for(tiles, tile);
    else
      for (std::int64_t i = 0; i < tiles; ++i) tile(i);
    if (audit == nullptr)
      for (const LargestLosses& found : largest) work_.losses.add_ops(found);
  }

  /// Takes what a block found into the averages and the losses.
  void take(const Tensor& multipliers, const Losses& losses, std::int64_t start, const PairBlock& block,
            std::int64_t slot, std::int64_t count, LargestLosses& largest) {
    average(multipliers, start, block, slot, count);
    work_.losses.add(losses, slot, start + block.n0, std::min(block.rows, n_ - start - block.n0),
                     block.paired ? 1 : block.references);
    keep_larger(largest, losses.largest_of);
  }

  /// All outputs at once, from rows and references recorded apart.
  void sweep_pairs(const RoundedRecording& x, const Structure& s, std::int64_t start, const PairBlock& block,
                   const std::vector<std::int64_t>& chosen, LargestLosses& largest, Audit* audit) {
    PairSweep sweep(x, {work_.recorded_references, reference_roundings_}, s, work_.target, false,
                    work_.replaces_nonfinite);
    Losses losses;
    const Tensor m = sweep.run(block, seed(x.recording, block, chosen, 0, work_.k), losses, audit);
    if (audit == nullptr) take(m, losses, start, block, 0, work_.k, largest);
  }

  /// One output after the other, from the pairs recorded as they are.
  void sweep_whole(std::int64_t start, const PairBlock& block, const std::vector<std::int64_t>& chosen,
                   LargestLosses& largest, Audit* audit) {
    const std::int64_t pairs = block.pairs();
    const Tensor rows = padded_rows(work_.rows, start, block_rows).narrow(0, block.n0, block.rows);
    const Tensor references =
        work_.request.paired ? padded_rows(work_.references, start, block_rows).narrow(0, block.b0, block.references)
                             : work_.references.narrow(0, block.b0, block.references);
    const auto expanded = [&](const Tensor& t, std::int64_t dim) {
      return block.paired ? t.clone()
                          : t.unsqueeze(dim)
                                .expand({block.rows, block.references, features_})
                                .reshape({pairs, features_})
                                .clone();
    };
    const Recording x = record(work_.model, expanded(rows, 1), work_.request.method);
    const Recording r = record(work_.model, expanded(references, 0), work_.request.method);
    const Structure whole = compare(x, r, work_.target, true, work_.request.method);
    const std::vector<Tensor> x_roundings = roundings_of(x, whole), r_roundings = roundings_of(r, whole);
    for (std::int64_t slot = 0; slot < work_.k; ++slot) {
      PairSweep sweep({x, x_roundings}, {r, r_roundings}, whole, work_.target, true, work_.replaces_nonfinite);
      Losses losses;
      const Tensor m = sweep.run(block, seed(x, block, chosen, slot, 1), losses, audit);
      if (audit == nullptr) take(m, losses, start, block, slot, 1, largest);
    }
  }

  /// [K, P, ...] in the dtype of the rows: one at the explained output of each pair, for `count` slots from `first` on.
  Tensor seed(const Recording& x, const PairBlock& block, const std::vector<std::int64_t>& chosen, std::int64_t first,
              std::int64_t count) const {
    const Tensor& value = x.value(work_.target.value);
    const std::int64_t pairs = block.pairs(), j = work_.target.outputs, each = block.paired ? 1 : block.references;
    Tensor m = zeros(with_front(count, with_front(pairs, value.shape(), 1)), {.dtype = work_.rows.dtype()});
    dispatch_floating(m.dtype(), [&]<class T>() {
      T* out = m.mutable_data<T>();
      for (std::int64_t slot = 0; slot < count; ++slot)
        for (std::int64_t p = 0; p < pairs; ++p)
          out[(slot * pairs + p) * j + chosen[at((block.n0 + p / each) * work_.k + first + slot)]] = 1;
    });
    return m;
  }

  /// Takes multipliers [count, P, n] of the features into the averages.
  void average(const Tensor& multipliers, std::int64_t start, const PairBlock& block, std::int64_t first,
               std::int64_t count) {
    const std::int64_t pairs = block.pairs(), each = block.paired ? 1 : block.references;
    const Tensor m =
        (multipliers.defined() ? multipliers : zeros({count, pairs, features_}, {.dtype = work_.rows.dtype()}))
            .contiguous();
    dispatch_floating(m.dtype(), [&]<class T>() {
      const T* data = m.data<T>();
      for (std::int64_t slot = 0; slot < count; ++slot)
        for (std::int64_t i = 0; i < block.rows && start + block.n0 + i < n_; ++i) {
          const std::int64_t row = start + block.n0 + i, reference = block.paired ? row : block.b0;
          work_.averages.add(row, first + slot, data + (slot * pairs + i * each) * features_,
                             x64_.data() + row * features_, r64_.data() + reference * features_, features_, each,
                             work_.request.multipliers);
        }
    });
  }

  const PairWork work_;
  std::int64_t n_, features_, b_;
  std::vector<double> x64_, r64_;            // rows and references as they are subtracted
  std::vector<Tensor> reference_roundings_;  // by value
};

class GeneralGradients final : public GradientPlan {
 public:
  GeneralGradients(const ModelFunction& model, const GradientRequest& request) : model_(model), request_(request) {}
  bool is_threaded() const override { return false; }
  Tensor at(const Tensor& points) const override { return gradients_at(model_, points, request_).gradients; }

 private:
  const ModelFunction& model_;
  const GradientRequest& request_;
};

/// Any model: it runs on the points.
class GeneralGame final : public Game {
 public:
  GeneralGame(const ModelFunction& model, const GradientRequest& request, const Tensor& rows, const Tensor& background)
      : model_(model), request_(request), rows_(rows), background_(background) {}

  std::uint64_t at_once(std::int64_t references) const override {
    return std::bit_floor(static_cast<std::uint64_t>(block_points / references));
  }
  std::int64_t most_references() const override { return block_points; }
  bool is_threaded() const override { return false; }
  bool may_jump() const override { return true; }
  void start(std::int64_t row, const Indices& players, std::span<const std::int64_t> references) override {
    row_ = rows_.select(0, row).contiguous();
    players_ = &players;
    Tensor which = empty({static_cast<std::int64_t>(references.size())}, {.dtype = Dtype::int64});
    std::copy(references.begin(), references.end(), which.mutable_data<std::int64_t>());
    references_ = background_.index_select(0, which);
  }
  void worth(std::uint64_t first, std::uint64_t sets, double* out) const override {
    const std::int64_t count = static_cast<std::int64_t>(sets), b = references_.size(0), n = references_.size(1);
    Tensor points = references_.unsqueeze(0).expand({count, b, n}).clone();
    dispatch_floating(points.dtype(), [&]<class T>() {
      const T* x = row_.data<T>();
      T* p = points.mutable_data<T>();
      for (std::int64_t s = 0; s < count; ++s)
        for (std::size_t j = 0; j < players_->size(); ++j)
          if ((first + static_cast<std::uint64_t>(s)) >> j & 1)
            for (std::int64_t r = 0; r < b; ++r) p[(s * b + r) * n + (*players_)[j]] = x[(*players_)[j]];
    });
    const Tensor results = values_at(model_, points.reshape({count * b, n}), request_).values;
    const std::int64_t k = results.size(1);
    const auto* v = results.data<double>();
    for (std::int64_t point = 0; point < count * b; ++point)
      for (std::int64_t slot = 0; slot < k; ++slot) out[slot * count * b + point] = v[point * k + slot];
  }

 private:
  const ModelFunction& model_;
  const GradientRequest& request_;
  Tensor rows_, background_, row_, references_;
  const Indices* players_ = nullptr;
};

}  // namespace

std::unique_ptr<PairPlan> general_pairs(const PairWork& work) { return std::make_unique<GeneralPairs>(work); }
Audit audit_row(const PairWork& work, const RowBlock& block, std::int64_t row) {
  return GeneralPairs(work).audit(block, row);
}
std::unique_ptr<GradientPlan> general_gradients(const ModelFunction& model, const GradientRequest& request) {
  return std::make_unique<GeneralGradients>(model, request);
}
std::unique_ptr<Game> general_game(const ModelFunction& model, const Tensor& rows, const Tensor& background,
                                   const GradientRequest& request) {
  return std::make_unique<GeneralGame>(model, request, rows, background);
}

}  // namespace xg::explain::detail
