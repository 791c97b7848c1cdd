#include <xgrad/autograd/detail/forward_level.hpp>
#include <xgrad/autograd/detail/function_inputs.hpp>
#include <xgrad/autograd/detail/leaves.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/rowwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace xg {

using namespace autograd::detail;  // NOLINT: the helpers of functions that differentiate functions
using autograd::as_leaf;
using autograd::ObserverScope;
using autograd::with_graph_if;

namespace {

void check_rows_of(const char* op, const Tensor& x) {
  check_inputs(op, {x});
  if (x.dim() == 0) raise<ShapeError>("[{}] x is 0-d, it must have rows along dimension 0.", op);
}

void check_rows_kept(const char* op, const Tensor& y, const Tensor& x) {
  check_value(op, y);
  if (y.dim() == 0 || y.size(0) != x.size(0))
    raise<ShapeError>("[{}] the function made {} of an x of shape {}: it must keep one row for each row of x.", op,
                      y.shape().str(), x.shape().str());
}

/// The shape of one row.
Shape row_of(const Tensor& x) { return Shape(x.shape().begin() + 1, x.shape().end()); }

Shape joined(std::int64_t rows, const Shape& a, const Shape& b) {
  Shape shape{rows};
  for (const std::int64_t d : a) shape.push_back(d);
  for (const std::int64_t d : b) shape.push_back(d);
  return shape;
}

/// Element j of every row: a direction that differentiates all rows at once.
Tensor in_every_row(const Tensor& x, std::int64_t j) {
  const Shape row = row_of(x);
  Tensor one = zeros({row.numel()}, {.dtype = x.dtype()});
  one.select(0, j).fill_(1);
  return one.reshape(row).expand(x.shape());
}

Tensor columns_joined(const std::vector<Tensor>& columns, const Tensor& y, const Shape& row) {
  const Shape shape = joined(y.size(0), row_of(y), row);
  return columns.empty() ? zeros(shape, {.dtype = y.dtype()}) : stack(columns, -1).reshape(shape);
}

/// A level that follows rows and, with directions, derivatives.
ForwardLevel::Options rows_of(const char* op, const Tensor& x, std::int64_t directions) {
  return {.directions = static_cast<std::size_t>(directions), .rows = x.size(0), .op = op};
}

Duals all_columns(const Tensor& x) {
  Duals duals;
  const std::int64_t columns = row_of(x).numel();
  for (std::int64_t j = 0; j < columns; ++j) duals.tangents.push_back(in_every_row(x, j));
  return duals;
}

Tensor observed_value(ForwardLevel& level, const char* op, const TensorFunction& f, const Tensor& input) {
  const ObserverScope scope(level);
  Tensor y = f(input);
  check_rows_kept(op, y, input);
  return y;
}

}  // namespace

Tensor batch_jacobian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  constexpr const char* op = "batch_jacobian";
  check_rows_of(op, x);
  const EnableGrad recording;
  const std::int64_t columns = row_of(x).numel();
  const Tensor leaf = as_leaf(x, options.create_graph);
  ForwardLevel rows(rows_of(op, x, 0));
  rows.set(leaf, {});
  const Tensor y = observed_value(rows, op, f, leaf);
  const std::int64_t outputs = row_of(y).numel();
  if (outputs <= columns) {
    std::vector<Tensor> sweeps;
    for (std::int64_t k = 0; k < outputs; ++k)
      sweeps.push_back(gradients_or_zeros(y, {leaf}, in_every_row(y, k), options.create_graph, true)[0]);
    const Shape shape = joined(x.size(0), row_of(y), row_of(x));
    return with_graph_if(options.create_graph,
                         sweeps.empty() ? zeros(shape, {.dtype = x.dtype()}) : stack(sweeps, 1).reshape(shape));
  }
  ForwardLevel level(rows_of(op, x, columns));
  const Tensor input = as_leaf(x, options.create_graph);
  level.set(input, all_columns(x));
  const Tensor again = observed_value(level, op, f, input);
  return with_graph_if(options.create_graph, columns_joined(level.of(again).tangents, again, row_of(x)));
}

