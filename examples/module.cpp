// A module of your own with a residual link: its parameters by name, frozen ones, its state in a dictionary and a file.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <iostream>

using namespace xg;

// y = x + scale * W2 gelu(W1 norm(x))
struct ResidualBlock : nn::Module {
  nn::LayerNorm& norm;
  nn::Linear& widen;
  nn::Linear& narrow;
  Tensor scale;
  ResidualBlock(int64_t n, int64_t hidden)
      : norm(add<nn::LayerNorm>("norm", Shape{n})),
        widen(add<nn::Linear>("widen", n, hidden)),
        narrow(add("narrow", nn::Linear(hidden, n, {.bias = false}))),
        scale(param("scale", ones({n}))) {}
  Tensor forward(const Tensor& x) override { return x + scale * narrow(gelu(widen(norm(x)))); }
};

struct Net : nn::Module {
  ResidualBlock& block1;
  ResidualBlock& block2;
  nn::Linear& head;
  explicit Net(int64_t n)
      : nn::Module("Net"),
        block1(add<ResidualBlock>("block1", n, 2 * n)),
        block2(add<ResidualBlock>("block2", n, 2 * n)),
        head(add<nn::Linear>("head", n, 1)) {}
  Tensor forward(const Tensor& x) override { return head(block2(block1(x))); }
};

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/module";
  std::filesystem::create_directories(out);
  manual_seed(0);

  Net net(6);
  std::cout << net.summary({.input_shape = Shape{6}}) << "\n";
  for (const auto& [name, parameter] : net.named_parameters()) std::cout << name << " " << parameter.shape() << "\n";

  // Other initial values for all matrices; frozen parameters get no gradient.
  for (Tensor p : net.parameters())
    if (p.dim() == 2) nn::init::kaiming_normal(p);
  net.block1.requires_grad_(false);
  Tensor X = randn({5, 6});
  net(X).sum().backward();
  std::cout << std::boolalpha << "gradient of block1.scale: " << net.block1.scale.grad().defined()
            << ", of block2.scale: " << net.block2.scale.grad().defined() << "\n";

  // PyTorch's keys and layout: safetensors.torch.load_file reads this file, and what it writes can be loaded here.
  net.save(out / "net.safetensors");
  Net again(6);
  again.load(out / "net.safetensors");
  std::cout << "same predictions after loading: " << allclose(net(X), again(X), 0, 0) << "\n";

  // Only a part: without strict = false what is missing would be an error that names all keys.
  nn::StateDict head;
  for (const auto& [name, tensor] : net.state_dict())
    if (name.starts_with("head.")) head[name] = tensor;
  const nn::LoadReport report = again.load_state_dict(head, {.strict = false});
  std::cout << head.size() << " tensors loaded, " << report.missing.size() << " left as they were\n";
  return allclose(net(X), again(X), 0, 0) ? 0 : 1;
}
