// Tensors: making them, views that share memory, broadcasting, indexing, writing in place, random streams, printing.
#include <xgrad/xgrad.hpp>

#include <iostream>

using namespace xg;

int main() {
  Tensor a = arange(12.0).reshape({3, 4});
  Tensor b = tensor({{1, 2}, {3, 4}}, {.dtype = float64});
  Tensor labels = tensor<int64_t>({2, 0, 1});
  std::cout << a << "\n" << b.repr() << "\n" << labels.repr() << "\n";

  // Views share memory: what is written through one is seen by the other. clone() copies.
  Tensor corner = a.slice(0, 0, 2).slice(1, 2, 4);
  Tensor kept = corner.clone();
  corner.fill_(-1);
  std::cout << "after writing through a view\n"
            << a << "\nstrides " << a.t().strides() << ", kept " << kept.flatten() << "\n";

  // Broadcasting: sizes of one stretch. Here every row loses its mean, every column is scaled.
  Tensor centered = (a - a.mean({1}, true)) * tensor({1, 10, 100, 1000});
  std::cout << "centered and scaled " << centered.shape() << "\n" << centered << "\n";

  // Indexing as in NumPy: numbers and slices view; masks and integer tensors copy.
  std::cout << "one number " << a[2][3].item() << ", every second column "
            << a.index({ellipsis, Slice{.step = 2}}).shape() << ", rows by number " << a[labels].shape()
            << ", values above 5 " << a[a > 5] << "\n";
  a.index_put_({a < 0}, scalar_tensor(0.5));
  a += 1;
  std::cout << "in place\n" << a << "\n";

  // Several operands, reductions, products.
  auto [values, places] = a.max(1);
  std::cout << "row maxima " << values << " at " << places << ", std " << a.std().item() << "\n";
  std::cout << "a a^T " << einsum("ik,jk->ij", {a, a}).shape() << ", stacked " << cat({a, a}, 1).shape() << "\n";

  // Random numbers are a function of seed and place in the stream: any thread count gives the same bits.
  Generator stream(7);
  Tensor first = randn({2, 3}, {.generator = &stream});
  stream.manual_seed(7);
  const bool repeats = allclose(first, randn({2, 3}, {.generator = &stream}), 0, 0);
  set_print_options({.precision = 2});
  std::cout << "normal\n" << first << "\nsame seed, same numbers: " << std::boolalpha << repeats << "\n";
  std::cout << "permutation " << randperm(5, {.generator = &stream}) << ", dice "
            << randint(1, 7, {4}, {.generator = &stream}) << "\n";
  return repeats ? 0 : 1;
}
