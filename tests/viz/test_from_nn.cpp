#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/history.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/notebook.hpp>
#include <xgrad/viz/report.hpp>

using namespace viz_test;
namespace nn = xg::nn;

namespace {

nn::Sequential deep() {
  return nn::Sequential("DeepNN", nn::Dense(10, 6, {.activation = "relu", .name = "h1"}),
                        nn::Dropout(0.2, {.name = "drop1"}), nn::Dense(6, 3, {.activation = "relu", .name = "h2"}),
                        nn::Dropout(0.2, {.name = "drop2"}),
                        nn::Dense(3, 1, {.activation = "sigmoid", .name = "output"}));
}

std::size_t count(const Scene& s, const char* tag) { return s.all<Circle>(tag).size(); }

// A user's layer that has the name of the entries for inputs.
struct Input : nn::Module {};

// A user's container that lists its layers without saying which of them feed one another.
struct Listed : nn::Module {
  std::vector<nn::LayerInfo> layers(const nn::SummaryOptions&) override {
    return {{.name = "input", .type = "Input", .out = 2, .is_input = true},
            {.name = "own", .type = Input().type_name(), .in = 2, .neurons = 3, .out = 3}};
  }
};

}  // namespace

// Breaks if columns, links or descriptions are not those of the tutorial's visualize_nn.
TEST_CASE("network draws the tutorial's DeepNN", "[viz]") {
  nn::Sequential model = deep();
  const Scene s = network(model, {.description = true}).scene();
  CHECK(count(s, "outer-node") == 11);                           // 10 inputs, 1 output
  CHECK(count(s, "node") == 6 + 6 + 3 + 3);                      // h1, drop1, h2, drop2
  CHECK(s.all<Polyline>("link").size() == 60 + 6 + 18 + 3 + 3);  // dropout is one to one
  std::string all;
  for (const Text& t : s.all<Text>("description")) all += plain(t) + "|";
  CHECK_THAT(all, xg_test::ContainsSubstring("INPUT|10 X|"));
  CHECK_THAT(all, xg_test::ContainsSubstring("H1|relu (|Σ10[X·w]+b|) = 6 out|"));
  CHECK_THAT(all, xg_test::ContainsSubstring("DROP1|H2|"));
  CHECK_THAT(all, xg_test::ContainsSubstring("OUTPUT|sigmoid (|Σ3[X·w]+b|) = 1 Y|"));
  // The tutorial's colours and columns at equal distances.
  std::vector<double> x;
  for (const Circle& c : s.all<Circle>()) {
    if (c.tag == "node" || c.tag == "outer-node") {
      if (x.empty() || c.centre.x > x.back() + 1) x.push_back(c.centre.x);
      CHECK(c.fill == Paint(c.tag == "outer-node"              ? Role::outer
                            : (x.size() == 3 || x.size() == 5) ? Role::dropout
                                                               : Role::hidden));
    }
  }
  REQUIRE(x.size() == 6);
  for (std::size_t i = 2; i < 6; ++i) CHECK(x[i] - x[i - 1] == Approx(x[1] - x[0]));
}

// Breaks if link widths do not follow |w|, or their colours the sign.
TEST_CASE("network's links follow the weights", "[viz]") {
  nn::Sequential model("Two", nn::Dense(2, 1, {.name = "d"}));
  nn::StateDict state = model.state_dict();
  for (auto& [key, value] : state) {
    if (value.numel() == 2) value = xg::tensor({-2.0, 1.0}).reshape({1, 2});
  }
  model.load_state_dict(state);
  const auto links = network(model, {.weights = true}).scene().all<Polyline>("link");
  REQUIRE(links.size() == 2);
  CHECK(links[0].stroke.paint.role == Role::negative);
  CHECK(links[1].stroke.paint.role == Role::positive);
  CHECK(links[0].stroke.width > links[1].stroke.width);
}

