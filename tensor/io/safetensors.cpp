// The safetensors format: eight bytes with the length of a JSON header, the header, the elements. The header names each
// tensor's dtype, shape and byte range; the ranges cover the rest of the file without gap or overlap.
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>
#include <xgrad/tensor/io/json.hpp>
#include <xgrad/tensor/io/reader.hpp>
#include <xgrad/tensor/io/text.hpp>
#include <xgrad/tensor/kernels/elementwise.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xg {
namespace {

using io::FileType;
using nlohmann::json;

constexpr std::uint64_t max_header = 100'000'000;  // the limit of the reference implementation

struct Entry {
  std::string dtype;
  std::vector<std::uint64_t> shape, offsets;
  bool has_dtype = false, has_shape = false, has_offsets = false;
};

/// Validates the header while it is parsed. It accepts only what the format allows, so the depth is bounded.
class HeaderReader final : public nlohmann::json_sax<json> {
 public:
  explicit HeaderReader(const io::Source& source) : source_(source) {}

  std::map<std::string, Entry> entries;
  std::map<std::string, std::string> metadata;

  bool start_object(std::size_t) override {
    if (skips()) return open_skipped();
    if (place_ == Place::start)
      place_ = Place::top;
    else if (place_ == Place::value_of_top && key_ == "__metadata__")
      place_ = Place::metadata;
    else if (place_ == Place::value_of_top)
      place_ = Place::entry;
    else
      unexpected("an object");
    return true;
  }
  bool end_object() override {
    if (skipped_levels_ > 0) return close_skipped();
    if (place_ == Place::entry) check_complete();
    place_ = place_ == Place::top ? Place::end : Place::top;
    return true;
  }
  bool key(std::string& name) override {
    if (skipped_levels_ > 0) return true;
    switch (place_) {
      case Place::top:
        if (!seen_top_.insert(name).second) source_.fail("the header names '{}' twice.", io::shortened(name));
        key_ = name;
        if (name != "__metadata__") entries[name];
        place_ = Place::value_of_top;
        return true;
      case Place::metadata:
        if (metadata.contains(name)) source_.fail("the header's metadata name '{}' twice.", io::shortened(name));
        metadata_key_ = name;
        return true;
      default:
        break;
    }
    Entry& entry = entries[key_];
    field_ = name;
    skips_field_ = name != "dtype" && name != "shape" && name != "data_offsets";
    if (skips_field_) return true;  // may belong to a later version; the reference reader skips it too
    bool& seen = name == "dtype" ? entry.has_dtype : (name == "shape" ? entry.has_shape : entry.has_offsets);
    if (seen) source_.fail("tensor '{}' has the field '{}' twice.", io::shortened(key_), name);
    seen = true;
    return true;
  }
  bool string(std::string& text) override {
    if (skips()) return true;
    if (place_ == Place::metadata)
      metadata[metadata_key_] = text;
    else if (place_ == Place::entry && field_ == "dtype")
      entries[key_].dtype = text;
    else
      unexpected("text");
    return true;
  }
  bool start_array(std::size_t) override {
    if (skips()) return open_skipped();
    if (place_ != Place::entry || field_ == "dtype") unexpected("a list");
    place_ = Place::list;
    return true;
  }
  bool end_array() override {
    if (skipped_levels_ > 0) return close_skipped();
    place_ = Place::entry;
    return true;
  }
  bool number_unsigned(std::uint64_t value) override {
    if (skips()) return true;
    if (place_ != Place::list) unexpected("a number");
    std::vector<std::uint64_t>& list = field_ == "shape" ? entries[key_].shape : entries[key_].offsets;
    if (list.size() == 2 * max_dims)
      source_.fail("tensor '{}' has too long a list in the header.", io::shortened(key_));
    list.push_back(value);
    return true;
  }
  bool number_integer(std::int64_t) override { return skips() || unexpected("a negative number"); }
  bool number_float(double, const std::string&) override { return skips() || unexpected("a fraction"); }
  bool boolean(bool) override { return skips() || unexpected("true or false"); }
  bool null() override {
    if (skips()) return true;
    if (place_ != Place::value_of_top || key_ != "__metadata__") unexpected("null");
    place_ = Place::top;  // no metadata
    return true;
  }
  bool binary(json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    source_.fail("the header is not valid JSON at its byte {}.", position);
  }

 private:
  enum class Place { start, top, value_of_top, metadata, entry, list, end };

  [[noreturn]] bool unexpected(const char* found) const {
    source_.fail("the header has {} where it does not belong{}.", found,
                 key_.empty() ? "" : fmt::format(" (tensor '{}')", io::shortened(key_)));
  }
  /// Whether the next value belongs to a skipped field.
  bool skips() const { return skipped_levels_ > 0 || (place_ == Place::entry && skips_field_); }
  bool open_skipped() {
    constexpr int max_levels = 100;
    if (++skipped_levels_ > max_levels) source_.fail("the header is nested more than {} levels deep.", max_levels);
    return true;
  }
  bool close_skipped() {
    --skipped_levels_;
    return true;
  }
  void check_complete() const {
    const Entry& entry = entries.at(key_);
    if (!entry.has_dtype || !entry.has_shape || !entry.has_offsets || entry.offsets.size() != 2)
      source_.fail("tensor '{}' needs a dtype, a shape and two data_offsets in the header.", io::shortened(key_));
  }

