#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xg {
namespace {

/// x as a fresh leaf, or, where the result is to be differentiated further, connected to x's own graph.
Tensor as_input(const Tensor& x, bool create_graph) {
  if (create_graph && x.requires_grad()) return x + 0.0;
  return x.detach().clone().requires_grad_();
}

Tensor finished(const Tensor& x, bool create_graph) { return create_graph ? x : x.detach(); }

void check_scalar(const char* op, const Tensor& y) {
  if (y.numel() != 1)
    throw ShapeError(fmt::format("[{}] the function's value has shape {}, it must have one element: sum it, or use jacobian.",
                                 op, y.shape().str()));
}

void check_vector(const char* op, const Tensor& v, const Shape& shape, const char* what) {
  if (v.shape() != shape)
    throw ShapeError(fmt::format("[{}] the vector has shape {}, {} {}: they must be equal.", op, v.shape().str(), what,
                                 shape.str()));
}

Tensor gradient_or_zeros(const Tensor& output, const Tensor& input, const Tensor& weights, bool create_graph,
                         bool retain_graph) {
  if (!output.requires_grad()) return zeros_like(input);
  const Tensor g =
      grad(output, input, weights, {.retain_graph = retain_graph, .create_graph = create_graph, .allow_unused = true});
  return g.defined() ? g : zeros_like(input);
}

}  // namespace

Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  const EnableGrad recording;
  const Tensor input = as_input(x, options.create_graph);
  const Tensor y = f(input);
  const std::int64_t n = y.numel();
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < n; ++i) {
    Tensor direction = zeros({n}, {.dtype = y.dtype()});
    direction.select(0, i).fill_(1);
    rows.push_back(gradient_or_zeros(y, input, direction.reshape(y.shape()), options.create_graph, true));
  }
  Shape shape = y.shape();
  for (std::int64_t d : x.shape()) shape.push_back(d);
  if (rows.empty()) return zeros(shape, {.dtype = x.dtype()});
  return finished(stack(rows).reshape(shape), options.create_graph);
}

Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  const auto gradient = [&](const Tensor& t) {
    const Tensor y = f(t);
    check_scalar("hessian", y);
    return gradient_or_zeros(y, t, {}, true, true);
  };
  return jacobian(gradient, x, options);
}

Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  const EnableGrad recording;
  const Tensor input = as_input(x, options.create_graph);
  const Tensor y = f(input);
  check_vector("vjp", v, y.shape(), "the function's value has");
  return finished(gradient_or_zeros(y, input, v, options.create_graph, options.create_graph), options.create_graph);
}

Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  check_vector("jvp", v, x.shape(), "x has");
  const EnableGrad recording;
  const Tensor input = as_input(x, options.create_graph);
  const Tensor y = f(input);
  // v^T J is linear in v: its derivative with respect to v, in direction of ours, is J times ours.
  const Tensor weights = zeros_like(y).requires_grad_();
  const Tensor g = gradient_or_zeros(y, input, weights, true, true);
  return finished(gradient_or_zeros(g, weights, v, options.create_graph, options.create_graph), options.create_graph);
}

Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  check_vector("hvp", v, x.shape(), "x has");
  const EnableGrad recording;
  const Tensor input = as_input(x, options.create_graph);
  const Tensor y = f(input);
  check_scalar("hvp", y);
  const Tensor g = gradient_or_zeros(y, input, {}, true, true);
  return finished(gradient_or_zeros(g, input, v, options.create_graph, options.create_graph), options.create_graph);
}

namespace {

void check_inputs(const char* op, const std::vector<Tensor>& inputs) {
  bool any = false;
  for (const Tensor& x : inputs) {
    if (!x.requires_grad()) continue;
    any = true;
    if (x.dtype() != float64)
      throw DtypeError(fmt::format(
          "[{}] an input is {}, it must be float64: finite differences in less precision prove nothing.", op,
          name(x.dtype())));
  }
  if (!any) throw AutogradError(fmt::format("[{}] no input asks for gradients: call requires_grad_() on one.", op));
}

/// Fresh leaves with the same values.
std::vector<Tensor> leaves_of(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> leaves;
  for (const Tensor& x : inputs) leaves.push_back(x.requires_grad() ? x.detach().clone().requires_grad_() : x);
  return leaves;
}

}  // namespace

