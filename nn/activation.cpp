#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xg::nn {
namespace {

using Pointer = Tensor (*)(const Tensor&);

// (x + sqrt(x^2 + 4)) / 2
Tensor squareplus(const Tensor& x) {
  return (x + hypot(x, full_like(x, 2.0))) * 0.5;  // the square would overflow
}

// 0 where x <= -1, (x + 1)^2 / 4 where x < 1, else x
Tensor sparse_plus(const Tensor& x) {
  // Clamped so that the parabola's derivative is finite in the branches that are not taken.
  return where(x <= -1, zeros_like(x), where(x < 1, square(clamp(x, -1.0, 1.0) + 1.0) * 0.25, x));
}

Tensor sparse_sigmoid(const Tensor& x) { return clamp((x + 1.0) * 0.5, 0.0, 1.0); }

// The projection of x onto the probability simplex along the last dimension. Martins & Astudillo 2016,
// arXiv:1602.02068.
Tensor sparsemax(const Tensor& x) {
  const Tensor sorted = sort(x, -1, true).first;
  const Tensor sums = cumsum(sorted, -1);
  const Tensor rank = arange(1, x.size(-1) + 1, 1, {.dtype = x.dtype()});
  const Tensor support = (rank * sorted + 1.0 > sums).to(Dtype::int64).sum(-1, true);
  const Tensor threshold = (gather(sums, -1, support - 1) - 1.0) / support.to(x.dtype());
  return relu(x - threshold);
}

struct Named {
  std::string_view name;
  Pointer function;  // null for the identity
};

// Where Keras and PyTorch differ in a default, it is Keras's, since activations by name are Keras's convention.
constexpr std::array<Named, 43> table{{
    {"linear", nullptr},
    {"relu", &xg::relu},
    {"sigmoid", &xg::sigmoid},
    {"tanh", &xg::tanh},
    {"softmax", [](const Tensor& x) { return softmax(x, -1); }},
    {"elu", [](const Tensor& x) { return elu(x); }},
    {"selu", &xg::selu},
    {"celu", [](const Tensor& x) { return celu(x); }},
    {"gelu", [](const Tensor& x) { return gelu(x); }},
    {"silu", &xg::silu},
    {"swish", &xg::silu},
    {"mish", &xg::mish},
    {"softplus", [](const Tensor& x) { return softplus(x); }},
    {"softsign", &xg::softsign},
    {"relu6", &xg::relu6},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.2); }},
    {"exponential", &xg::exp},
    {"log_softmax", [](const Tensor& x) { return log_softmax(x, -1); }},
    {"log_sigmoid", &xg::logsigmoid},
    {"hard_sigmoid", &xg::hardsigmoid},
    {"hard_silu", &xg::hardswish},
    {"hard_swish", &xg::hardswish},
    {"hard_tanh", [](const Tensor& x) { return hardtanh(x); }},
    {"hard_shrink", [](const Tensor& x) { return hardshrink(x); }},
    {"soft_shrink", [](const Tensor& x) { return softshrink(x); }},
    {"tanh_shrink", &xg::tanhshrink},
    {"squareplus", &squareplus},
    {"sparse_plus", &sparse_plus},
    {"sparse_sigmoid", &sparse_sigmoid},
    {"sparsemax", &sparsemax},
    {"glu",
     [](const Tensor& x) {
       return narrow(x, -1, 0, x.size(-1) / 2) * sigmoid(narrow(x, -1, x.size(-1) / 2, x.size(-1) / 2));
     }},
    {"identity", nullptr},
    {"exp", &xg::exp},
    {"logsigmoid", &xg::logsigmoid},
    {"hardsigmoid", &xg::hardsigmoid},
    {"hardswish", &xg::hardswish},
    {"hardtanh", [](const Tensor& x) { return hardtanh(x); }},
    {"hardshrink", [](const Tensor& x) { return hardshrink(x); }},
    {"softshrink", [](const Tensor& x) { return softshrink(x); }},
    {"tanhshrink", &xg::tanhshrink},
    {"softmin", [](const Tensor& x) { return softmin(x, -1); }},
    {"binary_step", &xg::step},
    {"sin", &xg::sin},
}};

}  // namespace

Activation::Activation(ByName named) {
  const std::string_view name = named.name;
  const auto found = std::find_if(table.begin(), table.end(), [&](const Named& entry) { return entry.name == name; });
  if (found == table.end())
    raise<ValueError>("[Activation] \"{}\" is unknown, known are {}; or pass {{\"{}\", function}}.", name,
                      fmt::join(names(), ", "), name);
  if (found->function == nullptr) return;
  name_ = name;
  function_ = found->function;
}

Activation::Activation(StringRef name, Function function) : name_(name.str()), function_(std::move(function)) {
  if (!function_)
    raise<ValueError>("[Activation] the function of \"{}\" is empty, it must take and give a tensor.", name_);
}

Activation::Activation(Tensor (*function)(const Tensor&)) : Activation("custom", function) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Named& entry) { return entry.function == function; });
  if (found != table.end()) name_ = found->name;
}

std::vector<std::string> Activation::names() {
  std::vector<std::string> all;
  for (const Named& entry : table) all.emplace_back(entry.name);
  return all;
}

}  // namespace xg::nn