// Breaks if a wide layer is drawn in full, or named inputs do not match.
TEST_CASE("network shortens wide layers and checks names", "[viz]") {
  nn::Sequential model("Wide", nn::Dense(300, 64, {.activation = "relu", .name = "h"}),
                       nn::Dense(64, 2, {.name = "o"}));
  const Scene s = network(model, {.max_nodes = 8, .output_names = {"no", "yes"}}).scene();
  CHECK(count(s, "outer-node") == 7 + 2);
  CHECK(count(s, "dots") == 6);
  CHECK(texts_outside(s) == "");
  CHECK_ERROR(network(model, {.output_names = {"no"}}), xg::ValueError, "[network]", "output_names", "1 names for 2");
  CHECK_ERROR(network(model, {.max_nodes = 2}), xg::ValueError, "max_nodes");
  CHECK_ERROR(network({}, "x"), xg::ValueError, "no layers");
  CHECK_ERROR(network({{.name = "a", .out = 0}}, "x"), xg::ValueError, "\"a\"", "not known");
}

// Breaks if branches, joins or shapes of a functional model are lost.
TEST_CASE("plot_model shows branches, shapes and parameters", "[viz]") {
  nn::Node in = nn::input({4}, {.name = "in"});
  nn::Node a = nn::Dense(6, {.activation = "relu", .name = "a"})(in);
  nn::Node b = nn::Dense(6, {.activation = "tanh", .name = "b"})(in);
  nn::Model model(in, nn::Dense(1, {.name = "out"})(nn::add({a, b})), "Branches");
  const Figure figure = plot_model(model);
  const std::string svg = figure.svg();
  for (const char* text :
       {"Branches", "(None, 4) → (None, 6)", "relu, 30 parameters", "tanh, 30 parameters", "7 parameters"}) {
    CHECK_THAT(svg, xg_test::ContainsSubstring(text));
  }
  CHECK(figure.scene().all<Polygon>("arrow").size() == 5);
  CHECK_THAT(figure.dot(), xg_test::ContainsSubstring("n0 -> n2"));
  CHECK(xml_error(network(model, {.description = true}).svg()) == "");
  nn::Sequential chain = deep();
  CHECK(plot_model(chain).scene().all<Rect>("box").size() == 6);
}

// Breaks when a user's layer is taken for an input of the model because of its class's name.
TEST_CASE("a user's layer may be called Input", "[viz]") {
  Listed model;
  REQUIRE(model.config()[1].type == "Input");
  CHECK(plot_model(model).scene().all<Polygon>("arrow").size() == 1);
  CHECK(network(model).scene().all<Polyline>("link").size() == 6);
}

// Breaks when the curve is not the function, or its derivative not autograd's.
TEST_CASE("activation draws a function and its derivative", "[viz]") {
  const Scene s = activation("relu", {.low = -2, .high = 2}).scene();
  const auto lines = s.all<Polyline>("line");
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].points.size() == 401);
  const auto curve = lines[1].points;
  CHECK(curve[0].y == Approx(curve[200].y));  // 0 up to x = 0
  CHECK(curve[200].y - curve[400].y > 50);
  CHECK(std::isnan(lines[0].points[200].y));  // the derivative jumps: a gap
  CHECK(
      xml_error(activation({"binary_step",
                            [](const xg::Tensor& x) { return xg::where(x > 0, xg::ones_like(x), xg::zeros_like(x)); }})
                    .svg()) == "");
  for (const std::string& name : nn::Activation::names()) {
    INFO(name);
    if (name == "glu")
      CHECK_ERROR(activation(name), xg::ValueError, "glu", "one number");
    else
      CHECK(xml_error(activation(name, {.theme = Theme::dark}).svg()) == "");
  }
  CHECK_ERROR(activation("relu", {.low = 1, .high = 1}), xg::ValueError, "[activation]", "smaller one first");
}

