#include <fmt/format.h>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/nn/data/table.hpp>
#include <xgrad/nn/metrics/report.hpp>
#include <xgrad/nn/summary.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/viz/detail/file.hpp>
#include <xgrad/viz/detail/format.hpp>
#include <xgrad/viz/detail/svg.hpp>
#include <xgrad/viz/figure.hpp>
#include <xgrad/viz/report.hpp>
#include <xgrad/viz/scene.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace xg::viz {
namespace {

// Is the cell a number such as "12", "−0.5", "1,234.5", "29.9%" or "3e-05"?
bool looks_like_number(const std::string& cell) {
  bool digit = false;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const char c = cell[i];
    if (c >= '0' && c <= '9')
      digit = true;
    else if (cell.compare(i, 3, "−") == 0)
      i += 2;
    else if (std::string_view("+-.,% eE").find(c) == std::string_view::npos)
      return false;
  }
  return digit;
}

std::string table_html(const ReportTable& t) {
  std::string out = "<div class=\"scroll\"><table>\n";
  if (!t.caption.empty()) out += fmt::format("<caption>{}</caption>\n", escape_xml(t.caption));
  // A column is right-aligned if all its cells are numbers or empty.
  std::vector<bool> right(t.header.size(), true);
  for (std::size_t k = 0; k < t.header.size(); ++k) {
    bool any = false;
    for (const auto& row : t.rows) {
      if (k >= row.size() || row[k].empty() || row[k] == "nan" || row[k] == "NaN" || row[k] == "-" || row[k] == "–")
        continue;
      any = true;
      right[k] = right[k] && looks_like_number(row[k]);
    }
    right[k] = right[k] && any && k > 0;
  }
  if (!t.header.empty()) {
    out += "<thead><tr>";
    for (std::size_t k = 0; k < t.header.size(); ++k) {
      out += fmt::format("<th scope=\"col\"{}>{}</th>", right[k] ? " class=\"n\"" : "", escape_xml(t.header[k]));
    }
    out += "</tr></thead>\n";
  }
  out += "<tbody>\n";
  for (const auto& row : t.rows) {
    out += "<tr>";
    for (std::size_t k = 0; k < row.size(); ++k) {
      const bool n = k < right.size() && right[k];
      if (k == 0)
        out += fmt::format("<th scope=\"row\">{}</th>", escape_xml(row[k]));
      else
        out += fmt::format("<td{}>{}</td>", n ? " class=\"n\"" : "", escape_xml(row[k]));
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

struct Card {
  std::string name;
  std::string value;
};

std::string cards_html(const std::vector<Card>& cards) {
  std::string out = "<dl class=\"cards\">\n";
  for (const Card& c : cards) {
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape_xml(c.name), escape_xml(c.value));
  }
  return out + "</dl>\n";
}

std::string score(double v) { return std::isnan(v) ? "undefined" : format_fixed(v, 3); }

// Large numbers without decimals, small ones with three digits.
std::string amount(double v) {
  return std::abs(v) >= 1000 ? format_count(v) : format_value(v, std::abs(v) >= 1 ? 3 : decimals_for(v, 3));
}

std::string count(std::int64_t n) { return format_count(static_cast<double>(n)); }

std::string shape_text(const std::optional<Shape>& row) {
  if (!row) return "?";
  std::string out = "(None";
  for (const std::int64_t d : *row) out += fmt::format(", {}", d);
  return out + ")";
}

}  // namespace

ReportPart::ReportPart(const Figure& figure) : figure_(true) {
  const Scene scene = figure.scene();
  about_ = scene.about;
  // Shown at its natural width; narrow screens shrink it to the readable minimum, then scroll.
  html_ = fmt::format("<figure style=\"--w:{0:.0f}px;--m:{1:.0f}px\"><div class=\"scroll\"><div>\n{2}</div></div>",
                      scene.width, std::min(scene.width, std::max(0.62 * scene.width, 320.0)), figure.inline_svg());
  if (!scene.title.empty() || !scene.caption.empty())
    html_ += fmt::format("\n<figcaption>{}{}</figcaption>",
                         scene.title.empty() ? "" : fmt::format("<b>{}.</b> ", escape_xml(scene.title)),
                         escape_xml(scene.caption));
  html_ += "</figure>\n";
}

ReportPart::ReportPart(const explain::Explanation& explanation) : about_(explanation.about()) {}

ReportPart::ReportPart(StringRef given, int) {
  const std::string_view text = given;
  std::string lines;
  std::size_t begin = 0;
  // Escaping replaces line breaks by spaces, so lines are escaped one by one.
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines += escape_xml(text.substr(begin, end - begin));
    if (end < text.size()) lines += '\n';
    begin = end + 1;
  }
  html_ = fmt::format("<pre class=\"scroll\">{}</pre>\n", lines);
}

