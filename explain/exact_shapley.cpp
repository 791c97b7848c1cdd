#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/gradients.hpp>
#include <xgrad/explain/detail/inputs.hpp>
#include <xgrad/explain/detail/plan.hpp>
#include <xgrad/explain/detail/sweep.hpp>
#include <xgrad/explain/exact_shapley.hpp>
#include <xgrad/tensor/kernels/gemm.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <utility>

namespace xg::explain {
namespace {

using detail::at, detail::Game, detail::Indices;

constexpr const char* method = "ExactShapley";

/// weights[s] = s! (m - s - 1)! / m!, the weight of a coalition of s players that another player joins.
std::vector<double> shapley_weights(std::int64_t m) {
  std::vector<double> weights(at(m));
  double binomial = 1;  // (m - 1) choose s
  for (std::int64_t s = 0; s < m; ++s) {
    weights[at(s)] = 1 / (static_cast<double>(m) * binomial);
    binomial *= static_cast<double>(m - 1 - s) / static_cast<double>(s + 1);
  }
  return weights;
}

/// References that differ from a row in the same features, the players.
struct Group {
  Indices players, references;
};

/// The groups of one row, in the order of their first references.
std::vector<Group> groups_of(const double* row, const std::vector<double>& references, std::int64_t n, std::int64_t b) {
  std::vector<Group> groups;
  std::map<Indices, std::size_t> known;
  for (std::int64_t r = 0; r < b; ++r) {
    Indices players;
    for (std::int64_t i = 0; i < n; ++i)
      if (references[at(r * n + i)] != row[i]) players.push_back(i);
    const auto [found, is_new] = known.try_emplace(players, groups.size());
    if (is_new) groups.push_back({std::move(players), {}});
    groups[found->second].references.push_back(r);
  }
  return groups;
}

/// Computes the Shapley values of one row, and their standard errors over the references.
class RowGame {
 public:
  /// `at_row` [K] and `at_references` [B, K] are the model's outputs for the row and the references.
  RowGame(std::int64_t n, std::int64_t k, std::int64_t b, const double* at_row, const double* at_references)
      : n_(n),
        k_(k),
        b_(b),
        at_row_(at_row),
        at_references_(at_references),
        values_(at(k * n), 0.0),
        contributions_(b > 1 ? at(k * n * b) : 0, 0.0) {}

  void add(const Group& group, std::int64_t row, Game& game) {
    const std::vector<double> weights = shapley_weights(static_cast<std::int64_t>(group.players.size()));
    const std::int64_t all = static_cast<std::int64_t>(group.references.size()),
                       max_references = game.most_references(), parts = (all + max_references - 1) / max_references,
                       part = (all + parts - 1) / parts;
    const std::uint64_t coalitions = std::uint64_t{1} << group.players.size();
    std::vector<double> worth(static_cast<std::size_t>(coalitions) * at(k_), 0.0);  // summed over the references
    for (std::int64_t b0 = 0; b0 < all; b0 += part) {
      const std::span references = std::span(group.references).subspan(at(b0), at(std::min(part, all - b0)));
      game.start(row, group.players, references);
      play(game, group.players, references, weights, worth);
    }
    for (std::uint64_t set = 0; set < coalitions && !no_number_; ++set)
      for (std::int64_t slot = 0; slot < k_; ++slot)
        if (!std::isfinite(worth[static_cast<std::size_t>(set) * at(k_) + at(slot)])) {
          no_number_.emplace();
          for (std::size_t j = 0; j < group.players.size(); ++j)
            if (set >> j & 1) no_number_->push_back(group.players[j]);
          break;
        }
    // The values with and without the player are subtracted pairwise, so that a feature without effect gets exactly 0.
    for (std::size_t j = 0; j < group.players.size(); ++j)
      for (std::int64_t slot = 0; slot < k_; ++slot) {
        const std::uint64_t player = std::uint64_t{1} << j;
        double value = 0;
        for (std::uint64_t high = 0; high < coalitions; high += 2 * player)
          for (std::uint64_t set = high; set < high + player; ++set)
            value +=
                weights[at(std::popcount(set))] * (worth[static_cast<std::size_t>(set | player) * at(k_) + at(slot)] -
                                                   worth[static_cast<std::size_t>(set) * at(k_) + at(slot)]);
        values_[at(slot * n_ + group.players[j])] += value;
      }
  }

