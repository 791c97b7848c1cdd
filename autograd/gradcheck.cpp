#include <xgrad/autograd/engine.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/gradcheck.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/random.hpp>
#include <xgrad/tensor/support/raise.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace xg {
namespace {

std::string label(const GradcheckOptions& options, std::size_t i) {
  return i < options.names.size() ? options.names[i] : fmt::format("input {}", i);
}

/// The addresses of the elements of x, in row-major order.
std::vector<double*> places_of(const Tensor& x) {
  std::vector<double*> places;
  if (x.numel() == 0) return places;
  places.push_back(static_cast<double*>(x.impl().data));
  for (std::size_t d = 0; d < x.shape().size(); ++d) {
    std::vector<double*> more;
    for (double* place : places)
      for (std::int64_t i = 0; i < x.shape()[d]; ++i) more.push_back(place + i * x.strides()[d]);
    places = std::move(more);
  }
  return places;
}

/// Throws ValueError where a change of one element would change another element of the inputs.
void check_memory(const char* op, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  std::vector<std::vector<double*>> sorted(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].dtype() == float64) {
      sorted[i] = places_of(inputs[i]);
      std::sort(sorted[i].begin(), sorted[i].end());
    }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    if (std::adjacent_find(sorted[i].begin(), sorted[i].end()) != sorted[i].end())
      raise<ValueError>(
          "[{}] several elements of {} (shape {}, strides {}) share memory, as after expand: clone it "
          "first.",
          op, label(options, i), inputs[i].shape().str(), inputs[i].strides().str());
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      if (inputs[j].is_same(inputs[i])) continue;  // the same tensor twice has one graph
      std::vector<double*> common;
      std::set_intersection(sorted[i].begin(), sorted[i].end(), sorted[j].begin(), sorted[j].end(),
                            std::back_inserter(common));
      if (!common.empty())
        raise<ValueError>("[{}] {} and {} share memory, so that moving one moves the other: clone one of them.", op,
                          label(options, i), label(options, j));
    }
  }
}

void check_inputs(const char* op, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    any = true;
    if (inputs[i].dtype() != float64)
      raise<DtypeError>("[{}] {} is {}, it must be float64: finite differences in less precision prove nothing.", op,
                        label(options, i), name(inputs[i].dtype()));
  }
  if (!any) raise<AutogradError>("[{}] no input requires grad: call requires_grad_() on one.", op);
  check_memory(op, inputs, options);
}

/// Records an input that no output depends on. Throws AutogradError unless that is allowed.
void note_unused(const char* op, const std::string& input, const GradcheckOptions& options, GradcheckResult& result) {
  if (!options.allow_unused)
    raise<AutogradError>(
        "[{}] no output depends on {}, so nothing is checked: use it, or pass {{.allow_unused = true}}.", op, input);
  result.notes.push_back(fmt::format("no output depends on {}", input));
}

/// Resets the default generator to its initial state before each evaluation and after the check.
class SameRandomNumbers {
 public:
  SameRandomNumbers() : found_(default_generator()) {}
  ~SameRandomNumbers() { again(); }
  SameRandomNumbers(const SameRandomNumbers&) = delete;
  SameRandomNumbers& operator=(const SameRandomNumbers&) = delete;
  void again() const { default_generator() = found_; }

 private:
  const Generator found_;
};

/// Changes an element and restores it at the end of the scope.
class Moved {
 public:
  explicit Moved(double* place) : place_(place), value_(*place) {}
  ~Moved() { *place_ = value_; }
  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;
  // Not counted as a write, because the value is restored before a saved tensor is read.
  void to(double value) const { *place_ = value; }

 private:
  double* place_;
  double value_;
};

