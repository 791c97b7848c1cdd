// What leaves the shared library. Everything else stays hidden, so that templates of xtensor and xsimd that were
// compiled with the library's flags never meet those of a user's program (one definition rule).
#pragma once

#if defined(__GNUC__)
/// Marks what leaves the shared library.
#define XG_API __attribute__((visibility("default")))
#else
#define XG_API
#endif
