#include <fmt/format.h>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/activation.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace xg::viz {
namespace {

// Replaces a point at a jump, where y changes by much more than at its neighbours, by NaN, which draws a gap instead of
// a steep line.
std::vector<double> with_gaps(const Data& x, const Data& y) {
  std::vector<double> out = y.values();
  double low = INFINITY, high = -INFINITY;
  for (const double v : out) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  for (std::size_t i = 1; i + 1 < y.size(); ++i) {
    const double jump = std::abs(y[i + 1] - y[i]);
    const double step_before = std::abs(y[i] - y[i - 1]);
    const double step_after = i + 2 < y.size() ? std::abs(y[i + 2] - y[i + 1]) : 0;
    if (jump > 0.08 * (high - low) && jump > 20 * std::max(step_before, step_after) &&
        x[i + 1] - x[i] < 0.05 * (x[x.size() - 1] - x[0]))
      out[i] = NAN;
  }
  return out;
}

}  // namespace

Figure activation(const nn::Activation& f, const ActivationOptions& o) {
  if (!std::isfinite(o.high - o.low) || !(o.low < o.high)) {
    throw ValueError(fmt::format(
        "[activation] the range is {} to {}: give two numbers with a finite difference, the smaller one first.", o.low,
        o.high));
  }
  constexpr std::size_t steps = 400;
  std::vector<double> inputs(steps + 1);
  for (std::size_t i = 0; i <= steps; ++i) inputs[i] = o.low + (o.high - o.low) * static_cast<double>(i) / steps;
  // One number per row, so that functions over rows (softmax) see one number at a time.
  const EnableGrad recorded;
  Tensor x = tensor(inputs, {.dtype = float64}).reshape({static_cast<std::int64_t>(inputs.size()), 1}).detach();
  x.requires_grad_();
  const Tensor y = f(x);
  if (y.numel() != x.numel()) {
    throw ValueError(fmt::format("[activation] {} gives {} numbers for {}: only functions of one number can be drawn.",
                                 f.name(), y.numel(), x.numel()));
  }
  std::vector<double> slope;
  if (o.derivative && y.requires_grad()) {
    y.sum().backward();
    slope = x.grad().defined() ? x.grad().to_vector<double>() : std::vector<double>(inputs.size(), 0.0);
  } else if (o.derivative) {
    slope.assign(inputs.size(), 0.0);  // the derivative of a step function is 0
  }
  return activation_curve(f.name(), inputs, Data(y), slope, o);
}

Figure activation_curve(StringRef text, const Data& x, const Data& y, const Data& slope, const ActivationOptions& o) {
  const std::string name = text.str();
  if (x.empty() || x.size() != y.size() || (!slope.empty() && slope.size() != x.size())) {
    throw ValueError(fmt::format("[activation] {} x, {} y and {} slopes: give as many of each, at least one.", x.size(),
                                 y.size(), slope.size()));
  }
  Figure figure({.width = o.width, .height = o.height, .theme = o.theme});
  Axes& axes = figure.axes();
  axes.set_title(o.title.empty() ? name : o.title);
  axes.axhline(0, {.color = Role::edge, .linewidth = 0.8, .linestyle = "-"});
  axes.axvline(0, {.color = Role::edge, .linewidth = 0.8, .linestyle = "-"});
  if (o.derivative && !slope.empty()) {
    axes.plot(x, with_gaps(x, slope),
              {.color = Paint::series(3), .linewidth = 1.6, .linestyle = "--", .label = "derivative"});
  }
  axes.plot(x, with_gaps(x, y), {.color = Paint::series(0), .linewidth = 2.2, .label = name});
  axes.set_xlabel("x");
  axes.grid();
  axes.legend();
  double low = INFINITY, high = -INFINITY;
  for (const double v : x.values()) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (low < high) axes.set_xlim(low, high);
  figure.set_description(fmt::format("The activation {}", name),
                         o.derivative && !slope.empty() ? "The function and its derivative." : "The function.");
  return figure;
}

}  // namespace xg::viz
