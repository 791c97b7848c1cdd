// Graphs as text: parsed again, and compared with what was computed.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/inspect.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/scope.hpp>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace xg;
using autograd::graph;

namespace {

struct Dot {
  std::vector<std::string> labels;                         // of node i
  std::vector<std::pair<std::size_t, std::size_t>> edges;  // in order
};

/// Reads "n12" at `at` and moves behind it.
std::size_t read_node(const std::string& line, std::size_t& at) {
  REQUIRE(line.at(at) == 'n');
  std::size_t length = 0;
  const std::size_t number = std::stoul(line.substr(++at), &length);
  at += length;
  return number;
}

/// Parses what graph() writes; anything else fails the test.
Dot parse(const std::string& text) {
  Dot dot;
  std::istringstream in(text);
  std::string line;
  REQUIRE(std::getline(in, line));
  REQUIRE(line == "digraph {");
  REQUIRE(std::getline(in, line));
  REQUIRE(line == "  node [shape=box, fontname=\"monospace\"];");
  while (std::getline(in, line) && line != "}") {
    REQUIRE(line.substr(0, 2) == "  ");
    REQUIRE(line.back() == ';');
    std::size_t at = 2;
    const std::size_t node = read_node(line, at);
    if (line.compare(at, 4, " -> ") == 0) {
      at += 4;
      dot.edges.emplace_back(node, read_node(line, at));
      continue;
    }
    REQUIRE(node == dot.labels.size());  // each node once, in order
    const std::string start = " [label=\"";
    REQUIRE(line.compare(at, start.size(), start) == 0);
    std::string label;
    for (at += start.size(); line.at(at) != '"'; ++at) {
      if (line[at] == '\\')
        ++at, label += line.at(at) == 'n' ? '\n' : line[at];
      else
        label += line[at];
    }
    REQUIRE((line.substr(at) == "\"];" || line.substr(at) == "\", style=filled, fillcolor=lightgrey];"));
    dot.labels.push_back(label);
  }
  CHECK(line == "}");
  CHECK(!std::getline(in, line));
  for (const auto& [from, to] : dot.edges) {
    CHECK(from < to);  // from older to newer
    CHECK(to < dot.labels.size());
  }
  return dot;
}

struct Twice : autograd::Function<Twice> {
  inline static int backwards = 0;
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 2; }
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) {
    ++backwards;
    return {grad * 2};
  }
};

struct Sums : autograd::Function<Sums> {
  static std::pair<Tensor, Tensor> forward(autograd::Context& context, const Tensor& x) {
    context.save_for_backward({x});
    return {x.sum({1}), x.sum()};
  }
  static autograd::Gradients backward(autograd::Context& context, const Tensor& rows, const Tensor& all) {
    const Tensor& x = context.saved()[0];
    return {rows.unsqueeze(1).expand_as(x) + all.expand_as(x)};
  }
};

struct Failing : autograd::Function<Failing> {
  static Tensor forward(autograd::Context&, const Tensor& x) { return x * 1; }
  static autograd::Gradients backward(autograd::Context&, const Tensor&) { throw std::runtime_error("no derivative"); }
};

}  // namespace

TEST_CASE("a graph is written with names, shapes and dtypes", "[graph]") {
  // Breaks if a node is missing or written twice, an edge is lost or turned, or a type is not that of the result.
  const Tensor x = ones({4, 3});
  const Tensor w = ones({3, 2}, {.requires_grad = true}), b = ones({2}, {.requires_grad = true});
  Tensor y;
  {
    const Scope scope("hidden");
    y = (matmul(x, w) + b).relu();
  }
  const Tensor loss = (y * y).to(float64).mean();
  const Dot dot = parse(graph(loss, {.names = {{"weight", w}, {"bias", b}, {"h", y}}}));
  CHECK(dot.labels == std::vector<std::string>{"weight\n[3, 2] float32", "bias\n[2] float32",
                                               "matmul\n[4, 2] float32\nhidden", "add\n[4, 2] float32\nhidden",
                                               "relu\nh\n[4, 2] float32\nhidden", "mul\n[4, 2] float32",
                                               "to\n[4, 2] float64", "mean\n[] float64"});
  CHECK(dot.edges == std::vector<std::pair<std::size_t, std::size_t>>{
                         {0, 2}, {2, 3}, {1, 3}, {3, 4}, {4, 5}, {4, 5}, {5, 6}, {6, 7}});
  CHECK(parse(graph(loss)).labels[0] == "leaf\n[3, 2] float32");
  CHECK(parse(graph(loss, {.names = {}, .shapes = false})).labels[2] == "matmul\nhidden");
  CHECK(!w.grad().defined());
}

