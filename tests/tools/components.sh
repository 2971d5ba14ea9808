# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # Sourced by tests/tools.sh, which sets what is used here and uses what is set here.
#
# What each component consists of, and whether it works.
#
# A function NAME_lines prints the lines for env.sh if the component works now, and ends with 1 if it does not.

redis_least=7.0
valkey_least=7.2
unpacked=$tools/root

declare -A packages=(
  [redis]="redis-server redis-tools"
  [valkey]="valkey-server valkey-tools"
  [grpcio]="python3-grpcio python3-protobuf"
  [native]="gcc binutils libc6-dev"
)

is_new_enough() { # program, least version
  local version
  version=$(LD_LIBRARY_PATH=$(library_path) "$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
  [[ -n $version && $(printf '%s\n' "$2" "$version" | sort -V | head -n 1) == "$2" ]]
}

# Prints where PATH has the program in at least the given version.
on_path() { # program, least version
  local program
  [[ -z $ignore_path ]] && program=$(command -v "$1") && is_new_enough "$program" "$2" && echo "$program"
}

library_path() {
  local folder found=""
  for folder in "$unpacked"/usr/lib/*-linux-gnu "$unpacked"/lib/*-linux-gnu; do
    if [[ -d $folder ]]; then found+=${found:+:}$folder; fi
  done
  echo "$found"
}

server_lines() { # name, least version, further programs
  local name=$1 least=$2 server from program
  shift 2
  if server=$(on_path "$name-server" "$least"); then from=$(dirname "$server"); else from=$unpacked/usr/bin; fi
  for program in "$name-server" "$name-cli" "$@"; do [[ -x $from/$program ]] || return 1; done
  is_new_enough "$from/$name-server" "$least" && is_new_enough "$from/$name-cli" "$least" || return 1
  echo "export DARQ_${name^^}_SERVER='$from/$name-server'"
  echo "export DARQ_${name^^}_CLI='$from/$name-cli'"
}

redis_lines() { server_lines redis "$redis_least" redis-benchmark redis-check-aof; }
valkey_lines() { server_lines valkey "$valkey_least"; }

grpcio_lines() {
  [[ -x /usr/bin/python3 ]] || fail "the gRPC conformance tests need the system's own /usr/bin/python3 (package python3)"
  local path=$unpacked/usr/lib/python3/dist-packages
  if [[ -z $ignore_path ]] && /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then return 0; fi
  PYTHONPATH=$path LD_LIBRARY_PATH=$(library_path) /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || return 1
  echo "export DARQ_PYTHON_PATH='$path'"
  echo "export PYTHONPATH='$path'\${PYTHONPATH:+:\$PYTHONPATH}"
}

# Why what was unpacked does not work, as far as the loader or the linker knows.
why_not() { # component
  if [[ $1 == native ]]; then links "$native/bin/cc" 2>&1 | tail -n 3; return; fi
  find "$unpacked" -type f \( -perm -u+x -o -name '*.so*' \) -exec env LD_LIBRARY_PATH="$(library_path)" ldd {} \; 2>/dev/null |
    grep 'not found' | sort -u | tr -s '\t\n ' ' '
}
