#include "conformance/case.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace xg_conformance {

namespace {

std::string index_of(const xg::Shape& shape, std::size_t at) {
  xg::Shape index = shape;
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = static_cast<std::int64_t>(at) % shape[d];
    at /= static_cast<std::size_t>(shape[d]);
  }
  return index.str();
}

/// By how much two numbers differ too much; 0 or less where they agree.
double excess(double got, double want, Tolerance allowed) {
  if (std::isnan(got) && std::isnan(want)) return 0;
  if (got == want) return 0;
  if (!std::isfinite(got) || !std::isfinite(want)) return std::numeric_limits<double>::infinity();
  return std::abs(got - want) - (allowed.atol + allowed.rtol * std::abs(want));
}

}  // namespace

Tolerance tolerance_of(const Json& test_case) { return {test_case.value("rtol", 0.0), test_case.value("atol", 0.0)}; }

void expect_close(const std::string& what, const xg::Tensor& got, const xg::Tensor& want, Tolerance allowed) {
  if (!got.defined()) throw Mismatch(what + ": undefined");
  if (got.dtype() != want.dtype())
    throw Mismatch(fmt::format("{}: dtype {}, wanted {}", what, name(got.dtype()), name(want.dtype())));
  if (got.shape() != want.shape())
    throw Mismatch(fmt::format("{}: shape {}, wanted {}", what, got.shape().str(), want.shape().str()));
  if (!xg::is_floating(got.dtype())) {
    const auto a = got.to_vector<std::int64_t>(), b = want.to_vector<std::int64_t>();
    for (std::size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i])
        throw Mismatch(fmt::format("{}{}: got {}, wanted {} exactly", what, index_of(got.shape(), i), a[i], b[i]));
    return;
  }
  const std::vector<double> a = got.to_vector(), b = want.to_vector();
  std::size_t worst = 0;
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double beyond = excess(a[i], b[i], allowed);
    if (beyond > most) worst = i, most = beyond;
  }
  if (most > 0)
    throw Mismatch(fmt::format("{}{}: got {}, wanted {}, allowed {}", what, index_of(got.shape(), worst), a[worst],
                               b[worst], allowed.atol + allowed.rtol * std::abs(b[worst])));
}

void expect_close(const std::string& what, double got, double want, Tolerance allowed) {
  if (excess(got, want, allowed) > 0)
    throw Mismatch(fmt::format("{}: got {}, wanted {}, allowed {}", what, got, want,
                               allowed.atol + allowed.rtol * std::abs(want)));
}

bool is_tensor(const Json& value) { return value.is_object() && value.contains("t"); }

const xg::Tensor& tensor_of(const Json& value, const Tensors& tensors) {
  const auto& name = value.at("t").get_ref<const std::string&>();
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw std::runtime_error("the file has no tensor " + name);
  return found->second;
}

bool is_number(const Json& value) {
  return value.is_number() || value.is_boolean() || (value.is_object() && value.contains("f"));
}

double number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  const auto text = value.at("f").get<std::string>();
  constexpr double inf = std::numeric_limits<double>::infinity();
  return text == "inf" ? inf : (text == "-inf" ? -inf : std::numeric_limits<double>::quiet_NaN());
}

xg::Scalar scalar_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return number_of(value);
}

}  // namespace xg_conformance
