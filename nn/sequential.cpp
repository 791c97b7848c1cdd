#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <atomic>
#include <unordered_map>
#include <vector>

namespace xg::nn {
namespace {

// The shape of a row after all of `layers`, found by a forward pass on zeros.
template <class Children> Shape row_after(const Children& layers, const Shape& row) {
  const NoGrad guard;
  Tensor x = detail::zero_rows(row, default_dtype(), 2);
  for (const auto& child : layers) {
    const detail::EvalMode eval(*child.module);
    x = (*child.module)(x);
  }
  return detail::row_shape(*layers.back().module, x, 2);
}

}  // namespace

Sequential& Sequential::operator=(const Sequential& other) {
  Sequential copy(other);
  return *this = std::move(copy);
}

void Sequential::append_module(std::shared_ptr<Module> layer) {
  if (layer == nullptr) throw ValueError("[Sequential.append] the layer is null.");
  if (!layer->is_built())
    if (const std::optional<Shape> row = input_shape()) layer->build(row_after(child_list(), *row));
  if (!layer->is_built()) std::atomic_ref(known_built_).store(false, std::memory_order_relaxed);
  std::string name = place_name(*layer);
  add_child(std::move(name), std::move(layer));
}

Module& Sequential::operator[](std::int64_t index) const {
  const auto count = static_cast<std::int64_t>(size());
  const std::int64_t i = index < 0 ? index + count : index;
  if (i < 0 || i >= count) raise<IndexError>("[Sequential] index is {}, there are {} layers.", index, count);
  return *child_list()[static_cast<std::size_t>(i)].module;
}

void Sequential::throw_wrong_type(std::int64_t index) const {
  raise<ValueError>("[Sequential.at] layer {} is {}, not of the requested class.", index, (*this)[index].label());
}

Tensor Sequential::forward(const Tensor& x) {
  const std::vector<Child>& layers = child_list();
  if (layers.empty()) return x;
  Tensor y = (*layers.front().module)(x);
  for (std::size_t i = 1; i < layers.size(); ++i) y = (*layers[i].module)(y);
  return y;
}

std::string Sequential::label() const { return name().empty() ? type_name() : name(); }

std::optional<Shape> Sequential::input_shape() const {
  // Layers that keep the shape defer to the first layer that knows its input shape.
  for (const Child& child : child_list()) {
    if (std::optional<Shape> row = child.module->input_shape()) return row;
    if (!child.module->keeps_shape()) break;
  }
  return std::nullopt;
}

// Cached, because nested Sequentials would ask all their descendants on every call.
bool Sequential::is_built() const {
  if (std::atomic_ref(known_built_).load(std::memory_order_relaxed)) return true;
  for (const Child& child : child_list())
    if (!child.module->is_built()) return false;
  std::atomic_ref(known_built_).store(true, std::memory_order_relaxed);
  return true;
}

void Sequential::build(const Shape& row) {
  Shape current = row;
  std::vector<Child> one(1);
  for (const Child& child : child_list()) {
    child.module->build(current);
    one[0] = child;
    current = row_after(one, current);
  }
}

std::shared_ptr<Module> Sequential::clone() const {
  auto copy = std::make_shared<Sequential>(name());
  std::unordered_map<const Module*, std::shared_ptr<Module>> done;  // a layer used twice is cloned once
  for (const Child& child : child_list()) {
    std::shared_ptr<Module>& layer = done[child.module.get()];
    if (layer == nullptr) layer = child.module->clone();
    copy->add_child(child.name, layer);
  }
  copy->train(is_training());
  for (std::size_t i = 0; i < size(); ++i) copy->child_list()[i].module->train(child_list()[i].module->is_training());
  return copy;
}

}  // namespace xg::nn
