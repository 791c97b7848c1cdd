// The list of ops that tests walk. Ops add themselves when the library is loaded.
#include <xgrad/autograd/detail/op_registry.hpp>

#include <algorithm>

namespace xg::autograd {
namespace {

std::vector<OpInfo>& unsorted() {
  static std::vector<OpInfo> list;
  return list;
}

}  // namespace

bool detail::add_to_list(const OpInfo& info) {
  unsorted().push_back(info);
  return true;
}

const std::vector<OpInfo>& all_ops() {
  // Files are initialized in the order in which they are linked, on which nothing should depend.
  static const std::vector<OpInfo> sorted = [] {
    std::vector<OpInfo> list = unsorted();
    std::stable_sort(list.begin(), list.end(), [](const OpInfo& a, const OpInfo& b) { return a.name < b.name; });
    return list;
  }();
  return sorted;
}

}  // namespace xg::autograd
