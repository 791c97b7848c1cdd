// Includes Catch2 version 2 (Debian 12) or 3 (newer systems), whose headers have different names.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
namespace xg_test {
using Catch::Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace xg_test {
inline auto ContainsSubstring(const std::string& text) { return Catch::Matchers::Contains(text); }
}  // namespace xg_test
#endif

#include <string>

/// Checks that an expression throws `type` and that its message contains every one of the given pieces.
#define CHECK_ERROR(expression, type, ...)                                                 \
  do {                                                                                     \
    std::string xg_message_;                                                               \
    try {                                                                                  \
      static_cast<void>(expression);                                                       \
      FAIL_CHECK("no exception from " #expression);                                        \
    } catch (const type& xg_error_) {                                                      \
      xg_message_ = xg_error_.what();                                                      \
      for (const std::string& xg_piece_ : std::initializer_list<std::string>{__VA_ARGS__}) \
        CHECK_THAT(xg_message_, xg_test::ContainsSubstring(xg_piece_));                    \
    }                                                                                      \
  } while (false)