ReportPart::ReportPart(const ReportTable& table) : html_(table_html(table)) {}

ReportPart::ReportPart(const nn::Summary& summary) {
  ReportTable t{{"Layer", "Type", "Output shape", "Activation", "Parameters"}, {}, {}};
  for (const nn::LayerInfo& l : summary.layers) {
    t.rows.push_back({l.name, l.type, shape_text(l.output_shape), l.activation.value_or(""), count(l.num_parameters)});
  }
  html_ = table_html(t);
  html_ +=
      fmt::format("<p class=\"note\">{} parameters, {} of them trainable; {} floating-point operations per row.</p>\n",
                  count(summary.total_parameters), count(summary.trainable_parameters), count(summary.flops));
}

ReportPart::ReportPart(const nn::data::Description& d) {
  html_ = fmt::format("<p class=\"note\">{} rows, {} columns.</p>\n", count(d.rows), d.columns.size());
  html_ += table_html({nn::data::Description::titles(), d.cells(), {}});
}

ReportPart::ReportPart(const nn::data::Table& table) {
  ReportTable t{table.names(), {}, {}};
  const std::int64_t shown = std::min<std::int64_t>(table.rows(), 20);
  for (std::int64_t r = 0; r < shown; ++r) {
    std::vector<std::string> row;
    for (const nn::data::Column& c : table.columns()) row.push_back(c.cell(r));
    t.rows.push_back(std::move(row));
  }
  html_ = table_html(t);
  if (shown < table.rows())
    html_ += fmt::format("<p class=\"note\">The first {} of {} rows.</p>\n", shown, count(table.rows()));
}

ReportPart::ReportPart(const nn::metrics::ClassificationReport& r) {
  html_ = cards_html({{"Accuracy", score(r.accuracy)},
                      {"AUC", score(r.auc)},
                      {"Precision", score(r.precision)},
                      {"Recall", score(r.recall)},
                      {"F1", score(r.f1)},
                      {"Log loss", score(r.log_loss)},
                      {"Rows", count(r.support)}});
  ReportTable t{{"Class", "Precision", "Recall", "F1", "Rows"}, {}, {}};
  const auto row = [&](const nn::metrics::ClassScores& c, const std::string& name) {
    t.rows.push_back({name, score(c.precision), score(c.recall), score(c.f1), count(c.support)});
  };
  for (const auto& c : r.per_class) row(c, c.name);
  row(r.macro, "mean over classes");
  row(r.weighted, "mean over rows");
  html_ += table_html(t);
  if (r.binary)
    html_ += fmt::format(
        "<p class=\"note\">The positive class is {}: precision, recall, F1 and AUC are about it, and a row "
        "is taken for it where its probability is above {}.</p>\n",
        escape_xml(r.class_names.size() > 1 ? r.class_names[1] : "1"), format_value(r.threshold));
  else
    html_ +=
        "<p class=\"note\">Precision, recall, F1 and AUC are means over the classes, each against all others.</p>\n";
}

ReportPart::ReportPart(const nn::metrics::RegressionReport& r) {
  html_ = cards_html({{"R²", score(r.r2)},
                      {"Mean absolute error", amount(r.mae)},
                      {"Root mean squared error", amount(r.rmse)},
                      {"Mean absolute error, relative",
                       std::isnan(r.mape) ? "undefined" : fmt::format("{} %", format_fixed(100 * r.mape, 1))},
                      {"Median absolute error", amount(r.median_absolute_error)},
                      {"Largest error", amount(r.max_error)},
                      {"Rows", count(r.support)}});
}

Report::Report(StringRef title) : title_(title.str()) {}

Report& Report::add_section(StringRef title, std::vector<ReportPart> parts) {
  sections_.push_back({title.str(), std::move(parts)});
  return *this;
}

std::string Report::html() const {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n"
      "<title>{}</title>\n<style>\n:root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n@media "
      "print{{:root{{{}}}}}\n",
      escape_xml(title_), css_variables(Theme::light), css_variables(Theme::dark), css_variables(Theme::light));
  out += R"css(*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--xg-background);color:var(--xg-ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.25rem clamp(.75rem,3vw,2.5rem) 4rem}
