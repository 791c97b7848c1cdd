// Explanations as text.
#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/detail/text.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/io/text.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>
#include <string>
#include <vector>

namespace xg::explain {

namespace detail {

std::string number(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  const std::string text = fmt::format("{:.{}g}", value, digits);
  return text == "-0" ? "0" : text;
}

std::string listing(const std::vector<std::string>& names) {
  constexpr std::size_t max_names = 30;
  std::vector<std::string> first;
  for (std::size_t i = 0; i < std::min(max_names, names.size()); ++i) first.push_back(io::shortened(names[i]));
  return fmt::format("{}{}", fmt::join(first, ", "),
                     names.size() > max_names ? fmt::format(" and {} more", names.size() - max_names) : "");
}

}  // namespace detail

using detail::listing, detail::number;

namespace {

std::string space_in_words(const Explanation& e) {
  switch (e.output_space()) {
    case Output::logit:
      switch (e.output_activation()) {
        case OutputActivation::sigmoid:
          return "the logit (log-odds), which goes into the model's final sigmoid";
        case OutputActivation::softmax:
          return "the logit, known up to a constant shared by all outputs, which goes into the model's final softmax";
        case OutputActivation::unknown:
          break;
      }
      return "the logit, which goes into the model's final sigmoid or softmax";
    case Output::probability:
      return "the probability";
    default:
      return fmt::format("what the model returns{}", e.unit().empty() ? "" : fmt::format(", in {}", e.unit()));
  }
}

/// "output: survived", or "" where the outputs have default names and are all explained in the model's order.
std::string outputs_in_words(const Explanation& e) {
  if (e.size() == 0 || e.ranked()) return "";
  std::vector<std::string> names;
  bool informative = e.has_output_names();
  for (std::int64_t slot = 0; slot < e.outputs_explained(); ++slot) {
    names.push_back(e.output_name(0, slot));
    informative = informative || e.output_ranks().data<std::int64_t>()[slot] != slot;
  }
  return informative ? fmt::format("output{}: {}", names.size() == 1 ? "" : "s", listing(names)) : "";
}

/// The features that are sums: "gender (gender_female + gender_male), embarked (4 features)".
std::string sums_in_words(const Explanation& e) {
  constexpr std::size_t max_sums = 12;
  std::vector<std::string> sums;
  std::size_t count = 0;
  for (std::int64_t i = 0; i < e.features(); ++i) {
    const auto& members = e.group_members(i);
    if (members.empty() || ++count > max_sums) continue;
    sums.push_back(fmt::format("{} ({})", e.feature_names()[static_cast<std::size_t>(i)],
                               members.size() <= 3 ? fmt::format("{}", fmt::join(members, " + "))
                                                   : fmt::format("{} features", members.size())));
  }
  return fmt::format("{}{}", fmt::join(sums, ", "),
                     count > max_sums ? fmt::format(" and {} more", count - max_sums) : "");
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns > io::count_characters(text) ? columns - io::count_characters(text) : 0, ' ');
}

/// Appends the table of one row and slot. `probabilities` [N, K] may be undefined; `residuals` are [N, K].
void append_row(std::string& out, const Explanation& e, const Tensor& probabilities, const Tensor& residuals,
                std::int64_t row, std::int64_t slot) {
  constexpr std::int64_t max_lines = 20;
  const std::int64_t n = e.features(), k = e.outputs_explained();
  const auto at = [&](const Tensor& t, std::int64_t i) { return t.data<double>()[(row * n + i) * k + slot]; };
  const auto of_row = [&](const Tensor& t) { return t.data<double>()[row * k + slot]; };

  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return std::abs(at(e.values(), a)) > std::abs(at(e.values(), b));
  });
  const std::int64_t shown = n <= max_lines ? n : max_lines - 1;
  struct Line {
    std::string label;
    double value, error;
  };
  std::vector<Line> lines;
  for (std::int64_t i = 0; i < shown; ++i) {
    const std::int64_t feature = order[static_cast<std::size_t>(i)];
    lines.push_back(
        {fmt::format("{} = {}", e.feature_names()[static_cast<std::size_t>(feature)], e.display(row, feature)),
         at(e.values(), feature), at(e.standard_errors(), feature)});
  }
  if (shown < n) {
    double remaining = 0;
    for (std::int64_t i = shown; i < n; ++i) remaining += at(e.values(), order[static_cast<std::size_t>(i)]);
    lines.push_back({fmt::format("{} other features", n - shown), remaining, std::numeric_limits<double>::quiet_NaN()});
  }
  std::size_t columns = io::count_characters("prediction");
  for (const Line& line : lines) columns = std::max(columns, io::count_characters(line.label));
  const auto numbered = [&](const std::string& label, double value) {
    return fmt::format("  {}  {:>12}", padded(label, columns), number(value));
  };

  out += fmt::format("row {}, {}\n", row, e.output_name(row, slot));
  const double base = of_row(e.base_values());
  if (!std::isnan(base)) {
    out += numbered("base value", base);
    if (e.n_background() > 1) out += fmt::format("  mean over {} references", e.n_background());
    out += '\n';
  }
  for (const Line& line : lines) {
    out += fmt::format("  {}  {:>12}", padded(line.label, columns),
                       std::isnan(line.value) ? "NaN" : fmt::format("{:+.6g}", line.value));
    if (!std::isnan(line.error)) out += fmt::format("  +- {:.2g}", line.error);
    out += '\n';
  }
  out += numbered("prediction", of_row(e.outputs()));
  if (probabilities.defined()) out += fmt::format("  probability {}", number(of_row(probabilities), 4));
  out += '\n';
  if (e.additive())
    out += numbered("residual", of_row(residuals)) + "  prediction - base value - sum of contributions\n";
}

}  // namespace

