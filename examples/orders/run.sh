#!/usr/bin/env bash
# The example in one command: Redis, component, the services and their sidecars run in a temp folder and end with it.
#
#   examples/orders/run.sh
#
# DAPRD=/path/to/daprd runs it with that sidecar instead of the stand-in.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
case ${1:-} in
  '') ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
# shellcheck source=tests/shared/leash.sh
source tests/shared/leash.sh
# shellcheck source=tests/shared/build.sh
source tests/shared/build.sh

on_leash tests/tools.sh redis node
# shellcheck source=/dev/null
source .tools/env.sh
build_if_changed component/Darq.Component darq component/Darq.Engine
build_if_changed tests/sidecar sidecar tests/shared component/Darq.Component/Protos
build_if_changed examples/orders/stock Stock sdk-dotnet/Darq sdk-dotnet/Darq.AspNetCore

await() { # what, command that succeeds when it is there
  local what=$1 since=$SECONDS
  shift
  until "$@"; do
    if ((SECONDS - since > 120)); then
      echo "run.sh: $what after two minutes; the ends of the logs:" >&2
      tail -n 5 "$TMPDIR"/*.log >&2
      exit 1
    fi
    sleep 0.2
  done
}

port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
is_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

service() { # name, port of the sidecar's HTTP API, command
  local name=$1 api=$2 app grpc
  app=$(port) grpc=$(port)
  APP_PORT=$app DAPR_HTTP_PORT=$api DAPR_GRPC_PORT=$grpc "${@:3}" >"$TMPDIR/$name.log" 2>&1 &
  await "$name does not listen" is_taken "$app"
  "${DAPRD:-tests/sidecar/run}" --app-id "$name" --app-port "$app" --dapr-http-port "$api" --dapr-grpc-port "$grpc" \
    --resources-path "$TMPDIR/resources" >"$TMPDIR/$name-sidecar.log" 2>&1 &
  await "the sidecar of $name is not there" curl -sfo /dev/null "http://localhost:$api/v1.0/healthz"
  echo "$name is there, with its sidecar" >&2
}

story() {
  local redis here=examples/orders
  redis=$(port) STOCK=$(port) BILL=$(port) PARCELS=$(port)
  export STOCK BILL PARCELS DAPR_COMPONENTS_SOCKETS_FOLDER=$TMPDIR/sockets DARQ_ADMIN_ADDRESS=off
  mkdir "$TMPDIR/resources"
  for file in "$here"/resources/*.yaml; do
    sed "s/localhost:6379/127.0.0.1:$redis/" "$file" >"$TMPDIR/resources/${file##*/}"
  done

  redis-server --port "$redis" --dir "$TMPDIR" --appendonly yes >"$TMPDIR/redis.log" 2>&1 &
  component/Darq.Component/bin/Release/net10.0/darq >"$TMPDIR/component.log" 2>&1 &
  await "no socket of the component" test -S "$TMPDIR/sockets/darq.sock"
  service stock "$STOCK" "$here/stock/bin/Release/net10.0/Stock"
  service bill "$BILL" "$python" "$here/bill/bill.py"
  service parcels "$PARCELS" node "$here/parcels/parcels.js"
  "$here/customer/customer.sh"
}

export python
export -f await port is_taken service story
on_leash bash -c 'set -euo pipefail; story'
