#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/nn/data/csv.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <sstream>

using namespace xg;
using namespace xg::nn::data;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
using Words = std::vector<std::string>;

Table passengers() {
  return Table({Column::text("name", {"Ann", "Bob", "Cid", "Ann"}), Column::numeric("age", {30, not_a_number, 4.5, 41}),
                Column::integer("siblings", {0, 1, 2, 0}, {false, false, true, false}),
                Column::boolean("survived", {true, false, false, true})});
}

}  // namespace

// Breaks if a kind, a missing value or a cell is not kept as it was given.
TEST_CASE("Columns hold values of one kind, any of which may be missing", "[data][table]") {
  const Table table = passengers();
  const Column& age = table.column("age");
  CHECK(age.kind() == ColumnKind::numeric);
  CHECK(age.missing_count() == 1);
  CHECK(age.is_missing(1));
  CHECK(std::isnan(age.number(1)));
  CHECK(age.cell(0) == "30");
  CHECK(age.cell(1).empty());
  CHECK(age.cell(2) == "4.5");
  CHECK(age.levels() == Words{"4.5", "30", "41"});
  CHECK(table["siblings"].levels() == Words{"0", "1"});
  CHECK(std::isnan(table["siblings"].number(2)));
  CHECK(table["survived"].cell(0) == "true");
  CHECK(table["survived"].number(0) == 1);
  CHECK(table["survived"].levels() == Words{"false", "true"});
  CHECK(table["name"].levels() == Words{"Ann", "Bob", "Cid"});
  CHECK(table["name"].distinct_count() == 3);
  CHECK(table["name"].rows({1, 2}).levels() == Words{"Bob", "Cid"});
  CHECK(name(table["name"].kind()) == "text");
  CHECK(Column::numeric("x", {-0.0, 0.1, 1e300, 1234567}).levels() == Words{"0", "0.1", "1234567", "1e+300"});
}

// Breaks if choosing rows or columns changes their order, names or values.
TEST_CASE("Tables are cut by rows and by columns", "[data][table]") {
  const Table table = passengers();
  CHECK(table.rows() == 4);
  CHECK(table.names() == Words{"name", "age", "siblings", "survived"});
  CHECK(table.select({"survived", "name"}).names() == Words{"survived", "name"});
  CHECK(table.drop({"age"}).names() == Words{"name", "siblings", "survived"});
  const Table picked = table.rows({3, 0, 3});
  CHECK(picked["age"].numbers() == std::vector<double>{41, 30, 41});
  CHECK(table.head(2).rows() == 2);
  CHECK(table.head(99).rows() == 4);
  CHECK(table.drop_missing().rows() == 2);
  CHECK(table.drop_missing({"age"}).rows() == 3);
  CHECK(table.with(Column::integer("age", {1, 2, 3, 4}))["age"].number(1) == 2);
  CHECK(table.with(table["age"].renamed("years")).columns().size() == 5);
  xg_test::expect_close(table.select({"age", "survived"}).tensor(), {30, 1, not_a_number, 0, 4.5, 0, 41, 1});
  xg_test::expect_close(table["siblings"].tensor(), {0, 1, not_a_number, 0});
}

// Breaks if a literal 0, which converts to a null pointer, is taken for a name.
template <class T>
concept takes_zero = requires(T& t) { t[0]; } || requires(T& t) { t.column(0); } || requires(T& t) { t.contains(0); };
template <class C>
concept renames_to_zero = requires(C& c) { c.renamed(0); } || requires(std::vector<double> v) { C::numeric(0, v); };
TEST_CASE("A literal 0 is no name", "[data][table]") {
  STATIC_REQUIRE_FALSE(takes_zero<const Table>);
  STATIC_REQUIRE_FALSE(renames_to_zero<const Column>);
}

// Breaks if the two zeros are two levels, or are mixed up when written.
TEST_CASE("-0 and 0 are one level", "[data][table]") {
  const Table table({Column::numeric("x", {-0.0, 0.0, 1})});
  CHECK(table["x"].levels() == Words{"0", "1"});
  CHECK(table["x"].cell(0) == "0");
  CHECK(table.describe().columns[0].distinct == 2);
  const Table back = parse_csv(to_csv(table));
  CHECK(std::signbit(back["x"].number(0)));
  CHECK_FALSE(std::signbit(back["x"].number(1)));
  CHECK(parse_csv("x\n-0\n0\n-0.0\n")["x"].levels() == Words{"0"});
}

