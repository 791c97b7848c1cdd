#!/usr/bin/env bash
# Draws random figures of extreme numbers (tests/viz/random_figures.hpp) and checks them.
#   random_figures.sh [count] [first seed]     20000 figures from seed 0 by default
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" catch2
cmake_options=(-DXGRAD_TESTS=AUTO)
build xgrad-random-figures
"${XGRAD_BUILD:-build}/tests/xgrad-random-figures" "${1:-20000}" "${2:-0}"
