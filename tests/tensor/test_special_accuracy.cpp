// How far elementwise functions are from values that were computed with 60 digits (tests/data/accuracy).
#include "support/catch.hpp"
#include "support/support.hpp"
#include "support/ulps.hpp"

#include <xgrad/autograd/ops.hpp>
#include <xgrad/tensor/creation.hpp>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace xg;

namespace {

struct Row {
  std::vector<double> arguments;
  long double value;
};

/// The rows of each function.
std::map<std::string, std::vector<Row>> read_rows() {
  std::ifstream file(std::string(XGRAD_SOURCE_DIR) + "/tests/data/accuracy/elementwise.csv");
  std::map<std::string, std::vector<Row>> functions;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string name, cell;
    std::getline(cells, name, ',');
    std::vector<std::string> numbers;
    while (std::getline(cells, cell, ',')) numbers.push_back(cell);
    Row row{{}, std::strtold(numbers.back().c_str(), nullptr)};
    for (std::size_t i = 0; i + 1 < numbers.size(); ++i)
      row.arguments.push_back(std::strtod(numbers[i].c_str(), nullptr));
    functions[name].push_back(std::move(row));
  }
  return functions;
}

struct Function {
  std::function<Tensor(const std::vector<Tensor>&)> call;
  /// The largest term of the sum that the value is, where it may cancel; distances are in units of its last place.
  std::function<double(double)> largest_term = {};
};

template <Tensor (*f)(const Tensor&)> Function unary() {
  return {[](const std::vector<Tensor>& x) { return f(x[0]); }};
}
template <Tensor (*f)(const Tensor&, const Tensor&)> Function binary() {
  return {[](const std::vector<Tensor>& x) { return f(x[0], x[1]); }};
}
Function derivative(std::int64_t n) {
  return {[n](const std::vector<Tensor>& x) { return polygamma(n, x[0]); },
          [n](double x) {  // by reflection
            return x > 0 ? 0 : std::abs(polygamma(n, scalar_tensor(1 - x, {.dtype = float64})).item());
          }};
}

const std::map<std::string, Function> functions = {
    {"lgamma", unary<lgamma>()},
    {"digamma", derivative(0)},
    {"trigamma", derivative(1)},
    {"polygamma 2", derivative(2)},
    {"polygamma 5", derivative(5)},
    {"polygamma 30", derivative(30)},
    {"erfinv", unary<erfinv>()},
    {"erfcx", unary<special::erfcx>()},
    {"ndtr", unary<special::ndtr>()},
    {"log_ndtr", unary<special::log_ndtr>()},
    {"ndtri", unary<special::ndtri>()},
    {"entr", unary<special::entr>()},
    {"i0", unary<i0>()},
    {"i0e", unary<special::i0e>()},
    {"i1", unary<special::i1>()},
    {"i1e", unary<special::i1e>()},
    {"xlog1py", binary<special::xlog1py>()},
    {"gammainc", binary<special::gammainc>()},
    {"gammaincc", binary<special::gammaincc>()},
    {"zeta", binary<special::zeta>()},
    {"exp", unary<exp>()},
    {"exp2", unary<exp2>()},
    {"expm1", unary<expm1>()},
    {"log", unary<log>()},
    {"log2", unary<log2>()},
    {"log10", unary<log10>()},
    {"log1p", unary<log1p>()},
    {"sqrt", unary<sqrt>()},
    {"rsqrt", unary<rsqrt>()},
    {"reciprocal", unary<reciprocal>()},
    {"sin", unary<sin>()},
    {"cos", unary<cos>()},
    {"tan", unary<tan>()},
    {"asin", unary<asin>()},
    {"acos", unary<acos>()},
    {"atan", unary<atan>()},
    {"sinh", unary<sinh>()},
    {"cosh", unary<cosh>()},
    {"tanh", unary<tanh>()},
    {"asinh", unary<asinh>()},
    {"acosh", unary<acosh>()},
    {"atanh", unary<atanh>()},
    {"sinc", unary<sinc>()},
    {"erf", unary<erf>()},
    {"erfc", unary<erfc>()},
    {"sigmoid", unary<sigmoid>()},
    {"logsigmoid", unary<logsigmoid>()},
    {"softplus", {[](const std::vector<Tensor>& x) { return softplus(x[0], 1, 1e300); }}},
    {"silu", unary<silu>()},
    {"mish", unary<mish>()},
    {"gelu", {[](const std::vector<Tensor>& x) { return gelu(x[0]); }}},
    {"softsign", unary<softsign>()},
    {"elu", {[](const std::vector<Tensor>& x) { return elu(x[0]); }}},
    {"selu", unary<selu>()},
    {"logit", {[](const std::vector<Tensor>& x) { return logit(x[0]); }}},
    {"tanhshrink", unary<tanhshrink>()},
    {"atan2", binary<atan2>()},
    {"hypot", binary<hypot>()},
    {"logaddexp", binary<logaddexp>()},
    {"pow", binary<pow>()},
    {"xlogy", binary<xlogy>()},
};

template <class T> void check(const std::string& name, const Function& function, const std::vector<Row>& rows) {
  std::vector<const Row*> exact;
  for (const Row& row : rows) {
    bool fits = true;
    for (const double x : row.arguments) fits = fits && static_cast<double>(static_cast<T>(x)) == x;
    if (fits) exact.push_back(&row);
  }
  INFO(name << " " << xg::name(dtype_of<T>));
  REQUIRE(exact.size() > rows.size() / 8);
  std::vector<Tensor> arguments;
  for (std::size_t a = 0; a < exact[0]->arguments.size(); ++a) {
    std::vector<T> values;
    for (const Row* row : exact) values.push_back(static_cast<T>(row->arguments[a]));
    arguments.push_back(tensor(values));
  }
  const Tensor y = function.call(arguments);
  REQUIRE(y.dtype() == dtype_of<T>);
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const auto want = static_cast<xg_test::Wide<T>>(exact[i]->value);
    double distance = xg_test::ulps(y.data<T>()[i], want);
    if (function.largest_term && std::isfinite(distance)) {
      const double term = function.largest_term(exact[i]->arguments[0]), size = std::abs(static_cast<double>(want));
      if (term > size) distance *= std::max(size, std::numeric_limits<double>::min()) / term;
    }
    if (!(distance <= worst)) worst = distance, at = i;
  }
  INFO(worst << " ulp at " << exact[at]->arguments[0] << ", "
             << (exact[at]->arguments.size() > 1 ? exact[at]->arguments[1] : 0) << ": got " << y.data<T>()[at]
             << ", wanted " << static_cast<double>(exact[at]->value));
  CHECK(worst <= 4);
}

}  // namespace

// Breaks if a function loses digits anywhere in its range: near zeros and poles, in tails, between two formulas, at
// subnormal or huge arguments.
TEST_CASE("elementwise functions are within 4 ulp of values with 60 digits", "[elementwise][accuracy]") {
  const auto rows = read_rows();
  REQUIRE(rows.size() == functions.size());
  for (const auto& [name, function] : functions) {
    INFO(name);
    REQUIRE(rows.count(name) == 1);
    check<float>(name, function, rows.at(name));
    check<double>(name, function, rows.at(name));
  }
}
