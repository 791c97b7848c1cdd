#!/usr/bin/env bash
# Lets allocations fail in everything that programs do with xgrad (tests/memory/scenarios.cpp), a process for each.
#   memory_failures.sh [allocations of each scenario] [part of a scenario's name]     0, the default, fails every one
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" catch2
cmake_options=(-DXGRAD_TESTS=AUTO)
build xgrad-tests-memory
export XGRAD_MEMORY_POINTS=${1:-0}
[ $# -lt 2 ] || export XGRAD_MEMORY_SCENARIO=$2
"${XGRAD_BUILD:-build}/tests/xgrad-tests-memory"
