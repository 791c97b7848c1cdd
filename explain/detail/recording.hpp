// A recording of a model's run, by which rows and references are compared.
#pragma once

#include <xgrad/autograd/trace.hpp>
#include <xgrad/explain/detail/at.hpp>
#include <xgrad/explain/explanation.hpp>
#include <xgrad/explain/model_function.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace xg::explain::detail {

using autograd::Rule;
using autograd::TraceEntry;
using autograd::ValueId;

/// The number of elements that belong to one row.
inline std::int64_t row_size(const Tensor& value) {
  return value.dim() == 0 || value.size(0) == 0 ? value.numel() : value.numel() / value.size(0);
}

/// Is any of the values marked?
inline bool any_of(const std::vector<ValueId>& ids, const std::vector<bool>& marked) {
  return std::any_of(ids.begin(), ids.end(), [&](ValueId id) { return marked[at(id)]; });
}

/// Every op of one call of a model on `rows` rows, and which values went in and came out.
struct Recording {
  autograd::Trace trace;
  ValueId input = -1;
  ValueId output = -1;
  std::int64_t rows = 0;

  const Tensor& value(ValueId id) const { return trace.value(id); }
};

/// Runs the model on `rows` [R, n] in trace mode. Throws Error, naming `method`, where the result is not a floating
/// tensor with R rows, and where a dropout or batch norm in training mode took part.
Recording record(const ModelFunction& model, const Tensor& rows, const char* method);

/// Throws ShapeError unless the result has one row for each row that the model was given.
void check_rows(const Tensor& result, const Tensor& rows, const char* method);

/// Which value of a recording is explained.
struct Target {
  ValueId value = -1;
  Output space = Output::model;                             ///< what it is: never automatic
  OutputActivation activation = OutputActivation::unknown;  ///< where a logit goes
  std::int64_t outputs = 0;                                 ///< how many numbers it has in each row
};

/// Finds the value that `asked` means: the argument of the final sigmoid, softmax or log_softmax, seen through
/// reshapes, or what the model returned. Throws ValueError, saying what was found, for a logit or probability that is
/// not there.
Target find_target(const Recording& recording, Output asked, const char* method);

/// "dropout in Net > drop1 (Dropout)"
std::string describe(const TraceEntry& entry);

/// `count` rows from `start` on, padded by repeating the last row, so that blocks always have the same size.
Tensor padded_rows(const Tensor& rows, std::int64_t start, std::int64_t count);

}  // namespace xg::explain::detail
