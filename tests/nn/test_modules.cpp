#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/tensor/error.hpp>

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

struct Block : nn::Module {
  nn::Linear& fc;
  Tensor scale;
  explicit Block(std::int64_t n) : fc(add<nn::Linear>("fc", n, n)), scale(param("scale", ones({n}))) {}
  Tensor forward(const Tensor& x) override { return relu(fc(x)) * scale + x; }
  std::shared_ptr<nn::Module> clone() const override { return nn::clone_as(*this, scale.size(0)); }
};

struct Net : nn::Module {
  Block& block1;
  Block& block2;
  nn::Linear& head;
  Tensor steps;
  explicit Net(std::int64_t n)
      : nn::Module("Net"),
        block1(add<Block>("block1", n)),
        block2(add<Block>("block2", n)),
        head(add("head", nn::Linear(n, 1, {.bias = false}))),
        steps(buffer("steps", zeros({}, {.dtype = int64}))) {}
  Tensor forward(const Tensor& x) override { return head(block2(block1(x))); }
};

std::vector<std::string> names(const std::vector<std::pair<std::string, Tensor>>& named) {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : named) all.push_back(name);
  return all;
}

std::vector<std::string> keys(const nn::StateDict& state) {
  std::vector<std::string> all;
  for (const auto& [key, tensor] : state) all.push_back(key);
  return all;
}

}  // namespace

// Breaks if a key differs from PyTorch's, or something that is registered is not found.
TEST_CASE("the tree has PyTorch's names") {
  Net net(4);
  CHECK(names(net.named_parameters()) == std::vector<std::string>{"block1.scale", "block1.fc.weight", "block1.fc.bias",
                                                                  "block2.scale", "block2.fc.weight", "block2.fc.bias",
                                                                  "head.weight"});
  CHECK(names(net.named_buffers()) == std::vector<std::string>{"steps"});
  CHECK(net.num_parameters() == 2 * (16 + 4 + 4) + 4);
  CHECK(net.named_modules().size() == 6);
  CHECK(net.children().size() == 3);
  CHECK(net.named_children()[2].first == "head");
  int visited = 0;
  net.apply([&](nn::Module& module) { visited += module.is_training() ? 1 : 0; });
  CHECK(visited == 6);
  net.eval();
  CHECK_FALSE(net.block2.fc.is_training());
  net.block2.train();
  CHECK(net.block2.fc.is_training());
  CHECK_FALSE(net.is_training());
  nn::Sequential unnamed(nn::Linear(2, 3), nn::ReLU(), nn::Linear(3, 1));
  CHECK(keys(unnamed.state_dict()) == std::vector<std::string>{"0.bias", "0.weight", "2.bias", "2.weight"});
  nn::Sequential named("N", nn::Dense(2, 3, {.name = "h1"}), nn::Sequential("inner", nn::Linear(3, 3)));
  CHECK(keys(named.state_dict()) == std::vector<std::string>{"h1.bias", "h1.weight", "inner.0.bias", "inner.0.weight"});
}

// Breaks if members and the registry hold different tensors.
TEST_CASE("members see what happens to registered parameters") {
  Net net(3);
  net(ones({2, 3})).sum().backward();
  CHECK(net.block1.scale.grad().defined());
  net.zero_grad();
  CHECK_FALSE(net.block1.scale.grad().defined());
  net.requires_grad_(false);
  CHECK_FALSE(net.block1.scale.requires_grad());
  CHECK_FALSE(net(ones({2, 3})).requires_grad());
  net.requires_grad_(true);
  const Tensor x = rand({2, 3}, {.dtype = float64});
  net.to(float64);
  CHECK(net.block1.scale.dtype() == float64);
  CHECK(net.head.weight().dtype() == float64);
  CHECK(net.steps.dtype() == int64);
  CHECK(net(x).dtype() == float64);
  net(x).sum().backward();
  CHECK(net.block1.scale.grad().dtype() == float64);
  CHECK_ERROR(net.to(int64), DtypeError, "[Net.to] dtype is int64");
}

