// What programs do with xgrad, each as an action that can be run again and again.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace xg_test {

struct Scenario {
  std::string name;
  /// Makes what the action works on, while memory is there, and returns the action. `folder` is one of its own.
  std::function<std::function<void()>(const std::string& folder)> prepare;
  /// Libraries below xgrad that end the process where memory ends (glib, librsvg) have a part in it.
  bool others_may_abort = false;
  /// A library below xgrad that loses blocks where an allocation of its own fails; null: none does.
  const char* leaks_in = nullptr;
};

const std::vector<Scenario>& scenarios();

}  // namespace xg_test