  const io::Source& source_;
  Place place_ = Place::start;
  std::set<std::string> seen_top_;
  std::string key_, metadata_key_, field_;
  bool skips_field_ = false;
  int skipped_levels_ = 0;
};

FileType file_type(const io::Source& source, const std::string& name, const std::string& dtype) {
  using Kind = FileType::Kind;
  constexpr Kind b = Kind::boolean, u = Kind::unsigned_integer, i = Kind::signed_integer, f = Kind::floating;
  constexpr Kind bf = Kind::bfloat;
  static const std::map<std::string_view, FileType> types = {
      {"BOOL", {b, 1}}, {"U8", {u, 1}},  {"U16", {u, 2}},  {"U32", {u, 4}}, {"U64", {u, 8}},
      {"I8", {i, 1}},   {"I16", {i, 2}}, {"I32", {i, 4}},  {"I64", {i, 8}}, {"F16", {f, 2}},
      {"F32", {f, 4}},  {"F64", {f, 8}}, {"BF16", {bf, 2}}};
  const auto found = types.find(dtype);
  if (found == types.end())
    source.fail("tensor '{}' has the dtype '{}', which is not supported: convert it to F32 first.", io::shortened(name),
                io::shortened(dtype));
  return found->second;
}

const char* type_name(Dtype dtype) {
  constexpr const char* names[] = {"BOOL", "U8", "I32", "I64", "F32", "F64"};
  return names[static_cast<std::size_t>(dtype)];
}

}  // namespace

void save_safetensors(const String& path, const StateDict& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<std::string, Tensor>> order;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined())
      raise<ValueError>("[save_safetensors] tensor '{}' is undefined: assign a value or leave it out.", name);
    if (name == "__metadata__")
      throw ValueError(
          "[save_safetensors] a tensor is named '__metadata__', the format keeps that name: choose another.");
    order.emplace_back(name, kernels::contiguous(tensor));
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return item_size(a.second.dtype()) > item_size(b.second.dtype());
  });
  io::JsonWriter header(io::JsonWriter::BadText::refuse);
  header.begin_object();
  try {
    if (!metadata.empty()) {
      header.key("__metadata__").begin_object();
      for (const auto& [key, value] : metadata) header.key(key).text(value);
      header.end_object();
    }
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : order) {
      const std::uint64_t end = offset + static_cast<std::uint64_t>(tensor.numel()) * item_size(tensor.dtype());
      header.key(name).begin_object();
      header.key("dtype").text(type_name(tensor.dtype()));
      header.key("shape").integers(tensor.shape());
      const std::int64_t offsets[] = {static_cast<std::int64_t>(offset), static_cast<std::int64_t>(end)};
      header.key("data_offsets").integers(offsets);
      header.end_object();
      offset = end;
    }
  } catch (const ValueError&) {
    throw ValueError("[save_safetensors] a name or a metadata text is not UTF-8, the format takes nothing else.");
  }
  header.end_object();
  std::string text = header.take();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the elements are aligned
  AtomicFile file(path, "save_safetensors");
  const std::uint64_t length = text.size();
  file.write(&length, sizeof length);
  file.write(text);
  for (const auto& [name, tensor] : order)
    file.write(tensor.impl().data, static_cast<std::size_t>(tensor.numel()) * item_size(tensor.dtype()));
  file.commit();
}

Safetensors load_safetensors(const String& path) {
  const std::unique_ptr<io::Source> file = io::open_file("load_safetensors", path);
  io::Source& source = *file;
  std::uint64_t length = 0;
  source.read(&length, sizeof length);
  if (length > max_header || length > source.remaining())
    source.fail(
        "the header is {} bytes long by its own account, {} are left (and {} allowed). It is truncated or "
        "not a safetensors file.",
        length, source.remaining(), max_header);
  std::string text(length, '\0');
  source.read(text.data(), length);
  // Only JSON's white space may surround the object; a zero byte would end the lexer's input.
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || text[start] != '{')
    source.fail("the header does not begin with '{'. It is not a safetensors file.");
  if (const std::size_t zero = text.find('\0'); zero != std::string::npos)
    source.fail("the header is not valid JSON at its byte {}.", zero + 1);
  HeaderReader header(source);
  json::sax_parse(text, &header);

  std::vector<const std::pair<const std::string, Entry>*> order;
  for (const auto& entry : header.entries) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.offsets[0], a->second.offsets[1]) <
           std::pair(b->second.offsets[0], b->second.offsets[1]);
  });
  // All ranges are checked before the first tensor is read.
  std::uint64_t position = 0;
  for (const auto* item : order) {
    const auto& [name, entry] = *item;
    const std::uint64_t begin = entry.offsets[0], end = entry.offsets[1];
    const FileType type = file_type(source, name, entry.dtype);
    const auto numel = static_cast<std::uint64_t>(io::checked_numel(source, entry.shape));
    if (begin != position || end < begin)
      source.fail("tensor '{}' lies at bytes {} to {}, it must begin at {}: ranges may neither overlap nor leave gaps.",
                  io::shortened(name), begin, end, position);
    if (end > source.remaining())
      source.fail("tensor '{}' ends at byte {}, there are {}. The file is truncated.", io::shortened(name), end,
                  source.remaining());
    if (numel * type.bytes != end - begin)
      source.fail("tensor '{}' has {} bytes, {} elements of {} take {}.", io::shortened(name), end - begin, numel,
                  entry.dtype, numel * type.bytes);
    position = end;
  }
  if (position != source.remaining()) source.fail("{} bytes follow the last tensor.", source.remaining() - position);
  Safetensors result;
  for (const auto* item : order)
    result.tensors[item->first] =
        io::read_tensor(source, item->second.shape, file_type(source, item->first, item->second.dtype));
  result.metadata = std::move(header.metadata);
  return result;
}

}  // namespace xg
