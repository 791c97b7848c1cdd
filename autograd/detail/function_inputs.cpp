#include <xgrad/autograd/detail/function_inputs.hpp>
#include <xgrad/autograd/detail/leaves.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstddef>
#include <string>

namespace xg::autograd::detail {

void check_inputs(const char* op, const std::vector<Tensor>& x) {
  if (x.empty()) raise<ValueError>("[{}] the list of tensors is empty: pass at least one.", op);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!is_floating(x[i].dtype()))
      raise<DtypeError>("[{}] {} is {}, derivatives need float32 or float64: convert with x.to(xg::float32).", op,
                        x.size() == 1 ? std::string("x") : "tensor " + std::to_string(i), name(x[i].dtype()));
}

void check_value(const char* op, const Tensor& y) {
  if (!y.defined()) raise<ValueError>("[{}] the function returned an undefined tensor.", op);
  if (!is_floating(y.dtype()))
    raise<DtypeError>("[{}] the function's value is {}, it must be floating-point.", op, name(y.dtype()));
}

void check_one_element(const char* op, const Tensor& y) {
  check_value(op, y);
  if (y.numel() != 1)
    raise<ShapeError>("[{}] the function's value has shape {}, it must have one element: sum it, or use jacobian.", op,
                      y.shape().str());
}

void check_direction(const char* op, const Tensor& v, const Shape& shape, const char* what) {
  if (v.shape() != shape)
    raise<ShapeError>("[{}] the vector has shape {}, {} {}: they must be equal.", op, v.shape().str(), what,
                      shape.str());
}

void check_directions(const char* op, const std::vector<Tensor>& v, const std::vector<Tensor>& x) {
  if (v.size() != x.size())
    raise<ValueError>("[{}] {} directions for {} tensors: pass one for each.", op, v.size(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    check_direction(op, v[i], x[i].shape(), x.size() == 1 ? "x has" : "its tensor has");
}

std::vector<Tensor> as_leaves(const std::vector<Tensor>& x, bool connected) {
  std::vector<Tensor> leaves;
  for (const Tensor& t : x) leaves.push_back(as_leaf(t, connected));
  return leaves;
}

Tensor tangent_of(const Tensor& v, const Tensor& x, bool connected) {
  return to(with_graph_if(connected, v), x.dtype());
}

Tensor basis(const Tensor& x, std::int64_t k) {
  Tensor direction = zeros({x.numel()}, {.dtype = x.dtype()});
  direction.select(0, k).fill_(1);
  return direction.reshape(x.shape());
}

std::vector<Tensor> gradients_or_zeros(const Tensor& output, const std::vector<Tensor>& inputs, const Tensor& weights,
                                       bool create_graph, bool retain_graph) {
  std::vector<Tensor> grads(inputs.size());
  if (output.requires_grad())
    grads = grad({output}, inputs, weights.defined() ? std::vector<Tensor>{weights} : std::vector<Tensor>{},
                 {.retain_graph = retain_graph, .create_graph = create_graph, .allow_unused = true});
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!grads[i].defined()) grads[i] = zeros(inputs[i].shape(), {.dtype = inputs[i].dtype()});
  return grads;
}

}  // namespace xg::autograd::detail
