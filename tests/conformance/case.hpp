// What all kinds of cases share: reading arguments and tensors from the JSON, and comparing results with what is
// wanted.
#pragma once

#include <xgrad/tensor/tensor.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace xg_conformance {

using Json = nlohmann::json;
using Tensors = std::map<std::string, xg::Tensor>;

/// Thrown for an op, module, method or option that the program does not know.
struct Unknown : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// Thrown where a result differs from what is wanted.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Tolerance {
  double rtol = 0, atol = 0;
};
Tolerance tolerance_of(const Json& test_case);

/// Throws Mismatch, naming `what` and the worst element, unless shapes and dtypes are equal and
/// |got - want| <= atol + rtol |want|; NaN equals NaN, infinities by sign, integers and bools exactly.
void expect_close(const std::string& what, const xg::Tensor& got, const xg::Tensor& want, Tolerance allowed);
void expect_close(const std::string& what, double got, double want, Tolerance allowed);

/// Is it {"t": name}?
bool is_tensor(const Json& value);
/// The tensor that {"t": name} means.
const xg::Tensor& tensor_of(const Json& value, const Tensors& tensors);
/// A number, or {"f": "inf" | "-inf" | "nan"}.
bool is_number(const Json& value);
double number_of(const Json& value);
xg::Scalar scalar_of(const Json& value);

/// A kind of cases: what a case's name is for the counts, and how to run one (throws where it fails).
struct Kind {
  const char* name;
  std::string (*label)(const Json& test_case);
  void (*run)(const Json& test_case, const Tensors& tensors);
};
extern const Kind ops_kind;
extern const Kind optim_kind;
extern const Kind explain_kind;

}  // namespace xg_conformance
