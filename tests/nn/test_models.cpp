#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/tensor/error.hpp>

using namespace xg;
using xg_test::expect_close;

namespace {

struct TwoInputs : nn::Module {
  nn::Linear& left;
  nn::Linear& right;
  TwoInputs() : left(add<nn::Linear>("left", 2, 3)), right(add<nn::Linear>("right", 4, 3)) {}
  using nn::Module::forward;
  Tensor forward(const Tensor& a, const Tensor& b) { return left(a) + right(b); }
  std::shared_ptr<nn::Module> clone() const override { return nn::clone_as(*this); }
};

nn::Sequential deep(std::int64_t n) {
  return nn::Sequential("DeepNN", nn::Dense(n, 6, {.activation = "relu", .name = "h1"}),
                        nn::Dropout(0.2, {.name = "drop1"}), nn::Dense(6, 3, {.activation = "relu", .name = "h2"}),
                        nn::Dropout(0.2, {.name = "drop2"}),
                        nn::Dense(3, 1, {.activation = "sigmoid", .name = "output"}));
}

}  // namespace

// Breaks if calling layers on nodes gives another model than putting them in a row.
TEST_CASE("a model from nodes equals the same Sequential") {
  nn::Sequential model = deep(10);
  nn::Node input = nn::input({10}, {.name = "input"});
  nn::Node h = nn::Dense(6, {.activation = "relu", .name = "h1"})(input);
  h = nn::Dropout(0.2, {.name = "drop1"})(h);
  h = nn::Dense(3, {.activation = "relu", .name = "h2"})(h);
  CHECK(h.shape() == Shape{3});
  h = nn::Dropout(0.2, {.name = "drop2"})(h);
  nn::Model functional(input, nn::Dense(1, {.activation = "sigmoid", .name = "output"})(h), "DeepNN");
  CHECK(functional.num_parameters() == 91);
  functional.load_state_dict(model.state_dict());
  functional.eval();
  model.eval();
  const Tensor x = randn({7, 10});
  expect_close(functional(x), model(x), 0, 0);
  CHECK_ERROR(functional(zeros({7, 9})), ShapeError, "[Model] input \"input\" is [7, 9], a row of it must be [10].",
              "In: DeepNN.");
}

// Breaks if branches, joins, several inputs or outputs are wired wrongly.
TEST_CASE("branches, joins, several inputs and outputs") {
  nn::Node a = nn::input({2}, {.name = "a"}), b = nn::input({4}, {.name = "b"});
  auto both = nn::shared(TwoInputs());
  nn::Node sum = both(a, b);
  nn::Node joined = nn::concatenate({sum, b, a});
  CHECK(joined.shape() == Shape{9});
  nn::Node product = nn::multiply({sum, sum});
  nn::Model model({a, b}, {joined, product, nn::add({sum, sum, product})}, "Multi");
  const Tensor xa = randn({5, 2}), xb = randn({5, 4});
  const auto out = model({xa, xb});
  REQUIRE(out.size() == 3);
  const Tensor s = both->forward(xa, xb);
  expect_close(out[0], cat({s, xb, xa}, 1), 1e-6);
  expect_close(out[1], s * s, 1e-6);
  expect_close(out[2], s + s + s * s, 1e-6, 1e-6);
  CHECK(model.num_parameters() == 6 + 3 + 12 + 3);
  CHECK(model.input_count() == 2);
  CHECK(model.output_count() == 3);
  auto copy = model.clone();
  expect_close(dynamic_cast<nn::Model&>(*copy)({xa, xb})[2], out[2], 0, 0);
  CHECK_ERROR(model(xa), ShapeError, "has 2 inputs and 3 outputs");
  CHECK_ERROR(model(std::vector{xa}), ShapeError, "called on 1 tensors, the model has 2 inputs");
}

// Breaks if a graph that cannot be run is accepted.
TEST_CASE("a model that cannot be made is named") {
  nn::Node a = nn::input({2}, {.name = "a"}), b = nn::input({3}, {.name = "b"});
  nn::Node h = nn::Dense(2)(a);
  CHECK_ERROR(nn::Model(b, h), ValueError, "depends on input \"a\", which is not among the model's inputs");
  CHECK_ERROR(nn::Model({a, b}, {h}), ValueError, "no output depends on input \"b\"");
  CHECK_ERROR(nn::Model(h, h), ValueError, "must be made with nn::input");
  CHECK_ERROR(nn::Model({a, a}, {h}), ValueError, "input \"a\" is listed twice");
  CHECK_ERROR(nn::Model(nn::Node(), h), ValueError, "[Node] the node is undefined");
  CHECK_ERROR(nn::input({-1}), ShapeError, "sizes must not be negative");
  CHECK_ERROR(nn::Linear(4, 1)(a), ShapeError, "[linear]", "input.size(-1) must be 4");
  CHECK_ERROR(nn::concatenate({a}), ValueError, "[concatenate] 1 nodes");
  CHECK_ERROR(nn::call(nn::Lambda([](const Tensor& x) { return x.sum(); }), a), ShapeError,
              "the first size must stay the number of rows");
}

