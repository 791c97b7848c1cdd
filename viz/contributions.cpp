#include <fmt/format.h>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/detail/format.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xg::viz {

double Contributions::total(std::size_t row) const {
  double sum = base[row];
  for (std::size_t i = 0; i < features; ++i) sum += value(row, i);
  return sum;
}

double Contributions::prediction(std::size_t row) const { return outputs.empty() ? total(row) : outputs[row]; }

double Contributions::unexplained(std::size_t row) const {
  const double f = prediction(row);
  if (!std::isfinite(f) || !std::isfinite(base[row])) return 0;
  double sum = 0, size = 0;
  for (std::size_t i = 0; i < features; ++i) {
    const double v = value(row, i);
    if (!std::isfinite(v)) continue;
    sum += v;
    size += std::abs(v);
  }
  const double gap = f - base[row] - sum;
  // Explainers accept an error of 1e-5 of the contributions in single precision; outputs and base values are rounded as
  // well.
  const double rounding =
      1e-5 * std::max(size, std::abs(f - base[row])) +
      4 * static_cast<double>(std::numeric_limits<float>::epsilon()) * std::max(std::abs(f), std::abs(base[row]));
  return std::abs(gap) > rounding ? gap : 0;
}

std::string Contributions::shown(std::size_t row, std::size_t feature) const {
  const std::size_t i = row * features + feature;
  if (!display.empty()) return display[i];
  if (!data.empty()) return format_value(data[i]);
  return {};
}

std::string Contributions::name(std::size_t feature) const {
  return names.empty() ? fmt::format("X{}", feature + 1) : names[feature];
}

void Contributions::check(const char* op) const {
  const auto need = [op](const char* what, std::size_t found, std::size_t wanted, bool optional) {
    if (found == wanted || (optional && found == 0)) return;
    throw ValueError(fmt::format("[{}] contributions have {} {}, and {} are needed: give one for each {}.", op, found,
                                 what, wanted, wanted == 0 ? "row and feature" : "row or feature they belong to"));
  };
  if (rows == 0 || features == 0) {
    throw ValueError(
        fmt::format("[{}] the explanation has {} rows and {} features: explain at least one row of one feature.", op,
                    rows, features));
  }
  need("values", values.size(), rows * features, false);
  need("base values", base.size(), rows, false);
  need("outputs", outputs.size(), rows, true);
  need("names", names.size(), features, true);
  need("data", data.size(), rows * features, true);
  need("display texts", display.size(), rows * features, true);
  need("errors", errors.size(), rows * features, true);
  for (const Contributions& rival : rivals) {
    if (rival.rows != rows || rival.features != features)
      throw ValueError(
          fmt::format("[{}] a rival has {} rows and {} features, the contributions {} and {}: explain the "
                      "same rows and features.",
                      op, rival.rows, rival.features, rows, features));
    rival.check(op);
  }
}

namespace {

Space space_of(const explain::Explanation& e) {
  switch (e.output_space()) {
    case explain::Output::logit:
      return e.output_activation() == explain::OutputActivation::sigmoid   ? Space::logit
             : e.output_activation() == explain::OutputActivation::softmax ? Space::softmax_logit
                                                                           : Space::some_logit;
    case explain::Output::probability:
      return Space::probability;
    default:
      return Space::model;
  }
}

// The numbers of an explanation, where the slots vary fastest.
struct Numbers {
  std::vector<double> values, base, outputs;
  std::size_t rows, features, slots;

  explicit Numbers(const explain::Explanation& e)
      : values(e.values().to_vector<double>()),
        base(e.base_values().to_vector<double>()),
        outputs(e.outputs().to_vector<double>()),
        rows(static_cast<std::size_t>(e.rows())),
        features(static_cast<std::size_t>(e.features())),
        slots(static_cast<std::size_t>(e.outputs_explained())) {}

  // Appends the base values, contributions and outputs of one slot.
  void take(std::size_t slot, Contributions& c) const {
    c.rows = rows;
    c.features = features;
    bool known = false;
    for (std::size_t r = 0; r < rows; ++r) {
      c.base.push_back(base[r * slots + slot]);
      c.outputs.push_back(outputs[r * slots + slot]);
      bool all_numbers = true;
      for (std::size_t i = 0; i < features; ++i) {
        c.values.push_back(values[(r * features + i) * slots + slot]);
        all_numbers = all_numbers && !std::isnan(c.values.back());
      }
      known = known || !all_numbers || !std::isnan(c.outputs.back());
    }
    // Without known outputs, the prediction is the sum of base value and contributions.
    if (!known) c.outputs.clear();
  }
};

}  // namespace

