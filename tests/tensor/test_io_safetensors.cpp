// Safetensors files: hostile ones, headers of other writers, and many tensors.
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

using namespace xg;
using xg_test::safetensors;
using xg_test::TemporaryFolder;

// Breaks if any of these defects is not found before memory is touched.
TEST_CASE("hostile safetensors files are refused by name") {
  const TemporaryFolder folder;
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

// Breaks if a header that the reference reader accepts is refused.
TEST_CASE("safetensors headers of other writers are read") {
  const TemporaryFolder folder;
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

// Breaks if a tensor or name that the format does not allow is written, or its refusal leaves a file.
TEST_CASE("what a safetensors file cannot hold is refused by name") {
  const TemporaryFolder folder;
  CHECK_ERROR(save_safetensors(folder / "g", {{"x", Tensor()}}), ValueError, "[save_safetensors]", "'x'", "undefined");
  CHECK_ERROR(save_safetensors(folder / "g", {{"__metadata__", zeros({1})}}), ValueError, "__metadata__");
  CHECK_ERROR(save_safetensors(folder / "g", {{"\xFF", zeros({1})}}), ValueError, "UTF-8");
  CHECK_FALSE(std::filesystem::exists(folder / "g"));
}

// Breaks if a writer or reader compares each tensor with all others.
TEST_CASE("safetensors of many tensors take time in proportion") {
  const TemporaryFolder folder;
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
