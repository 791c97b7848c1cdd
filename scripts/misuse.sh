#!/usr/bin/env bash
# Calls every public op with arguments that may make no sense (tests/misuse/test_misuse.cpp).
#   misuse.sh [calls of each op]     20000 by default; XGRAD_SANITIZE=address,undefined finds what only a sanitizer sees
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" catch2
cmake_options=(-DXGRAD_TESTS=AUTO ${XGRAD_SANITIZE:+-DXGRAD_SANITIZE="$XGRAD_SANITIZE"})
build xgrad-tests-misuse
XGRAD_MISUSE_SEEDS="${1:-20000}" "${XGRAD_BUILD:-build}/tests/xgrad-tests-misuse"
