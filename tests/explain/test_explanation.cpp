// The object that explainers return: its views, words and files.
#include "nets.hpp"
#include "support/catch.hpp"
#include "support/growth.hpp"
#include "support/support.hpp"

#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

using namespace xg;
using namespace xg::explain;
using nn::data::Column;
using nn::data::FeatureGroup;
using nn::data::Table;
using xg_test::expect_close;

namespace {

/// Two rows, three features (a number and a one-hot pair), two outputs.
ExplanationParts parts() {
  ExplanationParts p;
  p.values = tensor({1, 10, -2, 20, 3, -30, 4, 40, 5, 50, -6, 60}, {.dtype = float64}).reshape({2, 3, 2});
  p.base_values = tensor({0.5, 5, 0.5, 5}, {.dtype = float64}).reshape({2, 2});
  p.outputs = tensor({2.5, 5, 3.5, 155}, {.dtype = float64}).reshape({2, 2});
  p.data = tensor({-1.25, 1, 0, 0.5, 0, 1}, {.dtype = float64}).reshape({2, 3});
  p.standard_errors = full({2, 3, 2}, 0.25, {.dtype = float64});
  p.feature_names = {"age", "sex_female", "sex_male"};
  p.output_names = {"low", "high"};
  p.method = "DeepShap";
  p.n_background = 7;
  return p;
}
Explanation example() { return Explanation(parts()); }
Table source() { return Table({Column::numeric("age", {22.5, 41}), Column::text("sex", {"female", "male"})}); }

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "xgrad-test-explanation";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};
std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

// Breaks if parts that do not fit become an explanation.
TEST_CASE("parts must fit each other") {
  const auto with = [](auto change) {
    ExplanationParts p = parts();
    change(p);
    return Explanation(std::move(p));
  };
  CHECK_ERROR(Explanation(ExplanationParts{}), ShapeError, "[Explanation]", "[rows, features, outputs]");
  CHECK_ERROR(with([](auto& p) { p.base_values = zeros({2, 3}); }), ShapeError, "base_values", "[2, 3]", "[2, 2]");
  CHECK_ERROR(with([](auto& p) { p.data = zeros({2, 2}); }), ShapeError, "data", "[2, 3]");
  CHECK_ERROR(with([](auto& p) { p.feature_names.pop_back(); }), ValueError, "2 feature_names for 3 features");
  CHECK_ERROR(with([](auto& p) { p.output_names = {"a"}; }), ValueError, "1 output_names for 2 outputs");
  CHECK_ERROR(with([](auto& p) { p.output_ranks = zeros({2, 2}); }), ShapeError, "output_ranks", "integers");
  CHECK_ERROR(with([](auto& p) { p.output_space = Output::automatic; }), ValueError, "output_space");
  ExplanationParts bare;
  bare.values = zeros({1, 2, 1});
  const Explanation e(bare);
  CHECK(e.feature_names() == std::vector<std::string>{"x0", "x1"});
  CHECK(e.output_name(0, 0) == "output");
  CHECK_FALSE(e.has_output_names());
  CHECK(std::isnan(e.base_values().item()));
}

// Breaks if a view keeps numbers or names of another row or output.
TEST_CASE("rows and outputs") {
  const Explanation e = example();
  CHECK(e.size() == 2);
  expect_close(e.residual(), {0, 0, 0, 0}, 0, 1e-14);
  const Explanation last = e[-1];
  CHECK(last.size() == 1);
  expect_close(last.values(), {4, 40, 5, 50, -6, 60});
  expect_close(last.data(), {0.5, 0, 1});
  expect_close(last.outputs(), {3.5, 155});
  const Explanation high = e.output("high");
  expect_close(high.values(), {10, 20, -30, 40, 50, 60});
  CHECK(high.output_name(1, 0) == "high");
  expect_close(high.base_values(), {5, 5});
  expect_close(e.output(0)[1].values(), {4, 5, -6});
  CHECK(e.slice(0, 1).size() == 1);
  CHECK(e.feature_index("sex_male") == 2);
  CHECK_ERROR(e[2], IndexError, "row is 2", "2 rows");
  CHECK_ERROR(e.output(2), IndexError, "slot is 2", "low, high");
  CHECK_ERROR(e.output("middle"), IndexError, "'middle'", "low, high");
  CHECK_ERROR(e.feature_index("sex"), IndexError, "'sex'", "age, sex_female, sex_male");
}

