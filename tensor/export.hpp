// The symbols that the shared library exports. Everything else stays hidden, so that xtensor and xsimd templates
// compiled with the library's flags are never merged with those of a user's program (one definition rule).
#pragma once

#if defined(__GNUC__)
/// Marks an exported symbol.
#define XG_API __attribute__((visibility("default")))
#else
#define XG_API
#endif
