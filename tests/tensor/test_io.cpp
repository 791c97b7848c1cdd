// Files: round trips, files from Python, hostile bytes, and writers that fail.
#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>
#include <xgrad/tensor/io/atomic_file.hpp>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

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

std::string python_file(const std::string& name) { return XGRAD_SOURCE_DIR "/tests/data/io/" + name; }

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
  check(safetensors(deep), "levels deep");
  check(safetensors(R"({"x":{"later":)" + std::string(1'000'000, '[')), "levels deep");
  check(safetensors(R"({"x":null,"__metadata__":{}})"), "null where it does not belong");
  check(safetensors(R"({"__metadata__":[]})"), "a list where it does not belong");
  check(safetensors(R"({"__metadata__":{"a":null}})"), "null where it does not belong");
  check(safetensors(R"({"__metadata__":null,"__metadata__":{}})"), "'__metadata__' twice");
  check(safetensors(R"({"x":{"dtype":null,"shape":[1],"data_offsets":[0,4]}})", four), "null where it does not belong");
  check(safetensors(std::string("{}\0 x", 5)), "not valid JSON at its byte 3");
  check(safetensors("\xEF\xBB\xBF{}"), "does not begin with '{'");
  check(safetensors("{}{}"), "not valid JSON");
  const std::string name(1'000'000, 'n');
  for (const std::string entry : {R"(":1})", R"(":{}})", R"(":{"dtype":"F7","shape":[4],"data_offsets":[0,4]}})",
                                  R"(":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}})"}) {
    const std::string path = folder.put("bad.safetensors", safetensors("{\"" + name + entry, four));
    std::string message;
    try {
      load_safetensors(path);
    } catch (const IoError& error) {
      message = error.what();
    }
    CHECK_THAT(message, xg_test::ContainsSubstring("nnn..."));
    CHECK(message.size() < 500);
  }
  check(safetensors(R"({"x":{"dtype":{}}})"), "object where it does not belong");
  check(safetensors(R"({"x":1})"), "a number where it does not belong");
  check(safetensors(R"({"x":null})"), "null where it does not belong");
  check(safetensors(R"({"x":{}})"), "needs a dtype");
  check(safetensors(R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", four), "two data_offsets");
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

// Breaks when a header that the reference reader accepts is refused.
TEST_CASE("safetensors headers of other writers are read") {
  const Folder folder;
  const std::string four = std::string("\0\0\x20\x40", 4);  // 2.5
  const auto check = [&](const std::string& header, std::size_t metadata = 0) {
    INFO(header);
    const Safetensors file = load_safetensors(folder.put("other.safetensors", safetensors(header, four)));
    REQUIRE(file.tensors.contains("w"));
    CHECK(file.tensors.at("w").item() == 2.5);
    CHECK(file.metadata.size() == metadata);
  };
  const std::string w = R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  check("{" + w + "}");
  check(R"({"__metadata__":null,)" + w + "}");
  check("{" + w + R"(,"__metadata__":null})");
  check(R"({"__metadata__":{},)" + w + "}");
  check("{" + w + R"(,"__metadata__":{"a":"b","c":""}})", 2);
  check(" \t\r\n{" + w + "}");
  check("{" + w + "} \t\r\n   ");
  check(R"({ "w" : { "data_offsets" : [ 0 , 4 ] , "shape" : [ 1 ] ,)"
        "\n"
        R"("dtype" : "F32" } })");
  check(R"({"\u0077":{"shape":[1],"dtype":"F32","data_offsets":[0,4]}})");
  check(R"({"w":{"dtype":"F32","shape":[1],"later":{"a":[1,-2.5,null,{"b":true}],"c":"d"},"data_offsets":[0,4]}})");
  check(
      R"({"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"I64","shape":[0,3],"data_offsets":[4,4]}})");
  check(
      R"({"e":{"dtype":"I64","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}})");
}