Contributions contributions(const explain::Explanation& e, std::optional<std::size_t> output, const char* op,
                            Link link) {
  const auto outputs = static_cast<std::size_t>(e.outputs_explained());
  if (!output && outputs > 1) {
    std::string names;
    for (std::size_t k = 0; k < std::min<std::size_t>(outputs, 20); ++k) {
      names += fmt::format("{}{} ({})", k > 0 ? ", " : "", k,
                           e.rows() > 0 ? e.output_name(0, static_cast<std::int64_t>(k)) : "");
    }
    throw ValueError(fmt::format("[{}] the explanation has {} outputs: choose one with .output = 0 or e.output(0): {}.",
                                 op, outputs, names));
  }
  const std::size_t slot = output.value_or(0);
  if (slot >= outputs) {
    throw IndexError(fmt::format("[{}] output {} of an explanation with {}: they count from 0.", op, slot, outputs));
  }
  Contributions c;
  const Numbers numbers(e);
  numbers.take(slot, c);
  c.names = e.feature_names();
  c.additive = e.additive();
  c.space = space_of(e);
  c.unit = e.unit();
  c.about = e.about();
  c.references = static_cast<std::size_t>(std::max<std::int64_t>(e.n_background(), 0));
  const std::vector<double> errors = e.standard_errors().to_vector<double>();
  c.data = (e.has_display() ? e.display_values() : e.data()).to_vector<double>();
  bool any_error = false, any_data = false;
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t i = 0; i < c.features; ++i) {
      c.errors.push_back(errors[(r * c.features + i) * outputs + slot]);
      any_error = any_error || std::isfinite(c.errors.back());
      any_data = any_data || std::isfinite(c.data[r * c.features + i]);
      if (e.has_display()) c.display.push_back(e.display(static_cast<std::int64_t>(r), static_cast<std::int64_t>(i)));
    }
  }
  if (!any_error) c.errors.clear();
  if (!any_data) c.data.clear();
  if (link == Link::logit && c.space == Space::model && e.output_names().size() > 1)
    throw ValueError(fmt::format(
        "[{}] link = logit turns one logit into a probability by a sigmoid, and the model returns {} numbers "
        "that might belong to one softmax: let the model end in its sigmoid or softmax and explain with "
        "{{.output = explain::Output::logit}}, or draw with link = identity.",
        op, e.output_names().size()));
  if (link == Link::logit && c.space == Space::softmax_logit && outputs == e.output_names().size()) {
    for (std::size_t other = 0; other < outputs; ++other) {
      if (other == slot) continue;
      c.rivals.emplace_back();
      numbers.take(other, c.rivals.back());
    }
  }
  // The output is named where it is the same in all rows; the default name of a single output would say nothing.
  if (c.rows > 0) {
    c.output = e.output_name(0, static_cast<std::int64_t>(slot));
    for (std::int64_t r = 1; r < e.rows(); ++r) {
      if (e.output_name(r, static_cast<std::int64_t>(slot)) != c.output) c.output.clear();
    }
    if (!e.has_output_names() && e.output_names().size() == 1) c.output.clear();
  }
  return c;
}

namespace detail {

std::vector<double> mean_absolute(const Contributions& c) {
  std::vector<double> mean(c.features, 0.0);
  for (std::size_t i = 0; i < c.features; ++i) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t r = 0; r < c.rows; ++r) {
      const double v = c.value(r, i);
      if (std::isnan(v)) continue;
      sum += std::abs(v);
      ++count;
    }
    mean[i] = count > 0 ? sum / static_cast<double>(count) : NAN;
    if (!std::isinf(sum)) continue;
    // The sum overflowed: dividing first gives a mean that is infinite only if a contribution is.
    mean[i] = 0;
    for (std::size_t r = 0; r < c.rows; ++r) {
      const double v = c.value(r, i);
      if (!std::isnan(v)) mean[i] += std::abs(v) / static_cast<double>(count);
    }
  }
  return mean;
}

std::vector<std::size_t> by_importance(const Contributions& c) {
  std::vector<double> size = mean_absolute(c);
  for (double& v : size) v = std::isnan(v) ? -1 : v;
  std::vector<std::size_t> order(c.features);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size[a] > size[b]; });
  return order;
}

void need_one_row(const char* op, const Contributions& c) {
  if (c.rows == 1) return;
  throw ValueError(
      fmt::format("[{0}] shows one row, and this explanation has {1}: choose one, as in {0}(e[0]).", op, c.rows));
}

void need_sums(const char* op, const Contributions& c) {
  bool known = c.additive;
  for (const double b : c.base) known = known && std::isfinite(b);
  if (known) return;
  throw ValueError(
      fmt::format("[{}] draws contributions that lead from a base value to the output, and these do not sum to it: use "
                  "bar, beeswarm or "
                  "scatter, or explain with DeepShap or IntegratedGradients.",
                  op));
}

