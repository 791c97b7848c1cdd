#include "support/support.hpp"

#include "support/catch.hpp"

#include <xgrad/autograd/grad_mode.hpp>
#include <xgrad/tensor/creation.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>

namespace xg_test {
namespace {

/// "[1, 0, 2]": where element number `flat` of a row-major tensor stands.
std::string index_text(std::int64_t flat, const xg::Shape& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

/// How much of its allowance an element uses up: at most 1 is good.
double badness(double got, double want, double rtol, double atol) {
  constexpr double hopeless = std::numeric_limits<double>::infinity();
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0 : hopeless;
  if (got == want) return 0;
  if (std::isinf(got) || std::isinf(want)) return hopeless;
  const double allowed = atol + rtol * std::abs(want), error = std::abs(got - want);
  return allowed == 0 ? hopeless : error / allowed;
}

void compare(const xg::Tensor& got_tensor, const std::vector<double>& want, double rtol, double atol,
             const std::string& prefix) {
  const std::vector<double> got = got_tensor.to_vector();
  std::size_t worst = 0, bad = 0;
  double worst_badness = -1;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double b = badness(got[i], want[i], rtol, atol);
    if (b > 1) ++bad;
    if (b > worst_badness) worst = i, worst_badness = b;
  }
  if (bad == 0) {
    SUCCEED();
    return;
  }
  FAIL_CHECK(prefix << bad << " of " << got.size() << " elements differ. Worst at "
                    << index_text(static_cast<std::int64_t>(worst), got_tensor.shape()) << ": got "
                    << fmt::format("{}, want {}, error {:.3g}, allowed {:.3g}", got[worst], want[worst],
                                   std::abs(got[worst] - want[worst]), atol + rtol * std::abs(want[worst])));
}

std::string place(const std::string& what, const char* file, int line) {
  return fmt::format("{}:{}: {}{}", file, line, what, what.empty() ? "" : ": ");
}

}  // namespace

void expect_close(const xg::Tensor& got, const xg::Tensor& want, double rtol, double atol, const std::string& what,
                  const char* file, int line) {
  const std::string prefix = place(what, file, line);
  if (!got.defined() || !want.defined()) {
    FAIL_CHECK(prefix << (got.defined() ? "the wanted tensor" : "the tensor") << " is undefined");
    return;
  }
  if (!(got.shape() == want.shape())) {
    FAIL_CHECK(prefix << "shape is " << got.shape().str() << ", want " << want.shape().str());
    return;
  }
  const bool exact = !got.is_floating_point() && !want.is_floating_point();
  compare(got, want.to_vector(), exact ? 0 : rtol, exact ? 0 : atol, prefix);
}

void expect_close(const xg::Tensor& got, const std::vector<double>& want, double rtol, double atol,
                  const std::string& what, const char* file, int line) {
  const std::string prefix = place(what, file, line);
  if (!got.defined() || got.numel() != static_cast<std::int64_t>(want.size())) {
    FAIL_CHECK(prefix << "got " << (got.defined() ? got.shape().str() : "undefined") << ", want " << want.size()
                      << " elements");
    return;
  }
  compare(got, want, rtol, atol, prefix);
}

xg::Tensor leaf(std::initializer_list<double> values) {
  return xg::tensor(values, {.dtype = xg::float64, .requires_grad = true});
}

std::vector<std::pair<std::string, xg::Tensor>> layouts(const xg::Tensor& source) {
  const xg::NoGrad guard;
  const xg::Tensor x = source.detach();
  std::vector<std::pair<std::string, xg::Tensor>> all{{"contiguous", x.clone()}};
  const std::int64_t n = x.dim();
  if (n == 0) {
    xg::Tensor row = xg::zeros({3}, {.dtype = x.dtype()});
    row.select(0, 1).copy_(x);
    all.emplace_back("inside a larger storage", row.select(0, 1));
    return all;
  }
  if (n > 1) {
    xg::Dims reversed;
    for (std::int64_t d = n; d-- > 0;) reversed.push_back(d);
    all.emplace_back("reversed storage", x.permute(reversed).clone().permute(reversed));
  }
  xg::Shape longer = x.shape();
  longer[longer.size() - 1] = 2 * longer.back() + 1;
  const xg::Tensor spaced = xg::full(longer, 77, {.dtype = x.dtype()}).slice(-1, 1, longer.back(), 2);
  all.emplace_back("every other element", xg::Tensor(spaced).copy_(x));
  xg::Shape taller = x.shape();
  taller[0] += 3;
  const xg::Tensor inside = xg::full(taller, 77, {.dtype = x.dtype()}).narrow(0, 1, x.size(0));
  all.emplace_back("inside a larger storage", xg::Tensor(inside).copy_(x));
  if (x.numel() == 0) return all;
  for (std::int64_t d = 0; d < n; ++d) {
    const xg::Tensor first = x.narrow(d, 0, 1).expand(x.shape());
    if (x.size(d) > 1 && first.to_vector() == x.to_vector())
      all.emplace_back("expanded along " + std::to_string(d), x.narrow(d, 0, 1).clone().expand(x.shape()));
  }
  return all;
}

}  // namespace xg_test
