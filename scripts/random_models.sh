#!/usr/bin/env bash
# Explains random models (tests/explain/random_models.hpp) and checks their explanations.
#   random_models.sh [count] [first seed]     5000 models from seed 0 by default, each in float64 and float32
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" catch2
cmake_options=(-DXGRAD_TESTS=AUTO)
build xgrad-random-models
"${XGRAD_BUILD:-build}/tests/xgrad-random-models" "${1:-5000}" "${2:-0}"