// Breaks if keys go to the wrong subplot or axis, or the epoch whose weights were kept is not marked.
TEST_CASE("history has the tutorial's two subplots", "[viz]") {
  nn::History h;
  for (int e = 0; e < 20; ++e) {
    for (const char* key : {"loss", "accuracy", "f1", "val_loss", "val_accuracy", "val_f1"})
      h.append(key, 1.0 / (e + 1));
  }
  const Scene s = history(h).scene();
  std::vector<std::string> titles, legend;
  for (const Text& t : s.all<Text>("title")) titles.push_back(plain(t));
  for (const Text& t : s.all<Text>("legend")) legend.push_back(plain(t));
  CHECK(titles == std::vector<std::string>{"Training", "Validation"});
  CHECK(legend == std::vector<std::string>{"loss", "accuracy", "f1", "loss", "accuracy", "f1"});
  std::vector<std::string> labels;
  for (const Text& t : s.all<Text>("axis-label")) labels.push_back(plain(t));
  CHECK(std::count(labels.begin(), labels.end(), "Loss") == 2);
  CHECK(std::count(labels.begin(), labels.end(), "Score") == 2);
  CHECK(s.all<Polyline>("line").size() == 6);
  CHECK(s.all<Polyline>("line")[0].stroke.paint == Paint(Role::ink));
  h.set_monitor("val_loss", false);
  h.set_restored_best(true);
  CHECK_THAT(history(h).svg(), xg_test::ContainsSubstring("best epoch (20)"));
  CHECK_ERROR(history(nn::History()), xg::ValueError, "[history]", "no epochs");
}

// Breaks if a report of numbers loses a curve, a count or a class on its way into pictures and pages.
TEST_CASE("metric reports become pictures and tables", "[viz]") {
  const xg::Tensor y = xg::tensor({0.0, 0.0, 1.0, 1.0, 1.0, 0.0});
  const xg::Tensor p = xg::tensor({0.1, 0.6, 0.8, 0.4, 0.9, 0.2});
  const auto q = nn::metrics::classification_report(y, p, {.class_names = {"died", "survived"}});
  const Scene cm = confusion_matrix(q).scene();
  std::vector<std::string> counts;
  for (const Text& t : cm.all<Text>("count")) counts.push_back(plain(t));
  CHECK(counts == std::vector<std::string>{"2", "1", "1", "2"});
  CHECK_THAT(roc(q).svg(), xg_test::ContainsSubstring("AUC = 0.889"));
  CHECK_THAT(precision_recall(q).svg(), xg_test::ContainsSubstring("guessing (0.50)"));
  CHECK(calibration(q).scene().all<Circle>("point").size() == q.calibration[0].size());
  const auto r = nn::metrics::regression_report(y, p);
  CHECK_THAT(predicted_vs_true(r).svg(), xg_test::ContainsSubstring("largest error"));
  CHECK(residuals(r).scene().all<Circle>("point").size() == 6);

  nn::Sequential model = deep();
  const nn::data::Table table(
      {nn::data::Column::numeric("age <years>", {1, 2.5, NAN}), nn::data::Column::text("sex", {"m", "f", "m"})});
  Report report("All");
  report.section("Parts", q, r, model.summary(), table.describe(), table, roc(q));
  const std::string html = report.html();
  CHECK(xml_error(html.substr(html.find("<main>"), html.find("</main>") + 7 - html.find("<main>"))) == "");
  for (const char* text :
       {"Accuracy", "0.889", "survived", "R²", "drop1", "91 parameters", "age &lt;years&gt;", "3 rows, 2 columns"}) {
    CHECK_THAT(html, xg_test::ContainsSubstring(text));
  }
}

// Breaks if a notebook kernel does not find the picture.
TEST_CASE("notebooks get SVG and text", "[viz]") {
  const auto bundle = mime_bundle_repr(neuron());
  CHECK(bundle.at("image/svg+xml").get<std::string>().substr(0, 4) == "<svg");
  CHECK(bundle.at("text/plain").get<std::string>().find("neuron") != std::string::npos);
}
