// A report: figures, tables and text in one self-contained HTML file.
#pragma once

#include <xgrad/tensor/string_ref.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn {
class Summary;
namespace data {
struct Description;
class Table;
}  // namespace data
namespace metrics {
struct ClassificationReport;
struct RegressionReport;
}  // namespace metrics
}  // namespace xg::nn
namespace xg::explain {
class Explanation;
}

namespace xg::viz {

class Figure;

/// A table of your own in a report.
struct ReportTable {
  std::vector<std::string> header;             ///< one title for each column
  std::vector<std::vector<std::string>> rows;  ///< a column is right-aligned where all its cells look like numbers
  String caption = {};                         ///< below the table
};

/// One element of a section of a report.
class XG_API ReportPart {
 public:
  /// A picture.
  ReportPart(const Figure& figure);  // NOLINT: whatever a report shows converts to a part of it
  /// Preformatted text.
  template <TextArgument S> ReportPart(const S& text) : ReportPart(StringRef(text), 0) {}  // NOLINT
  /// A table.
  ReportPart(const ReportTable& table);  // NOLINT
  /// The layers as a table.
  ReportPart(const nn::Summary& summary);  // NOLINT
  /// The columns as a table.
  ReportPart(const nn::data::Description& d);  // NOLINT
  /// The first 20 rows as a table.
  ReportPart(const nn::data::Table& table);  // NOLINT
  /// The scores as tables.
  ReportPart(const nn::metrics::ClassificationReport& report);  // NOLINT
  /// The scores as a table.
  ReportPart(const nn::metrics::RegressionReport& report);  // NOLINT
  /// The sentences of Explanation::about(), without the numbers.
  ReportPart(const explain::Explanation& explanation);  // NOLINT

  const std::string& html() const { return html_; }  ///< the part as HTML
  bool is_figure() const { return figure_; }         ///< is it a picture?
  /// How the numbers of a figure or an explanation were computed. A report writes each sentence once per section.
  const std::vector<std::string>& about() const { return about_; }

 private:
  ReportPart(StringRef text, int);
  std::string html_;
  std::vector<std::string> about_;
  bool figure_ = false;
};

/// Sections of figures, tables and text. The file has no scripts and loads nothing. It follows the reader's light or
/// dark mode and suits phones (wide figures and tables scroll), desktops and print.
///
///     viz::Report report("Who survived?");
///     report.section("Training", viz::history(history), "100 epochs, batches of 32");
///     report.section("One passenger", e[0], viz::waterfall(e[0]));
///     report.save("report.html");
class XG_API Report {
 public:
  explicit Report(StringRef title);  ///< a report without sections

  /// Adds a section of figures, nn::Summary, data::Description, metrics reports, explanations, tables, and preformatted
  /// text. Captions stand below figures; figures of explanations are followed by how they were computed: method,
  /// references, meaning of standard errors, notes. Throws what drawing a figure throws.
  template <class... Parts> Report& section(StringRef title, const Parts&... parts) {
    std::vector<ReportPart> list;
    list.reserve(sizeof...(parts));
    (list.emplace_back(parts), ...);
    return add_section(title, std::move(list));
  }
  /// The same from a list of parts.
  Report& add_section(StringRef title, std::vector<ReportPart> parts);

  std::string html() const;  ///< the whole page
  /// Writes the page. Throws ValueError unless the extension is .html or .htm, and IoError where writing fails, which
  /// leaves an existing file unchanged.
  void save(const std::filesystem::path& path) const;

 private:
  struct Section {
    std::string title;
    std::vector<ReportPart> parts;
  };
  std::string title_;
  std::vector<Section> sections_;
};

}  // namespace xg::viz
