// What a model is made of: a table for people, and the same as data for pictures.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace xg::nn {

class Module;

/// One layer, as pictures need it. Shapes are those of one row: without the first dimension.
struct LayerInfo {
  std::string name;                            ///< "h1"; the path from the model where it lies deeper: "block1.fc"
  std::string type;                            ///< "Dense"; "Input" for the first entry
  std::int64_t in = 0;                         ///< features per row that go in; 0 where unknown
  std::int64_t neurons = 0;                    ///< units of a layer that has some, else 0
  std::int64_t out = 0;                        ///< features per row that come out; 0 where unknown
  std::optional<std::string> activation = {};  ///< of a layer with units: "linear" where it has none of its own
  Tensor params = {};                          ///< weight [neurons, in]; undefined without units
  Tensor bias = {};                            ///< [neurons]; undefined without one
  std::optional<Shape> input_shape = {};       ///< of what goes in; none where unknown
  std::optional<Shape> output_shape = {};      ///< of what comes out; none where unknown
  std::int64_t num_parameters = 0;             ///< of this entry alone; 0 where an earlier entry counted them already
  std::int64_t num_trainable = 0;              ///< of num_parameters those that are not frozen
  std::int64_t flops = 0;                      ///< per row: a multiplication and an addition are two
  bool shared = false;                         ///< is this the second or a later use of the same layer?
  std::vector<std::size_t> inputs = {};        ///< numbers of the entries whose results go in
  bool is_input = false;                       ///< an input of the model rather than one of its layers
  bool implied = false;                        ///< an entry for the input of a model that has no layer for it
};

/// Options of summary() and config().
struct SummaryOptions {
  /// Shape of one row, so that shapes are known also for models that do not know their input: a forward of zeros.
  std::optional<Shape> input_shape = {};
};

/// A table of layers: Keras's columns and the floating-point operations of one row.
class XG_API Summary {
 public:
  std::string title;                          ///< the model's name, else its class
  std::vector<LayerInfo> layers;              ///< one entry per row of the table
  std::int64_t total_parameters = 0;          ///< shared ones counted once
  std::int64_t trainable_parameters = 0;      ///< those that are not frozen
  std::int64_t non_trainable_parameters = 0;  ///< frozen parameters; buffers are not parameters
  std::int64_t flops = 0;                     ///< of one row, all layers

  /// Rows `h1 (Dense)  (None, 9)  162  306` between rules. Grows in width; no name is ever cut.
  std::string str() const;
  /// The same as a Markdown table.
  std::string markdown() const;
};

/// Writes str().
XG_API std::ostream& operator<<(std::ostream& out, const Summary& summary);

/// The layers of a model in the order in which data passes them, beginning with an entry for the input (several for a
/// Model with several inputs). Shapes come from a forward of zeros in eval mode, where the model knows its input's
/// shape or `options` names it; where neither is so they stay unknown.
XG_API std::vector<LayerInfo> config(Module& module, SummaryOptions options = {});
/// The table. Throws what the model's forward throws on zeros of the shape in `options`.
XG_API Summary summary(Module& module, SummaryOptions options = {});

}  // namespace xg::nn
