#include <xgrad/viz/detail/leader_labels.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace xg::viz::detail {

void LeaderLabels::add(double leader, std::vector<std::string> lines, const Paint& paint) {
  Label l{leader, std::move(lines), paint, 0, 0, {}, false};
  for (const std::string& text : l.lines) l.width = std::max(l.width, text_width(text, size_));
  l.height = static_cast<double>(l.lines.size()) * line_height * size_;
  labels_.push_back(std::move(l));
}

double LeaderLabels::draw(Scene& scene, double from) {
  for (std::size_t placed = 0; placed < labels_.size(); ++placed) place_next();
  double bottom = top_;
  for (const Label& l : labels_) scene.line({l.leader, from}, {l.leader, l.box.top + 1}, {l.paint, 1}, "leader");
  for (const Label& l : labels_) {
    // If there was no free place, the label covers the leader that crosses it.
    if (conflicts(l, l.box) > 0)
      scene.add(Rect{{l.box.left, l.box.top + 2, l.box.right, l.box.bottom - 2}, Role::background, {}, 0, "cover"});
    double y = l.box.top + 2 + 0.5 * line_height * size_;
    for (const std::string& text : l.lines) {
      scene.add(Text{{l.box.centre().x, y}, {{text, l.paint}}, size_, Anchor::middle, Align::middle, 0, "force-label"});
      y += line_height * size_;
    }
    bottom = std::max(bottom, l.box.bottom);
  }
  return bottom;
}

int LeaderLabels::conflicts(const Label& label, const Box& box) const {
  int count = 0;
  for (const Label& other : labels_) {
    if (&other == &label) continue;
    const bool under_leader = other.leader > box.left && other.leader < box.right;
    if (!other.placed) {
      count += under_leader ? 1 : 0;  // its leader will come down through this box
      continue;
    }
    if (box.overlaps(other.box)) count += 1000;
    if (under_leader && other.box.top >= box.bottom) ++count;
    if (label.leader > other.box.left && label.leader < other.box.right && box.top >= other.box.bottom) ++count;
  }
  return count;
}

void LeaderLabels::place_next() {
  std::vector<double> levels = {top_};
  for (const Label& l : labels_) {
    if (l.placed) levels.push_back(l.box.bottom);
  }
  std::sort(levels.begin(), levels.end());
  Label* best = nullptr;
  Box best_box;
  int min_conflicts = 0;
  for (Label& l : labels_) {
    if (l.placed) continue;
    for (const double share : {0.5, 1.0, 0.0}) {
      const double start = std::clamp(l.leader - share * l.width, left_, std::max(left_, right_ - l.width));
      for (const double y : levels) {
        const Box box{start - 6, y, start + l.width + 6, y + l.height + 4};
        const int count = conflicts(l, box);
        if (!best || count < min_conflicts || (count == min_conflicts && y < best_box.top - 0.5)) {
          best = &l;
          best_box = box;
          min_conflicts = count;
        }
      }
    }
  }
  if (!best) return;
  best->box = best_box;
  best->placed = true;
}

}  // namespace xg::viz::detail