h1{font-size:clamp(1.5rem,4vw,2.2rem);line-height:1.2;margin:.5rem 0 1rem}
h2{font-size:1.3rem;margin:2.75rem 0 1rem;padding-bottom:.35rem;border-bottom:1px solid var(--xg-grid)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
a{color:var(--xg-c0)}
.figures{display:flex;flex-wrap:wrap;gap:1rem 1.5rem;justify-content:center;align-items:flex-start;margin:1rem 0}
figure{margin:0;width:var(--w);max-width:100%}
figure>div>div{width:var(--w);min-width:var(--m);max-width:100%}
figcaption{color:var(--xg-muted);font-size:.88rem;margin:.25rem .5rem 0}
.about{color:var(--xg-muted);margin:.5rem 0;padding-left:1.2rem}
svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
pre{background:var(--xg-band);border:1px solid var(--xg-grid);border-radius:6px;padding:.8rem 1rem;font:13px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
table{border-collapse:collapse;margin:.75rem 0;font-size:.88rem}
caption{text-align:left;color:var(--xg-muted);padding:.25rem 0}
th,td{padding:.32rem .55rem;text-align:left;white-space:nowrap;border-bottom:1px solid var(--xg-grid)}
thead th{border-bottom:2px solid var(--xg-edge);font-weight:600}
tbody th{font-weight:500}
.n{text-align:right;font-variant-numeric:tabular-nums}
.cards{display:flex;flex-wrap:wrap;gap:.75rem;margin:.75rem 0 1rem}
.cards div{background:var(--xg-band);border:1px solid var(--xg-grid);border-radius:8px;padding:.55rem 1rem;min-width:6.5rem}
dt{font-size:.82rem;color:var(--xg-muted)}
dd{margin:0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums}
.note{color:var(--xg-muted);margin:.5rem 0}
@media print{
body{font-size:10.5pt}main{max-width:none;padding:0}nav{display:none}
figure,table,pre,.cards{break-inside:avoid}h2{break-after:avoid}
figure{width:calc(var(--w)*.72)}figure>div>div{width:100%;min-width:0}.scroll{overflow:visible}th,td{white-space:normal;padding:.2rem .4rem}pre{white-space:pre-wrap}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
</style>
</head>
<body>
<main>
)css";
  out += fmt::format("<h1>{}</h1>\n", escape_xml(title_));
  if (sections_.size() > 1) {
    out += "<nav aria-label=\"Sections\"><ul>\n";
    for (std::size_t k = 0; k < sections_.size(); ++k) {
      out += fmt::format("<li><a href=\"#s{}\">{}</a></li>\n", k + 1, escape_xml(sections_[k].title));
    }
    out += "</ul></nav>\n";
  }
  for (std::size_t k = 0; k < sections_.size(); ++k) {
    out += fmt::format("<section id=\"s{}\">\n<h2>{}</h2>\n", k + 1, escape_xml(sections_[k].title));
    bool row = false;                           // inside a row of figures
    std::vector<std::string> said, to_be_said;  // sentences about the numbers of this section
    const auto end_row = [&] {
      if (row) out += "</div>\n";
      row = false;
      std::string list;
      for (const std::string& sentence : to_be_said) {
        if (std::find(said.begin(), said.end(), sentence) != said.end()) continue;
        said.push_back(sentence);
        list += fmt::format("<li>{}</li>\n", escape_xml(sentence));
      }
      to_be_said.clear();
      if (!list.empty()) out += fmt::format("<ul class=\"about\">\n{}</ul>\n", list);
    };
    for (const ReportPart& p : sections_[k].parts) {
      if (p.is_figure() && !row) {
        end_row();
        out += "<div class=\"figures\">\n";
        row = true;
      } else if (!p.is_figure()) {
        end_row();
      }
      out += p.html();
      to_be_said.insert(to_be_said.end(), p.about().begin(), p.about().end());
    }
    end_row();
    out += "</section>\n";
  }
  return out + "</main>\n</body>\n</html>\n";
}

void Report::save(const std::filesystem::path& path) const {
  const std::string extension = path.extension().string();
  if (extension != ".html" && extension != ".htm") {
    throw ValueError(fmt::format("[report] the extension of {} is {}: a report is .html.", path.string(),
                                 extension.empty() ? "missing" : fmt::format("\"{}\"", extension)));
  }
  detail::write_file(path, html());
}

}  // namespace xg::viz
