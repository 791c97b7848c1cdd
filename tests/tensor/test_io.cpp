// Files: round trips, files from Python, hostile bytes, and writers that fail.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

using namespace xg;
using xg_test::expect_close;
namespace fs = std::filesystem;

namespace {

/// A folder that disappears with it.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "xgrad-io-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    fs::permissions(path, fs::perms::owner_all);
    fs::remove_all(path);
  }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::string put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return *this / name;
  }
  std::size_t count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

std::string content(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string python_file(const std::string& name) {
  return std::string(XGRAD_SOURCE_DIR) + "/tests/data/io/" + name;
}

std::map<std::string, Tensor> samples() {
  return {{"bool", tensor({1, 0, 1}).to(bool_)},
          {"uint8", tensor<std::uint8_t>({0, 255})},
          {"int32", tensor<int>({-5, 7})},
          {"int64", tensor<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 3})},
          {"float32", tensor({{0.1, -0.0}, {std::nan(""), 1e30}})},
          {"float64", tensor({0.1, 1e-300}, {.dtype = float64})},
          {"scalar", full({}, 2.5)},
          {"empty", zeros({0, 4})},
          {"transposed", arange(6, {.dtype = float32}).reshape({2, 3}).t()}};
}

void expect_same(const std::map<std::string, Tensor>& got, const std::map<std::string, Tensor>& want) {
  REQUIRE(got.size() == want.size());
  for (const auto& [name, tensor] : want) {
    INFO(name);
    REQUIRE(got.contains(name));
    CHECK(got.at(name).dtype() == tensor.dtype());
    expect_close(got.at(name), tensor, 0, 0, name);
  }
}

/// What numpy and safetensors wrote into the files under tests/data/io.
void expect_python(const std::map<std::string, Tensor>& t) {
  CHECK(t.size() == 14);
  CHECK(t.at("bool").dtype() == bool_);
  expect_close(t.at("bool"), std::vector<double>{1, 0, 1});
  expect_close(t.at("u8"), std::vector<double>{0, 255});
  CHECK(t.at("i8").dtype() == int32);
  expect_close(t.at("i8"), std::vector<double>{-128, 127});
  expect_close(t.at("i16"), std::vector<double>{-32768, 32767});
  CHECK(t.at("u16").dtype() == int32);
  expect_close(t.at("u16"), std::vector<double>{0, 65535});
  expect_close(t.at("i32"), tensor({{1, -2}, {3, -4}}));
  CHECK(t.at("u32").dtype() == int64);
  expect_close(t.at("u32"), std::vector<double>{4294967295.0});
  CHECK(t.at("i64").to_vector<std::int64_t>()[0] == std::numeric_limits<std::int64_t>::min());
  CHECK(t.at("u64").to_vector<std::int64_t>()[0] == std::numeric_limits<std::int64_t>::max());
  CHECK(t.at("f16").dtype() == float32);
  expect_close(t.at("f16"), std::vector<double>{1.5, -0.25, 65504, 0x1p-24, INFINITY, NAN}, 0, 0);
  expect_close(t.at("f32"), tensor({{1.1, 2.2, 3.3}}), 0, 0);
  expect_close(t.at("f64"), std::vector<double>{0.1, 3.141592653589793}, 0, 0);
  CHECK(t.at("scalar").item() == 3.5);
  CHECK(t.at("empty").shape() == Shape{0, 3});
}

