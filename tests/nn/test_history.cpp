#include "support/catch.hpp"

#include <xgrad/nn/history.hpp>
#include <xgrad/tensor/error.hpp>

#include <unistd.h>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

using namespace xg;

namespace {

nn::History sample() {
  nn::History h;
  for (const auto& [loss, val] : std::vector<std::pair<double, double>>{{1.0, 0.5}, {0.1 + 0.2, 0.25}, {0.125, NAN}}) {
    h.append("loss", loss);
    h.append("val_loss", val);
  }
  return h;
}

}  // namespace

// Breaks if keys are sorted, an unknown key gives an empty series, or the best epoch counts NaN.
TEST_CASE("a history is read by key") {
  const nn::History h = sample();
  CHECK(h.keys() == std::vector<std::string>{"loss", "val_loss"});
  CHECK(h["loss"].size() == 3);
  CHECK(h.epochs() == 3);
  CHECK(h.best_epoch() == 1);
  CHECK(h.contains("loss"));
  CHECK_FALSE(h.contains("f1"));
  CHECK_ERROR(h["f1"], ValueError, "[History] key \"f1\" is unknown, known are loss, val_loss.");
  CHECK_ERROR(nn::History()["loss"], ValueError, "the history is empty");
  CHECK(nn::History().best_epoch() == -1);
  nn::History larger = sample();
  larger.set_monitor("loss", true);
  CHECK(larger.best_epoch() == 0);
}

// Breaks if numbers lose digits on their way to a file, or a failed write destroys the old file.
TEST_CASE("a history is written as CSV") {
  const nn::History h = sample();
  CHECK(h.csv() == "epoch,loss,val_loss\n1,1,0.5\n2,0.30000000000000004,0.25\n3,0.125,nan\n");
  CHECK_ERROR(h.to_csv("/nonexistent_folder/history.csv"), IoError, "[History.to_csv]",
              "/nonexistent_folder/history.csv");
  const auto path =
      std::filesystem::temp_directory_path() / (std::to_string(getpid()) + "xgrad_test_history_export.csv");
  h.to_csv(path);
  h.to_csv(path);
  CHECK(std::filesystem::file_size(path) == h.csv().size());
  std::filesystem::remove(path);
}
