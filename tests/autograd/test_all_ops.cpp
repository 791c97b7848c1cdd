// Walks the list of ops: whatever an op promises is checked the moment it is on the list. Nothing here knows an op.
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/detail/completeness.hpp>
#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <cmath>
#include <limits>
#include <set>

using namespace xg;
using autograd::all_ops;
using autograd::OpInfo;
using autograd::Rule;
using autograd::Sample;
using xg_test::expect_close;

namespace {

/// Calls f(op, sample, "op: sample") for every sample of every op.
template <class F> void for_each_sample(Dtype dtype, F&& f) {
  for (const OpInfo& op : all_ops())
    for (const Sample& sample : op.samples(dtype)) {
      const std::string what = std::string(op.name) + ": " + sample.label;
      INFO(what);
      try {
        f(op, sample, what);
      } catch (const std::exception& error) {
        FAIL_CHECK(what << " threw " << error.what());
      }
    }
}

/// Inputs as leaves; those of floating point require grad.
std::vector<Tensor> leaves(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> out;
  for (const Tensor& x : inputs) {
    out.push_back(x.clone());
    if (x.is_floating_point()) out.back().requires_grad_();
  }
  return out;
}

std::vector<std::size_t> floating(const std::vector<Tensor>& inputs) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].is_floating_point()) out.push_back(i);
  return out;
}

/// The call as a function of the floating inputs alone.
TensorsFunction of_floating(const Sample& sample) {
  return [&sample, where = floating(sample.inputs)](const std::vector<Tensor>& in) {
    std::vector<Tensor> all = sample.inputs;
    for (std::size_t i = 0; i < where.size(); ++i) all[where[i]] = in[i];
    return sample.call(all);
  };
}

std::vector<Tensor> floating_leaves(const Sample& sample) {
  std::vector<Tensor> out;
  for (const std::size_t i : floating(sample.inputs)) out.push_back(sample.inputs[i].clone().requires_grad_());
  return out;
}

using autograd::detail::uneven_numbers;

/// Gradients of all floating inputs, undefined ones as zeros.
std::vector<Tensor> gradients(const Sample& sample, const std::vector<Tensor>& inputs, bool recorded) {
  const std::vector<Tensor> in = leaves(inputs);
  const Tensor y = sample.call(in);
  std::vector<Tensor> wanted;
  for (const std::size_t i : floating(inputs)) wanted.push_back(in[i]);
  std::vector<Tensor> grads(wanted.size());
  if (y.requires_grad())
    grads = grad({y}, wanted, {uneven_numbers(y.shape(), y.dtype())}, {.create_graph = recorded, .allow_unused = true});
  for (std::size_t i = 0; i < grads.size(); ++i)
    grads[i] = grads[i].defined() ? grads[i].detach() : zeros_like(wanted[i].detach());
  return grads;
}

// ---- attribution of one call

using autograd::detail::context_of;
using autograd::detail::TracedPair;

TracedPair traced(const Sample& sample, const std::vector<Tensor>& x, const std::vector<Tensor>& r) {
  return TracedPair(sample.call, x, r);
}

/// K: rules merge explained outputs and pairs where there are pairs; whole tensors come one output at a time.
constexpr std::int64_t explained_of_pairs = 2;

/// sum_i m_i dx_i must be m dy, up to rounding and to the residual that the rule reports.
void check_complete(const std::string& what, const autograd::AppliedOp& op, const autograd::PairContext& context) {
  const autograd::detail::Completeness found = autograd::detail::completeness(op, context);
  INFO(what << ", op " << op.name() << ": incomplete by " << found.missing << ", allowed " << found.allowed);
  CHECK(found.shapes_agree);
  CHECK(found.complete());
}