Tensor batch_hessian(const TensorFunction& f, const Tensor& x, JacobianOptions options) {
  constexpr const char* op = "batch_hessian";
  check_rows_of(op, x);
  const EnableGrad recording;
  ForwardLevel level(rows_of(op, x, row_of(x).numel()));
  const Tensor leaf = as_leaf(x, options.create_graph);
  level.set(leaf, all_columns(x));
  const ObserverScope scope(level);
  const Tensor y = f(leaf);
  check_rows_kept(op, y, leaf);
  if (y.numel() != y.size(0))
    raise<ShapeError>("[batch_hessian] the function made {} of {} rows: it must give one number for each row.",
                      y.shape().str(), x.size(0));
  const Tensor ones = xg::ones(y.shape(), {.dtype = y.dtype()});
  const Tensor g = gradients_or_zeros(y, {leaf}, ones, options.create_graph, options.create_graph)[0];
  return with_graph_if(options.create_graph, columns_joined(level.of(g).tangents, g, row_of(x)));
}

namespace {

/// Whether each column of x is summed over.
std::vector<bool> curved_columns(const char* op, const Tensor& x, const std::vector<std::int64_t>& dims) {
  const std::int64_t columns = x.size(1);
  std::vector<bool> curved(static_cast<std::size_t>(columns), dims.empty());
  for (std::int64_t d : dims) {
    if (d < -columns || d >= columns)
      raise<IndexError>("[{}] dims names column {}, x has {}: use numbers from {} to {}.", op, d, columns, -columns,
                        columns - 1);
    const auto column = static_cast<std::size_t>(d < 0 ? d + columns : d);
    if (curved[column]) raise<ValueError>("[{}] dims names column {} twice.", op, column);
    curved[column] = true;
  }
  return curved;
}

/// One pass that carries the tangents of all columns, or of those that are summed over alone.
ForwardLaplacian carried(const char* op, const TensorFunction& f, const Tensor& x, const LaplacianOptions& options,
                         bool all_tangents) {
  check_inputs(op, {x});
  if (x.dim() != 2) raise<ShapeError>("[{}] x has shape {}, it must be [rows, columns].", op, x.shape().str());
  const std::vector<bool> curved = curved_columns(op, x, options.dims);
  std::optional<EnableGrad> recording;
  if (options.create_graph) recording.emplace();
  ForwardLevel::Options level_options{.directions = 0, .curved = {}, .rows = x.size(0), .op = op};
  Duals duals;
  for (std::int64_t j = 0; j < x.size(1); ++j) {
    if (!all_tangents && !curved[static_cast<std::size_t>(j)]) continue;
    duals.tangents.push_back(in_every_row(x, j));
    level_options.curved.push_back(curved[static_cast<std::size_t>(j)]);
    ++level_options.directions;
  }
  ForwardLevel level(std::move(level_options));
  const Tensor input = as_leaf(x, options.create_graph);
  level.set(input, std::move(duals));
  const Tensor y = observed_value(level, op, f, input);
  const Duals found = level.of(y);
  return {with_graph_if(options.create_graph, y),
          all_tangents ? with_graph_if(options.create_graph, columns_joined(found.tangents, y, {x.size(1)})) : Tensor(),
          with_graph_if(options.create_graph, found.laplacian)};
}

}  // namespace

Tensor laplacian(const TensorFunction& f, const Tensor& x, LaplacianOptions options) {
  return carried("laplacian", f, x, options, false).laplacian;
}

ForwardLaplacian forward_laplacian(const TensorFunction& f, const Tensor& x, LaplacianOptions options) {
  return carried("forward_laplacian", f, x, options, true);
}

}  // namespace xg
