// An activation function and its derivative.
#pragma once

#include <xgrad/tensor/string_ref.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/figure.hpp>

namespace xg::nn {
class Activation;
}

namespace xg::viz {

/// Options of activation() and activation_curve().
struct ActivationOptions {
  double low = -5;             ///< smallest input
  double high = 5;             ///< largest input
  bool derivative = true;      ///< draw the derivative as well
  String title = {};           ///< above the picture
  double width = 5;            ///< inches
  double height = 3.6;         ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// Draws f(x) at 401 equally spaced x in [low, high] and its derivative as computed by autograd. `f` is a name
/// ("relu"), a function of one tensor, or `{"my name", function}`; it is called once on x as float64 of shape [401, 1].
/// Throws ValueError unless low < high and high - low is finite, and where f does not return as many numbers as it gets
/// (glu).
XG_API Figure activation(const nn::Activation& f, const ActivationOptions& options = {});

/// Draws y_i over x_i and, where given, slope_i as a dashed line. Jumps are drawn as gaps. Throws ValueError where x is
/// empty or the lists differ in length.
XG_API Figure activation_curve(StringRef name, const Data& x, const Data& y, const Data& slope = {},
                               const ActivationOptions& options = {});

}  // namespace xg::viz
