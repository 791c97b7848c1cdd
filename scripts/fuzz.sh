#!/usr/bin/env bash
# Fuzzes everything that reads files with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer. Exits 0 if nothing
# was found; a finding's bytes are kept, and the last line says where.
#   fuzz.sh [seconds]     for all targets together, 600 by default; in build-fuzz/ or in $XGRAD_BUILD
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_missing "${packages[@]}" clang
seconds=${1:-600}
export XGRAD_BUILD=${XGRAD_BUILD:-build-fuzz}
cmake_options=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1
  -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON  # so that this build tells whether each file includes what it uses
  -DXGRAD_FUZZ=ON -DXGRAD_SANITIZE=address,undefined -DXGRAD_RASTER=OFF -DXGRAD_TESTS=OFF -DXGRAD_EXAMPLES=OFF)
build xgrad-fuzzers

fuzzers=("$XGRAD_BUILD"/tests/fuzz/fuzz-*)
jobs=$(nproc)
each=$((seconds * jobs / ${#fuzzers[@]}))
findings=$XGRAD_BUILD/findings corpora=$XGRAD_BUILD/corpora
mkdir -p "$findings"
rm -f "$findings"/*
# One target: what it learns is kept for the next run, beside the seeds.
fuzz() {
  local name=${1##*/fuzz-} log
  mkdir -p "$corpora/$name"
  log=$findings/$name.log
  if "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix="$findings/$name-" "$corpora/$name" "tests/data/fuzz/$name" >"$log" 2>&1; then
    echo "$name: $(sed -n 's/.*number_of_executed_units: //p' "$log") inputs, nothing found"
    rm "$log"
  else
    echo "$name: a finding"
    grep -m 3 -E 'ERROR|SUMMARY|runtime error|what\(\)' "$log" || tail -n 3 "$log"
  fi
}
export -f fuzz
export findings corpora
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 XGRAD_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export LSAN_OPTIONS=suppressions=$PWD/tests/leaks.supp:print_suppressions=0
printf '%s\0' "${fuzzers[@]}" | xargs -0 -P "$jobs" -I{} bash -c 'fuzz "$1" "$2"' _ {} "$((each > 0 ? each : 1))"
if compgen -G "$findings/*" >/dev/null; then
  echo "Findings: $findings"
  exit 1
fi
echo "Nothing found in $seconds seconds."
