// A model drawn as a graph of boxes with names, types, shapes and numbers of parameters.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/network_layers.hpp>

#include <vector>

namespace xg::nn {
class Module;
}

namespace xg::viz {

/// Options of plot_model().
struct PlotModelOptions {
  bool show_shapes = true;       ///< show input and output shapes of one row
  bool show_layer_names = true;  ///< show names beside the classes
  bool show_parameters = true;   ///< show numbers of parameters
  bool show_activations = true;  ///< show activations of layers with units
  String title = {};             ///< above the picture
  Theme theme = Theme::light;    ///< colours and sizes of text and lines
};

/// Draws one box for each layer, from top to bottom, and arrows along the data flow. `save("model.dot")` writes the
/// same graph as Graphviz text. Throws ValueError for a model without layers.
XG_API Figure plot_model(nn::Module& model, const PlotModelOptions& options = {});
/// The same from plain boxes. Also throws ValueError where a box takes results from itself or a later one.
XG_API Figure plot_model(const std::vector<ModelBox>& boxes, const PlotModelOptions& options = {});

}  // namespace xg::viz
