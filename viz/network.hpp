// A network drawn as circles and links, with a column for each layer.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/network_layers.hpp>

#include <vector>

namespace xg::nn {
class Module;
}

namespace xg::viz {

/// Options of network().
struct NetworkOptions {
  bool description = false;      ///< write above each column its name, activation, sum and number of outputs
  bool weights = false;          ///< links as thick as |w|, red for positive, blue for negative
  double width = 10;             ///< inches; grows where descriptions need it
  double height = 8;             ///< inches
  std::size_t max_nodes = 12;    ///< 3 to 500 in a column; of wider layers the first ones, dots and the last one
  StringList input_names = {};   ///< instead of X1, X2, ...
  StringList output_names = {};  ///< instead of y1, y2, ...
  String title = {};             ///< instead of the model's name
  Theme theme = Theme::light;    ///< colours and sizes of text and lines
};

/// Draws the layers from left to right and branches above one another: input and output nodes in green, hidden ones in
/// blue, layers without units (dropout) in red. Links connect all pairs of nodes, except into layers without units,
/// where they are one to one. Throws ValueError for a model without layers, a layer of unknown width, input_names or
/// output_names that are not as many as the nodes, and max_nodes outside 3 to 500.
XG_API Figure network(nn::Module& model, const NetworkOptions& options = {});

/// The same from plain layers. Also throws ValueError where weights are not [out, in], sizes are negative or above
/// 2^31, or a layer takes numbers from itself or a later one.
XG_API Figure network(const std::vector<NetworkLayer>& layers, StringRef name, const NetworkOptions& options = {});

}  // namespace xg::viz
