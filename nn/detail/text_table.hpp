// Text tables with aligned columns: numbers to the right, words to the left.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace xg::nn {

/// Number of terminal columns of a UTF-8 text: one per code point, two for wide East Asian ones.
std::size_t display_width(const std::string& text);

/// Rows under titles, with two spaces between the columns. Cells wider than 40 are truncated with "...".
class TextTable {
 public:
  struct Title {
    std::string text;
    bool right = false;  // is the column aligned to the right?
  };
  explicit TextTable(std::vector<Title> titles) : titles_(std::move(titles)) {}

  /// Adds a row with one cell for each title.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string str() const;

 private:
  std::vector<Title> titles_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace xg::nn
