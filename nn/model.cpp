#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/nn/model.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xg::nn {

Model::Model(const Node& input, const Node& output, StringRef name)
    : Model(std::vector<Node>{input}, std::vector<Node>{output}, name) {}

Model::Model(const std::vector<Node>& inputs, const std::vector<Node>& outputs, StringRef name) : Module(name) {
  if (inputs.empty()) throw ValueError("[Model] there is no input node: make one with nn::input.");
  if (outputs.empty()) throw ValueError("[Model] there is no output node: call a layer on the input.");
  std::unordered_map<const void*, std::size_t> numbers;
  for (const Node& node : inputs) {
    if (node.module() != nullptr)
      raise<ValueError>("[Model] input {} is the result of {}, it must be made with nn::input.", inputs_.size(),
                        node.module()->label());
    if (!numbers.emplace(node.id(), inputs_.size()).second)
      raise<ValueError>("[Model] input \"{}\" is listed twice.", node.name());
    inputs_.push_back({node.name().empty()
                           ? (inputs.size() == 1 ? "input" : fmt::format("input_{}", inputs_.size() + 1))
                           : node.name(),
                       node.shape()});
  }
  // Topological order of the nodes, with an explicit stack because models may be deep.
  std::unordered_set<const void*> used;
  std::unordered_set<const Module*> known;
  const auto visit = [&](const Node& root) {
    std::vector<std::pair<Node, std::size_t>> stack{{root, 0}};
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (numbers.contains(node.id())) {
        used.insert(node.id());
        stack.pop_back();
        continue;
      }
      if (node.module() == nullptr)
        raise<ValueError>("[Model] an output depends on input \"{}\", which is not among the model's inputs: list it.",
                          node.name());
      if (next < node.inputs().size()) {
        const Node input = node.inputs()[next++];
        stack.emplace_back(input, 0);
        continue;
      }
      Step step{node.module().get(), node.call(), {}, node.shape()};
      for (const Node& input : node.inputs()) step.inputs.push_back(numbers.at(input.id()));
      if (known.insert(node.module().get()).second) add_child(place_name(*node.module()), node.module());
      numbers.emplace(node.id(), inputs_.size() + steps_.size());
      steps_.push_back(std::move(step));
      stack.pop_back();
    }
  };
  for (const Node& output : outputs) {
    visit(output);
    outputs_.push_back(numbers.at(output.id()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!used.contains(inputs[i].id()))
      raise<ValueError>("[Model] no output depends on input \"{}\": leave it out, or call a layer on it.",
                        inputs_[i].name);
}

void Model::run(std::span<const Tensor> xs, std::span<Tensor> values) {
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (xs[i].dim() == 0 || !(detail::row_of(xs[i]) == inputs_[i].row))
      raise<ShapeError>("[Model] input \"{}\" is {}, a row of it must be {}.", inputs_[i].name, xs[i].shape().str(),
                        inputs_[i].row.str());
    values[i] = xs[i];
  }
  Tensor arguments[8];
  std::vector<Tensor> many;
  std::size_t next = xs.size();
  for (const Step& step : steps_) {
    const std::size_t count = step.inputs.size();
    if (count == 1) {
      values[next++] = step.call(*step.module, {&values[step.inputs[0]], 1});
      continue;
    }
    if (count > std::size(arguments)) many.resize(count);
    Tensor* first = count > std::size(arguments) ? many.data() : arguments;
    for (std::size_t i = 0; i < count; ++i) first[i] = values[step.inputs[i]];
    values[next++] = step.call(*step.module, {first, count});
  }
}

Tensor Model::forward(const Tensor& x) {
  if (inputs_.size() != 1 || outputs_.size() != 1)
    raise<ShapeError>(
        "[Model] called on one tensor, the model has {} inputs and {} outputs: pass a vector with one tensor for each "
        "input.",
        inputs_.size(), outputs_.size());
  constexpr std::size_t few = 32;  // values of common models need no memory from the system
  if (1 + steps_.size() <= few) {
    Tensor values[few];
    run({&x, 1}, {values, 1 + steps_.size()});
    return std::move(values[outputs_[0]]);
  }
  std::vector<Tensor> values(1 + steps_.size());
  run({&x, 1}, values);
  return std::move(values[outputs_[0]]);
}

std::vector<Tensor> Model::forward(const std::vector<Tensor>& xs) {
  if (xs.size() != inputs_.size())
    raise<ShapeError>("[Model] called on {} tensors, the model has {} inputs.", xs.size(), inputs_.size());
  std::vector<Tensor> values(inputs_.size() + steps_.size());
  run(xs, values);
  std::vector<Tensor> results;
  for (std::size_t output : outputs_) results.push_back(values[output]);
  return results;
}

std::vector<Tensor> Model::operator()(const std::vector<Tensor>& xs) {
  const Scope scope(scope_label());
  return forward(xs);
}

