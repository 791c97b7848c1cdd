// Cases of the kind "explain": attributions of small models by shap and captum, Shapley values by enumeration.
#include "conformance/models.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/explain/explain.hpp>

namespace xg_conformance {
namespace {

using namespace xg;           // NOLINT
using namespace xg::explain;  // NOLINT

struct Inputs {
  nn::Sequential& model;
  Tensor background, rows;
  const Json& args;
  std::optional<std::int64_t> target() const {
    return args.contains("target") ? std::optional<std::int64_t>(args.at("target").get<std::int64_t>()) : std::nullopt;
  }
  Tensor baseline() const { return background.narrow(0, 0, 1); }
};

/// What a method found: [rows, features, outputs], and the expected value of each output where it has one.
struct Found {
  Tensor values, expected;
  Found(const Explanation& explanation) : values(explanation.values()) {}  // NOLINT
  template <class Explainer> Found(const Explainer& explainer, const Tensor& rows)
      : values(explainer(rows).values()), expected(explainer.expected_value()) {}
};

/// A method by its name in the file, the arguments it knows, and whether its values are of one output ([rows,
/// features]).
struct Method {
  const char* name;
  std::vector<const char*> arguments;
  bool single_output;
  Found (*explain)(const Inputs& in);
};

const Method methods[] = {
    {"DeepShap",
     {},
     false,
     [](const Inputs& in) -> Found { return {DeepShap(in.model, in.background, {.output = Output::model}), in.rows}; }},
    {"DeepShap.ranked",
     {"ranked_outputs"},
     false,
     [](const Inputs& in) -> Found {
       const auto outputs = in.args.at("ranked_outputs").get<std::int64_t>();
       return {DeepShap(in.model, in.background, {.output = Output::model, .ranked_outputs = outputs}), in.rows};
     }},
    {"DeepLiftShap",
     {"target"},
     true,
     [](const Inputs& in) -> Found {
       return DeepShap(in.model, in.background, {.output = Output::model, .target = in.target()})(in.rows);
     }},
    {"DeepLift",
     {"target"},
     true,
     [](const Inputs& in) -> Found {
       return DeepLift(in.model, {.baseline = in.baseline(), .output = Output::model, .target = in.target()})(in.rows);
     }},
    {"DeepLift.multipliers",
     {"target"},
     true,
     [](const Inputs& in) -> Found {
       return DeepLift(
           in.model,
           {.baseline = in.baseline(), .output = Output::model, .target = in.target(), .multipliers = true})(in.rows);
     }},
    {"IntegratedGradients",
     {"target", "n_steps", "method"},
     true,
     [](const Inputs& in) -> Found {
       return IntegratedGradients(
           in.model, {.steps = in.args.value("n_steps", std::int64_t{50}),
                      .method = quadrature_from_name(in.args.value("method", std::string("gausslegendre"))),
                      .baseline = in.baseline(),
                      .target = in.target(),
                      .output = Output::model})(in.rows);
     }},
    {"Saliency",
     {"target", "abs"},
     true,
     [](const Inputs& in) -> Found {
       return Saliency(in.model,
                       {.abs = in.args.value("abs", true), .output = Output::model, .target = in.target()})(in.rows);
     }},
    {"InputXGradient",
     {"target"},
     true,
     [](const Inputs& in) -> Found {
       return InputXGradient(in.model, {.output = Output::model, .target = in.target()})(in.rows);
     }},
    {"ExactShapley",
     {},
     false,
     [](const Inputs& in) -> Found {
       return {ExactShapley(in.model, in.background, {.output = Output::model}), in.rows};
     }},
};

std::string label(const Json& test_case) { return test_case.at("method").get<std::string>(); }

void run(const Json& test_case, const Tensors& tensors) {
  const std::string name = label(test_case);
  const auto* method =
      std::find_if(std::begin(methods), std::end(methods), [&](const Method& m) { return m.name == name; });
  if (method == std::end(methods)) throw Unknown("method " + name);
  const Json& args = test_case.at("args");
  for (const auto& [argument, value] : args.items())
    if (std::find(method->arguments.begin(), method->arguments.end(), argument) == method->arguments.end())
      throw Unknown("argument " + argument);
  nn::Sequential model = model_of(test_case, tensors);
  const Found found = method->explain(
      {model, tensor_of(test_case.at("background"), tensors), tensor_of(test_case.at("inputs"), tensors), args});

  const Tolerance allowed = tolerance_of(test_case);
  const Tensor& values = tensor_of(test_case.at("values"), tensors);
  expect_close("values", method->single_output ? found.values.select(2, 0) : found.values, values, allowed);
  if (test_case.contains("base_values"))
    expect_close("base values", found.expected, tensor_of(test_case.at("base_values"), tensors), allowed);
}

}  // namespace

const Kind explain_kind{"explain", label, run};

}  // namespace xg_conformance
