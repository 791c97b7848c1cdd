#include "memory/scenarios.hpp"

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/xgrad.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

using namespace xg;
using namespace xg::nn;

namespace xg_test {
namespace {

/// Things that an action must find as they were, or be done with them.
void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

struct Net {
  Tensor x = randn({24, 4}), y = randint(0, 2, {24, 1}).to(float32);
  Sequential model{"Net", Dense(4, 6, {.activation = "relu", .name = "h1"}), BatchNorm1d(6, {.name = "norm"}),
                   Dropout(0.2, {.name = "drop"}), Dense(6, 1, {.activation = "sigmoid", .name = "out"})};
};

/// A training step with an optimizer that begins anew each time, so that its states are made as well.
template <class Optimizer, class Options> std::function<void()> step(Options options) {
  auto net = std::make_shared<Net>();
  return [net, options] {
    Optimizer optimizer(net->model.parameters(), options);
    for (int i = 0; i < 2; ++i) {
      optimizer.zero_grad();
      functional::binary_cross_entropy(net->model(net->x), net->y).backward();
      optim::clip_grad_norm(net->model.parameters(), 1.0);
      optimizer.step();
    }
  };
}

/// Explains some rows; the model is one that the chain's quick way takes, or not.
template <class F> Scenario explaining(const std::string& name, F&& explain) {
  return {"explain: " + name, [explain](const std::string&) -> std::function<void()> {
            auto net = std::make_shared<Net>();
            net->model.eval();
            return [net, explain] {
              const explain::Explanation e = explain(net->model, net->x.narrow(0, 0, 3), net->x.narrow(0, 4, 6));
              require(e.values().size(0) == 3, "an explanation of other rows");
              static_cast<void>(e.str());
            };
          }};
}

explain::Explanation some_explanation() {
  Net net;
  net.model.eval();
  return explain::DeepShap(net.model, net.x, {.feature_names = {"a", "b", "c", "d"}})(net.x);
}

Scenario drawing(const std::string& name, std::function<viz::Figure(const explain::Explanation&)> draw) {
  return {"draw: " + name, [draw](const std::string& folder) -> std::function<void()> {
            auto e = std::make_shared<explain::Explanation>(some_explanation());
            return [e, draw, folder] {
              const viz::Figure figure = draw(*e);
              require(figure.svg().ends_with("</svg>\n") || figure.svg().ends_with("</svg>"), "half a picture");
              figure.save(folder + "/figure.svg");
            };
          }};
}

std::string some_csv() {
  std::string text = "name,size,colour\n";
  for (int i = 0; i < 12; ++i)
    text += "row " + std::to_string(i) + "," + std::to_string(i * 0.5) + (i % 3 == 0 ? ",\"red, dark\"\n" : ",blue\n");
  return text;
}

std::map<std::string, Tensor> some_tensors() {
  return {{"weight", randn({3, 4})}, {"bias", randn({4}, {.dtype = float64})}, {"count", arange(5)}};
}

std::vector<Scenario> make_scenarios() {
  using Action = std::function<void()>;
  std::vector<Scenario> all;
  const auto add = [&](std::string name, std::function<Action(const std::string&)> prepare) {
    all.push_back({std::move(name), std::move(prepare)});
  };

  // ---- tensors and graphs
  add("ops, forward and double backward", [](const std::string&) -> Action {
    auto x = std::make_shared<Tensor>(randn({6, 5}, {.dtype = float64}));
    return [x] {
      const Tensor leaf = x->detach().requires_grad_(), weight = x->t().contiguous().requires_grad_();
      const Tensor y = softmax(matmul(leaf, weight), 1) * tanh(leaf).sum({1}, true) + layer_norm(leaf, {5}).mean() +
                       cat({leaf.exp(), leaf.square()}, 1).var({1}, 1, true) + leaf.sort().first.narrow(1, 0, 1);
      const Tensor g = grad({y.sum()}, {leaf, weight}, {}, {.create_graph = true})[0];
      g.square().sum().backward();
      require(leaf.grad().defined() && weight.grad().defined(), "no gradient");
    };
  });
  add("ops, all samples", [](const std::string&) -> Action {
    return [] {
      for (const autograd::OpInfo& op : autograd::all_ops()) {
        const std::vector<autograd::Sample> samples = op.samples(float64);
        std::vector<Tensor> inputs;
        for (const Tensor& input : samples[0].inputs) {
          inputs.push_back(input.clone());
          if (inputs.back().is_floating_point()) inputs.back().requires_grad_();
        }
        const Tensor y = samples[0].call(inputs);
        if (y.requires_grad()) y.sum().backward();
      }
    };
  });
  add("ops in place, and views", [](const std::string&) -> Action {
    return [] {
      const Tensor leaf = ones({4, 4}).requires_grad_();
      Tensor y = leaf * 2;
      Tensor row = y[1];
      row.mul_(3).add_(leaf[0]).relu_();
      y.narrow(1, 0, 2).copy_(leaf.narrow(1, 1, 2));
      y.index_put_({tensor<std::int64_t>({0, 2})}, leaf.narrow(0, 0, 2));
      y.sum().backward();
    };
  });
  add("tensors on the program's memory, indices, sums of products and their graph", [](const std::string&) -> Action {
    return [] {
      std::array<double, 12> memory{};
      int deleted = 0;
      try {
        Tensor x = from_blob(memory.data(), {3, 4}, {.strides = Shape{1, 3}, .deleter = [&](void*) { ++deleted; }});
        x.index_put_({Slice{{}, {}, -1}, {0, 2}}, 1, true);
        const Tensor leaf = tensor(std::vector<std::vector<double>>{{1, 2}, {3, 4}}, {.requires_grad = true});
        const Tensor y = einsum("ij,jk,kl->il", {x.index({Slice{}, {0, 2}}), leaf, maximum(leaf, 2)});
        require(autograd::graph(y).ends_with("}\n"), "half a graph");
        y.sum().backward();
      } catch (...) {
        require(deleted == 1, "memory that was not given back, or twice");
        throw;
      }
      require(deleted == 1, "memory that was not given back, or twice");
    };
  });
  add("in-place ops leave their tensor as it was, or changed", [](const std::string&) -> Action {
    auto x = std::make_shared<Tensor>(full({64}, 2.0));
    return [x] {
      const double before = (*x)[0].item();
      require(before == 2.0, "a value that no op wrote");
      try {
        x->mul_(*x);
      } catch (...) {
        const bool kept = x->data<float>()[0] == 2.0f && x->data<float>()[63] == 2.0f,
                   done = x->data<float>()[0] == 4.0f && x->data<float>()[63] == 4.0f;
        require(kept || done, "a tensor that is half written");
        std::fill_n(x->mutable_data<float>(), 64, 2.0f);
        throw;
      }
      x->fill_(2.0);
    };
  });
  add("hooks and retained gradients", [](const std::string&) -> Action {
    return [] {
      Tensor leaf = ones({3}).requires_grad_();
      Tensor y = leaf * 2;
      y.register_hook([](const Tensor& g) { return g * 2; });
      leaf.register_hook([](const Tensor& g) { return g + 1; });
      (y * y).sum().backward();
    };
  });
  add("jacobian, hessian, gradcheck", [](const std::string&) -> Action {
    return [] {
      const Tensor x = full({3}, 0.5, {.dtype = float64});
      static_cast<void>(jacobian([](const Tensor& v) { return v.exp() * v; }, x));
      static_cast<void>(hessian([](const Tensor& v) { return (v.exp() * v).sum(); }, x));
      static_cast<void>(jvp([](const Tensor& v) { return v.exp(); }, x, x));
      require(gradcheck([](const Tensor& v) { return v.sin(); }, x.clone().requires_grad_()).passed,
              "gradcheck failed");
    };
  });
  add("random numbers, printing, errors", [](const std::string&) -> Action {
    return [] {
      const Tensor x = randn({30, 7});
      std::ostringstream out;
      out << x << randperm(10) << bernoulli(rand({5})) << x.sample(3) << choice(arange(5), 2);
      try {
        static_cast<void>(x + randn({4}));
        require(false, "no error");
      } catch (const ShapeError&) {
      }
    };
  });
  add("a thread that allocates for the first time", [](const std::string&) -> Action {
    return [] {
      std::exception_ptr failure;
      std::thread([&] {
        try {
          static_cast<void>(ones({5}) + 1);
        } catch (...) {
          failure = std::current_exception();
        }
      }).join();
      if (failure) std::rethrow_exception(failure);
    };
  });

  // ---- training
  add("step: SGD with momentum",
      [](const std::string&) { return step<optim::SGD>(optim::SgdOptions{.lr = 0.01, .momentum = 0.9}); });
  add("step: Adam with amsgrad",
      [](const std::string&) { return step<optim::Adam>(optim::AdamOptions{.lr = 0.01, .amsgrad = true}); });
  add("step: RMSprop", [](const std::string&) { return step<optim::RMSprop>(optim::RmspropOptions{.lr = 0.01}); });
  add("models made, summed up and copied by state", [](const std::string&) -> Action {
    auto net = std::make_shared<Net>();
    return [net] {
      Net other;
      other.model.load_state_dict(net->model.state_dict());
      static_cast<void>(other.model.summary().str());
      require(equal(other.model.parameters()[0], net->model.parameters()[0]), "another weight");
    };
  });
  add("load_state_dict of another dtype, all or nothing", [](const std::string&) -> Action {
    auto net = std::make_shared<Net>();
    auto state = std::make_shared<StateDict>();
    for (auto& [name, value] : net->model.state_dict()) (*state)[name] = value.to(float64) + 1;
    return [net, state] {
      const std::vector<Tensor> weights = net->model.parameters();
      const auto sums = [&] {
        std::vector<double> out;
        for (const Tensor& w : weights) out.push_back(w.data<float>()[0]);
        return out;
      };
      const std::vector<double> before = sums();
      StateDict there;
      for (const auto& [name, value] : *state) there[name] = value + 1;
      try {
        net->model.load_state_dict(there);
      } catch (...) {
        for (std::size_t i = 0; i < weights.size(); ++i)
          require(weights[i].data<float>()[0] == before[i], "weights of which some are old and some new");
        throw;
      }
      // The next call has numbers of its own to load.
      for (auto& [name, value] : *state) value = there.at(name);
    };
  });
  add("fit", [](const std::string& folder) -> Action {
    auto net = std::make_shared<Net>();
    return [net, folder] {
      optim::Adam adam(net->model.parameters(), {.lr = 1e-3});
      Trainer trainer(net->model, adam, BCELoss(), {.metrics = {metrics::Accuracy(), metrics::F1()}});
      FitOptions options{.batch_size = 8, .epochs = 2, .shuffle = true, .validation_split = 0.25, .verbose = 0};
      options.callbacks = {EarlyStopping({.monitor = "val_loss", .patience = 3, .restore_best = true}),
                           CSVLogger(folder + "/history.csv"), ModelCheckpoint(folder + "/best.safetensors")};
      const History history = trainer.fit(net->x, net->y, options);
      require(history["loss"].size() == 2, "another number of epochs");
      static_cast<void>(trainer.evaluate(net->x, net->y));
      static_cast<void>(trainer.predict(net->x));
    };
  });
  add("a report of metrics", [](const std::string& folder) -> Action {
    return [folder] {
      const metrics::ClassificationReport report =
          metrics::classification_report(tensor<std::int64_t>({0, 1, 1, 2}), softmax(randn({4, 3}), 1));
      report.save(folder + "/report.json");
    };
  });

  // ---- files
  add("safetensors", [](const std::string& folder) -> Action {
    return [folder, tensors = some_tensors()] {
      save_safetensors(folder + "/x.safetensors", tensors, {{"made_by", "a test"}});
      require(load_safetensors(folder + "/x.safetensors").tensors.size() == 3, "another file");
    };
  });
  add("state dict", [](const std::string& folder) -> Action {
    auto net = std::make_shared<Net>();
    return [folder, net] {
      net->model.save(folder + "/net.safetensors");
      net->model.load(folder + "/net.safetensors");
    };
  });
  add("npy", [](const std::string& folder) -> Action {
    return [folder, tensors = some_tensors()] {
      save_npy(folder + "/x.npy", tensors.at("weight"));
      require(equal(load_npy(folder + "/x.npy"), tensors.at("weight")), "another array");
    };
  });
  add("npz", [](const std::string& folder) -> Action {
    return [folder, tensors = some_tensors()] {
      save_npz(folder + "/x.npz", tensors);
      require(load_npz(folder + "/x.npz").size() == 3, "another file");
    };
  });
  all.back().leaks_in = "libzip";
  add("CSV of numbers", [](const std::string& folder) -> Action {
    return [folder, x = randn({20, 3})] {
      save_csv(folder + "/x.csv", x, {"a", "b", "c"});
      require(equal(load_csv(folder + "/x.csv").values, x), "other numbers");
    };
  });
  add("tables", [](const std::string& folder) -> Action {
    return [folder, text = some_csv()] {
      const data::Table table = data::parse_csv(text);
      data::write_csv(folder + "/table.csv", table);
      require(data::read_csv(folder + "/table.csv").rows() == 12, "another table");
      static_cast<void>(table.describe().str());
      data::Encoder encoder({.target = "size"});
      require(encoder.fit_transform(table).X.size(0) == 12, "other rows");
    };
  });
  add("explanation as JSON and CSV", [](const std::string& folder) -> Action {
    auto e = std::make_shared<explain::Explanation>(some_explanation());
    return [folder, e] {
      e->save(folder + "/e.json");
      require(equal(explain::load_explanation(folder + "/e.json").values(), e->values()), "another explanation");
      require(equal(explain::explanation_from_json(e->json()).values(), e->values()), "another explanation");
      e->save(folder + "/e.csv");
    };
  });

  // ---- explanations and pictures
  all.push_back(
      explaining("Saliency", [](Module& m, const Tensor& x, const Tensor&) { return explain::Saliency(m)(x); }));
  all.push_back(explaining("InputXGradient",
                           [](Module& m, const Tensor& x, const Tensor&) { return explain::InputXGradient(m)(x); }));
  all.push_back(explaining("IntegratedGradients", [](Module& m, const Tensor& x, const Tensor&) {
    return explain::IntegratedGradients(m, {.steps = 130})(x);
  }));
  all.push_back(
      explaining("DeepLift", [](Module& m, const Tensor& x, const Tensor&) { return explain::DeepLift(m)(x); }));
  all.push_back(
      explaining("DeepShap", [](Module& m, const Tensor& x, const Tensor& b) { return explain::DeepShap(m, b)(x); }));
  all.push_back(explaining("DeepShap, on the logit", [](Module& m, const Tensor& x, const Tensor& b) {
    return explain::DeepShap(m, b, {.output = explain::Output::logit})(x);
  }));
  all.push_back(explaining("ExactShapley",
                           [](Module& m, const Tensor& x, const Tensor& b) { return explain::ExactShapley(m, b)(x); }));
  all.push_back(drawing("waterfall", [](const explain::Explanation& e) { return viz::waterfall(e[0]); }));
  all.push_back(drawing("beeswarm", [](const explain::Explanation& e) { return viz::beeswarm(e); }));
  all.push_back(drawing("bar", [](const explain::Explanation& e) { return viz::bar(e); }));
  all.push_back(drawing("decision", [](const explain::Explanation& e) { return viz::decision(e); }));
  all.push_back(drawing("a network", [](const explain::Explanation&) {
    Net net;
    return viz::network(net.model);
  }));
  all.push_back(drawing("axes", [](const explain::Explanation&) {
    viz::Figure figure({.width = 6, .height = 3, .columns = 2, .title = "Two"});
    const Tensor x = linspace(0, 6, 30);
    figure.axes(0, 0).plot(x, sin(x), {.label = "sine"});
    figure.axes(0, 0).legend();
    figure.axes(0, 1).bar({"a", "b"}, {1, 2});
    return figure;
  }));
  Scenario png{"draw: as PNG and PDF",
               [](const std::string& folder) -> Action {
                 auto e = std::make_shared<explain::Explanation>(some_explanation());
                 return [e, folder] {
                   if (!viz::Figure::can_rasterize()) return;
                   viz::waterfall((*e)[0]).save(folder + "/figure.png");
                   viz::waterfall((*e)[0]).save(folder + "/figure.pdf");
                 };
               },
               true};
  all.push_back(std::move(png));
  return all;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = make_scenarios();
  return all;
}

}  // namespace xg_test
