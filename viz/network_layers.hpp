// What pictures of networks draw: plain layers, made from a module or from your own numbers.
#pragma once

#include <xgrad/tensor/export.hpp>
#include <xgrad/tensor/string_ref.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xg::viz {

/// One layer of the picture of a network.
struct NetworkLayer {
  String name;               ///< below or above the column
  std::int64_t in = 0;       ///< number of inputs
  std::int64_t neurons = 0;  ///< number of units; 0 for layers without (dropout, normalization) and for the input
  std::int64_t out = 0;      ///< number of outputs, which are the circles of the column
  std::optional<std::string> activation = {};  ///< name of the activation, if there is one
  std::vector<double> weights = {};            ///< [out, in], row after row; empty: unknown
  std::vector<double> bias = {};               ///< [out]; empty: none
  /// Indices of the layers whose outputs go in, which come earlier in the list; empty: the previous layer, or none for
  /// the first one and for inputs.
  std::vector<std::size_t> from = {};
  bool is_input = false;  ///< an input of the network
};

/// One box of plot_model().
struct ModelBox {
  String name;                         ///< name of the layer
  String type;                         ///< class of the layer: "Dense"
  String input = {};                   ///< shape, as text
  String output = {};                  ///< shape, as text
  std::int64_t parameters = 0;         ///< number of parameters
  String detail = {};                  ///< activation, rate, ...
  std::vector<std::size_t> from = {};  ///< indices of the boxes whose outputs go in, all earlier
};

}  // namespace xg::viz
