#include <xgrad/tensor/class_name.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

namespace xg::detail {

std::string short_class_name(const char* mangled) {
  constexpr int out_of_memory = -1;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  if (status == out_of_memory) throw std::bad_alloc();
  std::string full = text != nullptr ? text.get() : mangled;
  full.resize(std::min(full.find('<'), full.size()));
  const std::size_t colon = full.rfind("::");
  return colon == std::string::npos ? full : full.substr(colon + 2);
}

}  // namespace xg::detail
