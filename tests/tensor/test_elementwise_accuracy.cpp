// How far elementwise functions are from the truth, in units of the last place, and that an element's bits depend
// neither on where it stands nor on its neighbours.
#include "support/catch.hpp"
#include "support/support.hpp"
#include "support/ulps.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/autograd/trace.hpp>
#include <xgrad/tensor/creation.hpp>
#include <xgrad/tensor/kernels/normal.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <random>
#include <type_traits>

namespace {

using xg::Tensor;
using xg_test::ulps;
using xg_test::Wide;

/// Numbers of every sign and exponent (a bit pattern out of each 2^32 / n), what lies near the ordinary ones, and all
/// that is special.
template <class T> std::vector<T> probes(std::size_t n) {
  using Bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  using Limits = std::numeric_limits<T>;
  std::mt19937_64 random(5);
  std::vector<T> x;
  const Bits step = static_cast<Bits>(~Bits{0} / n);
  for (std::size_t i = 0; i < n; ++i) {
    const Bits bits = static_cast<Bits>(step * i + random() % step);
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    x.push_back(value);
    x.push_back(static_cast<T>(std::exp2(std::uniform_real_distribution<double>(-8, 9.7)(random))) *
                (i % 2 == 0 ? T(1) : T(-1)));
  }
  for (T special : {T(0),
                    Limits::infinity(),
                    Limits::quiet_NaN(),
                    Limits::denorm_min(),
                    Limits::min(),
                    Limits::max(),
                    Limits::min() / 2,
                    T(1),
                    std::nextafter(T(1), T(0)),
                    T(0.625),
                    T(0.75),
                    T(4),
                    T(6),
                    T(18),
                    T(40),
                    T(87),
                    T(87.4),
                    T(88.37),
                    T(88.5),
                    T(88.72),
                    T(88.73),
                    T(89),
                    T(103.9),
                    T(104),
                    T(105),
                    T(708),
                    T(708.3),
                    T(709.7),
                    T(709.79),
                    T(710),
                    T(745),
                    T(745.2),
                    T(746),
                    T(1000)})
    for (const T value : {special, -special}) x.push_back(value);
  return x;
}

struct Function {
  const char* name;
  Tensor (*op)(const Tensor&);
  long double (*exact)(long double);
  double (*exact32)(double);
  double bound32, bound64;
};

template <class T> T sigmoid_of(T x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
template <class T> T softplus_of(T x) { return (x < 0 ? T(0) : x) + std::log1p(std::exp(-std::abs(x))); }
template <class T> T silu_of(T x) {
  return std::isinf(x) ? (x > 0 ? x : T(0)) : x * sigmoid_of(x);  // the limit
}

template <class T> T ndtr_of(T x) {
  return static_cast<T>(std::erfc(static_cast<long double>(-x) / std::numbers::sqrt2_v<long double>) / 2);
}
template <class T> T gelu_of(T x) { return std::isinf(x) && x < 0 ? T(0) : x * ndtr_of(x); }
template <class T> T mish_of(T x) { return std::isinf(x) && x < 0 ? T(0) : x * std::tanh(softplus_of(x)); }

#define XGRAD_BOTH(f) [](long double x) -> long double { return f(x); }, [](double x) -> double { return f(x); }

const Function functions[] = {
    {"exp", [](const Tensor& x) { return xg::exp(x); }, XGRAD_BOTH(std::exp), 1, 1.5},
    {"expm1", [](const Tensor& x) { return xg::expm1(x); }, XGRAD_BOTH(std::expm1), 2, 2},
    {"log", [](const Tensor& x) { return xg::log(x); }, XGRAD_BOTH(std::log), 1, 1},
    {"log1p", [](const Tensor& x) { return xg::log1p(x); }, XGRAD_BOTH(std::log1p), 1, 1},
    {"tanh", [](const Tensor& x) { return xg::tanh(x); }, XGRAD_BOTH(std::tanh), 2, 2},
    {"sigmoid", [](const Tensor& x) { return xg::sigmoid(x); }, XGRAD_BOTH(sigmoid_of), 2, 2},
    {"erf", [](const Tensor& x) { return xg::erf(x); }, XGRAD_BOTH(std::erf), 2, 2},
    {"softplus", [](const Tensor& x) { return xg::softplus(x, 1, 1e300); }, XGRAD_BOTH(softplus_of), 2, 2},
    {"logsigmoid", [](const Tensor& x) { return xg::logsigmoid(x); }, [](long double x) { return -softplus_of(-x); },
     [](double x) { return -softplus_of(-x); }, 2, 2},
    {"silu", [](const Tensor& x) { return xg::silu(x); }, XGRAD_BOTH(silu_of), 3, 3},
    {"erfcx", [](const Tensor& x) { return xg::special::erfcx(x); },
     [](long double x) { return xg::kernels::detail::erfcx(x); },
     [](double x) { return static_cast<double>(xg::kernels::detail::erfcx(static_cast<long double>(x))); }, 4, 4},
    {"ndtr", [](const Tensor& x) { return xg::special::ndtr(x); }, XGRAD_BOTH(ndtr_of), 4, 4},
    {"gelu", [](const Tensor& x) { return xg::gelu(x); }, XGRAD_BOTH(gelu_of), 4, 4},
    {"mish", [](const Tensor& x) { return xg::mish(x); }, XGRAD_BOTH(mish_of), 4, 4},
    {"sin", [](const Tensor& x) { return xg::sin(x); }, XGRAD_BOTH(std::sin), 3, 2},
    {"cos", [](const Tensor& x) { return xg::cos(x); }, XGRAD_BOTH(std::cos), 3, 2},
    {"sqrt", [](const Tensor& x) { return xg::sqrt(x); }, XGRAD_BOTH(std::sqrt), 0.5, 0.5},
    {"reciprocal", [](const Tensor& x) { return xg::reciprocal(x); }, [](long double x) { return 1 / x; },
     [](double x) { return 1 / x; }, 0.5, 0.5},
};

template <class T> void check(const Function& f, const std::vector<T>& x) {
  const Tensor y = f.op(xg::tensor(x));
  const T* got = y.data<T>();
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Wide<T> want;
    if constexpr (std::is_same_v<T, float>)
      want = f.exact32(static_cast<double>(x[i]));
    else
      want = f.exact(static_cast<long double>(x[i]));
    const double distance = ulps(got[i], want);
    if (!(distance <= worst)) worst = distance, at = i;
  }
  INFO(f.name << (std::is_same_v<T, float> ? " float32" : " float64") << ": " << worst << " ulp at " << x[at]
              << ", got " << got[at]);
  CHECK(worst <= (std::is_same_v<T, float> ? f.bound32 : f.bound64));
}

}  // namespace

