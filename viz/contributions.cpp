#include <fmt/format.h>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/contributions.hpp>
#include <xgrad/viz/format.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xg::viz {

double Contributions::total(std::size_t row) const {
  double sum = base[row];
  for (std::size_t i = 0; i < features; ++i) {
    if (!std::isnan(value(row, i))) sum += value(row, i);
  }
  return sum;
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
  need("names", names.size(), features, true);
  need("data", data.size(), rows * features, true);
  need("display texts", display.size(), rows * features, true);
  need("errors", errors.size(), rows * features, true);
}

Contributions contributions(const explain::Explanation& e, std::optional<std::size_t> output, const char* op) {
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
  c.rows = static_cast<std::size_t>(e.rows());
  c.features = static_cast<std::size_t>(e.features());
  c.names = e.feature_names();
  c.additive = e.additive();
  const std::vector<double> values = e.values().to_vector<double>();
  const std::vector<double> base = e.base_values().to_vector<double>();
  const std::vector<double> errors = e.standard_errors().to_vector<double>();
  c.data = (e.has_display() ? e.display_values() : e.data()).to_vector<double>();
  bool any_error = false, any_data = false;
  for (std::size_t r = 0; r < c.rows; ++r) {
    c.base.push_back(base[r * outputs + slot]);
    for (std::size_t i = 0; i < c.features; ++i) {
      const std::size_t at = (r * c.features + i) * outputs + slot;
      c.values.push_back(values[at]);
      c.errors.push_back(errors[at]);
      any_error = any_error || std::isfinite(errors[at]);
      any_data = any_data || std::isfinite(c.data[r * c.features + i]);
      if (e.has_display()) c.display.push_back(e.display(static_cast<std::int64_t>(r), static_cast<std::int64_t>(i)));
    }
  }
  if (!any_error) c.errors.clear();
  if (!any_data) c.data.clear();
  c.space = e.output_space() == explain::Output::logit         ? Space::logit
            : e.output_space() == explain::Output::probability ? Space::probability
                                                               : Space::model;
  // The name where it is one: not the default, and the same output in all rows.
  if (c.rows > 0) {
    c.output = e.output_name(0, static_cast<std::int64_t>(slot));
    for (std::int64_t r = 1; r < e.rows(); ++r) {
      if (e.output_name(r, static_cast<std::int64_t>(slot)) != c.output) c.output.clear();
    }
    if (c.output == "output") c.output.clear();
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

void check_link(const char* op, Link link, Space space) {
  if (link == Link::logit && space == Space::probability) {
    throw ValueError(
        fmt::format("[{}] link = logit needs contributions to the logit, and these are to the probability, which would "
                    "be squashed a second "
                    "time: explain with {{.output = explain::Output::logit}}, or draw with link = identity.",
                    op));
  }
}

std::string space_label(const Contributions& c, Link link) {
  std::string unit = link == Link::logit             ? "probability"
                     : c.space == Space::logit       ? "log-odds"
                     : c.space == Space::probability ? "probability"
                                                     : "";
  if (c.output.empty()) return unit.empty() ? "Model output" : fmt::format("Model output ({})", unit);
  return unit.empty() ? c.output : fmt::format("{} ({})", c.output, unit);
}

std::string effect_label(const Contributions& c) {
  const std::string unit = space_label(c);
  // "Model output (log-odds)" goes on as "the model output (log-odds)".
  return fmt::format("Contribution to {}",
                     unit.rfind("Model", 0) == 0 && c.output.empty() ? fmt::format("the m{}", unit.substr(1)) : unit);
}

double logistic(double z) {
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}

}  // namespace detail
}  // namespace xg::viz
