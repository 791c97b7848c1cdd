#include "explain/random_models.hpp"

#include <xgrad/autograd/detail/op.hpp>
#include <xgrad/autograd/function.hpp>
#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace xg_test {

using namespace xg;

namespace {

/// x tanh x, without a rule: its attribution is integrated.
struct Integrated : autograd::Function<Integrated> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return x * tanh(x);
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    const Tensor& x = ctx.saved()[0];
    const Tensor t = tanh(x);
    return {grad * (t + x * (1.0 - t * t))};
  }
};

// ---- ops of the list

/// A sample of an op whose rows are independent of each other and of their number.
struct ListedOp {
  std::string name;
  std::function<Tensor(const std::vector<Tensor>&)> call;
  std::vector<Tensor> inputs;  // of the sample: what is floating and has rows is replaced
  std::vector<bool> has_rows;
  bool jumps = false;
};

bool same_numbers(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const std::vector<double> u = a.to_vector(), v = b.to_vector();
  for (std::size_t i = 0; i < u.size(); ++i)
    if (!(u[i] == v[i] || (std::isnan(u[i]) && std::isnan(v[i])) || std::abs(u[i] - v[i]) <= 1e-9 * std::abs(u[i])))
      return false;
  return true;
}

/// Does the sample give each row its own result, whatever the number of rows?
bool rows_are_independent(const ListedOp& op) {
  std::vector<Tensor> twice = op.inputs, reversed = op.inputs;
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < op.inputs.size(); ++i)
    if (op.has_rows[i]) {
      rows = op.inputs[i].size(0);
      twice[i] = cat({op.inputs[i], op.inputs[i]}, 0);
      reversed[i] = flip(op.inputs[i], 0);
    }
  if (rows < 2) return false;
  try {
    const Tensor once = op.call(op.inputs), more = op.call(twice), back = op.call(reversed);
    if (once.dim() == 0 || once.size(0) != rows || once.numel() == 0 || more.dim() == 0 || more.size(0) != 2 * rows)
      return false;
    return same_numbers(once, more.narrow(0, 0, rows)) && same_numbers(once, more.narrow(0, rows, rows)) &&
           same_numbers(once, flip(back, 0));
  } catch (const Error&) {
    return false;  // a shape among its attributes
  }
}

/// Does every op in a trace of the sample have a rule and leave rows where they are? `jumps` becomes true if one jumps.
bool is_explained(const ListedOp& op, bool& jumps) {
  autograd::Trace trace;
  {
    const autograd::TraceMode mode(trace);
    static_cast<void>(op.call(op.inputs));
  }
  for (const autograd::TraceEntry& entry : trace.entries()) {
    if (entry.op->rule() == autograd::Rule::unsupported || entry.op->mixes_rows(2)) return false;
    jumps = jumps || entry.op->traits().jumps;
  }
  return true;
}

const std::vector<ListedOp>& listed_ops() {
  static const std::vector<ListedOp> found = [] {
    const NoGrad guard;
    std::vector<ListedOp> ops;
    for (const autograd::OpInfo& info : autograd::all_ops()) {
      // A sample applies the op without the checks of its function. Most other ops have attributes or arguments that
      // belong to the number of rows, and would read beyond them: they have steps of their own below.
      constexpr std::string_view by_dims[] = {
          "all",         "amax",          "amin",        "any",    "argmax", "argmin",
          "cat",         "count_nonzero", "cumprod",     "cumsum", "flip",   "linear_recurrence",
          "log_softmax", "logsumexp",     "max",         "mean",   "min",    "prod",
          "roll",        "softmax",       "stack",       "std",    "sum",    "tril",
          "triu",        "var",           "vector_norm", "where"};
      if (!info.elementwise && std::find(std::begin(by_dims), std::end(by_dims), info.name) == std::end(by_dims))
        continue;
      for (const autograd::Sample& sample : info.samples(float64)) {
        ListedOp op{fmt::format("{} ({})", info.name, sample.label), sample.call, sample.inputs, {}, false};
        for (const Tensor& t : sample.inputs)
          op.has_rows.push_back(t.is_floating_point() && t.dim() == 2 && t.size(0) > 1 && t.size(1) > 0);
        bool mixed = false;  // integer targets, or rows of several numbers
        std::int64_t rows = 0;
        for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
          if (op.has_rows[i]) {
            mixed = mixed || (rows != 0 && rows != sample.inputs[i].size(0));
            rows = sample.inputs[i].size(0);
          } else {
            mixed = mixed || !sample.inputs[i].is_floating_point();
          }
        }
        if (mixed) continue;
        if (!rows_are_independent(op) || !is_explained(op, op.jumps)) continue;
        ops.push_back(std::move(op));
      }
    }
    return ops;
  }();
  return found;
}

