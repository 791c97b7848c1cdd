#include <xgrad/tensor/scope.hpp>
#include <xgrad/tensor/support/process_mutex.hpp>

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

namespace xg {

thread_local constinit ScopeId detail::thread_scope = 0;

namespace {

struct Interned {
  detail::ProcessMutex mutex;
  std::map<std::string, std::uint32_t, std::less<>> label_ids;
  std::deque<std::string> labels;
  struct Path {
    ScopeId parent;
    std::uint32_t label;
  };
  std::deque<Path> paths{{0, 0}};
  std::unordered_map<std::uint64_t, ScopeId> children;
};
// Never destroyed, because errors may be thrown at program exit.
Interned& interned() {
  static Interned* instance = new Interned;
  return *instance;
}

std::uint64_t key(ScopeId parent, std::uint32_t label) { return (std::uint64_t{parent} << 32) | label; }

// Each thread caches its last few lookups, so that entering a module usually takes no lock.
struct Recent {
  std::uint64_t key = ~std::uint64_t{0};
  ScopeId id = 0;
};
thread_local constinit Recent recent[16] __attribute__((tls_model("initial-exec")));

ScopeId child(ScopeId parent, std::uint32_t label) {
  const std::uint64_t k = key(parent, label);
  Recent& slot = recent[(k ^ (k >> 32) * 31) % 16];
  if (slot.key == k) return slot.id;
  Interned& all = interned();
  const std::lock_guard lock(all.mutex);
  auto it = all.children.find(k);
  if (it == all.children.end()) {
    all.paths.push_back({parent, label});
    try {
      it = all.children.emplace(k, static_cast<ScopeId>(all.paths.size() - 1)).first;
    } catch (...) {
      all.paths.pop_back();
      throw;
    }
  }
  slot = {k, it->second};
  return it->second;
}

}  // namespace

std::string scope_path(ScopeId id) {
  Interned& all = interned();
  const std::lock_guard lock(all.mutex);
  std::string text;
  for (; id != 0; id = all.paths[id].parent) {
    const std::string& label = all.labels[all.paths[id].label];
    text = text.empty() ? label : label + " > " + text;
  }
  return text;
}

std::uint32_t intern_label(std::string_view label) {
  Interned& all = interned();
  const std::lock_guard lock(all.mutex);
  auto it = all.label_ids.find(label);
  if (it == all.label_ids.end()) {
    all.labels.emplace_back(label);
    try {
      it = all.label_ids.emplace(std::string(label), static_cast<std::uint32_t>(all.labels.size() - 1)).first;
    } catch (...) {
      all.labels.pop_back();
      throw;
    }
  }
  return it->second;
}

Scope::Scope(std::uint32_t label) noexcept : previous_(detail::thread_scope) {
  try {
    detail::thread_scope = child(previous_, label);
  } catch (const std::bad_alloc&) {  // a path without its last name is better than no path
  }
}

}  // namespace xg
