// Figures: axes of your own with matplotlib's names, ready-made plots, themes, formats, and a report of one HTML file.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <iostream>
#include <set>

using namespace xg;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/figures";
  std::filesystem::create_directories(out);
  manual_seed(0);

  // Two axes side by side; data may be tensors, vectors or lists.
  viz::Figure figure({.width = 9, .height = 3.6, .columns = 2, .title = "Fits"});
  Tensor x = linspace(0, 6, 60), truth = sin(x), seen = truth + 0.2 * randn({60});
  viz::Axes& fit = figure.axes(0, 0);
  fit.fill_between(x, truth - 0.4, truth + 0.4, {.label = "two deviations"});
  fit.plot(x, truth, {.color = "C0", .label = "truth"});
  fit.scatter(x, seen, {.color = "C1", .size = 4, .label = "measured"});
  fit.axhline(0);
  fit.set_xlabel("time / s");
  fit.set_ylabel("voltage / V");
  fit.legend({.loc = "upper right"});
  viz::Axes& rates = figure.axes(0, 1);
  rates.bar({"adam", "sgd", "rmsprop"}, {0.91, 0.84, 0.88},
            {.colors = {"C0", "C2", "#aa3377"}, .error = {0.02, 0.03, 0.02}});
  rates.set_ylim(0.5, 1);
  rates.set_title("Accuracy, five runs");
  figure.save(out / "own.svg");
  figure.save(out / "own.html");

  // PNG and PDF need librsvg; this asks whether the build has it.
  if (viz::Figure::can_rasterize())
    figure.save(out / "own.pdf");
  else
    std::cout << "no PDF: built without librsvg\n";

  // Ready-made plots return figures; a theme can be given to each.
  nn::Sequential model("Net", nn::Dense(3, 6, {.activation = "gelu", .name = "h1"}), nn::Dropout(0.2),
                       nn::Dense(6, 1, {.activation = "sigmoid", .name = "output"}));
  model.eval();
  Tensor X = randn({80, 3});
  explain::Explanation e = explain::DeepShap(model, X, {.feature_names = {"age", "income", "分数"}})(X);
  viz::network(model, {.description = true, .theme = viz::Theme::tutorial}).save(out / "network.svg");
  viz::activation("gelu").save(out / "gelu.svg");
  viz::beeswarm(e, {.theme = viz::Theme::dark}).save(out / "beeswarm.svg");
  viz::bar({{"younger", e.slice(0, 40)}, {"older", e.slice(40, 80)}}).save(out / "cohorts.svg");

  viz::Report report("What the network does");
  report.section("Data and fit", "The measured points scatter around the truth.", figure);
  report.section("The network", viz::network(model), model.summary());
  report.section("One row", viz::waterfall(e[0]), viz::scatter(e, "age"));
  report.section("A table", viz::ReportTable{{"optimizer", "accuracy"}, {{"adam", "0.91"}, {"sgd", "0.84"}}});
  report.save(out / "report.html");
  using Entries = std::set<std::filesystem::directory_entry>;
  for (const auto& file : Entries(std::filesystem::directory_iterator(out), {}))
    std::cout << file.path().filename().string() << " " << file.file_size() << " bytes\n";
}
