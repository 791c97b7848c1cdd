#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

using namespace xg;
using xg_test::expect_close;

namespace {

Tensor counted(const Shape& shape, Dtype dtype = float64) {
  return arange(0, shape.numel(), 1, {.dtype = dtype}).reshape(shape);
}

}  // namespace

TEST_CASE("reshape gives the row-major order of any layout", "[ops][shape]") {
  // Breaks if strides that do not follow each other are merged: all permutations of a sliced block, to all
  // shapes.
  const Tensor block = counted({4, 3, 4, 2}).slice(0, 0, 4, 2).slice(2, 1, 3);
  std::vector<std::int64_t> order{0, 1, 2, 3};
  do {
    const Tensor x = block.permute(order);
    const Tensor flat = x.clone();
    for (const Shape& shape : std::vector<Shape>{{24},
                                                 {2, 12},
                                                 {12, 2},
                                                 {4, 6},
                                                 {6, 4},
                                                 {2, 2, 6},
                                                 {3, 2, 4},
                                                 {2, 3, 2, 2},
                                                 {8, 3},
                                                 {1, 24, 1},
                                                 {2, 1, 3, 1, 4},
                                                 {-1, 3}}) {
      const Tensor y = x.reshape(shape);
      CHECK(y.to_vector() == flat.to_vector());
      try {
        const Tensor v = x.view(shape);
        CHECK(v.shares_storage(x));
        CHECK(v.to_vector() == flat.to_vector());
      } catch (const ShapeError&) {
        CHECK(!y.shares_storage(x));
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("shape ops view where NumPy's do", "[ops][shape]") {
  // Breaks if a view became a copy (writes would be lost) or a copy a view (writes would leak).
  const Tensor x = counted({3, 4});
  for (const Tensor& v : {x.reshape({4, 3}), x.t(), x.slice(1, 1, 4, 2), x.select(0, 2), x.unsqueeze(1), x.flatten(),
                          x.diagonal(1), x.unsqueeze(0).squeeze(), x.unsqueeze(0).expand({2, 3, 4}), x.permute({1, 0}),
                          x.narrow(0, 1, 2), x.detach(), x.unflatten(1, {2, -1}), movedim(x, 0, 1), ravel(x)})
    CHECK(v.shares_storage(x));
  for (const Tensor& copy : {x.clone(), x.t().reshape({12}), x.t().contiguous(), x.to(float32)})
    CHECK(!copy.shares_storage(x));
  CHECK(x.contiguous().is_same(x));
  CHECK(x.to(float64).is_same(x));
  Tensor row = x.select(0, 1);
  row.fill_(-1.0);
  expect_close(x, {0, 1, 2, 3, -1, -1, -1, -1, 8, 9, 10, 11});
}

TEST_CASE("slices count as Python's", "[ops][shape]") {
  // Breaks if negative bounds, bounds beyond the ends or steps that do not divide are handled wrongly.
  const Tensor x = counted({7});
  for (std::int64_t start = -9; start <= 9; ++start)
    for (std::int64_t stop = -9; stop <= 9; ++stop)
      for (std::int64_t step = 1; step <= 3; ++step) {
        std::vector<double> want;
        const auto bound = [](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + 7 : i, 0, 7); };
        for (std::int64_t i = bound(start); i < bound(stop); i += step) want.push_back(static_cast<double>(i));
        CHECK(x.slice(0, start, stop, step).to_vector() == want);
      }
}

TEST_CASE("pieces of a split join to the whole", "[ops][shape]") {
  // Breaks if the last piece is dropped, or sizes are not PyTorch's.
  const Tensor x = counted({7, 2});
  const auto sizes = [](const std::vector<Tensor>& parts) {
    std::vector<std::int64_t> all;
    for (const Tensor& part : parts) all.push_back(part.size(0));
    return all;
  };
  using Sizes = std::vector<std::int64_t>;
  CHECK(sizes(split(x, 3)) == Sizes{3, 3, 1});
  CHECK(sizes(split(x, Sizes{2, 0, 5})) == Sizes{2, 0, 5});
  CHECK(sizes(chunk(x, 4)) == Sizes{2, 2, 2, 1});
  CHECK(sizes(chunk(x, 5)) == Sizes{2, 2, 2, 1});  // fewer than asked for, as PyTorch
  CHECK(sizes(tensor_split(x, 3)) == Sizes{3, 2, 2});
  CHECK(sizes(tensor_split(x, Sizes{2, 4})) == Sizes{2, 2, 3});
  CHECK(sizes(chunk(zeros({0, 2}), 3)) == Sizes{0, 0, 0});
  for (const auto& parts : {split(x, 3), chunk(x, 4), tensor_split(x, 3)}) expect_close(cat(parts), x);
  const std::vector<Tensor> columns = unbind(x, 1);
  REQUIRE(columns.size() == 2);
  expect_close(stack(columns, 1), x);
}

TEST_CASE("detach ends graphs, not traces", "[ops][shape]") {
  // Breaks if a trace loses sight of what flows through detach, or a graph does not.
  const Tensor x = tensor({1, 2, 3}, {.requires_grad = true});
  const Tensor cut = detach(x * 2.0);
  CHECK(!cut.requires_grad());
  autograd::Trace trace;
  {
    const autograd::TraceMode mode(trace);
    const Tensor y = detach(x * 2.0) + 1.0;
    CHECK(!y.requires_grad());
  }
  REQUIRE(trace.entries().size() == 3);
  CHECK(std::string(trace.entries()[1].op->name()) == "detach");
  CHECK(trace.entries()[1].inputs[0] == trace.entries()[0].outputs[0]);
  CHECK(trace.entries()[2].inputs[0] == trace.entries()[1].outputs[0]);
}

TEST_CASE("casts keep the gradient's dtype, and stop at integers", "[ops][shape]") {
  // Breaks if a gradient arrives in the dtype of the result, or an integer pretends to be differentiable.
  const Tensor x = tensor({-1.5, 0.25, 2.75}, {.requires_grad = true});
  const Tensor y = x.to(float64) * 3.0;
  y.sum().backward();
  CHECK(x.grad().dtype() == float32);
  expect_close(x.grad(), {3, 3, 3});
  const Tensor whole = x.to(int64);
  CHECK(!whole.requires_grad());
  expect_close(whole, {-1, 0, 2});
  expect_close(x.to(bool_), {1, 1, 1});
}

TEST_CASE("as_strided writes and reads back, also through a transposed base", "[ops][shape]") {
  // Breaks if the geometry of a base that is not row-major is read as if it were.
  const Tensor base = counted({3, 4}).t();  // [4, 3], strides [1, 4]
  Tensor view = base.detach().select(1, 2);
  expect_close(view, {8, 9, 10, 11});
  const Tensor values = tensor({-1, -2, -3, -4}, {.dtype = float64, .requires_grad = true});
  Tensor whole = base.detach().clone().t().contiguous().t();  // memory of its own, still transposed
  Tensor owner = whole.detach();
  owner.select(1, 2).copy_(values);
  (owner * owner).sum().backward();
  expect_close(values.grad(), {-2, -4, -6, -8});
}

TEST_CASE("shape errors say what does not fit", "[ops][shape][errors]") {
  // Breaks if bad input is read out of bounds, or the message leaves out op, shapes or remedy.
  const Tensor x = counted({3, 4});
  CHECK_ERROR(x.reshape({5, 2}), ShapeError, "[reshape]", "[3, 4]", "[5, 2]");
  CHECK_ERROR(x.reshape({-1, 5}), ShapeError, "[reshape]", "12");
  CHECK_ERROR(x.reshape({-1, -1}), ShapeError, "[reshape]", "one -1");
  CHECK_ERROR(x.reshape({-2, 6}), ShapeError, "[reshape]", "negative");
  CHECK_ERROR(zeros({0, 3}).reshape({0, -1}), ShapeError, "[reshape]", "cannot be inferred");
  CHECK_ERROR(x.t().view({12}), ShapeError, "[view]", "use reshape");
  CHECK_ERROR(x.flatten(1, 0), ValueError, "[flatten]", "start_dim");
  CHECK_ERROR(x.flatten(0, 2), IndexError, "[flatten]", "2 dimensions");
  CHECK_ERROR(x.unflatten(1, {3, 2}), ShapeError, "[unflatten]", "size 4");
  CHECK_ERROR(x.transpose(0, 2), IndexError, "[transpose]", "from -2 to 1");
  CHECK_ERROR(x.permute({0, 0}), ValueError, "[permute]", "twice");
  CHECK_ERROR(x.permute(Dims{0}), ShapeError, "[permute]", "[3, 4]");
  CHECK_ERROR(movedim(x, {0, 1}, 0), ValueError, "[movedim]");
  CHECK_ERROR(xg::t(counted({2, 2, 2})), ShapeError, "[t]", "transpose");
  CHECK_ERROR(x.squeeze(Dims{0, 0}), ValueError, "[squeeze]", "twice");
  CHECK_ERROR(x.unsqueeze(4), IndexError, "[unsqueeze]");
  CHECK_ERROR(x.expand({3, 5}), ShapeError, "[expand]", "[3, 4]", "[3, 5]");
  CHECK_ERROR(x.expand({-1, 3, 4}), ShapeError, "[expand]");
  CHECK_ERROR(x.expand({4}), ShapeError, "[expand]");
  CHECK_ERROR(x.slice(0, 0, 2, 0), ValueError, "[slice]", "flip");
  CHECK_ERROR(x.slice(2, 0, 2), IndexError, "[slice]");
  CHECK_ERROR(scalar_tensor(1.0).slice(0, 0, 1), ShapeError, "[slice]", "no dimensions");
  CHECK_ERROR(x.select(1, 4), IndexError, "[select]", "index 4", "size 4", "-4 to 3");
  CHECK_ERROR(scalar_tensor(1.0)[0], IndexError, "[select]", "item()");
  CHECK_ERROR(x.narrow(1, 2, 3), IndexError, "[narrow]", "size 4");
  CHECK_ERROR(x.narrow(1, 0, -1), IndexError, "[narrow]");
  CHECK_ERROR(diagonal(x, 0, 1, -1), ShapeError, "[diagonal]", "different");
  CHECK_ERROR(split(x, 0), ValueError, "[split]", "positive");
  CHECK_ERROR(split(x, std::vector<std::int64_t>{2, 2}), ShapeError, "[split]", "add up to 4", "size 3");
  CHECK_ERROR(chunk(x, 0), ValueError, "[chunk]");
  CHECK_ERROR(tensor_split(x, 0), ValueError, "[tensor_split]");
  CHECK_ERROR(broadcast_tensors({x, counted({3})}), ShapeError, "[broadcast_tensors]");
  const std::int64_t huge = std::int64_t{1} << 40;
  CHECK_ERROR(x.reshape({huge, huge}), ShapeError, "[reshape]", "64 bits");
  CHECK_ERROR(ones({1, 1}).expand({huge, huge}), ShapeError, "[expand]", "64 bits");
  CHECK_ERROR(x.unflatten(1, {huge, huge}), ShapeError, "[unflatten]", "64 bits");
  CHECK_ERROR(split(x, std::vector<std::int64_t>{huge << 22, huge << 22, 3}), ShapeError, "[split]");
  CHECK(x.slice(1, 1, 2, std::numeric_limits<std::int64_t>::max()).numel() == 3);
  CHECK_ERROR(Tensor().reshape({1}), ValueError, "undefined");
}