// ---- building

class Builder {
 public:
  Builder(std::uint64_t seed, Dtype dtype) : random_(seed), dtype_(dtype) {}

  RandomModel build() {
    RandomModel model;
    const std::int64_t n = 2 + below(4), reads = n - (below(3) == 0 ? 1 : 0);
    for (std::int64_t i = reads; i < n; ++i) model.unused.push_back(i);
    make_data(model, n);
    widths_ = {reads};
    text_ = fmt::format("{} features", n);
    const std::int64_t steps = 1 + below(6);
    for (std::int64_t i = 0; i < steps; ++i) add_step();
    // The last value and one more lead to the outputs, so that nothing is left hanging.
    const std::size_t last = widths_.size() - 1, other = pick();
    const std::int64_t outputs = 1 + below(3), end = below(4);
    const Map from_last = map(widths_[last], outputs), from_other = map(widths_[other], outputs);
    const char* ends[] = {"", ", sigmoid", ", softmax", ""};
    text_ += fmt::format(", {} outputs{}", outputs, ends[end]);
    model.function = [steps = steps_, reads, last, other, from_last, from_other, end](const Tensor& x) {
      std::vector<Tensor> values{x.narrow(1, 0, reads)};
      for (const Step& step : steps) values.push_back(step(values));
      const Tensor y = from_last(values[last]) + from_other(values[other]) * 0.5;
      return end == 1 ? sigmoid(y) : (end == 2 ? softmax(y, 1) : y);
    };
    model.jumps = jumps_;
    model.text = text_;
    return model;
  }

 private:
  using Step = std::function<Tensor(const std::vector<Tensor>&)>;

