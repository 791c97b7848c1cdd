// Calls that create tensors.
#include "misuse/calls.hpp"

#include <xgrad/tensor/random.hpp>

#include <array>

using namespace xg;

namespace xg_test {

std::vector<Call> creation_calls() {
  return {
      // clang-format off
      {"zeros", [](Draw& d) { return list(zeros(d.shape(), d.options())); }},
      {"ones", [](Draw& d) { return list(ones(d.shape(), d.options())); }},
      {"rand", [](Draw& d) { return list(rand(d.shape(), d.options())); }},
      {"randn", [](Draw& d) { return list(randn(d.shape(), d.options())); }},
      {"empty", [](Draw& d) { return list(zeros_like(empty(d.shape(), d.options()))); }},
      {"full", [](Draw& d) { return list(full(d.shape(), d.scalar(), d.options())); }},
      {"zeros_like", [](Draw& d) { return list(zeros_like(d.tensor(), d.options())); }},
      {"ones_like", [](Draw& d) { return list(ones_like(d.tensor(), d.options())); }},
      {"rand_like", [](Draw& d) { return list(rand_like(d.tensor(), d.options())); }},
      {"randn_like", [](Draw& d) { return list(randn_like(d.tensor(), d.options())); }},
      {"empty_like", [](Draw& d) { return list(zeros_like(empty_like(d.tensor(), d.options()))); }},
      {"full_like", [](Draw& d) { return list(full_like(d.tensor(), d.scalar(), d.options())); }},
      {"arange", [](Draw& d) { return list(arange(d.scalar(), d.options())); }},
      {"arange with step", [](Draw& d) { return list(arange(d.scalar(), d.scalar(), d.scalar(), d.options())); }},
      {"linspace", [](Draw& d) { return list(linspace(d.scalar(), d.scalar(), d.integer(), d.options())); }},
      {"logspace", [](Draw& d) { return list(logspace(d.scalar(), d.scalar(), d.integer(), d.number(), d.options())); }},
      {"eye", [](Draw& d) { return list(eye(d.integer(), d.integer(), d.options())); }},
      {"eye square", [](Draw& d) { return list(eye(d.integer(), d.options())); }},
      {"from_blob", [](Draw& d) {
         static std::array<double, (1 << 13) + 1> memory{};
         const Shape shape = d.shape();
         double count = 1;
         for (const std::int64_t size : shape) count *= static_cast<double>(size);
         auto* const bytes = reinterpret_cast<char*>(memory.data()) + (d.one_in(5) ? 1 : 0);
         void* const data = count > 1 << 13 || d.one_in(10) ? nullptr : bytes;  // nowhere is there that much
         return list(from_blob(data, shape, {.deleter = [](void*) {}, .dtype = d.dtype()}).clone());
       }},
      {"scalar_tensor", [](Draw& d) { return list(scalar_tensor(d.scalar(), d.options())); }},
      {"randint", [](Draw& d) { return list(randint(d.integer(), d.integer(), d.shape(), d.options())); }},
      {"randperm", [](Draw& d) { return list(randperm(d.integer(), d.options())); }},
      {"choice", [](Draw& d) { return list(choice(d.tensor(), d.integer(), {d.yes(), d.yes() ? Tensor() : d.tensor()})); }},
      {"bernoulli", [](Draw& d) { return list(bernoulli(d.tensor())); }},
      {"normal", [](Draw& d) { return list(normal(d.number(), d.number(), d.shape(), d.options())); }},
      {"sample", [](Draw& d) { return list(d.tensor().sample(d.integer(), {.replace = d.yes()})); }},
      // clang-format on
  };
}

}  // namespace xg_test
