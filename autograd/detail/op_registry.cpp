// The list of ops that tests walk. Ops link themselves into it when the library is loaded.
#include <xgrad/autograd/detail/op_registry.hpp>

#include <algorithm>
#include <utility>

namespace xg::autograd {
namespace {

const detail::RegistryEntry* newest_entry = nullptr;

}  // namespace

bool detail::link_entry(RegistryEntry& entry) {
  entry.next = std::exchange(newest_entry, &entry);
  return true;
}

const std::vector<OpInfo>& all_ops() {
  // Files are initialized in the order in which they are linked, on which nothing should depend.
  static const std::vector<OpInfo> sorted = [] {
    std::vector<OpInfo> list;
    for (const detail::RegistryEntry* entry = newest_entry; entry != nullptr; entry = entry->next)
      list.push_back(entry->info);
    std::stable_sort(list.begin(), list.end(), [](const OpInfo& a, const OpInfo& b) { return a.name < b.name; });
    return list;
  }();
  return sorted;
}

}  // namespace xg::autograd
