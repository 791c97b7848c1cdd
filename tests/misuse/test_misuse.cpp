// Calls that make no sense: whatever is asked of an op, it gives a right value or throws an xg::Error. What is right is
// not known here, but it cannot depend on how the arguments lie in memory: each call is made with tensors in wild
// layouts and with the same tensors dense, and both must agree in values, shapes, dtypes, gradients and kinds of
// errors.
//
// XGRAD_MISUSE_SEEDS is how many calls of each op are made (scripts/misuse.sh).
#include "misuse/calls.hpp"
#include "misuse/draw.hpp"
#include "support/catch.hpp"

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/engine.hpp>
#include <xgrad/tensor/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <typeinfo>

using namespace xg;
using xg_test::Draw;

namespace {

struct Outcome {
  std::string error;            // the type of an xg::Error
  std::string message;          // its text
  std::vector<Tensor> results;  // else these
  std::vector<Tensor> grads;    // of the leaves, once or twice; a missing one is zero
  bool foreign = false;         // an exception of another library
};

/// Numbers between 0.5 and 2.5 that are all different.
Tensor uneven(const Shape& shape, Dtype dtype) {
  return (sin(arange(shape.numel(), {.dtype = float64}) * 1.7 + 0.6) + 1.5).reshape(shape).to(dtype);
}

bool is_small(const Tensor& x) {
  return x.numel() < 1'000'000;  // and not something small expanded to more than memory holds
}

/// d sum(seed * results) / d leaves, first and second derivatives.
void add_gradients(Outcome& outcome, Draw& draw) {
  std::vector<Tensor> outputs, seeds;
  for (const Tensor& y : outcome.results)
    if (y.defined() && y.requires_grad() && is_small(y)) {
      outputs.push_back(y);
      seeds.push_back(uneven(y.shape(), y.dtype()));
    }
  if (outputs.empty() || draw.leaves().empty()) return;
  const bool twice = draw.one_in(3);
  const std::vector<Tensor> grads = grad(outputs, draw.leaves(), seeds, {.create_graph = twice, .allow_unused = true});
  outcome.grads = grads;
  if (!twice) return;
  outputs.clear();
  seeds.clear();
  for (const Tensor& g : grads)
    if (g.defined() && g.requires_grad()) {
      outputs.push_back(g);
      seeds.push_back(uneven(g.shape(), g.dtype()));
    }
  if (outputs.empty()) return;
  const std::vector<Tensor> second = grad(outputs, draw.leaves(), seeds, {.allow_unused = true});
  outcome.grads.insert(outcome.grads.end(), second.begin(), second.end());
}

using Subject = std::function<std::vector<Tensor>(Draw&)>;

Outcome outcome_of(const Subject& call, std::uint64_t seed, Draw::Mode mode) {
  Outcome outcome;
  Draw draw(seed, mode);
  manual_seed(seed);
  try {
    outcome.results = call(draw);
    if (mode.gradients) add_gradients(outcome, draw);
  } catch (const Error& error) {
    outcome.error = typeid(error).name();
    outcome.message = error.what();
    outcome.results.clear();
    outcome.grads.clear();
  } catch (const std::exception& error) {
    outcome.error = std::string("foreign: ") + typeid(error).name() + " " + error.what();
    outcome.foreign = true;
  }
  return outcome;
}

/// Whether sums on the way were of float32: the gradient of a float64 number beside a float32 tensor is one of these.
bool through_float32(const Outcome& outcome) {
  return std::any_of(outcome.results.begin(), outcome.results.end(),
                     [](const Tensor& x) { return x.defined() && x.dtype() == float32; });
}

/// Empty, or how two results differ.
std::string difference(const Tensor& wild, const Tensor& dense, bool values, bool coarse = false) {
  if (wild.defined() != dense.defined()) return "one is undefined";
  if (!wild.defined()) return {};
  if (wild.shape() != dense.shape()) return "shapes " + wild.shape().str() + " and " + dense.shape().str();
  if (wild.dtype() != dense.dtype())
    return std::string("dtypes ") + std::string(name(wild.dtype())) + " and " + std::string(name(dense.dtype()));
  if (!values || wild.numel() == 0 || !is_small(wild)) return {};
  const std::vector<double> a = wild.detach().to_vector(), b = dense.detach().to_vector();
  double scale = 0;  // of numbers whose sums may be in another order
  for (const double value : b)
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  const double allowed = (wild.dtype() == float64 && !coarse ? 1e-10
                          : is_floating(wild.dtype())        ? 2e-4
                                                             : 0) *
                         (1 + scale);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (a[i] == b[i] || std::abs(a[i] - b[i]) <= allowed) continue;
    std::ostringstream text;
    text << "element " << i << " of shape " << wild.shape().str() << ": " << a[i] << " and " << b[i];
    return text.str();
  }
  return {};
}

