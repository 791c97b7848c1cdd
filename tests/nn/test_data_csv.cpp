#include "support/catch.hpp"
#include "support/support.hpp"

#include <unistd.h>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/csv.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace xg;
using namespace xg::nn::data;

namespace {

using Words = std::vector<std::string>;

Words cells(const Column& column) {
  Words result;
  for (std::int64_t row = 0; row < column.size(); ++row) result.push_back(column.cell(row));
  return result;
}

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("xgrad-test-csv-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

void expect_same(const Table& got, const Table& want) {
  REQUIRE(got.names() == want.names());
  REQUIRE(got.rows() == want.rows());
  for (const Column& column : want.columns()) {
    INFO(column.name());
    CHECK(got[column.name()].kind() == column.kind());
    CHECK(cells(got[column.name()]) == cells(column));
    CHECK(got[column.name()].missing_count() == column.missing_count());
  }
}

}  // namespace

// Breaks if a column gets another kind than its cells allow.
TEST_CASE("CSV columns get the narrowest kind that holds all cells", "[data][csv]") {
  const Table t = parse_csv(
      "i,r,b,t,m,z,big,sign\n"
      "1,1.0,true,x,1,,9007199254740993,+5\n"
      "-20,2,False,2,NA,NA,1,-6\n"
      "0,3e2,TRUE,,3,,,7\n");
  CHECK(t["i"].kind() == ColumnKind::integer);
  CHECK(t["r"].kind() == ColumnKind::numeric);
  CHECK(t["r"].numbers() == std::vector<double>{1, 2, 300});
  CHECK(t["b"].kind() == ColumnKind::boolean);
  CHECK(cells(t["b"]) == Words{"true", "false", "true"});
  CHECK(t["t"].kind() == ColumnKind::text);
  CHECK(cells(t["t"]) == Words{"x", "2", ""});
  CHECK(t["t"].missing_count() == 1);
  CHECK(t["m"].kind() == ColumnKind::integer);
  CHECK(t["m"].missing_count() == 1);
  CHECK(t["z"].kind() == ColumnKind::numeric);
  CHECK(t["z"].missing_count() == 3);
  CHECK(t["big"].cell(0) == "9007199254740993");  // not rounded to a double
  CHECK(cells(t["sign"]) == Words{"5", "-6", "7"});
}

// Breaks if quoting, line ends, the byte order mark or white space is read otherwise than CSV files mean it.
TEST_CASE("CSV in all the ways that programs write it", "[data][csv]") {
  const Words want = {"a, b", "say \"hi\"", "two\nlines", "plain"};
  const std::string body = "\"a, b\"\n\"say \"\"hi\"\"\"\n\"two\nlines\"\nplain\n";
  CHECK(cells(parse_csv("x\n" + body)["x"]) == want);
  CHECK(cells(parse_csv("\xEF\xBB\xBFx\n" + body)["x"]) == want);
  CHECK(cells(parse_csv("x\r\n\"a, b\"\r\n\"say \"\"hi\"\"\"\r\n\"two\nlines\"\r\nplain\r\n")["x"]) == want);
  CHECK(cells(parse_csv("x\r\"a, b\"\r\"say \"\"hi\"\"\"\r\"two\nlines\"\rplain")["x"]) == want);
  CHECK(cells(parse_csv("x\n\n" + body + "\n\n")["x"]) == want);
  const Table spaced = parse_csv(" a ,b\n 1 , \" kept \" \n");
  CHECK(spaced.names() == Words{"a", "b"});
  CHECK(spaced["a"].number(0) == 1);
  CHECK(spaced["b"].cell(0) == " kept ");
  CHECK(cells(parse_csv("x,y\n5'11\",1\n")["x"]) == Words{"5'11\""});
  CHECK(cells(parse_csv("größe,y\nΔ,1\n")["größe"]) == Words{"Δ"});
  CHECK(parse_csv("a,,b,a,a.1\n1,2,3,4,5\n").names() == Words{"a", "Unnamed: 1", "b", "a.2", "a.1"});
  CHECK(parse_csv("a,b\n").rows() == 0);
}

// Breaks if an option is not obeyed.
TEST_CASE("Options of read_csv", "[data][csv]") {
  CHECK(parse_csv("1;2\n3;4\n", {.separator = ';', .header = false}).names() == Words{"column_1", "column_2"});
  CHECK(parse_csv("1;2\n", {.separator = ';', .header = false, .names = {"a", "b"}})["b"].number(0) == 2);
  CHECK(parse_csv("x,y\n1,2\n", {.names = {"a", "b"}}).names() == Words{"a", "b"});
  CHECK(parse_csv("a\tb\n1\t \n", {.separator = '\t'})["b"].missing_count() == 1);
  CHECK(parse_csv("a,b\n?,1\n,2\n", {.missing = {"?"}})["a"].missing_count() == 1);
  CHECK(parse_csv("zip,b\n01234,1\n", {.text = {"zip"}})["zip"].cell(0) == "01234");
  CHECK(parse_csv("a,b\n'x,y',1\n", {.quote = '\''})["a"].cell(0) == "x,y");
  CHECK(parse_csv("a\n1\n2\n3\n", {.max_rows = 2}).rows() == 2);
  CHECK(parse_csv("a\n1\n2\n\"", {.max_rows = 2}).rows() == 2);
}

// Breaks if writing and reading again changes a value, a kind or a missing value.
TEST_CASE("Tables survive a round trip through CSV", "[data][csv][property]") {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const Folder folder;
  const Table table(
      {Column::text("te,xt", {"a\"b", " spaced ", "two\nlines", "", "ü;,"}, {false, false, false, true, false}),
       Column::numeric("decimal", {1, -0.1, 1e-300, not_a_number, 12345678.9}),
       Column::numeric("whole", {1, 2, 3, 4, 5}),
       Column::integer("int", {1, std::numeric_limits<std::int64_t>::max(), -3, 4, 5},
                       {true, false, false, false, false}),
       Column::boolean("bool", {true, false, true, true, false}, {false, false, true, false, false})});
  write_csv(folder.path / "t.csv", table);
  expect_same(read_csv(folder.path / "t.csv"), table);
  for (char separator : {';', '\t', '|'}) {
    expect_same(parse_csv(to_csv(table, {.separator = separator}), {.separator = separator}), table);
  }
  expect_same(parse_csv(to_csv(table, {.missing = "NA"})), table);
  const Table one({Column::integer("x", {1, 2, 3}, {false, true, false})});
  expect_same(parse_csv(to_csv(one)), one);
  Generator generator(1);
  for (int i = 0; i < 200; ++i) {
    const Tensor values = randn({20}, {.dtype = float64, .generator = &generator}) * std::pow(10.0, i % 40 - 20);
    const Column column = Column::numeric("x", values.to_vector());
    REQUIRE(parse_csv(to_csv(Table({column})))["x"].numbers() == column.numbers());
  }
}

// Breaks if a broken file is read as something, or the message does not say in which line and what to do.
TEST_CASE("read_csv names the line that is wrong", "[data][csv][bad input]") {
  CHECK_ERROR(parse_csv(""), IoError, "[read_csv]", "empty");
  CHECK_ERROR(parse_csv("\n\n"), IoError, "empty");
  CHECK_ERROR(parse_csv("a,b\n1,2\n3\n"), IoError, "line 3", "1 cells, but 2 columns");
  CHECK_ERROR(parse_csv("a,b\n\"1\n2\",2\n3,4,5\n"), IoError, "line 4", "3 cells, but 2 columns");
  CHECK_ERROR(parse_csv("a,b\n1,2\n3,\"x\n\n4,5\n"), IoError, "line 3", "never ends");
  CHECK_ERROR(parse_csv("a,b\n\"x\"y,2\n"), IoError, "line 2", "after a closing quote", "\"y\"");
  CHECK_ERROR(parse_csv("a,b\n1,2\n", {.names = {"x", "x"}}), ValueError, "\"x\" twice");
  CHECK_ERROR(parse_csv("a\n1\n\xFF\n"), IoError, "line 3", "0xFF", "UTF-8", "iconv");
  CHECK_ERROR(parse_csv("a\n\xC0\xAF\n"), IoError, "line 2", "0xC0");
  CHECK_ERROR(parse_csv("a\n\xED\xA0\x80\n"), IoError, "line 2", "0xED");
  CHECK_ERROR(parse_csv(std::string_view("a\n1\0\n", 5)), IoError, "line 2", "zero byte", "no text file");
  CHECK_ERROR(parse_csv("\xFF\xFE"
                        "a"),
              IoError, "UTF-16", "iconv");
  CHECK_ERROR(parse_csv("a,b\n1,2\n", {.names = {"x"}}), IoError, "2 columns", ".names has 1");
  CHECK_ERROR(parse_csv("a\n1\n", {.text = {"b"}}), IndexError, "\"b\"", "has a");
  CHECK_ERROR(parse_csv("a\n1\n", {.separator = '"'}), ValueError, "must differ");
  CHECK_ERROR(parse_csv("a\n1\n", {.separator = '\n'}), ValueError, "no line end");
  CHECK_ERROR(parse_csv("a\n1\n", {.max_rows = -1}), ValueError, "max_rows is -1");
  CHECK_ERROR(read_csv("nowhere.csv"), IoError, "cannot read 'nowhere.csv'", "Is the path right");
  CHECK_ERROR(read_csv(std::filesystem::temp_directory_path()), IoError, "is a folder");
  CHECK_ERROR(to_csv(Table(), {.separator = '"'}), ValueError, "separator");
}

// Breaks if a number in the notation of another country, or a comment, is read as text, or a sign has two meanings.
TEST_CASE("Decimal signs, thousands separators and comments", "[data][csv]") {
  const Table comma = parse_csv("a;b\n1,5;1.234,5\n-2,25;12\n", {.separator = ';', .decimal = ',', .thousands = '.'});
  CHECK(comma["a"].numbers() == std::vector<double>{1.5, -2.25});
  CHECK(comma["b"].numbers() == std::vector<double>{1234.5, 12});
  CHECK(parse_csv("a\n1,5\n", {.separator = ';'})["a"].kind() == ColumnKind::text);
  const Table thousands = parse_csv("a,b\n\"1,000\",2\n\"12,500\",3\n", {.thousands = ','});
  CHECK(thousands["a"].kind() == ColumnKind::integer);
  CHECK(thousands["a"].numbers() == std::vector<double>{1000, 12500});
  CHECK(to_csv(thousands) == "a,b\n1000,2\n12500,3\n");
  const Table comments = parse_csv("# title\n\na,b # names\n1,2\n#3,4\n\"#5\",6#\n", {.comment = '#'});
  CHECK(comments.names() == Words{"a", "b"});
  CHECK(cells(comments["a"]) == Words{"1", "#5"});
  CHECK(cells(comments["b"]) == Words{"2", "6"});
  CHECK_ERROR(parse_csv("a\n1\n", {.decimal = ','}), ValueError, "separator and decimal", "must differ");
  CHECK_ERROR(parse_csv("a\n1\n", {.thousands = '.'}), ValueError, "decimal and thousands", "must differ");
  CHECK_ERROR(parse_csv("a\n1\n", {.comment = '"'}), ValueError, "quote and comment", "must differ");
  CHECK_ERROR(parse_csv("a\n1\n", {.decimal = '1'}), ValueError, "decimal is '1'");
}

// Breaks if a number outside of double's range or precision changes in silence, or makes its column text for no reason.
TEST_CASE("Numbers outside double's range or precision", "[data][csv]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Table range = parse_csv("p\n0.5\n2.2e-400\n1e400\n-1e400\n0." + std::string(400, '0') + "1\n");
  CHECK(range["p"].numbers() == std::vector<double>{0.5, 0, infinity, -infinity, 0});
  CHECK(parse_csv("i\n9007199254740993\n1.5\n")["i"].cell(0) == "9007199254740993");
  CHECK(parse_csv("i\n12345678901234567890\n1\n")["i"].cell(0) == "12345678901234567890");
  CHECK(parse_csv("i\n100000000000000000000\n1\n")["i"].number(0) == 1e20);
  CHECK_ERROR(parse_csv("i\n9007199254740993\n")["i"].tensor(), DtypeError, "9007199254740993", "round");
}

// Breaks if the text of a cell is lost where it is not the shortest one of its value.
TEST_CASE("Cells keep their spelling", "[data][csv]") {
  const std::string text = "c,r,b\n007,1.50,True\n+1,2.5,false\n-0,42.0,FALSE\n";
  const Table table = parse_csv(text);
  CHECK(table["c"].kind() == ColumnKind::integer);
  CHECK(table["c"].cell(0) == "7");
  CHECK(table["c"].spelling(0) == "007");
  CHECK(table["r"].spelling(1) == "2.5");
  CHECK(to_csv(table) == text);
  CHECK(table.rows({2, 0})["r"].spelling(0) == "42.0");
  // What was a number becomes the text that it was.
  CHECK(cells(parse_csv("x\n01\n1.50\n-0\n\nA\n")["x"]) == Words{"01", "1.50", "-0", "A"});
  CHECK(cells(parse_csv("x\nTrue\nfalse\nA\n")["x"]) == Words{"True", "false", "A"});
  std::string many = "x,y\n";
  for (int i = 0; i < 1000; ++i) many += (i % 3 == 0 ? "00" : "") + std::to_string(i + 1) + ",1\n";
  const Column column = parse_csv(many)["x"];
  for (int i = 0; i < 1000; ++i) REQUIRE(column.spelling(i) == (i % 3 == 0 ? "00" : "") + std::to_string(i + 1));
  CHECK(to_csv(parse_csv(many)) == many);
}

// Breaks if data become names, or the other way, without a word.
TEST_CASE("The first row is a header only where that is certain", "[data][csv]") {
  CHECK(parse_csv("1,2\n3,4\n").rows() == 2);
  CHECK(parse_csv("1,NA\n3,4\n").rows() == 2);
  CHECK(parse_csv("1,2\n3,4\n", {.names = {"a", "b"}}).rows() == 2);
  CHECK(parse_csv("1,2\n3,4\n", {.header = true}).names() == Words{"1", "2"});
  CHECK_ERROR(parse_csv("male,42,3rd\n"), IoError, "line 1", "'42'", ".header = true or false");
  CHECK_ERROR(parse_csv("1,5;2,5\n", {.separator = ';'}), IoError, "line 1", "'1,5'", ".header");
  CHECK_ERROR(parse_csv("?,-\n1,2\n"), IoError, "line 1", "'?'", ".header");
}

// Breaks if some bytes make the reader crash or throw anything but an xg::Error.
TEST_CASE("read_csv survives any bytes", "[data][csv][bad input]") {
  Generator generator(2);
  const std::string alphabet = "\"\",,\n\r ;a1.\t\xC3\xA4\xFF";
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    const std::uint64_t length = generator.next() % 40;
    for (std::uint64_t k = 0; k < length; ++k) text += alphabet[generator.next() % alphabet.size()];
    try {
      const Table table = parse_csv(text);
      static_cast<void>(table.describe().str());
    } catch (const Error&) {
    }
  }
  SUCCEED();
}

