// Tensors on memory of the caller.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

using namespace xg;
using xg_test::expect_close;

namespace {

/// Memory from malloc, so that a sanitizer sees a use after the deleter and a deleter that was not called.
float* new_floats(std::int64_t n) {
  auto* data = static_cast<float*>(std::malloc(static_cast<std::size_t>(n) * sizeof(float)));
  std::iota(data, data + n, 0.0f);
  return data;
}

template <class Pointer>
concept IsBlob = requires(Pointer data) { from_blob(data, Shape{1}); };

}  // namespace

TEST_CASE("a tensor on the caller's memory shares it", "[creation]") {
  // Breaks if from_blob copies, or reads the memory with other strides or another dtype.
  std::vector<float> data{0, 1, 2, 3, 4, 5};
  Tensor x = from_blob(data.data(), {2, 3});
  CHECK(x.dtype() == float32);
  CHECK(x.data<float>() == data.data());
  data[1] = 10;
  expect_close(x, {0, 10, 2, 3, 4, 5});
  x.add_(1);
  x.select(0, 1).fill_(-1);
  x.index_put_({0, 2}, 7);
  CHECK(data == std::vector<float>{1, 11, 7, -1, -1, -1});

  std::vector<std::int64_t> counts(12);
  std::iota(counts.begin(), counts.end(), 0);
  expect_close(from_blob(counts.data(), {3, 2}, {.strides = Shape{1, 6}}), {0, 6, 1, 7, 2, 8});
  expect_close(from_blob(counts.data() + 1, {2, 2}, {.strides = Shape{0, 3}}), {1, 4, 1, 4});
  void* untyped = counts.data();
  expect_close(from_blob(untyped, {2}, {.dtype = int64}), {0, 1});
  CHECK(from_blob(untyped, {2}).dtype() == default_dtype());
  CHECK(from_blob(static_cast<double*>(nullptr), {0, 3}).numel() == 0);
  std::array<bool, 2> flags{true, false};
  CHECK(from_blob(flags.data(), {2}).dtype() == bool_);
}

TEST_CASE("a tensor on the caller's memory is like any other", "[creation]") {
  // Breaks if a kernel, a view, the graph or an in-place write assumes that elements follow the tensor's record, or lie
  // at a multiple of a vector's size: results are those of a copy, from every offset.
  std::vector<float> data(200);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i % 17) - 8.0f;
  for (std::int64_t offset = 0; offset < 5; ++offset) {
    const Tensor x = from_blob(data.data() + offset, {13, 15});
    const Tensor y = x.clone();
    expect_close(x, y, 0, 0);
    expect_close((x + x).exp().sum(1), (y + y).exp().sum(1), 0, 0);
    expect_close(matmul(x.t(), x), matmul(y.t(), y), 0, 0);
    expect_close(x.softmax(0), y.softmax(0), 0, 0);
    expect_close(x.sort().first, y.sort().first, 0, 0);
    expect_close(x.index({Slice{{}, {}, -2}, {0, 3}}), y.index({Slice{{}, {}, -2}, {0, 3}}), 0, 0);
    expect_close(x.transpose(0, 1).reshape({195}), y.transpose(0, 1).reshape({195}), 0, 0);
  }
  std::vector<double> numbers{0.5, 1.5, 2.5};
  const Tensor leaf = from_blob(numbers.data(), {3}, {.requires_grad = true});
  (leaf * leaf).sum().backward();
  expect_close(leaf.grad(), {1, 3, 5});
  CHECK(gradcheck([](const Tensor& t) { return t.sin().sum(); }, leaf));
  CHECK(numbers == std::vector<double>{0.5, 1.5, 2.5});
  Tensor written = from_blob(numbers.data(), {3});
  const Tensor w = tensor({1.0, 2.0, 3.0}, {.dtype = float64, .requires_grad = true});
  written.mul_(w);
  CHECK(numbers == std::vector<double>{0.5, 3, 7.5});
  written.sum().backward();
  expect_close(w.grad(), {0.5, 1.5, 2.5});
}