// Breaks if importance counts signs, or NaN as a number.
TEST_CASE("sizes") {
  ExplanationParts p = parts();
  p.values.mutable_data<double>()[0] = std::numeric_limits<double>::quiet_NaN();
  const Explanation e(p);
  expect_close(e.mean_abs(), {4, 25, 3.5, 35, 4.5, 45});
  CHECK(e.order(0) == std::vector<std::int64_t>{2, 0, 1});
  CHECK(e.order(1) == std::vector<std::int64_t>{2, 1, 0});
  CHECK(!example().abs().additive());
  expect_close(example().abs()[0].values(), {1, 10, 2, 20, 3, 30});
  for (const double v : example().abs().residual().to_vector()) CHECK(std::isnan(v));
}

// Breaks if a group loses or doubles a contribution.
TEST_CASE("groups") {
  const Explanation e = example();
  const std::vector<FeatureGroup> groups{{"age", {0}}, {"sex", {1, 2}}};
  const Explanation g = e.grouped(groups);
  CHECK(g.feature_names() == std::vector<std::string>{"age", "sex"});
  expect_close(g.values(), {1, 10, 1, -10, 4, 40, -1, 110});
  expect_close(g.residual(), {0, 0, 0, 0}, 0, 1e-14);
  CHECK(g.standard_errors().to_vector()[0] == 0.25);
  CHECK(std::isnan(g.standard_errors().to_vector()[2]));
  CHECK(g.display(0, 1) == "sex_female");
  CHECK(e.grouped({{"sex", {1, 2}}}).feature_names() == std::vector<std::string>{"sex", "age"});
  CHECK_ERROR(e.grouped({{"sex", {1, 3}}}), IndexError, "'sex'", "feature 3", "3 features");
  CHECK_ERROR(e.grouped({{"a", {1}}, {"b", {1, 2}}}), ValueError, "'sex_female'", "two groups");
  CHECK_ERROR(e.grouped({{"a", {}}}), ValueError, "'a'", "no features");
}

// Breaks if text from the source stands at the wrong feature or row.
TEST_CASE("display values") {
  const Explanation e = example(), shown = e.with_display(source());
  CHECK(!e.has_display());
  CHECK(e.display(0, 0) == "-1.25");
  CHECK(shown.display(0, 0) == "22.5");
  CHECK(shown.display(1, 0) == "41");
  CHECK(shown.display(0, 1) == "1");
  CHECK(shown.display(1, 1) == "0");
  expect_close(shown.display_values(), {22.5, 1, 0, 41, 0, 1});
  expect_close(shown.data(), e.data());
  const std::vector<FeatureGroup> groups{{"age", {0}}, {"sex", {1, 2}}};
  for (const Explanation& g : {shown.grouped(groups), shown[1].grouped(groups), shown.grouped(groups)[1]}) {
    CHECK(g.display(g.size() - 1, 0) == "41");
    CHECK(g.display(g.size() - 1, 1) == "male");
    CHECK(g.display_values().to_vector()[static_cast<std::size_t>(2 * (g.size() - 1))] == 41);
    CHECK(std::isnan(g.display_values().to_vector().back()));
  }
  CHECK(e.grouped(groups).with_display(source()).display(0, 1) == "female");
  const Table gaps({Column::numeric("age", {std::numeric_limits<double>::quiet_NaN(), 41})});
  CHECK(e.with_display(gaps).display(0, 0) == "missing");
  const Explanation texts = e.with_display(std::vector<std::vector<std::string>>{{"a", "b", "c"}, {"d", "e", "f"}});
  CHECK(texts.display(1, 2) == "f");
  CHECK(texts.display() == std::vector<std::vector<std::string>>{{"a", "b", "c"}, {"d", "e", "f"}});
  CHECK_ERROR(e[0].with_display(source()), ShapeError, "2 rows", "the explanation 1");
  CHECK_ERROR(e.with_display(std::vector<std::vector<std::string>>{{"a"}}), ShapeError, "1 rows");
  CHECK_ERROR(e.with_display(std::vector<std::vector<std::string>>{{"a"}, {"b"}}), ShapeError, "1 texts");
  CHECK_ERROR(e.display(0, 3), IndexError, "feature is 3");
  CHECK_ERROR(e.display(5, 0), IndexError, "row is 5");
}