// Breaks if looking columns up by name costs more than n log n.
TEST_CASE("Tables of very many columns", "[data][table]") {
  std::vector<Column> columns;
  Words names;
  for (int i = 0; i < 100'000; ++i) {
    names.push_back("column" + std::to_string(i));
    columns.push_back(Column::integer(names.back(), {i}));
  }
  const Table table(std::move(columns));
  CHECK(table.select(names).columns().size() == names.size());
  CHECK(table.drop(names).columns().empty());
  CHECK(table["column99999"].number(0) == 99999);
}

// Breaks if a statistic differs from NumPy's: mean, std (n - 1), linear quantiles, missing ones aside.
TEST_CASE("describe tells what the columns are like", "[data][table]") {
  const Description d = passengers().with(Column::numeric("x", {1, 2, 4, 8})).describe();
  CHECK(d.rows == 4);
  const ColumnSummary& x = d.columns[4];
  CHECK(x.min == 1);
  CHECK(x.lower_quartile == 1.75);
  CHECK(x.median == 3);
  CHECK(x.upper_quartile == 5);
  CHECK(x.max == 8);
  CHECK(x.mean == 3.75);
  CHECK(x.std == Approx(3.095695936834452));
  const ColumnSummary& age = d.columns[1];
  CHECK(age.count == 3);
  CHECK(age.missing == 1);
  CHECK(age.distinct == 3);
  CHECK(age.mean == Approx(25.166666666666668));
  const ColumnSummary& text = d.columns[0];
  CHECK(text.most_frequent == "Ann");
  CHECK(text.most_frequent_count == 2);
  CHECK(std::isnan(text.mean));
  CHECK(d.cells().size() == 5);
  CHECK(d.cells()[0].size() == Description::titles().size());
  for (const char* piece : {"Ann (2x)", "numeric", "boolean", "25.1667", "4 rows x 5 columns"}) {
    CHECK_THAT(d.str(), xg_test::ContainsSubstring(piece));
  }
  CHECK_THAT(Table().describe().str(), xg_test::ContainsSubstring("0 rows x 0 columns"));
}

// Breaks if columns do not line up (also in scripts with wide letters), or a long table is printed in full.
TEST_CASE("Tables print as text", "[data][table]") {
  std::ostringstream out;
  out << passengers();
  CHECK(out.str() ==
        "   name  age  siblings  survived\n"
        "0  Ann    30         0      true\n"
        "1  Bob     -         1     false\n"
        "2  Cid   4.5         -     false\n"
        "3  Ann    41         0      true\n"
        "4 rows x 4 columns\n");
  const Table wide({Column::text("城市", {"東京", "Zürich"}), Column::integer("n", {1, 2})});
  CHECK(wide.str() ==
        "   城市    n\n"
        "0  東京    1\n"
        "1  Zürich  2\n"
        "2 rows x 2 columns\n");
  const Table tall({Column::integer("i", std::vector<std::int64_t>(1000, 7))});
  CHECK_THAT(tall.str(), xg_test::ContainsSubstring("...") && xg_test::ContainsSubstring("999    7"));
  CHECK(tall.str().size() < 200);
  const Table lines({Column::text("t", {"a\nb", std::string(200, 'x')})});
  CHECK_THAT(lines.str(), xg_test::ContainsSubstring("a b") && xg_test::ContainsSubstring("xxx..."));
}

// Breaks if a wrong name or row is let through, or the message does not help to find the right one.
TEST_CASE("Tables name what is wrong", "[data][table][bad input]") {
  const Table table = passengers();
  CHECK_ERROR(table.column("Age"), IndexError, "no column \"Age\"", "name, age, siblings, survived",
              "Did you mean \"age\"?");
  CHECK_ERROR(table["survivd"], IndexError, "Did you mean \"survived\"?");
  CHECK_ERROR(table.select({"age", "wealth"}), IndexError, "no column \"wealth\"");
  CHECK_ERROR(table.drop({"wealth"}), IndexError, "no column \"wealth\"");
  CHECK_ERROR(Table().column("x"), IndexError, "the table has none");
  CHECK_ERROR(table.rows({0, 4}), IndexError, "row 4", "4 rows");
  CHECK_ERROR(table["age"].number(-1), IndexError, "row -1");
  CHECK_ERROR(table["name"].number(0), DtypeError, "\"name\" holds text", "Encoder");
  CHECK_ERROR(table.tensor(), DtypeError, "\"name\" holds text");
  CHECK_ERROR(Table({Column::numeric("a", {1}), Column::numeric("b", {1, 2})}), ShapeError, "\"b\" has 2 rows",
              "\"a\" has 1");
  CHECK_ERROR(Table({Column::numeric("a", {1}), Column::numeric("a", {2})}), ValueError,
              "two columns are called \"a\"");
  CHECK_ERROR(Column::integer("a", {1, 2}, {true}), ShapeError, "\"a\" has 2 values and 1 marks");
}