// Breaks if a failed write harms the file that is there.
TEST_CASE("write_csv leaves the old file where it cannot write", "[data][csv][bad input]") {
  const Folder folder;
  const Table table({Column::integer("x", {1})});
  CHECK_ERROR(write_csv(folder.path / "no" / "t.csv", table), IoError, "[write_csv]", "cannot write",
              "there is no folder");
  const auto target = folder.path / "t.csv";
  std::filesystem::create_directories(target);  // a folder stands in the way
  CHECK_ERROR(write_csv(target, table), IoError, "cannot write");
  CHECK(std::filesystem::is_directory(target));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);  // no temporary is left
}

// Breaks if the tables of the project are not read as they are.
TEST_CASE("The project's tables", "[data][csv]") {
  const std::filesystem::path data = std::filesystem::path(XGRAD_SOURCE_DIR) / "data";
  const Table titanic = read_csv(data / "titanic.csv");
  CHECK(titanic.rows() == 2207);
  CHECK(titanic.names() == Words{"gender", "age", "class", "embarked", "fare", "sibsp", "parch", "survived"});
  CHECK(titanic["class"].levels().size() == 7);
  CHECK(titanic["age"].kind() == ColumnKind::numeric);
  CHECK(titanic["survived"].kind() == ColumnKind::integer);
  CHECK(titanic.describe().columns[7].mean == Approx(711.0 / 2207));
  const Table ames = read_csv(data / "ames.csv");
  CHECK(ames.rows() == 2930);
  CHECK(ames.columns().size() == 19);
  CHECK(ames["LotFrontage"].missing_count() == 490);
  CHECK(ames["LotFrontage"].kind() == ColumnKind::numeric);
  CHECK(ames["Neighborhood"].levels().size() == 28);
  CHECK(ames.drop_missing().rows() == 2930 - 492);
}

