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
  double low = -5;             ///< of the inputs
  double high = 5;             ///< of the inputs
  bool derivative = true;      ///< draw the derivative as well
  String title = {};           ///< above the picture
  double width = 5;            ///< inches
  double height = 3.6;         ///< inches
  Theme theme = Theme::light;  ///< colours and sizes of text and lines
};

/// A function of one tensor over [low, high], with its derivative as autograd finds it: a name ("relu"), a function, or
/// `{"my name", function}`. Throws ValueError unless low < high, and for a function that does not give
/// one number for one (glu).
XG_API Figure activation(const nn::Activation& f, const ActivationOptions& options = {});

/// The curve y over x and, where given, its slope. Throws ValueError where the lists differ in length or are empty.
XG_API Figure activation_curve(StringRef name, const Data& x, const Data& y, const Data& slope = {},
                               const ActivationOptions& options = {});

}  // namespace xg::viz
