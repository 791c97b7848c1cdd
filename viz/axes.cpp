#include <fmt/format.h>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/axes.hpp>
#include <xgrad/viz/detail/axes_state.hpp>
#include <xgrad/viz/detail/histogram.hpp>
#include <xgrad/viz/detail/options.hpp>
#include <xgrad/viz/detail/range.hpp>

#include <cmath>
#include <limits>
#include <numeric>

namespace xg::viz {
namespace {

using detail::AxisState;

void same_length(const char* op, const char* first, std::size_t a, const char* second, std::size_t b) {
  if (a == b) return;
  throw ValueError(
      fmt::format("[{}] {} has {} numbers, {} has {}: give as many of one as of the other.", op, first, a, second, b));
}

void one_of(const char* op, const char* what, const std::string& found, std::initializer_list<const char*> known) {
  std::string list;
  for (const char* k : known) {
    if (found == k) return;
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", k);
  }
  throw ValueError(fmt::format("[{}] {} is \"{}\": use one of {}.", op, what, found, list));
}

// Checks the options that plot, errorbar and rules share.
template <class Options> void check_line_look(const char* op, const Options& o) {
  one_of(op, "linestyle", o.linestyle, {"-", "--", ":", "-.", "none"});
  detail::check_points(op, "linewidth", o.linewidth);
  detail::check_alpha(op, o.alpha);
  detail::check_paint(op, "color", o.color);
  if constexpr (requires { o.marker; }) {
    one_of(op, "marker", o.marker, {"", "o", "s", "^", "v", "d", "x", "+"});
    detail::check_points(op, "markersize", o.markersize, 0.01);
  }
}

void set_limits(AxisState& axis, const char* op, double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high) || !(low < high)) {
    throw ValueError(
        fmt::format("[{}] limits are {} and {}: give two finite numbers, the smaller one first.", op, low, high));
  }
  axis.limits = {low, high};
}

void set_scale(AxisState& axis, const char* op, const std::string& scale) {
  one_of(op, "scale", scale, {"linear", "log"});
  axis.log = scale == "log";
}

void set_ticks(AxisState& axis, const char* op, const Data& positions, const std::vector<std::string>& labels) {
  for (const double v : positions.values()) {
    if (std::isfinite(v)) continue;
    throw ValueError(fmt::format("[{}] a tick is at {}: give finite numbers.", op, v));
  }
  Ticks t{positions.values(), labels.empty() ? tick_labels(positions.values()) : labels};
  same_length(op, "positions", positions.size(), "labels", t.labels.size());
  axis.ticks = std::move(t);
}

}  // namespace

Axes::Axes() : state_(std::make_unique<State>()) {}
Axes::Axes(const Axes& other) : state_(std::make_unique<State>(*other.state_)) {
  state_->under = nullptr;
  if (state_->twin) state_->twin->state().under = state_.get();
}
Axes::Axes(Axes&&) noexcept = default;
Axes& Axes::operator=(Axes other) noexcept {
  state_ = std::move(other.state_);
  return *this;
}
Axes::~Axes() = default;

void Axes::plot(const Data& x, const Data& y, const PlotOptions& o) {
  same_length("plot", "x", x.size(), "y", y.size());
  check_line_look("plot", o);
  if (o.linestyle == "none" && o.marker.empty())
    throw ValueError("[plot] linestyle is \"none\" and marker is \"\", neither a line nor a marker: give one of them.");
  const Paint color = o.color.role == Role::automatic ? Paint::series(state_->next_color++) : o.color;
  state_->artists.push_back(detail::LineArtist{x.values(), y.values(), color.fade(o.alpha), o.linewidth, o.linestyle,
                                               o.marker, o.markersize, o.label});
}

Data Axes::counting(std::size_t n) {
  std::vector<double> v(n);
  std::iota(v.begin(), v.end(), 0.0);
  return v;
}

