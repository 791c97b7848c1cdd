// Derivatives: backward, grad of any order, Jacobian, Hessian and products with them, and checks by finite differences.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;

// Rosenbrock's valley; its minimum is at (1, 1).
Tensor rosenbrock(const Tensor& x) {
  Tensor a = x[0], b = x[1];
  return square(1 - a) + 100 * square(b - square(a));
}

int main() {
  // backward() accumulates into the leaves; grad() returns and touches nothing.
  Tensor x = tensor({0.5, 2.0}, {.dtype = float64, .requires_grad = true});
  rosenbrock(x).backward();
  std::cout << "gradient " << x.grad() << ", the same " << grad(rosenbrock(x), x) << "\n";

  // Higher orders: record the sweep itself with create_graph. The derivatives of sin, one after the other.
  Tensor t = scalar_tensor(1.0, {.dtype = float64, .requires_grad = true});
  Tensor y = sin(t);
  for (int order = 1; order <= 4; ++order) {
    y = grad(y, t, {}, {.create_graph = true});
    std::cout << "derivative " << order << " of sin at 1: " << y.item() << "\n";
  }

  // Verbs for plain functions: no leaf to prepare, nothing to reset.
  auto polar = [](const Tensor& p) { return stack({p[0] * cos(p[1]), p[0] * sin(p[1])}); };
  Tensor p = tensor({2.0, 0.5}, {.dtype = float64}), v = tensor({1.0, -1.0}, {.dtype = float64});
  std::cout << "Jacobian\n"
            << jacobian(polar, p) << "\nJ v " << jvp(polar, p, v).tangent << ", v^T J " << vjp(polar, p, v) << "\n";
  std::cout << "Hessian\n" << hessian(rosenbrock, x) << "\nH v " << hvp(rosenbrock, x, v) << "\n";

  // Newton's method: the Hessian is 2 x 2, so Cramer's rule solves H step = gradient.
  Tensor at = x.detach().clone();
  for (int i = 0; i < 6; ++i) {
    Tensor H = hessian(rosenbrock, at), g = jacobian(rosenbrock, at);
    Tensor det = H[0][0] * H[1][1] - H[0][1] * H[1][0];
    at -= stack({H[1][1] * g[0] - H[0][1] * g[1], H[0][0] * g[1] - H[1][0] * g[0]}) / det;
  }
  std::cout << "Newton arrives at " << at << "\n";

  // Without recording; and the checks that every op of xgrad passes.
  NoGrad guard;
  std::cout << "recorded in NoGrad: " << std::boolalpha << rosenbrock(x).requires_grad() << "\n";
  const GradcheckResult first = gradcheck(rosenbrock, x), second = gradgradcheck(rosenbrock, x);
  std::cout << "gradcheck " << bool(first) << ", gradgradcheck " << bool(second) << " " << first.message
            << second.message << "\n";
  return first && second && allclose(at, ones_like(at)) ? 0 : 1;
}
