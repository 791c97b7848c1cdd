// Tables: reading CSV, looking at columns, changing them, a stratified split, encoding, and the way back to the
// columns.
#include <xgrad/xgrad.hpp>

#include <filesystem>
#include <iostream>

using namespace xg;
namespace data = nn::data;

int main(int argc, char** argv) {
  const std::filesystem::path out = argc > 1 ? argv[1] : "out/tables";
  const std::filesystem::path csv = argc > 2 ? argv[2] : "data/titanic.csv";
  std::filesystem::create_directories(out);

  data::Table table = data::read_csv(csv);
  std::cout << table.head(3) << "\n" << table.describe() << "\n";

  // A column from two others, and rows by a condition.
  std::vector<double> family;
  std::vector<int64_t> adults;
  for (int64_t i = 0; i < table.rows(); ++i) {
    family.push_back(1 + table["sibsp"].number(i) + table["parch"].number(i));
    if (table["age"].number(i) >= 18) adults.push_back(i);
  }
  table = table.with(data::Column::numeric("family", family)).drop({"sibsp", "parch"});
  std::cout << table.rows(adults).rows() << " adults, " << table["age"].missing_count() << " without an age\n";

  // Both parts have the same share of survivors.
  auto [train_rows, test_rows] = data::train_test_split(table, {.test_size = 0.25, .stratify = "survived", .seed = 1});
  for (const data::Table& part : {train_rows, test_rows})
    std::cout << part.rows() << " rows, survivors " << part["survived"].tensor().mean().item() << "\n";

  // The encoder learns from training rows alone: medians, means, deviations, the levels of text columns.
  data::Encoder encoder({.target = "survived", .missing_indicator = true});
  data::Dataset train = encoder.fit_transform(train_rows);
  data::Dataset test = encoder.transform(test_rows);
  std::cout << "X " << train.X.shape() << " y " << train.y.shape() << " test " << test.X.shape() << "\n";
  for (const data::FeatureGroup& group : train.feature_groups) {
    std::cout << group.name << ":";
    for (int64_t feature : group.features) std::cout << " " << train.feature_names[size_t(feature)];
    std::cout << "\n";
  }
  std::cout << "first row " << train.X[0] << "\nwas\n" << train.raw.head(1);
  for (const data::UnknownLevel& u : test.unknown_levels)
    std::cout << u.rows << " test rows have the unknown " << u.column << " \"" << u.level << "\"\n";

  // What is written reads back the same.
  data::write_csv(out / "train.csv", train_rows);
  const bool same = data::to_csv(data::read_csv(out / "train.csv")) == data::to_csv(train_rows);
  std::cout << std::boolalpha << "read back the same: " << same << "\n";
  return same ? 0 : 1;
}
