#!/usr/bin/env bash
# Measures the component against a plain connection to the same Redis; prints a table and ends with 0 if no call failed.
#
#   ./bench.sh [--quick] [--only NAME] [--json FILE]
#
# NAME: publish, publish-bulk, deliver, step, step-serial, state-get, state-set, hop. What each does on both sides, and why
# that is fair, stands in tests/benchmarks/README.md. --quick: short rounds, for a first look. It starts its own Redis and component.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
started_in=$PWD
cd "$root"
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh

on_leash tests/tools.sh redis
# shellcheck source=/dev/null
source .tools/env.sh

binary=tests/benchmarks/bin/Release/net10.0/benchmarks
sources=(tests/benchmarks tests/shared component Directory.*.props)
code=(-name '*.cs' -o -name '*.lua' -o -name '*.proto' -o -name '*.*proj' -o -name '*.props')
if [[ ! -e $binary.dll || -n $(find "${sources[@]}" \( -name bin -o -name obj \) -prune -o \( "${code[@]}" \) -newer "$binary.dll" -print -quit) ]]; then
  echo "bench.sh: building (the first time, packages are restored)"
  on_leash dotnet build tests/benchmarks -c Release --nologo -v q -clp:NoSummary || { echo "bench.sh: the build failed" >&2; exit 1; }
  touch "$binary.dll"
fi

# A file is named from where the script was called.
arguments=()
while (($#)); do
  arguments+=("$1")
  if [[ $1 == --json && $# -gt 1 ]]; then
    shift
    [[ $1 == /* ]] && arguments+=("$1") || arguments+=("$started_in/$1")
  fi
  shift
done

on_leash "$binary" "${arguments[@]}"
