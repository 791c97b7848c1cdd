// Npy files: hostile ones, and headers of other writers.
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <string>

using namespace xg;
using xg_test::expect_close;
using xg_test::TemporaryFolder;

namespace {

std::string npy(const std::string& dict, const std::string& data = {}) {
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(dict.size() & 0xFF);
  bytes += static_cast<char>(dict.size() >> 8);
  return bytes + dict + data;
}

}  // namespace

// Breaks if an npy header is believed.
TEST_CASE("hostile npy files are refused by name") {
  const TemporaryFolder folder;
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

// Breaks if a header that NumPy reads is refused, or read as something else.
TEST_CASE("npy headers of other writers are read") {
  const TemporaryFolder folder;
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
