// A picture of one neuron: inputs, weights, sum, activation, output.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// Options of neuron().
struct NeuronOptions {
  StringList inputs = {"x1", "x2", "x3"};  ///< names of the inputs
  std::vector<double> values = {};         ///< values of the inputs; with weights and bias, the sum is computed
  std::vector<double> weights = {};        ///< empty: w1, w2, ... as symbols
  std::optional<double> bias = {};         ///< no value: b as a symbol
  bool use_bias = true;                    ///< draw a bias
  String activation = "f";                 ///< name of the activation
  std::optional<double> output = {};       ///< the output of the activation, if known
  String title = {};                       ///< above the picture
  double width = 7;                        ///< inches
  double height = 3.6;                     ///< inches; grows with the number of inputs
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// Draws output = activation(sum_i x_i w_i + b). Throws ValueError where there are no inputs, and where values or
/// weights are neither empty nor as many as the inputs.
XG_API Figure neuron(const NeuronOptions& options = {});

}  // namespace xg::viz