std::string safetensors(const std::string& header, const std::string& data = {}) {
  std::string bytes(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string npy(const std::string& dict, const std::string& data = {}) {
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(dict.size() & 0xFF);
  bytes += static_cast<char>(dict.size() >> 8);
  return bytes + dict + data;
}

}  // namespace

// Breaks when a value, shape, dtype or name changes on the way to a file and back, or equal tensors give other bytes.
TEST_CASE("what is saved is loaded") {
  const Folder folder;
  const std::map<std::string, Tensor> tensors = samples();
  const std::map<std::string, std::string> metadata{{"format", "pt"}, {"quote\"", "line\nbreak é"}};
  save_safetensors(folder / "a.safetensors", tensors, metadata);
  const Safetensors loaded = load_safetensors(folder / "a.safetensors");
  expect_same(loaded.tensors, tensors);
  CHECK(loaded.metadata == metadata);
  save_safetensors(folder / "b.safetensors", loaded.tensors, loaded.metadata);
  CHECK(content(folder / "a.safetensors") == content(folder / "b.safetensors"));
  std::uint64_t length = 0;
  std::memcpy(&length, content(folder / "a.safetensors").data(), 8);
  CHECK(length % 8 == 0);
  save_safetensors(folder / "none.safetensors", {});
  CHECK(load_safetensors(folder / "none.safetensors").tensors.empty());

  save_npz(folder / "a.npz", tensors);
  expect_same(load_npz(folder / "a.npz"), tensors);
  save_npz(folder / "none.npz", {});
  CHECK(load_npz(folder / "none.npz").empty());
  for (const auto& [name, tensor] : tensors) {
    save_npy(folder / "a.npy", tensor);
    expect_same({{name, load_npy(folder / "a.npy")}}, {{name, tensor}});
  }
  CHECK(folder.count() == 6);  // no temporary file is left
}

// Breaks when files of other writers are not understood.
TEST_CASE("files from Python are read") {
  const Safetensors file = load_safetensors(python_file("python.safetensors"));
  expect_python(file.tensors);
  CHECK(file.metadata.at("x") == "é");
  expect_python(load_npz(python_file("numpy.npz")));
  expect_close(load_npy(python_file("fortran_order.npy")), arange(24, {.dtype = float64}).reshape({2, 3, 4}), 0, 0);
  expect_close(load_npy(python_file("big_endian.npy")), tensor({{1, -2}, {3, 40000}}), 0, 0);
  CHECK_ERROR(load_npy(python_file("record.npy")), IoError, "[load_npy]", "record.npy", "records");
  const Folder folder;
  const std::string brain = std::string("\x80\x3F\x20\xC0", 4);  // 1 and -2.5
  const Safetensors bf16 = load_safetensors(
      folder.put("bf16", safetensors(R"({"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", brain)));
  expect_close(bf16.tensors.at("x"), std::vector<double>{1, -2.5}, 0, 0);
}

// Breaks when any of these defects is not found before memory is touched.
TEST_CASE("hostile safetensors files are refused by name") {
  const Folder folder;
  const auto check = [&](const std::string& bytes, const std::string& problem) {
    INFO(problem);
    const std::string path = folder.put("bad.safetensors", bytes);
    CHECK_ERROR(load_safetensors(path), IoError, "[load_safetensors]", "bad.safetensors", problem);
  };
  const std::string four(4, '\0');
  check("", "truncated");
  check("abc", "truncated");
  check(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10), "header is 18446744073709551615 bytes");
  check(safetensors("{}").substr(0, 9), "header is 2 bytes");
  check(safetensors("[]"), "does not begin with '{'");
  check(safetensors(""), "does not begin with '{'");
  check(safetensors("{"), "not valid JSON");
  check(safetensors("{} x"), "not valid JSON");
  check(safetensors("{\"\xFF\":1}"), "not valid JSON");
  check(safetensors("{" + std::string(100'000, '[')), "not valid JSON");
  check(safetensors(R"({"x":)" + std::string(100'000, '[')), "a list where it does not belong");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"x":)";
  check(safetensors(deep), "unknown field 'x'");
  check(safetensors(R"({"x":{"dtype":{}}})"), "object where it does not belong");
  check(safetensors(R"({"x":1})"), "a number where it does not belong");
  check(safetensors(R"({"x":null})"), "null where it does not belong");
  check(safetensors(R"({"x":{}})"), "needs a dtype");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", four), "two data_offsets");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}})", four),
        "unknown field 'extra'");
  check(safetensors(R"({"x":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,4]}})", four), "'dtype' twice");
  check(safetensors(R"({"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", four), "'F8_E4M3'");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", four), "negative number");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})", four), "fraction");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", four), "has 4 bytes, 2 elements");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", four), "bytes 4 to 0");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", four), "truncated");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", four + four), "4 bytes follow");
  check(
      safetensors(
          R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})",
          four),
      "must begin at 2");
  check(
      safetensors(
          R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})",
          four),
      "must begin at 1");
  check(
      safetensors(
          R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
          four),
      "'x' twice");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}})"),
        "more elements");
  check(
      safetensors(R"({"x":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}})"),
      "more elements");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", four),
        "more elements");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", four), "9 dimensions");
  check(safetensors(R"({"x":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\xFF')),
        "does not fit into int64");
  check(safetensors(R"({"__metadata__":{"a":1}})"), "a number where it does not belong");
  check(safetensors(R"({"__metadata__":{"a":"1","a":"2"}})"), "'a' twice");
  CHECK_ERROR(load_safetensors(folder / "missing"), IoError, "missing", "no such file");
  CHECK_ERROR(load_safetensors(folder.path.string()), IoError, "not a regular file");
}

