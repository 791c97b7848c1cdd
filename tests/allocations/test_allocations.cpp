#include "support/catch.hpp"

#include <xgrad/xgrad.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <vector>

using namespace xg;

// Every way to the system's memory is counted, of all libraries of this program.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}
namespace {
std::atomic<std::int64_t> calls{0};
}
extern "C" {
void* malloc(std::size_t bytes) {
  ++calls;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  ++calls;
  return __libc_calloc(count, bytes);
}
void* realloc(void* block, std::size_t bytes) {
  ++calls;
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++calls;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  ++calls;
  *block = __libc_memalign(alignment, bytes);
  return *block == nullptr ? ENOMEM : 0;
}
}

namespace {

/// Calls of malloc and its kin while f runs.
template <class F> std::int64_t allocations(F&& f) {
  const std::int64_t before = calls;
  f();
  return calls - before;
}

/// The calls at each epoch's begin and end.
struct Watch {
  std::vector<std::int64_t>* begins;
  std::vector<std::int64_t>* ends;
  void on_epoch_begin(nn::FitState&) { begins->push_back(calls); }
  void on_epoch_end(nn::FitState&) { ends->push_back(calls); }
};

}  // namespace

TEST_CASE("the counter counts") {
  CHECK(allocations([] { static_cast<void>(std::vector<int>(100)); }) == 1);
}

// Breaks if a step asks the system for memory: blocks come from the cache once the first steps have filled it.
TEST_CASE("a training step in the steady state calls no malloc") {
  manual_seed(1);
  const auto check = [](Shape widths, bool classes) {
    nn::Sequential model("net");
    for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
      model.append(nn::Linear(widths[l], widths[l + 1]));
      if (l + 2 < widths.size()) model.append(nn::ReLU());
    }
    optim::Adam adam(model.parameters(), {});
    const Tensor x = randn({64, widths.front()}), y = rand({64, widths.back()}),
                 labels = randint(0, widths.back(), {64});
    const auto step = [&] {
      adam.zero_grad();
      const Tensor out = model(x);
      const Tensor loss = classes ? nn::functional::cross_entropy(out, labels)
                                  : nn::functional::binary_cross_entropy_with_logits(out, y);
      loss.backward();
      optim::clip_grad_norm(model.parameters(), 1.0);
      adam.step();
    };
    for (int i = 0; i < 5; ++i) step();
    const std::int64_t clipping = allocations([&] { static_cast<void>(model.parameters()); });
    CHECK(allocations(step) == clipping);
  };
  set_num_threads(1);
  check({10, 6, 3, 1}, false);
  check({30, 64, 32, 10}, true);
  check({200, 300, 300, 10}, true);
}

// Breaks if an epoch after the first asks the system for memory, for batches, metrics, history or validation.
TEST_CASE("a second epoch of fit calls no malloc") {
  manual_seed(2);
  const Tensor X = rand({1000, 10}), y = randint(0, 2, {1000, 1}).to(float32);
  for (const double split : {0.3, 0.0}) {
    nn::Sequential model("net", nn::Dense(10, 6, {.activation = "relu"}), nn::Dropout(0.2),
                         nn::Dense(6, 3, {.activation = "relu"}), nn::Dense(3, 1, {.activation = "sigmoid"}));
    optim::Adam adam(model.parameters(), {});
    nn::Trainer trainer(model, adam, nn::BCELoss(), {.metrics = {nn::metrics::Accuracy(), nn::metrics::F1()}});
    std::vector<std::int64_t> begins, ends;
    begins.reserve(10);
    ends.reserve(10);
    trainer.fit(
        X, y,
        {.batch_size = 32, .epochs = 6, .validation_split = split, .verbose = 0, .callbacks = {Watch{&begins, &ends}}});
    for (std::size_t i = 1; i < begins.size(); ++i) {
      INFO("epoch " << i + 1 << ", validation_split " << split);
      CHECK(ends[i] - begins[i] == 0);
    }
  }
}

// Breaks if a batch of predictions asks for memory of its own.
TEST_CASE("predict calls malloc as often for many batches as for few") {
  manual_seed(3);
  nn::Sequential model("net", nn::Dense(10, 6, {.activation = "relu"}), nn::Dense(6, 1));
  optim::Adam adam(model.parameters(), {});
  nn::Trainer trainer(model, adam, nn::MSELoss());
  const Tensor X = rand({1000, 10});
  const auto predict = [&](std::int64_t batch_size) {
    for (int i = 0; i < 3; ++i) static_cast<void>(trainer.predict(X, {.batch_size = batch_size}));
    return allocations([&] { static_cast<void>(trainer.predict(X, {.batch_size = batch_size})); });
  };
  CHECK(predict(5) == predict(400));
}
