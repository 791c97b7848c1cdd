// Detects the sanitizers of this build: gcc defines macros, clang has __has_feature.
#pragma once

#if defined(__has_feature)
#define XGRAD_HAS_FEATURE(name) __has_feature(name)
#else
#define XGRAD_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || XGRAD_HAS_FEATURE(address_sanitizer)
#define XGRAD_ADDRESS_SANITIZER 1
#else
#define XGRAD_ADDRESS_SANITIZER 0
#endif
#if defined(__SANITIZE_THREAD__) || XGRAD_HAS_FEATURE(thread_sanitizer)
#define XGRAD_THREAD_SANITIZER 1
#else
#define XGRAD_THREAD_SANITIZER 0
#endif
/// Sanitizers that track memory need to see every allocation. (UndefinedBehaviorSanitizer does not.)
#define XGRAD_MEMORY_WATCHED (XGRAD_ADDRESS_SANITIZER || XGRAD_THREAD_SANITIZER || XGRAD_HAS_FEATURE(memory_sanitizer))
