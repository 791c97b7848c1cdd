// What a reader may guess, and the sentence that the compiler then says first: run.cmake compiles each GUESS. What
// compiles without one is the right form beside it.
#include <xgrad/xgrad.hpp>

#include <cstddef>
#include <utility>
#include <vector>

using namespace xg;
using namespace xg::nn;

struct ContextFirst : autograd::Function<ContextFirst> {
#if GUESS == 1  // says: A Function's forward takes the context first
  static Tensor forward(const Tensor& x) { return x.exp(); }
#else
  static Tensor forward(autograd::Context&, const Tensor& x) { return x.exp(); }
#endif
  static autograd::Gradients backward(autograd::Context&, const Tensor& grad) { return {grad}; }
};

struct Block : Module {
  Linear& fc;
  Block() : fc(add<Linear>("fc", 2, 1, {.bias = false})) {
    add<Dropout>("drop", 0.5, {.name = "drop"});
    add<Flatten>("flat", {.start_dim = 1});
  }
};

int main() {
  Tensor x = ones({2, 2});
  ContextFirst::apply(x);
#if GUESS == 2  // says: write x[0].copy_(y)
  x[0] = ones({2});
#elif GUESS == 3  // says: or x[0].fill_(1) for x[0] = y
  x[0][1] = 3.0;
#else
  x[0].copy_(ones({2}));
  x[0][1].fill_(3.0);
#endif

  Block block;
  Linear layer(2, 2);
#if GUESS == 4  // says: pass std::move(layer) or nn::shared(...)
  Sequential model(layer);
#elif GUESS == 5  // says: pass std::move(layer) or nn::shared(...)
  block.add("layer", layer);
#else
  Sequential model(std::move(layer), ReLU());
  const Sequential same(model), moved{Sequential(ReLU(), ReLU())};
#endif

#if GUESS == 6  // says: convert other types first, as std::size_t to std::int64_t
  tensor(std::vector<std::size_t>{1, 2});
#else
  tensor(std::vector<std::int64_t>{1, 2});
#endif

#if GUESS == 8  // says: convert other types first, as std::size_t to std::int64_t
  tensor(std::vector<std::vector<std::size_t>>{{1, 2}});
#else
  tensor(std::vector<std::vector<std::int64_t>>{{1, 2}});
#endif

  const float numbers[2] = {1, 2};
#if GUESS == 9  // says: copy const memory with from_data
  from_blob(numbers, {2});
#else
  from_data(numbers, {2});
#endif

#if GUESS == 7  // says: written with their names: {.lr = 1e-3}
  optim::Adam adam(block.parameters(), 1e-3);
#else
  optim::Adam adam(block.parameters(), {.lr = 1e-3});
#endif
}