void check_link(const char* op, Link link, const Contributions& c) {
  if (link == Link::identity) return;
  switch (c.space) {
    case Space::probability:
      throw ValueError(fmt::format(
          "[{}] link = logit needs contributions to the logit, and these are to the probability, which would "
          "be squashed a second "
          "time: explain with {{.output = explain::Output::logit}}, or draw with link = identity.",
          op));
    case Space::some_logit:
      throw ValueError(fmt::format(
          "[{}] link = logit must know whether the logit goes to a sigmoid or a softmax, and the explanation "
          "does not say: explain again, or set ExplanationParts::output_activation.",
          op));
    case Space::softmax_logit:
      if (c.rivals.empty())
        throw ValueError(
            fmt::format("[{}] link = logit needs the logits of all outputs, because a softmax takes them together, and "
                        "only one of them is here: explain all outputs and choose one with .output = 0, not with "
                        "e.output(0); or draw with link = identity.",
                        op));
      return;
    default:
      return;
  }
}

namespace {

// The output's name, or `unnamed` where it has none, with what contributions are measured in.
std::string output_label(const Contributions& c, Link link, const char* unnamed) {
  const std::string unit = link == Link::logit               ? "probability, on the scale of log-odds"
                           : c.space == Space::logit         ? "log-odds"
                           : c.space == Space::softmax_logit ? "logit, up to a constant common to all outputs"
                           : c.space == Space::some_logit    ? "logit"
                           : c.space == Space::probability   ? "probability"
                                                             : c.unit;
  const std::string name = c.output.empty() ? unnamed : c.output;
  return unit.empty() ? name : fmt::format("{} ({})", name, unit);
}

}  // namespace

std::string space_label(const Contributions& c, Link link) { return output_label(c, link, "Model output"); }

double log_odds(double own, const std::vector<double>& rivals) {
  if (rivals.empty()) return own;
  const double largest = *std::max_element(rivals.begin(), rivals.end());
  if (!std::isfinite(largest)) return own - largest;
  double sum = 0;
  for (const double z : rivals) sum += std::exp(z - largest);
  return own - largest - std::log(sum);
}

double linked_prediction(const Contributions& c, std::size_t row, Link link) {
  if (link == Link::identity) return c.prediction(row);
  std::vector<double> rivals;
  for (const Contributions& rival : c.rivals) rivals.push_back(rival.prediction(row));
  return logistic(log_odds(c.prediction(row), rivals));
}

double linked_base(const Contributions& c, std::size_t row, Link link) {
  if (link == Link::identity) return c.base[row];
  std::vector<double> rivals;
  for (const Contributions& rival : c.rivals) rivals.push_back(rival.base[row]);
  return logistic(log_odds(c.base[row], rivals));
}

std::vector<std::size_t> rows_with_prediction(const Contributions& c) {
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < c.rows; ++r) {
    bool good = std::isfinite(c.prediction(r));
    for (const Contributions& rival : c.rivals) good = good && std::isfinite(rival.prediction(r));
    if (good) rows.push_back(r);
  }
  return rows;
}

std::string whisker_note(const Contributions& c) {
  return c.references > 1 ? fmt::format("Whiskers: ± standard error of the mean over the {} references",
                                        format_count(static_cast<double>(c.references)))
                          : "Whiskers: ± standard error";
}

std::string base_note(const Contributions& c, Link link, const std::string& value) {
  if (link == Link::identity) return "";
  const char* logit = c.rivals.empty() ? "logit" : "logits";
  const std::string begin =
      fmt::format("Base value{}: the probability of the mean {}", value.empty() ? "" : " " + value, logit);
  return c.references > 1 ? fmt::format("{} of the {} references, not their mean probability", begin,
                                        format_count(static_cast<double>(c.references)))
                          : fmt::format("{}, not a mean probability", begin);
}

std::string left_out_note(std::size_t left_out, std::size_t rows, const char* why) {
  return fmt::format("{} rows left out: {}", format_part(left_out, rows), why);
}

std::string shown_note(std::size_t shown, std::size_t rows) {
  return shown < rows ? fmt::format("{} rows shown", format_part(shown, rows)) : "";
}

std::string rows_note(std::size_t shown, std::size_t drawable, std::size_t rows, const char* why) {
  std::string note = shown_note(shown, drawable);
  if (drawable < rows) note += (note.empty() ? "" : "; ") + left_out_note(rows - drawable, rows, why);
  return note;
}

std::string infinite_note(const Contributions& c, const char* mark) {
  const auto n = std::count_if(c.values.begin(), c.values.end(), [](double v) { return std::isinf(v); });
  return n == 0 ? "" : fmt::format("{} infinite contribution{} without {}", n, n == 1 ? "" : "s", mark);
}

std::string effect_label(const Contributions& c, const char* effect) {
  return fmt::format("{} to {}", effect, output_label(c, Link::identity, "the model output"));
}

double logistic(double z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }

}  // namespace detail
}  // namespace xg::viz
