#include <xgrad/nn/detail/text_table.hpp>

#include <algorithm>
#include <cstdint>

namespace xg::nn {
namespace {

constexpr std::size_t max_cell_width = 40;

std::uint32_t next_code_point(const std::string& text, std::size_t& offset) {
  const auto first = static_cast<unsigned char>(text[offset++]);
  const int followers = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  std::uint32_t code = followers == 0 ? first : first & (0x3Fu >> followers);
  for (int i = 0; i < followers && offset < text.size(); ++i)
    code = code << 6 | (static_cast<unsigned char>(text[offset++]) & 0x3Fu);
  return code;
}

std::size_t width_of(std::uint32_t code) {
  const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                    (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                    (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                    (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
  return wide ? 2 : 1;
}

// Replaces line ends by spaces, and truncates a very long cell with "...".
std::string printable(const std::string& text) {
  const bool cut = display_width(text) > max_cell_width;
  std::string result;
  std::size_t width = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t begin = offset;
    const std::uint32_t code = next_code_point(text, offset);
    width += width_of(code);
    if (cut && width > max_cell_width - 3) return result + "...";
    if (code < 0x20)
      result += ' ';
    else
      result.append(text, begin, offset - begin);
  }
  return result;
}

}  // namespace

std::size_t display_width(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t offset = 0; offset < text.size();) width += width_of(next_code_point(text, offset));
  return width;
}

std::string TextTable::str() const {
  std::vector<std::vector<std::string>> lines(1);
  for (const Title& title : titles_) lines[0].push_back(title.text);
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<std::size_t> widths(titles_.size());
  for (std::vector<std::string>& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      line[c] = printable(line[c]);
      widths[c] = std::max(widths[c], display_width(line[c]));
    }
  }
  std::string out;
  for (const std::vector<std::string>& line : lines) {
    std::string text;
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string padding(widths[c] - display_width(line[c]), ' ');
      if (c > 0) text += "  ";
      text += titles_[c].right ? padding + line[c] : line[c] + padding;
    }
    text.resize(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

}  // namespace xg::nn
