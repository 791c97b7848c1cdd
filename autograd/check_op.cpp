#include <xgrad/autograd/check_op.hpp>
#include <xgrad/autograd/detail/completeness.hpp>
#include <xgrad/autograd/functional.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/support/raise.hpp>
#include <xgrad/tensor/threads.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <exception>
#include <functional>
#include <ostream>
#include <thread>
#include <utility>

namespace xg {
namespace {

using autograd::detail::uneven_numbers;

/// A part that does not apply.
struct LeftOut {
  std::string reason;
};

/// The default generator as it was found, for every part and afterwards.
class SameNumbers {
 public:
  SameNumbers() : found_(default_generator()) {}
  ~SameNumbers() { again(); }
  SameNumbers(const SameNumbers&) = delete;
  SameNumbers& operator=(const SameNumbers&) = delete;
  void again() const { default_generator() = found_; }

 private:
  const Generator found_;
};

/// Empty, or where got and want differ most, beyond rtol of the largest wanted number.
std::string difference(const Tensor& got, const Tensor& want, double rtol) {
  if (got.shape() != want.shape())
    return fmt::format("the shape is {}, it must be {}", got.shape().str(), want.shape().str());
  const std::vector<double> a = got.detach().to_vector(), b = want.detach().to_vector();
  double scale = 0, worst = 0;
  std::size_t at = 0;
  for (const double v : b)
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double error = std::abs(a[i] - b[i]);
    if (!(error <= worst)) {
      worst = std::isnan(error) ? HUGE_VAL : error;
      at = i;
    }
  }
  const double allowed = rtol * (1 + scale);
  if (worst <= allowed) return {};
  return fmt::format("element {} (row-major, of shape {}): got {}, want {}, allowed {}", at, want.shape().str(), a[at],
                     b[at], allowed);
}

class Check {
 public:
  Check(const TensorsFunction& f, const std::vector<Tensor>& inputs, const CheckOpOptions& options)
      : f_(f), inputs_(inputs), options_(options) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!is_floating(inputs[i].dtype())) continue;
      if (inputs[i].dtype() != float64)
        raise<DtypeError>("[check_op] input {} is {}, it must be float64: differences in less precision prove nothing.",
                          i, name(inputs[i].dtype()));
      where_.push_back(i);
    }
    if (where_.empty()) throw ValueError("[check_op] no input is floating-point: there is nothing to differentiate.");
  }

  CheckOpResult run() {
    part("value", [&] { value(); });
    part("first derivative", [&] { report(gradcheck(of_floating(), leaves(), options_.differences)); });
    if (options_.second_order)
      part("second derivative", [&] { report(gradgradcheck(of_floating(), leaves(), options_.differences)); });
    part("forward mode", [&] { forward_mode(); });
    part("fused derivative", [&] { fused(); });
    part("layouts", [&] { layouts(); });
    part("float32", [&] { narrow_dtype(); });
    part("no rows", [&] { no_rows(); });
    if (options_.attribution) part("attribution", [&] { attribution(); });
    part("threads", [&] { threads(); });
    return std::move(result_);
  }

 private:
  void part(const char* name, const std::function<void()>& check) {
    random_.again();
    CheckOpPart p{name, true, false, {}};
    try {
      check();
    } catch (const LeftOut& left_out) {
      p.left_out = true;
      p.message = left_out.reason;
    } catch (const std::exception& error) {
      p.passed = false;
      p.message = error.what();
    }
    result_.parts.push_back(std::move(p));
  }
  static void require(const std::string& what, const std::string& found) {
    if (!found.empty()) raise<Error>("{}: {}", what, found);
  }
  static void report(const GradcheckResult& found) { require("differs from differences", found.message); }

  Tensor call(const std::vector<Tensor>& inputs) const {
    random_.again();
    Tensor y = f_(inputs);
    if (!y.defined()) throw ValueError("[check_op] the function returned an undefined tensor.");
    return y;
  }
  /// f of the floating-point inputs alone.
  TensorsFunction of_floating() const {
    return [this](const std::vector<Tensor>& in) {
      std::vector<Tensor> all = inputs_;
      for (std::size_t k = 0; k < where_.size(); ++k) all[where_[k]] = in[k];
      return call(all);
    };
  }
  std::vector<Tensor> floating() const {
    std::vector<Tensor> x;
    for (const std::size_t i : where_) x.push_back(inputs_[i].detach());
    return x;
  }
  std::vector<Tensor> leaves() const {
    std::vector<Tensor> x;
    for (const std::size_t i : where_) x.push_back(inputs_[i].detach().clone().requires_grad_());
    return x;
  }
  static std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& x, bool recorded) {
    std::vector<Tensor> grads(x.size());
    if (y.requires_grad())
      grads = grad({y}, x, {uneven_numbers(y.shape(), y.dtype())}, {.create_graph = recorded, .allow_unused = true});
    for (std::size_t i = 0; i < x.size(); ++i)
      grads[i] = grads[i].defined() ? grads[i].detach() : zeros(x[i].shape(), {.dtype = x[i].dtype()});
    return grads;
  }

  void value() const {
    const Tensor y = call(inputs_);
    if (!options_.reference) throw LeftOut{"no reference was given"};
    random_.again();
    require("differs from the reference", difference(y, options_.reference(inputs_), options_.value_rtol));
  }

  void forward_mode() const {
    const TensorsFunction f = of_floating();
    const std::vector<Tensor> x = floating();
    std::vector<Tensor> v, above, below;
    const double eps = options_.differences.eps;
    for (std::size_t i = 0; i < x.size(); ++i) {
      v.push_back(uneven_numbers(x[i].shape(), float64, 0.1 + static_cast<double>(i)) - 1.2);
      above.push_back(x[i] + v[i] * eps);
      below.push_back(x[i] - v[i] * eps);
    }
    const Tensor want = (f(above) - f(below)) / (2 * eps);
    require("the tangent differs from differences", difference(jvp(f, x, v).tangent, want, options_.differences.rtol));
    if (!options_.second_order) return;
    const auto weighted = [&](const std::vector<Tensor>& in) {
      const Tensor y = f(in);
      return (y * uneven_numbers(y.shape(), y.dtype())).sum();
    };
    const auto gradient = [&](const std::vector<Tensor>& in) {
      std::vector<Tensor> flat;
      for (const Tensor& g : value_and_grad(weighted, in).gradients) flat.push_back(g.flatten());
      return cat(flat, 0);
    };
    const Tensor over_sweep = jvp(gradient, x, v).tangent;
    const std::vector<Tensor> sweep_over = hvp(weighted, x, v);
    const std::vector<Tensor> at = leaves();
    const std::vector<Tensor> first = grad({weighted(at)}, at, {}, {.create_graph = true, .allow_unused = true});
    Tensor sum;
    for (std::size_t i = 0; i < first.size(); ++i)
      if (first[i].defined() && first[i].requires_grad())
        sum = sum.defined() ? sum + (first[i] * v[i]).sum() : (first[i] * v[i]).sum();
    std::vector<Tensor> twice(at.size());
    if (sum.defined()) twice = grad({sum}, at, {}, {.allow_unused = true});
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const Tensor want_i = twice[i].defined() ? twice[i] : zeros_like(x[i]);
      require(fmt::format("forward mode over a sweep differs from two sweeps for input {}", where_[i]),
              difference(over_sweep.narrow(0, offset, x[i].numel()).reshape(x[i].shape()), want_i, 1e-8));
      require(fmt::format("a sweep over forward mode differs from two sweeps for input {}", where_[i]),
              difference(sweep_over[i], want_i, 1e-8));
      offset += x[i].numel();
    }
  }

  void fused() const {
    const std::vector<Tensor> a = leaves(), b = leaves();
    const std::vector<Tensor> once = gradients(of_floating()(a), a, false),
                              again = gradients(of_floating()(b), b, true);
    for (std::size_t i = 0; i < once.size(); ++i)
      require(fmt::format("gradients with and without create_graph differ for input {}", where_[i]),
              difference(once[i], again[i], 1e-10));
  }

  /// The same values in other memory: stored in reverse order of dimensions, and with gaps.
  static std::vector<std::pair<const char*, Tensor>> in_layouts(const Tensor& x) {
    std::vector<std::pair<const char*, Tensor>> all;
    if (x.dim() == 0) return all;
    Dims reverse;
    for (std::int64_t d = x.dim(); d-- > 0;) reverse.push_back(d);
    all.emplace_back("dimensions stored in reverse", x.permute(reverse).clone().permute(reverse));
    const Tensor gaps = stack({x, x * 0.0 - 7.0}, -1);
    all.emplace_back("every other element of memory", gaps.select(-1, 0));
    all.emplace_back("rows inside a larger tensor", cat({x, x, x}, 0).narrow(0, x.size(0), x.size(0)));
    return all;
  }
  void layouts() const {
    const std::vector<Tensor> plain = leaves();
    const TensorsFunction f = of_floating();
    const Tensor want = f(plain);
    const std::vector<Tensor> want_grads = gradients(want, plain, false);
    bool any = false;
    for (std::size_t i = 0; i < plain.size(); ++i)
      for (const auto& [layout, x] : in_layouts(plain[i].detach())) {
        any = true;
        std::vector<Tensor> in = leaves();
        in[i] = x.detach().requires_grad_();
        const std::string what = fmt::format("input {} with {}", where_[i], layout);
        const Tensor y = f(in);
        require(what + ", value", difference(y, want, options_.value_rtol));
        const std::vector<Tensor> grads = gradients(y, in, false);
        for (std::size_t k = 0; k < grads.size(); ++k)
          require(fmt::format("{}, gradient of input {}", what, where_[k]),
                  difference(grads[k], want_grads[k], options_.value_rtol));
      }
    if (!any) throw LeftOut{"all inputs are 0-d"};
  }

  void narrow_dtype() const {
    const std::vector<Tensor> wide = leaves();
    const Tensor want = of_floating()(wide);
    std::vector<Tensor> narrow;
    for (const Tensor& x : wide) narrow.push_back(x.detach().to(float32).requires_grad_());
    const Tensor y = of_floating()(narrow);
    if (is_floating(want.dtype()) && y.dtype() != float32)
      raise<DtypeError>("the value is {} for float32", name(y.dtype()));
    require("the value differs from that of float64",
            difference(y.to(float64), want.to(float64), options_.float32_rtol));
    if (!is_floating(want.dtype())) return;
    const std::vector<Tensor> a = gradients(y, narrow, false), b = gradients(want, wide, false);
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i].dtype() != float32)
        raise<DtypeError>("the gradient of input {} is {} for float32", where_[i], name(a[i].dtype()));
      require(fmt::format("the gradient of input {} differs from that of float64", where_[i]),
              difference(a[i].to(float64), b[i], 10 * options_.float32_rtol));
    }
  }

  void no_rows() const {
    const Tensor y = call(inputs_);
    if (y.dim() == 0) throw LeftOut{"the value has no rows"};
    const std::int64_t rows = y.size(0);
    std::vector<Tensor> in = inputs_;
    bool any = false;
    for (Tensor& x : in)
      if (x.dim() == y.dim() && x.size(0) == rows) {
        x = x.detach().narrow(0, 0, 0).clone();
        if (is_floating(x.dtype())) x.requires_grad_();
        any = true;
      }
    if (!any) throw LeftOut{"no input has the rows of the value"};
    const Tensor none = call(in);
    Shape want = y.shape();
    want[0] = 0;
    if (none.shape() != want)
      raise<ShapeError>("without rows the value has shape {}, it must be {}", none.shape().str(), want.str());
    if (!none.requires_grad()) return;
    std::vector<Tensor> wanted;
    for (const Tensor& x : in)
      if (x.requires_grad()) wanted.push_back(x);
    const std::vector<Tensor> grads = gradients(none, wanted, false);
    for (std::size_t i = 0; i < grads.size(); ++i)
      if (grads[i].shape() != wanted[i].shape())
        raise<ShapeError>("without rows a gradient has shape {}, its input {}", grads[i].shape().str(),
                          wanted[i].shape().str());
  }

  void attribution() const {
    using autograd::Rule;
    std::vector<Tensor> x;
    for (const Tensor& t : inputs_) x.push_back(t.detach());
    const TensorsFunction f = [this](const std::vector<Tensor>& in) { return call(in); };
    const autograd::detail::TracedPair pair(f, x, autograd::detail::reversed_elements(x));
    if (pair.at_x.entries().size() != pair.at_r.entries().size())
      throw Error("the function takes other ops for other values");
    bool any = false;
    std::string without;
    for (std::size_t n = 0; n < pair.at_x.entries().size(); ++n) {
      const autograd::AppliedOp& op = *pair.at_x.entries()[n].op;
      const autograd::PairContext context = autograd::detail::context_of(pair, n);
      if (std::none_of(context.varies.begin(), context.varies.end(), [](bool v) { return v; })) continue;
      if (op.rule() == Rule::constant) continue;
      if (op.rule() == Rule::unsupported) {
        without = op.name();
        continue;
      }
      any = true;
      const autograd::detail::Completeness found = autograd::detail::completeness(op, context);
      if (!found.shapes_agree) raise<ShapeError>("{} gives shares of another shape than its inputs", op.name());
      if (!found.complete())
        raise<Error>("the shares of {} miss {} of its contribution, allowed {}", op.name(), found.missing,
                     found.allowed);
    }
    if (!without.empty()) throw LeftOut{without + " has no attribution rule"};
    if (!any) throw LeftOut{"no op depends on the inputs"};
  }

  void threads() const {
    struct Outcome {
      Tensor value;
      std::vector<Tensor> grads;
      std::exception_ptr error;
    };
    const auto work = [&](Outcome& outcome) {
      try {
        for (int i = 0; i < 5; ++i) {
          const std::vector<Tensor> x = leaves();
          const Tensor y = of_floating()(x);
          outcome.grads = gradients(y, x, false);
          outcome.value = y.detach();
        }
      } catch (...) {
        outcome.error = std::current_exception();
      }
    };
    const Generator start = default_generator();
    const auto check = [&](const Outcome& got, const Outcome& want, const char* what) {
      if (got.error) std::rethrow_exception(got.error);
      require(what, difference(got.value, want.value, 0));
      for (std::size_t i = 0; i < want.grads.size(); ++i)
        require(fmt::format("{}, gradient of input {}", what, where_[i]), difference(got.grads[i], want.grads[i], 0));
    };
    Outcome want;
    work(want);
    if (want.error) std::rethrow_exception(want.error);
    std::vector<Outcome> outcomes(4);
    {
      std::vector<std::thread> all;
      struct Join {
        std::vector<std::thread>& threads;
        ~Join() {
          for (std::thread& t : threads) t.join();
        }
      } join{all};
      for (Outcome& outcome : outcomes)
        all.emplace_back([&] {
          default_generator() = start;
          work(outcome);
        });
    }
    for (const Outcome& outcome : outcomes) check(outcome, want, "differs among threads that call it at once");
    const std::int64_t found = num_threads();
    struct Restore {
      std::int64_t count;
      ~Restore() { set_num_threads(count); }
    } restore{found};
    for (const std::int64_t count : {1, 3}) {
      set_num_threads(count);
      Outcome outcome;
      work(outcome);
      check(outcome, want, "differs with the number of threads");
    }
  }

  const TensorsFunction& f_;
  const std::vector<Tensor>& inputs_;
  const CheckOpOptions& options_;
  std::vector<std::size_t> where_;  // the floating-point inputs
  SameNumbers random_;
  CheckOpResult result_;
};

}  // namespace