// Breaks if booleans pass for names of columns, or .names lets a first row of data vanish.
TEST_CASE("Booleans are data, and names that are given replace no row", "[data][csv]") {
  CHECK(parse_csv("true,false\nfalse,true\n").rows() == 2);
  CHECK(parse_csv("TRUE,False\nTRUE,TRUE\n").rows() == 2);
  CHECK_ERROR(parse_csv("name,true\na,false\n"), IoError, "'true'", ".header = true or false");
  CHECK(parse_csv("setosa,a\nvirginica,b\n", {.names = {"species", "k"}}).rows() == 2);
  CHECK(parse_csv("x,y\nvirginica,b\n", {.header = true, .names = {"species", "k"}}).rows() == 1);
  CHECK(parse_csv("1,2\n3,4\n", {.names = {"a", "b"}}).rows() == 2);
}

// Breaks if a column that has a name loses it to one that has none.
TEST_CASE("Columns that have a name keep it", "[data][csv]") {
  const Table table = parse_csv(",Unnamed: 0,Unnamed: 0\n1,2,3\n");
  CHECK(table["Unnamed: 0"].number(0) == 2);
  CHECK(table.names() == Words{"Unnamed: 0.2", "Unnamed: 0", "Unnamed: 0.1"});
}

// Breaks if the word for a missing value, or a name in a history, is written so that it reads as several cells.
TEST_CASE("What is written beside numbers is quoted where it must be", "[data][csv]") {
  const Table table = parse_csv("a,b\n,x\n1,y\n");
  for (const char* word : {"n,a", "\"", " ", "none"})
    CHECK(parse_csv(to_csv(table, {.missing = word}), {.missing = {word}})["a"].is_missing(0));
  CHECK(to_csv(table) == "a,b\n,x\n1,y\n");
}
