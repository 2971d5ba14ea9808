#!/usr/bin/env bash
# Builds everything and runs the tests; ends with "N passed, N failed, N skipped" and 0 only if all is well.
#
#   ./test.sh            all tests that continuous integration runs
#   ./test.sh --fast     leaves out the slow ones; takes under three minutes on two cores
#   ./test.sh --long     all tests with many seeds and many kills; takes hours
#   ./test.sh NAME       the tests whose full name contains NAME
#
# DAPRD=/path/to/daprd runs the end-to-end tests against that sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"
lane=full name=
case ${1:-} in
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --fast | --long) lane=${1#--} ;;
  -*) echo "test.sh: the option is '$1'; accepted: --fast, --long, --help or a part of a test's name" >&2; exit 2 ;;
  *) name=${1:-} ;;
esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh

# What the long lane does more of; the tests name each variable and what it is without it.
if [[ $lane == long ]]; then
  export DARQ_SEEDS=${DARQ_SEEDS:-1-3000} DARQ_WAITING=${DARQ_WAITING:-1000000} DARQ_DEMO_SEEDS=${DARQ_DEMO_SEEDS:-1-20}
fi

on_leash tests/tools.sh
# shellcheck source=/dev/null
source .tools/env.sh

build dapr-darq.sln

outcomes=()
results=$root/TestResults
rm -rf "$results"
mkdir -p "$results"
options=(--no-build -c Release --nologo --results-directory "$results" --blame-hang-timeout 10m --blame-hang-dump-type none)
case $lane:$name in
  *:?*) options+=(--filter "FullyQualifiedName~$name") ;;
  full:) options+=(--filter "Lane!=Long") ;;
  fast:) options+=(--filter "Lane!=Long&Lane!=Slow") ;;
esac
while read -r project; do
  project_name=$(basename "$project" .csproj)
  code=0
  on_leash "$python" tests/progress.py "$project_name" dotnet test "$project" "${options[@]}" \
    --logger "trx;LogFileName=$project_name.trx" --logger "console;verbosity=normal" || code=$?
  outcomes+=("$project_name=$code")
done < <(grep -l '<IsTestProject>true' tests/*/Darq.Tests.*.csproj)

partial=()
[[ $lane != fast && -z $name ]] || partial=(--partial)
"$python" tests/count.py --minimum tests/minimum "${partial[@]}" "$results" "${outcomes[@]}"
