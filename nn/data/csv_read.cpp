#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/detail/column_builder.hpp>
#include <xgrad/tensor/io/csv_reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg::nn::data {
namespace {

class TableReader final : public io::CsvReader {
 public:
  explicit TableReader(ReadCsvOptions options)
      : CsvReader({.op = "read_csv",
                   .separator_option = "separator",
                   .separator = options.separator,
                   .quote = options.quote,
                   .decimal = options.decimal,
                   .thousands = options.thousands,
                   .comment = options.comment,
                   // Given names imply a file without a header, as in pandas.
                   .header = options.header || options.names.empty() ? options.header : std::optional(false),
                   .missing = std::move(options.missing),
                   .max_rows = options.max_rows}),
        names_(std::move(options.names)),
        text_(std::move(options.text)) {
    std::set<std::string_view> seen;
    for (const std::string& name : names_)
      if (!seen.insert(name).second)
        xg::raise<ValueError>("[read_csv] .names has \"{}\" twice: give different names.", name);
  }

  Table table(const std::string& source) {
    if (width() == 0)
      xg::raise<IoError>(
          "[read_csv] cannot read '{}': it is empty: there must be a line with the names of the columns.", source);
    std::vector<Column> columns;
    columns.reserve(builders_.size());
    for (ColumnBuilder& builder : builders_) columns.push_back(std::move(builder).finish());
    return Table(std::move(columns));
  }

 private:
  void on_columns(std::vector<std::string> names) override {
    if (!names_.empty()) {
      if (names_.size() != width())
        fail(fmt::format("there are {} columns, but .names has {}: give one name per column.", width(), names_.size()));
      names = std::move(names_);
    }
    for (std::size_t i = names.size(); i < width(); ++i) names.push_back(fmt::format("column_{}", i + 1));
    const std::set<std::string_view> known(names.begin(), names.end()), text(text_.begin(), text_.end());
    for (const std::string& name : text_)
      if (!known.contains(name))
        xg::raise<IndexError>("[read_csv] .text names the column \"{}\", but the file has {}.", name,
                              io::shortened(fmt::format("{}", fmt::join(names, ", ")), 400));
    builders_.reserve(names.size());
    for (const std::string& name : names) builders_.emplace_back(name, text.contains(name), numbers());
  }

  void on_cell(std::size_t column, std::string_view text) override {
    if (is_missing(text))
      builders_[column].add_missing();
    else
      builders_[column].add(text);
  }

  std::vector<std::string> names_, text_;
  std::vector<ColumnBuilder> builders_;
};

}  // namespace

Table parse_csv(StringRef text, ReadCsvOptions options, StringRef source) {
  TableReader reader(std::move(options));
  reader.read_text(text, source.str());
  return reader.table(source.str());
}

Table read_csv(const std::filesystem::path& path, ReadCsvOptions options) {
  TableReader reader(std::move(options));
  reader.read_file(path);
  return reader.table(path.string());
}

}  // namespace xg::nn::data
