#!/usr/bin/env bash
# Provides what the tests and the demo run beside .NET, without root and without touching the system:
# what is on the machine and new enough is used, the rest is unpacked from Debian's packages into .tools/.
#
#   tests/tools.sh [redis] [valkey] [grpcio] [lua] [node]      (default: all)
#   source .tools/env.sh                                       (sets PATH and the DARQ_… variables)
#
# Run it, do not source it. Nothing is installed, started or enabled; deleting .tools/ undoes everything.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/.tools
unpacked=$tools/root
recipe=1 # Raised when a package list below changes, so that older .tools/ folders are completed.

say() { echo "tools: $*"; }
fail() { echo "tools: $*" >&2; exit 1; }

declare -A packages=(
  [redis]="redis-server redis-tools libjemalloc2 liblzf1 libatomic1 libssl3 libsystemd0"
  [valkey]="valkey-server valkey-tools libjemalloc2 liblzf1 libatomic1 libssl3 libsystemd0"
  [grpcio]="python3-grpcio python3-protobuf python3-six libprotobuf32 libabsl20220623 libc-ares2 libre2-9 libssl3 libstdc++6 zlib1g"
  [lua]="liblua5.1-0 libstdc++6"
)

# Prints the program if PATH has it in at least the given major version.
on_path() {
  local program version
  program=$(command -v "$1") || return 1
  version=$("$program" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
  [[ -n $version && ${version%%.*} -ge $2 ]] && echo "$program"
}

library_path() {
  local folders=("$unpacked"/usr/lib/*-linux-gnu "$unpacked"/lib/*-linux-gnu) found=""
  local folder
  for folder in "${folders[@]}"; do [[ -d $folder ]] && found+=${found:+:}$folder; done
  echo "$found"
}

# --- Each component answers with its lines for env.sh if it works now, and with 1 if not. ---

server_lines() { # name, least major version, further programs
  local name=$1 least=$2 server from program
  shift 2
  if server=$(on_path "$name-server" "$least"); then from=$(dirname "$server"); else from=$unpacked/usr/bin; fi
  for program in "$name-server" "$@"; do [[ -x $from/$program ]] || return 1; done
  for program in "$name-server" "$name-cli"; do
    LD_LIBRARY_PATH=$(library_path) "$from/$program" --version >/dev/null 2>&1 || return 1
  done
  echo "export DARQ_${name^^}_SERVER='$from/$name-server'"
  echo "export DARQ_${name^^}_CLI='$from/$name-cli'"
}

redis_lines() { server_lines redis 7 redis-cli redis-benchmark redis-check-aof; }
valkey_lines() { server_lines valkey 8 valkey-cli; }

grpcio_lines() {
  [[ -x /usr/bin/python3 ]] || fail "the gRPC conformance tests need Debian's own /usr/bin/python3 (package python3)"
  local path=$unpacked/usr/lib/python3/dist-packages
  if /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then return 0; fi
  PYTHONPATH=$path LD_LIBRARY_PATH=$(library_path) /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || return 1
  echo "export DARQ_PYTHON_PATH='$path'"
  echo "export PYTHONPATH='$path'\${PYTHONPATH:+:\$PYTHONPATH}"
}

lua_lines() {
  local library
  for library in /usr/lib/*-linux-gnu/liblua5.1.so.0 "$unpacked"/usr/lib/*-linux-gnu/liblua5.1.so.0; do
    if [[ -e $library ]]; then echo "export DARQ_LUA51='$library'"; return 0; fi
  done
  return 1
}

# --- Fetching ---

# Where apt's own sources have a release, also before any of its lists was fetched.
mirror_of() { # release
  apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 2>/dev/null | sed -n "s/^$1 //p" | head -n 1
}

# A private state beside a private source list: apt reads its trusted keys and the user's proxy settings from the
# system and writes only below .tools/apt. Hooks of the system's configuration, which would write elsewhere, are cleared.
prepare_apt() {
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    fail "$1 is missing, and without apt-get it cannot be fetched: put it on PATH (Redis >= 7.0, Valkey >= 8.0)"
  local apt=$tools/apt codename uri security
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  [[ $codename == bookworm ]] || say "made for Debian 12 (bookworm); trying its packages on ${codename:-an unknown release}"
  # The mirrors this machine is set up with; backports lies beside the release itself.
  uri=$(mirror_of bookworm) security=$(mirror_of bookworm-security)
  [[ -n $uri ]] || fail "$1 is missing, and apt names no Debian mirror for bookworm: put it on PATH, or add the mirror to apt's sources"
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,debs}
  local signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
  printf "deb $signed %s main\n" "$uri bookworm" "$uri bookworm-backports" ${security:+"$security bookworm-security"} >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State "$apt/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "$(id -un)";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
}

apt() { # command, arguments: quiet unless someone is watching
  local quiet=-qq
  [[ -t 1 && $1 != indextargets ]] && quiet=-q=0
  apt-get -c "$tools/apt/apt.conf" "$quiet" "$@"
}

update_lists() {
  say "reading Debian's package lists into .tools/apt (9 MB; bookworm, its backports and security updates)"
  apt update || fail "Debian's package lists could not be read; is the network up?"
}

# Unpacks the packages that the system does not have. The wanted programs themselves are never skipped:
# an installed redis-server that is too old for the tests must not hide the newer one.
fetch() { # component
  local wanted=() package line
  read -ra names <<<"${packages[$1]}"
  for package in "${names[@]}"; do
    if [[ $package == lib* || $package == zlib* ]] && dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$'; then continue; fi
    [[ -e $tools/apt/debs/$package.done ]] || wanted+=("$package")
  done
  ((${#wanted[@]})) || return 0
  prepare_apt "$1"
  [[ -n $(find "$tools/apt/state/lists" -name '*_Packages*' -mmin -1440 -print -quit) ]] || update_lists
  cd "$tools/apt/debs"
  local uris
  uris=$(apt_uris "${wanted[@]}") || { update_lists; uris=$(apt_uris "${wanted[@]}"); } || fail "Debian's lists do not have: ${wanted[*]}"
  while read -r _ file size _; do say "downloading ${file//%3a/:} ($(((size + 1023) / 1024)) kB)"; done <<<"$uris"
  apt download "${wanted[@]}" || fail "the download failed; run tests/tools.sh again"
  mkdir -p "$unpacked"
  for package in "${wanted[@]}"; do
    for line in "$package"_*.deb; do dpkg -x "$line" "$unpacked" && rm "$line"; done
    touch "$package.done"
  done
  cd "$root"
}

apt_uris() { apt-get -c "$tools/apt/apt.conf" download --print-uris "$@" 2>/dev/null; }

provide() { # component
  local lines=$tools/env.d/$1.sh
  if [[ $1 == node ]]; then provide_node; return; fi
  fresh "$lines" && return
  if ! "$1_lines" >"$lines.new"; then
    fetch "$1"
    "$1_lines" >"$lines.new" || fail "$1 was unpacked into .tools/root but does not start: $(why_not)"
  fi
  { echo "# $recipe $root"; cat "$lines.new"; } >"$lines"
  rm "$lines.new"
}

# What was found before still counts while the recipe, the place and the files it names are the same.
fresh() {
  [[ -r $1 ]] || return 1
  local line path
  while read -r line; do
    if [[ $line == \#* ]]; then [[ $line == "# $recipe $root" ]] || return 1; fi
    path=${line#*\'}
    [[ $line != *\'* || -e ${path%%\'*} ]] || return 1
  done <"$1"
}

why_not() {
  find "$unpacked" -type f \( -perm -u+x -o -name '*.so*' \) -exec env LD_LIBRARY_PATH="$(library_path)" ldd {} \; 2>/dev/null |
    grep 'not found' | sort -u | tr -s '\t\n ' ' '
}

provide_node() {
  local lock folder sum
  while read -r lock; do
    folder=$root/$(dirname "${lock#./}")
    sum=$(sha256sum <"$root/$lock")
    [[ -r $folder/node_modules/.installed && $(<"$folder/node_modules/.installed") == "$sum" ]] && continue
    command -v npm >/dev/null || fail "npm is missing; ${folder#"$root"/} needs Node.js 18 or newer with npm"
    say "installing the locked npm packages of ${folder#"$root"/} (npm ci)"
    (cd "$folder" && npm ci --cache "$tools/npm" --no-audit --no-fund --no-update-notifier --loglevel=error >&2) || fail "npm ci failed in ${folder#"$root"/}"
    echo "$sum" >"$folder/node_modules/.installed"
  done < <(cd "$root" && find . -name .tools -prune -o -name node_modules -prune -o -name package-lock.json -print)
}

write_env() {
  local libraries
  libraries=$(library_path)
  {
    echo "# Written by tests/tools.sh."
    cat "$tools"/env.d/*.sh 2>/dev/null | grep '^export' || true
    if [[ -n $libraries ]]; then
      echo "export DARQ_LIBRARY_PATH='$libraries'"
      echo "export LD_LIBRARY_PATH='$libraries'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
    fi
    if [[ -d $unpacked/usr/bin ]]; then echo "export PATH='$unpacked/usr/bin':\$PATH"; fi
  } >"$tools/env.sh.new"
  mv "$tools/env.sh.new" "$tools/env.sh"
}

mkdir -p "$tools/env.d"
exec 9>"$tools/lock"
flock -n 9 || { say "waiting for another tests/tools.sh"; flock 9; }
(($#)) || set -- redis valkey grpcio lua node
for component in "$@"; do
  [[ $component == node || -n ${packages[$component]:-} ]] || fail "unknown component '$component'; known: redis valkey grpcio lua node"
done
for component in "$@"; do provide "$component"; done
write_env