TEST_CASE("the text of a graph depends on the program alone", "[graph]") {
  // Breaks if addresses decide on the order of nodes.
  const auto text = [] {
    const Tensor x = ones({2, 2}, {.requires_grad = true});
    Tensor y = x;
    for (int i = 0; i < 20; ++i) y = i % 3 == 0 ? y.sin() + x : (y * x).t();
    const std::vector<Tensor> parts = y.unbind(0);
    return graph(parts[0] * parts[1]);
  };
  const std::string first = text();
  const Tensor between = ones({3}, {.requires_grad = true}).exp();
  CHECK(text() == first);
  const Dot dot = parse(first);
  CHECK(std::count(dot.labels.begin(), dot.labels.end(), "leaf\n[2, 2] float32") == 1);
}

TEST_CASE("several outputs are told apart", "[graph]") {
  // Breaks if an edge does not say which output it comes from, or outputs share a shape.
  const Tensor x = ones({2, 3}, {.requires_grad = true});
  const auto [rows, all] = Sums::apply(x);
  const std::string text = graph(rows.sum() * all);
  CHECK(text.find("n1 -> n2 [label=\"output 0\"];") != std::string::npos);
  CHECK(text.find("n1 -> n3 [label=\"output 1\"];") != std::string::npos);
  CHECK(parse(text).labels[1].find("output 0: [2] float32\noutput 1: [] float32") != std::string::npos);
  CHECK(parse(graph(all)).labels[1].find("output 1: [] float32") != std::string::npos);
}

TEST_CASE("labels are escaped", "[graph]") {
  // Breaks if a name ends its label, or a line.
  const Tensor x = ones({1}, {.requires_grad = true});
  const std::string name = "say \"a\\b\"\nand {c}";
  CHECK(parse(graph(x * x, {.names = {{name, x}}})).labels[0] == name + "\n[1] float32");
}

TEST_CASE("a graph is only looked at", "[graph]") {
  // Breaks if the text costs a gradient, a hook or the graph, or what cannot be derived is an error.
  const Tensor x = ones({3}, {.requires_grad = true});
  int hooks = 0;
  Tensor y = Twice::apply(x);
  y.register_hook([&](const Tensor&) {
    ++hooks;
    return Tensor();
  });
  const Tensor loss = (y * y).sum();
  const Dot before = parse(graph(loss));
  CHECK(before.labels.size() == 4);
  CHECK(before.labels[0] == "leaf\n[3] float32");
  CHECK(Twice::backwards == 1);
  CHECK(hooks == 0);
  CHECK(!x.grad().defined());
  loss.backward();
  CHECK(hooks == 1);
  xg_test::expect_close(x.grad(), {8, 8, 8});
  const Dot after = parse(graph(loss));  // of a released graph only what is known without a sweep
  CHECK(after.labels.back() == "sum\n[] float32");
  CHECK(after.labels.front() == "leaf\n[3] float32");
  CHECK(after.edges == before.edges);

  CHECK(parse(graph(Failing::apply(x).sum())).labels.size() == 3);
  CHECK(parse(graph(ones({2, 3}))).labels == std::vector<std::string>{"tensor\n[2, 3] float32"});
  CHECK(parse(graph(x)).labels == std::vector<std::string>{"leaf\n[3] float32"});
  CHECK_ERROR(graph(Tensor()), ValueError, "undefined");
  {
    const NoGrad guard;
    CHECK(parse(graph(loss)).labels.size() == 4);
  }
  Tensor deep = x;
  for (int i = 0; i < 20000; ++i) deep = deep + x;
  CHECK(parse(graph(deep)).edges.size() == 40000);
}