/// Can the rows of every input and output be read as pairs of their own?
bool rows_are_pairs(const autograd::AppliedOp& op, const autograd::PairContext& context) {
  if (context.x_out[0].dim() == 0) return false;
  const std::int64_t rows = context.x_out[0].size(0);
  if (rows < 2) return false;
  for (const Tensor& y : context.x_out)
    if (y.dim() == 0 || y.size(0) != rows) return false;
  for (std::size_t i = 0; i < context.x.size(); ++i) {
    const Tensor& x = context.x[i];
    if (context.varies[i] && (x.dim() != context.x_out[0].dim() || x.size(0) != rows || op.mixes_rows(x.dim())))
      return false;
  }
  return true;
}

}  // namespace

// Breaks if an op has no samples, or ops no longer add themselves to the list.
TEST_CASE("the list of ops is complete enough to walk") {
  std::set<std::string> names;
  for (const OpInfo& op : all_ops()) {
    names.insert(std::string(op.name));
    INFO(op.name);
    CHECK(!op.samples(float64).empty());
  }
  CHECK(names.size() >= 150);
}

// Breaks if a kernel is wrong, or a sample lies outside the op's domain.
TEST_CASE("elementwise ops agree with an independent reference") {
  for (const Dtype dtype : {float64, float32})
    for_each_sample(dtype, [&](const OpInfo& op, const Sample& sample, const std::string& what) {
      if (op.reference1 == nullptr && op.reference2 == nullptr) return;
      const std::vector<Tensor> inputs = sample.inputs;
      const Tensor y = sample.call(inputs);
      std::vector<std::vector<double>> values;
      for (const Tensor& x : inputs) values.push_back(x.expand(y.shape()).to_vector());
      std::vector<double> want(static_cast<std::size_t>(y.numel()));
      for (std::size_t i = 0; i < want.size(); ++i)
        want[i] = op.reference1 != nullptr ? op.reference1(values[0][i]) : op.reference2(values[0][i], values[1][i]);
      const bool wide = dtype == float64;
      expect_close(y.to(float64), want, wide ? 1e-12 : 2e-5, wide ? 1e-13 : 2e-6, what);
    });
}

// Breaks if a backward is wrong.
TEST_CASE("first derivatives agree with differences") {
  for_each_sample(float64, [](const OpInfo& op, const Sample& sample, const std::string& what) {
    if (!op.differentiable || floating(sample.inputs).empty()) return;
    if (!sample.call(sample.inputs).is_floating_point()) return;
    const GradcheckResult result = gradcheck(of_floating(sample), floating_leaves(sample));
    INFO(what << ": " << result.message);
    CHECK(result.passed);
  });
}

// Breaks if a backward is not written in differentiable ops, or saves what it must not.
TEST_CASE("second derivatives agree with differences") {
  for_each_sample(float64, [](const OpInfo& op, const Sample& sample, const std::string& what) {
    if (!op.differentiable || floating(sample.inputs).empty()) return;
    if (!sample.call(sample.inputs).is_floating_point()) return;
    const GradcheckResult result = gradgradcheck(of_floating(sample), floating_leaves(sample));
    INFO(what << ": " << result.message);
    CHECK(result.passed);
  });
}

// Breaks if a second derivative is not written in differentiable ops either.
TEST_CASE("third derivatives of elementwise ops agree with differences") {
  for_each_sample(float64, [](const OpInfo& op, const Sample& sample, const std::string& what) {
    if (!op.differentiable || !op.elementwise || floating(sample.inputs).empty()) return;
    if (!sample.call(sample.inputs).is_floating_point()) return;
    const TensorsFunction f = of_floating(sample);
    const auto gradient = [&](const std::vector<Tensor>& in) {
      const Tensor y = f(in);
      if (!y.requires_grad()) return y * 0.0;
      std::vector<Tensor> parts;
      for (const Tensor& g :
           grad({y}, in, {uneven_numbers(y.shape(), y.dtype())}, {.create_graph = true, .allow_unused = true}))
        if (g.defined()) parts.push_back((g * g * 0.5 + g).flatten());
      return parts.empty() ? y * 0.0 : cat(parts, 0);
    };
    const GradcheckResult result =
        gradgradcheck(gradient, floating_leaves(sample), {.rtol = 2e-3, .atol = 2e-4, .allow_unused = true});
    INFO(what << ": " << result.message);
    CHECK(result.passed);
  });
}

