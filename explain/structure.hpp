// Two recordings of one model, compared: what depends on the features, what has a slice for each row, and where
// contributions pass. Internal to explain/.
#pragma once

#include <xgrad/explain/recording.hpp>

#include <string>
#include <vector>

namespace xg::explain::detail {

/// What two recordings of one structure tell about each value and each op.
struct Structure {
  std::vector<bool> varies;    // by value: does it depend on the features?
  std::vector<bool> has_rows;  // by value: is there one slice for each row along dimension 0?
  std::vector<bool> on_path;   // by op: does a contribution pass through it?
  std::string coupled = {};    // the op because of which rows cannot be taken apart; empty where they can
  std::int64_t widest = 0;     // the most numbers that an op on the path takes and gives for a pair
};

/// Compares the recordings of rows and of references, which have different numbers of rows, so that shapes tell which
/// values have a slice for each row. With `whole` both have the same number and values are never taken apart. Throws
/// Error, naming the op, where their ops, shapes or constants differ (control flow that depends on the data, random
/// numbers, numbers read by hand), AutogradError for an op on the path that has no rule.
Structure compare(const Recording& x, const Recording& r, const Target& target, bool whole, const char* method);

}  // namespace xg::explain::detail
