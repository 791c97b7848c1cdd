#include <xgrad/viz/detail/clipping.hpp>
#include <xgrad/viz/detail/simplify.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace xg::viz::detail {

namespace {

constexpr double cells_per_sheet_px = 2;  // PNGs have two px for each px of the sheet

using Indices = std::vector<std::size_t>;

// Keeps the first, the last and the extremes across among successive points in the same cell along one axis.
template <class Along, class Across> Indices extremes_per_cell(const Indices& from, Along&& along, Across&& across) {
  Indices kept;
  for (std::size_t begin = 0; begin < from.size();) {
    if (from[begin] == gap) {
      kept.push_back(from[begin++]);
      continue;
    }
    const double cell = std::floor(along(from[begin]) * cells_per_sheet_px);
    std::size_t end = begin, low = begin, high = begin;
    for (; end < from.size() && from[end] != gap && std::floor(along(from[end]) * cells_per_sheet_px) == cell; ++end) {
      if (across(from[end]) < across(from[low])) low = end;
      if (across(from[end]) > across(from[high])) high = end;
    }
    std::size_t candidates[] = {begin, std::min(low, high), std::max(low, high), end - 1};
    for (std::size_t k = 0; k < 4; ++k) {
      if (k == 0 || candidates[k] != candidates[k - 1]) kept.push_back(from[candidates[k]]);
    }
    begin = end;
  }
  return kept;
}

// Removes points that lie on the segment between their neighbours.
Indices without_collinear(const Indices& from, const std::vector<Point>& points) {
  Indices kept;
  for (const std::size_t i : from) {
    while (i != gap && kept.size() >= 2 && kept.back() != gap && kept[kept.size() - 2] != gap) {
      const Point &a = points[kept[kept.size() - 2]], &b = points[kept.back()], &c = points[i];
      const double dx = c.x - a.x, dy = c.y - a.y, length = std::hypot(dx, dy);
      const double offset = std::abs(dx * (b.y - a.y) - dy * (b.x - a.x));
      const double projection = dx * (b.x - a.x) + dy * (b.y - a.y);
      if (!(length > 0) || !(offset <= 1e-6 * length) || projection < 0 || projection > length * length) break;
      kept.pop_back();
    }
    kept.push_back(i);
  }
  return kept;
}

// A set of the covered cells of a sheet.
class Coverage {
 public:
  Coverage(double width, double height, double cells_per_px) {
    // Cells of sheets that are larger than any screen are larger, which bounds memory.
    scale_ = std::min({cells_per_px, 4096 / std::max(width, 1.0), 4096 / std::max(height, 1.0)});
    columns_ = static_cast<std::int64_t>(std::ceil(std::max(width, 1.0) * scale_)) + 1;
    rows_ = static_cast<std::int64_t>(std::ceil(std::max(height, 1.0) * scale_)) + 1;
    covered_.assign(static_cast<std::size_t>(columns_ * rows_), 0);
  }

  // Covers all cells of a segment; returns whether any of them was free.
  bool add_line(Point a, Point b) {
    if (!clip(a, b)) return false;
    const double steps = std::max({std::abs(b.x - a.x), std::abs(b.y - a.y), 1e-9}) * scale_;
    const auto count = static_cast<std::int64_t>(std::ceil(steps));
    bool newly_covered = false;
    for (std::int64_t k = 0; k <= count; ++k) {
      const double t = static_cast<double>(k) / static_cast<double>(count);
      std::uint8_t& covered = covered_at(cell(a.x + t * (b.x - a.x)), cell(a.y + t * (b.y - a.y)));
      newly_covered = newly_covered || covered == 0;
      covered = 1;
    }
    return newly_covered;
  }

 private:
  std::int64_t cell(double px) const { return static_cast<std::int64_t>(px * scale_); }
  std::uint8_t& covered_at(std::int64_t x, std::int64_t y) {
    return covered_[static_cast<std::size_t>(std::min(y, rows_ - 1) * columns_ + std::min(x, columns_ - 1))];
  }

  // Clips the segment to the sheet.
  bool clip(Point& a, Point& b) const {
    return clip_line({0, 0, (static_cast<double>(columns_) - 1) / scale_, (static_cast<double>(rows_) - 1) / scale_}, a,
                     b);
  }