// Breaks if a fused backward differs from the general one.
TEST_CASE("fused and general backward agree") {
  for (const Dtype dtype : {float64, float32})
    for_each_sample(dtype, [&](const OpInfo& op, const Sample& sample, const std::string& what) {
      if (!op.differentiable || !sample.call(sample.inputs).is_floating_point()) return;
      const std::vector<Tensor> fused = gradients(sample, sample.inputs, false);
      const std::vector<Tensor> general = gradients(sample, sample.inputs, true);
      const bool wide = dtype == float64;
      for (std::size_t i = 0; i < fused.size(); ++i)
        expect_close(fused[i], general[i], wide ? 1e-11 : 1e-4, wide ? 1e-12 : 1e-5,
                     what + ", input " + std::to_string(i));
    });
}

// Breaks if a kernel takes strides for granted.
TEST_CASE("values and gradients do not depend on the layout") {
  for_each_sample(float64, [](const OpInfo& op, const Sample& sample, const std::string& what) {
    std::vector<Tensor> plain;
    for (const Tensor& x : sample.inputs) plain.push_back(contiguous(x));
    const Tensor want = sample.call(plain);
    const bool differentiable = op.differentiable && want.is_floating_point();
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const std::string here = what + ", input " + std::to_string(i);
      for (const auto& [layout, x] : xg_test::layouts(plain[i])) {
        std::vector<Tensor> inputs = plain;
        inputs[i] = x;
        expect_close(sample.call(inputs), want, 1e-12, 1e-13, here + " " + layout);
      }
      if (!differentiable || !plain[i].is_floating_point()) continue;
      const auto gradient = [&](bool strided) {
        std::vector<Tensor> in = plain;
        const Tensor leaf = plain[i].clone().requires_grad_();
        // Stored with the last dimension first, but still a function of the leaf.
        in[i] = strided ? transpose(contiguous(transpose(leaf.unsqueeze(0), 0, -1)), 0, -1).squeeze(Dims(0)) : leaf;
        const Tensor y = sample.call(in);
        const Tensor g =
            y.requires_grad() ? grad(y, leaf, uneven_numbers(y.shape(), y.dtype()), {.allow_unused = true}) : Tensor();
        return g.defined() ? g : zeros_like(plain[i]);
      };
      expect_close(gradient(true), gradient(false), 1e-11, 1e-12, here + ", gradient");
    }
  });
}

// Breaks if an op reads neighbours of a repeated element.
TEST_CASE("expanded inputs equal their copies") {
  for_each_sample(float64, [](const OpInfo&, const Sample& sample, const std::string& what) {
    for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
      const Tensor& x = sample.inputs[i];
      if (x.dim() == 0 || x.size(0) < 2 || !x.is_floating_point()) continue;
      std::vector<Tensor> repeated = sample.inputs, copied = sample.inputs;
      repeated[i] = x.narrow(0, 0, 1).expand(x.shape());
      copied[i] = repeated[i].contiguous();
      expect_close(sample.call(repeated), sample.call(copied), 1e-12, 1e-13, what);
    }
  });
}

// Breaks if a float32 kernel loses more than rounding.
TEST_CASE("float32 agrees with float64") {
  for_each_sample(float32, [](const OpInfo&, const Sample& sample, const std::string& what) {
    std::vector<Tensor> wide;
    for (const Tensor& x : sample.inputs) wide.push_back(x.is_floating_point() ? x.to(float64) : x);
    const Tensor narrow_result = sample.call(sample.inputs), wide_result = sample.call(wide);
    if (!narrow_result.is_floating_point()) return;
    expect_close(narrow_result.to(float64), wide_result.to(float64), 1e-4, 1e-5, what);
  });
}

