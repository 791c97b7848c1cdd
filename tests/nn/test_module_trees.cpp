// Trees of modules that are very deep or very wide.
#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/model.hpp>
#include <xgrad/nn/module.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace xg;

namespace {

constexpr int very_deep = 100'000;

/// A module around another one, with a parameter of its own in every `every`-th level.
struct Nest : nn::Module {
  explicit Nest(std::shared_ptr<nn::Module> inner, bool with_parameter) {
    if (with_parameter) param("w", ones({1}));
    if (inner != nullptr) add("in", std::move(inner));
  }
  Tensor forward(const Tensor& x) override { return x; }
};

std::shared_ptr<nn::Module> nest(int levels, int every) {
  std::shared_ptr<nn::Module> module;
  for (int i = 0; i < levels; ++i) module = std::make_shared<Nest>(std::move(module), i % every == 0);
  return module;
}

}  // namespace

// Breaks if something that visits all modules calls itself for each level: the stack would end.
TEST_CASE("modules are nested deeper than the stack") {
  const std::shared_ptr<nn::Module> model = nest(very_deep, 1000);
  CHECK(model->parameters().size() == 100);
  CHECK(model->num_parameters() == 100);
  CHECK(model->named_parameters().size() == 100);
  CHECK(model->buffers().empty());
  CHECK(model->modules().size() == very_deep);
  nn::StateDict state = model->state_dict();
  CHECK(state.size() == 100);
  for (auto& [key, tensor] : state) tensor = full({1}, 2.0);
  CHECK(model->load_state_dict(state).complete());
  CHECK(model->parameters().back().item() == 2);
  model->eval();
  for (const nn::Module* module : model->modules()) REQUIRE_FALSE(module->is_training());
  model->train();
  for (const nn::Module* module : model->modules()) REQUIRE(module->is_training());
  model->to(float64);
  for (const Tensor& p : model->parameters()) CHECK(p.dtype() == float64);
  model->requires_grad_(false);
  model->zero_grad();
  int count = 0;
  nn::Module* last = nullptr;
  model->apply([&](nn::Module& module) {
    ++count;
    last = &module;
  });
  CHECK(count == very_deep);
  CHECK(last == model.get());

  auto sequential = std::make_shared<nn::Sequential>();
  for (int i = 0; i < very_deep; ++i) {
    auto outer = std::make_shared<nn::Sequential>();
    outer->append(std::move(sequential));
    sequential = std::move(outer);
  }
  CHECK(sequential->parameters().empty());
  sequential->eval();
  CHECK_FALSE(sequential->modules().back()->is_training());
}

// Breaks if a module below is destroyed too early, too late, twice, or although someone else owns it.
TEST_CASE("modules are destroyed with the module that owns them") {
  struct Told : nn::Module {
    std::vector<std::string>& told;
    std::string name;
    Told(std::vector<std::string>& told, std::string name) : told(told), name(std::move(name)) {}
    ~Told() override {
      std::string line = name + ":";
      for (const nn::Module* child : children()) line += " " + static_cast<const Told*>(child)->name;
      told.push_back(line);
    }
  };
  std::vector<std::string> told;
  std::shared_ptr<Told> kept;
  {
    auto root = std::make_shared<Told>(told, "root");
    Told& a = root->add<Told>("a", told, "a");
    root->add<Told>("b", told, "b");
    a.add<Told>("c", told, "c");
    kept = std::make_shared<Told>(told, "kept");
    a.add("kept", kept);
  }
  // A destructor still sees what is below it.
  CHECK(told == std::vector<std::string>{"root: a b", "a: c kept", "c:", "b:"});
  kept.reset();
  CHECK(told.back() == "kept:");
}

// Breaks if a class that overrides train is passed over, or what it decides for those below is undone.
TEST_CASE("train reaches modules that override it") {
  struct Frozen : nn::Module {
    nn::Sequential &still, &free;
    Frozen() : still(add("still", nn::Sequential(nn::ReLU()))), free(add("free", nn::Sequential(nn::ReLU()))) {}
    void train(bool on = true) override {
      nn::Module::train(on);
      still.eval();
    }
  };
  for (int depth = 0; depth < 450; ++depth) {  // past every place at which the walk takes a rest
    INFO(depth << " levels");
    auto frozen = std::make_shared<Frozen>();
    std::shared_ptr<nn::Module> model = frozen;
    for (int i = 0; i < depth; ++i) model = std::make_shared<Nest>(model, false);
    model->eval();
    CHECK_FALSE(frozen->free[0].is_training());
    model->train();
    CHECK(frozen->is_training());
    CHECK(frozen->free[0].is_training());
    CHECK_FALSE(frozen->still.is_training());
    CHECK_FALSE(frozen->still[0].is_training());
  }
}

// Breaks if each level, child, key or name costs as much as all before it.
TEST_CASE("work grows with the number of modules, keys and names") {
  const auto check = [](const char* what, double growth) {
    INFO(what << " for ten times as many: " << growth);
    CHECK(growth < xg_test::far_below_quadratic);
  };
  check("parameters of nested modules",
        xg_test::growth(1000, [](int n) { return [model = nest(n, 1)] { static_cast<void>(model->parameters()); }; }));
  check("modes of nested modules", xg_test::growth(3000, [](int n) {
          return [model = nest(n, 1)] {
            model->eval();
            model->train();
          };
        }));
  check("destruction of nested modules",
        xg_test::growth(1000, [](int n) { return [model = nest(n, 1)]() mutable { model.reset(); }; }));
  check("children", xg_test::growth(1000, [](int n) {
          return [n] {
            nn::Sequential model;
            for (int i = 0; i < n; ++i) model.append(nn::ReLU());
          };
        }));
  check("names of parameters", xg_test::growth(1000, [](int n) {
          return [n] {
            struct Wide : nn::Module {
              using Module::param;
            } model;
            for (int i = 0; i < n; ++i) model.param("p" + std::to_string(i), ones({1}));
          };
        }));
  check("uses of one layer", xg_test::growth(1000, [](int n) {
          return [n] {
            const auto layer = nn::shared(nn::ReLU({.name = "act"}));
            nn::Sequential model;
            for (int i = 0; i < n; ++i) model.append(layer);
          };
        }));
  check("keys of a state", xg_test::growth(1000, [](int n) {
          auto model = std::make_shared<nn::Sequential>();
          for (int i = 0; i < n; ++i) model->append(nn::LayerNorm(1));
          return [model] { model->load_state_dict(model->state_dict()); };
        }));
}

// Breaks if the records of a model's nodes destroy each other in depth.
TEST_CASE("a model of very many layers in a chain is destroyed") {
  nn::Node node = nn::input({1});
  const auto layer = nn::shared(nn::ReLU());
  for (int i = 0; i < very_deep; ++i) node = layer(node);
  CHECK(node.shape() == Shape{1});
}