  /// The players of a coalition for which the model's output is not finite, if there is one.
  const std::optional<Indices>& without_number() const { return no_number_; }

  /// [n, K]: means over the references and their standard errors (not written for a single reference).
  void finish(double* values, double* errors) const {
    const auto b = static_cast<double>(b_);
    for (std::int64_t i = 0; i < n_; ++i)
      for (std::int64_t slot = 0; slot < k_; ++slot) {
        values[i * k_ + slot] = values_[at(slot * n_ + i)] / b;
        if (b_ < 2) continue;
        const detail::Moments moments(&contributions_[at((slot * n_ + i) * b_)], b_);
        errors[i * k_ + slot] = detail::standard_error(moments.squares, b);
      }
  }

  /// [groups, K]: standard errors of the sums of features (not written for a single reference).
  void finish_groups(const std::vector<nn::data::FeatureGroup>& groups, double* errors) const {
    if (b_ < 2) return;
    const auto b = static_cast<double>(b_);
    for (const auto& group : groups)
      for (std::int64_t slot = 0; slot < k_; ++slot, ++errors) {
        std::vector<double> sums(at(b_));
        for (const std::int64_t i : group.features)
          for (std::int64_t r = 0; r < b_; ++r) sums[at(r)] += contributions_[at((slot * n_ + i) * b_ + r)];
        *errors = detail::standard_error(detail::Moments(sums.data(), b_).squares, b);
      }
  }

