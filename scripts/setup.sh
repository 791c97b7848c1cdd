# Shared by the scripts: finds the project's root and sees to it that the packages are there. Source it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian's names of what the library needs, with PNG and PDF.
packages=(g++ cmake ninja-build pkg-config
  libxtensor-dev libxsimd-dev libxtensor-blas-dev libopenblas-dev libfmt-dev nlohmann-json3-dev libcsv-dev libzip-dev
  librsvg2-dev fonts-dejavu-core)

# What the user's programs keep between two runs. A user without a home, as in some containers, has it in the project.
user_cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
user_cache=${user_cache:-$PWD/.cache}

# Installs those of the given packages that are missing; asks for nothing where none is. ccache comes along with them.
install_missing() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null; then
    printf 'This system has no dpkg, so nothing is installed. Needed are, by the names they have in Debian:\n  %s\n' "$*" >&2
    return 0
  fi
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local run=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
      printf 'These packages are missing and this user may not install them:\n  %s\nInstall them with: apt-get install %s\n' \
        "${missing[*]}" "${missing[*]}" >&2
      exit 2
    fi
    run=(sudo)
  fi
  command -v ccache >/dev/null || missing+=(ccache)
  echo "Installing: ${missing[*]}"
  if ! { "${run[@]}" apt-get update -qq &&
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; }; then
    printf 'Installing failed. The packages that are needed:\n  %s\n' "${missing[*]}" >&2
    exit 2
  fi
}

# Prints the compiler's launcher: ccache where it is installed and may write its cache, else nothing.
launcher() {
  local cache
  cache=$(ccache --get-config cache_dir 2>/dev/null) && mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && echo ccache
  return 0
}

# Configures (with cmake_options) and builds the given targets in build/ (or in $XGRAD_BUILD).
cmake_options=()
build() {
  local dir=${XGRAD_BUILD:-build} log generator=()
  export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR="$PWD" CCACHE_SLOPPINESS=pch_defines,time_macros
  # A folder that was configured by hand keeps its generator, unless nothing came of it.
  if [ ! -e "$dir/build.ninja" ] && [ ! -e "$dir/Makefile" ]; then
    generator=(-G Ninja)
    grep -qsx 'CMAKE_GENERATOR:INTERNAL=Ninja' "$dir/CMakeCache.txt" || rm -rf "$dir/CMakeCache.txt" "$dir/CMakeFiles"
  fi
  log=$(cmake -S . -B "$dir" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER="$(launcher)" \
    "${cmake_options[@]}" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
  grep 'left out' <<<"$log" || true
  cmake --build "$dir" --parallel "$(nproc)" --target "$@"
}
