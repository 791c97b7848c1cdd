#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/nn/detail/node_record.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xg::nn {
namespace {

std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > (number < 0 ? 1 : 0); i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

std::string batch_shape(const std::optional<Shape>& row) {
  if (!row) return "?";
  std::string text = "(None";
  for (std::int64_t size : *row) text += fmt::format(", {}", size);
  return text + ")";
}

using Row = std::array<std::string, 4>;

Row cells(const LayerInfo& layer) {
  return {fmt::format("{} ({}){}", layer.name, layer.type, layer.shared ? ", again" : ""),
          batch_shape(layer.output_shape), with_commas(layer.num_parameters), with_commas(layer.flops)};
}

constexpr std::array<const char*, 4> headings{"Layer (type)", "Output Shape", "Param #", "FLOPs"};

// Sees which modules are called, on what and with what result.
struct CallRecorder : ForwardObserver {
  struct Call {
    Module* module;
    Tensor input, output;  // kept, so that addresses stay unique
  };
  std::vector<Call> calls;
  void after(Module& module, const Tensor& input, const Tensor& output) override {
    calls.push_back({&module, input, output});
  }
};

// A forward on zeros of the row's shape; as integers where the model needs them (an embedding comes first).
void run_on_zeros(Module& module, const Shape& row) {
  const NoGrad guard;
  const detail::EvalMode eval(module);
  const std::vector<Tensor> parameters = module.parameters();
  const Dtype dtype = parameters.empty() ? default_dtype() : parameters.front().dtype();
  try {
    module(detail::zero_rows(row, dtype, 2));
  } catch (const DtypeError&) {
    module(detail::zero_rows(row, Dtype::int64, 2));
  }
}

}  // namespace

std::vector<LayerInfo> Module::layers(const SummaryOptions& options) {
  const std::optional<Shape> row = options.input_shape ? options.input_shape : input_shape();
  const auto named = named_modules();
  std::unordered_map<const Module*, std::string> paths;
  for (const auto& [path, module] : named) paths[module] = path;

  CallRecorder recorder;
  if (row) run_on_zeros(*this, *row);

  std::vector<LayerInfo> list;
  LayerInfo first;
  first.name = "input";
  first.type = "Input";
  first.is_input = true;
  first.implied = true;
  if (row) {
    first.in = first.out = row->numel();
    first.input_shape = first.output_shape = row;
  }
  list.push_back(first);

  std::unordered_set<const xg::detail::TensorImpl*> counted;
  std::unordered_set<const Module*> seen;
  // The entry whose result a tensor is, so that branches are drawn as such; otherwise the previous entry is assumed.
  std::unordered_map<const xg::detail::TensorImpl*, std::size_t> made_by;
  const auto add_entry = [&](Module& module, const Tensor* in, const Tensor* out) {
    LayerInfo info;
    info.name = paths[&module];
    if (info.name.empty()) info.name = module.name().empty() ? module.type_name() : module.name();
    info.type = module.type_name();
    if (in != nullptr) {
      info.input_shape = detail::row_of(*in);
      info.output_shape = detail::row_of(*out);
      info.in = info.input_shape->numel();
      info.out = info.output_shape->numel();
      info.flops = module.flops(*info.input_shape, *info.output_shape);
    }
    module.describe(info);
    const auto source = in != nullptr ? made_by.find(in->unsafe_impl()) : made_by.end();
    info.inputs = {source != made_by.end() ? source->second : list.size() - 1};
    info.shared = !seen.insert(&module).second;
    for (const Entry& p : module.parameters_) {
      if (!counted.insert(p.tensor.unsafe_impl()).second) continue;
      info.num_parameters += p.tensor.numel();
      if (p.tensor.requires_grad()) info.num_trainable += p.tensor.numel();
    }
    list.push_back(std::move(info));
  };
  const auto is_entry = [](const Module& module) { return module.children_.empty() || !module.parameters_.empty(); };
  for (const CallRecorder::Call& call : recorder.calls) {
    if (is_entry(*call.module)) add_entry(*call.module, &call.input, &call.output);
    made_by[call.output.unsafe_impl()] = list.size() - 1;
  }
  for (const auto& [path, module] : named)
    if (!seen.contains(module) && is_entry(*module) && !(module == this && !children_.empty() && parameters_.empty()))
      add_entry(*module, nullptr, nullptr);
  if (!row && list.size() > 1)
    list[0].in = list[0].out = list[1].in;  // a first layer with units knows how many features it takes
  return list;
}

std::vector<LayerInfo> config(Module& module, SummaryOptions options) { return module.layers(options); }

Summary summary(Module& module, SummaryOptions options) {
  Summary result;
  result.title = module.name().empty() ? module.type_name() : module.name();
  result.layers = module.layers(options);
  for (const Tensor& p : module.parameters()) {
    result.total_parameters += p.numel();
    (p.requires_grad() ? result.trainable_parameters : result.non_trainable_parameters) += p.numel();
  }
  for (const LayerInfo& layer : result.layers) result.flops += layer.flops;
  return result;
}

std::string Summary::str() const {
  std::vector<Row> rows;
  for (const LayerInfo& layer : layers)
    if (!layer.implied) rows.push_back(cells(layer));
  std::array<std::size_t, 4> widths{29, 26, 10, 8};  // Keras's columns; they grow with their contents
  for (std::size_t c = 0; c < 4; ++c) {
    widths[c] = std::max(widths[c], io::count_characters(headings[c]) + 2);
    for (const Row& row : rows) widths[c] = std::max(widths[c], io::count_characters(row[c]) + 2);
  }
  const std::size_t total = widths[0] + widths[1] + widths[2] + widths[3];
  const std::string thin(total, '_'), thick(total, '=');
  const auto line = [&](const auto& row) {
    std::string text;
    for (std::size_t c = 0; c < 4; ++c) {
      const std::string cell = row[c];
      text += cell;
      if (c < 3) text.append(widths[c] - io::count_characters(cell), ' ');
    }
    return text + "\n";
  };
  std::string text = fmt::format("Model: \"{}\"\n{}\n{}{}\n", title, thin, line(headings), thick);
  for (std::size_t i = 0; i < rows.size(); ++i) text += line(rows[i]) + (i + 1 < rows.size() ? thin : thick) + "\n";
  text += fmt::format("Total params: {}\nTrainable params: {}\nNon-trainable params: {}\nFLOPs per row: {}\n{}",
                      with_commas(total_parameters), with_commas(trainable_parameters),
                      with_commas(non_trainable_parameters), with_commas(flops), thin);
  return text;
}

std::string Summary::markdown() const {
  const auto escaped = [](std::string text) {
    for (std::size_t i = 0; (i = text.find('|', i)) != std::string::npos; i += 2) text.insert(i, "\\");
    return text;
  };
  std::string text =
      fmt::format("**{}**\n\n| Layer (type) | Output Shape | Param # | FLOPs |\n|---|---|--:|--:|\n", escaped(title));
  for (const LayerInfo& layer : layers) {
    if (layer.implied) continue;
    const Row row = cells(layer);
    text += fmt::format("| {} | {} | {} | {} |\n", escaped(row[0]), row[1], row[2], row[3]);
  }
  text += fmt::format("\nTotal params: {} (trainable {}, non-trainable {}); FLOPs per row: {}\n",
                      with_commas(total_parameters), with_commas(trainable_parameters),
                      with_commas(non_trainable_parameters), with_commas(flops));
  return text;
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << summary.str(); }

}  // namespace xg::nn
