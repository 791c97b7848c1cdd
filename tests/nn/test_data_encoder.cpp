#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/nn/data/csv.hpp>
#include <xgrad/nn/data/encoder.hpp>
#include <xgrad/nn/data/scaler.hpp>
#include <xgrad/nn/data/split.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <filesystem>
#include <limits>

using namespace xg;
using namespace xg::nn::data;

namespace {

using Words = std::vector<std::string>;

Table passengers() {
  return parse_csv(
      "sex,age,deck,adult,price,survived\n"
      "male,20,B,true,1.5,no\n"
      "female,,A,true,2.5,yes\n"
      "male,40,,false,,no\n"
      "female,60,B,,9.5,yes\n");
}

Tensor column(const Dataset& data, const std::string& name) {
  for (std::size_t i = 0; i < data.feature_names.size(); ++i) {
    if (data.feature_names[i] == name) return data.X.select(1, static_cast<std::int64_t>(i));
  }
  FAIL("no feature " + name);
  return {};
}

}  // namespace

// Breaks if a feature is filled, scaled, named or grouped otherwise than the header says.
TEST_CASE("The encoder turns columns into features", "[data][encoder]") {
  Encoder encoder({.target = "survived", .scaling = Scaling::none, .missing_indicator = true});
  const Dataset data = encoder.fit_transform(passengers());
  CHECK(data.feature_names == Words{"sex_female", "sex_male", "age", "age_missing", "deck_A", "deck_B", "deck_missing",
                                    "adult", "adult_missing", "price", "price_missing"});
  xg_test::expect_close(data.X, {0, 1, 20, 0, 0, 1, 0, 1, 0, 1.5, 0,  //
                                 1, 0, 40, 1, 1, 0, 0, 1, 0, 2.5, 0,  //
                                 0, 1, 40, 0, 0, 0, 1, 0, 0, 2.5, 1,  //
                                 1, 0, 60, 0, 0, 1, 0, 1, 1, 9.5, 0});
  CHECK(data.X.dtype() == float32);
  CHECK(encoder.classes() == Words{"no", "yes"});
  CHECK(data.y.shape() == Shape{4, 1});
  CHECK(data.y.dtype() == float32);
  xg_test::expect_close(data.y, {0, 1, 0, 1});
  REQUIRE(data.feature_groups.size() == 5);
  CHECK(data.feature_groups[0].name == "sex");
  CHECK(data.feature_groups[0].features == std::vector<std::int64_t>{0, 1});
  CHECK(data.feature_groups[2].features == std::vector<std::int64_t>{4, 5, 6});
  CHECK(data.raw.names() == Words{"sex", "age", "deck", "adult", "price"});
  CHECK(data.raw["age"].is_missing(1));
  CHECK(data.unknown_levels.empty());
}

// Breaks if a feature made from a level or a gap takes the name of a column, used or not, or of another feature.
TEST_CASE("A column's name means that column alone", "[data][encoder]") {
  const Table table = parse_csv(
      "sex,sex_male,age,age_missing,age_missing_2,a,a_b,sex_female,y\n"
      "male,7,1,0,5,b_c,c,1,1\nfemale,8,,1,6,d,e,2,0\nmale,9,3,0,7,d,e,3,1\n");
  Encoder encoder({.target = "y", .drop = {"sex_female"}, .missing_indicator = true});
  const Dataset data = encoder.fit_transform(table);
  CHECK(data.feature_names == Words{"sex_female_2", "sex_male_2", "sex_male", "age", "age_missing_3", "age_missing",
                                    "age_missing_2", "a_b_c", "a_d", "a_b_c_2", "a_b_e"});
  CHECK(data.feature_groups[0].features == std::vector<std::int64_t>{0, 1});
  xg_test::expect_close(column(data, "sex_male_2"), {1, 0, 1});
  // The target is a column too.
  const Table clash = parse_csv("pet,pet_cat\ncat,1.5\ndog,2.5\n");
  CHECK(Encoder({.target = "pet_cat"}).fit_transform(clash).feature_names == Words{"pet_cat_2", "pet_dog"});
}

// Breaks if features of numbers are scaled by anything but the filled training column.
TEST_CASE("Numbers are scaled as the scalers do", "[data][encoder]") {
  const Tensor filled = tensor({20, 40, 40, 60}).reshape({4, 1});
  const Dataset standard = Encoder({.target = "survived"}).fit_transform(passengers());
  xg_test::expect_close(column(standard, "age"), StandardScaler().fit_transform(filled).select(1, 0), 1e-6, 1e-7);
  xg_test::expect_close(column(standard, "adult"), {1, 1, 0, 1});
  const Dataset ranged = Encoder({.target = "survived", .scaling = Scaling::min_max}).fit_transform(passengers());
  xg_test::expect_close(column(ranged, "age"), {0, 0.5, 0.5, 1}, 1e-6, 1e-7);
  const Table constant({Column::numeric("c", {3, 3}), Column::integer("y", {0, 1})});
  xg_test::expect_close(Encoder({.target = "y"}).fit_transform(constant).X, {0, 0});
}

