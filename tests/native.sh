#!/usr/bin/env bash
# Builds the released form of the component, one native binary, as .tools/released/darq, unless that is newer than all its sources,
# and prints what its start costs. Run tests/tools.sh first: it provides the linker.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=/dev/null
source .tools/env.sh
component/container/publish.sh
python=/usr/bin/python3
[[ -x $python ]] || python=python3
"$python" tests/start_cost.py .tools/released/darq