std::string Model::label() const { return name().empty() ? type_name() : name(); }

std::optional<Shape> Model::input_shape() const {
  return inputs_.size() == 1 ? std::optional(inputs_[0].row) : std::nullopt;
}

std::shared_ptr<Module> Model::clone() const {
  std::shared_ptr<Model> copy(new Model(Bare{}));
  copy->set_name(name());
  copy->inputs_ = inputs_;
  copy->steps_ = steps_;
  copy->outputs_ = outputs_;
  std::unordered_map<const Module*, Module*> twins;
  for (const Child& child : child_list()) {
    std::shared_ptr<Module> twin = child.module->clone();
    twins[child.module.get()] = twin.get();
    copy->add_child(child.name, std::move(twin));
  }
  for (Step& step : copy->steps_) step.module = twins.at(step.module);
  copy->train(is_training());
  for (const Child& child : child_list()) twins.at(child.module.get())->train(child.module->is_training());
  return copy;
}

std::vector<LayerInfo> Model::layers(const SummaryOptions&) {
  std::vector<LayerInfo> list;
  std::unordered_set<const xg::detail::TensorImpl*> counted;
  std::unordered_set<const Module*> seen;
  for (const Input& input : inputs_) {
    LayerInfo info;
    info.name = input.name;
    info.type = "Input";
    info.is_input = true;
    info.in = info.out = input.row.numel();
    info.input_shape = info.output_shape = input.row;
    list.push_back(std::move(info));
  }
  for (const Step& step : steps_) {
    LayerInfo info;
    info.name = step.module->name();
    info.type = step.module->type_name();
    info.inputs = step.inputs;
    info.input_shape = list[step.inputs[0]].output_shape;
    info.output_shape = step.row;
    for (std::size_t input : step.inputs) info.in += list[input].out;
    info.out = step.row.numel();
    step.module->describe(info);
    if (step.module->children().empty())
      info.flops = step.module->flops(*info.input_shape, step.row);
    else if (step.inputs.size() == 1)
      for (const LayerInfo& inner : nn::config(*step.module, {.input_shape = info.input_shape}))
        info.flops += inner.flops;
    for (const Tensor& p : step.module->parameters()) {
      if (!counted.insert(p.unsafe_impl()).second) continue;
      info.num_parameters += p.numel();
      if (p.requires_grad()) info.num_trainable += p.numel();
    }
    info.shared = !seen.insert(step.module).second;
    list.push_back(std::move(info));
  }
  return list;
}

namespace {

Tensor call_list(Module& module, std::span<const Tensor> xs);

// A layer with any number of inputs.
struct Join : Module {
  using Module::forward;
  using Module::Module;
  virtual Tensor forward(std::span<const Tensor> xs) = 0;
  static Node of(std::shared_ptr<Join> join, const char* what, const std::vector<Node>& nodes) {
    if (nodes.size() < 2) raise<ValueError>("[{}] {} nodes are given, it needs at least 2.", what, nodes.size());
    return detail::make_node(std::move(join), nodes, &call_list);
  }
};

Tensor call_list(Module& module, std::span<const Tensor> xs) {
  const Scope scope(module.scope_label());
  return static_cast<Join&>(module).forward(xs);
}

struct Concatenate final : Join {
  using Join::Join;
  Tensor forward(std::span<const Tensor> xs) override { return cat({xs.begin(), xs.end()}, -1); }
  std::shared_ptr<Module> clone() const override { return std::make_shared<Concatenate>(name()); }
};

struct Add final : Join {
  using Join::Join;
  Tensor forward(std::span<const Tensor> xs) override {
    Tensor sum = xs[0] + xs[1];
    for (const Tensor& x : xs.subspan(2)) sum = sum + x;
    return sum;
  }
  std::shared_ptr<Module> clone() const override { return std::make_shared<Add>(name()); }
};

struct Multiply final : Join {
  using Join::Join;
  Tensor forward(std::span<const Tensor> xs) override {
    Tensor product = xs[0] * xs[1];
    for (const Tensor& x : xs.subspan(2)) product = product * x;
    return product;
  }
  std::shared_ptr<Module> clone() const override { return std::make_shared<Multiply>(name()); }
};

}  // namespace

Node concatenate(const std::vector<Node>& nodes, LayerOptions options) {
  return Join::of(std::make_shared<Concatenate>(std::move(options.name)), "concatenate", nodes);
}
Node add(const std::vector<Node>& nodes, LayerOptions options) {
  return Join::of(std::make_shared<Add>(std::move(options.name)), "add", nodes);
}
Node multiply(const std::vector<Node>& nodes, LayerOptions options) {
  return Join::of(std::make_shared<Multiply>(std::move(options.name)), "multiply", nodes);
}

}  // namespace xg::nn
