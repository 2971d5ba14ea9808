#!/usr/bin/env bash
# Bank transfers on real Redis, each one atomic step; ends with BOOKS BALANCE and 0, or says what is wrong and ends with 1.
#
#   ./demo.sh                the 3,000 transfers of examples/bank-transfers/transfers.csv
#   ./demo.sh --chaos 5      the same, while apps, pods and Redis are killed and pods are paused
#
#   --transfers N      N made-up transfers instead
#   --seed S           which transfers and which faults (1)
#   --chaos K          how many faults, each after so many applied transfers (0)
#   --json FILE        write the numbers there
#   --timeout TIME     end the run then and say what is missing: 90, 90s, 5m (5m)
#   --keep FOLDER      keep all logs and the data of Redis there
#   --concurrent       sidecars that hand over many messages at once, as those from 1.18.4 on do
#   --false-acks       sidecars that acknowledge some calls which an app that was killed never answered, as real ones do; with --chaos
#   --without-token    leave the token out of the steps, to see what it is for; ends with 1
#   --without-require-step   let any acknowledgement end a message; with --false-acks, to see what is lost; ends with 1
#
# DAPRD=/path/to/daprd uses that sidecar instead of the stand-in. Everything runs in a temp folder and ends with this script.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DARQ_DEMO_CALLER=$PWD
cd "$root"
case ${1:-} in -h | --help) sed -n '2,19s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh

# Wrong arguments are told before anything is fetched or built.
on_leash "$python" examples/bank-transfers/options.py "$@"
on_leash tests/tools.sh redis
# shellcheck source=/dev/null
source .tools/env.sh

build_if_changed component/Darq.Component darq component/Darq.Engine
[[ -n ${DAPRD:-} ]] || build_if_changed tests/sidecar sidecar tests/shared component/Darq.Component/Protos

on_leash "$python" -u examples/bank-transfers/run.py "$@"
