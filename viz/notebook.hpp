// Display of figures in notebooks: kernels of the xeus family find this function by argument-dependent lookup. Not
// included by viz.hpp, because it needs nlohmann-json, which those kernels provide.
#pragma once

#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/scene.hpp>

#include <nlohmann/json.hpp>

namespace xg::viz {

/// The MIME bundle that a notebook shows for a figure: "image/svg+xml" with the picture and "text/plain" with its title
/// and description. Throws as Figure::svg.
inline nlohmann::json mime_bundle_repr(const Figure& figure) {
  const Scene scene = figure.scene();
  nlohmann::json bundle = nlohmann::json::object();
  bundle["image/svg+xml"] = figure.svg();
  bundle["text/plain"] = scene.description.empty() ? scene.title : scene.title + ". " + scene.description;
  return bundle;
}

}  // namespace xg::viz