  double scale_ = 1;
  std::int64_t columns_ = 1, rows_ = 1;
  std::vector<std::uint8_t> covered_;
};

// A sheet divided into strips of cells, each of which is full after `max_layers` layers. Full cells are linked to the
// next cell that is not full, as in a disjoint-set forest, so that the cost of a mark is about the number of strips it
// touches.
class Strips {
 public:
  Strips(double length, double width, double cells_per_px, std::uint16_t max_layers) : max_layers_(max_layers) {
    // Cells of sheets that are larger than any screen are larger, which bounds memory.
    scale_ = std::min({cells_per_px, 4096 / std::max(length, 1.0), 4096 / std::max(width, 1.0)});
    cells_ = static_cast<std::int64_t>(std::ceil(std::max(length, 1.0) * scale_)) + 1;
    strips_ = static_cast<std::int64_t>(std::ceil(std::max(width, 1.0) * scale_)) + 1;
    next_.resize(static_cast<std::size_t>(strips_ * (cells_ + 1)));
    for (std::size_t i = 0; i < next_.size(); ++i)
      next_[i] = static_cast<std::uint32_t>(i % static_cast<std::size_t>(cells_ + 1));
    if (max_layers > 1) layers_.assign(next_.size(), 0);
  }

  // Adds a layer to all cells of a box, or of the disc in it, that are not full; returns whether there were any.
  bool add(const Box& box, bool round) {
    if (!(box.right >= 0 && box.bottom >= 0 && box.left * scale_ < static_cast<double>(cells_) &&
          box.top * scale_ < static_cast<double>(strips_)))
      return false;
    const Point middle = box.centre();
    const double radius = std::max(box.width(), box.height()) / 2 + 0.5 / scale_;
    const std::int64_t top = cell(box.top, strips_), bottom = cell(box.bottom, strips_);
    bool newly_covered = false;
    for (std::int64_t strip = top; strip <= bottom; ++strip) {
      double from = box.left, to = box.right;
      if (round) {
        const double offset = (static_cast<double>(strip) + 0.5) / scale_ - middle.y;
        const double half = radius * radius - offset * offset;
        if (half < 0) continue;
        // Only cells whose centres are within the disc count.
        from = std::max(from, middle.x - std::sqrt(half) + 0.5 / scale_);
        to = std::min(to, middle.x + std::sqrt(half) - 0.5 / scale_);
        if (to < from) from = to = middle.x;
      }
      if (to < 0 || from * scale_ >= static_cast<double>(cells_)) continue;
      newly_covered = fill(strip, cell(from, cells_), cell(to, cells_)) || newly_covered;
    }
    return newly_covered;
  }

 private:
  std::int64_t cell(double px, std::int64_t count) const {
    return static_cast<std::int64_t>(std::clamp(px * scale_, 0.0, static_cast<double>(count - 1)));
  }

  bool fill(std::int64_t strip, std::int64_t from, std::int64_t to) {
    const auto first = static_cast<std::size_t>(strip * (cells_ + 1));
    std::uint32_t* next = next_.data() + first;
    bool newly_covered = false;
    for (std::uint32_t cell = first_open_cell(next, static_cast<std::uint32_t>(from));
         cell <= static_cast<std::uint32_t>(to); cell = first_open_cell(next, cell + 1)) {
      newly_covered = true;
      if (max_layers_ == 1 || ++layers_[first + cell] == max_layers_) next[cell] = cell + 1;
    }
    return newly_covered;
  }

  // The first cell from `cell` on that is not full. The last entry of a strip is a sentinel that is never full.
  static std::uint32_t first_open_cell(std::uint32_t* next, std::uint32_t cell) {
    while (next[cell] != cell) cell = next[cell] = next[next[cell]];
    return cell;
  }

  std::uint16_t max_layers_;
  double scale_ = 1;
  std::int64_t cells_ = 1, strips_ = 1;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint16_t> layers_;
};

Indices without_covered(const Indices& from, const std::vector<Point>& points, double width, double height,
                        double cell) {
  Coverage coverage(width, height, 1 / cell);
  Indices kept;
  bool drawn = false;  // does the line continue from the last kept point?
  for (std::size_t k = 0; k < from.size(); ++k) {
    const std::size_t i = from[k];
    if (i == gap) {
      drawn = false;
      continue;
    }
    const bool starts = k == 0 || from[k - 1] == gap;
    const bool ends = k + 1 == from.size() || from[k + 1] == gap;
    if (starts && !ends) continue;
    const std::size_t previous = starts ? i : from[k - 1];
    const bool outer = k + 1 == from.size() || k == 1;  // is this the first or the last piece?
    if (!coverage.add_line(points[previous], points[i]) && !outer) {
      drawn = false;
      continue;
    }
    if (!drawn) {
      if (!kept.empty()) kept.push_back(gap);
      if (previous != i) kept.push_back(previous);
    }
    kept.push_back(i);
    drawn = true;
  }
  return kept;
}

}  // namespace