// Breaks when a writer or reader compares each tensor with all others.
TEST_CASE("safetensors of many tensors take time in proportion") {
  const Folder folder;
  const auto many = [](int n) {
    std::map<std::string, Tensor> tensors;
    for (int i = 0; i < n; ++i) tensors["layer." + std::to_string(i) + ".weight"] = ones({1});
    return tensors;
  };
  CHECK(xg_test::growth(2000, [&](int n) {
          return [tensors = many(n), path = folder / "many.safetensors"] { save_safetensors(path, tensors); };
        }) < xg_test::far_below_quadratic);
  CHECK(xg_test::growth(2000, [&](int n) {
          const std::string path = folder / "many.safetensors";
          save_safetensors(path, many(n));
          return [path] { load_safetensors(path); };
        }) < xg_test::far_below_quadratic);
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

// Breaks when a header that NumPy reads is refused, or read as something else.
TEST_CASE("npy headers of other writers are read") {
  const Folder folder;
  const auto load = [&](const std::string& dict, const std::string& data) {
    INFO(dict);
    return load_npy(folder.put("other.npy", npy(dict, data)));
  };
  const std::string floats("\0\0\x80\x3F\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xA0\x40\0\0\xC0\x40", 24);  // 1 to 6
  const Tensor rows = tensor({{1, 2, 3}, {4, 5, 6}});
  for (const std::string dict :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2l,3L)}",
        "{'shape':(2,3),'fortran_order':False,'descr':'<f4'}",
        "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3,)}",
        "{u'descr': u'<f4', u'fortran_order': False, u'shape': (2, 3)}",
        "{b'descr': b'<f4', 'fortran_order': False, 'shape': (2, 3)}",
        " \t{\t'descr'\t:\t'<f4'\t,\t'fortran_order'\t:\tFalse,\n'shape'\r\n:\t(\t2\t,\t3\t)\t,\t}\t \n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0x2, +3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0b10, 0o3)}"})
    expect_close(load(dict, floats), rows, 0, 0, dict);
  expect_close(load("{'descr': '<f4', 'fortran_order': True, 'shape': (3L, 2L)}", floats), rows.t(), 0, 0);
  CHECK(load("{'descr': '<f4', 'fortran_order': False, 'shape': (1_0, 0)}", "").shape() == Shape{10, 0});
  CHECK(load("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", floats.substr(0, 4)).shape() == Shape{});
  CHECK(load("{'descr': '<f4', 'fortran_order': False, 'shape': (1L,)}", floats.substr(0, 4)).shape() == Shape{1});

  const auto typed = [&](const std::string& descr, const std::string& bytes) {
    return load("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1,)}", bytes);
  };
  const std::string one64 = std::string(6, '\0') + "\xF0\x3F", one64_big(one64.rbegin(), one64.rend());
  for (const char* name : {"float64", "f8", "<f8", "=f8", "|f8", "double", "float", "d", "<d"}) {
    CHECK(typed(name, one64).dtype() == float64);
    CHECK(typed(name, one64).item() == 1);
  }
  for (const char* name : {">f8", ">d"}) CHECK(typed(name, one64_big).item() == 1);
  const std::string one32("\0\0\x80\x3F", 4);
  for (const char* name : {"float32", "f4", "single", "f", "=f4"}) {
    CHECK(typed(name, one32).dtype() == float32);
    CHECK(typed(name, one32).item() == 1);
  }
  for (const char* name : {"float16", "f2", "half", "e", "<e"})
    CHECK(typed(name, std::string("\x00\x3C", 2)).item() == 1);
  for (const char* name : {"|b1", "bool", "?", "bool_", "b1", "|?"}) CHECK(typed(name, "\x01").dtype() == bool_);
  for (const char* name : {"uint8", "|u1", "u1", "B", "ubyte"}) {
    CHECK(typed(name, "\xFF").dtype() == uint8);
    CHECK(typed(name, "\xFF").item() == 255);
  }
  for (const char* name : {"int8", "|i1", "b", "byte"}) CHECK(typed(name, "\xFF").item() == -1);
  for (const char* name : {"int16", "<i2", "h", "short"}) CHECK(typed(name, "\xFE\xFF").item() == -2);
  for (const char* name : {"uint16", "H", "ushort"}) CHECK(typed(name, "\xFE\xFF").item() == 65534);
  for (const char* name : {"int32", "i4", "i", "intc"}) CHECK(typed(name, "\xFE\xFF\xFF\xFF").item() == -2);
  for (const char* name : {"uint32", "u4", "I", "uintc"}) CHECK(typed(name, "\xFE\xFF\xFF\xFF").item() == 4294967294.0);
  for (const char* name : {"int64", "int", "i8", "l", "q", "long", "longlong", "intp"}) {
    CHECK(typed(name, "\xFE" + std::string(7, '\xFF')).dtype() == int64);
    CHECK(typed(name, "\xFE" + std::string(7, '\xFF')).item() == -2);
  }
  for (const char* name : {"uint64", "uint", "u8", "L", "Q"})
    CHECK(typed(name, "\x07" + std::string(7, '\0')).item() == 7);
  CHECK(typed(">i4", std::string("\0\0\1\2", 4)).item() == 258);
  for (const char* name :
       {"f16", "<f16", "c8", "complex64", "<M8[ns]", "S4", "<U1", "O", "V4", "f8,f8", "2f8", "", "<", "f 8"})
    CHECK_ERROR(typed(name, one64), IoError, "[load_npy]", "'" + std::string(name) + "'", "not supported");
  CHECK_ERROR(typed(std::string(50'000, 'x'), one64), IoError, "xxx...", "not supported");

  // Versions 2.0 and 3.0 have four bytes for the header's length.
  for (const char version : {'\2', '\3'}) {
    const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
    const std::string bytes = std::string("\x93NUMPY") + version + std::string(1, '\0') +
                              static_cast<char>(dict.size()) + std::string(3, '\0') + dict + one32;
    CHECK(load_npy(folder.put("version.npy", bytes)).item() == 1);
  }
  for (const char* shape :
       {"(3)", "[3]", "3", "(3.0,)", "(1e1,)", "(03,)", "(3 4)", "(-1,)", "(3LL,)", "(,)", "(True,)"})
    CHECK_ERROR(load("{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + "}", floats), IoError,
                "damaged");
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
  check("1,2\n3\n", {}, {"[load_csv]", "bad.csv", "line 2", "1 cells", "2 columns"});
  check("1,2\n3,4,5,6\n", {}, {"line 2", "4 cells", "2 columns"});
  check("a,b\n1,2\n\n\n3,x\n", {}, {"line 5", "'x'"});
  check("\"a\nq\",b\r\n1,2\r\n3,x\r\n", {}, {"line 4", "'x'"});
  check("a\r1\rx\r", {}, {"line 3", "'x'"});
  check("1;2,5\n2;3\n", {.delimiter = ';'}, {"line 1", "'2,5'", ".header = true or false"});
  check("1,5;2,5\n", {.delimiter = ';'}, {"line 1", "'1,5'", ".header = true or false"});
  check(std::string("\xFF\xFE\x31\0\n\0", 6), {}, {"UTF-16", "little", "iconv"});
  check(std::string("1\0,\0002\0\n\0", 8), {}, {"UTF-16", "little", "iconv"});
  check(std::string("\0\0\xFE\xFF\0\0\0\x31", 8), {}, {"UTF-32", "big", "iconv"});
  check("a\n1\n\"\xFF\"\n", {}, {"line 3", "0xFF", "UTF-8"});
  check("9007199254740993\n", {.dtype = float64}, {"9007199254740993", "rounded", "int64"});
  CHECK(load_csv(folder.put("h.csv", "1,NA\n2,None\n")).values.shape() == Shape{2, 2});
  CHECK(load_csv(folder.put("h.csv", "a,a,\n1,2,3\n")).columns == std::vector<std::string>{"a", "a.1", "Unnamed: 2"});
  expect_close(load_csv(folder.put("h.csv", "1,5;\"1.000\"#x\n"),
                        {.delimiter = ';', .decimal = ',', .thousands = '.', .comment = '#'})
                   .values,
               tensor({{1.5, 1000.0}}), 0, 0);
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

// Breaks when litter of killed writers stays, or a file that somebody still writes is taken for litter.
TEST_CASE("temporary files of killed writers are removed by the next") {
  for (const std::string& name : {std::string("a.npy"), "b " + std::string(240, 'x') + ".npy"}) {
    const Folder folder;
    const std::string path = folder / name;
    // Killed in the middle, more than once.
    for (int i = 0; i < 3; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        AtomicFile file(path, "test");
        file.write("half of");
        ::raise(SIGKILL);
      }
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      REQUIRE(WIFSIGNALED(status));
      CHECK(folder.count() == 1);  // each removes what the one before it left
    }
    // Not litter of this name: what others write, and what only looks alike.
    AtomicFile writing(path, "test");
    writing.write("the other");
    const std::string stem = name.substr(0, 5);
    for (const std::string& other : {stem + "npy.1-2.tmp.gz", stem + ".12.tmp", stem + ".a-b.tmp", stem + ".tmp"})
      folder.put(other, "mine");
    CHECK(folder.count() == 5);
    write_file_atomically(path, "new", "test");
    CHECK(content(path) == "new");
    CHECK(folder.count() == 6);
    writing.commit();
    CHECK(content(path) == "the other");
    CHECK(folder.count() == 5);
    folder.put("c.npy." + std::to_string(::getpid()) + "-77.tmp", "of a process of the same number");
    folder.put("c.npy." + std::to_string(::getppid()) + "-77.tmp", "of a process that lives");
    write_file_atomically(folder / "c.npy", "new", "test");
    CHECK(folder.count() == 7);
  }
}

// Breaks when room for a suffix is taken from names that the file system allows.
TEST_CASE("names as long as they may be are saved") {
  const Folder folder;
  for (const std::size_t length : {std::size_t{228}, std::size_t{229}, std::size_t{240}, std::size_t{255}}) {
    const std::string name = std::string(length - 4, 'n') + ".npy";
    save_npy(folder / name, ones({2}));
    expect_close(load_npy(folder / name), ones({2}), 0, 0);
  }
  std::string umlauts;
  while (umlauts.size() < 252) umlauts += "ü";
  save_npy(folder / umlauts, ones({2}));
  expect_close(load_npy(folder / umlauts), ones({2}), 0, 0);
  CHECK(folder.count() == 5);
  CHECK_ERROR(save_npy(folder / std::string(256, 'n'), ones({2})), IoError, "[save_npy]", "too long");
  CHECK(folder.count() == 5);
}

// Breaks when two writers of one name disturb each other, or a reader sees half of a file.
TEST_CASE("many writers and readers share one name") {
  const Folder folder;
  const std::string path = folder / "shared.npy";
  save_npy(path, full({1}, 1.0));
  std::vector<pid_t> children;
  for (int c = 0; c < 3; ++c) {
    const pid_t child = ::fork();
    if (child == 0) {
      int bad = 0;
      try {
        for (int i = 1; i <= 60; ++i)
          write_file_atomically(path, std::string(static_cast<std::size_t>(i * 1000), 'x'), "test");
      } catch (...) {
        bad = 1;
      }
      ::_exit(bad);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  std::atomic<int> bad{0};
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      try {
        for (int i = 1; i <= 60; ++i) {
          write_file_atomically(path, std::string(static_cast<std::size_t>(i * 1000), 'x'), "test");
          if (content(path).size() % 1000 != 0) ++bad;
        }
      } catch (const Error&) {
        ++bad;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(bad == 0);
  CHECK(content(path).size() % 1000 == 0);
  CHECK(folder.count() == 1);
}

// Breaks when a reader takes the size of what a path meant before it was opened, or waits for a pipe.
TEST_CASE("a file is read as it was opened") {
  const Folder folder;
  const std::string path = folder / "replaced.npy";
  save_npy(path, ones({1}));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) save_npy(path, ones({1 + 2000 * (i % 2)}));
    done = true;
  });
  int failed = 0;
  while (!done) {
    try {
      load_npy(path);
    } catch (const IoError&) {
      ++failed;
    }
  }
  writer.join();
  CHECK(failed == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_ERROR(load_npy(folder / "pipe"), IoError, "not a regular file");
}