// Breaks if a polynomial loses a digit, if overflow or denormals are cut off early, or if NaN, infinities or zeros are
// not what the C library gives.
TEST_CASE("elementwise functions keep to their stated ulp, over the whole range", "[elementwise][accuracy]") {
  const std::vector<float> x32 = probes<float>(60000);
  const std::vector<double> x64 = probes<double>(20000);
  for (const Function& f : functions) {
    check<float>(f, x32);
    check<double>(f, x64);
  }
}

// Breaks if an odd function loses the sign of zero, or a rounding one that of what it rounds to zero.
TEST_CASE("zeros keep their sign", "[elementwise][accuracy]") {
  for (const xg::Dtype dtype : {xg::float32, xg::float64}) {
    const Tensor zero = xg::full({9}, -0.0, {.dtype = dtype});
    for (const Tensor& y : {xg::tanh(zero), xg::erf(zero), xg::expm1(zero), xg::log1p(zero), xg::sqrt(zero),
                            xg::floor(zero), xg::ceil(zero * 0.5), xg::trunc(xg::full({9}, -0.25, {.dtype = dtype}))})
      for (const double v : y.to_vector()) CHECK((v == 0 && std::signbit(v)));
  }
}

namespace {

/// The bits of all elements, in row-major order.
std::vector<std::uint64_t> bits_of(const Tensor& x) {
  std::vector<std::uint64_t> bits;
  for (const double v : x.to_vector()) {
    std::uint64_t b;
    std::memcpy(&b, &v, sizeof(b));
    bits.push_back(std::isnan(v) ? ~std::uint64_t{0} : b);
  }
  return bits;
}

}  // namespace