// Breaks if test rows teach the encoder anything, or a level that training rows do not have is mapped somewhere.
TEST_CASE("Test rows are encoded by what training rows taught", "[data][encoder]") {
  Encoder encoder({.target = "survived", .scaling = Scaling::none});
  encoder.fit(passengers());
  const Table rows = parse_csv("extra,survived,price,adult,deck,age,sex\n1,yes,7,,C,,other\n1,no,,false,,1000,male\n");
  const Dataset data = encoder.transform(rows);
  xg_test::expect_close(data.X, {0, 0, 40, 0, 0, 0, 1, 7,  //
                                 0, 1, 1000, 0, 0, 1, 0, 2.5});
  xg_test::expect_close(data.y, {1, 0});
  REQUIRE(data.unknown_levels.size() == 2);
  CHECK(data.unknown_levels[0].column == "deck");
  CHECK(data.unknown_levels[0].level == "C");
  CHECK(data.unknown_levels[0].rows == 1);
  CHECK_FALSE(encoder.transform(rows.drop({"survived"})).y.defined());
  CHECK(encoder.transform(rows.head(0)).X.shape() == Shape{0, 8});
  // Missing text that no training row misses is an unknown level.
  const Dataset missing = encoder.transform(parse_csv("sex,age,deck,adult,price\n,1,A,true,1\n"));
  xg_test::expect_close(missing.X.slice(1, 0, 2), {0, 0});
  CHECK(missing.unknown_levels[0].level.empty());
}

// Breaks if a target gets another shape, dtype or order of classes.
TEST_CASE("Targets", "[data][encoder]") {
  const Table table = parse_csv("x,flag,kind,number,code\n1,true,b,10,2\n2,false,a,20,1\n3,true,c,60,2\n");
  const auto encode = [&](EncoderOptions options) {
    options.drop = {"flag", "kind", "number", "code"};
    std::erase(options.drop, options.target);
    Encoder encoder(options);
    const Dataset data = encoder.fit_transform(table);
    return std::pair(data.y, encoder);
  };
  const auto [flag, flag_encoder] = encode({.target = "flag"});
  xg_test::expect_close(flag, {1, 0, 1});
  CHECK(flag_encoder.classes() == Words{"false", "true"});
  const auto [kind, kind_encoder] = encode({.target = "kind"});
  CHECK(kind.shape() == Shape{3});
  CHECK(kind.dtype() == int64);
  xg_test::expect_close(kind, {1, 0, 2});
  const auto [number, number_encoder] = encode({.target = "number"});
  xg_test::expect_close(number, {10, 20, 60});
  CHECK(number.shape() == Shape{3, 1});
  CHECK(number_encoder.classes().empty());
  CHECK(number_encoder.target_scale().scale == 1);
  const auto [code, code_encoder] = encode({.target = "code", .target_kind = TargetKind::classes});
  xg_test::expect_close(code, {1, 0, 1});
  CHECK(code_encoder.classes() == Words{"1", "2"});
  const auto [scaled, scaled_encoder] = encode({.target = "number", .scale_target = true, .dtype = float64});
  CHECK(scaled.dtype() == float64);
  CHECK(scaled.mean().item() == Approx(0).margin(1e-12));
  CHECK(scaled.var(0, 0).item() == Approx(1));
  const Affine back = scaled_encoder.target_scale();
  xg_test::expect_close(back(scaled), {10, 20, 60}, 1e-12);
  CHECK(back.inverse()(30.0) == Approx(0).margin(1e-12));
  const auto [none, none_encoder] = encode({});
  CHECK_FALSE(none.defined());
}

