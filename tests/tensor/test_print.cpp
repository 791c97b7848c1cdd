// Printing: the wanted texts are NumPy's (2.4, with precision 4, line width 80, threshold 1000, three edge items).
#include "support/catch.hpp"
#include "support/support.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/error.hpp>

#include <limits>
#include <sstream>

using namespace xg;

namespace {

constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

struct WithOptions {
  explicit WithOptions(PrintOptions options) { set_print_options(options); }
  ~WithOptions() { set_print_options({}); }
};

}  // namespace

// Breaks if digits, columns or the choice of notation differ from NumPy's.
TEST_CASE("tensors print as NumPy's arrays") {
  const TensorOptions doubles{.dtype = float64};
  CHECK(tensor({0.5, 0.25}).str() == "[0.5  0.25]");
  CHECK(tensor({1, 2, 3}).str() == "[1. 2. 3.]");
  CHECK(tensor({{1.5, -2}, {100.25, 0}}).str() == "[[  1.5   -2.  ]\n [100.25   0.  ]]");
  CHECK(tensor({1e-5, 1}).str() == "[1.e-05 1.e+00]");
  CHECK(tensor({1e6, 2}).str() == "[1.e+06 2.e+00]");
  CHECK(tensor({1e7, 2.5}, doubles).str() == "[1.0e+07 2.5e+00]");
  CHECK(tensor({0.123456789, 1234.5}, doubles).str() == "[1.2346e-01 1.2345e+03]");
  CHECK(tensor({1.0, 1000.5, 3}, doubles).str() == "[1.0000e+00 1.0005e+03 3.0000e+00]");
  CHECK(tensor({quiet_nan, 1.5, -inf, inf}, doubles).str() == "[ nan  1.5 -inf  inf]");
  CHECK(tensor({quiet_nan, quiet_nan}).str() == "[nan nan]");
  CHECK(tensor({1e-300, 1e300}, doubles).str() == "[1.e-300 1.e+300]");
  CHECK(tensor({1, 0}).to(bool_).str() == "[ True False]");
  CHECK(tensor({{1, -20}, {300, 4}}).to(int64).str() == "[[  1 -20]\n [300   4]]");
  CHECK(tensor({0, 255}).to(uint8).str() == "[  0 255]");
  CHECK(tensor({-0.0, 0.5}).str() == "[-0.   0.5]");
  CHECK(tensor({0.99999, 0.5}).str() == "[1.  0.5]");
  CHECK(zeros({2, 0, 3}).str() == "[]");
  CHECK(full({1, 1, 1, 1}, 7).str() == "[[[[7]]]]");
  CHECK(arange(24, {.dtype = float32}).reshape({2, 3, 4}).str() ==
        "[[[ 0.  1.  2.  3.]\n  [ 4.  5.  6.  7.]\n  [ 8.  9. 10. 11.]]\n\n"
        " [[12. 13. 14. 15.]\n  [16. 17. 18. 19.]\n  [20. 21. 22. 23.]]]");
  CHECK((arange(30, {.dtype = float32}) / 3.0).str() ==
        "[0.     0.3333 0.6667 1.     1.3333 1.6667 2.     2.3333 2.6667 3.     3.3333\n"
        " 3.6667 4.     4.3333 4.6667 5.     5.3333 5.6667 6.     6.3333 6.6667 7.\n"
        " 7.3333 7.6667 8.     8.3333 8.6667 9.     9.3333 9.6667]");
}

// Breaks if the middle of a large tensor is printed, or the format looks at elements that are not shown.
TEST_CASE("large tensors are summarized") {
  CHECK(arange(1001, {.dtype = float32}).str() == "[   0.    1.    2. ...  998.  999. 1000.]");
  CHECK(arange(2000, {.dtype = float32}).reshape({40, 50}).str() ==
        "[[0.000e+00 1.000e+00 2.000e+00 ... 4.700e+01 4.800e+01 4.900e+01]\n"
        " [5.000e+01 5.100e+01 5.200e+01 ... 9.700e+01 9.800e+01 9.900e+01]\n"
        " [1.000e+02 1.010e+02 1.020e+02 ... 1.470e+02 1.480e+02 1.490e+02]\n"
        " ...\n"
        " [1.850e+03 1.851e+03 1.852e+03 ... 1.897e+03 1.898e+03 1.899e+03]\n"
        " [1.900e+03 1.901e+03 1.902e+03 ... 1.947e+03 1.948e+03 1.949e+03]\n"
        " [1.950e+03 1.951e+03 1.952e+03 ... 1.997e+03 1.998e+03 1.999e+03]]");
  const WithOptions small({.precision = 2, .threshold = 5, .edge_items = 1, .line_width = 30});
  CHECK((arange(12, {.dtype = float32}).reshape({3, 4}) / 7.0).str() == "[[0.   ... 0.43]\n ...\n [1.14 ... 1.57]]");
}

// Breaks if options are not obeyed, or nonsense is accepted.
TEST_CASE("print options") {
  const WithOptions precise({.precision = 8, .line_width = 40});
  CHECK(linspace(0, 1, 7, {.dtype = float64}).str() ==
        "[0.         0.16666667 0.33333333\n 0.5        0.66666667 0.83333333\n 1.        ]");
  CHECK(print_options().precision == 8);
  CHECK_ERROR(set_print_options({.precision = -1}), ValueError, "[set_print_options]", "precision", "-1");
  CHECK_ERROR(set_print_options({.line_width = 3}), ValueError, "line_width", "3");
  CHECK_ERROR(set_print_options({.edge_items = -1}), ValueError, "edge_items");
}

// Breaks if a scalar loses digits.
TEST_CASE("scalars print the fewest digits that identify them") {
  CHECK(full({}, 0.1).str() == "0.1");
  CHECK(full({}, 1.0).str() == "1.0");
  CHECK(full({}, 1234567.0).str() == "1.234567e+06");
  CHECK(full({}, 1e-5).str() == "1e-05");
  CHECK(full({}, 1e16, {.dtype = float64}).str() == "1e+16");
  CHECK(full({}, 123456789.0, {.dtype = float64}).str() == "123456789.0");
  CHECK(full({}, -inf).str() == "-inf");
  CHECK(full({}, 2.0 / 3, {.dtype = float64}).str() == "0.6666666666666666");
  CHECK(full({}, 7).str() == "7");
  CHECK(full({}, true).str() == "True");
}

// Breaks if every layout does not print alike.
TEST_CASE("printing reads any layout") {
  const Tensor source = tensor({{1, 2, 3}, {4, 5, 6}});
  for (const auto& [layout, x] : xg_test::layouts(source)) {
    INFO(layout);
    CHECK(x.str() == "[[1. 2. 3.]\n [4. 5. 6.]]");
  }
}

// Breaks if repr hides what a tensor is, or either form throws for an undefined tensor.
TEST_CASE("repr says shape, dtype and graph") {
  const Tensor x = tensor({{1, 2}, {3, 4}});
  CHECK(x.repr() == "tensor([[1., 2.],\n        [3., 4.]], shape=[2, 2], dtype=float32)");
  const Tensor leaf = tensor({1, 2}, {.requires_grad = true});
  CHECK(leaf.repr() == "tensor([1., 2.], shape=[2], dtype=float32, requires_grad=true)");
  CHECK((leaf * 2.0).repr().find("grad_fn=mul") != std::string::npos);
  CHECK(Tensor().repr() == "tensor(undefined)");
  std::ostringstream out;
  out << Tensor() << " " << x;
  CHECK(out.str() == "undefined [[1. 2.]\n [3. 4.]]");
}
