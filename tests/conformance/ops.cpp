// Cases of the kind "ops": values and gradients of single ops.
#include "conformance/args.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/tensor/creation.hpp>

#include <fmt/format.h>

namespace xg_conformance {
namespace {

std::string label(const Json& test_case) { return test_case.at("op").get<std::string>(); }

void run(const Json& test_case, const Tensors& tensors) {
  const OpRow& row = op_row(test_case.at("op").get_ref<const std::string&>());
  const Args args(row.signature, test_case, tensors);
  const std::vector<xg::Tensor> results = row.call(args).tensors;
  const Tolerance allowed = tolerance_of(test_case);

  const Json& wanted = test_case.at("out");
  if (results.size() != wanted.size())
    throw Mismatch(fmt::format("{} outputs, wanted {}", results.size(), wanted.size()));
  for (std::size_t i = 0; i < results.size(); ++i)
    expect_close(fmt::format("output {}", i), results[i].detach(), tensor_of(wanted[i], tensors), allowed);

  if (!test_case.contains("grads") || test_case.at("grads").empty()) return;
  const Json& wanted_grads = test_case.at("grads");
  std::vector<xg::Tensor> outputs, cotangents, inputs;
  for (const auto& [number, cotangent] : test_case.at("grad_out").items()) {
    const xg::Tensor& output = results.at(std::stoul(number));
    if (!output.requires_grad()) continue;
    outputs.push_back(output);
    cotangents.push_back(tensor_of(cotangent, tensors));
  }
  for (const auto& [path, value] : wanted_grads.items()) inputs.push_back(args.leaves().at(path));
  std::vector<xg::Tensor> grads(inputs.size());
  if (!outputs.empty()) grads = xg::grad(outputs, inputs, cotangents, {.allow_unused = true});
  std::size_t i = 0;
  for (const auto& [path, value] : wanted_grads.items()) {
    const xg::Tensor got = grads[i].defined() ? grads[i] : xg::zeros_like(inputs[i].detach());
    expect_close("gradient of " + path, got, tensor_of(value, tensors), allowed);
    ++i;
  }
}

}  // namespace

const Kind ops_kind{"ops", label, run};

}  // namespace xg_conformance
