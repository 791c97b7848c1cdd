// A report: figures, tables and text as one HTML file that needs nothing else.
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
  std::vector<std::vector<std::string>> rows;  ///< cells that look like numbers are set to the right
  String caption = {};                         ///< below the table
};

/// One thing in a section of a report.
class XG_API ReportPart {
 public:
  /// A picture.
  ReportPart(const Figure& figure);  // NOLINT: whatever a report shows is a part of it
  /// Text, set as it stands.
  template <TextArgument S> ReportPart(const S& text) : ReportPart(StringRef(text), 0) {}  // NOLINT
  /// A table.
  ReportPart(const ReportTable& table);  // NOLINT
  /// A table of layers.
  ReportPart(const nn::Summary& summary);  // NOLINT
  /// A table of columns.
  ReportPart(const nn::data::Description& d);  // NOLINT
  /// A table of rows.
  ReportPart(const nn::data::Table& table);  // NOLINT
  /// The scores as tables.
  ReportPart(const nn::metrics::ClassificationReport& report);  // NOLINT
  /// The scores as a table.
  ReportPart(const nn::metrics::RegressionReport& report);  // NOLINT
  /// What is explained and how, Explanation::about(), without its numbers.
  ReportPart(const explain::Explanation& explanation);  // NOLINT

  const std::string& html() const { return html_; }  ///< as an element of a page
  bool is_figure() const { return figure_; }         ///< is it a picture?
  /// How the numbers of a figure or an explanation were made. A report says each sentence once in a section.
  const std::vector<std::string>& about() const { return about_; }

 private:
  ReportPart(StringRef text, int);
  std::string html_;
  std::vector<std::string> about_;
  bool figure_ = false;
};

/// Sections of figures, tables and text. The file has no scripts and loads nothing; it follows the reader's light or
/// dark mode, fits a phone (wide figures and tables scroll), a desk and paper.
///
///     viz::Report report("Who survived?");
///     report.section("Training", viz::history(history), "100 epochs, batches of 32");
///     report.section("One passenger", e[0], viz::waterfall(e[0]));
///     report.save("report.html");
class XG_API Report {
 public:
  explicit Report(StringRef title);  ///< a report without sections

  /// Adds a section of figures, nn::Summary, data::Description, metrics reports, explanations, tables, and text (set as
  /// it stands). Below figures stand their captions, and below those of explanations how they were made: method,
  /// references, what standard errors mean, notes.
  template <class... Parts> Report& section(StringRef title, const Parts&... parts) {
    std::vector<ReportPart> list;
    list.reserve(sizeof...(parts));
    (list.emplace_back(parts), ...);
    return add_section(title, std::move(list));
  }
  /// The same from a list.
  Report& add_section(StringRef title, std::vector<ReportPart> parts);

  std::string html() const;  ///< the whole page
  /// Throws ValueError unless the extension is .html or .htm, IoError where writing fails; then an old file survives.
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