void Axes::scatter(const Data& x, const Data& y, const ScatterOptions2D& o) {
  same_length("scatter", "x", x.size(), "y", y.size());
  one_of("scatter", "marker", o.marker, {"o", "s", "^", "v", "d", "x", "+"});
  one_of("scatter", "cmap", o.cmap, {"viridis", "red_blue"});
  detail::check_points("scatter", "size", o.size, 0.01);
  detail::check_alpha("scatter", o.alpha);
  detail::check_paint("scatter", "color", o.color);
  detail::PointsArtist a{x.values(), y.values(), {},     INFINITY, -INFINITY, o.cmap == "red_blue",
                         o.color,    o.marker,   o.size, o.alpha,  o.label};
  if (!o.c.empty()) {
    same_length("scatter", "x", x.size(), "c", o.c.size());
    a.value = o.c.values();
    detail::DataRange range;
    for (const double v : a.value) range.add(v);
    a.value_low = range.low;
    a.value_high = range.high;
  } else if (o.color.role == Role::automatic) {
    a.color = Paint::series(state_->next_color++);
  }
  state_->artists.push_back(std::move(a));
}

namespace {

detail::BarsArtist bars(const char* op, Axes::State& state, const Data& position, const Data& length,
                        const BarOptions2D& o, bool horizontal) {
  same_length(op, horizontal ? "y" : "x", position.size(), horizontal ? "width" : "height", length.size());
  if (!o.base.empty()) same_length(op, "the bars", position.size(), "base", o.base.size());
  if (!o.error.empty()) same_length(op, "the bars", position.size(), "error", o.error.size());
  if (!o.colors.empty()) same_length(op, "the bars", position.size(), "colors", o.colors.size());
  detail::check_between(op, "width", o.width, std::numeric_limits<double>::denorm_min(),
                        std::numeric_limits<double>::max());
  detail::check_alpha(op, o.alpha);
  detail::check_paint(op, "color", o.color);
  for (const Paint& p : o.colors) detail::check_paint(op, "one of colors", p);
  detail::BarsArtist a;
  a.position = position.values();
  a.length = length.values();
  a.base = o.base.empty() ? std::vector<double>(position.size(), 0.0) : o.base.values();
  a.error = o.error.values();
  a.width = o.width;
  a.horizontal = horizontal;
  a.label = o.label;
  a.colors = o.colors;
  if (a.colors.empty()) {
    a.colors = {o.color.role == Role::automatic ? Paint::series(state.next_color++) : o.color};
  }
  for (Paint& p : a.colors) p = p.fade(o.alpha);
  return a;
}

}  // namespace

void Axes::bar(const Data& x, const Data& height, const BarOptions2D& options) {
  state_->artists.push_back(bars("bar", *state_, x, height, options, false));
}

void Axes::bar(const StringList& names, const Data& height, const BarOptions2D& options) {
  bar(counting(names.size()), height, options);
  set_xticks(counting(names.size()), names);
}

void Axes::barh(const Data& y, const Data& width, const BarOptions2D& options) {
  state_->artists.push_back(bars("barh", *state_, y, width, options, true));
}

void Axes::barh(const StringList& names, const Data& width, const BarOptions2D& options) {
  barh(counting(names.size()), width, options);
  set_yticks(counting(names.size()), names);
  state_->y.inverted = true;
}