 private:
  /// Evaluates all coalitions against some references. How they are divided among threads depends on their number
  /// alone, and each part has sums of its own, which are added in order, so that results do not depend on the threads.
  void play(const Game& game, const Indices& players, std::span<const std::int64_t> references,
            const std::vector<double>& weights, std::vector<double>& worth) {
    const std::int64_t g = static_cast<std::int64_t>(references.size()), m = static_cast<std::int64_t>(players.size());
    const std::uint64_t coalitions = std::uint64_t{1} << m, sets = std::min(coalitions, game.at_once(g));
    const std::uint64_t pieces = game.is_threaded() ? std::min<std::uint64_t>(coalitions / sets, 16) : 1;
    const std::uint64_t piece_sets = coalitions / pieces;
    std::vector<double> shares(static_cast<std::size_t>(pieces) * contributions_of(m, g), 0.0);
    const auto piece = [&](std::int64_t p) {
      std::vector<double> v(at(k_) * static_cast<std::size_t>(sets) * at(g)),
          signs(at(m) * static_cast<std::size_t>(sets));
      const std::uint64_t start = static_cast<std::uint64_t>(p) * piece_sets;
      for (std::uint64_t first = start; first < start + piece_sets; first += sets) {
        game.worth(first, sets, v.data());
        if (game.may_jump()) {
          const auto at_reference = [&](std::int64_t r, std::int64_t slot) { return at_references_[r * k_ + slot]; };
          const auto at_row = [&](std::int64_t, std::int64_t slot) { return at_row_[slot]; };
          if (first == 0) pin(v.data(), sets, 0, references, at_reference);
          if (first + sets == coalitions) pin(v.data(), sets, sets - 1, references, at_row);
        }
        for (std::uint64_t s = 0; s < sets; ++s) {
          const std::uint64_t set = first + s;
          const std::int64_t size = std::popcount(set);
          for (std::int64_t j = 0; j < m; ++j)
            signs[at(j) * static_cast<std::size_t>(sets) + s] =
                set >> j & 1 ? weights[at(size - 1)] : -weights[at(size)];
          for (std::int64_t slot = 0; slot < k_; ++slot) {
            const double* values = v.data() + (static_cast<std::size_t>(slot) * sets + s) * at(g);
            worth[static_cast<std::size_t>(set) * at(k_) + at(slot)] +=
                detail::sum_in_lanes(g, [&](std::int64_t r) { return values[r]; });
          }
        }
        if (contributions_.empty()) continue;
        const auto count = static_cast<std::int64_t>(sets);
        for (std::int64_t slot = 0; slot < k_; ++slot)
          kernels::gemm({signs.data(), float64, m, count, count, 1},
                        {v.data() + slot * count * g, float64, count, g, g, 1},
                        {shares.data() + static_cast<std::size_t>(p) * contributions_of(m, g) + at(slot * m * g),
                         float64, m, g, g, 1},
                        true);
      }
    };
    if (pieces == 1)
      piece(0);
    else
      xg::detail::parallel_for(static_cast<std::int64_t>(pieces), piece);
    if (contributions_.empty()) return;
    for (std::size_t p = 0; p < pieces; ++p)
      for (std::int64_t slot = 0; slot < k_; ++slot)
        for (std::int64_t j = 0; j < m; ++j)
          for (std::int64_t r = 0; r < g; ++r)
            contributions_[at((slot * n_ + players[at(j)]) * b_ + references[at(r)])] +=
                shares[p * contributions_of(m, g) + at((slot * m + j) * g + r)];
  }
  /// Replaces the values of the full and the empty coalition by the model's outputs for the row and the reference.
  /// Rounding may differ between runs, and at the threshold of a step the contributions would then not sum to the
  /// prediction.
  template <class F>
  void pin(double* v, std::uint64_t sets, std::uint64_t set, std::span<const std::int64_t> references, F&& model) {
    const std::size_t g = references.size();
    for (std::int64_t slot = 0; slot < k_; ++slot)
      for (std::size_t r = 0; r < g; ++r) {
        double& worth = v[(at(slot) * sets + set) * g + r];
        const double known = model(references[r], slot);
        if (std::abs(worth - known) > 1e-6 * std::max(std::abs(worth), std::abs(known))) worth = known;
      }
  }

  std::size_t contributions_of(std::int64_t m, std::int64_t g) const {
    return contributions_.empty() ? 0 : at(k_ * m * g);
  }