  /// x W^T + b
  struct Map {
    Tensor weight, bias;
    Tensor operator()(const Tensor& x) const { return linear(x, weight, bias); }
  };

  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()); }
  std::size_t pick() { return static_cast<std::size_t>(below(static_cast<std::int64_t>(widths_.size()))); }
  Tensor numbers(const Shape& shape, double scale) {
    std::vector<double> values(static_cast<std::size_t>(shape.numel()));
    for (double& v : values) v = scale * normal();
    return from_data(values.data(), shape).to(dtype_);
  }
  Map map(std::int64_t from, std::int64_t to) {
    return {numbers({to, from}, 1.3 / std::sqrt(static_cast<double>(from))), numbers({to}, 0.5)};
  }
  void add(std::string what, std::int64_t width, Step step) {
    text_ += ", " + std::move(what);
    widths_.push_back(width);
    steps_.push_back(std::move(step));
  }

  /// Columns of several kinds: normal numbers, small integers, one value, a copy of another column, large numbers.
  void make_data(RandomModel& model, std::int64_t n) {
    const std::int64_t rows = 4, references = 5;
    std::vector<double> x(static_cast<std::size_t>(rows * n)), r(static_cast<std::size_t>(references * n));
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t kind = below(6);
      const double constant = normal();
      const auto fill = [&](std::vector<double>& t, std::int64_t count) {
        for (std::int64_t row = 0; row < count; ++row) {
          double& v = t[static_cast<std::size_t>(row * n + i)];
          v = kind == 0            ? static_cast<double>(below(4) - 1)
              : kind == 1          ? constant
              : kind == 2 && i > 0 ? t[static_cast<std::size_t>(row * n + i - 1)]
              : kind == 3          ? 1000 + normal()
                                   : normal();
        }
      };
      fill(x, rows);
      fill(r, references);
    }
    std::copy_n(x.begin(), n, r.begin());  // a row that is its own reference
    model.rows = from_data(x.data(), {rows, n}).to(dtype_);
    model.references = from_data(r.data(), {references, n}).to(dtype_);
  }

  void add_step() {
    const std::size_t a = pick(), b = pick();
    const std::int64_t width = widths_[a], out = 1 + below(6);
    switch (below(20)) {
      case 0:
        return add("linear", out, [a, m = map(width, out)](const auto& v) { return m(v[a]); });
      case 1: {  // one activation in two places
        const Map first = map(width, out), second = map(out, out);
        const auto f = activation();
        return add("dense twice", out, [=](const auto& v) { return f(second(f(first(v[a])))); });
      }
      case 2: {  // a residual link around a layer that is used twice
        const Map layer = map(width, width);
        const auto f = activation();
        return add("residual, reused", width, [=](const auto& v) {
          const Tensor h = v[a] + f(layer(v[a]));
          return h + f(layer(h));
        });
      }
      case 3:
        return add("cat", width + widths_[b], [a, b](const auto& v) { return cat({v[a], v[b]}, 1); });
      case 17: {  // products of rows with themselves, normalized
        return add("attention", 3, [a, q = map(width, 6)](const auto& v) {
          const Tensor z = q(v[a]), rows = z.reshape({z.size(0), 3, 2});
          return layer_norm(softmax(matmul(rows, rows.transpose(1, 2)), 2).sum(2) + z.narrow(1, 0, 3), {3});
        });
      }
      case 18:
        return add("losses of elements", out, [a, p = map(width, out), q = map(width, out)](const auto& v) {
          const Tensor x = p(v[a]), t = sigmoid(q(v[a]));
          return binary_cross_entropy_with_logits(x, t, {.reduction = Reduction::none}) +
                 huber_loss(x, t, {.reduction = Reduction::none});
        });
      case 16: {  // other places, by views and by an index
        const std::int64_t column = below(width);
        const Tensor index = tensor<std::int64_t>({column, 0, column});
        return add("views", 2 * width + 3, [a, index, width](const auto& v) {
          const Tensor square =
              v[a].unsqueeze(2).expand({v[a].size(0), width, 2}).transpose(1, 2).reshape({-1, 2 * width});
          return cat({square, v[a].index_select(1, index)}, 1);
        });
      }
      case 4:
        return add("product", out,
                   [a, b, p = map(width, out), q = map(widths_[b], out)](const auto& v) { return p(v[a]) * q(v[b]); });
      case 5: {  // a mask that depends on the features
        jumps_ = true;
        return add("where", out,
                   [a, b, c = map(width, out), p = map(width, out), q = map(widths_[b], out)](const auto& v) {
                     return where(c(v[a]) > 0, p(v[a]), q(v[b]));
                   });
      }
      case 6: {  // a branch that is not a number where it is not taken
        jumps_ = true;
        return add("log or 0", out, [a, m = map(width, out)](const auto& v) {
          const Tensor z = m(v[a]);
          return where(z > 0, log(z), zeros_like(z));
        });
      }
      case 7: {  // attention with a mask of minus infinities
        const std::int64_t k = 3;
        std::vector<double> mask{0, 0, 0};
        mask[static_cast<std::size_t>(below(k))] = -std::numeric_limits<double>::infinity();
        const Tensor masked = from_data(mask.data(), {k}).to(dtype_);
        return add("masked softmax", k, [a, masked, m = map(width, k)](const auto& v) {
          const Tensor z = m(v[a]);
          return softmax(z + masked, 1) * z;
        });
      }
      case 8: {
        jumps_ = true;
        const Tensor table = numbers({3}, 1);
        return add("step as a number", out, [a, m = map(width, out), dtype = dtype_](const auto& v) {
          return (m(v[a]) >= 0.1).to(dtype) * 2.5;
        });
      }
      case 9: {
        jumps_ = true;
        const Tensor table = numbers({4, 2}, 1);
        return add("embedding of a cast", 2, [a, table, m = map(width, 1)](const auto& v) {
          return embedding(clamp(abs(m(v[a])), 0, 3).to(int64).select(1, 0), table);
        });
      }
      case 10: {
        jumps_ = true;
        const Tensor table = numbers({3, 2}, 1);
        return add("one_hot of a cast", 2, [a, table, m = map(width, 1), dtype = dtype_](const auto& v) {
          return matmul(one_hot(clamp(m(v[a]), 0, 2).to(int64).select(1, 0), 3).to(dtype), table);
        });
      }
      case 11:
        return add("in place", out, [a, m = map(width, out), kind = below(3)](const auto& v) {
          Tensor h = m(v[a]);
          if (kind == 0) h.relu_();
          if (kind == 1) h.mul_(h);
          if (kind == 2) h.add_(v[a].narrow(1, 0, 1)).sigmoid_();
          return h;
        });
      case 12:  // ties, also of elements that never change
        return add("maximum of a tie", width, [a, low = normal()](const auto& v) {
          return maximum(v[a], minimum(v[a], full_like(v[a], low))) + amax(v[a], 1, true);
        });
      case 13:
        return add("integrated", width, [a](const auto& v) { return Integrated::apply(v[a] * 0.3); });
      case 14: {  // other magnitudes, and another dtype on the way
        const double scale = std::pow(10.0, static_cast<double>(below(13) - 6));
        const Dtype other = dtype_ == float32 ? float64 : dtype_;
        return add("scaled", out, [a, scale, other, m = map(width, out), dtype = dtype_](const auto& v) {
          return (tanh(m(v[a]) * 0.3).to(other) * scale).to(dtype);
        });
      }
      default: {
        const std::vector<ListedOp>& ops = listed_ops();
        const ListedOp& op = ops[static_cast<std::size_t>(below(static_cast<std::int64_t>(ops.size())))];
        jumps_ = jumps_ || op.jumps;
        return add_listed(op);
      }
    }
  }

  /// An op of the list on values brought into the range of its sample.
  void add_listed(const ListedOp& op) {
    struct Argument {
      std::size_t value = 0;
      Map map;
      double low = 0, high = 0;
    };
    std::vector<Argument> arguments(op.inputs.size());
    std::vector<Tensor> constants;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Tensor& sample = op.inputs[i];
      constants.push_back(sample.is_floating_point() ? sample.to(dtype_) : sample);
      if (!op.has_rows[i]) continue;
      const std::size_t value = pick();
      arguments[i] = {value, map(widths_[value], sample.size(1)), sample.min().item(), sample.max().item()};
    }
    const Step step = [op, arguments, constants, dtype = dtype_](const std::vector<Tensor>& v) {
      std::vector<Tensor> inputs = constants;
      for (std::size_t i = 0; i < inputs.size(); ++i)
        if (op.has_rows[i]) {
          const Argument& a = arguments[i];
          inputs[i] = a.low + (a.high - a.low) * sigmoid(a.map(v[a.value]));
        }
      const Tensor y = op.call(inputs);
      const Tensor number = y.is_floating_point() ? y : y.to(dtype);
      return number.reshape({number.size(0), number.numel() / number.size(0)});
    };
    const Tensor result = op.call(op.inputs);
    add(op.name, result.numel() / result.size(0), step);
  }

  std::function<Tensor(const Tensor&)> activation() {
    switch (below(8)) {
      case 0:
        return [](const Tensor& x) { return relu(x); };
      case 1:
        return [](const Tensor& x) { return tanh(x); };
      case 2:
        return [](const Tensor& x) { return sigmoid(x); };
      case 3:
        return [](const Tensor& x) { return elu(x); };
      case 4:
        return [](const Tensor& x) { return gelu(x); };
      case 5:
        return [](const Tensor& x) { return softplus(x); };
      case 6:
        return [](const Tensor& x) { return leaky_relu(x, 0.1); };
      default:
        return [](const Tensor& x) { return clamp(x, -1, 1); };
    }
  }

  std::mt19937_64 random_;
  Dtype dtype_;
  std::vector<std::int64_t> widths_;
  std::vector<Step> steps_;
  std::string text_;
  bool jumps_ = false;
};

}  // namespace

RandomModel random_model(std::uint64_t seed, Dtype dtype) { return Builder(seed, dtype).build(); }

}  // namespace xg_test