struct Subjects {
  std::string name;
  Subject call;
  bool any_layout = true;
};

long seeds_of_each(long by_default) {
  const char* asked = std::getenv("XGRAD_MISUSE_SEEDS");
  return asked != nullptr ? std::atol(asked) : by_default;
}

/// Makes the calls; returns how many gave a value.
long check(const Subjects& subject, long seeds) {
  long succeeded = 0;
  for (long i = 0; i < seeds; ++i) {
    std::uint64_t seed = std::hash<std::string>()(subject.name) + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15;
    const Draw::Mode mode{.gradients = i % 3 == 1, .extremes = i % 3 == 2};
    Draw::Mode dense = mode;
    dense.dense = true;
    const Outcome a = outcome_of(subject.call, seed, mode), b = outcome_of(subject.call, seed, dense);
    const auto fail = [&](const std::string& how) {
      FAIL_CHECK(subject.name << ", call " << i << ": " << how << "\n  wild: " << a.error << " " << a.message
                              << "\n  dense: " << b.error << " " << b.message);
    };
    if (a.foreign || b.foreign) {
      fail("an exception that is no xg::Error");
      continue;
    }
    for (const Outcome* o : {&a, &b})
      if (!o->error.empty() && (o->message.empty() || o->message.front() != '[' || o->message.size() > 2000))
        fail("a message that does not begin with the op, or is too long");
    if (a.error.empty() && b.error.empty()) ++succeeded;
    if (!subject.any_layout) continue;
    if (a.message.find("share memory, as after expand") != std::string::npos)
      continue;  // a write to an expanded tensor
    if (a.error != b.error) {
      fail("errors differ");
      continue;
    }
    if (a.results.size() != b.results.size()) {
      fail("the numbers of results differ");
      continue;
    }
    for (std::size_t k = 0; k < a.results.size(); ++k)
      if (const std::string how = difference(a.results[k], b.results[k], !mode.extremes); !how.empty()) {
        fail("result " + std::to_string(k) + ": " + how);
        break;
      }
    // What overwrites a part of a larger tensor leaves that one with a graph, and what overwrites all of one does not:
    // there is no gradient, or a zero.
    for (std::size_t k = 0; k < std::max(a.grads.size(), b.grads.size()); ++k) {
      Tensor wild = k < a.grads.size() ? a.grads[k] : Tensor(), tight = k < b.grads.size() ? b.grads[k] : Tensor();
      if (!wild.defined() && !tight.defined()) continue;
      if (!wild.defined()) wild = zeros_like(tight);
      if (!tight.defined()) tight = zeros_like(wild);
      if (const std::string how = difference(wild, tight, !mode.extremes, through_float32(b)); !how.empty()) {
        fail("gradient " + std::to_string(k) + ": " + how);
        break;
      }
    }
  }
  return succeeded;
}

}  // namespace

// Breaks if an op reads or writes beyond its arguments, lets another exception through, or reads strides wrong.
TEST_CASE("public ops give a right value or an error of xgrad, whatever they are given") {
  const long seeds = seeds_of_each(1000);
  for (const xg_test::Call& call : xg_test::all_calls()) {
    const long succeeded = check({call.name, call.call, call.any_layout}, seeds);
    INFO(call.name);
    if (seeds >= 1000) CHECK(succeeded > 0);  // or the test would compare nothing but errors
  }
}

// Every op is called with its own samples, some inputs of which get other values and layouts, with or without a call of
// its own in calls_*.cpp. Breaks as above. Shapes and dtypes stay those of the sample, since the public functions check
// them.
TEST_CASE("samples of all ops with other values give a right value or an error of xgrad") {
  const long seeds = seeds_of_each(12);
  for (const autograd::OpInfo& op : autograd::all_ops()) {
    const std::vector<autograd::Sample> narrow = op.samples(float32), wide = op.samples(float64);
    for (std::size_t s = 0; s < wide.size(); ++s) {
      const Subject call = [&](Draw& draw) {
        const autograd::Sample& sample = draw.yes() ? narrow[s] : wide[s];
        std::vector<Tensor> inputs = sample.inputs;
        for (Tensor& input : inputs)
          if (inputs.size() == 1 || draw.yes()) input = draw.other_values(input);
        return std::vector<Tensor>{sample.call(inputs)};
      };
      check({std::string(op.name) + ": " + wide[s].label, call}, seeds);
    }
  }
}
