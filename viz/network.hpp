// A network as circles and links, a column for each layer.
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
  bool description = false;      ///< above each column: name, activation, sum, number of outputs
  bool weights = false;          ///< links as thick as |w|, red for positive, blue for negative
  double width = 10;             ///< inches; grows where descriptions need it
  double height = 8;             ///< inches
  std::size_t max_nodes = 12;    ///< of a column; of wider layers the first ones, dots and the last one are drawn
  StringList input_names = {};   ///< instead of X1, X2, ...
  StringList output_names = {};  ///< instead of y1, y2, ...
  String title = {};             ///< instead of the model's name
  Theme theme = Theme::light;    ///< colours and sizes of text and lines
};

/// The layers from left to right, branches above one another: input and output green, hidden blue, layers without units
/// (dropout) red; links between all pairs, except into layers without units, which are one to one. Throws ValueError
/// where the width of a layer is not known, names do not match the width of their layer, or max_nodes < 3.
XG_API Figure network(nn::Module& model, const NetworkOptions& options = {});

/// The same from plain layers.
XG_API Figure network(const std::vector<NetworkLayer>& layers, StringRef name, const NetworkOptions& options = {});

}  // namespace xg::viz