/// Compares derivatives with differences. `reports_unused`: whether unused inputs are reported.
GradcheckResult compare(const char* op, const TensorsFunction& f, const std::vector<Tensor>& inputs,
                        const GradcheckOptions& options, bool reports_unused) {
  check_inputs(op, inputs, options);
  const EnableGrad recording;
  const SameRandomNumbers random;
  std::vector<std::size_t> checked;
  std::vector<Tensor> wanted;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].requires_grad()) {
      checked.push_back(i);
      wanted.push_back(inputs[i]);
    }
  std::int64_t outputs = 0;
  std::vector<bool> reached(wanted.size());
  std::vector<std::vector<std::vector<double>>> analytical(wanted.size());  // [inputs][outputs][elements]
  {
    const Tensor y = f(inputs);
    if (!y.is_floating_point())
      raise<DtypeError>("[{}] the function's value is {}, it must be floating.", op, name(y.dtype()));
    outputs = y.numel();
    for (std::int64_t k = 0; k < outputs; ++k) {
      std::vector<Tensor> grads(wanted.size());
      if (y.requires_grad()) {
        Tensor direction = zeros({outputs}, {.dtype = y.dtype()});
        direction.select(0, k).fill_(1);
        grads = grad({y}, wanted, {direction.reshape(y.shape())}, {.retain_graph = true, .allow_unused = true});
      }
      for (std::size_t w = 0; w < wanted.size(); ++w) {
        reached[w] = reached[w] || grads[w].defined();
        analytical[w].push_back((grads[w].defined() ? grads[w] : zeros_like(wanted[w])).to_vector<double>());
      }
    }
  }
  const auto value = [&] {
    random.again();
    return f(inputs).detach().to_vector<double>();
  };
  GradcheckResult result;
  double worst = 0;
  for (std::size_t w = 0; w < wanted.size(); ++w) {
    const std::string input = label(options, checked[w]);
    const std::vector<double*> places = places_of(wanted[w]);
    bool agrees = true;
    for (std::size_t j = 0; j < places.size(); ++j) {
      const double x = *places[j];
      std::vector<double> above, below;
      {
        const Moved element(places[j]);
        element.to(x + options.eps);
        above = value();
        element.to(x - options.eps);
        below = value();
      }
      if (above.size() != below.size() || above.size() != static_cast<std::size_t>(outputs))
        raise<ShapeError>(
            "[{}] the function's value has {} elements, and {} and {} after {} element {} was moved up and down: it "
            "must keep its shape.",
            op, outputs, above.size(), below.size(), input, j);
      for (std::size_t k = 0; k < above.size(); ++k) {
        const double numerical = (above[k] - below[k]) / ((x + options.eps) - (x - options.eps));
        const double exact = analytical[w][k][j];
        const double excess = std::abs(exact - numerical) / (options.atol + options.rtol * std::abs(numerical));
        if (excess <= 1 && !std::isnan(excess)) continue;  // NaN is a failure
        agrees = false;
        if (result.passed || excess > worst || std::isnan(excess)) {
          worst = excess;
          result.passed = false;
          result.message =
              fmt::format("{} element {}, output element {}: analytical {}{}, numerical {} (x = {}, step {})", input, j,
                          k, exact, reached[w] ? "" : " (no path in the graph)", numerical, x, options.eps);
        }
      }
    }
    if (reports_unused && agrees && !reached[w] && outputs > 0 && !places.empty())
      note_unused(op, input, options, result);
  }
  return result;
}

}  // namespace

GradcheckResult gradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options) {
  return compare("gradcheck", f, inputs, options, true);
}

GradcheckResult gradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options) {
  return gradcheck([&](const std::vector<Tensor>& in) { return f(in[0]); }, std::vector<Tensor>{x}, options);
}

GradcheckResult gradgradcheck(const TensorsFunction& f, const std::vector<Tensor>& inputs,
                              const GradcheckOptions& options) {
  check_inputs("gradgradcheck", inputs, options);
  const EnableGrad recording;
  GradcheckResult unused;
  Tensor weights;
  std::vector<Tensor> wanted;
  for (const Tensor& x : inputs)
    if (x.requires_grad()) wanted.push_back(x);
  const auto first = [&](const Tensor& y, const Tensor& grad_output) {
    if (!y.requires_grad()) return std::vector<Tensor>(wanted.size());
    return grad({y}, wanted, {grad_output}, {.retain_graph = true, .create_graph = true, .allow_unused = true});
  };
  {
    const SameRandomNumbers random;
    const Tensor y = f(inputs);
    // Fixed, uneven weights, because equal ones would hide errors that cancel in a sum.
    weights = (sin(arange(y.numel(), {.dtype = y.dtype()}) * 1.7 + 0.6) + 1.5).reshape(y.shape());
    const std::vector<Tensor> grads = first(y, weights);
    for (std::size_t i = 0, w = 0; i < inputs.size(); ++i)
      if (inputs[i].requires_grad() && !grads[w++].defined() && y.numel() > 0 && inputs[i].numel() > 0)
        note_unused("gradgradcheck", label(options, i), options, unused);
  }
  GradcheckOptions second = options;
  second.names.clear();
  for (std::size_t i = 0; i < inputs.size(); ++i) second.names.push_back(label(options, i));
  second.names.push_back("the weights of the outputs");
  std::vector<Tensor> arguments = inputs;
  arguments.push_back(weights.requires_grad_());
  const auto gradient = [&](const std::vector<Tensor>& in) {
    const std::vector<Tensor> grads = first(f(inputs), in.back());
    std::vector<Tensor> parts;
    for (std::size_t w = 0; w < wanted.size(); ++w)
      parts.push_back((grads[w].defined() ? grads[w] : wanted[w] * 0.0).reshape({wanted[w].numel()}));
    return cat(parts);
  };
  // A gradient need not depend on the input: that of a linear function is constant.
  GradcheckResult result = compare("gradgradcheck", gradient, arguments, second, false);
  if (!result.passed) result.message = "second order: " + result.message;
  result.notes = std::move(unused.notes);
  return result;
}

GradcheckResult gradgradcheck(const TensorFunction& f, const Tensor& x, const GradcheckOptions& options) {
  return gradgradcheck([&](const std::vector<Tensor>& in) { return f(in[0]); }, std::vector<Tensor>{x}, options);
}

}  // namespace xg
