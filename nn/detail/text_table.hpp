// Columns of text, aligned: numbers to the right, words to the left. For the sources of nn/.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace xg::nn {

/// How many columns of a terminal the UTF-8 text takes, one per code point (two for wide East Asian ones).
std::size_t display_width(const std::string& text);

/// Rows under titles, with two spaces between the columns. Cells wider than 40 are cut with "...".
class TextTable {
 public:
  struct Title {
    std::string text;
    bool right = false;  // aligned to the right, as numbers are
  };
  explicit TextTable(std::vector<Title> titles) : titles_(std::move(titles)) {}

  /// As many cells as there are titles.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string str() const;

 private:
  std::vector<Title> titles_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace xg::nn
