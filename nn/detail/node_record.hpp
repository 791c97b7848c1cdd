// The record of a Node, and helpers that run modules on zeros to learn shapes.
#pragma once

#include <xgrad/nn/node.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xg::nn::detail {

struct NodeRecord {
  Shape row;
  Dtype dtype = Dtype::float32;
  std::string name;
  std::shared_ptr<Module> module;  // null for an input
  std::vector<Node> inputs;
  NodeCall call = nullptr;
  mutable std::shared_ptr<const NodeRecord> next_released = {};  // used by ReleaseList

  NodeRecord() = default;
  ~NodeRecord();
  NodeRecord(const NodeRecord&) = delete;
  NodeRecord& operator=(const NodeRecord&) = delete;
};

/// Puts a tree of modules into eval mode, and restores each module's mode when destroyed.
class EvalMode {
 public:
  explicit EvalMode(Module& module);
  ~EvalMode();
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> modes_;
};

/// The shape of a row of x: all sizes but the first one.
inline Shape row_of(const Tensor& x) {
  Shape row = x.shape();
  if (!row.empty()) row.erase(0);
  return row;
}

Tensor zero_rows(const Shape& row, Dtype dtype, std::int64_t rows);
/// The shape of one row of `result`. Throws ShapeError unless it has `rows` rows.
Shape row_shape(const Module& module, const Tensor& result, std::int64_t rows);

}  // namespace xg::nn::detail