std::vector<std::string> Explanation::about() const {
  const std::vector<double> errors = parts_.standard_errors.to_vector(), bases = parts_.base_values.to_vector(),
                            residuals = residual().to_vector();
  const auto any_finite = [](const std::vector<double>& list) {
    return std::any_of(list.begin(), list.end(), [](double v) { return std::isfinite(v); });
  };
  const std::int64_t b = parts_.n_background;
  const auto count = [](std::int64_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  std::vector<std::string> out;
  out.push_back(fmt::format("{} of {}, {}, {}", parts_.method, space_in_words(*this), count(size(), "row"),
                            count(features(), "feature")));
  if (const std::string outputs = outputs_in_words(*this); !outputs.empty()) out.push_back(outputs);
  if (any_finite(bases) && b > 0)
    out.push_back(b == 1 ? std::string("base value: that of one reference")
                         : fmt::format("base value: the mean of that over {} references{}", b,
                                       parts_.output_space == Output::logit
                                           ? "; its probability is not the mean of their probabilities"
                                           : ""));
  if (any_finite(errors))
    out.push_back(
        fmt::format("standard error (+-): of the mean over {}, that is how much another sample of as many references "
                    "would move a contribution; errors of the method and of the model are not in it",
                    b > 1 ? fmt::format("the {} references", b) : std::string("references")));
  if (const std::string sums = sums_in_words(*this); !sums.empty())
    out.push_back(fmt::format("sums of the contributions of several features: {}", sums));
  double largest = 0;
  for (const double r : residuals)
    if (std::isfinite(r)) largest = std::max(largest, std::abs(r));
  if (!parts_.additive)
    out.push_back("contributions do not sum to the prediction");
  else if (any_finite(residuals))
    out.push_back(fmt::format("base value + contributions = prediction, up to {:.2g}", largest));
  for (const FallbackOp& op : parts_.fallback_ops)
    out.push_back(fmt::format("{}{} has no rule of its own; its gradient was integrated, residual {:.2g}", op.op,
                              op.scope.empty() ? "" : fmt::format(" in {}", op.scope), op.residual));
  for (const std::string& note : parts_.notes) out.push_back(fmt::format("note: {}", note));
  return out;
}

std::string Explanation::str() const {
  constexpr std::int64_t max_rows = 5;
  const std::vector<std::string> lines = about();
  std::string out = lines.front() + '\n';
  const bool all = size() <= max_rows;
  const bool squashed = parts_.output_activation == OutputActivation::sigmoid ||
                        (parts_.output_activation == OutputActivation::softmax &&
                         static_cast<std::size_t>(outputs_explained()) == parts_.output_names.size());
  const Tensor squashed_outputs = squashed ? probabilities() : Tensor(), residuals = residual();
  for (std::int64_t row = 0; row < size(); ++row) {
    if (!all && row == max_rows - 1) {
      out += fmt::format("... {} more rows\n", size() - max_rows);
      row = size() - 1;
    }
    for (std::int64_t slot = 0; slot < outputs_explained(); ++slot)
      append_row(out, *this, squashed_outputs, residuals, row, slot);
  }
  for (std::size_t i = 1; i < lines.size(); ++i) out += lines[i] + '\n';
  out.pop_back();
  return out;
}

std::ostream& operator<<(std::ostream& out, const Explanation& explanation) { return out << explanation.str(); }

}  // namespace xg::explain
