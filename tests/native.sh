#!/usr/bin/env bash
# Builds the released form of the component, one native binary, as .tools/released/darq, unless that is newer than all its sources,
# and prints what its start costs. Any trim or AOT warning fails the build. Run tests/tools.sh first: it provides the linker.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=/dev/null
source .tools/env.sh
case $(uname -m) in
  x86_64) runtime=linux-x64 ;;
  aarch64) runtime=linux-arm64 ;;
  *) echo "native: there is no native build for $(uname -m)" >&2; exit 1 ;;
esac
folder=$root/.tools/released binary=$root/.tools/released/darq

if [[ ! -e $binary || -n $(find component Directory.*.props \( -name bin -o -name obj \) -prune -o -type f ! -name '*.md' -newer "$binary" -print -quit) ]]; then
  echo "native: compiling the component for $runtime, which takes a minute or two"
  dotnet publish component/Darq.Component -c Release -r "$runtime" -p:PublishAot=true -p:CppCompilerAndLinker="$DARQ_NATIVE_LINKER" \
    --artifacts-path "$folder/build" -o "$folder/publish" --nologo -v minimal -clp:NoSummary -warnaserror
  cp "$folder/publish/darq" "$binary"
fi
python=/usr/bin/python3
[[ -x $python ]] || python=python3
"$python" tests/start_cost.py "$binary"