// Breaks if a Dense without a number of inputs guesses it, or trains without parameters.
TEST_CASE("numbers of inputs are inferred") {
  nn::Sequential model(nn::Dense(5, 4, {.activation = "relu"}), nn::Dropout(0.1), nn::Dense(3), nn::Flatten(),
                       nn::Dense(2));
  CHECK(model.at<nn::Dense>(2).in_features() == 4);
  CHECK(model.num_parameters() == 24 + 15 + 8);
  nn::Sequential unknown(nn::Dense(3), nn::Dense(2));
  CHECK_ERROR(unknown.parameters(), ValueError, "[parameters] 0 (Dense) has none yet", "Dense(in, units)");
  unknown(zeros({2, 7}));
  CHECK(unknown.num_parameters() == 24 + 8);
  nn::Node in = nn::input({6});
  nn::Node out = nn::Sequential("s", nn::Dense(3), nn::ReLU(), nn::Dense(2))(in);
  CHECK(out.shape() == Shape{2});
}

// Breaks if Keras's columns, the totals, or names and shapes change.
TEST_CASE("summary is Keras's table with FLOPs") {
  const std::string text = deep(10).summary().str();
  CHECK_THAT(text, xg_test::ContainsSubstring("Model: \"DeepNN\"\n___"));
  CHECK_THAT(text,
             xg_test::ContainsSubstring("Layer (type)                 Output Shape              Param #   FLOPs\n==="));
  CHECK_THAT(text,
             xg_test::ContainsSubstring("h1 (Dense)                   (None, 6)                 66        132\n___"));
  CHECK_THAT(text, xg_test::ContainsSubstring("drop1 (Dropout)              (None, 6)                 0         0\n"));
  CHECK_THAT(text,
             xg_test::ContainsSubstring("output (Dense)               (None, 1)                 4         8\n==="));
  CHECK_THAT(text, xg_test::ContainsSubstring("Total params: 91\nTrainable params: 91\nNon-trainable params: 0\n"));
  for (const auto& [n, params] : {std::pair{17, 207}, std::pair{11, 97}}) {
    const auto units = [](double u) { return static_cast<std::int64_t>(std::nearbyint(u)); };
    const std::int64_t h1 = units((n + 1) / 2.0), h2 = units((n + 1) / 4.0);
    nn::Sequential model(nn::Dense(n, h1), nn::Dense(h1, h2), nn::Dense(h2, 1));
    CHECK(model.summary().total_parameters == params);
  }
  nn::Sequential model("M", nn::Dense(1000, 1234, {.name = "a_layer_with_a_very_long_name_that_no_column_would_hold"}));
  model[0].requires_grad_(false);
  const nn::Summary summary = model.summary();
  CHECK_THAT(summary.str(),
             xg_test::ContainsSubstring("a_layer_with_a_very_long_name_that_no_column_would_hold (Dense)  (None"));
  CHECK_THAT(summary.str(), xg_test::ContainsSubstring("Non-trainable params: 1,235,234"));
  CHECK(summary.flops == 2 * 1000 * 1234 + 1234);
  CHECK_THAT(summary.markdown(),
             xg_test::ContainsSubstring("| Layer (type) | Output Shape | Param # | FLOPs |\n|---|---|--:|--:|\n"));
}