// Breaks when a damaged file crashes the reader or passes: every truncation and thousands of flipped bytes.
TEST_CASE("damaged files never crash the readers") {
  const Folder folder;
  save_safetensors(folder / "good.safetensors", samples(), {{"a", "b"}});
  save_npz(folder / "good.npz", samples());
  save_npy(folder / "good.npy", samples().at("float64"));
  std::mt19937 random(6);
  const auto attempt = [&](const std::string& name, const std::string& bytes) {
    const std::string path = folder.put(name, bytes);
    try {
      if (name.ends_with("npz"))
        load_npz(path);
      else if (name.ends_with("npy"))
        load_npy(path);
      else
        load_safetensors(path);
      return true;
    } catch (const IoError&) {
      return false;
    }
  };
  for (const char* kind : {"safetensors", "npz", "npy"}) {
    const std::string good = content(folder / (std::string("good.") + kind)), name = std::string("bad.") + kind;
    INFO(kind);
    CHECK(attempt(name, good));
    std::size_t accepted = 0;
    for (std::size_t n = 0; n < good.size(); n += 1 + good.size() / 300) accepted += attempt(name, good.substr(0, n));
    CHECK(accepted == 0);
    for (int i = 0; i < 1500; ++i) {
      std::string bytes = good;
      for (unsigned k = 0; k <= random() % 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
      attempt(name, bytes);
    }
  }
  SUCCEED();
}

// Breaks when an npy header is believed.
TEST_CASE("hostile npy files are refused by name") {
  const Folder folder;
  const auto check = [&](const std::string& bytes, const std::string& problem) {
    INFO(problem);
    const std::string path = folder.put("bad.npy", bytes);
    CHECK_ERROR(load_npy(path), IoError, "[load_npy]", "bad.npy", problem);
  };
  const std::string four(4, '\0');
  check("", "too short");
  check("not an npy file", "does not begin as an npy file");
  check(std::string("\x93NUMPY\x09\x00\x00\x00", 10), "version 9.0");
  check(std::string("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF", 12), "header is 4294967295 bytes");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", four), "truncated");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", four + four), "4 bytes follow");
  check(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", four), "'|O'");
  check(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", four + four), "'<c8'");
  check(npy("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", four), "damaged");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,) ", four), "damaged");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", four), "damaged");
  check(npy("{'descr': '<f4', 'shape': (1,), }", four), "lacks");
  check(npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", four), "'descr' twice");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", four), "unknown entry 'x'");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }", four), "more elements");
  check(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", four), "damaged");
  CHECK_ERROR(load_npz(folder.put("bad.npz", "PK nonsense")), IoError, "[load_npz]", "bad.npz");
}

