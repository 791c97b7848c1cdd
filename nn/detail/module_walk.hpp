// Traversal of a module and its descendants.
#pragma once

#include <xgrad/nn/module.hpp>

#include <string>
#include <utility>
#include <vector>

namespace xg::nn {

// Calls f(path, module) for this module and its descendants, parents first; for a module in several places once for
// each. One string holds the current path and the levels are on the heap, so that depth costs neither copies nor stack.
template <class F> void Module::walk(F&& f) const {
  struct Level {
    const Module* module;
    std::size_t next_child;
    std::size_t path_length;
  };
  std::string path;
  std::vector<Level> levels;
  const auto enter = [&](const Module& module) {
    f(std::as_const(path), module);
    levels.push_back({&module, 0, path.size()});
  };
  enter(*this);
  while (!levels.empty()) {
    Level& level = levels.back();
    path.resize(level.path_length);
    if (level.next_child == level.module->children_.size()) {
      levels.pop_back();
      continue;
    }
    const Child& child = level.module->children_[level.next_child++];
    if (!path.empty()) path += '.';
    path += child.name;
    enter(*child.module);
  }
}

namespace detail {

inline std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

}  // namespace detail
}  // namespace xg::nn
