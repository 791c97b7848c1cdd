#include "support/catch.hpp"

#include <malloc.h>
#include <unistd.h>

#include <xgrad/nn/data.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <new>
#include <string>

using namespace xg;
using namespace xg::nn::data;

// Every operator new of all libraries of this program is counted, and may be told to fail.
namespace {
std::atomic<std::int64_t> calls{0}, bytes{0}, most_bytes{0};
std::atomic<std::int64_t> failing_call{std::numeric_limits<std::int64_t>::max()};
}  // namespace

void* operator new(std::size_t size) {
  if (++calls >= failing_call) throw std::bad_alloc();
  void* block = std::malloc(std::max<std::size_t>(size, 1));
  if (block == nullptr) throw std::bad_alloc();
  bytes += static_cast<std::int64_t>(malloc_usable_size(block));
  most_bytes = std::max(most_bytes.load(), bytes.load());
  return block;
}
void operator delete(void* block) noexcept {
  if (block != nullptr) bytes -= static_cast<std::int64_t>(malloc_usable_size(block));
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace {

struct Cost {
  std::int64_t calls, peak;
};

/// Calls of operator new while f runs, and how many bytes more than before there were at most.
template <class F> Cost cost(F&& f) {
  const std::int64_t calls_before = calls, bytes_before = bytes;
  most_bytes = bytes_before;
  f();
  return {calls - calls_before, most_bytes - bytes_before};
}

enum class Content { integers, decimals, padded, words, codes };

std::string cell(Content content, std::int64_t i) {
  const std::int64_t mixed = i * 7919 % 1000003;
  switch (content) {
    case Content::integers:
      return std::to_string(mixed);
    case Content::decimals:
      return std::to_string(mixed) + "." + std::to_string(i % 89 * 10 + 1);
    case Content::padded:  // no cell is the shortest spelling
      return std::to_string(mixed) + ".50";
    case Content::words:  // few different ones
      return "word" + std::to_string(i % 50);
    case Content::codes:  // all different
      break;
  }
  return "c" + std::to_string(1000000 + i);
}

struct File {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("xgrad-csv-cost-" + std::to_string(::getpid()));
  File(Content content, std::int64_t rows, std::int64_t columns) {
    std::ofstream out(path);
    for (std::int64_t c = 0; c < columns; ++c) out << (c == 0 ? "a" : ",a");
    for (std::int64_t i = 0; i < rows * columns; ++i) out << (i % columns == 0 ? '\n' : ',') << cell(content, i);
    out << '\n';
  }
  ~File() { std::filesystem::remove(path); }
};

}  // namespace

// Breaks if reading keeps more of a cell than its value, or the text of each cell in a block of its own.
TEST_CASE("read_csv takes less than 40 bytes a cell and few allocations", "[csv]") {
  for (const Content content :
       {Content::integers, Content::decimals, Content::padded, Content::words, Content::codes}) {
    for (const std::int64_t columns : {1, 10}) {
      const std::int64_t small = 100'000, large = 4 * small;
      const auto read = [&](std::int64_t cells) {
        const File file(content, cells / columns, columns);
        return cost([&] { static_cast<void>(read_csv(file.path)); });
      };
      const Cost few = read(small), many = read(large);
      INFO("content " << static_cast<int>(content) << ", " << columns << " columns: " << many.peak << " bytes, "
                      << many.calls << " calls for " << large << " cells, " << few.calls << " for " << small);
      CHECK(many.peak < 40 * large);
      CHECK(many.calls < 5 * few.calls);
      CHECK(many.calls < large / 10);
    }
  }
}

// Breaks if a failure of memory passes through C code or a destructor: that would end the program.
TEST_CASE("The CSV readers throw where memory ends", "[csv]") {
  const std::string text = "a,b,c\n1,x,0.50\n02,yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,2.25\n1.5,\"z\nz\",NA\n";
  const auto survives = [&](auto read) {
    std::int64_t failures = 0;
    for (std::int64_t n = 1;; ++n) {
      failing_call = calls + n;
      bool failed = false;
      try {
        read();
      } catch (const Error&) {
        failed = true;
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      failing_call = std::numeric_limits<std::int64_t>::max();
      if (!failed) return failures;
      ++failures;
    }
  };
  CHECK(survives([&] { static_cast<void>(parse_csv(text)); }) > 20);
  const File file(Content::decimals, 20, 2);
  CHECK(survives([&] { static_cast<void>(read_csv(file.path)); }) > 20);
  CHECK(survives([&] { static_cast<void>(load_csv(file.path)); }) > 10);
}
