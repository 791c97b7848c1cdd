// A type for empty braces as an argument.
#pragma once

#include <initializer_list>

namespace xg {

namespace detail {
/// A type without values.
class Nothing {
  explicit Nothing(Nothing&&, Nothing&&) = delete;
};
}  // namespace detail

/// The type of an argument `{}`. A class constructed from options has an overload for it,
///
///     explicit Accuracy(AccuracyOptions options = {});
///     explicit Accuracy(NoOptions) : Accuracy() {}
///
/// because in `Accuracy({})` the braces could also stand for another Accuracy to be copied, and the call is ambiguous.
using NoOptions = std::initializer_list<detail::Nothing>;

}  // namespace xg
