#include <xgrad/version.hpp>

#define XGRAD_TEXT_OF(x) #x
#define XGRAD_JOIN_VERSION(major, minor, patch) XGRAD_TEXT_OF(major) "." XGRAD_TEXT_OF(minor) "." XGRAD_TEXT_OF(patch)

namespace xg {

const char* version() noexcept {
  return XGRAD_JOIN_VERSION(XGRAD_VERSION_MAJOR, XGRAD_VERSION_MINOR, XGRAD_VERSION_PATCH);
}

}  // namespace xg
