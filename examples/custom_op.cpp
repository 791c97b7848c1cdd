// An op with an exact attribution rule: backward gives derivatives of any order, secant makes explanations exact.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;

// squareplus(x) = (x + sqrt(x^2 + 4)) / 2, a smooth relu.
struct Squareplus : autograd::Function<Squareplus> {
  static Tensor forward(autograd::Context& ctx, const Tensor& x) {
    ctx.save_for_backward({x});
    return (x + root(x)) / 2;
  }
  // Ordinary ops, so that the derivative has derivatives.
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    const Tensor& x = ctx.saved()[0];
    return {grad * (1 + x / root(x)) / 2};
  }
  // (f(x) - f(r)) / (x - r), rearranged so that nothing is subtracted: as exact where x and r are close, f'(x) where
  // equal.
  static Tensor secant(const autograd::Context&, const Tensor& x, const Tensor& r) {
    return (1 + (x + r) / (root(x) + root(r))) / 2;
  }
  static Tensor root(const Tensor& x) { return sqrt(square(x) + 4); }
};

// An op of two tensors that computes only the gradients that are needed.
struct Product : autograd::Function<Product> {
  static Tensor forward(autograd::Context& ctx, const Tensor& a, const Tensor& b) {
    ctx.save_for_backward({a, b});
    return a * b;
  }
  static autograd::Gradients backward(autograd::Context& ctx, const Tensor& grad) {
    const std::vector<Tensor>& saved = ctx.saved();
    return {ctx.needs_input_grad(0) ? grad * saved[1] : Tensor(), ctx.needs_input_grad(1) ? grad * saved[0] : Tensor()};
  }
};

int main() {
  manual_seed(0);
  Tensor x = randn({3, 4}, {.dtype = float64, .requires_grad = true});
  Tensor y = randn({3, 4}, {.dtype = float64, .requires_grad = true});
  auto squareplus = [](const Tensor& t) { return Squareplus::apply(t); };
  auto product = [](const std::vector<Tensor>& t) { return Product::apply(t[0], t[1]); };
  const bool first = gradcheck(squareplus, x) && gradcheck(product, {x, y});
  const bool second = gradgradcheck(squareplus, x) && gradgradcheck(product, {x, y});
  std::cout << std::boolalpha << "gradcheck " << first << ", gradgradcheck " << second << "\n";
  std::cout << "graph of one apply: " << Squareplus::apply(x).grad_fn_name() << "\n";

  // As an activation it has a name in summaries and pictures, and DeepShap takes the secant: no op had to be
  // integrated.
  nn::Sequential model("Net", nn::Dense(4, 8, {.activation = {"squareplus", squareplus}, .name = "h1"}),
                       nn::Dense(8, 1, {.name = "output"}));
  std::cout << model.summary() << "\n";
  explain::Explanation e = explain::DeepShap(model, randn({20, 4}))(randn({1, 4}));
  std::cout << e << "\nops integrated: " << e.fallback_ops().size() << "\n";
  return first && second && e.fallback_ops().empty() ? 0 : 1;
}
