// Empty braces as an argument.
#pragma once

#include <initializer_list>

namespace xg {

namespace detail {
/// Something of which there is none.
class Nothing {
  explicit Nothing(Nothing&&, Nothing&&) = delete;
};
}  // namespace detail

/// What `{}` is, and nothing else. A class made from options takes it beside them,
///
///     explicit Accuracy(AccuracyOptions options = {});
///     explicit Accuracy(NoOptions) : Accuracy() {}
///
/// because in `Accuracy({})` the braces could also stand for another Accuracy to be copied, and the call is ambiguous.
using NoOptions = std::initializer_list<detail::Nothing>;

}  // namespace xg
