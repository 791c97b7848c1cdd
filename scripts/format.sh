#!/usr/bin/env bash
# Formats all C++ files by .clang-format, with the one version of clang-format that everybody uses: others break lines
# elsewhere. It comes from PyPI and is kept in the user's cache.
#   format.sh            changes the files
#   format.sh --check    changes nothing, and fails where a file is not formatted
# The examples that fix the public interface stay as they were written.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
version=18.1.8
case ${1:-} in
  '') action=(-i) ;;
  --check) action=(--dry-run -Werror) ;;
  *) echo "usage: format.sh [--check]" >&2; exit 2 ;;
esac
environment=$user_cache/xgrad-clang-format-$version
formatter=$environment/bin/clang-format
if ! "$formatter" --version >/dev/null 2>&1; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_missing python3-venv
  python3 -m venv --clear "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check "clang-format==$version"
fi
interface=(custom.cpp functional.cpp house_prices.cpp titanic.cpp tutorial.cpp)
git ls-files -z '*.hpp' '*.cpp' "${interface[@]/#/:!examples/}" | xargs -0 "$formatter" "${action[@]}"
