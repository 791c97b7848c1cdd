// A model made of nodes, with any number of inputs and outputs.
#pragma once

#include <xgrad/nn/layer.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xg::nn {

/// From inputs to outputs through the layers between them. Layers are children, called by their names or numbers.
class XG_API Model final : public Module {
 public:
  /// Throws ValueError where an output depends on an input that is not listed, or an input is not used.
  Model(const Node& input, const Node& output, StringRef name = {});
  /// The same with several inputs or outputs.
  Model(const std::vector<Node>& inputs, const std::vector<Node>& outputs, StringRef name = {});

  /// For one input and one output. Throws ShapeError for another number.
  Tensor forward(const Tensor& x) override;
  /// One result for each output. Throws ShapeError unless there is one tensor for each input.
  std::vector<Tensor> forward(const std::vector<Tensor>& xs);
  using Module::operator();
  /// forward(xs), inside the scope of this module.
  std::vector<Tensor> operator()(const std::vector<Tensor>& xs);
  std::size_t input_count() const { return inputs_.size(); }    ///< how many tensors forward takes
  std::size_t output_count() const { return outputs_.size(); }  ///< how many it gives

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
    std::vector<std::size_t> inputs;  // numbers of values: the inputs come first, then the results of steps
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

/// Values side by side along the last dimension, as Keras does. Throws ShapeError where other sizes differ, ValueError
/// for fewer than two nodes.
XG_API Node concatenate(const std::vector<Node>& nodes, LayerOptions options = {});
/// a + b + ... Throws ValueError for fewer than two nodes, ShapeError where they do not broadcast.
XG_API Node add(const std::vector<Node>& nodes, LayerOptions options = {});
/// a * b * ... Throws ValueError for fewer than two nodes, ShapeError where they do not broadcast.
XG_API Node multiply(const std::vector<Node>& nodes, LayerOptions options = {});

}  // namespace xg::nn
