// What every op is held to, by its own samples: derivatives of first and second order against differences, the fused
// against the general backward, all layouts, float32 against float64, and the attribution rule's completeness, also with
// another number of rows than was recorded.
#pragma once

#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/op.hpp>
#include <xgrad/autograd/trace.hpp>

#include <cmath>

namespace xg_test {

using xg::Tensor;
using xg::autograd::OpInfo;
using xg::autograd::Rule;
using xg::autograd::Sample;

inline std::vector<Tensor> copies(const std::vector<Tensor>& inputs, bool with_grad) {
  std::vector<Tensor> out;
  for (const Tensor& x : inputs) {
    out.push_back(x.detach().clone());
    if (with_grad && x.is_floating_point()) out.back().requires_grad_();
  }
  return out;
}

/// A fixed tensor of a result's shape, to weigh its elements with.
inline Tensor weights_like(const Tensor& y) {
  std::vector<double> values(static_cast<std::size_t>(y.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::cos(1.7 * static_cast<double>(i) + 0.4);
  return xg::from_data(values.data(), y.shape(), {.dtype = y.dtype()});
}

/// Gradients of all floating inputs; undefined ones where the result does not depend on them.
inline std::vector<Tensor> gradients_of(const Sample& sample, const std::vector<Tensor>& inputs, bool create_graph) {
  std::vector<Tensor> leaves, wanted;
  for (const Tensor& x : inputs) {
    leaves.push_back(x.detach());
    if (x.is_floating_point()) wanted.push_back(leaves.back().requires_grad_());
  }
  const Tensor y = sample.call(leaves);
  if (!y.requires_grad()) return {};
  return xg::grad({y}, wanted, {weights_like(y)}, {.create_graph = create_graph, .allow_unused = true});
}

inline void check_derivatives(const OpInfo& op, const Sample& sample) {
  const auto f = [&](const std::vector<Tensor>& in) { return sample.call(in); };
  const xg::GradcheckResult first = xg::gradcheck(f, copies(sample.inputs, true));
  if (!first) FAIL_CHECK(op.name << ", " << sample.label << ", gradcheck: " << first.message);
  const xg::GradcheckResult second = xg::gradgradcheck(f, copies(sample.inputs, true));
  if (!second) FAIL_CHECK(op.name << ", " << sample.label << ", gradgradcheck: " << second.message);
}

inline void check_fused(const OpInfo& op, const Sample& sample) {
  const std::vector<Tensor> fused = gradients_of(sample, sample.inputs, false);
  const std::vector<Tensor> general = gradients_of(sample, sample.inputs, true);
  REQUIRE(fused.size() == general.size());
  for (std::size_t i = 0; i < fused.size(); ++i)
    if (fused[i].defined() && general[i].defined())
      expect_close(fused[i], general[i].detach(), 1e-9, 1e-11, std::string(op.name) + ", " + sample.label + ", fused backward");
}

inline void check_layouts(const OpInfo& op, const Sample& sample) {
  const Tensor want = sample.call(sample.inputs);
  const std::vector<Tensor> want_grads = gradients_of(sample, sample.inputs, false);
  for (std::size_t i = 0; i < sample.inputs.size(); ++i)
    for (const auto& [layout, x] : layouts(sample.inputs[i])) {
      std::vector<Tensor> inputs = sample.inputs;
      inputs[i] = x;
      const std::string what = std::string(op.name) + ", " + sample.label + ", input " + std::to_string(i) + " " + layout;
      expect_close(sample.call(inputs), want, 1e-9, 1e-12, what);
      const std::vector<Tensor> grads = gradients_of(sample, inputs, false);
      REQUIRE(grads.size() == want_grads.size());
      for (std::size_t k = 0; k < grads.size(); ++k)
        if (want_grads[k].defined()) expect_close(grads[k], want_grads[k], 1e-9, 1e-12, what + ", gradient");
    }
}

inline void check_float32(const OpInfo& op, const Sample& sample, const Sample& single) {
  const Tensor want = sample.call(sample.inputs), got = single.call(single.inputs);
  const std::string what = std::string(op.name) + ", " + sample.label + ", float32";
  expect_close(got, want, 2e-4, 2e-5, what);
  const std::vector<Tensor> want_grads = gradients_of(sample, sample.inputs, false);
  const std::vector<Tensor> grads = gradients_of(single, single.inputs, false);
  REQUIRE(grads.size() == want_grads.size());
  for (std::size_t k = 0; k < grads.size(); ++k)
    if (want_grads[k].defined()) expect_close(grads[k], want_grads[k], 2e-4, 2e-5, what + ", gradient");
}

/// An op applied to a row x and to a reference r, swept as an explainer does.
class PairSweep {
 public:
  /// The first `varying` inputs depend on the features, the others are constants (and equal in x and r).
  PairSweep(const Sample& sample, const std::vector<Tensor>& x, const std::vector<Tensor>& r, std::size_t varying)
      : x_in_(x), varying_(varying) {
    const xg::NoGrad fixed;
    {
      const xg::autograd::TraceMode mode(x_);
      y_x = sample.call(x);
    }
    {
      const xg::autograd::TraceMode mode(r_);
      y_r = sample.call(r);
    }
  }

  /// Can the ops be swept at all?
  bool supported() const {
    for (const auto& entry : x_.entries())
      if (entry.op->rule() == Rule::unsupported) return false;
    return x_.entries().size() == r_.entries().size() && x_.value_count() == r_.value_count();
  }

  /// Is row i of everything that varies a function of row i of the inputs alone, by what the ops declare?
  bool row_local(std::int64_t rows) {
    const std::vector<bool> varies = varying();
    for (const auto& entry : x_.entries()) {
      for (const auto id : entry.inputs)
        if (varies[static_cast<std::size_t>(id)] &&
            (!has_rows(x_.value(id), rows) || entry.op->mixes_rows(x_.value(id).dim())))
          return false;
      for (const auto id : entry.outputs)
        if (!has_rows(x_.value(id), rows)) return false;
    }
    return true;
  }

  /// Multipliers of the inputs, [K, shape of input], from those of the result, [K, shape of result]. rows: their number
  /// where values have a common row dimension, else 0.
  std::vector<Tensor> run(const Tensor& multiplier, std::int64_t rows) {
    const xg::NoGrad fixed;
    const std::vector<bool> varies = varying();
    std::vector<Tensor> at(x_.value_count());
    const auto slot = [&](xg::autograd::ValueId id) -> Tensor& { return at[static_cast<std::size_t>(id)]; };
    slot(x_.id_of(y_x)) = multiplier;
    for (auto entry = x_.entries().rbegin(); entry != x_.entries().rend(); ++entry) {
      xg::autograd::PairContext p;
      p.outputs_explained = multiplier.size(0);
      p.pairs = rows;
      bool reached = false;
      for (const auto id : entry->outputs) {
        p.x_out.push_back(x_.value(id));
        p.r_out.push_back(r_.value(id));
        p.multipliers.push_back(slot(id));
        reached |= slot(id).defined();
      }
      if (!reached) continue;
      for (const auto id : entry->inputs) {
        p.x.push_back(x_.value(id));
        p.r.push_back(r_.value(id));
        p.varies.push_back(varies[static_cast<std::size_t>(id)]);
        p.has_rows.push_back(rows > 0 && has_rows(p.x.back(), rows) && p.x.back().dim() >= p.x.front().dim());
      }
      const std::vector<Tensor> shares = xg::autograd::attribute(*entry->op, p, nullptr);
      for (std::size_t i = 0; i < shares.size(); ++i)
        if (shares[i].defined()) {
          Tensor& m = slot(entry->inputs[i]);
          m = m.defined() ? m + shares[i] : shares[i];
        }
    }
    std::vector<Tensor> out;
    for (const Tensor& x : x_in_) out.push_back(slot(x_.id_of(x)));
    return out;
  }

  Tensor y_x, y_r;

 private:
  static bool has_rows(const Tensor& x, std::int64_t rows) { return x.dim() > 0 && x.size(0) == rows; }
  std::vector<bool> varying() {
    std::vector<bool> varies(x_.value_count());
    for (std::size_t i = 0; i < varying_; ++i)
      if (x_in_[i].is_floating_point()) varies[static_cast<std::size_t>(x_.id_of(x_in_[i]))] = true;
    for (const auto& entry : x_.entries())
      for (const auto in : entry.inputs)
        if (varies[static_cast<std::size_t>(in)] && entry.op->rule() != Rule::constant)
          for (const auto out : entry.outputs) varies[static_cast<std::size_t>(out)] = true;
    return varies;
  }

  std::vector<Tensor> x_in_;
  std::size_t varying_;
  xg::autograd::Trace x_, r_;
};

inline void check_attribution(const OpInfo& op, const Sample& sample) {
  if (op.rule == Rule::unsupported || op.rule == Rule::quadrature || sample.inputs.empty()) return;
  const std::vector<Tensor> x = copies(sample.inputs, false);
  std::vector<Tensor> r;
  for (const Tensor& t : x) r.push_back(t.is_floating_point() ? t * 0.75 + 0.125 : t.clone());
  PairSweep sweep(sample, x, r, x.size());
  if (!sweep.supported() || !sweep.y_x.is_floating_point()) return;
  const std::string what = std::string(op.name) + ", " + sample.label + ", attribution";

  const Tensor m = weights_like(sweep.y_x);
  const std::vector<Tensor> shares = sweep.run(m.unsqueeze(0), 0);
  Tensor total = xg::zeros({}, {.dtype = xg::float64});
  for (std::size_t i = 0; i < x.size(); ++i)
    if (shares[i].defined()) total = total + (shares[i] * (x[i] - r[i])).sum().to(xg::float64);
  expect_close(total, (m * (sweep.y_x - sweep.y_r)).sum(), 1e-9, 1e-11, what + " is complete");

  // Two outputs explained at once, so that values have twice the rows that were recorded; only the first input varies.
  if (x[0].dim() == 0 || x[0].size(0) < 2) return;
  std::vector<Tensor> reference = x;
  reference[0] = r[0];
  PairSweep rows(sample, x, reference, 1);
  if (!rows.row_local(x[0].size(0))) return;
  const Tensor one = rows.run(m.unsqueeze(0), 0)[0];
  const Tensor two = rows.run(xg::stack({m, 2.0 * m}, 0), x[0].size(0))[0];
  REQUIRE(one.defined() == two.defined());
  if (one.defined()) expect_close(two, xg::cat({one, 2.0 * one}, 0), 1e-9, 1e-11, what + " by rows");
}

/// All checks on all samples of the ops of one family.
inline void walk(std::string_view family) {
  std::size_t ops = 0;
  for (const OpInfo& op : xg::autograd::all_ops()) {
    if (op.family != family) continue;
    ++ops;
    const std::vector<Sample> samples = op.samples(xg::float64), singles = op.samples(xg::float32);
    REQUIRE(samples.size() == singles.size());
    CHECK(!samples.empty());
    for (std::size_t i = 0; i < samples.size(); ++i) {
      INFO(op.name << ", " << samples[i].label);
      check_layouts(op, samples[i]);
      check_float32(op, samples[i], singles[i]);
      check_attribution(op, samples[i]);
      if (!op.differentiable) continue;
      check_derivatives(op, samples[i]);
      check_fused(op, samples[i]);
    }
  }
  CHECK(ops > 0);
}

}  // namespace xg_test