  std::int64_t n_, k_, b_;
  const double *at_row_, *at_references_;
  std::optional<Indices> no_number_;
  std::vector<double> values_;         // [K, n], summed over the references
  std::vector<double> contributions_;  // [K, n, B]; empty for one reference
};

std::string note_on_coalition(const Indices& features, const std::vector<std::int64_t>& rows,
                              const std::vector<std::string>& names) {
  std::string who;
  for (const std::int64_t i : features)
    who += fmt::format("{}{}", who.empty() ? "" : ", ", names.empty() ? fmt::format("x{}", i) : names[at(i)]);
  return fmt::format(
      "row{} {}{}: the model gives no number where {} as in the row and all else as in a reference, so contributions "
      "are NaN",
      rows.size() == 1 ? "" : "s", rows.front(), rows.size() > 1 ? fmt::format(" and {} more", rows.size() - 1) : "",
      who.empty() ? "nothing is" : fmt::format("{} {}", who, features.size() == 1 ? "is" : "are"));
}

}  // namespace

ExactShapley::ExactShapley(ModelFunction model, Tensor background, ExactShapleyOptions options)
    : model_(std::move(model)),
      background_(detail::checked_background(method, "background", background)),
      options_(std::move(options)) {
  detail::check_feature_names(method, options_.feature_names, background_.size(1));
  detail::check_groups(method, options_.groups, detail::feature_names_or_default(options_.feature_names, background_));
  expected_value_ = detail::mean_output(model_, background_, method, options_.output);
  detail::check_output_names(method, options_.output_names, expected_value_.size(0));
  detail::check_target(method, options_.target, expected_value_.size(0));
}

Explanation ExactShapley::operator()(const Tensor& rows) const {
  const NoGrad guard;
  const Tensor x = detail::checked_matrix(method, "rows", rows);
  detail::check_match(method, x, "background", background_);
  model_.check_eval(method);
  model_.check_independence(x, background_, method);
  const detail::GradientRequest request{method, options_.output, options_.target};
  const detail::Gradients at_rows = detail::values_at(model_, x, request);
  const std::int64_t count = x.size(0), n = x.size(1), b = background_.size(0), k = at_rows.values.size(1);
  const std::vector<double> data = x.to_vector(), references = background_.to_vector();

  // The groups of each row are found first, so that too many evaluations throw before any work is done.
  std::vector<std::vector<Group>> groups(at(count));
  for (std::int64_t row = 0; row < count; ++row) {
    const double* values = &data[at(row * n)];
    if (!std::all_of(values, values + n, [](double v) { return std::isfinite(v); })) continue;
    groups[at(row)] = groups_of(values, references, n, b);
    std::int64_t m = 0;
    double evaluations = 0;
    for (const Group& group : groups[at(row)]) {
      m = std::max(m, static_cast<std::int64_t>(group.players.size()));
      evaluations += std::ldexp(static_cast<double>(group.references.size()), static_cast<int>(group.players.size()));
    }
    if (m > 62 || (std::int64_t{1} << m) > options_.max_evals)
      raise<ValueError>(
          "[{}] row {} differs from a reference in {} features: 2^{} = {:.3g} coalitions, {:.3g} evaluations of the "
          "model for all {} references, and max_evals is {} coalitions. Use DeepShap, fewer features, or a larger "
          "max_evals.",
          method, row, m, m, std::ldexp(1.0, static_cast<int>(m)), evaluations, b, options_.max_evals);
  }

  ExplanationParts parts = detail::gradient_parts(at_rows, x, request);
  parts.values = zeros({count, n, k}, {.dtype = float64});
  parts.standard_errors = full({count, n, k}, std::numeric_limits<double>::quiet_NaN(), {.dtype = float64});
  auto *values = parts.values.mutable_data<double>(), *errors = parts.standard_errors.mutable_data<double>();
  const auto groups_given = static_cast<std::int64_t>(options_.groups.size());
  Tensor group_errors = full({count, groups_given, k}, std::numeric_limits<double>::quiet_NaN(), {.dtype = float64});
  const std::unique_ptr<Game> game = detail::plan_game(model_, x, background_, request);
  const Tensor row_values = at_rows.values.contiguous(),
               reference_values = detail::values_at(model_, background_, request).values.contiguous();
  std::optional<Indices> no_number;
  std::vector<std::int64_t> rows_without;
  for (std::int64_t row = 0; row < count; ++row) {
    if (groups[at(row)].empty()) continue;  // the row is not finite
    const double* at_row = row_values.data<double>() + row * k;
    RowGame sums(n, k, b, at_row, reference_values.data<double>());
    for (const Group& group : groups[at(row)])
      if (!group.players.empty()) sums.add(group, row, *game);
    sums.finish(values + row * n * k, errors + row * n * k);
    sums.finish_groups(options_.groups, group_errors.mutable_data<double>() + row * groups_given * k);
    if (sums.without_number() && std::all_of(at_row, at_row + k, [](double v) { return std::isfinite(v); })) {
      if (!no_number) no_number = sums.without_number();
      rows_without.push_back(row);
    }
  }
  if (no_number) parts.notes.push_back(note_on_coalition(*no_number, rows_without, options_.feature_names));
  parts.base_values = detail::mean_of_rows(reference_values, method).unsqueeze(0).expand({count, k});
  parts.n_background = b;
  detail::blank_rows_without_numbers(parts);
  return detail::named(std::move(parts), options_.feature_names, options_.output_names, at_rows.model_outputs,
                       options_.groups, group_errors);
}

}  // namespace xg::explain