// Breaks if a base value is scaled like a contribution, or a logit is taken for dollars.
TEST_CASE("other units") {
  const Explanation e = example().rescaled(-100, 7);
  expect_close(e.values()[0], {-100, -1000, 200, -2000, -300, 3000});
  expect_close(e.base_values()[0], {-43, -493});
  expect_close(e.outputs()[0], {-243, -493});
  expect_close(e.standard_errors().max(), {25});
  expect_close(e.residual(), {0, 0, 0, 0}, 0, 1e-10);
  ExplanationParts p = parts();
  p.output_space = Output::logit;
  CHECK_ERROR(Explanation(p).rescaled(2, 0), ValueError, "[Explanation.rescaled]", "logit", "Output::model");
  CHECK_ERROR(example().rescaled(0, 1), ValueError, "scale is 0");
  CHECK_ERROR(example().rescaled(1, std::numeric_limits<double>::infinity()), ValueError, "finite");
}

// Breaks if the table leaves out what makes it readable, or cuts a name.
TEST_CASE("text") {
  const Explanation e = example().output("low").with_display(source());
  const std::string text = e[0].str();
  for (const char* piece : {"DeepShap of what the model returns", "base value", "mean over 7 references", "age = 22.5",
                            "sex_male = 0", "+3", "-2", "+- 0.25", "prediction", "residual"})
    CHECK_THAT(text, xg_test::ContainsSubstring(piece));
  CHECK(text.find("sex_male") < text.find("sex_female"));  // by size
  CHECK(text.find("sex_female") < text.find("age ="));
  ExplanationParts p = parts();
  p.output_space = Output::logit;
  p.notes = {"something to know"};
  p.fallback_ops = {{"swish", "Net > block", 1e-3}};
  const Explanation logit(p);
  CHECK_THAT(logit.str(), xg_test::ContainsSubstring("final sigmoid or softmax"));
  CHECK_THAT(logit.str(), xg_test::ContainsSubstring("note: something to know"));
  CHECK_THAT(logit.str(), xg_test::ContainsSubstring("swish in Net > block"));
  std::ostringstream out;
  out << logit;
  CHECK(out.str() == logit.str());
  p.output_names = {"output", "other"};
  CHECK(Explanation(p).has_output_names());
  CHECK_THAT(Explanation(p).str(), xg_test::ContainsSubstring("outputs: output, other"));
  CHECK_THAT(Explanation(p).output("output").str(), xg_test::ContainsSubstring("output: output"));
  ExplanationParts many;
  many.values = ones({100, 50, 1});
  const std::string summary = Explanation(many).str();
  CHECK_THAT(summary, xg_test::ContainsSubstring("95 more rows"));
  CHECK_THAT(summary, xg_test::ContainsSubstring("31 other features"));
  CHECK(summary.size() < 10000);
}