// Breaks if the end of a row is computed by other code than its middle, if alignment or strides choose another path, or
// if a lane looks at its neighbours.
TEST_CASE("an element's bits do not depend on where it stands", "[elementwise][accuracy]") {
  using Unary = Tensor (*)(const Tensor&);
  const Unary ops[] = {
      [](const Tensor& x) { return xg::exp(x); },
      [](const Tensor& x) { return xg::log(x); },
      [](const Tensor& x) { return xg::tanh(x); },
      [](const Tensor& x) { return xg::sigmoid(x); },
      [](const Tensor& x) { return xg::erf(x); },
      [](const Tensor& x) { return xg::softplus(x); },
      [](const Tensor& x) { return xg::gelu(x); },
      [](const Tensor& x) { return xg::elu(x); },
      [](const Tensor& x) { return xg::relu(x); },
      [](const Tensor& x) { return xg::sin(x); },
      [](const Tensor& x) { return x * 1.7 + x; },
      [](const Tensor& x) { return x / (x + 0.3); },
      [](const Tensor& x) { return xg::expm1(x); },
      [](const Tensor& x) { return xg::log1p(x); },
      [](const Tensor& x) { return xg::maximum(x, xg::square(x)); },
  };
  for (const xg::Dtype dtype : {xg::float32, xg::float64}) {
    // Among ordinary numbers stand some that take the longer way through exp and log.
    Tensor x = xg::linspace(-3, 3, 64, {.dtype = dtype});
    for (const auto& [at, value] : {std::pair{5, 200.0}, {17, -95.0}, {30, 1e-42}, {40, -INFINITY}, {52, double(NAN)}})
      x.narrow(0, at, 1).fill_(value);
    for (const Unary op : ops) {
      const std::vector<std::uint64_t> whole = bits_of(op(x));
      for (std::int64_t n = 1; n <= 40; ++n)
        for (const std::int64_t start : {0, 1, 3, 20}) {
          const std::vector<std::uint64_t> want(whole.begin() + start, whole.begin() + start + n);
          if (bits_of(op(x.narrow(0, start, n))) != want) FAIL("part " << start << " + " << n);
        }
      for (const auto& [layout, y] : xg_test::layouts(x.reshape({16, 4}))) {
        if (bits_of(op(y)) != whole) FAIL("layout " << layout);
      }
      for (const auto& [layout, y] : xg_test::layouts(x.reshape({2, 4, 8}))) {
        if (bits_of(op(y)) != whole) FAIL("layout " << layout);
      }
    }
  }
}

namespace {

/// Pairs of every distance, from equal to far apart, and with what is special.
template <class T> std::pair<std::vector<T>, std::vector<T>> pairs(T low, T high) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<T> place(low, high);
  std::pair<std::vector<T>, std::vector<T>> p;
  for (int i = 0; i < 4000; ++i) {
    const T a = place(random), distance = static_cast<T>(std::exp2(-i % 60)) * (high - low) / 2;
    p.first.push_back(i % 7 == 0 ? a : std::clamp(i % 2 == 0 ? a + distance : a - distance, low, high));
    p.second.push_back(a);
  }
  return p;
}

using UnaryOp = Tensor (*)(const Tensor&);

/// The difference quotients of an op between a and b, as attributions take them.
Tensor secant(UnaryOp function, const Tensor& a, const Tensor& b) {
  xg::autograd::Trace trace;
  {
    const xg::autograd::TraceMode mode(trace);
    function(a);
  }
  return trace.entries().front().op->secant(a, b);
}

/// The worst distance of a secant from the truth, in units of the last place.
template <class T, class Truth> double worst_secant(UnaryOp function, T low, T high, Truth&& truth) {
  const auto [a, b] = pairs<T>(low, high);
  const auto as_tensor = [](const std::vector<T>& v) {
    Tensor t = xg::empty({static_cast<std::int64_t>(v.size())}, {.dtype = xg::dtype_of<T>});
    std::copy(v.begin(), v.end(), t.mutable_data<T>());
    return t;
  };
  const Tensor got = secant(function, as_tensor(a), as_tensor(b));
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide<T> x = a[i], r = b[i];
    worst = std::max(worst, ulps<T>(got.data<T>()[i], truth(std::max(x, r), std::min(x, r), std::abs(x - r))));
  }
  return worst;
}

template <class T> void check_secants() {
  using W = Wide<T>;
  INFO(xg::name(xg::dtype_of<T>));
  const auto ratio = [](W d) { return d == 0 ? W(1) : std::expm1(d) / d; };
  const auto sigmoid = [&](W high, W low, W d) {
    return 1 / ((1 + std::exp(-high)) * (1 + std::exp(low))) * ratio(-d);
  };
  CHECK(worst_secant<T>(xg::sigmoid, -30, 30, sigmoid) < 8);
  CHECK(worst_secant<T>(xg::tanh, -15, 15, [&](W high, W low, W d) { return 4 * sigmoid(2 * high, 2 * low, 2 * d); }) <
        8);
  CHECK(worst_secant<T>(xg::exp, -30, 30, [&](W, W low, W d) { return std::exp(low) * ratio(d); }) < 6);
  CHECK(worst_secant<T>(xg::log, T(1e-3), T(1e3),
                        [&](W, W low, W d) { return d == 0 ? 1 / low : std::log1p(d / low) / d; }) < 6);
}

}  // namespace

