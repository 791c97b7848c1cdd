// The version of xgrad. This file is the only place where it is written: CMake reads the three numbers from here.
#pragma once

#include <xgrad/tensor/export.hpp>

/// The first number of the version.
#define XGRAD_VERSION_MAJOR 0
/// The second one.
#define XGRAD_VERSION_MINOR 1
/// The third one.
#define XGRAD_VERSION_PATCH 0

/// The version of the headers as one number that grows with it: `#if XGRAD_VERSION >= 10200` is true from 1.2.0 on.
#define XGRAD_VERSION (XGRAD_VERSION_MAJOR * 10000 + XGRAD_VERSION_MINOR * 100 + XGRAD_VERSION_PATCH)

namespace xg {

/// The version of the library that the program runs with, such as "0.1.0". It can be a later patch than that of the
/// headers that the program was compiled with, which the macros tell.
XG_API const char* version() noexcept;

}  // namespace xg
