// What the tests do to xgrad's own ops, for an op of yours, in one line:
//
//     std::cout << check_op([](const Tensor& x) { return Swish::apply(x, 1.5); }, randn({3, 4}, {.dtype = float64}));
#pragma once

#include <xgrad/autograd/gradcheck.hpp>
#include <xgrad/autograd/tensor_functions.hpp>
#include <xgrad/tensor/tensor.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace xg {

/// Options of check_op().
struct CheckOpOptions {
  TensorsFunction reference = {};     ///< what the value must be, computed by other means
  double value_rtol = 1e-10;          ///< relative tolerance of values in float64
  double float32_rtol = 1e-4;         ///< relative tolerance of float32 beside float64
  GradcheckOptions differences = {};  ///< step and tolerances of the comparisons with differences
  bool second_order = true;           ///< check second derivatives, in reverse and over forward mode
  bool attribution = true;            ///< check that the attribution rule is complete
};

/// One thing that was checked.
struct CheckOpPart {
  std::string name;       ///< "first derivative"
  bool passed = true;     ///< whether it agrees; true for what was left out
  bool left_out = false;  ///< whether it does not apply
  std::string message;    ///< what differs and where, or why it was left out
};

/// The result of check_op(), which converts to whether every part passed.
struct XG_API CheckOpResult {
  std::vector<CheckOpPart> parts;  ///< in the order in which they were checked
  /// Whether all parts passed and at least one was checked.
  explicit operator bool() const;
  /// A part by its name. Throws ValueError for an unknown one.
  const CheckOpPart& part(const std::string& name) const;
  std::string str() const;  ///< a line for each part
};
/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const CheckOpResult& result);

/// Checks f at `inputs`: its value against `reference`; first and second derivatives against differences; forward mode
/// against differences and against a sweep; the fused derivative against the one that can be differentiated again;
/// values and gradients over layouts; float32 against float64, with dtypes and shapes of gradients; no rows; the
/// completeness of its attribution between `inputs` and the same elements in reverse order; and calls from several
/// threads, bit by bit. Integer inputs are constants. A part that throws has failed with the error's text, and the
/// others go on; one that does not apply is left out with the reason. The inputs and the default generator are as
/// before afterwards. Throws DtypeError unless the floating-point inputs are float64, ValueError where there is none.
XG_API CheckOpResult check_op(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                              const CheckOpOptions& options = {});
/// Overload for one tensor.
XG_API CheckOpResult check_op(const TensorFunction& f, const Tensor& x, const CheckOpOptions& options = {});

}  // namespace xg
