#include "fuzz/targets.hpp"

#include <xgrad/explain/explanation.hpp>
#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/layers.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <stdlib.h>

#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xg_fuzz {
namespace {

namespace fs = std::filesystem;
using xg::Tensor;

constexpr std::size_t longest_message = 1500;

/// A folder in memory where there is one, for as long as the process lives.
class Folder {
 public:
  Folder() {
    const fs::path shared = "/dev/shm";
    std::error_code error;
    const fs::path parent = fs::is_directory(shared, error) ? shared : fs::temp_directory_path();
    std::string name = (parent / "xgrad-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("there is no folder for temporary files");
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string put(std::string_view bytes) const {
    std::ofstream(path("input"), std::ios::binary) << bytes;
    return path("input");
  }
  std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  fs::path path_;
};

const Folder& folder() {
  static const Folder only;
  return only;
}

void require(bool ok, const char* promise) {
  if (!ok) throw Finding(promise);
}

/// Does `read` accept its bytes? If not it must say so with an Error of few words.
template <class F> bool accepted(F&& read) {
  try {
    read();
    return true;
  } catch (const xg::Error& error) {
    require(std::strlen(error.what()) <= longest_message, "a message is as long as the file");
    return false;
  }
}

bool same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         (a.numel() == 0 || std::memcmp(a.impl().data, b.impl().data,
                                        static_cast<std::size_t>(a.numel()) * xg::item_size(a.dtype())) == 0);
}

bool same(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a)
    if (const auto other = b.find(name); other == b.end() || !same(tensor, other->second)) return false;
  return true;
}

// ---- the readers

void explanation(std::string_view bytes) {
  accepted([&] {
    const xg::explain::Explanation e = xg::explain::explanation_from_json(bytes);
    require(xg::explain::explanation_from_json(e.json()).json() == e.json(), "an explanation changes when it is saved");
    static_cast<void>(e.str());
    static_cast<void>(e.csv());
    static_cast<void>(e.display());
    static_cast<void>(e.abs().mean_abs());
    static_cast<void>(e.order());
    static_cast<void>(e.slice(0, 1).output(0).json());
    static_cast<void>(e.grouped({{"all", {0}}}).json());
  });
}

void safetensors(std::string_view bytes) {
  xg::Safetensors file;
  if (!accepted([&] { file = xg::load_safetensors(folder().put(bytes)); })) return;
  xg::save_safetensors(folder().path("again"), file.tensors, file.metadata);
  const xg::Safetensors again = xg::load_safetensors(folder().path("again"));
  require(same(file.tensors, again.tensors) && file.metadata == again.metadata,
          "safetensors change when they are saved");
}

void npy(std::string_view bytes) {
  Tensor tensor;
  if (!accepted([&] { tensor = xg::load_npy(folder().put(bytes)); })) return;
  xg::save_npy(folder().path("again"), tensor);
  require(same(tensor, xg::load_npy(folder().path("again"))), "a tensor changes when it is saved as npy");
}

void npz(std::string_view bytes) {
  std::map<std::string, Tensor> tensors;
  if (!accepted([&] { tensors = xg::load_npz(folder().put(bytes)); })) return;
  // A name that libzip read need not be one that it writes.
  if (accepted([&] { xg::save_npz(folder().path("again"), tensors); }))
    require(same(tensors, xg::load_npz(folder().path("again"))), "tensors change when they are saved as npz");
}

struct Model : xg::nn::Module {
  Tensor enc, dec;
  Model() : xg::nn::Module("Model") {
    const auto shared = std::make_shared<xg::nn::Linear>(2, 1);
    add("fc", shared);
    add("again", shared);
    add<xg::nn::BatchNorm1d>("norm", 2);
    enc = param("enc", xg::ones({2, 2}));
    dec = param("dec", enc);
  }
};

void state_dict(std::string_view bytes) {
  for (const bool strict : {true, false}) {
    Model model;
    std::map<std::string, Tensor> before;
    for (const auto& [key, tensor] : model.state_dict()) before[key] = tensor.clone();
    xg::nn::LoadReport report;
    if (accepted([&] { report = model.load(folder().put(bytes), {.strict = strict}); }))
      require(!strict || report.complete(), "a state that is not complete was loaded");
    else
      require(same(model.state_dict(), before), "half of a state was loaded");
  }
}

void numeric_csv(std::string_view bytes) {
  for (const xg::CsvOptions& options :
       {xg::CsvOptions{}, xg::CsvOptions{.header = true}, xg::CsvOptions{.header = false, .dtype = xg::Dtype::int64},
        xg::CsvOptions{.delimiter = ';', .dtype = xg::Dtype::float64}})
    accepted([&] {
      const xg::NumericTable table = xg::load_csv(folder().put(bytes), options);
      require(table.columns.empty() || table.values.size(1) == static_cast<std::int64_t>(table.columns.size()),
              "there are other names than columns");
      xg::save_csv(folder().path("again"), table.values, table.columns);
    });
}

void table_csv(std::string_view bytes) {
  using namespace xg::nn::data;
  for (const ReadCsvOptions& options :
       {ReadCsvOptions{}, ReadCsvOptions{.header = false}, ReadCsvOptions{.separator = '\t', .max_rows = 2}})
    accepted([&] {
      const Table table = parse_csv(bytes, options);
      for (const Column& column : table.columns())
        for (std::int64_t row = 0; row < table.rows(); ++row)
          if (!column.is_missing(row)) static_cast<void>(column.cell(row));
      const std::string text = to_csv(table);
      accepted([&] { static_cast<void>(parse_csv(text, {.header = true})); });
    });
}

// ---- files that were valid

/// The fuzzer's bytes as a source of decisions; zeros where they end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  unsigned byte() {
    if (bytes_.empty()) return 0;
    const auto value = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  /// A number from 0 to `count` - 1.
  std::size_t below(std::size_t count) { return count == 0 ? 0 : (byte() | byte() << 8) % count; }
  std::int64_t size(std::int64_t most) { return static_cast<std::int64_t>(below(static_cast<std::size_t>(most) + 1)); }

