#include <xgrad/explain/detail/additivity.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xg::explain::detail {
namespace {

/// The largest tolerated error of an integral, as a fraction of the sum of |contributions|.
constexpr double tolerated_fraction = 1e-3;

/// A residual due to rounding is noted above this fraction of prediction - base value.
constexpr double noted_fraction = 1e-2;

/// The cause of a loss, as text for notes.
const char* cause(LossKind kind) {
  switch (kind) {
    case LossKind::jump:
      return "a jump over a change no larger than rounding passes nothing on";
    case LossKind::integral:
      return "no rule of its own, it was integrated along its path";
    case LossKind::undefined:
      break;
  }
  return "a value on the way is infinite or NaN, nothing can be passed on through it";
}

/// "row 3", "rows 0, 2 and 5 more"
std::string rows_of(const std::vector<std::int64_t>& rows) {
  constexpr std::size_t max_rows = 5;
  std::string text = rows.size() == 1 ? "row " : "rows ";
  for (std::size_t i = 0; i < std::min(rows.size(), max_rows); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", rows[i]);
  return rows.size() > max_rows ? text + fmt::format(" and {} more", rows.size() - max_rows) : text;
}

}  // namespace

std::string note_on_rounding(std::int64_t row, std::int64_t slot, double residual, double output) {
  return fmt::format(
      "row {}, output {}: rounding leaves {:.3g} of the prediction {:.3g} in the residual, because numbers on the way "
      "are much larger than it (a quotient by something near 0, or large values that cancel)",
      row, slot, residual, output);
}

LossLedger::LossLedger(std::int64_t rows, std::int64_t k, std::int64_t references) : k_(k), references_(references) {
  for (std::vector<double>& sums : sums_) sums.assign(at(rows * k), 0.0);
}

void LossLedger::add(const Losses& losses, std::int64_t slot, std::int64_t row, std::int64_t count,
                     std::int64_t references_per_row) {
  for (std::size_t kind = 0; kind < loss_kinds; ++kind) {
    if (!losses.of_pairs[kind].defined()) continue;
    const std::vector<double> lost = losses.of_pairs[kind].to_vector();
    const std::int64_t slots = losses.of_pairs[kind].size(0), groups = losses.of_pairs[kind].size(1);
    const std::int64_t groups_of_row = groups == 1 ? 1 : references_per_row;  // a single group belongs to one row
    for (std::int64_t s = 0; s < slots; ++s)
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t g = 0; g < groups_of_row; ++g)
          sums_[kind][at((row + i) * k_ + slot + s)] += lost[at(s * groups + i * groups_of_row + g)];
  }
}

double LossLedger::mean(LossKind kind, std::int64_t row, std::int64_t slot) const {
  return sums_[static_cast<std::size_t>(kind)][at(row * k_ + slot)] / static_cast<double>(references_);
}

std::optional<Miss> find_miss(const AdditivityInputs& in, std::vector<std::string>& notes) {
  const std::int64_t n = in.values.size(0), features = in.values.size(1), k = in.values.size(2);
  const bool single = in.eps > 1e-10;
  // Multipliers lose precision below the smallest normal number.
  const double relative = single ? 1e-5 : 1e-9, smallest = single ? 1e-30 : 1e-290;
  const auto* values = in.values.data<double>();
  std::optional<Miss> of_rules, of_integrals;
  double worst_rule = 1, worst_integral = 1;
  std::array<std::vector<std::int64_t>, loss_kinds> rows_with;
  std::array<double, loss_kinds> max_loss{};
  const auto lost = [&](LossKind kind, std::int64_t row, double loss) {
    const auto i = static_cast<std::size_t>(kind);
    if (rows_with[i].empty() || rows_with[i].back() != row) rows_with[i].push_back(row);
    max_loss[i] = std::max(max_loss[i], std::abs(loss));
  };
  for (std::int64_t row = 0; row < n; ++row) {
    if (!in.clean[at(row)]) continue;
    for (std::int64_t slot = 0; slot < k; ++slot) {
      double sum = 0, sizes = 0;
      for (std::int64_t i = 0; i < features; ++i) {
        const double value = values[(row * features + i) * k + slot];
        sum += value;
        sizes += std::abs(value);
      }
      const double output = in.outputs[at(row * k + slot)], base = in.bases[at(row * k + slot)];
      const double residual = output - base - sum;
      const double allowed = relative * std::max(in.averages.size(row, slot), sizes) +
                             4 * in.eps * (std::abs(output) + std::abs(base)) + smallest;
      const double jumps = in.losses.mean(LossKind::jump, row, slot),
                   undefined = in.losses.mean(LossKind::undefined, row, slot),
                   integrals = in.losses.mean(LossKind::integral, row, slot);
      if (std::abs(jumps) > allowed) lost(LossKind::jump, row, jumps);
      if (std::abs(undefined) > allowed) lost(LossKind::undefined, row, undefined);
      const double unexplained = residual - jumps - undefined;
      if (std::abs(unexplained) <= allowed) {
        // Large contributions that cancel leave a residual that is small relative to them, but perhaps not relative to
        // the difference that they explain.
        if (std::abs(unexplained) > relative * (std::abs(output) + std::abs(base)) + smallest &&
            std::abs(unexplained) > noted_fraction * std::abs(output - base))
          notes.push_back(note_on_rounding(row, slot, unexplained, output));
        continue;
      }
      const Miss miss{row, slot, residual, unexplained - integrals, std::abs(unexplained - integrals) <= allowed};
      if (!miss.of_integrals) {
        const double ratio =
            std::isfinite(unexplained) ? std::abs(miss.unexplained) / allowed : std::numeric_limits<double>::infinity();
        if (ratio > worst_rule) worst_rule = ratio, of_rules = miss;
        continue;
      }
      const double part = sizes > 0 ? (std::abs(unexplained) - allowed) / (tolerated_fraction * sizes)
                                    : std::numeric_limits<double>::infinity();
      if (part > worst_integral)
        worst_integral = part, of_integrals = miss;
      else if (part <= 1)
        lost(LossKind::integral, row, integrals);
    }
  }
  for (const LossKind kind : {LossKind::jump, LossKind::integral, LossKind::undefined}) {
    const auto i = static_cast<std::size_t>(kind);
    if (rows_with[i].empty()) continue;
    const std::vector<double>& by_op = in.losses.largest_of(kind);
    const auto op = at(std::max_element(by_op.begin(), by_op.end()) - by_op.begin());
    notes.push_back(fmt::format("{}: {}: up to {:.3g} of the prediction stays in the residual of {}", in.op_names[op],
                                cause(kind), max_loss[i], rows_of(rows_with[i])));
  }
  return of_rules ? of_rules : of_integrals;
}

}  // namespace xg::explain::detail