// Breaks if a parameter given to two modules becomes two, or is counted or trained twice.
TEST_CASE("shared parameters and layers count once") {
  struct Tied : nn::Module {
    nn::Linear& a;
    Tensor w;
    Tied() : a(add<nn::Linear>("a", 3, 3)), w(param("w", a.weight())) {}
    Tensor forward(const Tensor& x) override { return matmul(a(x), w); }
  } tied;
  CHECK(tied.w.is_same(tied.a.weight()));
  CHECK(tied.num_parameters() == 12);
  CHECK(tied.parameters().size() == 2);
  CHECK(keys(tied.state_dict()) == std::vector<std::string>{"a.bias", "a.weight", "w"});

  auto twice = nn::shared(nn::Dense(4, 4, {.name = "twice"}));
  nn::Model model = [&] {
    nn::Node in = nn::input({4});
    return nn::Model(in, twice(twice(in)));
  }();
  CHECK(model.num_parameters() == 20);
  CHECK(model.summary().total_parameters == 20);
  nn::Sequential sequential(nn::Dense(2, 4), twice, nn::Linear(4, 4));
  CHECK(sequential.num_parameters() == 12 + 20 + 20);
  auto nameless = nn::shared(nn::Linear(2, 2));
  nn::Sequential again(nameless, nn::ReLU(), nameless);
  CHECK(keys(again.state_dict()) == std::vector<std::string>{"0.bias", "0.weight", "2.bias", "2.weight"});
  CHECK(again.num_parameters() == 6);
  nn::Sequential named(twice, twice);
  CHECK(named.named_children()[1].first == "twice_1");
  CHECK(named.clone()->num_parameters() == 20);
}

// Breaks if a copy shares memory with the original, or loses names, mode, frozen parameters or dtype.
TEST_CASE("clone copies all and shares nothing") {
  nn::Sequential model("M", nn::Dense(3, 4, {.activation = "tanh", .name = "h"}), nn::BatchNorm1d(4), nn::Dropout(0.5),
                       Block(4), nn::Sequential(nn::LayerNorm(4), nn::PReLU()));
  model.to(float64);
  model.at<nn::Dense>(0).requires_grad_(false);
  const Tensor x = randn({5, 3}, {.dtype = float64});
  model(x);  // moves the running statistics
  model.eval();
  const auto before = default_generator().offset();
  auto copy = model.clone();
  CHECK(default_generator().offset() == before);
  CHECK(keys(copy->state_dict()) == keys(model.state_dict()));
  CHECK(copy->name() == "M");
  CHECK_FALSE(copy->is_training());
  CHECK_FALSE(copy->parameters()[0].requires_grad());
  expect_close((*copy)(x), model(x), 0, 0);
  const Tensor y = model(x).detach();
  {
    const NoGrad guard;
    for (Tensor& p : copy->parameters()) p.fill_(0);
    for (Tensor& b : copy->buffers()) b.fill_(0);
  }
  expect_close(model(x).detach(), y, 0, 0);

  nn::Node in = nn::input({3});
  auto layer = nn::shared(nn::Dense(3, {.activation = "relu"}));
  nn::Model graph(in, nn::add({layer(in), layer(layer(in))}), "G");
  auto graph_copy = graph.clone();
  CHECK(graph_copy->num_parameters() == 12);
  const Tensor z = randn({2, 3});
  expect_close((*graph_copy)(z), graph(z), 0, 0);

  nn::Sequential sharing(model);
  CHECK(&sharing[0] == &model[0]);
  struct Mine : nn::Module {
  } mine;
  CHECK_ERROR(mine.clone(), Error, "[Mine.clone]", "override clone");
}

