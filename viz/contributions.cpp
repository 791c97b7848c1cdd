#include <fmt/format.h>
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
    throw ValueError(fmt::format("[{}] contributions have {} {}, and {} are needed: give one for each {}.", op, found, what, wanted,
                                 wanted == 0 ? "row and feature" : "row or feature they belong to"));
  };
  if (rows == 0 || features == 0) {
    throw ValueError(fmt::format("[{}] the explanation has {} rows and {} features: explain at least one row of one feature.", op,
                                 rows, features));
  }
  need("values", values.size(), rows * features, false);
  need("base values", base.size(), rows, false);
  need("names", names.size(), features, true);
  need("data", data.size(), rows * features, true);
  need("display texts", display.size(), rows * features, true);
  need("errors", errors.size(), rows * features, true);
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
  throw ValueError(fmt::format("[{0}] shows one row, and this explanation has {1}: choose one, as in {0}(e[0]).", op, c.rows));
}

void check_link(const char* op, Link link, Space space) {
  if (link == Link::logit && space == Space::probability) {
    throw ValueError(fmt::format(
        "[{}] link = logit needs contributions to the logit, and these are to the probability, which would be squashed a second "
        "time: explain with {{.output = explain::Output::logit}}, or draw with link = identity.",
        op));
  }
}

std::string space_label(const Contributions& c, Link link) {
  std::string unit = link == Link::logit           ? "probability"
                     : c.space == Space::logit     ? "log-odds"
                     : c.space == Space::probability ? "probability"
                                                     : "";
  if (c.output.empty()) return unit.empty() ? "Model output" : fmt::format("Model output ({})", unit);
  return unit.empty() ? c.output : fmt::format("{} ({})", c.output, unit);
}

std::string effect_label(const Contributions& c) {
  const std::string unit = space_label(c);
  return fmt::format("Contribution to {}", unit == "Model output" ? "the model output" : unit);
}

double logistic(double z) { return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z)); }

}  // namespace detail
}  // namespace xg::viz