// Breaks if a later file, whose cells look like another kind, is encoded by that kind.
TEST_CASE("Kinds are those of the training rows", "[data][encoder]") {
  Encoder codes({.target = "y", .dtype = float64});
  codes.fit(parse_csv("code,flag,y\n01,True,01\n02,x,02\nA1,False,b\n"));
  const Dataset later = codes.transform(parse_csv("code,flag,y\n01,True,02\n02,False,01\n"));
  xg_test::expect_close(later.X, {1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0});
  xg_test::expect_close(later.y, {1, 0});
  CHECK(later.unknown_levels.empty());
  // 1 is not 01.
  CHECK(codes.transform(parse_csv("code,flag\n1,True\n")).unknown_levels[0].level == "1");

  Encoder numbers({.scaling = Scaling::none});
  numbers.fit(parse_csv("n,b\n1,true\n2.5,false\n"));
  xg_test::expect_close(numbers.transform(parse_csv("n,b\n07,True\n", {.text = {"n", "b"}})).X, {7, 1});
  CHECK_ERROR(numbers.transform(parse_csv("n,b\nx,true\n")), DtypeError, "\"n\" holds text", "\"x\" in row 0");
  CHECK_ERROR(numbers.transform(parse_csv("n,b\n1,5\n")), DtypeError, "\"b\" is 5 in row 0", "booleans");
  Encoder classes({.target = "y", .target_kind = TargetKind::classes});
  classes.fit(parse_csv("x,y\n1,1\n2,2\n"));
  xg_test::expect_close(classes.transform(parse_csv("x,y\n1,2.0\n2,1.0\n")).y, {1, 0});
}

// Breaks if the encoder has a dtype of its own, or empty braces are ambiguous.
TEST_CASE("The encoder follows the default dtype", "[data][encoder]") {
  const Table table = parse_csv("x,y\n1,2\n2,3\n");
  CHECK(Encoder({}).fit_transform(table).X.dtype() == float32);
  set_default_dtype(float64);
  const Dataset data = Encoder({.target = "y"}).fit_transform(table);
  set_default_dtype(float32);
  CHECK(data.X.dtype() == float64);
  CHECK(data.y.dtype() == float64);
}

// Breaks if two features get one name, which explanations could not tell apart.
TEST_CASE("Feature names are unique", "[data][encoder]") {
  const Table table = parse_csv("a,a_b,c_missing,c\nb,1,2,x\nd,2,3,\n");
  const Words names = Encoder().fit_transform(table).feature_names;
  CHECK(names == Words{"a_b_2", "a_d", "a_b", "c_missing", "c_x", "c_missing_2"});  // a column keeps its name
}

// Breaks if the project's tables do not become what the demos expect.
TEST_CASE("Titanic and houses are encoded", "[data][encoder]") {
  const std::filesystem::path folder = std::filesystem::path(XGRAD_SOURCE_DIR) / "data";
  const auto [train_rows, test_rows] =
      train_test_split(read_csv(folder / "titanic.csv"), {.test_size = 0.3, .stratify = "survived", .seed = 42});
  Encoder encoder({.target = "survived"});
  const Dataset train = encoder.fit_transform(train_rows), test = encoder.transform(test_rows);
  CHECK(train.X.shape() == Shape{1544, 17});
  CHECK(test.X.shape() == Shape{663, 17});
  CHECK(train.feature_groups.size() == 7);
  CHECK(test.raw.rows() == 663);
  CHECK(test.y.sum().item() == 214);
  CHECK(column(train, "age").mean().item() == Approx(0).margin(1e-5));
  xg_test::expect_close(column(train, "gender_male") + column(train, "gender_female"), std::vector<double>(1544, 1.0));

  Encoder houses({.target = "SalePrice", .scale_target = true});
  const Table ames = read_csv(folder / "ames.csv");
  const Dataset data = houses.fit_transform(ames);
  CHECK(data.X.isfinite().all().item<bool>());
  xg_test::expect_close(houses.target_scale()(data.y).reshape({-1}), ames["SalePrice"].tensor(), 1e-5);
}