std::vector<std::size_t> simplify_line(const std::vector<Point>& points, double width, double height, double cell) {
  Indices kept;
  kept.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (is_finite(points[i]))
      kept.push_back(i);
    else if (kept.empty() || kept.back() != gap)
      kept.push_back(gap);
  }
  if (points.size() <= max_points && cell <= 1) return kept;
  const auto x = [&](std::size_t i) { return points[i].x; };
  const auto y = [&](std::size_t i) { return points[i].y; };
  kept = extremes_per_cell(kept, x, y);
  kept = extremes_per_cell(kept, y, x);
  kept = without_collinear(kept, points);
  if (kept.size() > 4 * max_points || cell > 1) kept = without_covered(kept, points, width, height, cell);
  return kept;
}

std::vector<std::size_t> simplify_area(const std::vector<Point>& upper, const std::vector<Point>& lower) {
  Indices kept;
  const std::size_t n = upper.size();
  if (n <= max_points) {
    kept.resize(n);
    for (std::size_t i = 0; i < n; ++i) kept[i] = i;
    return kept;
  }
  const auto good = [&](std::size_t i) { return is_finite(upper[i]) && std::isfinite(lower[i].y); };
  for (std::size_t begin = 0; begin < n;) {
    if (!good(begin)) {
      // One point that is not finite is kept as a gap.
      if (kept.empty() || good(kept.back())) kept.push_back(begin);
      ++begin;
      continue;
    }
    const double cell = std::floor(upper[begin].x * cells_per_sheet_px);
    std::size_t end = begin;
    std::size_t candidates[6] = {begin, begin, begin, begin, begin, begin};
    for (; end < n && good(end) && std::floor(upper[end].x * cells_per_sheet_px) == cell; ++end) {
      if (upper[end].y < upper[candidates[1]].y) candidates[1] = end;
      if (upper[end].y > upper[candidates[2]].y) candidates[2] = end;
      if (lower[end].y < lower[candidates[3]].y) candidates[3] = end;
      if (lower[end].y > lower[candidates[4]].y) candidates[4] = end;
    }
    candidates[5] = end - 1;
    std::sort(candidates, candidates + 6);
    kept.insert(kept.end(), candidates, std::unique(candidates, candidates + 6));
    begin = end;
  }
  return kept;
}

std::vector<std::size_t> visible_marks(const std::vector<Box>& marks, bool round, double alpha, double width,
                                       double height) {
  const double layers = alpha >= 1 ? 1 : std::ceil(std::log(1.0 / 500) / std::log1p(-std::max(alpha, 1e-3)));
  double total_width = 0, total_height = 0;  // sums over all marks
  for (const Box& b : marks) {
    if (!is_finite({b.left, b.top}) || !is_finite({b.right, b.bottom})) continue;
    total_width += std::min(b.width(), width);
    total_height += std::min(b.height(), height);
  }
  // Strips run along the longer side of the marks, so that each mark touches few of them. Large discs do not need cells
  // of half a px.
  const bool upright = total_height > total_width;
  const double disc = round ? total_width / static_cast<double>(std::max<std::size_t>(marks.size(), 1)) : 0;
  Strips strips(upright ? height : width, upright ? width : height,
                std::clamp(256 / std::max(disc, 1.0), 0.5, cells_per_sheet_px), static_cast<std::uint16_t>(layers));
  Indices kept;
  for (std::size_t i = marks.size(); i-- > 0;) {
    Box b = marks[i];
    if (!is_finite({b.left, b.top}) || !is_finite({b.right, b.bottom})) continue;
    if (upright) b = {b.top, b.left, b.bottom, b.right};
    if (strips.add(b, round)) kept.push_back(i);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

}  // namespace xg::viz::detail