// Breaks if anything is lost on the way to disk and back: NaN, infinities, UTF-8, sources of groups.
TEST_CASE("JSON comes back as it went") {
  const Folder folder;
  ExplanationParts p = parts();
  p.values.mutable_data<double>()[3] = std::numeric_limits<double>::quiet_NaN();
  p.outputs.mutable_data<double>()[0] = std::numeric_limits<double>::infinity();
  p.values.mutable_data<double>()[1] = 0.1 + 0.2;
  p.feature_names[1] = "größe \"x\", μ";
  p.output_space = Output::probability;
  p.output_ranks = tensor<std::int64_t>({1, 0, 0, 2}).reshape({2, 2});
  p.output_names = {"a", "b", "c"};
  p.fallback_ops = {{"swish", "Net", 1e-9}};
  p.notes = {"note"};
  const Explanation e = Explanation(p).with_display(source());
  e.save(folder.path / "e.json");
  const Explanation back = load_explanation(folder.path / "e.json");
  CHECK(back.json() == e.json());
  expect_close(back.values(), e.values(), 0, 0);
  CHECK(back.output_space() == Output::probability);
  CHECK(back.ranked());
  CHECK(back.output_name(1, 1) == "c");
  CHECK(back.feature_names() == e.feature_names());
  CHECK(back.display() == e.display());
  CHECK(back.fallback_ops().at(0).scope == "Net");
  CHECK(back.grouped({{"sex", {1, 2}}}).display(1, 0) == "male");
  CHECK(explanation_from_json(example().json()).json() == example().json());
}

// Breaks if a hostile or broken file is believed.
TEST_CASE("files that are no explanations") {
  const Folder folder;
  CHECK_ERROR(load_explanation(folder.path / "none.json"), IoError, "[load_explanation]", "none.json");
  CHECK_ERROR(explanation_from_json(""), IoError, "not an explanation");
  CHECK_ERROR(explanation_from_json("[1, 2]"), IoError, "not an explanation");
  CHECK_ERROR(explanation_from_json("{\"format\": \"other\"}"), IoError, "not an explanation");
  const std::string good = example().json();
  for (std::size_t cut = 1; cut < good.size(); cut += 37)
    CHECK_THROWS_AS(explanation_from_json(good.substr(0, cut)), IoError);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  CHECK_ERROR(explanation_from_json(changed("[2,3,2]", "[2,3,9223372036854775807]")), IoError, "values");
  CHECK_ERROR(explanation_from_json(changed("[2,3,2]", "[2,-3,-2]")), IoError, "shape");
  CHECK_ERROR(explanation_from_json(changed("[2,3,2]", "[12]")), IoError, "3 dimensions");
  CHECK_ERROR(explanation_from_json(changed("\"model\"", "\"odds\"")), IoError, "odds");
  CHECK_ERROR(explanation_from_json(changed("\"version\":1", "\"version\":9")), IoError, "version 9");
  CHECK_ERROR(explanation_from_json(changed("\"age\",", "")), IoError, "2 feature_names");
}

namespace {

/// The JSON of an explanation of these sizes; `changes` replaces members, an empty text removes one.
std::string crafted(std::vector<std::pair<std::string, std::string>> changes) {
  std::vector<std::pair<std::string, std::string>> members = {
      {"format", R"("xgrad explanation")"},
      {"version", "1"},
      {"method", R"("made")"},
      {"output_space", R"("model")"},
      {"output_activation", R"("unknown")"},
      {"unit", R"("")"},
      {"additive", "true"},
      {"n_background", "4"},
      {"feature_names", R"(["a","b"])"},
      {"output_names", R"(["low","high"])"},
      {"group_members", R"([[],["c","d"]])"},
      {"values", R"({"shape":[1,2,2],"values":[1,2,3,4]})"},
      {"base_values", R"({"shape":[1,2],"values":[0,0]})"},
      {"outputs", R"({"shape":[1,2],"values":[4,6]})"},
      {"data", R"({"shape":[1,2],"values":[1,1]})"},
      {"standard_errors", R"({"shape":[1,2,2],"values":[null,null,"inf","-inf"]})"},
      {"output_ranks", R"({"shape":[1,2],"values":[0,1]})"},
      {"display_values", R"({"shape":[1,2],"values":[1,1]})"},
      {"display", R"([["x","y"]])"},
      {"sources", R"([{"name":"a","cells":["x"],"numbers":[1]}])"},
      {"fallback_ops", R"([{"op":"swish","scope":"Net","residual":1e-9}])"},
      {"notes", R"(["note"])"}};
  for (auto& [key, value] : changes) {
    const auto known = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == key; });
    if (known == members.end())
      members.emplace_back(key, value);
    else
      known->second = value;
  }
  std::string json;
  for (const auto& [key, value] : members)
    if (!value.empty()) json += (json.empty() ? "{\"" : ",\"") + key + "\":" + value;
  return json + "}";
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace

