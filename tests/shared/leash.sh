# Sourced by the commands at the top of the repository, which set `root` before and call `on_leash COMMAND...`.
#
# Whatever runs on the leash ends with the calling script, however that ends: only the script holds the pipe open, and
# leash.py kills the whole tree below it when the pipe closes. Temp folders of what was killed lie in the script's own
# one and go with it; its name is short, because sockets lie in there too and their paths are limited to 108 bytes.

python=/usr/bin/python3
[[ -x $python ]] || python=python3
command -v "$python" >/dev/null || { echo "${0##*/}: python3 is missing" >&2; exit 1; }
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

scratch=$(mktemp -d "${TMPDIR:-/tmp}/darq-XXXXXX")
export TMPDIR=$scratch
mkfifo "$scratch/pipe"
exec {hold}<>"$scratch/pipe"
running=

# In the background and waited for, because bash runs a trap only between commands or while it waits.
on_leash() {
  "$python" "$root/tests/shared/leash.py" "$@" <"$scratch/pipe" {hold}>&- &
  running=$!
  local code=0
  wait "$running" || code=$?
  running=
  return "$code"
}

drop_leash() {
  exec {hold}>&-
  [[ -z $running ]] || wait "$running" || true
  rm -rf "$scratch"
}
trap drop_leash EXIT
trap 'echo "${0##*/}: interrupted" >&2; exit 130' INT TERM HUP