TEST_CASE("the deleter runs once, after the last user of the memory", "[creation]") {
  // Breaks if a view, a graph or a saved tensor does not keep the memory, or the deleter is lost or called twice.
  int deleted = 0;
  const auto deleter = [&](void* data) {
    ++deleted;
    std::free(data);
  };
  {
    Tensor view;
    {
      const Tensor x = from_blob(new_floats(12), {3, 4}, {.deleter = deleter});
      view = x.select(0, 1);
    }
    CHECK(deleted == 0);
    expect_close(view, {4, 5, 6, 7});
  }
  CHECK(deleted == 1);
  Tensor y;
  const Tensor w = ones({4}, {.requires_grad = true});
  y = from_blob(new_floats(4), {4}, {.deleter = deleter}) * w;  // saved for the derivative
  CHECK(deleted == 1);
  y.sum().backward();
  expect_close(w.grad(), {0, 1, 2, 3});
  CHECK(deleted == 2);
  { const Tensor detached = from_blob(new_floats(4), {4}, {.deleter = deleter, .requires_grad = true}).detach(); }
  CHECK(deleted == 3);
  {
    const Tensor x = from_blob(new_floats(1), {1}, {.deleter = [&](void* p) {
                                 deleter(p);
                                 throw std::runtime_error("late");
                               }});
  }
  CHECK(deleted == 4);
  auto owner = std::make_shared<std::vector<float>>(3, 1.0f);
  const std::weak_ptr<std::vector<float>> watched = owner;
  {
    float* data = owner->data();
    const Tensor x = from_blob(data, {3}, {.deleter = [kept = std::move(owner)](void*) {}});
    CHECK(!watched.expired());
    expect_close(x, {1, 1, 1});
  }
  CHECK(watched.expired());
}

TEST_CASE("from_blob refuses memory that it cannot use, and deletes it", "[creation][errors]") {
  // Breaks if a refusal leaks the memory, or a tensor reaches outside of it or overlaps itself.
  int deleted = 0;
  const auto options = [&](BlobOptions given) {
    given.deleter = [&](void*) { ++deleted; };
    return given;
  };
  std::vector<float> data(12);
  float* const p = data.data();
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  CHECK_ERROR(from_blob(static_cast<float*>(nullptr), {2}, options({})), ValueError, "[from_blob]", "null", "[2]");
  CHECK_ERROR(from_blob(p, {-1, 3}, options({})), ShapeError, "[from_blob]", "-1");
  CHECK_ERROR(from_blob(p, {huge, huge}, options({})), ShapeError, "memory");
  CHECK_ERROR(from_blob(p, {3}, options({.strides = Shape{-1}})), ShapeError, "[from_blob]", "negative", "flip");
  CHECK_ERROR(from_blob(p, {3, 2}, options({.strides = Shape{1}})), ShapeError, "[from_blob]", "equally many");
  CHECK_ERROR(from_blob(p, {3, 3}, options({.strides = Shape{2, 1}})), ShapeError, "[from_blob]", "share memory");
  CHECK_ERROR(from_blob(p, {3, 3}, options({.strides = Shape{huge, 1}})), ShapeError, "[from_blob]", "64 bits");
  CHECK_ERROR(from_blob(p, {2, 2}, options({.dtype = float64})), DtypeError, "[from_blob]", "float32", "float64");
  CHECK_ERROR(from_blob(p, {1, 1, 1, 1, 1, 1, 1, 1, 1}, options({})), ShapeError, "dim");
  void* const odd = reinterpret_cast<char*>(p) + 1;
  CHECK_ERROR(from_blob(odd, {2}, options({.dtype = float32})), ValueError, "[from_blob]", "aligned");
  CHECK_ERROR(from_blob(odd, {2}, options({.dtype = uint8, .requires_grad = true})), DtypeError, "uint8");
  CHECK(deleted == 10);  // all but that of nine sizes, which are refused before the call
  STATIC_REQUIRE(IsBlob<float*>);
  STATIC_REQUIRE(IsBlob<void*>);
  STATIC_REQUIRE(!IsBlob<const float*>);
  STATIC_REQUIRE(!IsBlob<const void*>);
}
