// What people read in an explanation: sums of groups with their errors, where a logit goes, how the numbers were made.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/data/encoder.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace xg;
using namespace xg::explain;
using nn::data::FeatureGroup;
using xg_test::expect_close;

namespace {

const std::vector<FeatureGroup> groups{{"first", {0, 3, 4}}, {"alone", {2}}, {"pair", {5, 1}}};

/// Values [N, G, K] of the groups against reference b alone, for all b: what a standard error is made of.
template <class Explain>
std::vector<Tensor> by_reference(const Tensor& background, const std::vector<FeatureGroup>& of, Explain&& explain) {
  std::vector<Tensor> found;
  for (std::int64_t b = 0; b < background.size(0); ++b)
    found.push_back(explain(background.slice(0, b, b + 1)).grouped(of).values());
  return found;
}

/// sd / sqrt(B) of each number over the list.
Tensor standard_error(const std::vector<Tensor>& found) {
  const auto b = static_cast<double>(found.size());
  Tensor mean = zeros(found[0].shape(), {.dtype = float64}), squares = zeros(found[0].shape(), {.dtype = float64});
  for (const Tensor& t : found) mean = mean + t / b;
  for (const Tensor& t : found) squares = squares + (t - mean) * (t - mean);
  return (squares / (b - 1) / b).sqrt();
}

bool contains(const std::vector<std::string>& lines, const std::string& piece) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(piece) != std::string::npos; });
}

}  // namespace

// Breaks if the standard error of a group is anything but that of its sum for each reference, whatever path the sweep
// takes: a chain, a chain whose zeros are skipped, any other model, blocks that hold some of the references only.
TEST_CASE("groups given to an explainer have standard errors") {
  // Zeros are skipped in layers from 32 features on, for four outputs or more; then features lie in several panels.
  const Tensor x = xg_test::random_rows(3, 70, 1), background = xg_test::random_rows(9, 70, 2);
  const xg_test::RandomNet smooth({70, 12, 3}, [](const Tensor& t) { return tanh(t); }, 3);
  const xg_test::RandomNet wide({70, 96, 40, 5}, [](const Tensor& t) { return relu(t); }, 4);
  const auto product = [](const Tensor& t) {
    return tanh(xg_test::column(t, 0) * xg_test::column(t, 1)) + t.sum({1}, true);
  };
  const std::vector<std::pair<std::string, xg_test::Function>> models{
      {"chain", smooth}, {"chain with zeros", wide}, {"other", product}};
  std::vector<FeatureGroup> wide_groups = groups;
  wide_groups[0].features.push_back(69);
  wide_groups[2].features.push_back(40);
  for (const auto& [name, model] : models) {
    for (const std::size_t max_bytes : {std::size_t{1}, std::size_t{20000}, default_block_bytes}) {
      INFO(name << ", blocks of " << max_bytes << " bytes");
      const Explanation e = DeepShap(model, background, {.groups = wide_groups, .max_bytes = max_bytes})(x);
      const Explanation plain = DeepShap(model, background, {.max_bytes = max_bytes})(x);
      CHECK(e.features() == 65);
      CHECK(e.feature_names()[3] == "x6");
      CHECK(xg_test::same_bits(e.values(), plain.grouped(wide_groups).values()));
      const Tensor want = standard_error(by_reference(
          background, wide_groups, [&](const Tensor& b) { return DeepShap(model, b, {.max_bytes = max_bytes})(x); }));
      expect_close(e.standard_errors(), want, 1e-9, 1e-12);
      CHECK(e.notes().empty());
    }
  }
  const Tensor row = x.slice(1, 0, 7).contiguous(), few = background.slice(1, 0, 7).contiguous();
  const xg_test::RandomNet small({7, 5, 2}, [](const Tensor& t) { return relu(t); }, 8);
  const Explanation exact = ExactShapley(small, few, {.groups = groups})(row);
  expect_close(exact.standard_errors(),
               standard_error(by_reference(few, groups, [&](const Tensor& b) { return ExactShapley(small, b)(row); })),
               1e-9, 1e-12);
  CHECK(xg_test::same_bits(exact.values(), ExactShapley(small, few)(row).grouped(groups).values()));
}