 private:
  std::string_view bytes_;
};

/// The numbers, words, texts in quotes and single signs of a text, as ranges of bytes.
std::vector<std::pair<std::size_t, std::size_t>> fields(const std::string& text) {
  const auto kind = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isdigit(u) || c == '.' || c == '-' || c == '+') return 1;
    return std::isalpha(u) || c == '_' ? 2 : 0;
  };
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"' || text[at] == '\'') {
      const std::size_t quote = text.find(text[at], end);
      if (quote != std::string::npos) end = quote + 1;
    } else if (const int of = kind(text[at]); of != 0) {
      while (end < text.size() && kind(text[end]) == of) ++end;
    }
    if (text[at] != ' ') found.emplace_back(at, end - at);
    at = end;
  }
  return found;
}

/// Changes some fields of a valid text; none where the input says so.
std::string with_changed_fields(std::string text, Input& input) {
  static const char* const values[] = {"0",
                                       "1",
                                       "2",
                                       "3",
                                       "-1",
                                       "-0",
                                       "0.5",
                                       "1e300",
                                       "-1e300",
                                       "1e400",
                                       "100000000000",
                                       "4294967296",
                                       "9223372036854775807",
                                       "9223372036854775808",
                                       "-9223372036854775808",
                                       "18446744073709551615",
                                       "99999999999999999999",
                                       "null",
                                       "true",
                                       "False",
                                       "inf",
                                       "nan",
                                       "\"\"",
                                       "\"inf\"",
                                       "\"text\"",
                                       "'<f8'",
                                       "'|b1'",
                                       "\"F16\"",
                                       "\"U64\"",
                                       "\"BF16\"",
                                       "\"logit\"",
                                       "\"softmax\"",
                                       "[]",
                                       "{}",
                                       "[[]]",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "(",
                                       ")",
                                       ",",
                                       ":",
                                       "\"",
                                       "\n",
                                       "3L",
                                       "0x7fffffffffffffff",
                                       "[0,0]",
                                       "\"__metadata__\"",
                                       "\xFF"};
  for (std::size_t change = input.below(4); change > 0; --change) {
    const auto all = fields(text);
    if (all.empty()) break;
    const auto [at, length] = all[input.below(all.size())];
    const auto [other, other_length] = all[input.below(all.size())];
    switch (input.below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(other, other_length));
        break;
      case 2:
        text.replace(at, length, std::string(text.substr(other, other_length)));
        break;
      default:
        text.replace(at, length, values[input.below(std::size(values))]);
    }
  }
  return text;
}

Tensor some_tensor(Input& input) {
  xg::Shape shape;
  for (std::size_t dims = input.below(4); dims > 0; --dims) shape.push_back(input.size(3));
  Tensor tensor = xg::zeros(shape, {.dtype = xg::Dtype::float64});
  auto* elements = tensor.mutable_data<double>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) elements[i] = static_cast<double>(input.byte()) - 100;
  return tensor.to(static_cast<xg::Dtype>(input.below(6)));
}