GradcheckResult gradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs, GradcheckOptions options) {
  check_inputs("gradcheck", inputs);
  const EnableGrad recording;
  const std::vector<Tensor> leaves = leaves_of(inputs);
  const Tensor y = f(leaves);
  if (!y.is_floating_point())
    throw DtypeError(fmt::format("[gradcheck] the function's value is {}, it must be floating.", name(y.dtype())));
  const std::int64_t outputs = y.numel();
  GradcheckResult result;
  double worst = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].requires_grad()) continue;
    const std::int64_t n = leaves[i].numel();
    std::vector<std::vector<double>> analytical;  // [outputs][n]
    for (std::int64_t k = 0; k < outputs; ++k) {
      Tensor direction = zeros({outputs}, {.dtype = y.dtype()});
      direction.select(0, k).fill_(1);
      analytical.push_back(gradient_or_zeros(y, leaves[i], direction.reshape(y.shape()), false, true).to_vector<double>());
    }
    const NoGrad fixed;
    const std::vector<double> values = leaves[i].to_vector<double>();
    for (std::int64_t j = 0; j < n; ++j) {
      const auto at = [&](double value) {
        std::vector<double> moved = values;
        moved[static_cast<std::size_t>(j)] = value;
        std::vector<Tensor> arguments;
        for (std::size_t other = 0; other < leaves.size(); ++other)
          arguments.push_back(other == i ? from_data(moved.data(), leaves[i].shape()).requires_grad_()
                                         : leaves[other]);
        const EnableGrad inside;  // functions that differentiate inside need their graph
        return f(arguments).detach().to_vector<double>();
      };
      const double x = values[static_cast<std::size_t>(j)];
      const std::vector<double> above = at(x + options.eps), below = at(x - options.eps);
      for (std::int64_t k = 0; k < outputs; ++k) {
        const auto at_k = static_cast<std::size_t>(k);
        const double numerical = (above[at_k] - below[at_k]) / ((x + options.eps) - (x - options.eps));
        const double exact = analytical[at_k][static_cast<std::size_t>(j)];
        const double excess = std::abs(exact - numerical) / (options.atol + options.rtol * std::abs(numerical));
        if (excess <= 1 && !std::isnan(excess)) continue;  // NaN is a failure
        if (result.passed || excess > worst || std::isnan(excess)) {
          worst = excess;
          result.passed = false;
          result.message = fmt::format(
              "input {} element {}, output element {}: analytical {}, numerical {} (x = {}, step {})", i, j, k, exact,
              numerical, x, options.eps);
        }
      }
    }
  }
  return result;
}

GradcheckResult gradcheck(const TensorFunction& f, const Tensor& x, GradcheckOptions options) {
  return gradcheck([&](const std::vector<Tensor>& in) { return f(in[0]); }, std::vector<Tensor>{x}, options);
}

GradcheckResult gradgradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs, GradcheckOptions options) {
  check_inputs("gradgradcheck", inputs);
  Tensor weights;
  {
    const NoGrad fixed;
    const Tensor y = f(inputs);
    // Fixed, uneven weights: equal ones would hide mistakes that cancel in a sum.
    weights = (sin(arange(y.numel(), {.dtype = y.dtype()}) * 1.7 + 0.6) + 1.5).reshape(y.shape());
  }
  std::vector<Tensor> arguments = inputs;
  arguments.push_back(weights.requires_grad_());
  const std::size_t n = inputs.size();
  const auto gradient = [&](const std::vector<Tensor>& in) {
    const Tensor y = f(std::vector<Tensor>(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n)));
    std::vector<Tensor> parts;
    std::vector<Tensor> wanted;
    for (std::size_t i = 0; i < n; ++i)
      if (in[i].requires_grad()) wanted.push_back(in[i]);
    if (!y.requires_grad()) {
      for (const Tensor& x : wanted) parts.push_back((x * 0.0).reshape({x.numel()}));
    } else {
      const std::vector<Tensor> grads =
          grad({y}, wanted, {in[n]}, {.retain_graph = true, .create_graph = true, .allow_unused = true});
      for (std::size_t i = 0; i < wanted.size(); ++i)
        parts.push_back((grads[i].defined() ? grads[i] : wanted[i] * 0.0).reshape({wanted[i].numel()}));
    }
    return cat(parts);
  };
  GradcheckResult result = gradcheck(TensorsFunction(gradient), arguments, options);
  if (!result.passed) result.message = "second order: " + result.message;
  return result;
}

GradcheckResult gradgradcheck(const TensorFunction& f, const Tensor& x, GradcheckOptions options) {
  return gradgradcheck([&](const std::vector<Tensor>& in) { return f(in[0]); }, std::vector<Tensor>{x}, options);
}

}  // namespace xg
