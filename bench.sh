#!/usr/bin/env bash
# Measures the component against a plain connection to the same Redis, or against a component that does nothing; prints a table and ends
# with 0 if no call failed.
#
#   ./bench.sh                 everything; takes some fourteen minutes
#   ./bench.sh --quick         short rounds, for a first look
#   ./bench.sh --only NAME     publish, publish-bulk, deliver, step, step-serial, state-get, state-set,
#                              workflow-store, workflow, workflow-cold, paced, queue-vs-bullmq, hop, hop-many,
#                              sidecar-publish, sidecar-publish-alone, sidecar-get, sidecar-set, sidecar-paced
#                              or sidecar-drain
#   ./bench.sh --json FILE     writes the rows to a file as well
#   ./bench.sh --record        writes the results page in tests/benchmarks
#   ./bench.sh papers          what speculation gains and costs, on Valkey with a replica that flushes; takes --quick, --json and --record,
#                              too, and some six minutes
#
# What each does on both sides, and why that is fair, stands in tests/benchmarks/README.md. DAPRD=/path/to/daprd uses that sidecar
# for the rows through a sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
started_in=$PWD
cd "$root"
case ${1:-} in -h | --help) sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh

on_leash tests/tools.sh redis
[[ ${1:-} != papers ]] || on_leash tests/tools.sh valkey
# shellcheck source=/dev/null
source .tools/env.sh

# One row needs npm packages; where there is no npm, the row says so.
if [[ ${1:-} != papers && " $* " != *" --only "* || " $* " == *" --only queue-vs-bullmq "* ]] && command -v node >/dev/null && command -v npm >/dev/null; then
  on_leash tests/tools.sh node || true
fi

build_if_changed tests/benchmarks benchmarks tests/shared component
[[ -n ${DAPRD:-} ]] || build_if_changed tests/sidecar sidecar tests/shared component/Darq.Component/Protos

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

on_leash tests/benchmarks/bin/Release/net10.0/benchmarks "${arguments[@]}"
