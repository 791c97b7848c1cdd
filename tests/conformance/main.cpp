// Runs cases computed by peers: xgrad-conformance [--only GLOB] [--list] [--known-only] FILE.json...
#include "conformance/case.hpp"

#include <xgrad/tensor/io.hpp>

#include <fmt/format.h>
#include <fnmatch.h>
#include <CLI/CLI.hpp>

#include <array>
#include <filesystem>
#include <fstream>

namespace xg_conformance {
namespace {

const std::array kinds{&ops_kind, &optim_kind, &explain_kind};

struct Counts {
  int passed = 0, failed = 0;
};

struct Run {
  std::string only;
  bool list = false;
  bool known_only = false;
  Counts total;
  int unknown = 0;
  std::map<std::string, Counts> by_name;

  bool selected(const std::string& id) const { return only.empty() || fnmatch(only.c_str(), id.c_str(), 0) == 0; }

  void record(const std::string& name, const std::string& id, const std::string& failure) {
    Counts& counts = by_name[name];
    (failure.empty() ? counts.passed : counts.failed) += 1;
    (failure.empty() ? total.passed : total.failed) += 1;
    if (!failure.empty()) fmt::print("FAILED {}: {}\n", id, failure);
  }

  void one(const Kind& kind, const Json& test_case, const Tensors& tensors) {
    const auto id = test_case.at("id").get<std::string>();
    const std::string name = kind.label(test_case);
    std::string failure;
    try {
      kind.run(test_case, tensors);
    } catch (const Unknown& unknown_part) {
      if (known_only) {
        ++unknown;
        return;
      }
      failure = fmt::format("unknown: {}", unknown_part.what());
    } catch (const std::exception& error) {
      failure = error.what();
    } catch (...) {
      failure = "an exception of another type";
    }
    record(name, id, failure);
  }

  void file(const std::filesystem::path& path) {
    std::ifstream stream(path);
    if (!stream) throw std::runtime_error(fmt::format("{} cannot be read", path.string()));
    const Json content = Json::parse(stream);
    const auto kind_name = content.at("about").at("kind").get<std::string>();
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind* k) { return k->name == kind_name; });
    Tensors tensors;
    if (!list)
      tensors = xg::load_safetensors(std::filesystem::path(path).replace_extension(".safetensors").string()).tensors;
    for (const Json& test_case : content.at("cases")) {
      const auto id = test_case.at("id").get<std::string>();
      if (!selected(id)) continue;
      if (list)
        fmt::print("{}\n", id);
      else if (kind != kinds.end())
        one(**kind, test_case, tensors);
      else if (known_only)
        ++unknown;
      else
        record(kind_name, id, "unknown: kind " + kind_name);
    }
  }

  void print() const {
    for (const auto& [name, counts] : by_name)
      fmt::print("{}: {} passed, {} failed\n", name, counts.passed, counts.failed);
    if (known_only) fmt::print("{} unknown\n", unknown);
    fmt::print("{} passed, {} failed\n", total.passed, total.failed);
  }
};

}  // namespace
}  // namespace xg_conformance

int main(int argc, char** argv) {
  xg_conformance::Run run;
  std::vector<std::string> files;
  CLI::App app("Compares xgrad with values computed by PyTorch, Keras, shap, captum and scikit-learn.",
               "xgrad-conformance");
  app.add_option("--only", run.only, "Run the cases whose id matches this pattern (*, ?, [...])");
  app.add_flag("--list", run.list, "Print the ids of the cases instead of running them");
  app.add_flag("--known-only", run.known_only, "Leave out cases of ops, modules and methods that are not there");
  app.add_option("files", files, "Case files; each has a .safetensors file beside it")->required();
  CLI11_PARSE(app, argc, argv);
  bool broken = false;
  for (const std::string& file : files) {
    try {
      run.file(file);
    } catch (const std::exception& error) {
      fmt::print("FAILED {}: {}\n", file, error.what());
      broken = true;
    }
  }
  if (!run.list) run.print();
  return broken || run.total.failed > 0 ? 1 : 0;
}