// Breaks if user-defined modules have no rows, or their own parameters and shared layers are miscounted.
TEST_CASE("summary of a module of one's own") {
  struct Block : nn::Module {
    nn::Linear& fc;
    nn::ReLU& act;
    Tensor scale;
    Block() : fc(add<nn::Linear>("fc", 4, 4)), act(add<nn::ReLU>("act")), scale(param("scale", ones({4}))) {}
    Tensor forward(const Tensor& x) override { return act(fc(act(x))) * scale; }
  };
  struct Net : nn::Module {
    Block& block;
    nn::Linear& head;
    nn::Linear& unused;
    Net()
        : Module("Net"),
          block(add<Block>("block")),
          head(add<nn::Linear>("head", 4, 1)),
          unused(add<nn::Linear>("unused", 7, 1)) {}
    Tensor forward(const Tensor& x) override { return head(block(x)); }
  } net;
  const nn::Summary known = net.summary({.input_shape = Shape{4}});
  CHECK(known.total_parameters == 20 + 4 + 5 + 8);
  std::vector<std::string> rows;
  std::int64_t sum = 0;
  for (const nn::LayerInfo& layer : known.layers) {
    rows.push_back(layer.name + (layer.shared ? " again" : ""));
    sum += layer.num_parameters;
  }
  CHECK(rows ==
        std::vector<std::string>{"input", "block.act", "block.fc", "block.act again", "block", "head", "unused"});
  CHECK(sum == known.total_parameters);
  CHECK_THAT(known.str(), xg_test::ContainsSubstring("head (Linear)                (None, 1)"));
  CHECK_THAT(net.summary().str(), xg_test::ContainsSubstring("head (Linear)                ?"));
  CHECK(net.is_training());
  CHECK_ERROR(net.summary({.input_shape = Shape{5}}), ShapeError, "block (Block) > fc (Linear)");
}

// Breaks if an entry differs from what the tutorial's pictures are drawn from.
TEST_CASE("config is the tutorial's list of layers") {
  nn::Sequential model = deep(10);
  const auto list = model.config();
  REQUIRE(list.size() == 6);
  CHECK(list[0].name == "input");
  CHECK(list[0].type == "Input");
  CHECK(list[0].is_input);
  CHECK(list[0].implied);
  CHECK_FALSE(list[1].is_input);
  CHECK(list[0].out == 10);
  CHECK(list[0].neurons == 0);
  CHECK_FALSE(list[0].params.defined());
  CHECK(list[1].name == "h1");
  CHECK(list[1].in == 10);
  CHECK(list[1].neurons == 6);
  CHECK(list[1].out == 6);
  CHECK(*list[1].activation == "relu");
  CHECK(list[1].params.is_same(model.at<nn::Dense>(0).weight()));
  CHECK(list[1].bias.shape() == Shape{6});
  CHECK(list[1].inputs == std::vector<std::size_t>{0});
  CHECK(list[2].neurons == 0);
  CHECK_FALSE(list[2].activation.has_value());
  CHECK(list[2].in == 6);
  CHECK(list[2].out == 6);
  CHECK(list[5].inputs == std::vector<std::size_t>{4});
  CHECK(*list[5].output_shape == Shape{1});

  nn::Node a = nn::input({2}, {.name = "a"});
  nn::Node h = nn::Dense(3, {.name = "h"})(a);
  nn::Model branched(a, nn::concatenate({h, a}, {.name = "join"}));
  const auto graph = branched.config();
  REQUIRE(graph.size() == 3);
  CHECK(graph[0].is_input);
  CHECK_FALSE(graph[0].implied);
  CHECK(graph[2].type == "Concatenate");
  CHECK(graph[2].inputs == std::vector<std::size_t>{1, 0});
  CHECK(graph[2].in == 5);
}

// Breaks if a layer whose width is not known, or that changes the width, is walked past on the way to one that knows.
TEST_CASE("a layer is built for what it gets, not for what a later layer takes") {
  nn::Sequential lazy("lazy", nn::Dense(16, {.activation = "relu"}), nn::BatchNorm1d(16), nn::Dense(1));
  CHECK_FALSE(lazy.is_built());
  CHECK(lazy(randn({8, 3})).shape() == Shape{8, 1});
  CHECK(lazy.parameters()[0].shape() == Shape{16, 3});
  nn::Sequential after_relu(nn::ReLU(), nn::Dense(4), nn::Dense(4, 4), nn::Dense(1));
  CHECK(after_relu(randn({8, 3})).shape() == Shape{8, 1});
  // Layers that change the width: what stands before them does not take what stands behind them.
  CHECK(nn::Sequential(nn::GLU(), nn::Linear(2, 3), nn::Dense(1))(randn({5, 4})).shape() == Shape{5, 1});
  const auto doubled = [](const Tensor& x) { return cat({x, x}, -1); };
  CHECK(nn::Sequential(nn::Lambda(doubled), nn::Linear(4, 3), nn::Dense(1))(randn({5, 2})).shape() == Shape{5, 1});
  // Width-preserving layers defer to the first layer that knows it.
  nn::Sequential known(nn::Dropout(0.1), nn::ReLU(), nn::LayerNorm(4), nn::Dense(1));
  CHECK(known.is_built());
  CHECK(known.input_shape() == Shape{4});
}
