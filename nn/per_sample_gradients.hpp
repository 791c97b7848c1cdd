// The gradient of each row's loss, for all rows by one sweep.
#pragma once

#include <xgrad/nn/module.hpp>

#include <functional>
#include <vector>

namespace xg::nn {

/// The loss of a prediction and a target, with one element.
using SampleLoss = std::function<Tensor(const Tensor& prediction, const Tensor& target)>;

/// For each parameter that requires grad, in the order of parameters(), the gradients of the rows' losses: [rows,
/// parameter.shape...]. Row i is the gradient of loss(module(x[i:i+1]), y[i:i+1]). The module is traced once on all
/// rows and swept once, with the gradients of the parameters kept apart by rows: of a linear layer they are the outer
/// products of its inputs and the gradients of its outputs (Goodfellow 2015, arXiv:1510.01799). An op that has no
/// faster way is differentiated row by row. Throws AutogradError where an op mixes rows (batch norm in training, say)
/// or is random, ShapeError where x and y have other numbers of rows, the module does not keep one row for each, or the
/// loss has more than one element.
XG_API std::vector<Tensor> per_sample_gradients(Module& module, const SampleLoss& loss, const Tensor& x,
                                                const Tensor& y);

}  // namespace xg::nn
