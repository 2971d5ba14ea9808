#!/usr/bin/env bash
# The example in one command: Redis, component, the services and their sidecars run in a temp folder and end with it.
#
#   examples/travel-saga/run.sh
#
# DAPRD=/path/to/daprd runs it with that sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
(($# == 0)) || { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2; }
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh
# shellcheck source=examples/services.sh
source examples/services.sh

on_leash tests/tools.sh redis
# shellcheck source=/dev/null
source .tools/env.sh
build_if_changed component/Darq.Component darq component/Darq.Engine
build_if_changed tests/sidecar sidecar tests/shared component/Darq.Component/Protos
build_if_changed examples/travel-saga TravelSaga sdk-dotnet/Darq sdk-dotnet/Darq.AspNetCore

story() {
  local here=examples/travel-saga
  AGENCY=$(port)
  export AGENCY
  ground "$here/resources"
  service agency "$AGENCY" "$here/bin/Release/net10.0/TravelSaga"
  "$here/travel.sh"
}

export -f story
on_leash bash -c 'set -euo pipefail; story'