void Axes::hist(const Data& values, const HistOptions& o) {
  detail::check_count("hist", "bins", o.bins, 0, 10'000);
  detail::check_alpha("hist", o.alpha);
  detail::check_paint("hist", "color", o.color);
  const detail::Histogram h = detail::histogram(values.values(), o.bins);
  if (h.centers.empty()) {
    if (!values.empty())
      state_->notes.push_back(fmt::format("Nothing to count: {} values are NaN or infinite", values.size()));
    return;
  }
  bar(h.centers, h.count, {.color = o.color, .width = h.width, .alpha = o.alpha, .label = o.label});
}

void Axes::fill_between(const Data& x, const Data& y1, const Data& y2, const FillOptions& o) {
  same_length("fill_between", "x", x.size(), "y1", y1.size());
  same_length("fill_between", "x", x.size(), "y2", y2.size());
  detail::check_alpha("fill_between", o.alpha);
  detail::check_paint("fill_between", "color", o.color);
  const Paint color = o.color.role == Role::automatic ? Paint::series(state_->next_color++) : o.color;
  state_->artists.push_back(detail::FillArtist{x.values(), y1.values(), y2.values(), color.fade(o.alpha), o.label});
}

void Axes::errorbar(const Data& x, const Data& y, const ErrorbarOptions& o) {
  same_length("errorbar", "x", x.size(), "y", y.size());
  if (!o.xerr.empty()) same_length("errorbar", "x", x.size(), "xerr", o.xerr.size());
  if (!o.yerr.empty()) same_length("errorbar", "y", y.size(), "yerr", o.yerr.size());
  check_line_look("errorbar", o);
  detail::check_points("errorbar", "capsize", o.capsize);
  const Paint color = o.color.role == Role::automatic ? Paint::series(state_->next_color++) : o.color;
  const bool alone = o.linestyle == "none" && o.marker.empty();
  state_->artists.push_back(detail::ErrorArtist{x.values(), y.values(), o.xerr.values(), o.yerr.values(),
                                                color.fade(o.alpha), o.linewidth, o.capsize,
                                                alone ? std::string(o.label) : std::string()});
  if (alone) return;
  plot(x, y,
       {.color = color,
        .linewidth = o.linewidth,
        .linestyle = o.linestyle,
        .marker = o.marker,
        .markersize = o.markersize,
        .alpha = o.alpha,
        .label = o.label});
}

void Axes::axhline(double y, const RuleOptions& o) {
  check_line_look("axhline", o);
  state_->artists.push_back(
      detail::RuleArtist{y, true, o.color.or_else(Role::muted).fade(o.alpha), o.linewidth, o.linestyle, o.label});
}

void Axes::axvline(double x, const RuleOptions& o) {
  check_line_look("axvline", o);
  state_->artists.push_back(
      detail::RuleArtist{x, false, o.color.or_else(Role::muted).fade(o.alpha), o.linewidth, o.linestyle, o.label});
}

void Axes::text(double x, double y, StringRef text, const TextOptions& options) {
  one_of("text", "ha", options.ha, {"left", "center", "right"});
  one_of("text", "va", options.va, {"baseline", "center", "top", "bottom"});
  detail::check_points("text", "fontsize", options.fontsize);
  detail::check_between("text", "rotation", options.rotation, -360, 360, "degrees");
  detail::check_paint("text", "color", options.color);
  state_->artists.push_back(detail::TextArtist{x, y, text.str(), options});
}

namespace {

// Axes made by twinx own their y axis and legend; everything else belongs to the axes under them.
Axes::State& shared(Axes::State& state) { return state.under ? *state.under : state; }

void only_under(const Axes::State& state, const char* op) {
  if (state.under)
    throw ValueError(fmt::format("[{0}] these axes are made by twinx: call {0} of the axes that they lie over.", op));
}

}  // namespace

void Axes::set_title(StringRef title) { shared(*state_).title = title.str(); }

void Axes::set_xlabel(StringRef label, const Paint& color) {
  detail::check_paint("set_xlabel", "color", color);
  shared(*state_).x.label = label.str();
  shared(*state_).x.label_color = color;
}

void Axes::set_ylabel(StringRef label, const Paint& color) {
  detail::check_paint("set_ylabel", "color", color);
  state_->y.label = label.str();
  state_->y.label_color = color;
}

void Axes::set_xlim(double low, double high) { set_limits(shared(*state_).x, "set_xlim", low, high); }
void Axes::set_ylim(double low, double high) { set_limits(state_->y, "set_ylim", low, high); }
void Axes::set_xscale(StringRef scale) { set_scale(shared(*state_).x, "set_xscale", scale.str()); }
void Axes::set_yscale(StringRef scale) { set_scale(state_->y, "set_yscale", scale.str()); }

void Axes::set_xticks(const Data& positions, const StringList& labels) {
  set_ticks(shared(*state_).x, "set_xticks", positions, labels);
}

void Axes::set_yticks(const Data& positions, const StringList& labels) {
  set_ticks(state_->y, "set_yticks", positions, labels);
}

void Axes::invert_yaxis() { state_->y.inverted = !state_->y.inverted; }
void Axes::set_aspect_equal() {
  only_under(*state_, "set_aspect_equal");
  state_->equal = true;
}
void Axes::grid(bool on) { shared(*state_).grid = on; }

void Axes::legend(const LegendOptions& options) {
  one_of("legend", "loc", options.loc, {"best", "upper left", "upper right", "lower left", "lower right", "outside"});
  state_->legend = options;
}

void Axes::colorbar(StringRef label) { shared(*state_).colorbar = label.str(); }

Axes& Axes::twinx() {
  only_under(*state_, "twinx");
  if (!state_->twin) {
    state_->twin.emplace();
    state_->twin->state().under = state_.get();
    state_->twin->state().next_color = 1;
  }
  return *state_->twin;
}

}  // namespace xg::viz
