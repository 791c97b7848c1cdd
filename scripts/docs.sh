#!/usr/bin/env bash
# Makes the HTML reference of all public headers with Doxygen. It fails where a public name has no comment. The last line
# says where the reference is.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" doxygen
build docs
echo "Reference: ${XGRAD_BUILD:-build}/docs/html/index.html"