void explanation_fields(std::string_view bytes) {
  Input input(bytes);
  const std::int64_t rows = input.size(3), n = 1 + input.size(2), k = 1 + input.size(2);
  xg::explain::ExplanationParts parts;
  parts.values = xg::full({rows, n, k}, static_cast<double>(input.byte()), {.dtype = xg::Dtype::float64});
  if (input.byte() % 2 == 1) parts.outputs = xg::zeros({rows, k}, {.dtype = xg::Dtype::float64});
  if (input.byte() % 2 == 1) parts.output_space = xg::explain::Output::logit;
  if (input.byte() % 2 == 1) parts.fallback_ops = {{"op", "scope", 0.5}};
  if (input.byte() % 2 == 1) parts.group_members.resize(static_cast<std::size_t>(n), {"a", "b"});
  parts.notes = {"note"};
  xg::explain::Explanation e(std::move(parts));
  if (input.byte() % 2 == 1)
    e = e.with_display(std::vector<std::vector<std::string>>(
        static_cast<std::size_t>(rows), std::vector<std::string>(static_cast<std::size_t>(n), "shown")));
  explanation(with_changed_fields(e.json(), input));
}

/// A safetensors file whose header is changed; its length is right unless the input says otherwise.
std::string with_changed_header(const std::string& file, Input& input) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  const std::string header = with_changed_fields(file.substr(8, length), input), data = file.substr(8 + length);
  length = input.below(16) == 1 ? input.byte() : header.size();
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out + header + data;
}

void safetensors_fields(std::string_view bytes) {
  Input input(bytes);
  std::map<std::string, Tensor> tensors;
  for (std::size_t i = input.below(4); i > 0; --i) tensors["t" + std::to_string(i)] = some_tensor(input);
  std::map<std::string, std::string> metadata;
  if (input.byte() % 2 == 1) metadata["format"] = "pt";
  xg::save_safetensors(folder().path("valid"), tensors, metadata);
  safetensors(with_changed_header(folder().content("valid"), input));
}

void npy_fields(std::string_view bytes) {
  Input input(bytes);
  xg::save_npy(folder().path("valid"), some_tensor(input));
  const std::string file = folder().content("valid");
  const std::size_t length =
      static_cast<unsigned char>(file[8]) | static_cast<std::size_t>(static_cast<unsigned char>(file[9])) << 8;
  const std::string header = with_changed_fields(file.substr(10, length), input);
  const char version = static_cast<char>(1 + input.below(3));
  std::string out = file.substr(0, 6) + version + '\0';
  for (std::size_t i = 0; i < (version == 1 ? 2 : 4); ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  npy(out + header + file.substr(10 + length));
}

void state_dict_fields(std::string_view bytes) {
  Input input(bytes);
  std::map<std::string, Tensor> state;
  for (const auto& [key, tensor] : Model().state_dict())
    if (input.byte() % 8 != 1) state[key] = tensor.to(static_cast<xg::Dtype>(input.below(6)));
  xg::save_safetensors(folder().path("valid"), state);
  state_dict(with_changed_header(folder().content("valid"), input));
}

std::string some_csv(Input& input, bool words) {
  std::string text;
  const std::size_t rows = input.below(5), columns = 1 + input.below(4);
  for (std::size_t c = 0; c < columns; ++c) text += (c == 0 ? "name" : ",name") + std::to_string(c);
  text += '\n';
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      if (c > 0) text += ',';
      if (words && input.byte() % 4 == 1)
        text += input.byte() % 2 == 1 ? "\"a \"\"quote\"\", and\nmore\"" : "word";
      else
        text += std::to_string(static_cast<int>(input.byte()) - 100) + (input.byte() % 2 == 1 ? ".25" : "");
    }
    text += '\n';
  }
  return text;
}

void numeric_csv_fields(std::string_view bytes) {
  Input input(bytes);
  const std::string text = some_csv(input, false);
  numeric_csv(with_changed_fields(text, input));
}

void table_csv_fields(std::string_view bytes) {
  Input input(bytes);
  const std::string text = some_csv(input, true);
  table_csv(with_changed_fields(text, input));
}

constexpr Target all[] = {{"explanation", explanation},
                          {"explanation_fields", explanation_fields},
                          {"safetensors", safetensors},
                          {"safetensors_fields", safetensors_fields},
                          {"npy", npy},
                          {"npy_fields", npy_fields},
                          {"npz", npz},
                          {"state_dict", state_dict},
                          {"state_dict_fields", state_dict_fields},
                          {"numeric_csv", numeric_csv},
                          {"numeric_csv_fields", numeric_csv_fields},
                          {"table_csv", table_csv},
                          {"table_csv_fields", table_csv_fields}};

}  // namespace

std::span<const Target> targets() { return all; }

}  // namespace xg_fuzz
