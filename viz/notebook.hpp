// Figures in notebooks: kernels of the xeus family find this function by its argument. Opt-in, because it includes
// nlohmann-json, which those kernels bring along.
#pragma once

#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/scene.hpp>

#include <nlohmann/json.hpp>

namespace xg::viz {

/// What a notebook shows for a figure: the picture as SVG, and its title and description as text.
inline nlohmann::json mime_bundle_repr(const Figure& figure) {
  const Scene scene = figure.scene();
  nlohmann::json bundle = nlohmann::json::object();
  bundle["image/svg+xml"] = figure.svg();
  bundle["text/plain"] = scene.description.empty() ? scene.title : scene.title + ". " + scene.description;
  return bundle;
}

}  // namespace xg::viz
