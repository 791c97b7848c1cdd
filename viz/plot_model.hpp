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

struct PlotModelOptions {
  bool show_shapes = true;
  bool show_layer_names = true;
  bool show_parameters = true;
  bool show_activations = true;
  String title = {};
  Theme theme = Theme::light;
};

/// One box per layer from top to bottom, arrows where results go. `save("model.dot")` writes Graphviz text of the same.
/// Throws ValueError for a model without layers.
XG_API Figure plot_model(nn::Module& model, const PlotModelOptions& options = {});
XG_API Figure plot_model(const std::vector<ModelBox>& boxes, const PlotModelOptions& options = {});

}  // namespace xg::viz
