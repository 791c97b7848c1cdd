// The arguments of one call, by name: positional ones get theirs from a signature.
#pragma once

#include "conformance/case.hpp"

#include <xgrad/autograd/ops.hpp>

#include <optional>
#include <set>
#include <string_view>

namespace xg_conformance {

/// What a row of the table returns: one tensor or several.
struct Outputs {
  std::vector<xg::Tensor> tensors;
  Outputs(xg::Tensor tensor) : tensors{std::move(tensor)} {}                          // NOLINT
  Outputs(std::vector<xg::Tensor> several) : tensors(std::move(several)) {}           // NOLINT
  Outputs(std::pair<xg::Tensor, xg::Tensor> two) : tensors{two.first, two.second} {}  // NOLINT
};

class Args {
 public:
  /// `signature` names the parameters in PyTorch's order, separated by spaces; "*name" takes all positional ones from
  /// its place on. Tensors whose path is a key of `grads` become leaves. Throws Unknown for a keyword that is not among
  /// them.
  Args(std::string_view signature, const Json& test_case, const Tensors& tensors);

  bool has(const char* name) const { return find(name) != nullptr; }
  bool tensor_given(const char* name) const;
  bool number_given(const char* name) const;
  bool list_given(const char* name) const;
  bool text_given(const char* name) const;

  const xg::Tensor& tensor(const char* name) const;    ///< must be there
  xg::Tensor optional_tensor(const char* name) const;  ///< undefined where it is missing or null
  /// A tensor, or a number as a 0-d tensor.
  xg::Tensor operand(const char* name) const;
  std::vector<xg::Tensor> tensors(const char* name) const;
  std::int64_t integer(const char* name) const;
  std::int64_t integer(const char* name, std::int64_t fallback) const { return has(name) ? integer(name) : fallback; }
  std::optional<std::int64_t> optional_integer(const char* name) const;
  double number(const char* name) const;
  double number(const char* name, double fallback) const { return has(name) ? number(name) : fallback; }
  std::optional<double> optional_number(const char* name) const;
  xg::Scalar scalar(const char* name) const;
  xg::Scalar scalar(const char* name, xg::Scalar fallback) const { return has(name) ? scalar(name) : fallback; }
  bool flag(const char* name, bool fallback = false) const;
  std::string text(const char* name, const std::string& fallback = "") const;
  std::vector<std::int64_t> integers(const char* name) const;  ///< an integer counts as a list of one
  xg::Dims dims(const char* name) const;                       ///< empty where it is missing or null
  xg::Shape shape(const char* name) const { return xg::Shape(integers(name)); }
  std::optional<xg::Dtype> dtype(const char* name = "dtype") const;
  /// A Python index: numbers, lists, slices, an ellipsis, null for a new axis, tensors.
  std::vector<xg::Index> index(const char* name) const;
  const Json& json(const char* name) const;

  /// The leaves by path ("a0", "a1.0", "weight").
  const std::map<std::string, xg::Tensor>& leaves() const { return leaves_; }

 private:
  struct Value {
    Json json;
    std::string path;       ///< empty for arguments that were gathered under one name
    std::size_t first = 0;  ///< the position of the first of these
  };
  const Value* find(const char* name) const;
  const Value& at(const char* name) const;
  xg::Tensor tensor_at(const Json& value, const std::string& path) const;
  void make_leaves(const Json& value, const std::string& path, const Json& grads);

  const Tensors* all_;
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, xg::Tensor> leaves_;
};

/// A row of the table: an op of PyTorch and the call that is meant.
struct OpRow {
  std::string_view name;
  std::string_view signature;
  Outputs (*call)(const Args& args);
};
/// The row of an op. Throws Unknown.
const OpRow& op_row(std::string_view name);

}  // namespace xg_conformance
