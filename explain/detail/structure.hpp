// Two recordings of one model, compared: what depends on the features, what has a slice for each row, and where
// contributions pass.
#pragma once

#include <xgrad/explain/detail/recording.hpp>

#include <string>
#include <vector>

namespace xg::explain::detail {

/// Properties of values and ops, from two recordings of one structure.
struct Structure {
  std::vector<bool> varies;    // by value: does it depend on the features?
  std::vector<bool> has_rows;  // by value: is there one slice for each row along dimension 0?
  std::vector<bool> on_path;   // by op: does a contribution pass through it?
  std::string coupled = {};    // the op because of which rows cannot be taken apart; empty where they can
  std::int64_t widest = 0;     // the most numbers that an op on the path takes and gives for a pair
  double coarsest_eps = 0;     // of the coarsest floating dtype on the path
};

/// Compares the recordings of rows and of references, which have different numbers of rows, so that shapes tell which
/// values have a slice for each row. With `whole` both have the same number and values are never taken apart. Throws
/// Error, naming the op, where their ops, shapes or constants differ (control flow that depends on the data, random
/// numbers, numbers read by hand), AutogradError for an op on the path that has no rule.
Structure compare(const Recording& x, const Recording& r, const Target& target, bool whole, const char* method);

/// An op on the path that gives other results for the rows than the one at its place for the references would give for
/// them: it has the same name and other attributes. Empty if there is none.
std::string op_with_other_attributes(const Recording& x, const Recording& r, const Structure& structure);

}  // namespace xg::explain::detail
