// Shared parts of the binary file readers: sources that may end early, and element types without a dtype of their own.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xg::io {

/// A sequential source of bytes. `size` is its declared length.
class Source {
 public:
  /// `name` is for messages: the file's path.
  Source(std::string op, std::string name) : op_(std::move(op)), name_(std::move(name)) {}
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  std::uint64_t remaining() const { return size_ - position_; }
  /// Reads exactly `bytes` bytes. Throws IoError where fewer are left.
  void read(void* to, std::uint64_t bytes);
  /// Throws IoError: `[op] 'name': problem`.
  [[noreturn]] void fail(const std::string& problem) const;
  /// Throws IoError with the problem fmt::format(text, arguments...).
  template <class... Arguments>
  [[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    fail(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

 protected:
  /// Reads up to `bytes` bytes and returns their number, 0 at the end.
  virtual std::uint64_t read_some(void* to, std::uint64_t bytes) = 0;
  std::uint64_t size_ = 0;

 private:
  std::string op_, name_;
  std::uint64_t position_ = 0;
};

/// A regular file, from its beginning. Throws IoError where there is none.
std::unique_ptr<Source> open_file(const std::string& op, const std::string& path);

/// An element type in a file.
struct FileType {
  enum class Kind { boolean, unsigned_integer, signed_integer, floating, bfloat };
  Kind kind;
  std::uint64_t bytes;
  bool swapped = false;  // big-endian

  /// The dtype that holds it.
  Dtype dtype() const;
};

/// The number of elements of a shape. Throws IoError where it, or the row-major strides, would not fit into memory.
std::int64_t checked_numel(const Source& source, const std::vector<std::uint64_t>& sizes);
Shape to_shape(const std::vector<std::uint64_t>& sizes);

/// A contiguous tensor of `sizes` (checked) from the next bytes of the source.
Tensor read_tensor(Source& source, const std::vector<std::uint64_t>& sizes, FileType type);

/// The tensor that the source holds as npy, to its last byte.
Tensor read_npy(Source& source);
/// The bytes of an npy file before its elements.
std::string npy_header(const Tensor& tensor);

}  // namespace xg::io