CheckOpResult::operator bool() const {
  bool any = false;
  for (const CheckOpPart& p : parts) {
    if (!p.passed) return false;
    any |= !p.left_out;
  }
  return any;
}

const CheckOpPart& CheckOpResult::part(const std::string& name) const {
  for (const CheckOpPart& p : parts)
    if (p.name == name) return p;
  raise<ValueError>("[check_op] there is no part \"{}\".", name);
}

std::string CheckOpResult::str() const {
  std::string text;
  for (const CheckOpPart& p : parts)
    text += fmt::format("{:<18} {}{}{}\n", p.name,
                        p.left_out ? "left out"
                        : p.passed ? "passed"
                                   : "FAILED",
                        p.message.empty() ? "" : ": ", p.message);
  return text;
}

std::ostream& operator<<(std::ostream& out, const CheckOpResult& result) { return out << result.str(); }

CheckOpResult check_op(const TensorsFunction& f, const std::vector<Tensor>& inputs, const CheckOpOptions& options) {
  const EnableGrad recording;
  return Check(f, inputs, options).run();
}

CheckOpResult check_op(const TensorFunction& f, const Tensor& x, const CheckOpOptions& options) {
  return check_op([&](const std::vector<Tensor>& in) { return f(in[0]); }, std::vector<Tensor>{x}, options);
}

}  // namespace xg
