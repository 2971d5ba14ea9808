#!/usr/bin/env bash
# Bank transfers on real Redis, each one atomic step; ends with BOOKS BALANCE and 0, or says what is wrong and ends with 1.
#
#   ./demo.sh                            the transfers of examples/bank-transfers/transfers.csv
#   ./demo.sh --transfers N [--seed S]   as many made-up ones
#
# DAPRD=/path/to/daprd uses that sidecar instead of the stand-in. Everything runs in a temp folder and ends with this script.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh

on_leash tests/tools.sh redis
# shellcheck source=/dev/null
source .tools/env.sh

# Builds a project unless its binary is newer than all its sources.
build() { # project folder, binary, further source folders
  local project=$1 binary=$1/bin/Release/net10.0/$2.dll
  shift 2
  if [[ -e $binary && -z $(find "$project" "$@" Directory.*.props \( -name bin -o -name obj \) -prune -o -type f -newer "$binary" -print -quit) ]]; then
    return
  fi
  echo "demo.sh: building $project (the first time, packages are restored)"
  on_leash dotnet build "$project" -c Release --nologo -v q -clp:NoSummary || { echo "demo.sh: the build failed" >&2; exit 1; }
}
build component darq
[[ -n ${DAPRD:-} ]] || build tests/sidecar sidecar tests/shared component/Contract

on_leash "$python" -u examples/bank-transfers/run.py "$@"