// Breaks if keys are matched loosely, values are copied before all is checked, or a report is cut short.
TEST_CASE("a state dict is loaded strictly, or not at all") {
  Net a(3), b(3);
  b.load_state_dict(a.state_dict());
  const Tensor x = randn({2, 3});
  expect_close(b(x), a(x), 0, 0);

  nn::StateDict state = b.state_dict();
  state.erase("head.weight");
  state.erase("steps");
  state["extra.weight"] = zeros({1});
  state["block1.scale"] = zeros({3});
  CHECK_ERROR(b.load_state_dict(state), ValueError, "[Net.load_state_dict]", "Missing: head.weight, steps.",
              "Unexpected: extra.weight.", "{.strict = false}");
  expect_close(b.block1.scale.detach(), a.block1.scale.detach(), 0, 0);
  const nn::LoadReport report = b.load_state_dict(state, {.strict = false});
  CHECK(report.missing == std::vector<std::string>{"head.weight", "steps"});
  CHECK(report.unexpected == std::vector<std::string>{"extra.weight"});
  CHECK_FALSE(report.complete());
  expect_close(b.block1.scale.detach(), zeros({3}), 0, 0);
  state["block2.scale"] = zeros({4});
  CHECK_ERROR(b.load_state_dict(state, {.strict = false}), ValueError, "Wrong shape: block2.scale is [4], needed [3]");
  // A float64 state goes into a float32 model, converted.
  nn::StateDict wide = a.state_dict();
  for (auto& [key, tensor] : wide) tensor = tensor.to(float64);
  b.load_state_dict(wide);
  CHECK(b.head.weight().dtype() == float32);
  expect_close(b(x), a(x), 0, 0);
}

// Breaks if a file with one of several names of a tensor is refused, or two values for one tensor are taken.
TEST_CASE("tied parameters load under any of their names") {
  struct Tied : nn::Module {
    Tensor enc, dec, scale;
    nn::Linear& head;
    explicit Tied(const std::shared_ptr<nn::Linear>& layer) : head(add("head", layer)) {
      add("again", layer);
      enc = param("enc", ones({2, 2}));
      dec = param("dec", enc);
      scale = buffer("scale", ones({2}));
      buffer("scale_too", scale);
    }
  };
  const auto make = [] { return std::make_unique<Tied>(std::make_shared<nn::Linear>(2, 2)); };
  const auto whole = [&] {
    nn::StateDict state = make()->state_dict();
    for (auto& [key, tensor] : state) tensor = full(tensor.shape(), 3.0);
    return state;
  };
  for (const auto& dropped : std::vector<std::vector<std::string>>{{},
                                                                   {"enc"},
                                                                   {"dec"},
                                                                   {"scale"},
                                                                   {"scale_too"},
                                                                   {"head.weight", "again.bias"},
                                                                   {"again.weight", "again.bias"}}) {
    const auto model = make();
    nn::StateDict state = whole();
    for (const std::string& key : dropped) state.erase(key);
    CHECK(model->load_state_dict(state).complete());
    expect_close(model->dec.detach(), full({2, 2}, 3.0), 0, 0);
    expect_close(model->scale, full({2}, 3.0), 0, 0);
    expect_close(model->head.weight().detach(), full({2, 2}, 3.0), 0, 0);
    expect_close(model->head.bias().detach(), full({2}, 3.0), 0, 0);
  }
  // Tied by sharing elements, in handles of their own.
  struct Alias : nn::Module {
    Tensor a, b;
    Alias() : a(param("a", ones({2}))), b(param("b", a.detach())) {}
  } alias;
  CHECK(alias.load_state_dict({{"b", full({2}, 5.0)}}).complete());
  expect_close(alias.a.detach(), full({2}, 5.0), 0, 0);

  const auto model = make();
  nn::StateDict state = whole();
  state.erase("enc");
  state.erase("dec");
  CHECK_ERROR(model->load_state_dict(state), ValueError, "[Tied.load_state_dict]", "Missing: enc or dec.");
  CHECK(model->load_state_dict(state, {.strict = false}).missing == std::vector<std::string>{"dec", "enc"});
  expect_close(model->enc.detach(), ones({2, 2}), 0, 0);
  state = whole();
  state["dec"] = full({2, 2}, 4.0);
  CHECK_ERROR(make()->load_state_dict(state), ValueError, "Names of one tensor with different values: enc and dec.");
  CHECK(model->load_state_dict(state, {.strict = false}).complete());
  expect_close(model->dec.detach(), full({2, 2}, 3.0), 0, 0);  // the first of the module's order
  state["dec"] = full({2, 2}, 3.0, {.dtype = float64});        // equal after conversion
  CHECK(make()->load_state_dict(state).complete());
  state["dec"] = zeros({3, 2}, {.dtype = float64});
  CHECK_ERROR(make()->load_state_dict(state), ValueError, "dec is [3, 2], needed [2, 2] (float64 for float32)");
}

