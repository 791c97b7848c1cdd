// Every figure of viz/ with easy, awkward and broken data, and what must hold for each of them.
#pragma once

#include <xgrad/viz/activation.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/bar.hpp>
#include <xgrad/viz/beeswarm.hpp>
#include <xgrad/viz/confusion_matrix.hpp>
#include <xgrad/viz/decision.hpp>
#include <xgrad/viz/effect_scatter.hpp>
#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/force.hpp>
#include <xgrad/viz/history.hpp>
#include <xgrad/viz/network.hpp>
#include <xgrad/viz/neuron.hpp>
#include <xgrad/viz/plot_model.hpp>
#include <xgrad/viz/regression.hpp>
#include <xgrad/viz/scene.hpp>
#include <xgrad/viz/score_curves.hpp>
#include <xgrad/viz/waterfall.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace viz_test {

using namespace xg::viz;

/// What is odd about the data.
enum class Kind { plain, cjk, long_names, one_feature, broken_numbers, huge, zero, control_characters };
inline const std::vector<std::pair<Kind, const char*>> kinds = {
    {Kind::plain, "plain"},           {Kind::cjk, "CJK"},
    {Kind::long_names, "long names"}, {Kind::one_feature, "one feature"},
    {Kind::broken_numbers, "NaN"},    {Kind::huge, "huge"},
    {Kind::zero, "all zero"},         {Kind::control_characters, "control characters"}};

std::string name_of(Kind kind, std::size_t i);
/// Contributions of `rows` rows, the same at every call.
Contributions contributions(Kind kind, std::size_t rows, std::size_t features = 13);
/// All figures, by name.
std::vector<std::pair<std::string, Figure>> all_figures(Kind kind, const Theme& theme);

/// Why `text` is not well-formed XML, or "".
std::string xml_error(const std::string& text);
/// Texts that leave the sheet, one per line, or "".
std::string texts_outside(const Scene& scene);
/// Pairs of texts that cover each other, one per line, or "".
std::string texts_overlapping(const Scene& scene);

}  // namespace viz_test
