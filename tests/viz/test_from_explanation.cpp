#include "figures.hpp"

#include "support/catch.hpp"

#include <xgrad/explain/explanation.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>

using namespace viz_test;

// Breaks if an Explanation loses numbers or names on its way into a picture, or an output is guessed.
TEST_CASE("explanations become contributions", "[viz]") {
  using xg::explain::Explanation;
  xg::explain::ExplanationParts parts;
  parts.values = xg::tensor<double>({1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60}).reshape({2, 3, 2});
  parts.base_values = xg::tensor<double>({0.5, 5, 0.5, 5}).reshape({2, 2});
  parts.outputs = xg::tensor<double>({6.5, 65, 15.5, 155}).reshape({2, 2});
  parts.data = xg::tensor<double>({7, 8, 9, 10, 11, 12}).reshape({2, 3});
  parts.feature_names = {"a", "b", "c"};
  parts.output_names = {"cat", "dog"};
  parts.output_space = xg::explain::Output::logit;
  CHECK_ERROR(decision(Explanation(parts).output(0), {.link = Link::logit}), xg::ValueError, "sigmoid or a softmax",
              "output_activation");
  parts.output_activation = xg::explain::OutputActivation::sigmoid;
  const Explanation e(parts);
  CHECK_ERROR(bar(e), xg::ValueError, "[bar]", "2 outputs", "0 (cat), 1 (dog)", ".output = 0");
  CHECK_ERROR(bar(e, {.output = 2}), xg::IndexError, "output 2");
  const Contributions c = xg::viz::contributions(e, 1);
  CHECK(c.values == std::vector<double>{10, 20, 30, 40, 50, 60});
  CHECK(c.base == std::vector<double>{5, 5});
  CHECK(c.total(1) == 155);
  CHECK(c.prediction(1) == 155);
  CHECK(c.output == "dog");
  CHECK(c.space == Space::logit);
  CHECK(c.errors.empty());
  CHECK(c.shown(1, 2) == "12");
  CHECK_ERROR(waterfall(e.output(1)), xg::ValueError, "e[0]");
  CHECK(waterfall(e[1], {.output = 0}).svg().find(">a</tspan>") != std::string::npos);
  parts.output_names = {"output", "other"};
  CHECK(xg::viz::contributions(Explanation(parts), 0).output == "output");
  CHECK_NOTHROW(force(e.output(0)));
  CHECK_NOTHROW(scatter(e.output(0), "b"));
  CHECK_NOTHROW(beeswarm(e.output(0)));
  CHECK_NOTHROW(bar({{"first", e.output(0)}, {"second", e.output(1)}}));
  CHECK_NOTHROW(decision(e.output(0), {.link = Link::logit}));
}