// Breaks if the encoder learns from or encodes what makes no sense, or does not say what to do about it.
TEST_CASE("The encoder names what is wrong", "[data][encoder][bad input]") {
  const Table table = passengers();
  const auto fit = [](const Table& rows, EncoderOptions options) { return Encoder(std::move(options)).fit(rows); };
  CHECK_ERROR(Encoder().transform(table), Error, "[Encoder.transform]", "not fitted", "call fit");
  CHECK_ERROR(Encoder().target_scale(), Error, "[Encoder.target_scale]", "not fitted");
  CHECK_ERROR(fit(table.head(0), {}), ValueError, "no rows");
  CHECK_ERROR(fit(table, {.target = "survive"}), IndexError, "no column \"survive\"", "Did you mean \"survived\"?");
  CHECK_ERROR(fit(table, {.drop = {"cabin"}}), IndexError, "no column \"cabin\"");
  CHECK_ERROR(fit(table.select({"survived"}), {.target = "survived"}), ValueError, "no column is left");
  CHECK_ERROR(fit(table, {.target = "age"}), ValueError, "\"age\" is missing in row 1 (1 in all)", "drop_missing");
  CHECK_ERROR(fit(table, {.target = "survived", .scale_target = true}), ValueError, "scale_target",
              "holds classes (text)");
  CHECK_ERROR(fit(table, {.target = "sex", .target_kind = TargetKind::number}), DtypeError, "\"sex\" holds text");
  CHECK_ERROR(fit(table.head(1), {.target = "survived"}), ValueError, "\"survived\" is \"no\" in all training rows",
              "two classes");
  CHECK_ERROR(fit(table, {.target = "survived", .max_levels = 1}), ValueError, "\"sex\" has 2 levels",
              ".drop = {\"sex\"}");
  CHECK_ERROR(fit(table.rows({2}), {}), ValueError, "\"deck\" has no value in any training row");
  CHECK_ERROR(Encoder({.dtype = int64}), DtypeError, "dtype is int64");
  CHECK_ERROR(Encoder({.scale_target = true}), ValueError, "scale_target is set without a target");
  const Table infinite({Column::numeric("x", {1, std::numeric_limits<double>::infinity()})});
  CHECK_ERROR(fit(infinite, {}), ValueError, "\"x\" is infinite in row 1");

  Encoder encoder({.target = "survived"});
  encoder.fit(table);
  CHECK_ERROR(encoder.transform(table.drop({"age"})), IndexError, "no column \"age\"");
  CHECK_ERROR(encoder.transform(table.with(Column::text("age", {"a", "b", "c", "d"}))), DtypeError,
              "\"age\" holds text", "training rows held numbers");
  CHECK_ERROR(encoder.transform(table.with(Column::text("survived", {"no", "perhaps", "no", "no"}))), ValueError,
              "\"survived\" is \"perhaps\" in row 1", "no, yes");
  Encoder strict({.target = "survived", .unknown = UnknownPolicy::error});
  strict.fit(table);
  CHECK_ERROR(strict.transform(table.with(Column::text("sex", {"x", "male", "male", "x"}))), ValueError,
              "\"sex\" is \"x\" in 2 rows", "UnknownPolicy::zeros");
  CHECK_ERROR((Affine{0, 1}.inverse()), ValueError, "scale is 0");
}

// Breaks if text of a file with other separators is read as numbers of another size.
TEST_CASE("Cells of text are numbers as their file spells them", "[data][encoder]") {
  const ReadCsvOptions german{.separator = ';', .decimal = ',', .thousands = '.'};
  Encoder encoder({.scaling = Scaling::none});
  encoder.fit(parse_csv("v\n1.500\n2.500\n", german));
  CHECK(encoder.transform(parse_csv("v\n2.500\nbad\n", german).rows({0})).X.item() == 2500);
  CHECK(encoder.transform(parse_csv("v\n1,5\nbad\n", german).rows({0})).X.item() == 1.5);
  CHECK(encoder.transform(parse_csv("v\n2.500\nbad\n").rows({0})).X.item() == 2.5);
}

// Breaks if 0 and 1 are booleans for a feature and not for a target, or as numbers and not as text.
TEST_CASE("0 and 1 are booleans wherever they stand", "[data][encoder]") {
  for (const char* later : {"x,t\n1,0\n0,1\n", "x,t\nTRUE,false\n0,1\n"}) {
    Encoder encoder({.target = "t", .scaling = Scaling::none});
    encoder.fit(parse_csv("x,t\ntrue,false\nfalse,true\n"));
    const Dataset data = encoder.transform(parse_csv(later));
    CHECK(data.X.to_vector() == std::vector<double>{1, 0});
    CHECK(data.y.to_vector() == std::vector<double>{0, 1});
  }
}

// Breaks if numbers that the dtype does not hold become infinities, or large ones are taken for constants.
TEST_CASE("Numbers too large for the dtype are refused, large ones scaled", "[data][encoder]") {
  const Table table = parse_csv("x,y\n1e39,1\n1,2\n");
  CHECK_ERROR(Encoder({.scaling = Scaling::none}).fit_transform(table), ValueError, "\"x\"", "float32",
              ".dtype = float64");
  CHECK(Encoder({.scaling = Scaling::none, .dtype = float64}).fit_transform(table).X[0][0].item() == 1e39);
  CHECK_ERROR(Encoder({.target = "x"}).fit(table), ValueError, "\"x\"", "float32");
  const Tensor huge = tensor({{1e200}, {-1e200}, {0.0}}, {.dtype = float64});
  xg_test::expect_close(StandardScaler().fit_transform(huge), StandardScaler().fit_transform(huge / 1e200), 1e-14);
  const Tensor ends = tensor({{-1.5e308}, {1.5e308}, {0.0}}, {.dtype = float64});
  xg_test::expect_close(MinMaxScaler().fit_transform(ends), tensor({{0.0}, {1.0}, {0.5}}, {.dtype = float64}), 1e-14);
}
