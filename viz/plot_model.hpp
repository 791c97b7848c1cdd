// A model as boxes: names, types, shapes, parameters.
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
  bool show_shapes = true;       ///< shapes of a row in and out
  bool show_layer_names = true;  ///< names beside the classes
  bool show_parameters = true;   ///< numbers of parameters
  bool show_activations = true;  ///< activations of layers with units
  String title = {};             ///< above the picture
  Theme theme = Theme::light;    ///< colours and sizes of text and lines
};

/// One box per layer from top to bottom, arrows where results go. `save("model.dot")` writes Graphviz text of the same.
/// Throws ValueError for a model without layers.
XG_API Figure plot_model(nn::Module& model, const PlotModelOptions& options = {});
/// The same from plain boxes.
XG_API Figure plot_model(const std::vector<ModelBox>& boxes, const PlotModelOptions& options = {});

}  // namespace xg::viz
