# shellcheck shell=bash
# shellcheck disable=SC2154 # Sourced by tests/tools.sh, which sets what is used here.
#
# Dapr's SDK for Python, in the versions of examples/sdk/python/requirements.txt, which pip installs into the tools folder.
#
# DARQ_PYTHON_SDK is what programs need in PYTHONPATH. Where pip finds no SDK at all, as on a machine that reaches no index of
# Python packages, DARQ_PYTHON_SDK_MISSING has pip's reason, and the tests of these programs skip with it. Every other failure of pip
# is one of this script: a version that does not exist must not look like a network that is not there.

requirements=$root/examples/sdk/python/requirements.txt
python_sdk=$tools/python-sdk

provide_python() {
  local lines=$tools/env.d/python.sh sum answer
  # Somebody has an SDK of their own, and the variable says where.
  if [[ ${DARQ_PYTHON_SDK:-$python_sdk} != "$python_sdk" ]]; then rm -f "$lines"; return; fi
  sum=$(sha256sum <"$requirements")
  if is_fresh "$lines" && [[ $(<"$python_sdk/.installed") == "$sum" ]]; then return; fi
  if ! pip --version >/dev/null 2>&1; then fetch pip "$unpacked" not-installed python3-pip; fi
  rm -rf "$python_sdk"
  # One try, because a machine that reaches no index would wait for several.
  if answer=$(pip download --quiet --no-deps --retries 0 --timeout 15 --dest "$python_sdk/any" dapr 2>&1); then
    install_python_sdk
    echo "$sum" >"$python_sdk/.installed"
    answer="export DARQ_PYTHON_SDK='$python_sdk'"
  elif [[ $answer == *"No matching distribution found for dapr"* ]]; then
    say "pip finds no SDK for Python, so that the tests of examples/sdk/python will skip"
    answer="export DARQ_PYTHON_SDK_MISSING='pip: ${answer//[$'\n'\']/ }'"
  else
    fail "pip failed: $answer"
  fi
  { stamp; echo "$answer"; } >"$lines"
}

install_python_sdk() {
  say "installing the locked Python packages of examples/sdk/python (pip)"
  rm -r "$python_sdk/any"
  pip install --quiet --target "$python_sdk" --requirement "$requirements" >&2 || fail "pip could not install $requirements"
}

# The system's own, for the system's own Python. Nothing is compiled: there need not be a compiler.
pip() {
  PYTHONPATH=$unpacked/usr/lib/python3/dist-packages PIP_ONLY_BINARY=:all: PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 \
    PIP_ROOT_USER_ACTION=ignore /usr/bin/python3 -m pip "$@"
}