// Breaks if elements that are still to be read are written over.
TEST_CASE("a state that shares memory with the module is loaded as it was") {
  struct Two : nn::Module {
    Tensor a, b;
    Two() : a(param("a", full({3}, 1.0))), b(param("b", full({3}, 2.0))) {}
  } two;
  two.load_state_dict({{"a", two.b.detach()}, {"b", two.a.detach()}});
  expect_close(two.a.detach(), full({3}, 2.0), 0, 0);
  expect_close(two.b.detach(), full({3}, 1.0), 0, 0);
  two.load_state_dict({{"a", tensor({1, 2, 3})}, {"b", tensor({1, 2, 3})}});
  two.load_state_dict({{"a", xg::flip(two.a.detach(), {0})}, {"b", two.b.detach()}});
  expect_close(two.a.detach(), tensor({3, 2, 1}), 0, 0);
}

// Breaks if a file misses a tensor, or a file of another kind or model is taken.
TEST_CASE("weights go to a file and back") {
  const auto path =
      std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "xgrad_test_weights.safetensors");
  nn::Sequential a("A", nn::Dense(3, 4, {.name = "h"}), nn::BatchNorm1d(4)),
      b("B", nn::Dense(3, 4, {.name = "h"}), nn::BatchNorm1d(4));
  const Tensor x = randn({5, 3});
  a(x);
  a.save(path);
  CHECK(b.load(path).complete());
  a.eval();
  b.eval();
  expect_close(b(x), a(x), 0, 0);
  CHECK(b.state_dict().at("1.num_batches_tracked").item<int>() == 1);
  Net other(3);
  CHECK_ERROR(other.load(path), ValueError, "[Net.load_state_dict]", "Missing: block1.fc.bias", "Unexpected: 1.bias");
  std::filesystem::remove(path);
  CHECK_ERROR(b.load(path), IoError, "xgrad_test_weights.safetensors");
  CHECK_ERROR(a.save("/nonexistent_folder/weights.safetensors"), IoError, "/nonexistent_folder/weights.safetensors");
}

// Breaks if loading is not noticed by a graph that saved the old weights.
TEST_CASE("loading is an in-place write") {
  nn::Linear layer(2, 2);
  Tensor x = ones({1, 2}, {.requires_grad = true});
  Tensor y = layer(x).sum();
  layer.load_state_dict(layer.state_dict());
  CHECK_ERROR(y.backward(), AutogradError, "linear");
}

// Breaks if errors lose the path, or a module's name does not reach it.
TEST_CASE("errors carry the module path") {
  nn::Sequential model("DeepNN", nn::Dense(10, 6, {.name = "h1"}), nn::Linear(6, 1));
  CHECK_ERROR(model(zeros({32, 11})), ShapeError, "[linear]", "[32, 11]", "[6, 10]", "In: DeepNN > h1 (Dense).");
  Net net(3);
  CHECK_ERROR(net(zeros({2, 4})), ShapeError, "In: Net > block1 (Block) > fc (Linear).");
  nn::Sequential outer(std::move(model));
  CHECK(outer.label() == "DeepNN");
}

