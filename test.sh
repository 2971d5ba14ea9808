#!/usr/bin/env bash
# Builds everything and runs the tests; ends with "N passed, N failed, N skipped" and 0 only if all is well.
#
#   ./test.sh            all tests that continuous integration runs, the check of the format, and the native binary
#   ./test.sh --fast     leaves out the slow ones; takes under three minutes on two cores
#   ./test.sh --long     all tests with many seeds and many kills; takes hours
#   ./test.sh NAME       the tests whose full name contains NAME
#
# DAPRD=/path/to/daprd runs the end-to-end tests against that sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root"
lane=full name=
(($# <= 1)) || { echo "test.sh: there are $# arguments; accepted: one option, or a part of a test's name" >&2; exit 2; }
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
  export DARQ_SEEDS=${DARQ_SEEDS:-1-3000} DARQ_WAITING=${DARQ_WAITING:-1000000} DARQ_CUTS=${DARQ_CUTS:-200} DARQ_DEMO_SEEDS=${DARQ_DEMO_SEEDS:-1-20}
fi

on_leash tests/tools.sh
# shellcheck source=/dev/null
source .tools/env.sh

build dapr-darq.sln

outcomes=() checks=()
check() { # name, command: counts like a test project
  local code=0
  echo "test.sh: $1"
  on_leash "${@:2}" || code=$?
  checks+=("--check=$1=$code")
}
if [[ $lane != fast && -z $name ]]; then
  check format dotnet format dapr-darq.sln --verify-no-changes --no-restore
  check native tests/native.sh
fi

results=$root/TestResults
rm -rf "$results"
mkdir -p "$results"
options=(--no-build -c Release --nologo --results-directory "$results" --blame-hang-timeout 10m --blame-hang-dump-type none)
filter=()
case $lane:$name in
  *:?*) filter=(--filter "FullyQualifiedName~$name") ;;
  full:) filter=(--filter "Lane!=Long") ;;
  fast:) filter=(--filter "Lane!=Long&Lane!=Slow") ;;
esac
run() { # name of the run, project, further options
  local code=0
  on_leash "$python" tests/progress.py "$1" dotnet test "$2" "${options[@]}" "${@:3}" \
    --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=normal" || code=$?
  outcomes+=("$1=$code")
}
mapfile -t projects < <(grep -l '<IsTestProject>true' tests/*/Darq.Tests.*.csproj)
for project in "${projects[@]}"; do
  run "$(basename "$project" .csproj)" "$project" "${filter[@]}"
done

# The released form has to do all that the component does on its socket.
if [[ $lane != fast && -z $name ]]; then
  export DARQ_COMPONENT=$root/.tools/released/darq
  run Darq.Tests.Contract.Native tests/contract \
    --filter "FullyQualifiedName!~Darq.Tests.Contract.Grpc&FullyQualifiedName!~Darq.Tests.Contract.Recordings"
fi

partial=()
case $lane:$name in
  *:?*) partial=(--partial name) ;;
  fast:) partial=(--partial lane) ;;
esac
"$python" tests/count.py "${partial[@]}" "${checks[@]}" "$results" "${outcomes[@]}"