// Breaks when numbers, quotes, names or missing cells are read wrongly, or a bad cell is not located.
TEST_CASE("numeric CSV") {
  const Folder folder;
  const NumericTable table = load_csv(folder.put("a.csv",
                                                 "\xEF\xBB\xBF"
                                                 "a,\"b, \"\"c\"\"\",d\r\n1,2.5,-3e2\r\n\r\n+4, ,nan\n"));
  CHECK(table.columns == std::vector<std::string>{"a", "b, \"c\"", "d"});
  CHECK(table.values.dtype() == float32);
  expect_close(table.values, tensor({{1, 2.5, -300}, {4, std::nan(""), std::nan("")}}), 0, 0);
  const NumericTable plain = load_csv(folder.put("b.csv", "1;2\n3;4"), {.delimiter = ';', .dtype = int64});
  CHECK(plain.columns.empty());
  CHECK(plain.values.dtype() == int64);
  expect_close(plain.values, tensor({{1, 2}, {3, 4}}));
  CHECK(load_csv(folder.put("c.csv", "1,2\n3,4\n"), {.header = true}).values.shape() == Shape{1, 2});
  CHECK(load_csv(folder.put("d.csv", "")).values.shape() == Shape{0, 0});

  for (const Dtype dtype : {float32, float64}) {
    const Tensor x = randn({20, 3}, {.dtype = dtype}) * 1e-3;
    save_csv(folder / "e.csv", x, {"one", "two, three", "four"});
    const NumericTable back = load_csv(folder / "e.csv", {.dtype = dtype});
    expect_close(back.values, x, 0, 0);
    CHECK(back.columns[1] == "two, three");
  }
  save_csv(folder / "f.csv", tensor<int>({1, 2}));
  CHECK(content(folder / "f.csv") == "1\n2\n");

  const auto check = [&](const std::string& text, CsvOptions options, std::initializer_list<std::string> pieces) {
    const std::string path = folder.put("bad.csv", text);
    std::string message;
    try {
      load_csv(path, options);
    } catch (const IoError& error) {
      message = error.what();
    }
    INFO(message);
    for (const std::string& piece : pieces) CHECK(message.find(piece) != std::string::npos);
  };
  check("1,2\n3\n", {}, {"[load_csv]", "bad.csv", "line 2", "1 cells", "has 2"});
  check("1,2\n3,4,5,6\n", {}, {"line 2", "more than 2 cells"});
  check("a,b\n1,x\n", {}, {"line 2", "column 2", "('b')", "'x'", "float32"});
  check("1\n2.5\n", {.dtype = int64}, {"line 2", "'2.5'", "int64"});
  check("1\n300\n", {.dtype = uint8}, {"'300'", "uint8"});
  check("1,\"2\n", {}, {"[load_csv]", "line 1"});
  check("1\n\"2\"3\n", {}, {"line 2"});
  CHECK_ERROR(load_csv(folder / "f.csv", {.delimiter = '1'}), ValueError, "[load_csv]", "delimiter");
  CHECK_ERROR(save_csv(folder / "g.csv", zeros({1, 2, 3})), ShapeError, "[save_csv]", "[1, 2, 3]");
  CHECK_ERROR(save_csv(folder / "g.csv", zeros({1, 2}), {"a"}), ShapeError, "[save_csv]", "1 column names");
  CHECK_ERROR(save_safetensors(folder / "g", {{"x", Tensor()}}), ValueError, "[save_safetensors]", "'x'", "undefined");
  CHECK_ERROR(save_safetensors(folder / "g", {{"__metadata__", zeros({1})}}), ValueError, "__metadata__");
  CHECK_ERROR(save_safetensors(folder / "g", {{"\xFF", zeros({1})}}), ValueError, "UTF-8");
  CHECK_FALSE(fs::exists(folder / "g"));
}

// Breaks when a failed write damages the old file, leaves a temporary one, or does not say why.
TEST_CASE("writers replace a file completely or not at all") {
  const Folder folder;
  const std::string path = folder / "a.npy";
  save_npy(path, ones({2}));
  const std::string old = content(path);
  {
    AtomicFile file(path, "test");
    file.write("half of");
    CHECK(folder.count() == 2);
  }  // given up
  CHECK(content(path) == old);
  CHECK(folder.count() == 1);
  CHECK_ERROR(save_npy("/dev/full", ones({2})), IoError, "[save_npy]", "/dev/full", "No space left", "free some space");
  CHECK_ERROR(save_npy(folder / "no/such/a.npy", ones({2})), IoError, "no folder", "create it");
  CHECK_ERROR(save_npy(folder.path.string(), ones({2})), IoError, "folder");
  CHECK_ERROR(save_npy("", ones({2})), IoError, "[save_npy]", "empty");
  if (::geteuid() != 0) {  // root may write anywhere
    fs::permissions(folder.path, fs::perms::owner_read | fs::perms::owner_exec);
    CHECK_ERROR(save_npy(path, zeros({3})), IoError, "Permission denied", "permissions");
    CHECK(content(path) == old);
    fs::permissions(folder.path, fs::perms::owner_all);
  }
  ::chmod(path.c_str(), 0640);
  write_file_atomically(path, "new", "test");
  CHECK(content(path) == "new");
  struct stat info {};
  CHECK(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  fs::create_symlink("a.npy", folder.path / "link");
  write_file_atomically(folder / "link", "through the link", "test");
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(content(path) == "through the link");
}
