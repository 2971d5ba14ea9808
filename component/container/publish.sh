#!/usr/bin/env bash
# Compiles the component to its released form, one native binary, as .tools/released/darq, unless that is newer than all its sources.
# Any trim or AOT warning fails the build. The linker is the one that tests/tools.sh found or unpacked, else clang or gcc on PATH.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
folder=$root/.tools/released binary=$root/.tools/released/darq
if [[ -e $binary && -z $(find component Directory.*.props \( -name bin -o -name obj \) -prune -o -type f ! -name '*.md' -newer "$binary" -print -quit) ]]; then
  exit
fi

# shellcheck source=/dev/null
if [[ -r .tools/env.sh ]]; then source .tools/env.sh; fi
linker=${DARQ_NATIVE_LINKER:-$(command -v clang || command -v gcc || true)}
[[ -n $linker ]] || { echo "publish: there is no linker; install clang or gcc, or run tests/tools.sh native" >&2; exit 1; }
case $(uname -m) in
  x86_64) runtime=linux-x64 ;;
  aarch64) runtime=linux-arm64 ;;
  *) echo "publish: there is no native build for $(uname -m)" >&2; exit 1 ;;
esac

echo "publish: compiling the component for $runtime, which takes a minute or two"
dotnet publish component/Darq.Component -c Release -r "$runtime" -p:PublishAot=true -p:CppCompilerAndLinker="$linker" \
  --artifacts-path "$folder/build" -o "$folder/publish" --nologo -v minimal -clp:NoSummary -warnaserror
cp "$folder/publish/darq" "$binary"
