#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/raster.hpp>

#ifdef XGRAD_RASTER
#include <cairo-pdf.h>
#include <cairo.h>
#include <fmt/format.h>
#include <librsvg/rsvg.h>

#include <algorithm>
#include <cmath>
#include <memory>
#endif

namespace xg::viz::detail {

#ifdef XGRAD_RASTER

namespace {

struct Release {
  void operator()(RsvgHandle* h) const { g_object_unref(h); }
  void operator()(GInputStream* s) const { g_object_unref(s); }
  void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
  void operator()(cairo_t* c) const { cairo_destroy(c); }
};
template <class T> using Held = std::unique_ptr<T, Release>;

struct Document {
  Held<RsvgHandle> handle;
  double width = 0;
  double height = 0;
};

Document parse(const std::string& svg) {
  GError* error = nullptr;
  Document d;
  // The limits of librsvg are meant for untrusted documents, and this one is made by the library.
  const std::unique_ptr<GInputStream, Release> stream(
      g_memory_input_stream_new_from_data(svg.data(), static_cast<gssize>(svg.size()), nullptr));
  d.handle.reset(rsvg_handle_new_from_stream_sync(stream.get(), nullptr, RSVG_HANDLE_FLAG_UNLIMITED, nullptr, &error));
  if (!d.handle) {
    const std::string reason = error ? error->message : "unknown reason";
    g_clear_error(&error);
    throw Error(
        fmt::format("[figure] librsvg cannot read the figure of {} elements in {} bytes ({}): save it as .svg, or draw "
                    "fewer points.",
                    std::count(svg.begin(), svg.end(), '<'), svg.size(), reason));
  }
  rsvg_handle_set_dpi(d.handle.get(), 96);
  rsvg_handle_get_intrinsic_size_in_pixels(d.handle.get(), &d.width, &d.height);
  return d;
}

void render(const Document& d, cairo_t* context) {
  const RsvgRectangle view{0, 0, d.width, d.height};
  GError* error = nullptr;
  if (!rsvg_handle_render_document(d.handle.get(), context, &view, &error)) {
    const std::string reason = error ? error->message : "unknown reason";
    g_clear_error(&error);
    throw Error(fmt::format("[figure] librsvg cannot draw the figure ({}): save it as .svg instead.", reason));
  }
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  throw Error(fmt::format("[figure] cairo cannot draw the figure ({}): make it smaller or save it as .svg.",
                          cairo_status_to_string(status)));
}

}  // namespace

bool has_raster() { return true; }

std::string png_from_svg(const std::string& svg, double scale) {
  const Document d = parse(svg);
  const double width = std::ceil(d.width * scale), height = std::ceil(d.height * scale);
  // The largest side that cairo supports, and 1 GiB of pixels.
  constexpr double max_side = 32767, max_area = 1 << 28;
  if (!(width <= max_side && height <= max_side && width * height <= max_area)) {
    throw ValueError(
        fmt::format("[figure] a PNG of {} x {} px is too large: at most {} px a side and {} in all. Give png() a scale "
                    "below {:.3g}, "
                    "or save the figure of {:.0f} x {:.0f} px as .svg or .pdf.",
                    width, height, max_side, max_area,
                    std::min({max_side / d.width, max_side / d.height, std::sqrt(max_area / d.width / d.height)}),
                    d.width, d.height));
  }
  const Held<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(width), static_cast<int>(height)));
  check(cairo_surface_status(surface.get()));
  const Held<cairo_t> context(cairo_create(surface.get()));
  cairo_scale(context.get(), scale, scale);
  render(d, context.get());
  std::string bytes;
  check(cairo_surface_write_to_png_stream(surface.get(), append, &bytes));
  return bytes;
}

std::string pdf_from_svg(const std::string& svg) {
  const Document d = parse(svg);
  std::string bytes;
  constexpr double points_per_px = 72.0 / 96.0;
  {
    const Held<cairo_surface_t> surface(
        cairo_pdf_surface_create_for_stream(append, &bytes, d.width * points_per_px, d.height * points_per_px));
    check(cairo_surface_status(surface.get()));
    // A fixed date makes the output reproducible.
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    const Held<cairo_t> context(cairo_create(surface.get()));
    cairo_scale(context.get(), points_per_px, points_per_px);
    render(d, context.get());
    cairo_show_page(context.get());
    cairo_surface_finish(surface.get());
    check(cairo_surface_status(surface.get()));
  }
  return bytes;
}

#else

namespace {
[[noreturn]] void missing() {
  throw Error(
      "[figure] this build of xgrad has no librsvg, which PNG and PDF need: save as .svg or .html, or install "
      "librsvg2-dev and fonts-dejavu-core and configure with -DXGRAD_RASTER=ON.");
}
}  // namespace

bool has_raster() { return false; }
std::string png_from_svg(const std::string&, double) { missing(); }
std::string pdf_from_svg(const std::string&) { missing(); }

#endif

}  // namespace xg::viz::detail
