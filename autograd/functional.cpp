#include <xgrad/autograd/detail/forward_level.hpp>
#include <xgrad/autograd/detail/function_inputs.hpp>
#include <xgrad/autograd/detail/leaves.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace xg {

using namespace autograd::detail;  // NOLINT: the helpers of functions that differentiate functions
using autograd::ObserverScope;
using autograd::with_graph_if;

namespace {

/// The function of a list that a function of one tensor is.
TensorsFunction of_list(const TensorFunction& f) {
  return [&f](const std::vector<Tensor>& in) { return f(in[0]); };
}

std::vector<Tensor> with_graphs_if(bool wanted, std::vector<Tensor> tensors) {
  for (Tensor& x : tensors) x = with_graph_if(wanted, x);
  return tensors;
}

/// The gradient of an f with one element, as a function that can be differentiated.
std::vector<Tensor> gradient_of(const char* op, const TensorsFunction& f, const std::vector<Tensor>& leaves,
                                bool create_graph) {
  const Tensor y = f(leaves);
  check_one_element(op, y);
  return gradients_or_zeros(y, leaves, {}, create_graph, create_graph);
}

constexpr std::int64_t directions_at_once = 64;  // bounds the memory of a pass with many tangents

/// The Jacobian of each input, in forward mode: column by column.
std::vector<Tensor> forward_jacobian(const TensorsFunction& f, const std::vector<Tensor>& x, const Shape& y_shape,
                                     bool create_graph) {
  std::vector<Tensor> jacobians;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t n = x[i].numel();
    std::vector<Tensor> columns;
    for (std::int64_t first = 0; first < n; first += directions_at_once) {
      const std::int64_t count = std::min(directions_at_once, n - first);
      ForwardLevel level({.directions = static_cast<std::size_t>(count), .op = "jacobian"});
      const std::vector<Tensor> inputs = as_leaves(x, create_graph);
      Duals duals;
      for (std::int64_t j = 0; j < count; ++j) duals.tangents.push_back(basis(x[i], first + j));
      level.set(inputs[i], std::move(duals));
      const Tensor y = [&] {
        const ObserverScope scope(level);
        return f(inputs);
      }();
      for (Tensor& t : level.of(y).tangents) columns.push_back(std::move(t));
    }
    Shape shape = y_shape;
    for (const std::int64_t d : x[i].shape()) shape.push_back(d);
    jacobians.push_back(columns.empty() ? zeros(shape, {.dtype = x[i].dtype()}) : stack(columns, -1).reshape(shape));
  }
  return jacobians;
}

/// The Jacobian of each input, by sweeps of y's graph: row by row.
std::vector<Tensor> reverse_jacobian(const Tensor& y, const std::vector<Tensor>& leaves, bool create_graph) {
  std::vector<std::vector<Tensor>> rows(leaves.size());
  for (std::int64_t k = 0; k < y.numel(); ++k) {
    const std::vector<Tensor> grads = gradients_or_zeros(y, leaves, basis(y, k), create_graph, true);
    for (std::size_t i = 0; i < leaves.size(); ++i) rows[i].push_back(grads[i]);
  }
  std::vector<Tensor> jacobians;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    Shape shape = y.shape();
    for (const std::int64_t d : leaves[i].shape()) shape.push_back(d);
    jacobians.push_back(rows[i].empty() ? zeros(shape, {.dtype = leaves[i].dtype()}) : stack(rows[i]).reshape(shape));
  }
  return jacobians;
}

std::vector<Tensor> jacobians(const char* op, const TensorsFunction& f, const std::vector<Tensor>& x,
                              bool create_graph) {
  check_inputs(op, x);
  const EnableGrad recording;
  const std::vector<Tensor> leaves = as_leaves(x, create_graph);
  Tensor y = f(leaves);
  check_value(op, y);
  std::int64_t columns = 0;
  for (const Tensor& t : x) columns += t.numel();
  const Shape shape = y.shape();
  if (y.numel() <= columns) return with_graphs_if(create_graph, reverse_jacobian(y, leaves, create_graph));
  y = Tensor();  // its graph is not needed
  return with_graphs_if(create_graph, forward_jacobian(f, x, shape, create_graph));
}

}  // namespace

ValueAndGrads value_and_grad(const TensorsFunction& f, const std::vector<Tensor>& x, JacobianOptions options) {
  check_inputs("value_and_grad", x);
  const EnableGrad recording;
  const std::vector<Tensor> leaves = as_leaves(x, options.create_graph);
  const Tensor y = f(leaves);
  check_one_element("value_and_grad", y);
  std::vector<Tensor> grads = gradients_or_zeros(y, leaves, {}, options.create_graph, options.create_graph);
  return {with_graph_if(options.create_graph, y), with_graphs_if(options.create_graph, std::move(grads))};
}
ValueAndGrad value_and_grad(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  ValueAndGrads result = value_and_grad(of_list(f), std::vector<Tensor>{x}, options);
  return {std::move(result.value), std::move(result.gradients[0])};
}

