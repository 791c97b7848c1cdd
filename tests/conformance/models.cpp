#include "conformance/models.hpp"
#include "conformance/options.hpp"

#include <xgrad/nn/layers.hpp>

namespace xg_conformance {

namespace {

using namespace xg::nn;  // NOLINT

/// Appends one layer to a model, from positional arguments and keywords.
using Append = void (*)(Sequential& model, const Json& args, const Json& kwargs);

/// Positional arguments beyond the first `taken` become keywords by these names.
Json keywords(const Json& args, Json kwargs, std::size_t taken, std::initializer_list<const char*> names) {
  if (kwargs.is_null()) kwargs = Json::object();
  for (std::size_t i = taken; i < args.size(); ++i) {
    if (i - taken >= names.size()) throw Unknown("more arguments than the module takes");
    kwargs[*(names.begin() + (i - taken))] = args[i];
  }
  kwargs.erase("inplace");
  return kwargs;
}

/// An activation without options.
template <class Layer> void plain(Sequential& model, const Json& args, const Json& kwargs) {
  const Json options = keywords(args, kwargs, 0, {"inplace"});
  if (!options.empty()) throw Unknown("option " + options.begin().key());
  model.append(Layer());
}

const std::pair<const char*, Append> layers[] = {
    {"Linear",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(Linear(
           args.at(0).get<std::int64_t>(), args.at(1).get<std::int64_t>(),
           options_of<LinearOptions>(keywords(args, kwargs, 2, {"bias"}), {field("bias", &LinearOptions::bias)})));
     }},
    {"BatchNorm1d",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       using O = BatchNormOptions;
       model.append(BatchNorm1d(
           args.at(0).get<std::int64_t>(),
           options_of<O>(keywords(args, kwargs, 1, {"eps", "momentum", "affine", "track_running_stats"}),
                         {field("eps", &O::eps),
                          {"momentum",
                           [](O& o, const Json& v) {
                             o.momentum = v.is_null() ? std::nullopt : std::optional<double>(v.get<double>());
                           }},
                          field("affine", &O::affine),
                          field("track_running_stats", &O::track_running_stats)})));
     }},
    {"LayerNorm",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       using O = LayerNormOptions;
       const xg::Shape shape = args.at(0).is_array() ? xg::Shape(args.at(0).get<std::vector<std::int64_t>>())
                                                     : xg::Shape{args.at(0).get<std::int64_t>()};
       model.append(
           LayerNorm(shape, options_of<O>(keywords(args, kwargs, 1, {"eps", "elementwise_affine", "bias"}),
                                          {field("eps", &O::eps), field("elementwise_affine", &O::elementwise_affine),
                                           field("bias", &O::bias)})));
     }},
    {"Dropout",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(Dropout(keywords(args, kwargs, 0, {"p", "inplace"}).value("p", 0.5)));
     }},
    {"LeakyReLU",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(
           LeakyReLU(options_of<LeakyReluOptions>(keywords(args, kwargs, 0, {"negative_slope", "inplace"}),
                                                  {field("negative_slope", &LeakyReluOptions::negative_slope)})));
     }},
    {"ELU",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(ELU(options_of<EluOptions>(keywords(args, kwargs, 0, {"alpha", "inplace"}),
                                               {field("alpha", &EluOptions::alpha)})));
     }},
    {"GELU",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(GELU(options_of<GeluOptions>(keywords(args, kwargs, 0, {"approximate"}),
                                                 {{"approximate", [](GeluOptions& o, const Json& v) {
                                                     o.approximate = v == "tanh" ? xg::GeluApproximation::tanh
                                                                                 : xg::GeluApproximation::none;
                                                   }}})));
     }},
    {"Softplus",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       using O = SoftplusOptions;
       model.append(Softplus(options_of<O>(keywords(args, kwargs, 0, {"beta", "threshold"}),
                                           {field("beta", &O::beta), field("threshold", &O::threshold)})));
     }},
    {"Softmax",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(
           Softmax(options_of<DimOptions>(keywords(args, kwargs, 0, {"dim"}), {field("dim", &DimOptions::dim)})));
     }},
    {"LogSoftmax",
     [](Sequential& model, const Json& args, const Json& kwargs) {
       model.append(
           LogSoftmax(options_of<DimOptions>(keywords(args, kwargs, 0, {"dim"}), {field("dim", &DimOptions::dim)})));
     }},
    {"ReLU", plain<ReLU>},
    {"ReLU6", plain<ReLU6>},
    {"SELU", plain<SELU>},
    {"SiLU", plain<SiLU>},
    {"Mish", plain<Mish>},
    {"Sigmoid", plain<Sigmoid>},
    {"Tanh", plain<Tanh>},
    {"Softsign", plain<Softsign>},
    {"LogSigmoid", plain<LogSigmoid>},
    {"Hardsigmoid", plain<Hardsigmoid>},
    {"Hardswish", plain<Hardswish>},
    {"Tanhshrink", plain<Tanhshrink>},
};

void append(Sequential& model, const std::string& module, const Json& args, const Json& kwargs) {
  const auto* row =
      std::find_if(std::begin(layers), std::end(layers), [&](const auto& r) { return r.first == module; });
  if (row == std::end(layers)) throw Unknown("module " + module);
  row->second(model, args, kwargs);
}

}  // namespace

Sequential layer_of(const std::string& module, const Json& args, const Json& kwargs) {
  Sequential model;
  append(model, module, args, kwargs);
  return model;
}

Sequential model_of(const Json& test_case, const Tensors& tensors) {
  Sequential model;
  for (const Json& layer : test_case.at("model"))
    append(model, layer.at("module").get<std::string>(), layer.value("args", Json::array()),
           layer.value("kwargs", Json::object()));
  StateDict state;
  xg::Dtype dtype = xg::float32;
  for (const auto& [name, value] : test_case.at("state").items()) {
    state[name] = tensor_of(value, tensors);
    if (xg::is_floating(state[name].dtype())) dtype = state[name].dtype();
  }
  model.to(dtype);
  for (const auto& [name, value] :
       model.state_dict())  // states leave out the count of batches, as PyTorch's old ones do
    if (name.ends_with("num_batches_tracked")) state.try_emplace(name, value);
  model.load_state_dict(state);
  model.eval();
  return model;
}

}  // namespace xg_conformance
