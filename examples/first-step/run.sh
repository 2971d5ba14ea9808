#!/usr/bin/env bash
# The first step in one command: Redis, component, sidecar and a handler run in a temp folder and end with it. Three transfers of 10
# from alice to bob are published, each twice; then bob must have 30 and alice -30.
#
#   examples/first-step/run.sh js|py|cs|go
#
# The ports 3500 (sidecar) and 8080 (handler) have to be free.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
export here=examples/first-step
case ${1:-} in
  js) handler=(node "$here/handler.mjs") ;;
  py) handler=(python3 "$here/handler.py") ;;
  cs) handler=(dotnet run "$here/handler.cs") ;;
  go) handler=(go run "$here/handler.go") ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
command -v "${handler[0]}" >/dev/null || { echo "run.sh: ${handler[0]} is missing" >&2; exit 1; }
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

start() { # name, command
  local name=$1
  shift
  echo "starting $name: $*"
  "$@" >"$TMPDIR/$name.log" 2>&1 &
}

balance() { curl -s "http://localhost:3500/v1.0/state/ledger/$1"; }
is_free() { ! is_taken "$1"; }
has_moved() { [[ $(balance bob) == 30 ]]; }

story() { # the handler's command
  local port file id
  for port in 3500 8080; do
    is_free "$port" || { echo "run.sh: port $port is taken" >&2; exit 1; }
  done
  port=$(port)
  export DAPR_COMPONENTS_SOCKETS_FOLDER=$TMPDIR/sockets DARQ_ADMIN_ADDRESS=off
  mkdir "$TMPDIR/resources"
  for file in "$here"/resources/*.yaml; do
    sed "s/localhost:6379/127.0.0.1:$port/" "$file" >"$TMPDIR/resources/${file##*/}"
  done

  start redis redis-server --port "$port" --dir "$TMPDIR" --appendonly yes
  start component component/Darq.Component/bin/Release/net10.0/darq
  await "no socket of the component" test -S "$TMPDIR/sockets/darq.sock"
  start handler "$@"
  await "no handler" is_taken 8080
  start sidecar tests/sidecar/run --app-id ledger --app-port 8080 --dapr-http-port 3500 --resources-path "$TMPDIR/resources"
  await "no sidecar" curl -sfo /dev/null http://localhost:3500/v1.0/healthz

  for id in t-1 t-2 t-3 t-1 t-2 t-3; do
    echo "publishing $id: 10 from alice to bob"
    curl -sf -X POST "http://localhost:3500/v1.0/publish/bank/transfers?metadata.darq.id=$id&metadata.partitionKey=alice" \
      -H 'content-type: application/json' -d '{"from": "alice", "to": "bob", "amount": 10}'
  done
  await "bob does not have 30" has_moved
  echo "alice $(balance alice), bob $(balance bob): six messages, three steps"
  [[ $(balance alice) == -30 ]]
}

export -f start balance is_free has_moved story
on_leash bash -c 'set -euo pipefail; story "$@"' story "${handler[@]}"
