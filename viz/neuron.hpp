// One neuron: inputs, weights, sum, activation, output.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/figure.hpp>

#include <optional>
#include <vector>

namespace xg::viz {

/// Options of neuron().
struct NeuronOptions {
  StringList inputs = {"x1", "x2", "x3"};  ///< names
  std::vector<double> values = {};         ///< of the inputs; with weights, the sum is worked out
  std::vector<double> weights = {};        ///< empty: w1, w2, ... as symbols
  std::optional<double> bias = {};         ///< nothing: b as a symbol
  bool use_bias = true;                    ///< draw a bias
  String activation = "f";                 ///< its name
  std::optional<double> output = {};       ///< the activation of the sum, where you know it
  String title = {};                       ///< above the picture
  double width = 7;                        ///< inches
  double height = 3.6;                     ///< inches; grows with the number of inputs
  Theme theme = Theme::light;              ///< colours and sizes of text and lines
};

/// output = activation(sum of inputs times weights + bias), as drawn in every course. Throws ValueError where values or
/// weights are not as many as the inputs.
XG_API Figure neuron(const NeuronOptions& options = {});

}  // namespace xg::viz
