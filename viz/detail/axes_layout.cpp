#include <xgrad/viz/detail/axes_drawing.hpp>
#include <xgrad/viz/detail/axes_layout.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/axis_limits.hpp>
#include <xgrad/viz/detail/colorbar.hpp>
#include <xgrad/viz/detail/legend.hpp>
#include <xgrad/viz/detail/subplot.hpp>
#include <xgrad/viz/detail/text_metrics.hpp>
#include <xgrad/viz/detail/visible_artists.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace xg::viz::detail {
namespace {

constexpr double min_width = 140;
constexpr double min_height = 90;
constexpr double title_scale = 1.3;  // size of the figure's title relative to that of other text

// The notes of the axes, and notes on limits that are impossible on a log axis.
std::vector<std::string> notes_of(const Subplot& p) {
  std::vector<std::string> notes = p.state->notes;
  note_impossible_limits(notes, "x", p.x_axis);
  note_impossible_limits(notes, "y", p.y_axis);
  if (p.twin) note_impossible_limits(notes, "right y", p.twin->y);
  return notes;
}

// The subplots of a grid, row by row, with their limits and visible artists.
std::vector<Subplot> make_subplots(const std::vector<std::vector<const Axes*>>& grid, bool share_x, bool share_y,
                                   const Scene& sheet, const Theme& theme) {
  const std::size_t rows = grid.size(), columns = grid.front().size();
  std::vector<Subplot> subplots(rows * columns);
  AxisState shared_x_state, shared_y_state;
  for (const auto& row : grid) {
    for (const Axes* axes : row) {
      share_state(axes->state().x, shared_x_state);
      share_state(axes->state().y, shared_y_state);
    }
  }
  AxisRange shared_x, shared_y;
  std::vector<AxisRange> own_x(subplots.size()), own_y(subplots.size()), twin_y(subplots.size());
  for (std::size_t i = 0; i < subplots.size(); ++i) {
    Subplot& p = subplots[i];
    p.state = &grid[i / columns][i % columns]->state();
    if (p.state->twin) p.twin = &p.state->twin->state();
    p.x_axis = p.state->x;
    p.y_axis = p.state->y;
    if (share_x) share_state(shared_x_state, p.x_axis);
    if (share_y) share_state(shared_y_state, p.y_axis);
    AxisRange& x = share_x ? shared_x : own_x[i];
    AxisRange& y = share_y ? shared_y : own_y[i];
    extend_ranges(p.state->artists, x, y, p.x_axis.log, p.y_axis.log);
    if (p.twin) extend_ranges(p.twin->artists, x, twin_y[i], p.x_axis.log, p.twin->y.log);
  }
  // A plot is never larger than its share of the sheet.
  const Point largest_plot{std::max(min_width, sheet.width / static_cast<double>(columns)),
                           std::max(min_height, sheet.height / static_cast<double>(rows))};
  for (std::size_t i = 0; i < subplots.size(); ++i) {
    Subplot& p = subplots[i];
    const Limits x = limits_of(p.x_axis, share_x ? shared_x : own_x[i]);
    const Limits y = limits_of(p.y_axis, share_y ? shared_y : own_y[i]);
    p.x = {x.low, x.high, 0, 1, p.x_axis.log};
    p.y = {y.low, y.high, 0, 1, p.y_axis.log};
    p.notes = notes_of(p);
    p.artists = visible_artists(p.state->artists, p.x, p.y, largest_plot, theme, p.notes);
    if (p.twin) {
      const Limits y2 = limits_of(p.twin->y, twin_y[i]);
      p.y2 = {y2.low, y2.high, 0, 1, p.twin->y.log};
      p.notes.insert(p.notes.end(), p.twin->notes.begin(), p.twin->notes.end());
      p.twin_artists = visible_artists(p.twin->artists, p.x, p.y2, largest_plot, theme, p.notes);
    }
    if (p.state->colorbar && !mapped_points(p)) p.notes.push_back("No colour bar: no scatter has a finite number in c");
  }
  return subplots;
}

// Finds the common size of the plots of a grid, the margins of its rows and columns, and the positions of its legends.
class GridSolver {
 public:
  // The sheet has the requested size, and its title takes `title_height` px at the top.
  GridSolver(Scene& sheet, std::vector<Subplot>& subplots, std::size_t columns, double title_height, const Theme& theme)
      : sheet_(sheet),
        subplots_(subplots),
        columns_(columns),
        rows_(subplots.size() / columns),
        title_height_(title_height),
        requested_width_(sheet.width),
        requested_height_(sheet.height),
        theme_(theme) {}

  // A legend without a free place inside moves below the axes. That shrinks all subplots of its row, so that other
  // legends may lose their places. Each round moves at least one legend or is the last.
  void solve() {
    for (bool settled = false; !settled;) {
      lay_out();
      settled = true;
      for (Subplot& p : subplots_) {
        const auto& legend = legend_of(p);
        if (!legend || p.legend_outside) continue;
        if (const auto corner = legend_place(p, *legend, theme_, sheet_)) {
          p.legend_corner = *corner;
        } else if (has_legend_entries(p)) {
          p.legend_has_no_place = true;
          settled = false;
        }
      }
    }
  }

