# Shared by the scripts: finds the project's root and sees to it that the packages are there. Source it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(g++ cmake ninja-build pkg-config ccache
  libxtensor-dev libxsimd-dev libxtensor-blas-dev libopenblas-dev libfmt-dev nlohmann-json3-dev libcsv-dev libzip-dev
  librsvg2-dev fonts-dejavu-core libcli11-dev)

# Installs those of the given packages that are missing; asks for nothing where none is.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local run=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      if ! { command -v sudo >/dev/null && [ -t 0 ]; }; then
        printf 'These packages are missing and this user may not install them:\n  %s\nInstall them with: apt-get install %s\n' \
          "${missing[*]}" "${missing[*]}" >&2
        exit 2
      fi
    fi
    run=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  "${run[@]}" apt-get update -qq
  if ! "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; then
    printf 'Installing failed. The packages that are needed:\n  %s\n' "${missing[*]}" >&2
    exit 2
  fi
}

# Configures (with cmake_options) and builds the given targets in build/ (or in $XGRAD_BUILD).
cmake_options=()
build() {
  local dir=${XGRAD_BUILD:-build}
  export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR="$PWD" CCACHE_SLOPPINESS=pch_defines,time_macros
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    "${cmake_options[@]}" >"$dir.log" 2>&1 ||
    { cat "$dir.log" >&2; rm -f "$dir.log"; return 1; }
  rm -f "$dir.log"
  cmake --build "$dir" --target "$@"
}
