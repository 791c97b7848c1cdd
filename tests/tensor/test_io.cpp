// Files: round trips, files from Python, and damaged bytes.
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace xg;
using xg_test::content;
using xg_test::expect_close;
using xg_test::safetensors;
using xg_test::TemporaryFolder;

namespace {

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

}  // namespace

// Breaks if a value, shape, dtype or name changes on the way to a file and back, or equal tensors give other bytes.
TEST_CASE("what is saved is loaded") {
  const TemporaryFolder folder;
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

// Breaks if files of other writers are not understood.
TEST_CASE("files from Python are read") {
  const Safetensors file = load_safetensors(python_file("python.safetensors"));
  expect_python(file.tensors);
  CHECK(file.metadata.at("x") == "é");
  expect_python(load_npz(python_file("numpy.npz")));
  expect_close(load_npy(python_file("fortran_order.npy")), arange(24, {.dtype = float64}).reshape({2, 3, 4}), 0, 0);
  expect_close(load_npy(python_file("big_endian.npy")), tensor({{1, -2}, {3, 40000}}), 0, 0);
  CHECK_ERROR(load_npy(python_file("record.npy")), IoError, "[load_npy]", "record.npy", "records");
  const TemporaryFolder folder;
  const std::string brain = std::string("\x80\x3F\x20\xC0", 4);  // 1 and -2.5
  const Safetensors bf16 = load_safetensors(
      folder.put("bf16", safetensors(R"({"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", brain)));
  expect_close(bf16.tensors.at("x"), std::vector<double>{1, -2.5}, 0, 0);
}

// Breaks if a damaged file crashes the reader or passes: every truncation and thousands of flipped bytes.
TEST_CASE("damaged files never crash the readers") {
  const TemporaryFolder folder;
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