// Breaks if names that cannot be told apart in a state dict are accepted, or a module of several inputs is called
// wrong.
TEST_CASE("misuse of modules is named") {
  struct Free : nn::Module {};
  Free m;
  CHECK_ERROR(m.param("", zeros({1})), ValueError, "[Free.param] the name is empty");
  CHECK_ERROR(m.param("a.b", zeros({1})), ValueError, "\"a.b\" has a dot");
  m.param("w", zeros({1}));
  CHECK_ERROR(m.buffer("w", zeros({1})), ValueError, "\"w\" is taken");
  CHECK_ERROR(m.add<nn::ReLU>("w"), ValueError, "[Free.add]", "taken");
  CHECK_ERROR(m.param("i", zeros({1}, {.dtype = int64})), DtypeError, "\"i\" is int64", "use buffer");
  CHECK_ERROR(m.param("u", Tensor()), ValueError, "\"u\" is undefined");
  Tensor leaf = ones({1}, {.requires_grad = true});
  CHECK_ERROR(m.param("r", leaf * 2.0), AutogradError, "result of mul");
  CHECK_ERROR(m(zeros({1})), Error, "[Free]", "no `Tensor forward(const Tensor& x) override`", "by value");
  nn::Sequential s(nn::Linear(2, 2), nn::ReLU());
  CHECK_ERROR(s[2], IndexError, "index is 2, there are 2 layers");
  CHECK(&s[-1] == &s[1]);
  CHECK_ERROR(s.at<nn::Dense>(0), ValueError, "layer 0 is 0 (Linear)");
  CHECK_ERROR(nn::Sequential(nn::Dense(2, 2, {.name = "a"}), nn::Dense(2, 2, {.name = "a"})), ValueError,
              "\"a\" is taken");
}

// Breaks if a parameter that is used but neither trained nor saved goes unnoticed.
TEST_CASE("a forgotten registration is found in a debug build") {
#ifndef NDEBUG
  struct Forgetful : nn::Module {
    Tensor w = ones({3}, {.requires_grad = true});
    Tensor forward(const Tensor& x) override { return x * w; }
  } forgetful;
  CHECK_ERROR(forgetful(zeros({2, 3})), Error, "[Forgetful]", "not registered", "param(\"name\", ...)");
#endif
  nn::Linear layer(3, 3);
  Tensor w = ones({3}, {.requires_grad = true});
  CHECK_NOTHROW(layer(w.reshape({1, 3}) * 2.0));  // a leaf that comes in with the input is the caller's
}

// Breaks if an observer misses a call or sees one in another order.
TEST_CASE("outputs of all layers can be read") {
  nn::Sequential model("M", nn::Dense(2, 3, {.kernel_init = nn::init::ones, .name = "h"}), nn::ReLU());
  const Tensor x = tensor({{1, 2}, {-3, 1}});
  const auto outputs = nn::layer_outputs(model, x);
  REQUIRE(outputs.size() == 3);
  CHECK(outputs[0].name == "h");
  CHECK(outputs[1].type == "ReLU");
  CHECK(outputs[2].name == "M");
  expect_close(outputs[0].output, {3, 3, 3, -2, -2, -2});
  expect_close(outputs[1].output, {3, 3, 3, 0, 0, 0});
}

// Breaks if a number that an integer buffer does not hold is loaded as another one.
TEST_CASE("a state whose numbers do not fit is refused as a whole") {
  nn::BatchNorm1d norm(2);
  nn::StateDict state = norm.state_dict();
  for (const double bad : {std::nan(""), 0.5, 1e300}) {
    state["num_batches_tracked"] = full({}, bad, {.dtype = float64});
    state["weight"] = full({2}, 7);
    CHECK_ERROR(norm.load_state_dict(state), Error, "num_batches_tracked", "int64");
    CHECK(norm.state_dict()["weight"][0].item() == 1);
  }
  state["num_batches_tracked"] = full({}, 3, {.dtype = float64});
  norm.load_state_dict(state);
  CHECK(norm.state_dict()["num_batches_tracked"].item<std::int64_t>() == 3);
}
