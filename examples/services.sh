# Sourced by the run.sh of the examples, after leash.sh: what they start runs in a temp folder and ends with them.

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

# Redis and the component, and the example's resources with that Redis.
ground() { # folder of resources
  local redis file
  redis=$(port)
  export DAPR_COMPONENTS_SOCKETS_FOLDER=$TMPDIR/sockets DARQ_ADMIN_ADDRESS=off
  mkdir "$TMPDIR/resources"
  for file in "$1"/*.yaml; do
    sed "s/localhost:6379/127.0.0.1:$redis/" "$file" >"$TMPDIR/resources/${file##*/}"
  done
  redis-server --port "$redis" --dir "$TMPDIR" --appendonly yes >"$TMPDIR/redis.log" 2>&1 &
  component/Darq.Component/bin/Release/net10.0/darq >"$TMPDIR/component.log" 2>&1 &
  await "no socket of the component" test -S "$TMPDIR/sockets/darq.sock"
}

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

export python
export -f await port is_taken ground service
