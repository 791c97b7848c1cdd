// Shapes and strides that tensors share.
#include "support/catch.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/error.hpp>
#include <xgrad/tensor/layout.hpp>
#include <xgrad/tensor/memory.hpp>

#include <thread>
#include <type_traits>
#include <vector>

using namespace xg;

// `a[0] = b` would change a handle that is gone at the end of the line.
static_assert(!std::is_assignable_v<Tensor, Tensor> && std::is_assignable_v<Tensor&, Tensor>);
static_assert(sizeof(detail::OwnerBlock) == 64 && sizeof(detail::SharingImpl) <= 64);

namespace {
const detail::Layout* layout_of(const Tensor& x) { return x.impl().layout.get(); }
}  // namespace

// Breaks if a layout is made anew for every tensor, or two shapes are taken for one.
TEST_CASE("tensors of one shape share a layout", "[tensor][layout]") {
  CHECK(layout_of(empty({3, 5})) == layout_of(zeros({3, 5}, {.dtype = int64})));
  const Tensor x = ones({3, 5});
  CHECK(layout_of(x + x) == layout_of(x));
  CHECK(layout_of(exp(x)) == layout_of(x));
  CHECK(layout_of(x.slice(0, 1, 3)) == layout_of(empty({2, 5})));  // rows in order are nothing special
  std::vector<Tensor> many;
  bool right = true;
  for (int round = 0; round < 2; ++round)
    for (std::int64_t i = 0; i < 40; ++i)
      for (const Shape& shape : {Shape{i}, Shape{i, 1}, Shape{1, i}, Shape{i, i}, Shape{2, i, 3}}) {
        many.push_back(empty(shape));
        const Tensor& t = many.back();
        right &= t.shape() == shape && t.is_contiguous() && t.numel() == shape.numel();
        std::int64_t step = 1;
        for (std::size_t d = shape.size(); d-- > 0; step *= std::max<std::int64_t>(shape[d], 1))
          right &= t.strides()[d] == step;
      }
  for (const Tensor& t : many) right &= t.numel() == t.shape().numel();  // none was changed by those that came later
  CHECK(right);
}

// Breaks if a fresh tensor takes over the strides of an argument that only happens to be contiguous.
TEST_CASE("a fresh tensor has the strides of its shape", "[tensor][layout]") {
  const Tensor wide = ones({4, 6});
  for (const Tensor& x : {wide.t(), wide.slice(1, 0, 6, 2), wide.slice(0, 0, 1), wide.slice(1, 2, 3).slice(0, 1, 2),
                          wide.expand({2, 4, 6}), wide.select(0, 1)}) {
    INFO("strides " << x.strides());
    for (const Tensor& y : {exp(x), x * x, x > 0, x.clone()}) {
      CHECK(y.strides() == empty(x.shape()).strides());
      CHECK(y.is_contiguous());
    }
  }
  const Tensor odd = empty({0, 7, 5});
  CHECK(odd.strides() == Shape{35, 5, 1});
  CHECK(exp(odd).strides() == odd.strides());
}

// Breaks if layouts beyond those that the process keeps leak, when trim frees one that is in use, or when a thread's
// end does.
TEST_CASE("a program with very many shapes gives their layouts back", "[tensor][layout]") {
  for (std::int64_t i = 1; i < 5000; ++i) static_cast<void>(empty({i, 1, 2}));
  CHECK_FALSE(layout_of(empty({9000, 3}))->kept);
  memory::trim();
  const std::int64_t before = memory::statistics().bytes_in_use;
  Tensor survivor;
  {
    std::vector<Tensor> many;
    for (std::int64_t i = 9001; i < 9201; ++i) many.push_back(empty({i, 3}));
    survivor = many[77].slice(1, 0, 2);
    memory::trim();
    CHECK(many[100].shape() == Shape{9101, 3});
  }
  CHECK(survivor.clone().shape() == Shape{9078, 2});
  std::thread([&] { survivor = empty({11, 9000, 17}).slice(0, 2, 4); }).join();
  CHECK(survivor.shape() == Shape{2, 9000, 17});
  CHECK(survivor.clone().strides() == Shape{153000, 17, 1});
  survivor = Tensor();
  memory::trim();
  CHECK(memory::statistics().bytes_in_use == before);
}

// Breaks if a size that cannot be had gets a layout, or the check is skipped for a shape that hashes like a known
// one.
TEST_CASE("impossible shapes get no layout", "[tensor][layout][errors]") {
  for (int i = 0; i < 2; ++i) {
    CHECK_ERROR(empty({-1, 3}), ShapeError, "[empty] shape is [-1, 3]", "negative");
    CHECK_ERROR(empty({std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError, "does not fit into memory");
    CHECK_ERROR(empty({0, std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError, "does not fit into memory");
  }
}