// Breaks if an error of a sum is invented where it is not known, or no note says why it is missing.
TEST_CASE("groups formed afterwards have no standard errors, and say so") {
  const Tensor x = xg_test::random_rows(2, 7, 1), background = xg_test::random_rows(9, 7, 2);
  const xg_test::RandomNet net({7, 5, 1}, [](const Tensor& t) { return tanh(t); }, 3);
  const Explanation plain = DeepShap(net, background)(x), later = plain.grouped(groups);
  const std::vector<double> errors = later.standard_errors().to_vector();
  CHECK(std::isnan(errors[0]));
  CHECK(std::isfinite(errors[1]));
  CHECK(contains(later.notes(), "standard errors of sums"));
  CHECK(contains(later.notes(), ".groups"));
  CHECK(later.grouped({}).notes().size() == 1);
  CHECK(DeepShap(net, background.slice(0, 0, 1))(x).grouped(groups).notes().empty());  // there were none to lose
  CHECK(later.group_members(0) == std::vector<std::string>{"x0", "x3", "x4"});
  CHECK(later.group_members(1).empty());
  CHECK(later.grouped({{"all", {0, 2}}}).group_members(0) == std::vector<std::string>{"x0", "x3", "x4", "x5", "x1"});
  CHECK_ERROR(later.group_members(4), IndexError, "group_members", "feature is 4");
  CHECK_ERROR(DeepShap(net, background, {.groups = {{"a", {7}}}}), IndexError, "[DeepShap]", "'a'", "feature 7");
  CHECK_ERROR(DeepShap(net, background, {.groups = {{"a", {1}}, {"b", {1}}}}), ValueError, "[DeepShap]", "two groups");
  CHECK_ERROR(ExactShapley(net, background, {.groups = {{"a", {}}}}), ValueError, "[ExactShapley]", "no features");
  // A row without numbers has no errors either.
  Tensor broken = x.clone();
  broken.mutable_data<double>()[3] = std::nan("");
  const Explanation e = DeepShap(net, background, {.groups = groups})(broken);
  CHECK(std::isnan(e.standard_errors().to_vector()[0]));
  CHECK(std::isfinite(e.standard_errors().to_vector()[4]));
}

// Breaks if the function behind a logit is forgotten by a method, a view or a file.
TEST_CASE("an explanation knows where its logit goes") {
  const xg_test::RandomNet net({4, 3}, [](const Tensor& t) { return t; }, 5);
  const Tensor x = xg_test::random_rows(2, 4, 6), background = xg_test::random_rows(5, 4, 7);
  const auto sigmoid_net = [&](const Tensor& t) { return sigmoid(net(t)); };
  const auto softmax_net = [&](const Tensor& t) { return softmax(net(t), -1); };
  const auto log_softmax_net = [&](const Tensor& t) { return log_softmax(net(t), 1); };
  const auto check = [&](const auto& model, OutputActivation want, const Tensor& probabilities) {
    const ModelFunction f(model);
    for (const Explanation& e :
         {DeepShap(f, background)(x), DeepLift(f)(x), ExactShapley(f, background)(x), IntegratedGradients(f)(x),
          Saliency(f)(x), InputXGradient(f)(x), explanation_from_json(DeepShap(f, background)(x).json()),
          DeepShap(f, background, {.groups = {{"a", {0, 1}}}})(x)}) {
      INFO(e.method());
      CHECK(e.output_space() == Output::logit);
      CHECK(e.output_activation() == want);
      CHECK(e[0].output(1).output_activation() == want);
      expect_close(e.probabilities(), probabilities, 1e-12);
    }
  };
  check(sigmoid_net, OutputActivation::sigmoid, sigmoid_net(x));
  check(softmax_net, OutputActivation::softmax, softmax_net(x));
  check(log_softmax_net, OutputActivation::softmax, softmax_net(x));

  const Explanation all = DeepShap(softmax_net, background)(x);
  CHECK_ERROR(all.output(1).probabilities(), ValueError, "softmax takes 3 logits and 1", "all outputs");
  CHECK_ERROR(DeepShap(softmax_net, background, {.target = 1})(x).probabilities(), ValueError, "3 logits");
  const Explanation ranked = DeepShap(softmax_net, background, {.ranked_outputs = 3})(x);
  CHECK(ranked.probabilities().to_vector()[0] == Approx(softmax_net(x).max().item()).epsilon(1));
  expect_close(ranked.probabilities().sum({1}), {1, 1}, 1e-12);
  CHECK_ERROR(DeepShap(net, background)(x).probabilities(), ValueError, "no logit");
  CHECK(contains(all.about(), "final softmax"));
  CHECK(contains(DeepShap(sigmoid_net, background)(x).about(), "log-odds"));
  CHECK_FALSE(contains(all.about(), "log-odds"));
  // A softmax along one of several dimensions takes some of the logits of a row together.
  const auto parts = [&](const Tensor& t) { return softmax(t.reshape({-1, 2, 2}), 2); };
  CHECK(DeepShap(parts, background)(x).output_activation() == OutputActivation::unknown);
  CHECK_ERROR(DeepShap(parts, background)(x).probabilities(), ValueError, "sigmoid or a softmax");

  // The text has the probability that belongs to the logit.
  const std::string text = all[0].str();
  for (const double p : softmax_net(x)[0].to_vector())
    CHECK_THAT(text, xg_test::ContainsSubstring(fmt::format("probability {:.4g}", p)));
  CHECK(all.output(1).str().find("  probability ") == std::string::npos);

  // Files of earlier versions do not say it: a single logit belongs to a sigmoid, for several it is not known.
  const auto without = [](const Explanation& e) {
    std::string json = e.json();
    for (const char* key : {"output_activation", "unit", "group_members", "residual", "about"}) {
      const std::string quoted = fmt::format("\"{}\":", key);
      REQUIRE(json.find(quoted) != std::string::npos);
      json.replace(json.find(quoted) + 1, 2, "__");  // another key
    }
    return explanation_from_json(json);
  };
  CHECK(without(all).output_activation() == OutputActivation::unknown);
  const auto one = [&](const Tensor& t) { return sigmoid(xg_test::column(net(t), 0)); };
  CHECK(without(DeepShap(one, background)(x)).output_activation() == OutputActivation::sigmoid);
  expect_close(without(all).residual(), all.residual(), 0, 0);
  std::string wrong = all.json();
  wrong.replace(wrong.find("softmax\""), 7, "softplu");
  CHECK_ERROR(explanation_from_json(wrong), IoError, "output_activation", "softplu");
}

