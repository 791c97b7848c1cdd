// Names below what they name, each with a line that leads up to it.
#pragma once

#include <xgrad/viz/color.hpp>
#include <xgrad/viz/scene.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// Labels below a row of marks, in as many levels as it takes so that no two overlap and no leader, the line from a
/// mark down to its label, crosses a label. Each label is compared with each at every level, so that the time grows
/// with the fourth power of their number.
class LeaderLabels {
 public:
  /// Labels in letters of `size` px stand between `left` and `right`, from `top` downwards; all in px.
  LeaderLabels(double top, double size, double left, double right)
      : top_(top), size_(size), left_(left), right_(right) {}

  /// A label of these lines whose leader is at x = `leader`.
  void add(double leader, std::vector<std::string> lines, const Paint& paint);

  /// Places the labels and draws them; leaders begin at y = `from`. Returns the y below all.
  double draw(Scene& scene, double from);

 private:
  struct Label {
    double leader;
    std::vector<std::string> lines;
    Paint paint;
    double width, height;
    Box box;
    bool placed;
  };

  // How much a box for `label` gets in the way; 0 is not at all.
  int conflicts(const Label& label, const Box& box) const;
  // Of all labels that have no place yet, all alignments and all levels: the place with the least conflict, highest
  // first.
  void place_next();

  double top_, size_, left_, right_;
  std::vector<Label> labels_;
};

}  // namespace xg::viz::detail