 private:
  void lay_out() {
    sheet_.width = requested_width_;
    sheet_.height = requested_height_;
    find_size();
    place_boxes();
    for (Subplot& p : subplots_) {
      if (p.state->equal) measure_again(p);
      set_scales(p, p.box);
    }
  }

  // Ticks depend on the size of the plots, margins on the ticks, and the size on the margins: a few iterations
  // converge.
  void find_size() {
    width_ = std::max(min_width, cell_width() - 80);
    height_ = std::max(min_height, (sheet_.height - title_height_) / static_cast<double>(rows_) - 70);
    bool changed = true;
    for (int round = 0; round < 8 && changed; ++round) {
      measure_margins();
      double margins_x = 0, margins_y = title_height_;
      for (std::size_t c = 0; c < columns_; ++c) margins_x += left_[c] + right_[c];
      for (std::size_t r = 0; r < rows_; ++r) margins_y += top_[r] + bottom_[r];
      const double width = std::max(min_width, (sheet_.width - margins_x) / static_cast<double>(columns_));
      const double height = std::max(min_height, (sheet_.height - margins_y) / static_cast<double>(rows_));
      changed = std::abs(width - width_) > 0.01 || std::abs(height - height_) > 0.01;
      width_ = width;
      height_ = height;
    }
  }

  // Subplots of a column share their left and right margins, subplots of a row their top and bottom margins.
  void measure_margins() {
    left_.assign(columns_, 0);
    right_.assign(columns_, 0);
    top_.assign(rows_, 0);
    bottom_.assign(rows_, 0);
    for (std::size_t i = 0; i < subplots_.size(); ++i) {
      measure(subplots_[i], width_, height_, cell_width(), theme_);
      const Margins& margins = subplots_[i].margins;
      const std::size_t column = i % columns_, row = i / columns_;
      left_[column] = std::max(left_[column], margins.left);
      right_[column] = std::max(right_[column], margins.right);
      top_[row] = std::max(top_[row], margins.top);
      bottom_[row] = std::max(bottom_[row], margins.bottom);
    }
  }

  // The sheet grows if plots of the minimum size do not fit.
  void place_boxes() {
    double y = title_height_;
    for (std::size_t r = 0; r < rows_; ++r) {
      double x = 0;
      y += top_[r];
      for (std::size_t c = 0; c < columns_; ++c) {
        x += left_[c];
        Subplot& p = subplots_[r * columns_ + c];
        p.box = {x, y, x + width_, y + height_};
        if (p.state->equal) {
          const double ratio = equal_units(p, width_, height_);
          const double width = std::min(width_, height_ * ratio);
          const double height = width / ratio;
          p.box = {x + (width_ - width) / 2, y + (height_ - height) / 2, x + (width_ + width) / 2,
                   y + (height_ + height) / 2};
        }
        x += width_ + right_[c];
      }
      y += height_ + bottom_[r];
      sheet_.width = std::max(sheet_.width, x);
    }
    sheet_.height = std::max(sheet_.height, y);
  }

  // Measures ticks and labels again in a plot that has shrunk. The margins stay, as they can only be too wide.
  void measure_again(Subplot& p) {
    const Margins margins = p.margins;
    measure(p, p.box.width(), p.box.height(), cell_width(), theme_);
    const double bottom = std::max(margins.bottom, p.margins.bottom);
    p.margins = margins;
    p.margins.bottom = bottom;
  }

  double cell_width() const { return sheet_.width / static_cast<double>(columns_); }

  Scene& sheet_;
  std::vector<Subplot>& subplots_;
  std::size_t columns_, rows_;
  double title_height_;
  double requested_width_, requested_height_;
  const Theme& theme_;
  double width_ = 0, height_ = 0;                    // of each plot
  std::vector<double> left_, right_, top_, bottom_;  // margins of columns and rows
};

}  // namespace

void draw_grid(Scene& scene, const std::vector<std::vector<const Axes*>>& grid, bool share_x, bool share_y,
               const std::string& title, const Theme& theme) {
  const double title_size = title_scale * theme.font_px();
  const double title_line = title_scale * line_height * theme.font_px();
  const std::vector<std::string> title_lines = lines_of(title, title_size, scene.width - 2 * outer_gap, true);
  const double title_height = title.empty() ? 0 : outer_gap + static_cast<double>(title_lines.size()) * title_line;

  std::vector<Subplot> subplots = make_subplots(grid, share_x, share_y, scene, theme);
  GridSolver(scene, subplots, grid.front().size(), title_height, theme).solve();
  for (const Subplot& p : subplots) draw_subplot(scene, p, theme);
  for (std::size_t i = 0; i < title_lines.size(); ++i) {
    scene.add(Text{{scene.width / 2, outer_gap + (static_cast<double>(i) + 0.5) * title_line},
                   {{title_lines[i], Role::ink, true}},
                   title_size,
                   Anchor::middle,
                   Align::middle,
                   0,
                   "title"});
  }
}

}  // namespace xg::viz::detail
