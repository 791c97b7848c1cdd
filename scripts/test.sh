#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs the tests. The last line is CTest's summary.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" catch2 libcli11-dev poppler-utils
cmake_options=(-DXGRAD_TESTS=ON -DXGRAD_EXAMPLES=ON)
build all
ctest --test-dir "${XGRAD_BUILD:-build}" --output-on-failure --no-tests=error