// Breaks if an op forgets that its result has another dtype.
TEST_CASE("gradients have the dtype and shape of their inputs") {
  for (const Dtype dtype : {float64, float32})
    for_each_sample(dtype, [](const OpInfo& op, const Sample& sample, const std::string& what) {
      if (!op.differentiable || !sample.call(sample.inputs).is_floating_point()) return;
      const std::vector<std::size_t> where = floating(sample.inputs);
      const std::vector<Tensor> grads = gradients(sample, sample.inputs, false);
      for (std::size_t i = 0; i < grads.size(); ++i) {
        INFO(what);
        CHECK(grads[i].dtype() == sample.inputs[where[i]].dtype());
        CHECK(grads[i].shape() == sample.inputs[where[i]].shape());
      }
    });
}

// Breaks if the shares of an attribution rule do not sum to the change of the result.
TEST_CASE("attribution rules are complete") {
  for_each_sample(float64, [](const OpInfo&, const Sample& sample, const std::string& what) {
    if (floating(sample.inputs).empty()) return;
    const TracedPair pair = traced(sample, sample.inputs, autograd::detail::reversed_elements(sample.inputs));
    REQUIRE(pair.at_x.entries().size() == pair.at_r.entries().size());
    for (std::size_t n = 0; n < pair.at_x.entries().size(); ++n) {
      const autograd::AppliedOp& op = *pair.at_x.entries()[n].op;
      autograd::PairContext context = context_of(pair, n);
      if (std::none_of(context.varies.begin(), context.varies.end(), [](bool v) { return v; })) continue;
      if (op.rule() == Rule::unsupported || op.rule() == Rule::constant) continue;
      check_complete(what, op, context);
      if (!rows_are_pairs(op, context)) continue;
      autograd::detail::set_multipliers(context, explained_of_pairs);
      context.pairs = context.x_out[0].size(0);
      for (std::size_t i = 0; i < context.x.size(); ++i)
        context.has_rows[i] = context.x[i].dim() == context.x_out[0].dim() && context.x[i].size(0) == context.pairs;
      check_complete(what + ", rows as pairs", op, context);
    }
  });
}

// Breaks if equal values at x and r give NaN or an error.
TEST_CASE("attribution rules are finite where nothing changes") {
  for_each_sample(float64, [](const OpInfo&, const Sample& sample, const std::string& what) {
    if (floating(sample.inputs).empty()) return;
    const TracedPair pair = traced(sample, sample.inputs, sample.inputs);
    for (std::size_t n = 0; n < pair.at_x.entries().size(); ++n) {
      const autograd::AppliedOp& op = *pair.at_x.entries()[n].op;
      const autograd::PairContext context = context_of(pair, n);
      if (std::none_of(context.varies.begin(), context.varies.end(), [](bool v) { return v; })) continue;
      if (op.rule() == Rule::unsupported || op.rule() == Rule::constant) continue;
      if (!context.x_out[0].is_floating_point() || !isfinite(context.x_out[0]).all().item<bool>()) continue;
      for (const Tensor& share : autograd::attribute(op, context, nullptr))
        if (share.defined() && share.numel() > 0) {
          INFO(what << ", op " << op.name());
          CHECK(isfinite(share).all().item<bool>());
        }
    }
  });
}

// Breaks if an op through which no contribution can pass gives one all the same.
TEST_CASE("an op without a rule says its name") {
  int found = 0;
  for_each_sample(float64, [&](const OpInfo& op, const Sample& sample, const std::string& what) {
    if (op.rule != Rule::unsupported || floating(sample.inputs).empty()) return;
    const TracedPair pair = traced(sample, sample.inputs, autograd::detail::reversed_elements(sample.inputs));
    bool threw = false;
    for (std::size_t n = 0; n < pair.at_x.entries().size(); ++n) {
      const autograd::AppliedOp& applied = *pair.at_x.entries()[n].op;
      if (applied.rule() != Rule::unsupported) continue;
      INFO(what);
      CHECK_ERROR(autograd::attribute(applied, context_of(pair, n), nullptr), AutogradError, applied.name());
      threw = true;
    }
    if (threw) ++found;
  });
  CHECK(found > 5);
}
