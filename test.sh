#!/usr/bin/env bash
# Builds everything and runs all tests; ends with "N passed, N failed, N skipped" and 0 only if all is well.
#
#   ./test.sh            all tests
#   ./test.sh NAME       those whose full name contains NAME
#
# DAPRD=/path/to/daprd runs the end-to-end tests against that sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"
case ${1:-} in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
filter=${1:-}
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh

on_leash tests/tools.sh
# shellcheck source=/dev/null
source .tools/env.sh

echo "test.sh: building (the first time, packages are restored)"
on_leash dotnet build dapr-darq.sln -c Release --nologo -v q || { echo "test.sh: the build failed" >&2; exit 1; }

results=$root/TestResults
rm -rf "$results"
mkdir -p "$results"
options=(--no-build -c Release --nologo --results-directory "$results" --blame-hang-timeout 5m --blame-hang-dump-type none)
[[ -z $filter ]] || options+=(--filter "FullyQualifiedName~$filter")
outcomes=()
while read -r project; do
  name=$(basename "$project" .csproj)
  echo "test.sh: $name"
  code=0
  on_leash dotnet test "$project" "${options[@]}" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" || code=$?
  outcomes+=("$name=$code")
done < <(grep -l '<IsTestProject>true' tests/*/Darq.Tests.*.csproj)

"$python" tests/count.py --minimum tests/minimum ${filter:+--partial} "$results" "${outcomes[@]}"
