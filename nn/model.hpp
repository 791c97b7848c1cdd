// A model made of nodes, with any number of inputs and outputs.
#pragma once

#include <xgrad/nn/layer.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xg::nn {

/// The graph of layers between input nodes and output nodes. The layers are children, named as Sequential names them.
class XG_API Model final : public Module {
 public:
  /// Throws ValueError if an output depends on an input that is not listed, an input is listed twice, is not used or
  /// was not made by nn::input, or a node is undefined.
  Model(const Node& input, const Node& output, StringRef name = {});
  /// A model with several inputs or outputs. Throws as above, and for no inputs or outputs.
  Model(const std::vector<Node>& inputs, const std::vector<Node>& outputs, StringRef name = {});

  /// The output for x [rows, ...]. Throws ShapeError unless the model has one input and one output, and where rows of x
  /// do not have the input's shape.
  Tensor forward(const Tensor& x) override;
  /// One result for each output. Throws ShapeError unless there is one tensor [rows, ...] for each input, whose rows
  /// have the input's shape.
  std::vector<Tensor> forward(const std::vector<Tensor>& xs);
  using Module::operator();
  /// forward(xs), inside the scope of this module, so that errors carry its path.
  std::vector<Tensor> operator()(const std::vector<Tensor>& xs);
  std::size_t input_count() const { return inputs_.size(); }    ///< number of tensors that forward takes
  std::size_t output_count() const { return outputs_.size(); }  ///< number of tensors that forward returns

  std::string label() const override;
  std::optional<Shape> input_shape() const override;
  std::shared_ptr<Module> clone() const override;

 private:
  struct Input {
    std::string name;
    Shape row;
  };
  struct Step {
    Module* module;
    detail::NodeCall call;
    std::vector<std::size_t> inputs;  // indices of values: the model's inputs come first, then the results of steps
    Shape row;
  };
  struct Bare {};
  explicit Model(Bare) {}
  std::vector<LayerInfo> layers(const SummaryOptions& options) override;
  void run(std::span<const Tensor> xs, std::span<Tensor> values);

  std::vector<Input> inputs_;
  std::vector<Step> steps_;
  std::vector<std::size_t> outputs_;
};

/// Concatenates along the last dimension, as Keras does: [..., a] and [..., b] give [..., a + b]. Throws ShapeError
/// where other sizes differ, ValueError for fewer than two nodes.
XG_API Node concatenate(const std::vector<Node>& nodes, LayerOptions options = {});
/// a + b + ... Throws ValueError for fewer than two nodes, ShapeError where they do not broadcast.
XG_API Node add(const std::vector<Node>& nodes, LayerOptions options = {});
/// a * b * ... Throws ValueError for fewer than two nodes, ShapeError where they do not broadcast.
XG_API Node multiply(const std::vector<Node>& nodes, LayerOptions options = {});

}  // namespace xg::nn
