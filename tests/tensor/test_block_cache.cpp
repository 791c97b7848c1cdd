// The block cache.
#include "support/catch.hpp"

#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/memory.hpp>
#include <xgrad/tensor/support/sanitizers.hpp>

#include <cstring>
#include <thread>

using namespace xg;

namespace {

/// Restores the cache's limit, which is zero under sanitizers that watch memory.
struct CacheOn {
  CacheOn() { memory::set_cache_limit(std::int64_t{1} << 28); }
  ~CacheOn() {
    memory::trim();
#if XGRAD_MEMORY_WATCHED
    memory::set_cache_limit(0);
#else
    memory::set_cache_limit(std::int64_t{1} << 30);
#endif
  }
};

}  // namespace

// Breaks if a freed block is not handed out again, or the statistics do not add up.
TEST_CASE("blocks come back from the cache") {
  const CacheOn cache;
  { const Tensor warm = empty({1000}); }
  const memory::Statistics before = memory::statistics();
  const void* address = nullptr;
  {
    const Tensor a = empty({1000});
    address = a.data<float>();
    CHECK(memory::statistics().bytes_in_use > before.bytes_in_use);
  }
  const Tensor b = empty({1000});
  CHECK(b.data<float>() == address);
  const memory::Statistics after = memory::statistics();
  CHECK(after.allocations == before.allocations + 2);
  CHECK(after.system_allocations == before.system_allocations);
}

// Breaks if memory is not 64-byte aligned, too small, or shared by two blocks.
TEST_CASE("blocks are aligned and their own") {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes < 100'000; bytes = bytes * 5 / 4 + 1) {
    auto* block = static_cast<unsigned char*>(memory::allocate(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    std::memset(block, static_cast<int>(blocks.size() % 251), bytes);
    blocks.emplace_back(block, bytes);
  }
  bool intact = true;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    for (std::size_t k = 0; k < blocks[i].second; ++k) intact &= blocks[i].first[k] == i % 251;
  CHECK(intact);
  for (const auto& [block, bytes] : blocks) memory::deallocate(block, bytes);
}

// Breaks if the cache keeps more than it may, or trim keeps anything.
TEST_CASE("limit and trim") {
  const CacheOn cache;
  memory::trim();
  const std::int64_t start = memory::statistics().bytes_cached;
  { const Tensor big = empty({1 << 20}); }
  CHECK(memory::statistics().bytes_cached >= start + (4 << 20));
  memory::trim();
  CHECK(memory::statistics().bytes_cached == start);
  memory::set_cache_limit(1 << 20);
  { const Tensor big = empty({1 << 20}); }
  CHECK(memory::statistics().bytes_cached == start);
  CHECK_ERROR(memory::set_cache_limit(-1), ValueError, "[set_cache_limit]", "-1");
}

// Breaks if the peak misses memory that was in use for a moment only.
TEST_CASE("the peak remembers") {
  memory::reset_peak();
  CHECK(memory::statistics().peak_bytes_in_use < 64 << 20);
  { const Tensor big = empty({1 << 24}); }
  CHECK(memory::statistics().peak_bytes_in_use >= 64 << 20);
}

// Breaks if a tensor that dies in another thread than it was made in is lost or counted twice.
TEST_CASE("tensors travel between threads") {
  memory::trim();
  const std::int64_t before = memory::statistics().bytes_in_use;
  Tensor x;
  std::thread([&] { x = ones({5000}); }).join();
  CHECK(x.to_vector() == std::vector<double>(5000, 1));
  std::thread([moved = std::move(x)]() mutable { moved = Tensor(); }).join();
  memory::trim();
  CHECK(memory::statistics().bytes_in_use == before);
}