// Breaks if a reader is not told what the numbers are.
TEST_CASE("an explanation says how it was made") {
  const Tensor x = xg_test::random_rows(2, 4, 6), background = xg_test::random_rows(5, 4, 7);
  const xg_test::RandomNet net({4, 6, 1}, [](const Tensor& t) { return relu(t); }, 5);
  const Explanation e = DeepShap(net, background, {.feature_names = {"a", "sex_f", "sex_m", "b"}})(x);
  const std::vector<std::string> about = e.about();
  CHECK(about[0] == "DeepShap of what the model returns, 2 rows, 4 features");
  CHECK(contains(about, "base value: the mean of that over 5 references"));
  CHECK(contains(about, "standard error (+-): of the mean over the 5 references"));
  CHECK(contains(about, "base value + contributions = prediction"));
  CHECK(contains(e.rescaled(2, 1, "dollars").about(), "in dollars"));
  CHECK(e.rescaled(2, 1, "dollars").unit() == "dollars");
  CHECK(contains(e.grouped({{"sex", {1, 2}}}).about(),
                 "sums of the contributions of several features: sex (sex_f + sex_m)"));
  CHECK(contains(Saliency(net)(x).about(), "do not sum"));
  CHECK_FALSE(contains(Saliency(net)(x).about(), "standard error"));
  CHECK(contains(DeepShap(net, background.slice(0, 0, 1))(x).about(), "that of one reference"));
  // Left rectangles lose much: both texts and files say how much.
  const Explanation rough = IntegratedGradients([](const Tensor& t) { return (t * t).sum({1}); },
                                                {.steps = 2, .method = Quadrature::riemann_left})(x);
  const double lost = rough.residual().abs().max().item();
  CHECK(lost > 0.1);
  CHECK(contains(rough.about(), fmt::format("up to {:.2g}", lost)));
  CHECK_THAT(rough.json(), xg_test::ContainsSubstring("\"residual\":{\"shape\":[2,1]"));
  CHECK_THAT(e.str(), xg_test::ContainsSubstring("standard error (+-)"));
  CHECK_THAT(e.json(), xg_test::ContainsSubstring("standard error (+-): of the mean over the 5 references"));
}

// Breaks if a feature made from one column is taken for another column of that name.
TEST_CASE("every feature shows its own value") {
  const auto table = nn::data::parse_csv("sex,sex_male,sex_female_2,y\nmale,7,4,1\nfemale,8,5,0\nmale,9,6,1\n");
  nn::data::Encoder encoder({.target = "y", .scaling = nn::data::Scaling::none});
  const nn::data::Dataset data = encoder.fit_transform(table);
  const Explanation e =
      DeepShap([](const Tensor& t) { return t.sum({1}); }, data.X, {.feature_names = data.feature_names})(data.X);
  for (const Explanation& shown : {e.with_display(data.raw), e.with_display(table)})
    for (std::int64_t row = 0; row < 3; ++row)
      for (std::int64_t f = 0; f < e.features(); ++f)
        CHECK(shown.display(row, f) == fmt::format("{}", data.X[row][f].item()));
  const Explanation grouped = e.with_display(table).grouped(data.feature_groups);
  CHECK(grouped.display(0, 0) == "male");
  CHECK(grouped.display(0, 1) == "7");
}
