#!/usr/bin/env bash
# Provides what the tests and the demo run beside .NET, without root and without touching the system: what is on the machine and
# new enough is used, the rest is unpacked into .tools/ from the packages of this system's own release (Debian or Ubuntu).
#
#   tests/tools.sh [redis] [valkey] [grpcio] [native] [node] [python]   (default: all)
#   source .tools/env.sh                                                      (sets PATH and the DARQ_… variables)
#
#   DARQ_TOOLS=FOLDER         unpacks there instead of into .tools/
#   DARQ_TOOLS_IGNORE_PATH=1  takes nothing from the machine but its shared libraries
#
# Run it, do not source it. Nothing is installed, started or enabled; deleting .tools/ undoes everything.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$(realpath -m "${DARQ_TOOLS:-$root/.tools}")
ignore_path=${DARQ_TOOLS_IGNORE_PATH:-}
codename=unknown release="this system"
if [[ -r /etc/os-release ]]; then
  # shellcheck source=/dev/null
  read -r codename release < <(. /etc/os-release && echo "${VERSION_CODENAME:-$codename} ${PRETTY_NAME:-$release}")
fi
recipe=2 # Raised when a component gets other lines in env.sh, so that older .tools/ folders are completed.

say() { echo "tools: $*"; }
fail() { echo "tools: $*" >&2; exit 1; }

# shellcheck source=tests/tools/components.sh
source "$root/tests/tools/components.sh"
# shellcheck source=tests/tools/native.sh
source "$root/tests/tools/native.sh"
# shellcheck source=tests/tools/apt.sh
source "$root/tests/tools/apt.sh"
# shellcheck source=tests/tools/python.sh
source "$root/tests/tools/python.sh"

provide() { # component
  local lines=$tools/env.d/$1.sh
  is_fresh "$lines" && return
  if ! "$1_lines" >"$lines.new"; then
    unpack "$1"
    "$1_lines" >"$lines.new" || fail "$1 was unpacked into $tools but does not work or is too old: $(why_not "$1")"
  fi
  { stamp; cat "$lines.new"; } >"$lines"
  rm "$lines.new"
}

unpack() { # component
  local names
  read -ra names <<<"${packages[$1]}"
  # A toolchain is taken whole: half of it from the system could be of another version.
  if [[ $1 == native ]]; then fetch "$1" "$native" also-installed "${names[@]}"; return; fi
  fetch "$1" "$unpacked" not-installed "${names[@]}"
  # A library that is installed may be older than what was unpacked needs.
  if ! "$1_lines" >/dev/null; then fetch "$1" "$unpacked" also-installed "${names[@]}"; fi
}

stamp() { echo "# $recipe $codename $tools${ignore_path:+ (not from PATH)}"; }

# What was found before still counts while the recipe, the place and the files it names are the same.
is_fresh() { # file with lines
  [[ -r $1 ]] || return 1
  local line path
  while read -r line; do
    if [[ $line == \#* ]]; then [[ $line == "$(stamp)" ]] || return 1; fi
    path=${line#*\'}
    [[ $line != *\'* || -e ${path%%\'*} ]] || return 1
  done <"$1"
}

provide_node() {
  local lock folder sum
  while read -r lock; do
    folder=$root/$(dirname "${lock#./}")
    sum=$(sha256sum <"$root/$lock")
    [[ -r $folder/node_modules/.installed && $(<"$folder/node_modules/.installed") == "$sum" ]] && continue
    command -v npm >/dev/null || fail "npm is missing; ${folder#"$root"/} needs Node.js 18 or newer with npm"
    say "installing the locked npm packages of ${folder#"$root"/} (npm ci)"
    (cd "$folder" && npm ci --cache "$tools/npm" --no-audit --no-fund --no-update-notifier --loglevel=error >&2) ||
      fail "npm ci failed in ${folder#"$root"/}"
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

known=(redis valkey grpcio native node python)
(($#)) || set -- "${known[@]}"
for component in "$@"; do
  [[ " ${known[*]} " == *" $component "* ]] || fail "unknown component '$component'; known: ${known[*]}"
done
mkdir -p "$tools/env.d"
exec 9>"$tools/lock"
flock -n 9 || { say "waiting for another tests/tools.sh"; flock 9; }
for component in "$@"; do
  case $component in
    node | python) "provide_$component" ;;
    *) provide "$component" ;;
  esac
done
write_env