std::vector<Tensor> jacobian(const TensorsFunction& f, const std::vector<Tensor>& x, JacobianOptions options) {
  return jacobians("jacobian", f, x, options.create_graph);
}
Tensor jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  return jacobian(of_list(f), std::vector<Tensor>{x}, options)[0];
}

std::vector<std::vector<Tensor>> hessian(const TensorsFunction& f, const std::vector<Tensor>& x,
                                         JacobianOptions options) {
  check_inputs("hessian", x);
  std::vector<std::vector<Tensor>> blocks;
  for (std::size_t i = 0; i < x.size(); ++i)
    blocks.push_back(jacobians(
        "hessian",
        [&](const std::vector<Tensor>& in) {
          const EnableGrad recording;
          // Only the gradient of input i is needed; the others may be constants that do not require grad.
          return gradient_of("hessian", f, in, true)[i];
        },
        x, options.create_graph));
  return blocks;
}
Tensor hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  return hessian(of_list(f), std::vector<Tensor>{x}, options)[0][0];
}

std::vector<Tensor> vjp(const TensorsFunction& f, const std::vector<Tensor>& x, const Tensor& v,
                        JacobianOptions options) {
  check_inputs("vjp", x);
  const EnableGrad recording;
  const std::vector<Tensor> leaves = as_leaves(x, options.create_graph);
  const Tensor y = f(leaves);
  check_direction("vjp", v, y.shape(), "the function's value has");
  return with_graphs_if(options.create_graph,
                        gradients_or_zeros(y, leaves, v, options.create_graph, options.create_graph));
}
Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  return vjp(of_list(f), std::vector<Tensor>{x}, v, options)[0];
}

JvpResult jvp(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
              JacobianOptions options) {
  check_inputs("jvp", x);
  check_directions("jvp", v, x);
  std::optional<EnableGrad> recording;
  if (options.create_graph) recording.emplace();
  ForwardLevel level({.op = "jvp"});
  const std::vector<Tensor> inputs = as_leaves(x, options.create_graph);
  for (std::size_t i = 0; i < x.size(); ++i) level.set(inputs[i], {{tangent_of(v[i], x[i], options.create_graph)}, {}});
  const Tensor y = [&] {
    const ObserverScope scope(level);
    return f(inputs);
  }();
  check_value("jvp", y);
  return {with_graph_if(options.create_graph, y), with_graph_if(options.create_graph, level.of(y).tangents[0])};
}
JvpResult jvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  return jvp(of_list(f), std::vector<Tensor>{x}, std::vector<Tensor>{v}, options);
}

std::vector<Tensor> hvp(const TensorsFunction& f, const std::vector<Tensor>& x, const std::vector<Tensor>& v,
                        JacobianOptions options) {
  check_inputs("hvp", x);
  check_directions("hvp", v, x);
  const EnableGrad recording;
  ForwardLevel level({.op = "hvp"});
  const std::vector<Tensor> leaves = as_leaves(x, options.create_graph);
  for (std::size_t i = 0; i < x.size(); ++i) level.set(leaves[i], {{tangent_of(v[i], x[i], options.create_graph)}, {}});
  const Tensor y = [&] {
    const ObserverScope scope(level);
    return f(leaves);
  }();
  check_one_element("hvp", y);
  // The tangent is <gradient, v>, whose gradient is H v. This way around the sweep is an ordinary one, in fused
  // kernels.
  return with_graphs_if(options.create_graph, gradients_or_zeros(level.of(y).tangents[0], leaves, {},
                                                                 options.create_graph, options.create_graph));
}
Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v, JacobianOptions options) {
  return hvp(of_list(f), std::vector<Tensor>{x}, std::vector<Tensor>{v}, options)[0];
}

std::vector<Tensor> ggn_vp(const TensorsFunction& f, const TensorFunction& loss, const std::vector<Tensor>& x,
                           const std::vector<Tensor>& v) {
  check_inputs("ggn_vp", x);
  check_directions("ggn_vp", v, x);
  const EnableGrad recording;
  // One pass gives the outputs with their graph and their tangent.
  ForwardLevel level({.op = "ggn_vp"});
  const std::vector<Tensor> leaves = as_leaves(x, false);
  for (std::size_t i = 0; i < x.size(); ++i) level.set(leaves[i], {{tangent_of(v[i], x[i], false)}, {}});
  const Tensor y = [&] {
    const ObserverScope scope(level);
    return f(leaves);
  }();
  check_value("ggn_vp", y);
  const Tensor curved = hvp(loss, y, level.of(y).tangents[0]);
  return with_graphs_if(false, gradients_or_zeros(y, leaves, curved, false, false));
}
Tensor ggn_vp(const TensorFunction& f, const TensorFunction& loss, const Tensor& x, const Tensor& v) {
  return ggn_vp(of_list(f), loss, std::vector<Tensor>{x}, std::vector<Tensor>{v})[0];
}

}  // namespace xg
