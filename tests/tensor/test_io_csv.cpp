// Files of numbers as text.
#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/io.hpp>

#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

using namespace xg;
using xg_test::content;
using xg_test::expect_close;
using xg_test::TemporaryFolder;

// Breaks if numbers, quotes, names or missing cells are read wrongly, or a bad cell is not located.
TEST_CASE("numeric CSV") {
  const TemporaryFolder folder;
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
}
