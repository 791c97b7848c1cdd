// What was measured, as JSON lines that every contender writes alike, C++ or Python, and the table of ratios made of
// it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xg_bench {

/// One contender at one case: the minimum over the repetitions, and how far the median lies above it, as a share of it.
struct Record {
  std::string suite, name, contender;
  double value = 0;  ///< seconds, or bytes
  double spread = 0;
  bool is_bytes = false;
};

struct LeftOut {
  std::string suite, contender, reason;
};

struct Results {
  std::vector<std::string> headers;  ///< processor, BLAS kernel, threads, flags; one unless programs were built apart
  std::vector<Record> records;
  std::vector<LeftOut> left_out;
  std::map<std::string, std::string> versions;  ///< of the contenders that are not part of this project

  /// Adds a measurement; of two of the same thing the smaller counts, with the spread up to the larger median.
  void add(const Record& record);
};

/// xgrad against one other contender at the same case. `theirs` is null where nobody else did it.
struct Comparison {
  const Record* ours = nullptr;
  const Record* theirs = nullptr;
  double ratio() const { return ours->value / theirs->value; }
  double spread() const;
};

/// Contenders whose name begins with "xgrad" against all the others, in the order of the records.
std::vector<Comparison> compare(const Results& results);

/// "2.31 us", "54.7 ms", "1.20 MB": three digits.
std::string format_value(const Record& record);

/// Appends to a file of JSON lines. Throws std::runtime_error where it cannot.
void append(const std::filesystem::path& path, const Results& results);
/// Reads several such files. Throws std::runtime_error for a line that is none of ours.
Results read(const std::vector<std::filesystem::path>& paths);

}  // namespace xg_bench
