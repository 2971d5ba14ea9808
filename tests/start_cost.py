#!/usr/bin/env python3
"""Prints what a binary of the component costs before it does anything: time to its socket, memory when idle, size of the file.

    start_cost.py BINARY

The median of some starts, each in a temp folder of its own. Fails if the binary does not come up.
"""
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

STARTS = 5
TIMEOUT_SECONDS = 30
IDLE_SECONDS = 0.5


def start(binary):
    """Milliseconds until the socket accepts, and resident megabytes a moment later."""
    with tempfile.TemporaryDirectory(prefix="s-") as folder:
        begun = time.monotonic()
        environment = {**os.environ, "DAPR_COMPONENTS_SOCKETS_FOLDER": folder}
        with subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as component:
            try:
                while not accepts(f"{folder}/darq.sock"):
                    if component.poll() is not None or time.monotonic() - begun > TIMEOUT_SECONDS:
                        sys.exit(f"start_cost: {binary} does not come up")
                    time.sleep(0.001)
                milliseconds = (time.monotonic() - begun) * 1000
                time.sleep(IDLE_SECONDS)
                return milliseconds, resident(component.pid)
            finally:
                component.kill()


def accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def resident(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main(binary):
    milliseconds, megabytes = (statistics.median(values) for values in zip(*(start(binary) for _ in range(STARTS))))
    size = os.stat(binary).st_size / 1_000_000
    print(f"native: starts in {milliseconds:.0f} ms, idles at {megabytes:.0f} MB, {size:.0f} MB on disk (median of {STARTS} starts)")


if __name__ == "__main__":
    main(*sys.argv[1:])
