#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/nn/detail/release_list.hpp>
#include <xgrad/nn/model.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

namespace xg::nn {
namespace {

const detail::NodeRecord& checked(const std::shared_ptr<const detail::NodeRecord>& record) {
  if (record == nullptr)
    throw ValueError("[Node] the node is undefined: make it with nn::input or by calling a layer.");
  return *record;
}

// The number of rows in the forward on zeros: two, to detect a layer that does not keep the number of rows.
constexpr std::int64_t probe_rows = 2;

}  // namespace

// A model with very many layers is a chain of as many records, too long for recursive destructors.
detail::NodeRecord::~NodeRecord() {
  if (inputs.empty()) return;
  ReleaseList<const NodeRecord> list;
  for (; !inputs.empty(); inputs.pop_back())
    if (inputs.back().record_ != nullptr) list.add(std::move(inputs.back().record_));
}

const Shape& Node::shape() const { return checked(record_).row; }
Dtype Node::dtype() const { return checked(record_).dtype; }
const std::string& Node::name() const { return checked(record_).name; }
const std::vector<Node>& Node::inputs() const { return checked(record_).inputs; }
const std::shared_ptr<Module>& Node::module() const { return checked(record_).module; }
detail::NodeCall Node::call() const { return checked(record_).call; }

Node input(const Shape& row, InputOptions options) {
  for (std::int64_t size : row)
    if (size < 0)
      raise<ShapeError>("[input] shape is {}, sizes must not be negative; the number of rows is not part of it.",
                        row.str());
  auto record = std::make_shared<detail::NodeRecord>();
  record->row = row;
  record->dtype = options.dtype.value_or(default_dtype());
  record->name = std::move(options.name);
  Node node;
  node.record_ = std::move(record);
  return node;
}

Node detail::make_node(std::shared_ptr<Module> module, std::vector<Node> inputs, NodeCall call) {
  if (module == nullptr) throw ValueError("[call] the module is null.");
  if (inputs.empty()) throw ValueError("[call] there is no node to call the module on.");
  if (!module->is_built()) module->build(inputs.front().shape());
  const NoGrad guard;
  const EvalMode eval(*module);
  std::vector<Tensor> zeros_in;
  for (const Node& node : inputs) zeros_in.push_back(zero_rows(node.shape(), node.dtype(), probe_rows));
  const Tensor result = call(*module, zeros_in);
  auto record = std::make_shared<NodeRecord>();
  record->row = row_shape(*module, result, probe_rows);
  record->dtype = result.dtype();
  record->name = module->name();
  record->module = std::move(module);
  record->inputs = std::move(inputs);
  record->call = call;
  Node node;
  node.record_ = std::move(record);
  return node;
}

detail::EvalMode::EvalMode(Module& module) {
  for (Module* m : module.modules()) modes_.emplace_back(m, m->is_training());
  module.eval();
}
detail::EvalMode::~EvalMode() {
  // Children are restored after their parents, whose train() would overwrite their modes.
  for (auto& [module, training] : modes_)
    if (module->is_training() != training) module->train(training);
}

Tensor detail::zero_rows(const Shape& row, Dtype dtype, std::int64_t rows) {
  Shape shape = row;
  shape.insert(0, rows);
  return zeros(shape, {.dtype = dtype});
}

Shape detail::row_shape(const Module& module, const Tensor& result, std::int64_t rows) {
  if (!result.defined() || result.dim() == 0 || result.size(0) != rows)
    raise<ShapeError>("[call] {} gives {} for {} rows, the first size must stay the number of rows.", module.label(),
                      result.defined() ? result.shape().str() : "an undefined tensor", rows);
  return row_of(result);
}

}  // namespace xg::nn
