#include <xgrad/nn/callback.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xg::nn {
namespace {

[[noreturn]] void throw_unknown_key(std::string_view who, std::string_view key, const std::vector<std::string>& known,
                                    std::string_view remedy) {
  raise<ValueError>("[{}] \"{}\" is not among the values of an epoch, which are {}: name one of them{}.", who, key,
                    fmt::join(known, ", "), remedy);
}

}  // namespace

double FitState::value(StringRef wanted) const {
  const std::string_view key = wanted;
  for (const auto& [name, number] : logs)
    if (name == key) return number;
  std::vector<std::string> known;
  for (const auto& [name, number] : logs) known.push_back(name);
  throw_unknown_key("fit", key, known, ", or pass validation data or a metric");
}

void FitState::expect(StringRef who, StringRef key) const {
  if (expected.empty() || std::find(expected.begin(), expected.end(), key.view()) != expected.end()) return;
  const bool validated = std::find(expected.begin(), expected.end(), "val_loss") != expected.end();
  throw_unknown_key(who, key, expected,
                    key.view().starts_with("val_") && !validated ? ", or pass validation data" : "");
}

std::optional<bool> FitState::larger_is_better(StringRef wanted) const {
  std::string_view key = wanted;
  if (key.starts_with("val_")) key.remove_prefix(4);
  for (const auto& [name, larger] : directions)
    if (name == key) return larger;
  return std::nullopt;
}

void FitState::stop(StringRef reason) { stop_reason = reason.view().empty() ? "a callback ended it" : reason.str(); }

}  // namespace xg::nn