// Breaks if a count, size, rank, name or type in a file is believed, or what was refused is repeated in the message.
TEST_CASE("hostile explanation files are refused in few words") {
  const Explanation good = explanation_from_json(crafted({}));
  CHECK(good.group_members(1) == std::vector<std::string>{"c", "d"});
  CHECK(good.csv().size() + good.str().size() > 100);
  const Folder folder;
  const auto refused = [&](std::vector<std::pair<std::string, std::string>> changes, const std::string& words) {
    const std::string json = crafted(std::move(changes));
    INFO(json.substr(0, 300));
    CHECK_ERROR(explanation_from_json(json), IoError, words);
    std::ofstream(folder.path / "bad.json", std::ios::binary) << json;
    std::string message;
    try {
      load_explanation(folder.path / "bad.json");
    } catch (const IoError& error) {
      message = error.what();
    }
    CHECK_THAT(message, xg_test::ContainsSubstring(words) && xg_test::ContainsSubstring("bad.json"));
    CHECK(message.size() < 500);
  };
  // Ranks beyond the names, up to the largest number.
  for (const char* rank : {"2", "100000000000", "9223372036854775807", "9223372036854775808", "1e300", "1.5", "-1"})
    refused({{"output_ranks", R"({"shape":[1,2],"values":[0,)" + std::string(rank) + "]}"}},
            std::string(rank).find_first_of(".e8") == std::string::npos || std::string(rank).ends_with("5807")
                ? "output_ranks contain"
                : "whole number");
  refused({{"output_names", "[]"}}, "'output_names' is empty");
  refused({{"output_names", "[]"}, {"output_ranks", R"({"shape":[1,2],"values":[0,9223372036854775807]})"}},
          "'output_names' is empty");
  refused({{"feature_names", "[]"}}, "'feature_names' is empty");
  refused({{"feature_names", R"(["a"])"}}, "1 feature_names");
  refused({{"feature_names", R"(["a",7])"}}, "'feature_names' holds 7 where text should be");
  refused({{"output_names", R"(["low"])"}}, "1 output_names for 2 outputs");
  refused({{"group_members", "[[]]"}}, "1 group_members");
  refused({{"group_members", "[[],[1]]"}}, "'group_members' holds 1");
  refused({{"group_members", "[[],[[]]]"}}, "'group_members' holds a list");
  refused({{"notes", R"("note")"}}, "'notes' holds 'note' where a list should be");
  refused({{"notes", R"([{}])"}}, "'notes' holds an object");
  refused({{"display", R"([["x","y"],["x","y"]])"}}, "texts for 2 rows");
  refused({{"display", R"([["x"]])"}}, "1 texts");
  refused({{"sources", R"([{"name":"a","cells":["x","y"],"numbers":[]}])"}}, "number of rows");
  refused({{"sources", R"([{"name":"a","cells":["x"],"numbers":[1,2]}])"}}, "number of rows");
  refused({{"sources", R"([{"cells":["x"],"numbers":[1]}])"}}, "lacks 'name'");
  refused({{"fallback_ops", R"([7])"}}, "'fallback_ops' holds 7 where an object should be");
  refused({{"fallback_ops", R"([{"op":"a","scope":"b","residual":true}])"}}, "'residual' holds true or false");
  for (const char* count : {"1e300", "-1e300", "2.5", "true", R"("4")", "null", "18446744073709551615"})
    refused({{"n_background", count}}, "'n_background' holds");
  refused({{"n_background", "-1"}}, "n_background is -1");
  for (const char* version : {"1e300", "4294967297", "9223372036854775807"}) refused({{"version", version}}, "version");
  refused({{"additive", "1"}}, "'additive' holds 1");
  refused({{"method", ""}}, "lacks 'method'");
  refused({{"values", R"({"shape":[1,2,2],"values":[1,2,3,1e400]})"}}, "beyond the range of float64");
  refused({{"values", R"({"shape":[1,2,1e300],"values":[1,2,3,4]})"}}, "'shape' holds 1e+300");
  refused({{"values", R"({"shape":[4294967296,4294967296,4294967296],"values":[]})"}}, "do not fill");
  // Sizes that no value stands behind: each of these would take the machine's memory or run for minutes.
  const std::string empty = R"(,"values":[]})";
  const auto sized = [&](const std::string& rows, const std::string& n, const std::string& k, const std::string& names,
                         const std::string& outputs) {
    const std::string cube = R"({"shape":[)" + rows + "," + n + "," + k + "]" + empty,
                      outs = R"({"shape":[)" + rows + "," + k + "]" + empty,
                      ins = R"({"shape":[)" + rows + "," + n + "]" + empty;
    return std::vector<std::pair<std::string, std::string>>{
        {"values", cube},        {"standard_errors", cube}, {"base_values", outs},
        {"outputs", outs},       {"output_ranks", outs},    {"data", ins},
        {"display_values", ins}, {"feature_names", names},  {"output_names", outputs},
        {"group_members", "[]"}, {"display", "[]"},         {"sources", "[]"}};
  };
  const std::string huge = "100000000000", a = R"(["a"])";
  refused(sized("0", huge, "0", "[]", "[]"), "'feature_names' is empty");
  refused(sized("0", huge, "1", a, a), "features times outputs");
  refused(sized("0", "1", huge, a, a), "features times outputs");
  refused(sized("0", "100000", "1", a, a), "1 feature_names for 100000");
  refused(sized("0", "1", "100000", a, a), "1 output_names for 100000");
  refused(sized(huge, "0", "0", a, a), "at least one feature and one output");
  refused(sized(huge, "0", "1", a, a), "do not fill");
  refused(sized("0", "0", huge, a, a), "at least one feature and one output");
  const Explanation none = explanation_from_json(crafted(sized("0", "1", "1", a, a)));
  CHECK(none.size() == 0);
  CHECK(none.csv().find('\n') == none.csv().size() - 1);
  // Depth and length.
  for (const std::size_t levels : {std::size_t{200}, std::size_t{100'000}, std::size_t{2'000'000}}) {
    refused({{"values", R"({"shape":[1,2,2],"values":)" + nested(levels) + "}"}}, "levels deep");
    refused({{"notes", nested(levels)}}, "levels deep");
    refused({{"unknown", nested(levels)}}, "levels deep");
  }
  refused({{"values", R"({"shape":[1,1,1],"values":[)" + nested(90) + "]}"}}, "'values' holds a list");
  const std::string text(1'000'000, 'x');
  refused({{"output_space", '"' + text + '"'}}, "output_space is 'xxx");
  refused({{"output_activation", '"' + text + '"'}}, "output_activation is 'xxx");
  refused({{"n_background", '"' + text + '"'}}, "'n_background' holds 'xxx");
  refused({{"version", '"' + text + '"'}}, "'version' holds 'xxx");
  // A key that stands there twice is refused, since readers disagree about which one counts; unknown keys are skipped.
  for (const char* key : {"values", "version", "method", "unit"}) {
    std::string json = crafted({});
    json.insert(1, '"' + std::string(key) + R"(":1,)");
    CHECK_ERROR(explanation_from_json(json), IoError, "'" + std::string(key) + "' twice");
  }
  const std::string later = crafted({{"later", R"([{"a":[1,2]},null,-1.5e3,"x",true])"}, {"", "{}"}});
  CHECK(explanation_from_json(later).json() == good.json());
  // The lexer takes a zero byte for the end.
  CHECK_THROWS_AS(explanation_from_json(crafted({}) + std::string("\0[", 2)), IoError);
}

// Breaks if parts that name a size without values take memory for it, in whatever way they were made.
TEST_CASE("sizes without values are refused in memory too") {
  CHECK_ERROR(Explanation({.values = zeros({0, 100'000'000'000, 1})}), ShapeError, "[0, 100000000000, 1]");
  CHECK_ERROR(Explanation({.values = zeros({0, 1, 100'000'000'000})}), ShapeError, "features times outputs");
  CHECK_ERROR(Explanation({.values = zeros({100'000'000'000, 0, 0})}), ShapeError, "at least one feature");
  CHECK_ERROR(Explanation({.values = zeros({2, 0, 1})}), ShapeError, "at least one feature");
  CHECK(Explanation({.values = zeros({0, 3, 2})}).feature_names().size() == 3);
  CHECK_ERROR(
      Explanation({.values = zeros({1, 1, 1}), .output_ranks = full({1, 1}, 1LL << 62, {.dtype = Dtype::int64})}),
      ValueError, "output_ranks contain", "output_names");
}

// Breaks if reading compares each key with all others, or str() computes residuals for each output again.
TEST_CASE("explanations of many keys and outputs take time in proportion") {
  const double keys = xg_test::growth(4000, [](int n) {
    std::string json = crafted({});
    std::string unknown;
    for (int i = 0; i < n; ++i) unknown += "\"key" + std::to_string(i) + "\":0,";
    json.insert(1, unknown);
    return [json] { explanation_from_json(json); };
  });
  CHECK(keys < xg_test::far_below_quadratic);
  const double outputs = xg_test::growth(400, [](int n) {
    const Explanation e({.values = ones({1, 4, n})});
    return [e] { static_cast<void>(e.str()); };
  });
  CHECK(outputs < xg_test::far_below_quadratic);
}

// Breaks if a number loses its sign, digits or kind on the way through text.
TEST_CASE("numbers of JSON come back to the last bit") {
  ExplanationParts p = parts();
  const std::vector<double> values = {
      -0.0, 0.0, 1e22, 1.0 / 3, 5e-324, 1.7976931348623157e308, 1.0, -1e-7, 123456789012345678.0, 1e16, 100, -2.5};
  p.values = tensor(values, {.dtype = float64}).reshape({2, 3, 2});
  const Explanation back = explanation_from_json(Explanation(p).json());
  const std::vector<double> got = back.values().to_vector();
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO(values[i]);
    CHECK(got[i] == values[i]);
    CHECK(std::signbit(got[i]) == std::signbit(values[i]));
  }
  p.feature_names[0] = std::string("control \x01 \x1f tab\t \xFF bad", 22);
  CHECK_THAT(Explanation(p).json(), xg_test::ContainsSubstring("control \\u0001 \\u001f tab\\t \uFFFD bad"));
}

// Breaks if a cell is not quoted, or a failed save destroys what was there.
TEST_CASE("CSV, and where saving fails") {
  const Folder folder;
  ExplanationParts p = parts();
  p.feature_names[0] = "age, in \"years\"";
  const Explanation e(p);
  e.save(folder.path / "e.csv");
  const std::string text = content(folder.path / "e.csv");
  CHECK(text.substr(0, text.find('\n')) ==
        "row,output,feature,data,display,value,standard_error,base_value,prediction");
  CHECK_THAT(text, xg_test::ContainsSubstring("0,low,\"age, in \"\"years\"\"\",-1.25,-1.25,1,0.25,0.5,2.5\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 13);
  CHECK_ERROR(e.save(folder.path / "e.xlsx"), ValueError, "[Explanation.save]", ".xlsx", ".json", ".csv");
  CHECK_ERROR(e.save(folder.path / "missing" / "e.json"), IoError, "[Explanation.save]", "missing");
  std::filesystem::create_directory(folder.path / "taken.json");
  CHECK_ERROR(e.save(folder.path / "taken.json"), IoError, "[Explanation.save]");
}
