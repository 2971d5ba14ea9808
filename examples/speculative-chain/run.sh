#!/usr/bin/env bash
# Five services in a chain, with and without waiting for durability at each hop: a table of latencies, a chart of it, and then a failover
# that loses what was not durable, after which the receipts have to be exactly right. Ends with 0 only if they are.
#
#   examples/speculative-chain/run.sh
#
#   --quick        fewer orders: less than a minute
#   --seed S       what the customers order (1)
#   --svg FILE     where the chart goes (examples/speculative-chain/bin/latency.svg)
#   --keep FOLDER  keep the logs there, also those of the customer and of the post office
#   --without-wait the last service does not wait either, to see what that is for: no table, ends with 1
#
# DAPRD=/path/to/daprd runs it with that sidecar instead of the stand-in. Everything runs in a temp folder and ends with this script.
set -euo pipefail

caller=$PWD
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
case ${1:-} in -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
command -v node >/dev/null || { echo "run.sh: node is missing" >&2; exit 1; }
# In memory where there is room: a flush then takes the time that is set for it, and not that of this machine's disk on top.
if [[ -w /dev/shm ]] && (($(df --output=avail -m /dev/shm | tail -n 1) >= 1024)); then export TMPDIR=/dev/shm; fi
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh

here=examples/speculative-chain
on_leash node "$here/options.mjs" "$@" # What is wrong is said before anything is fetched or built.
on_leash tests/tools.sh redis valkey
# shellcheck source=/dev/null
source .tools/env.sh
build_if_changed component/Darq.Component darq component/Darq.Engine
[[ -n ${DAPRD:-} ]] || build_if_changed tests/sidecar sidecar tests/shared component/Darq.Component/Protos

DARQ_CHAIN_CALLER=$caller on_leash node "$here/run.mjs" "$@"
