// Labels below marks, joined to them by leader lines.
#pragma once

#include <xgrad/viz/color.hpp>
#include <xgrad/viz/scene.hpp>

#include <string>
#include <vector>

namespace xg::viz::detail {

/// Labels below a row of marks, on as many levels as needed so that no two overlap and no leader, the line from a mark
/// down to its label, crosses a label. The time grows with the fourth power of the number of labels, because each is
/// compared with each other one at every level.
class LeaderLabels {
 public:
  /// Places labels in letters of `size` px between `left` and `right`, from `top` downwards, all in px.
  LeaderLabels(double top, double size, double left, double right)
      : top_(top), size_(size), left_(left), right_(right) {}

  /// Adds a label of these lines whose leader is at x = `leader`.
  void add(double leader, std::vector<std::string> lines, const Paint& paint);

  /// Places and draws the labels; leaders begin at y = `from`. Returns the y of the bottom.
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

  // Counts the leaders that a box for `label` would cross, and overlapped labels 1000 times.
  int conflicts(const Label& label, const Box& box) const;
  // Places the label, among those without a place, that has the fewest conflicts at any alignment and level; the
  // highest level wins ties.
  void place_next();

  double top_, size_, left_, right_;
  std::vector<Label> labels_;
};

}  // namespace xg::viz::detail