// Breaks if a secant loses digits where its points come together, overflows where they are far apart, or takes the
// wrong branch on either side.
TEST_CASE("secants are exact for points at any distance", "[elementwise][accuracy]") {
  check_secants<float>();
  check_secants<double>();
  const double inf = INFINITY, nan = NAN;
  const auto of = [](UnaryOp function, double a, double b) {
    return secant(function, xg::tensor({a}, {.dtype = xg::float64}), xg::tensor({b}, {.dtype = xg::float64}))
        .item<double>();
  };
  for (const UnaryOp function : {xg::sigmoid, xg::tanh, xg::exp, xg::log}) {
    CHECK(std::isnan(of(function, nan, 1)));
    CHECK(std::isnan(of(function, 1, nan)));
  }
  CHECK(of(xg::sigmoid, 200, -200) == 1.0 / 400);
  CHECK(of(xg::sigmoid, 1, -inf) == 0);
  CHECK(of(xg::exp, 1000, 0) == inf);
  CHECK(of(xg::exp, 0, -1000) == Approx(1.0 / 1000));
  CHECK(of(xg::log, 0, 1) == inf);
  CHECK(std::isnan(of(xg::log, -1, 1)));
}

// Breaks if rows of few columns, repeated in a buffer block by block, meet the wrong operand, or if blocks end wrongly.
TEST_CASE("broadcast rows and columns of any width equal what is written out", "[elementwise]") {
  for (const xg::Dtype dtype : {xg::float32, xg::float64, xg::int64, xg::int32, xg::uint8, xg::bool_})
    for (const std::int64_t rows : {1, 2, 7, 700})
      for (const std::int64_t columns : {1, 2, 3, 6, 10, 17, 31, 32, 33, 100}) {
        const auto make = [&](const xg::Shape& shape) {
          return xg::abs(xg::sin(xg::arange(shape.numel()).to(xg::float64) * 37.1 + 11) * 50).to(dtype).reshape(shape);
        };
        const Tensor x = make({rows, columns}), row = make({columns}), column = make({rows, 1});
        const Tensor full_row = row.expand({rows, columns}).clone();
        const Tensor full_column = column.expand({rows, columns}).clone();
        const auto equal = [&](const Tensor& got, const Tensor& want) {
          if (bits_of(got) != bits_of(want)) FAIL(name(dtype) << " " << rows << " x " << columns);
        };
        equal(x + row, x + full_row);
        equal(column * x, full_column * x);
        equal(row + column, full_row + full_column);
        equal(x > row, x > full_row);
        equal(xg::where(x > row, column, row), xg::where(x > full_row, full_column, full_row));
        const Tensor wide = make({rows, columns + 3});
        const Tensor part = wide.slice(1, 2, columns + 2);
        equal(part + row, part.clone() + full_row);
        Tensor target = wide.clone();
        target.slice(1, 2, columns + 2).add_(column);
        Tensor expected = wide.clone();
        expected.slice(1, 2, columns + 2).copy_(part.clone() + full_column);
        equal(target, expected);
      }
}

// Breaks if a copy in blocks leaves out or repeats an element, in whichever operand the blocks are strided.
TEST_CASE("copies between transposed layouts move every element", "[elementwise]") {
  for (const xg::Dtype dtype : {xg::float32, xg::float64, xg::uint8})
    for (const std::int64_t rows : {1, 3, 8, 17, 40, 130})
      for (const std::int64_t columns : {1, 2, 9, 16, 33, 70}) {
        const Tensor x = xg::arange(rows * columns * 3).to(dtype).reshape({3, rows, columns});
        const auto index = [&](std::int64_t b, std::int64_t r, std::int64_t c) {
          const std::int64_t number = (b * rows + r) * columns + c;
          return static_cast<double>(dtype == xg::uint8 ? std::min<std::int64_t>(number, 255) : number);  // saturated
        };
        std::vector<double> swapped, reversed;
        for (std::int64_t b = 0; b < 3; ++b)
          for (std::int64_t c = 0; c < columns; ++c)
            for (std::int64_t r = 0; r < rows; ++r) swapped.push_back(index(b, r, c));
        for (std::int64_t c = 0; c < columns; ++c)
          for (std::int64_t r = 0; r < rows; ++r)
            for (std::int64_t b = 0; b < 3; ++b) reversed.push_back(index(b, r, c));
        xg_test::expect_close(x.transpose(1, 2).contiguous(), swapped, 0, 0);
        xg_test::expect_close(x.permute({2, 1, 0}).contiguous(), reversed, 0, 0);
        Tensor out = xg::zeros({3, columns, rows}, {.dtype = dtype});
        out.transpose(1, 2).copy_(x);
        xg_test::expect_close(out, swapped, 0, 0);
      }
}
